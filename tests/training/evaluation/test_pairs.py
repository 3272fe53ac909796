"""Lists of pairs of every kind, on small pictures made here."""

from collections import Counter

import pytest
import torch

from pipelines.picture import write_picture
from training.evaluation import pairs


def picture(path, height=8, width=6, shade=0.5):
    return write_picture(torch.full((1, 3, height, width), shade), path)


def test_a_table_with_only_what_it_must_have(tmp_path):
    for name in ("a_src", "a_tgt"):
        picture(tmp_path / "x" / f"{name}.png")
    (tmp_path / "list.csv").write_text("source,target,size,what\nx/a_src.png,x/a_tgt.png,6x8,a coat\n")
    (pair,) = pairs.from_table(tmp_path / "list.csv")
    assert (pair.name, pair.what, pair.turn, pair.exact) == ("a", "a coat", None, None)
    assert [p.shape for p in pair.pictures()] == [(1, 3, 8, 6)] * 2


def test_a_table_of_synthetic_people(tmp_path):
    for name in ("0.png", "2.png"):
        picture(tmp_path / "000007" / name)
    (tmp_path / "000007" / "truth.npz").write_bytes(b"")
    head = "pair,turn,bin,source,target,truth,source_view,target_view,outfit"
    line = "31,42.5,15-45,000007/0.png,000007/2.png,000007/truth.npz,0,2,suit+hat"
    (tmp_path / "pairs.csv").write_text(f"{head}\n{line}\n")
    (pair,) = pairs.from_table(tmp_path / "pairs.csv")
    assert (pair.name, pair.turn, pair.what) == ("31", 42.5, "suit+hat")
    assert pair.exact == (tmp_path / "000007", 0, 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("source,other\na,b\n", "target is missing"),
        ("source,target\nno.png,no.png\n", "line 2.*--root"),
        ("", "missing"),
    ],
)
def test_bad_tables_are_named(tmp_path, text, reason):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(ValueError, match=reason):
        pairs.from_table(tmp_path / "list.csv")


def test_deepfashion_lists_find_pictures_by_flattened_names(tmp_path):
    picture(tmp_path / "WOMEN" / "Dresses" / "id_1" / "01_1_front.jpg", 1101, 750)
    picture(tmp_path / "fashionWOMENDressesid_101_2back.png", 256, 256)
    (tmp_path / "test.csv").write_text(
        "from,to\nWOMENDressesid_101_1_front.jpg,fashionWOMENDressesid_101_2back.jpg\n"
    )
    (pair,) = pairs.from_deepfashion(tmp_path / "test.csv", tmp_path, (256, 176))
    assert [tuple(p.shape) for p in pair.pictures()] == [(1, 3, 256, 176)] * 2
    (tmp_path / "bad.csv").write_text("from,to\nnobody.jpg,nobody.jpg\n")
    with pytest.raises(ValueError, match="called nobody.jpg"):
        pairs.from_deepfashion(tmp_path / "bad.csv", tmp_path, (256, 176))


def test_padding_at_the_sides_is_cut_and_a_near_shape_stretched():
    padded = torch.ones(1, 3, 256, 256)
    padded[..., 40:216] = 0.25
    assert pairs.sized(padded, (256, 176)).amax() == pytest.approx(0.25)
    marked = torch.zeros(1, 3, 1101, 750)
    marked[..., :20, :] = marked[..., -20:, :] = 1
    found = pairs.sized(marked, (512, 352))
    assert found[..., 2, :].min() > 0.9 and found[..., -3, :].min() > 0.9


def test_iper_draws_layouts_evenly_and_frames_of_one_person(tmp_path):
    for clip, frames in (("001/1/1", 30), ("001/1/2", 3), ("002/4/1", 2)):
        for i in range(frames):
            picture(tmp_path / clip / f"{i:04d}.png", 2, 2)
    (tmp_path / "val.txt").write_text("001/1/1\n001/1/2\n\n002/4/1\n")
    drawn = pairs.from_iper(tmp_path / "val.txt", tmp_path, 400, seed=1)
    assert drawn == pairs.from_iper(tmp_path / "val.txt", tmp_path, 400, seed=1)
    count = Counter(pair.what for pair in drawn)
    assert set(count) == {"001/1", "002/4"} and min(count.values()) > 160
    assert all(pair.source != pair.target for pair in drawn)
    assert all(
        str(tmp_path / pair.what) in str(side) for pair in drawn for side in (pair.source, pair.target)
    )
    (tmp_path / "val.txt").write_text("009/1/1\n")
    with pytest.raises(ValueError, match="009/1/1.*extract"):
        pairs.from_iper(tmp_path / "val.txt", tmp_path, 1)


def test_choosing(tmp_path):
    listed = [
        pairs.Pair(n, tmp_path, tmp_path, what) for n, what in (("a", "Coat"), ("b", "dress"), ("c", "coat"))
    ]
    assert [p.name for p in pairs.chosen(listed, "coat")] == ["a", "c"]
    assert [p.name for p in pairs.chosen(listed, limit=2)] == ["a", "b"]
    with pytest.raises(ValueError, match="sari"):
        pairs.chosen(listed, "sari")
