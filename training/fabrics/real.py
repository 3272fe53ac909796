"""Crops of photos with a known licence whose cloth is plain to the eye: what the classifier is measured on, and never
trained.

openpeople 0.1.2 (MIT; made pictures, nobody real) gives cotton, denim and leather; scikit-image's `chelsea` (CC0) a
pelt and its `astronaut` (NASA, public domain) a coated synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from pipelines.models.fabrics import SIDE
from pipelines.picture import read_picture

from ..evaluation.pairs import sized
from .photos import HEIGHT, file


class Crop(NamedTuple):
    """picture (3, SIDE, SIDE) sRGB, its fabric, and whose it is (no person is in two folds)."""

    picture: torch.Tensor
    fabric: str
    person: str


def crops() -> Iterator[Crop]:
    """All labelled crops."""
    for person, name, fabric, side, places in CROPS:
        whole = read_picture(file(person, name))
        picture = sized(whole, (HEIGHT, round(whole.shape[-1] * HEIGHT / whole.shape[-2])))[0]
        for x, y in places:
            yield Crop(_square(picture, x, y, side), fabric, person)
    for name, fabric, side, places in SAMPLES:
        picture = _sample(name)
        for x, y in places:
            yield Crop(_square(picture, x, y, side), fabric, name)


def _square(picture: torch.Tensor, x: int, y: int, side: int) -> torch.Tensor:
    cut = picture[:, y : y + side, x : x + side]
    return cut if side == SIDE else F.interpolate(cut[None], (SIDE, SIDE), mode="bilinear", antialias=True)[0]


def _sample(name: str) -> torch.Tensor:
    """(3, H, W) of a picture that scikit-image's wheel brings."""
    import skimage
    from PIL import Image

    with Image.open(Path(skimage.__file__).parent / "data" / f"{name}.png") as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float() / 255


SAMPLES = (
    ("chelsea", "fur", 96, ((20, 20), (150, 20), (180, 150), (60, 100))),
    ("astronaut", "synthetic", 96, ((60, 330), (100, 400))),
)
CROPS = (
    ("P001", "amateur_posture", "cotton", 96, ((360, 821), (516, 821), (372, 905),)),
    ("P001", "amateur_selfie", "denim", 96, ((325, 749), (229, 785), (313, 833),)),
    ("P001", "studio_portrait", "cotton", 96, ((348, 1328),)),
    ("P001", "studio_posture", "cotton", 96, ((294, 380), (313, 777),)),
    ("P002", "amateur_posture", "cotton", 96, ((374, 419), (566, 419), (458, 431),)),
    ("P002", "amateur_selfie", "denim", 96, ((340, 842),)),
    ("P002", "studio_portrait", "cotton", 96, ((348, 1183),)),
    ("P002", "studio_posture", "cotton", 96, ((288, 373), (312, 780),)),
    ("P003", "amateur_posture", "cotton", 96, ((467, 451), (419, 535), (400, 777), (484, 777),)),
    ("P003", "amateur_selfie", "denim", 96, ((216, 808), (168, 892), (252, 892), (492, 904),)),
    ("P003", "studio_posture", "cotton", 96, ((301, 374), (308, 765),)),
    ("P004", "amateur_posture", "cotton", 96, ((407, 564), (491, 564),)),
    ("P004", "amateur_posture", "denim", 96, ((400, 885), (484, 885),)),
    ("P004", "amateur_selfie", "cotton", 96, ((468, 767), (552, 779), (636, 839),)),
    ("P004", "studio_posture", "cotton", 96, ((297, 438), (321, 815),)),
    ("P005", "amateur_posture", "cotton", 96, ((524, 337), (320, 349), (404, 349),)),
    ("P005", "amateur_posture", "denim", 96, ((372, 883),)),
    ("P005", "amateur_selfie", "cotton", 96, ((132, 1000), (216, 1000), (84, 1084),)),
    ("P005", "studio_portrait", "cotton", 96, ((970, 935),)),
    ("P005", "studio_posture", "cotton", 96, ((391, 365), (317, 806),)),
    ("P006", "amateur_posture", "cotton", 96, ((362, 377), (554, 377), (446, 389),)),
    ("P006", "amateur_posture", "denim", 96, ((398, 799), (530, 799), (398, 883),)),
    ("P006", "amateur_selfie", "cotton", 96, ((216, 836), (132, 872), (300, 896),)),
    ("P006", "studio_posture", "cotton", 96, ((452, 362), (304, 765),)),
    ("P007", "amateur_posture", "cotton", 96, ((385, 461), (469, 533),)),
    ("P007", "amateur_posture", "denim", 96, ((410, 855), (410, 939),)),
    ("P007", "amateur_selfie", "denim", 96, ((312, 635), (204, 671), (288, 719), (372, 719),)),
    ("P007", "studio_posture", "cotton", 96, ((465, 364), (310, 805),)),
    ("P008", "amateur_posture", "cotton", 96, ((441, 415), (525, 451), (405, 499),)),
    ("P008", "amateur_posture", "denim", 96, ((580, 943), (400, 943),)),
    ("P008", "amateur_selfie", "cotton", 96, ((815, 803), (695, 827),)),
    ("P008", "amateur_selfie", "denim", 96, ((275, 1349), (359, 1349), (443, 1349),)),
    ("P008", "studio_posture", "cotton", 96, ((266, 386), (308, 787),)),
    ("P009", "amateur_posture", "cotton", 96, ((410, 440), (494, 440),)),
    ("P009", "amateur_posture", "denim", 96, ((356, 748), (440, 748),)),
    ("P009", "amateur_selfie", "cotton", 96, ((156, 869), (240, 869), (324, 881),)),
    ("P009", "studio_posture", "cotton", 96, ((475, 371), (306, 770),)),
    ("P010", "amateur_posture", "cotton", 96, ((465, 418), (549, 418),)),
    ("P010", "amateur_posture", "denim", 96, ((401, 788), (485, 788), (401, 872),)),
    ("P010", "amateur_selfie", "denim", 96, ((276, 851), (192, 875), (96, 911),)),
    ("P010", "studio_posture", "cotton", 96, ((285, 355),)),
    ("P005", "amateur_posture", "leather", 44, ((428, 1364),)),
    ("P008", "amateur_posture", "leather", 44, ((428, 1390), (645, 1388))),
)  # fmt: skip
"""Person, picture, fabric, side in pixels at HEIGHT, and the top left corners (x, y): picked on windows well inside,
and named by looking at them one by one."""
