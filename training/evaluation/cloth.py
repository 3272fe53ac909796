"""What the map of clothes gains the warp: patterns and slogans on the shirts of real photos, without it and with it.

Stripes and checks are painted on the upper garment, in its own shade; the map is read from the painted photo as an
artist's would be, nothing of what was painted is told. Where the photo showed no cloth (an arm lay over it), what the
warp makes up is compared with what was painted on that place of the cloth. A slogan's bend is what the one affine map
that fits it best leaves over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from pipelines.draw import contact_sheet
from pipelines.garments.known import clothes_of
from pipelines.garments.parse import garment_map
from pipelines.geometry.garments import GarmentMap
from pipelines.geometry.library import load_pose
from pipelines.geometry.parts import PARTS
from pipelines.geometry.warp import warp
from pipelines.geometry.warped import Correspondence
from pipelines.picture import write_picture
from pipelines.read import Reading, regions_from, regions_of
from pipelines.repose import Reposed, repose
from setup.places import say

from . import grading
from .reading import Reader, Sight

PHOTOS = ("P005 studio", "P009 studio", "P006 garden", "P010 field")
POSES = ("hands/waving", "hands/hand on hip", "editorial/arm overhead", "movement/dance lunge")
FLAT = -0.5
"""Normal's z under which a surface faces the camera enough for its slope to be known: 60 degrees."""
CLOSE, ALIGNED = 0.05, 3.0
"""Share of its period, and degrees, within which a pattern is kept."""
DEPTH = 0.55
"""Share of its light that cloth loses in a dark line."""
LEAST = 400
"""Pixels of made-up cloth from which on a cell counts."""
INSET = 0.03
"""Share of the picture's height by which collar and hem are left out."""


class Cloth(NamedTuple):
    """A pattern in the photo's pixels and radians: period, orientation, and whether it is the same along its lines."""

    name: str
    period: float = 0.0
    orientation: float = 0.0
    checked: bool = False

    def at(self, place: Tensor) -> Tensor:
        """(...) 1 in a dark line, 0 between, at pixels x, y (..., 2)."""
        c, s = math.cos(self.orientation), math.sin(self.orientation)
        lines = [place[..., 0] * c + place[..., 1] * s, place[..., 1] * c - place[..., 0] * s]
        dark = [_line(one / self.period) for one in lines[: 1 + self.checked]]
        return sum(dark) / len(dark)


CLOTHS = (
    Cloth("stripes across", 22.0, math.pi / 2),
    Cloth("stripes down", 26.0, 0.0),
    Cloth("slanted stripes", 24.0, 0.6),
    Cloth("check", 24.0, 0.1, True),
    Cloth("slogan"),
)


class Kept(NamedTuple):
    """Per pixel of visible cloth: its period over the median one, and degrees by which its lines turned on it."""

    periods: Tensor
    turned: Tensor


@dataclass(frozen=True)
class Score:
    """One cloth on one photo in one pose, without the map and with it: `likeness`, the correlation of what is made up
    with what was painted, or of a slogan its `bend`, a share of its breadth."""

    cloth: str
    photo: str
    pose: str
    without: float
    with_map: float
    kept: Kept | None = None


def scores(models: Path, height: int, folder: Path, only: str = "") -> Iterator[Score]:
    """Every cloth on every photo in every pose whose names hold `only`; a page of each cloth goes to the folder."""
    reader = Reader(models)
    for cloth in CLOTHS:
        cells = []
        for name in PHOTOS:
            if only.lower() not in f"{cloth.name} {name}".lower():
                continue
            for pose, before, after, values in _on_photo(reader, name, height, cloth):
                cells += [(f"{pose.partition('/')[2]}, without", before), ("with the map", after)]
                if values is not None:
                    yield Score(cloth.name, name, pose, *values)
        if cells:
            page = folder / f"{cloth.name}.png"
            page.parent.mkdir(parents=True, exist_ok=True)
            titles, pictures = zip(*cells, strict=True)
            write_picture(contact_sheet(list(pictures), list(titles), 8, 480), page)
            say(str(page))


def table(found: list[Score]) -> str:
    """The means by cloth as a table."""
    lines = ["| cloth | cells | without the map | with it |", "| --- | --- | --- | --- |"]
    for cloth in CLOTHS:
        own = [one for one in found if one.cloth == cloth.name]
        if own:
            means = [
                sum(values) / len(own) for values in zip(*((s.without, s.with_map) for s in own), strict=True)
            ]
            lines.append(f"| {cloth.name} | {len(own)} | {means[0]:.3f} | {means[1]:.3f} |")
    kept = [one.kept for one in found if one.kept is not None and one.cloth != "slogan"]
    if kept:
        periods, turned = (torch.cat(values) for values in zip(*kept, strict=True))
        off = (periods - 1).abs()
        close, straight = float((off < CLOSE).float().mean()), float((turned < ALIGNED).float().mean())
        lines += [
            "",
            f"Along the cloth that the photo shows: periods off by {off.median():.1%} (median; {close:.0%} within"
            f" {CLOSE:.0%}), lines turned by {turned.median():.1f} degrees ({straight:.0%} within {ALIGNED:.0f}).",
        ]
    return "\n".join(lines)


def _on_photo(reader: Reader, name: str, height: int, cloth: Cloth):
    """pose, the pictures without and with the map, and both figures, None where next to nothing is made up."""
    plain = reader.read(grading._photo_at(name, height))
    room, _ = reader.background(plain)
    known = garment_map(plain.picture, plain.keypoints, plain.cut)
    shirt = known.mask("upper")
    sight, print_ = _painted(plain, shirt, cloth)
    clothes = clothes_of(sight.picture, sight.keypoints, sight.cut)
    before = warp(plain.picture, plain.matte, plain.skeleton, plain.skeleton).correspondence
    painted = [_reading(sight, one) for one in (None, clothes)]
    bare = [_reading(plain, one) for one in (None, known)]
    for pose in POSES:
        told = load_pose(pose)
        both = [repose(sight.picture, one, told, background=room) for one in painted]
        if cloth.period:  # each against the plain shirt moved in its own way
            shirts = [repose(plain.picture, one, told, background=room) for one in bare]
            values = [_likeness(one, own, shirt, cloth) for one, own in zip(both, shirts, strict=True)]
        else:
            values = [_bend(one, print_) for one in both]
        values = None if None in values else (*values, _kept(both[1], before, shirt, cloth))
        yield pose, both[0].picture, both[1].picture, values


def _reading(sight: Sight, clothes: GarmentMap | None) -> Reading:
    """As the chain takes it, of the clothes what is told."""
    cut = sight.cut
    regions = regions_of(cut)[0] if clothes is None else regions_from(clothes, cut.foreground)
    return Reading(sight.keypoints, cut.matte, regions, sight.skeleton)


def _painted(plain: Sight, shirt: Tensor, cloth: Cloth) -> tuple[Sight, Tensor | None]:
    """The photo with the cloth's pattern, or a slogan, on what `shirt` (1, 1, H, W) covers; and the slogan's place."""
    if not cloth.period:
        picture = grading.with_slogan(plain.picture, plain.keypoints)
        changed = (picture - plain.picture).abs().amax(1, keepdim=True) > 0.02
        light = picture / plain.picture.clamp(min=1e-3)
    else:
        light, changed = 1 - DEPTH * shirt * cloth.at(_places(plain.picture))[None, None], None
        picture = plain.picture * light
    cut = replace(plain.cut, foreground=plain.cut.foreground * light)
    return replace(plain, picture=picture, cut=cut, id=f"{plain.id} {cloth.name}"), changed


def _places(picture: Tensor) -> Tensor:
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in picture.shape[-2:]), indexing="ij")
    return torch.stack((x, y), -1)


def _line(turns: Tensor) -> Tensor:
    return (torch.sin(2 * math.pi * turns) * 4).clamp(-1, 1) * 0.5 + 0.5


def _likeness(made: Reposed, bare: Reposed, shirt: Tensor, cloth: Cloth) -> float | None:
    """Correlation, over the trunk's cloth that the photo did not show, of how much darker it is than the plain shirt
    with the pattern that was painted there."""
    found = made.correspondence
    trunk = torch.tensor([part.layer == "trunk" for part in PARTS])[found.part.clamp(min=0).long()]
    place = torch.nan_to_num(found.source)
    rows = torch.nonzero(shirt[0, 0].amax(1) > 0.5).flatten()
    inset = INSET * shirt.shape[-2]
    between = (place[..., 1] > float(rows[0]) + 2 * inset) & (place[..., 1] < float(rows[-1]) - inset)
    own = (made.hidden[0, 0] > 0.5) & (found.part >= 0) & trunk & between
    if int(own.sum()) < LEAST:
        return None
    light = made.picture.mean(1) / bare.picture.mean(1).clamp(min=0.02)
    seen, painted = (1 - light[0])[own], cloth.at(place)[own]
    seen, painted = seen - seen.mean(), painted - painted.mean()
    return float((seen * painted).sum() / (seen.norm() * painted.norm()).clamp(min=1e-6))


def _kept(made: Reposed, before: Correspondence, shirt: Tensor, cloth: Cloth) -> Kept:
    """How a pattern lies on the moved cloth, against how it lay: its period and the angle of its lines with the body's
    length, both along the surface, over the cloth that the photo shows. before: of the photo as it is."""
    now = made.correspondence
    place = torch.nan_to_num(now.source)
    y, x = (place[..., i].round().long().clamp(0, shirt.shape[i - 2] - 1) for i in (1, 0))
    ahead, aside = (place[1:-1, 2:] - place[1:-1, :-2]) / 2, (place[2:, 1:-1] - place[:-2, 1:-1]) / 2
    turn = torch.stack((ahead, aside), -2)[..., :, :]  # (h, w, target axis, source axis)
    inner = (slice(1, -1), slice(1, -1))
    then, here = before.normal[y, x][inner], now.normal[inner]
    own = (now.visible[inner] > 0.9) & (shirt[0, 0][y, x][inner] > 0.95) & (before.visible[y, x][inner] > 0.9)
    own &= (then[..., 2] < FLAT) & (here[..., 2] < FLAT) & (ahead - aside).isfinite().all(-1)
    own &= (ahead.norm(dim=-1) < 3) & (aside.norm(dim=-1) < 3) & (now.part[inner] == before.part[y, x][inner])
    wave = torch.tensor([math.cos(cloth.orientation), math.sin(cloth.orientation)])
    waves = torch.stack((wave, torch.tensor([0.0, 1.0])))  # and the body's length
    old = _on_surface(waves.expand(int(own.sum()), 2, 2), then[own])
    new = _on_surface(waves @ turn[own].transpose(1, 2), here[own])
    periods = (old[0] / new[0]).abs()
    turned = torch.rad2deg((new[1] - old[1]).abs())
    return Kept(periods / periods.median(), turned)


def _on_surface(waves: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
    """Of two wave vectors (n, 2, 2) in a picture on surfaces with normals (n, 3): the first's length along the surface,
    and the angle between the two there, (n,) each: gradients are measured by the inverse of the first fundamental
    form."""
    slope = -normal[:, :2] / normal[:, 2:]
    along = (waves * slope[:, None]).sum(
        -1
    )  # Sherman-Morrison: the inverse of 1 + s s' is 1 - s s' / (1 + s's)
    inner = (
        waves @ waves.transpose(1, 2)
        - along[:, :, None] * along[:, None] / (1 + slope.square().sum(1))[:, None, None]
    )
    lengths = inner.diagonal(dim1=1, dim2=2).clamp(min=1e-9).sqrt()
    return lengths[:, 0], torch.arccos((inner[:, 0, 1] / lengths.prod(1)).clamp(-1, 1))


def _bend(made: Reposed, slogan: Tensor) -> float | None:
    """What the best affine map of a slogan's pixels leaves over, as a share of its breadth in the photo."""
    found = made.correspondence
    place = torch.nan_to_num(found.source)
    x, y = place.round().long().unbind(-1)
    height, width = slogan.shape[-2:]
    own = slogan[0, 0][y.clamp(0, height - 1), x.clamp(0, width - 1)] & (found.visible > 0.5)
    if int(own.sum()) < LEAST:
        return None
    at, came = _places(made.picture)[own].double(), place[own].double()
    ahead = torch.cat((came, torch.ones_like(came[:, :1])), 1)
    rest = at - ahead @ torch.linalg.lstsq(ahead, at).solution
    columns = torch.nonzero(slogan[0, 0].any(0)).flatten()
    return float(rest.square().sum(1).mean().sqrt()) / float(columns[-1] - columns[0])
