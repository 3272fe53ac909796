"""What the labels of published clothes networks are called here. The names are those of the checkpoints' own tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..geometry.garments import NUMBER

SKIN = "skin"
"""Bare skin of no known limb: the skeleton tells whose it is (skin.py)."""

ATR = {
    "background": "background", "hat": "headwear", "hair": "hair", "sunglasses": "accessory", "upper-clothes": "upper",
    "skirt": "lower", "pants": "lower", "dress": "dress", "belt": "accessory", "left-shoe": "shoes",
    "right-shoe": "shoes", "face": "face", "left-leg": "left_leg_skin", "right-leg": "right_leg_skin",
    "left-arm": "left_arm_skin", "right-arm": "right_arm_skin", "bag": "bag", "scarf": "accessory",
}  # fmt: skip
"""ATR (Liang et al., PAMI 2015), 18 classes, as mattmdjaga's segformer_b2_clothes has them."""

LIP = {
    "background": "background", "hat": "headwear", "hair": "hair", "glove": "accessory", "sunglasses": "accessory",
    "upper-clothes": "upper", "dress": "dress", "coat": "outer", "socks": "shoes", "pants": "lower",
    "jumpsuits": "dress", "scarf": "accessory", "skirt": "lower", "face": "face", "left-arm": "left_arm_skin",
    "right-arm": "right_arm_skin", "left-leg": "left_leg_skin", "right-leg": "right_leg_skin",
    "left-shoe": "shoes", "right-shoe": "shoes",
}  # fmt: skip
"""LIP (Gong et al., CVPR 2017), 20 classes."""

CIHP = {
    **{name: region for name, region in LIP.items() if name != "jumpsuits"},
    "torsoskin": "torso_skin",
}  # fmt: skip
"""CIHP (Gong et al., ECCV 2018), 20 classes: LIP's with the trunk's skin in the place of jumpsuits."""

FASHIONPEDIA = {
    "unlabelled": "background", "shirt, blouse": "upper", "top, t-shirt, sweatshirt": "upper", "sweater": "upper",
    "cardigan": "outer", "jacket": "outer", "vest": "upper", "pants": "lower", "shorts": "lower", "skirt": "lower",
    "coat": "outer", "dress": "dress", "jumpsuit": "dress", "cape": "outer", "glasses": "accessory", "hat": "headwear",
    "headband, head covering, hair accessory": "headwear", "tie": "accessory", "glove": "accessory",
    "watch": "accessory", "belt": "accessory", "leg warmer": "lower", "tights, stockings": "lower", "sock": "shoes",
    "shoe": "shoes", "bag, wallet": "bag", "scarf": "accessory", "umbrella": "other",
    **dict.fromkeys(
        ("hood", "collar", "lapel", "epaulette", "sleeve", "pocket", "neckline", "buckle", "zipper", "applique", "bead",
         "bow", "flower", "fringe", "ribbon", "rivet", "ruffle", "sequin", "tassel"), "upper"),
}  # fmt: skip
"""Fashionpedia (Jia et al., ECCV 2020), 46 classes and "unlabelled"; parts of garments count as the upper one. It has
no hair and no skin: those come from the default network."""

CCP = {
    "null": "background", "hair": "hair", "skin": SKIN, "dress": "dress",
    **dict.fromkeys(("bodysuit", "romper", "suit", "swimwear"), "dress"),
    **dict.fromkeys(("blazer", "cape", "cardigan", "coat", "jacket"), "outer"),
    **dict.fromkeys(
        ("blouse", "bra", "hoodie", "intimate", "jumper", "shirt", "sweater", "sweatshirt", "t-shirt", "top", "vest"),
        "upper"),
    **dict.fromkeys(
        ("jeans", "leggings", "panties", "pants", "shorts", "skirt", "stockings", "tights"), "lower"),
    **dict.fromkeys(
        ("boots", "clogs", "flats", "heels", "loafers", "pumps", "sandals", "shoes", "sneakers", "socks", "wedges"),
        "shoes"),
    **dict.fromkeys(("bag", "purse", "wallet"), "bag"), "hat": "headwear",
    **dict.fromkeys(
        ("accessories", "belt", "bracelet", "earrings", "glasses", "gloves", "necklace", "ring", "scarf", "sunglasses",
         "tie", "watch"), "accessory"),
}  # fmt: skip
"""CCP (Yang, Luo and Lin, CVPR 2014), 59 classes."""

CLOTH = {"background": "background", "upper body": "upper", "lower body": "lower", "full body": "dress"}
"""U-2-Net's cloth network, 4 classes: it tells neither hair nor skin nor shoes."""

TABLES: dict[str, Mapping[str, str]] = {
    "ATR": ATR, "LIP": LIP, "CIHP": CIHP, "Fashionpedia": FASHIONPEDIA, "CCP": CCP, "cloth": CLOTH,
}  # fmt: skip
SAME = {
    "upper clothes": "upper-clothes", "upperclothes": "upper-clothes", "gloves": "glove", "jumpsuit": "jumpsuits",
    "torso-skin": "torsoskin", "torso skin": "torsoskin", "torso": "torsoskin", "sunglass": "sunglasses",
}  # fmt: skip
"""Other spellings."""


class UnknownLabels(ValueError):
    """A network whose labels no table knows."""


def folded(names: Sequence[str]) -> tuple[str, ...]:
    """A network's class names in their order -> a region (or SKIN) for each, by the first table that knows them all.

    UnknownLabels names what is not known and the tables there are.
    """
    plain = [_plain(name) for name in names]
    missing = {}
    for title, table in TABLES.items():
        regions = [table.get(name, table.get(SAME.get(name, ""))) for name in plain]
        missing[title] = [name for name, region in zip(names, regions, strict=True) if region is None]
        if not missing[title]:
            return tuple(regions)
    title = min(missing, key=lambda one: len(missing[one]))
    raise UnknownLabels(
        f"no table knows these {len(names)} labels: the nearest, {title}, has no {', '.join(missing[title][:6])}."
        f" Known are {', '.join(f'{one} ({len(table)})' for one, table in TABLES.items())}: choose a checkpoint of one"
        " of those, or give its masks to Override Garments one by one"
    )


def _plain(name: str) -> str:
    """Lower case, with one kind of hyphen, without what a table adds in brackets."""
    return name.lower().replace("_", "-").replace(" (a)", "").strip().partition("|")[0].strip()


assert all(region == SKIN or region in NUMBER for table in TABLES.values() for region in table.values())
assert {len(ATR), len(LIP), len(CIHP), len(FASHIONPEDIA), len(CCP)} == {18, 20, 47, 59}
