"""The evaluation set's index, from records written by hand: 400 pairs, their bins, and what training may not have."""

import json
from collections import Counter

import pytest

from training.people.truth import evaluation
from training.people.truth.dataset import DatasetError, People, opened, place


def person(folder, index: int, **changes) -> None:
    """A record without pictures: what the index reads."""
    record = {
        "person": index, "seed": 100 + index, "split": "test",
        "outfit": {"worn": [{"item": "Tightjeans"}, {"item": "Coat"}]},
        "identity": {"skin": "old_asian_female"},
        "light": {"kind": "sun"}, "backdrop": "room",
        "views": [{"yaw": yaw} for yaw in (170.0, -178.0, 140.0, -110.0)],
        "files": {},
    }  # fmt: skip
    path = place(folder, index)
    path.mkdir()
    (path / "record.json").write_text(json.dumps(record | changes))


@pytest.fixture
def folder(tmp_path):
    opened(tmp_path / "set", evaluation.settings(64, "0").plain())
    return tmp_path / "set"


def test_four_hundred_pairs_in_three_bins(folder):
    for i in range(evaluation.PEOPLE):
        person(folder, i)
    evaluation.write_index(folder)
    rows = evaluation.read_index(folder)
    assert len(rows) == 400 and [row.pair for row in rows] == list(range(400))
    assert Counter(row.bin for row in rows) == {"0-15": 134, "15-45": 133, "45-90": 133}
    first = rows[:3]
    assert [row.turn for row in first] == [12.0, 30.0, 80.0]
    assert first[1].source == "000000/0.png" and first[1].target == "000000/2.png"
    assert first[1].outfit == "Tightjeans+Coat" and first[1].light == "sun" and first[1].seed == 100


@pytest.mark.parametrize("turn, name", [(0.0, "0-15"), (15.0, "0-15"), (15.1, "15-45"), (90.0, "45-90")])
def test_bins(turn, name):
    assert evaluation.bin_of(turn) == name


def test_a_turn_beyond_the_bins_is_refused():
    with pytest.raises(ValueError, match="90.5 degrees"):
        evaluation.bin_of(90.5)


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"outfit": {"worn": [{"item": "shoes01"}]}}, "shoes01"),
        ({"identity": {"skin": "young_asian_female"}}, "young_asian_female"),
        ({"split": "train"}, "'train'"),
        ({"seed": 100}, "one seed"),
    ],
)
def test_what_training_people_have_too_is_refused(folder, changes, word):
    person(folder, 0)
    person(folder, 1, **changes)
    with pytest.raises(evaluation.SplitError, match=word):
        evaluation.check_split(People(folder))


def test_a_set_that_is_not_finished_has_no_index(folder):
    person(folder, 0)
    with pytest.raises(DatasetError, match="person 1 is missing"):
        evaluation.write_index(folder)
