"""How Garment Segmentation is scored."""

import numpy as np
import pytest

from pipelines.geometry.garments import NUMBER
from training.garments.score import CLASSES, Tally, classes_of, table


def test_regions_fold_into_the_scored_classes():
    names = ("background", "left_arm_skin", "outer", "dress", "lower", "bag")
    numbers = np.array([[NUMBER[name] for name in names]])
    assert classes_of(numbers).tolist() == [[0, 2, 3, 3, 4, len(CLASSES)]]


def test_intersection_over_union():
    """Half of the hair is taken for skin; a bag on the ground for the ground."""
    truth, found = np.array([[0, 0, 1, 1, 2, 6]]), np.array([[0, 0, 1, 2, 2, 0]])
    tally = Tally()
    tally.add(truth, found)
    scores = tally.scores()
    assert scores["hair"] == 0.5 and scores["skin"] == 0.5 and scores["background"] == pytest.approx(2 / 3)
    assert scores["mean"] == pytest.approx((0.5 + 0.5 + 2 / 3) / 3) and scores["person"] == pytest.approx(
        3 / 4
    )
    assert "shoes" not in scores and list(table({"all": scores}))[2].startswith(
        "| all | 0.67 | 0.50 | 0.50 |  |"
    )


def test_sides():
    left, right = NUMBER["left_arm_skin"], NUMBER["right_arm_skin"]
    tally = Tally()
    tally.add_sides(np.array([left, left, right, 0]), np.array([left, right, right, left]))
    assert tally.sides == [2, 3]
