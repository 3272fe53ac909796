"""A person as a cloud of points that light meets: from the silhouette and the bones, so that a photo and a pose give
the same kind of body, and a pose that is the photo's own gives the very same one.

Level frame of a camera that looks straight ahead: x right, y down, z away, in pixels at the person's depth; z is 0
where the feet stand. Pictures have their pixels; cells are squares of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from ..geometry.contacts import Contact
from ..geometry.field import inflate
from ..geometry.footing import Foot, feet_of
from ..geometry.motion import bones
from ..geometry.parts import INDEX, PARTS
from ..geometry.retarget import stature
from ..geometry.skeleton import Skeleton

FINE, COARSE = 128, 40
"""Cells along the stature: for the shadow that is laid, and for the search; by eye, and by the time it may take."""
SLICES = 7, 5
"""For both, points through the body behind each cell of its silhouette."""
THICKEST = 0.075
"""Half the most that a body is deep, as a fraction of stature: a chest's depth is about 0.14 of it (NASA, Man-Systems
Integration Standards, 3.3.1.3)."""
ALONG, AROUND = (24, 8), (8, 6)
"""For both, points along and around each bone: they stand for what the silhouette hides."""
SLIMMER = 0.8
"""Share of a part's measured half-breadth that a bone's points take: they must not show beside a slim limb."""
STEP = 0.2
"""Fraction of stature to which a foot's depth is believed to follow from how high it stands in the picture."""


@dataclass(frozen=True, eq=False)
class Solid:
    """The body's points.

    pixels   (N, 2) where they lie in the picture
    depth    (N,) pixels behind the place where the feet stand
    spacing  pixels between neighbours
    """

    pixels: torch.Tensor
    depth: torch.Tensor
    spacing: float


@dataclass(frozen=True)
class Standing:
    """How a photographed person stands before the camera, in pixels.

    ground  row of the floor under the person, at depth 0
    column  of the picture's middle, where the camera looks
    tall    stature
    pelvis  depth of the pelvis
    """

    ground: float
    column: float
    tall: float
    pelvis: float


def standing(skeleton: Skeleton) -> Standing:
    """Where the person of a photo stands: under the feet that bear."""
    rows, depths, weights = _soles(skeleton, feet_of(skeleton))
    if weights.sum() < 1e-3:
        rows, depths, weights = _guessed_soles(skeleton)
    share = weights / weights.sum()
    ground, depth = float((share * rows).sum()), float((share * depths).sum())
    return Standing(ground, (skeleton.canvas[1] - 1) / 2, stature(skeleton), -depth)


def _soles(skeleton: Skeleton, feet: dict[str, Foot]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(F,) row, depth behind the pelvis and weight of each foot."""
    frame = bones(skeleton)
    rows = [float(np.mean([foot.heel[1], foot.toes[1]])) for foot in feet.values()]
    depths = [_middle(frame, f"{side}foot") for side in feet]
    weights = [float(foot.weight.mean()) for foot in feet.values()]
    return np.array(rows), np.array(depths), np.array(weights)


def _middle(frame, name: str) -> float:
    part = INDEX[name]
    return float(frame.start[part, 2] + frame.end[part, 2]) / 2


def _guessed_soles(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of feet out of the picture: as long legs as the person has, straight down."""
    frame = bones(skeleton)
    ends = np.stack([frame.end[INDEX[f"{side}_foot"]] for side in ("left", "right")])
    return ends[:, 1], ends[:, 2], np.ones(2)


def solid(
    alpha: torch.Tensor,
    skeleton: Skeleton,
    where: Standing,
    slope: float,
    fineness: int,
    contacts: Sequence[Contact] = (),
) -> Solid:
    """The body of a silhouette (1, 1, H, W) and its skeleton.

    slope: pixels of depth for each pixel that a foot stands higher in the picture; fineness: FINE or COARSE.
    """
    cell = max(1, round(where.tall / fineness))
    cover = F.avg_pool2d(alpha.cpu().float(), cell, ceil_mode=True)[0, 0]
    frame = bones(skeleton)
    start, end = (torch.from_numpy(np.array(ends)).float() for ends in (frame.start, frame.end))
    present = torch.from_numpy(frame.present)
    depths = _stood(start[:, 2], end[:, 2], skeleton, where, slope, contacts)
    start, end = (
        torch.cat((ends[:, :2], z[:, None]), 1) for ends, z in zip((start, end), depths, strict=True)
    )
    radius = torch.tensor([part.radius for part in PARTS]) * where.tall
    if not bool(present.any()):
        return Solid(torch.zeros(0, 2), torch.zeros(0), float(cell))
    start, end, radius = start[present], end[present], radius[present]
    deep = torch.tensor([part.radius * part.depth for part in PARTS])[present] * where.tall
    fine = int(fineness < FINE)
    outline = _filled(cover > 0.5, cell, where.tall, (start, end, radius), SLICES[fine])
    inner = _capsules(start, end, SLIMMER * radius, SLIMMER * deep, ALONG[fine], AROUND[fine])
    both = torch.cat((outline, inner))
    return Solid(both[:, :2], both[:, 2], float(cell))


def _stood(first, last, skeleton: Skeleton, where: Standing, slope: float, contacts: Sequence[Contact]):
    """Depths (P,) of the parts' two ends, with the feet on the floor where the picture has them."""
    feet = feet_of(skeleton, contacts)
    rows, depths, weights = _soles(skeleton, feet)
    shift = where.pelvis
    wanted = (where.ground - rows) * slope
    if weights.sum() > 1e-3:
        shift = float((weights * (wanted - depths)).sum() / weights.sum())
    first, last = first + shift, last + shift
    for side, row_depth, own, weight in zip(feet, wanted, depths, weights, strict=True):
        off = float(np.clip(row_depth - own - shift, -STEP * where.tall, STEP * where.tall)) * weight
        for name, shares in (("thigh", (0.0, 0.5)), ("shin", (0.5, 1.0)), ("foot", (1.0, 1.0))):
            part = INDEX[f"{side}{name}"]
            first[part] += off * shares[0]
            last[part] += off * shares[1]
    return first, last


def _filled(inside: torch.Tensor, cell: int, tall: float, limbs, slices: int) -> torch.Tensor:
    """(n, 3) points through the body behind each cell inside the silhouette: as deep there as it is round."""
    rows, columns = torch.nonzero(inside, as_tuple=True)
    if not len(rows):
        return torch.zeros(0, 3)
    place = torch.stack((columns, rows), 1) * cell + (cell - 1) / 2
    # A strip's balloon is too high by the root of two (field.inflate).
    half = (inflate(inside)[rows, columns] * cell / 2**0.5).clamp(max=THICKEST * tall)
    depth = _depth_at(place, *limbs)
    steps = torch.linspace(-1, 1, slices)
    deep = depth[:, None] + half[:, None] * steps
    return torch.cat((place[:, None].expand(-1, slices, -1), deep[..., None]), 2).reshape(-1, 3)


def _depth_at(place: torch.Tensor, start, end, radius) -> torch.Tensor:
    """(n,) depth of the bone that a place (n, 2) belongs to: of those it lies on the nearest to the camera."""
    along = end[:, :2] - start[:, :2]
    length = along.square().sum(1).clamp(min=1e-6)
    at = (((place[:, None] - start[:, :2]) * along).sum(2) / length).clamp(0, 1)
    away = (place[:, None] - start[:, :2] - at[..., None] * along).norm(dim=2) / radius
    depth = start[:, 2] + at * (end[:, 2] - start[:, 2])
    on = away < 1
    ahead = torch.where(on, depth, torch.inf).min(1).values
    near = depth.gather(1, away.argmin(1, keepdim=True))[:, 0]
    return torch.where(on.any(1), ahead, near)


def _capsules(start, end, radius, deep, along: int, around: int) -> torch.Tensor:
    """(n, 3) points on elliptic tubes round the bones and half way in."""
    share = torch.linspace(0, 1, along)[None, :, None]
    axis = start[:, None] + share * (end - start)[:, None]
    angle = torch.arange(around) * (2 * torch.pi / around)
    flat = F.normalize(torch.stack((-(end - start)[:, 1], (end - start)[:, 0]), 1), dim=1, eps=1e-6)
    aside = torch.cat((flat, torch.zeros(len(flat), 1)), 1)
    ring = radius[:, None, None] * angle.cos()[None, :, None] * aside[:, None]
    ring = ring + torch.cat((torch.zeros(len(deep), around, 2), (deep[:, None] * angle.sin())[..., None]), 2)
    tubes = [axis[:, :, None] + scale * ring[:, None] for scale in (1.0, 0.5)]
    return torch.cat([tube.reshape(-1, 3) for tube in (*tubes, axis)])
