"""Label tables of published clothes networks."""

import pytest
from repose.pipelines.garments.tables import SKIN, TABLES, UnknownLabels, folded

ATR = (
    "Background", "Hat", "Hair", "Sunglasses", "Upper-clothes", "Skirt", "Pants", "Dress", "Belt", "Left-shoe",
    "Right-shoe", "Face", "Left-leg", "Right-leg", "Left-arm", "Right-arm", "Bag", "Scarf",
)  # fmt: skip
"""As the id2label of mattmdjaga's segformer_b2_clothes spells them."""


def test_the_usual_checkpoint():
    found = dict(zip(ATR, folded(ATR), strict=True))
    assert found["Upper-clothes"] == "upper" and found["Skirt"] == "lower" and found["Hat"] == "headwear"
    assert found["Left-leg"] == "left_leg_skin" and found["Background"] == "background"


@pytest.mark.parametrize("title", TABLES)
def test_every_table_in_other_spellings(title):
    names = [name.title().replace("-", "_") for name in TABLES[title]]
    assert folded(names) == tuple(TABLES[title].values())


def test_skin_of_no_limb_is_left_to_the_skeleton():
    assert folded(["skin", "hair"]) == (SKIN, "hair")


def test_unknown_labels_name_what_is_missing_and_what_is_known():
    with pytest.raises(
        UnknownLabels, match=r"no table knows these 3 labels.*has no cat.*ATR \(18\).*CCP \(59\)"
    ):
        folded(["background", "hair", "cat"])
