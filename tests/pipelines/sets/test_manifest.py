"""The record of a set."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.sets.manifest import FAILED, Entry, Manifest, ManifestError, digest, file_digest

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=9)
ENTRIES = st.builds(
    Entry, TEXT, TEXT, st.sampled_from(["done", "failed"]), TEXT, TEXT, TEXT, st.integers(0, 9999),
    st.integers(0, 9999), st.none() | st.floats(0, 1), st.none() | st.booleans(), st.none() | st.floats(0, 1),
    st.lists(TEXT, max_size=3).map(tuple), st.none() | st.integers(0, 2**32 - 1), TEXT, TEXT, TEXT,
)  # fmt: skip


@settings(max_examples=30)
@given(st.lists(ENTRIES, max_size=4))
def test_what_is_written_is_read(tmp_path_factory, entries):
    folder = tmp_path_factory.mktemp("set")
    made = Manifest()
    for entry in entries:
        made = made.with_(entry)
    made.write(folder)
    assert Manifest.read(folder) == made


@settings(max_examples=30)
@given(st.lists(ENTRIES, max_size=4))
def test_the_table_has_a_line_for_each(entries):
    made = Manifest(tuple(entries))
    rows = list(csv.DictReader(io.StringIO(made.csv(), newline="")))
    said = [(" ".join(e.sku.split()), " ".join(e.reason.split()), e.id) for e in entries]
    assert [(row["sku"], row["reason"], row["id"]) for row in rows] == said


def test_a_later_entry_takes_the_older_ones_place():
    one, two = Entry("A", "front"), Entry("A", "back")
    again = Entry("A", "front", FAILED, "no room")
    made = Manifest((one, two)).with_(again)
    assert made.entries == (again, two) and made.failures == (again,) and made.of("A", "back") is two


def test_ids_are_stable_and_tell_photos_apart():
    """The literal is in somebody's experiment: it must never change."""
    assert (
        Entry("SKU-1", "static/front", source_sha256="ab").id
        == digest("SKU-1\nstatic/front\nab")[:12]
        == "46e215f66ec7"
    )
    assert Entry("SKU-1", "static/front", source_sha256="ac").id != "46e215f66ec7"
    assert Entry("SKU-1", "static/front").group == "static" and Entry("SKU-1", "front").group == ""


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": "coco"}', '{"format": "repose-set", "version": 2, "entries": []}',
             '{"format": "repose-set", "version": 1, "entries": [{"sku": 3}]}', "[" * 9999]
)  # fmt: skip
def test_another_file_of_that_name_is_never_written_over(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ManifestError, match="not a manifest of this pack"):
        Manifest.read(tmp_path)
    assert (tmp_path / "manifest.json").read_text() == text


def test_no_room_for_the_manifest_leaves_the_old_one(tmp_path, monkeypatch):
    old = Manifest((Entry("A", "front", file="A_front.png"),))
    old.write(tmp_path)

    def full(self, *_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(ManifestError, match=r"No space left on device.*finished: A_front.png"):
        old.with_(Entry("A", "back", FAILED, "x")).write(tmp_path)
    monkeypatch.undo()
    assert Manifest.read(tmp_path) == old and len(list(tmp_path.iterdir())) == 2


def test_a_files_digest(tmp_path):
    (tmp_path / "a").write_bytes(b"repose")
    assert file_digest(tmp_path / "a") == digest(b"repose") == digest("repose")
    assert json.loads(Manifest().json())["format"] == "repose-set"
