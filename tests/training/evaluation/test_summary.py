"""Tables of known numbers."""

import json
import math

import numpy as np
import pytest

from training.evaluation import report, summary


def result(name, turn, ours, aligned, **more):
    return {
        "name": name,
        "turn": turn,
        "ceiling": 1.0,
        "methods": {
            "aligned": {"person_lpips": aligned, "pck": 0.5},
            "ours": {"person_lpips": ours, "pck": 0.9, **more},
        },
    }


RESULTS = [
    result("a", 3, 0.1, 0.2),
    result("b", 19.99, 0.2, 0.4),
    result("c", 20, 0.5, 0.4),
    result("d", 180, 0.3, 0.3),
]


@pytest.mark.parametrize(
    ("turn", "bin"),
    [(0, "under 20"), (20, "20-45"), (44.9, "20-45"), (45, "45-90"), (90, "over 90"), (180, "over 90")],
)
def test_bins(turn, bin):
    assert summary.bin_of(turn) == bin


def test_the_table_has_every_bin_that_has_pairs_and_their_means():
    rows = [line.split(" | ") for line in summary.table(RESULTS).splitlines()]
    assert [row[0].strip("| ") for row in rows[2::3]] == ["under 20", "20-45", "over 90", "all"]
    ours = next(row for row in rows if row[0] == "| under 20" and row[2] == "ours")
    assert ours[1] == "2" and ours[3] == "0.150" and ours[4].startswith("0.900")
    assert "45-90" not in summary.table(RESULTS) and "SSIM" not in summary.table(RESULTS)


def test_a_difference_is_paired_and_its_interval_is_the_textbooks():
    rng = np.random.default_rng(0)
    hard = rng.normal(size=200) * 10
    first, second = hard + rng.normal(size=200) * 0.5 - 0.3, hard
    found = summary.difference(first, second)
    standard = np.std(first - second) / math.sqrt(200)
    assert found.mean == pytest.approx((first - second).mean())
    assert found.low == pytest.approx(found.mean - 1.96 * standard, abs=0.2 * standard)
    assert found.high == pytest.approx(found.mean + 1.96 * standard, abs=0.2 * standard)
    assert found == summary.difference(first, second)


def test_a_pair_without_one_of_the_numbers_is_left_out_of_the_difference():
    found = summary.difference(np.array([1.0, math.nan, 3.0]), np.array([0.5, 1.0, math.nan]))
    assert found.count == 1 and found.mean == 0.5
    assert summary.difference(np.array([math.nan]), np.array([1.0])).count == 0


def test_failures_are_counted_and_in_no_mean():
    broken = result("e", 5, 0.1, 0.2)
    broken["methods"]["ours"] = {"error": "ValueError: no"}
    text = summary.table([*RESULTS[:1], broken])
    assert "ours (1 failed) | 0.100" in text
    assert [r["name"] for r in summary.ranked([broken, *RESULTS])] == ["b", "a", "d", "c", "e"]
    assert "ValueError: no" in summary.by_pair([broken])


def test_gates_say_what_was_asked_and_reached():
    lines = summary.gates(RESULTS)
    assert "under 20: person LPIPS 50.0% below aligned (asked: at least 25 %)" in lines
    assert "20-45: person LPIPS -25.0% below aligned (asked: at least 25 %)" in lines
    exact = summary.gates([result("x", 5, 0.1, 0.2, epe=1.5, visibility_iou=0.9)])
    assert any("1.5 px" in line and "0.900" in line for line in exact)


def test_the_report_writes_numbers_that_json_can_hold(tmp_path):
    results = [result("a", 3, 0.1, 0.2, garment=math.nan)]
    said = report.write(results, [{"name": "z", "error": "NoPerson: nobody"}], tmp_path, 2, 2)
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert numbers["pairs"][0]["methods"]["ours"]["garment"] is None
    assert numbers["failed"][0]["name"] == "z"
    assert "not measured: z: NoPerson" in (tmp_path / "table.md").read_text()
    assert "table.md" in said and not list(tmp_path.glob("sheet*"))
