"""Pictures made small, with what they must look like large: identity, there and back, another pose of synthetic people.

A case is what an artist has (a small result, the photo, the correspondence) and what only a measurement has: the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from pipelines.geometry.field import sample
from pipelines.geometry.garments import CLOTHES, GarmentMap
from pipelines.geometry.library import load_pose
from pipelines.geometry.parts import INDEX
from pipelines.geometry.warped import Correspondence
from pipelines.light.relight import RelightOptions
from pipelines.native import moved_by
from pipelines.picture import read_picture
from pipelines.read import Reader
from pipelines.repose import ReposeOptions, repose_picture
from pipelines.upscaling.resampling import Tile
from setup.places import Trouble
from training.evaluation.grading import PHOTOS, photo

SMALL = 1024
"""Pixels of the small pictures' longer side: what diffusion models work at."""
POSE = "casual/contrapposto"
"""There and back: a moderate change, to a pose that people take by themselves."""
CROP = 384
"""Pixels of the crops' sides, at the photo's own size."""
TURN = 30.0
"""Degrees: synthetic pairs that turn further are not moderate."""
SEEN = 0.9


@dataclass(frozen=True, eq=False)
class Case:
    """small (1, 3, h, w) the result; photo, truth (1, 3, H, W); found: of the small result's pixels; garments the
    photo's or None; clothes, face (H, W) bool of the truth: garments, and the head, that the photo showed; most
    (1, 3, H, W) the photo itself brought there by the true correspondence, where that is known: no more can be had."""

    name: str
    kind: str
    small: Tensor
    photo: Tensor
    truth: Tensor
    found: Correspondence
    garments: GarmentMap | None
    clothes: Tensor
    face: Tensor
    most: Tensor | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the truth."""
        return tuple(self.truth.shape[-2:])

    def crops(self) -> dict[str, Tile]:
        """A part of the clothes and one of the face, each as full of it as can be; what is not there has none."""
        places = {"clothes": self.clothes, "face": self.face}
        return {name: _fullest(mask, CROP) for name, mask in places.items() if int(mask.sum()) > 2000}


def small_of(picture: Tensor, longest: int = SMALL) -> Tensor:
    """(1, 3, h, w) as a good program makes it smaller."""
    scale = longest / max(picture.shape[-2:])
    size = [round(n * scale) for n in picture.shape[-2:]]
    made = torch.nn.functional.interpolate(picture, size, mode="bicubic", antialias=True, align_corners=False)
    return (made.clamp(0, 1) * 255).round() / 255


def of_photos(reader: Reader, kinds: tuple[str, ...], only: str = "") -> Iterator[Case]:
    """Cases of ten openpeople photos, four in a studio (1536 x 2752), six outdoors (1696 x 2528)."""
    options = ReposeOptions(relight=RelightOptions(strength=0.0))
    for name in PHOTOS:
        if only not in name:
            continue
        whole = read_picture(photo(name))
        small = small_of(whole)
        there = repose_picture(small, reader, load_pose(POSE), options)
        reading = there.source
        if "identity" in kinds:
            still = moved_by(
                small, reading.matte, reading.skeleton, reading.skeleton, regions=reading.regions
            )
            yield _photo_case(name, "identity", small, whole, still.correspondence, there.garments)
        if "there and back" in kinds:
            back = moved_by(there.picture, there.person, there.target, reading.skeleton)
            found = composed(there.correspondence, back.correspondence)
            picture = back.over(there.background)
            case = _photo_case(name, "there and back", picture, whole, found, there.garments)
            yield replace(case, truth=registered(whole, small, picture))


def registered(whole: Tensor, small: Tensor, result: Tensor) -> Tensor:
    """(1, 3, H, W) the photo as it lies in a result, both known small (1, 3, h, w): who comes back from another pose
    stands some pixels beside where they stood, which says nothing about detail. The shift is that of an optical flow
    of its own, which knows of no correspondence (OpenCV's DIS: Kroeger, Timofte, Dai and Van Gool, "Fast Optical Flow
    Using Dense Inverse Search", ECCV 2016)."""
    import cv2

    grey = [(one[0].mean(0) * 255).round().byte().numpy() for one in (result, small)]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow.setFinestScale(0)
    flow.setGradientDescentIterations(64)
    flow.setVariationalRefinementIterations(10)
    shift = torch.from_numpy(flow.calc(*grey, None)).permute(2, 0, 1)
    height, width = whole.shape[-2:]
    ratio = small.shape[-2] / height, small.shape[-1] / width
    at = Tile(0, 0, height, width).centres(ratio)
    at = at + sample(shift, at).permute(1, 2, 0)
    at = (at + 0.5) / at.new_tensor([ratio[1], ratio[0]]) - 0.5
    return sample(whole[0], at, "bicubic").clamp(0, 1)[None]


def composed(first: Correspondence, second: Correspondence) -> Correspondence:
    """Of a picture made with `second` of a picture made with `first`: where in the first photo its pixels lie."""
    at = torch.nan_to_num(second.source)
    known = ~torch.isnan(first.source[..., 0])
    stacked = torch.cat((torch.nan_to_num(first.source), known[..., None], first.visible[..., None]), -1)
    x, y, there, seen = sample(stacked.permute(2, 0, 1).float(), at)
    # Of a pixel between a known one and none, or between two surfaces, the mean is no place.
    nearest = sample(torch.nan_to_num(first.source).permute(2, 0, 1), at, "nearest")
    torn = (torch.stack((x, y)) - nearest).norm(dim=0) > 2
    nobody = torch.isnan(second.source[..., 0])
    source = torch.where((nobody | (there < 0.999) | torn)[..., None], torch.nan, torch.stack((x, y), -1))
    visible = torch.where(torch.isnan(source[..., 0]), 0.0, seen * second.visible)
    return replace(second, source=source, visible=visible, photo_size=first.photo_size)


def _photo_case(name, kind, small, whole, found: Correspondence, garments: GarmentMap) -> Case:
    size = tuple(whole.shape[-2:])
    seen = _large(found.visible > SEEN, size)
    head = _large((found.part == INDEX["head"]) & (found.visible > SEEN), size)
    dressed = garments.at_size(size)
    clothes = (dressed.mask(*CLOTHES)[0, 0] > 0.95) & seen
    face = (dressed.mask("face")[0, 0] > 0.95) & head
    return Case(f"{name} {kind}", kind, small, whole, whole, found, garments, clothes, face)


def _large(mask: Tensor, size: tuple[int, int]) -> Tensor:
    return torch.nn.functional.interpolate(mask[None, None].float(), size, mode="bilinear")[0, 0] > 0.999


def of_people(folder: Path, limit: int) -> Iterator[Case]:
    """Cases of synthetic people: the true picture of another pose made small, with the true correspondence. The
    pictures are those before the sensor, for its noise has no counterpart in the other picture."""
    from training.people.truth.dataset import People

    if not folder.is_dir():
        raise Trouble(
            f"there are no synthetic people in {folder}",
            f"python -m training.people --count 12 --size 768 --out {folder}",
        )
    people, made = People(folder), 0
    for i, s, t in people.pairs():
        pair = people[i].pair(s, t)
        if pair.turn > TURN or s > t or made >= limit:
            continue
        truth, photo = (one.view.clean[None].float().clamp(0, 1) for one in (pair.target, pair.source))
        shown = pair.correspondence
        clothes = shown.whole & torch.isin(pair.target.view.region, torch.tensor(_clothes()))
        if int(clothes.sum()) < 4000:
            continue
        made += 1
        small = small_of(truth, max(truth.shape[-2:]) // 2)
        found = _true(shown, tuple(small.shape[-2:]), tuple(photo.shape[-2:]))
        face = torch.zeros_like(clothes)
        brought = sample(photo[0], torch.nan_to_num(shown.source_xy), "bicubic").clamp(0, 1)
        most = torch.where(clothes, brought, truth)
        yield Case(
            f"person {i}, {s} to {t}", "synthetic", small, photo, truth, found, None, clothes, face, most
        )


def _clothes() -> list[int]:
    from pipelines.geometry.garments import NUMBER

    return [NUMBER[name] for name in CLOTHES]


def _true(shown, size: tuple[int, int], photo: tuple[int, int]) -> Correspondence:
    """The true correspondence at half the size, every second pixel of it; the part is not known: a shirt's."""
    height, width = size
    rows, columns = (torch.arange(n) * 2 for n in size)
    # The pixel (x, y) of the small picture lies between four of the large: half a pixel on.
    at = torch.stack(torch.meshgrid(columns + 0.5, rows + 0.5, indexing="xy"), -1)
    source = sample(torch.nan_to_num(shown.source_xy).permute(2, 0, 1), at).permute(1, 2, 0)
    whole = sample((shown.whole & ~torch.isnan(shown.source_xy[..., 0])).float()[None], at)[0] > 0.999
    seen = sample(shown.visible.float()[None], at)[0]
    # As the pack would have it that was given the photo, too, at half the size.
    source = torch.where(whole[..., None], (source + 0.5) / 2 - 0.5, torch.nan)
    one = torch.where(whole, seen, 0.0)
    normal = torch.zeros(height, width, 3)
    part = torch.where(whole, INDEX["chest"], -1)
    half = (photo[0] // 2, photo[1] // 2)
    return Correspondence(source, one, one, part, one * 0, normal, normal, part * 0, half)


def _fullest(mask: Tensor, side: int) -> Tile:
    """The square of `side` pixels that holds most of a mask (H, W)."""
    height, width = mask.shape
    step = 16
    small = torch.nn.functional.avg_pool2d(mask.float()[None, None], step, ceil_mode=True)
    tall, wide = min(side, height) // step, min(side, width) // step
    sums = torch.nn.functional.avg_pool2d(small, (tall, wide), 1)[0, 0]
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    top, left = min(row * step, height - tall * step), min(column * step, width - wide * step)
    return Tile(top, left, top + tall * step, left + wide * step)
