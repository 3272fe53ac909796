"""How far a layer's surface stands before and behind its bones: the body's own shapes, in the outline of the photo.

A segment's section (`sections.table`) is turned as the segment is turned to the camera; across the segment it is
fitted into what the photo shows between its two outlines, along it by the bone. So a chest, a nose, a calf or a seat
stands out where it does, and a body that is turned to its side is as deep as bodies are. Hands and feet, whose bones
point anywhere, are balloons in their outline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from . import field
from .foot import foot
from .layout import Layout
from .motion import Bones
from .parts import INDEX, PARTS, of_layer
from .sections import ANGLES, LEVELS, SEGMENTS, table

PLACES = 33
"""Places across a section, from one outline to the other."""
SLIMMEST, WIDEST = 0.75, 1.3
"""A part is as deep as its breadth says, within this range of the standard body's: clothes that stand off to the sides
do not make a body deeper. Our choice, by eye."""
SKIRT, WIDEST_SKIRT, BELOW = 0.8, 2.5, 0.04
"""Depth over breadth of a skirt's section over the trunk's own, or of a wide sleeve's or trouser leg's over the limb's;
how deep it may be at most over the standard body, and how far below the trunk's table, in trunk lengths, cloth counts
as hanging; our choice, by eye."""
ENDING = 0.6
"""Share of the way from the pelvis to a trunk's lower end over which it comes to be no deeper than the legs. By eye."""
CLOSING = 0.35
"""Share of the half-breadth over which a surface closes towards the ends of its outline: crown, hem, cut-off limb."""
THROAT = 6
"""The highest of the head's sections that is neck all round: the head above it has a shape of its own (head.py)."""
ARMPIT = (15, 19)
"""Levels of the trunk under its armpits: from there up arms begin, so that its breadth says nothing of its depth."""
BARE = (4, 7)
"""Levels of the head at which a neck stands free: below, its outline is the slope of the shoulders."""
_STRIP = 2**-0.5  # `field.inflate` blows a strip of half-width 1 up to sqrt(2)

LEGS = tuple(i for i, part in enumerate(PARTS) if part.layer.endswith("leg"))


@dataclass(frozen=True, eq=False)
class _Stretch:
    """A segment as it lies in the picture: its parts, its bone's ends (3,) in pixels, the rotation at either end."""

    section: str
    parts: tuple[int, ...]
    start: np.ndarray
    end: np.ndarray
    turns: tuple[np.ndarray, np.ndarray]
    mirrored: bool


def _stretches(name: str, frame: Bones) -> list[_Stretch]:
    """The segments of a layer."""
    if name == "trunk":
        trunk, head = [INDEX[n] for n in ("pelvis", "spine", "chest")], [INDEX[n] for n in ("neck", "head")]
        first, last = (frame.rotation[trunk[i]] for i in (0, 2))
        whole = _Stretch(
            "trunk", tuple(trunk), frame.start[trunk[0]], frame.end[trunk[2]], (first, last), False
        )
        ends = (frame.rotation[head[0]], frame.rotation[head[1]])
        return [whole, _Stretch("head", tuple(head), frame.start[head[0]], frame.end[head[1]], ends, False)]
    found = []
    for p in of_layer(name):
        kind = PARTS[p].name.split("_", 1)[1]
        if kind in SEGMENTS:
            turn = frame.rotation[p]
            found.append(
                _Stretch(kind, (p,), frame.start[p], frame.end[p], (turn, turn), name.startswith("right"))
            )
    return found


@dataclass(frozen=True, eq=False)
class Relief:
    """z of the skin before (`near`) and behind (`far`) each part's bone, (P, gh, gw) in pixels of the camera frame; the
    same for all layers, so that two that share a joint are one surface there."""

    near: torch.Tensor
    far: torch.Tensor

    def of(self, name: str, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(gh, gw) front and back of a layer whose skinning weights are (P, gh, gw)."""
        if name == "trunk":  # a skirt's cells, which the legs move, are part of the trunk
            weights = weights.clone()
            weights[INDEX["pelvis"]] += weights[list(LEGS)].sum(0)
            weights[list(LEGS)] = 0
        both = torch.stack(((weights * self.near).sum(0), (weights * self.far).sum(0)))
        for _ in range(2):  # the steep rim follows the grid's stairs: soften it
            both = field.box_blur(both, 1)
        return both[0], both[1]


def relief(
    layout: Layout,
    inside: dict[str, torch.Tensor],
    weights: dict[str, torch.Tensor],
    frame: Bones,
    radii: np.ndarray,
    tall: float,
    skirt: bool = False,
) -> Relief:
    """The relief of all parts of a body in its photo, which wears a skirt or does not.

    inside, weights: per layer (gh, gw) bool and (P, gh, gw) skinning weights; radii (P,) half-breadths in pixels; tall
    the stature in pixels.
    """
    balloons = {name: field.inflate(whole) * layout.cell * _STRIP for name, whole in _joined(inside).items()}
    near = torch.zeros(len(PARTS), *layout.grid, device=layout.device)
    far = torch.zeros_like(near)
    for name, balloon in balloons.items():
        fitted: set[int] = set()
        for stretch in _stretches(name, frame):
            own = inside[name] & (_share(weights[name], stretch) > 0.5)
            if bool(own.any()):
                parts = list(stretch.parts)
                near[parts], far[parts] = _fitted(layout, stretch, own, balloon, tall)
                fitted |= set(parts)
        for p in set(of_layer(name)) - fitted:
            if PARTS[p].name.endswith("foot"):
                closed = (balloon / (CLOSING * PARTS[p].radius * tall)).clamp(0, 1)
                near[p], far[p] = foot(layout, p, inside[name], closed, frame, tall)
            else:
                near[p], far[p] = _tube(layout, p, balloon, frame, radii)
    shape = Relief(near, far)
    return shape if skirt else _on_legs(layout, shape, inside, weights, frame)


def _on_legs(
    layout: Layout,
    shape: Relief,
    inside: dict[str, torch.Tensor],
    weights: dict[str, torch.Tensor],
    frame: Bones,
) -> Relief:
    """The relief with the trunk's lower end no deeper than the legs that go on from it: else a seat or a shirt's hem
    would end in a corner when it is seen from the side."""
    legs = [name for name in inside if name.endswith("leg")]
    if "trunk" not in inside or not legs:
        return shape
    pelvis = INDEX["pelvis"]
    _, along = layout.capsule(frame.start[pelvis], frame.end[INDEX["chest"]], clamp=False)
    lowest = min(1.0, float(-along[inside["trunk"]].min()))
    if lowest <= 0:
        return shape
    ending = (-along / (ENDING * lowest)).clamp(0, 1)
    last = int(lowest * LEVELS)
    number = (-along * LEVELS).floor().long().clamp(0, last)
    there = -along * LEVELS < last + 1
    axis = float(frame.start[pelvis][2])
    found = []
    for side, sign in enumerate((-1, 1)):
        ends = []
        for names in (["trunk"], legs):
            end = torch.zeros(LEVELS + 1, device=layout.device)
            for name in names:
                depth = sign * (shape.of(name, weights[name])[side] - axis)
                own = inside[name] & there
                end.scatter_reduce_(0, number[own], depth[own], "amax")
            ends.append(end)
        ratio = torch.where(ends[1] > 0, ends[1] / ends[0].clamp(min=1e-3), 1.0).clamp(max=1)[number]
        found.append(torch.lerp(torch.ones_like(ratio), field.box_blur(ratio[None], 1)[0], ending))
    trunk = list(of_layer("trunk"))[:3]
    near, far = shape.near.clone(), shape.far.clone()
    drawn = [axis + (shape[trunk] - axis) * ratio for shape, ratio in zip((near, far), found, strict=True)]
    middle = (drawn[0] + drawn[1]) / 2
    near[trunk], far[trunk] = torch.minimum(drawn[0], middle), torch.maximum(drawn[1], middle)
    return Relief(near, far)


def _share(weights: torch.Tensor, stretch: _Stretch) -> torch.Tensor:
    return weights[[*stretch.parts, *(LEGS if stretch.section == "trunk" else ())]].sum(0)


def _joined(inside: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Neighbouring layers count as filled while inflating, so that the balloon does not pinch where they join. Arms do
    not: those that hang beside the trunk would make it as thick as if it were that wide."""
    found = {}
    for name, own in inside.items():
        others = [
            v for n, v in inside.items() if n != name and "trunk" in (n, name) and not n.endswith("arm")
        ]
        found[name] = torch.stack([own, *others]).any(0)
    return found


def _tube(layout: Layout, p: int, balloon: torch.Tensor, frame: Bones, radii: np.ndarray):
    """A part with no section of its own: the balloon in its outline, no thicker than 1.25 times its own half-depth."""
    start, end = frame.start[p], frame.end[p]
    _, along = layout.capsule(start, end)
    axis = float(start[2]) + along * float(end[2] - start[2])
    height = (balloon * PARTS[p].depth).clamp(max=1.25 * float(radii[p]) * PARTS[p].depth)
    return axis - height, axis + height


def _fitted(layout: Layout, stretch: _Stretch, own: torch.Tensor, balloon: torch.Tensor, tall: float):
    """(gh, gw) z before and behind the bone of one segment, fitted between the outlines of its cells `own`."""
    bone = (stretch.end - stretch.start)[:2]
    length = max(float(np.hypot(*bone)), 1e-6)
    across = np.array([-bone[1], bone[0]]) / length
    x, y = layout.cells()
    lateral = (x - float(stretch.start[0])) * float(across[0]) + (y - float(stretch.start[1])) * float(
        across[1]
    )
    _, along = layout.capsule(stretch.start, stretch.end, clamp=False)
    first, last = SEGMENTS[stretch.section].reach
    if stretch.section == "head":
        along = _raised(along, float(along[own].max()))
    level = (along - first) / (last - first) * LEVELS - 0.5
    low, high = _outlines(level, lateral, own)
    profiles = _profiles(stretch, across, tall)
    device = lateral.device
    highest = THROAT if stretch.section == "head" else LEVELS - 1
    at = level.clamp(0, highest)
    left, right = (_at(torch.as_tensor(v, device=device), at) for v in (low, high))
    half = ((right - left) / 2).clamp(min=0.5 * layout.cell)
    place = ((lateral - (left + right) / 2) / half).clamp(-1, 1)
    ratio = _at(torch.as_tensor(_breadths(stretch.section, low, high, profiles.half), device=device), at)
    deep = ratio.clamp(SLIMMEST, WIDEST)
    if stretch.section == "trunk":  # below the hips hangs a skirt or a coat
        deep = torch.where(along < first - BELOW, (SKIRT * ratio).clamp(SLIMMEST, WIDEST_SKIRT), deep)
    elif stretch.section != "head":  # a wide sleeve or trouser leg stands off all round
        deep = torch.maximum(deep, (SKIRT * ratio).clamp(max=WIDEST_SKIRT))
    near, far = (
        _surface(torch.as_tensor(z, device=device), at, place) * deep for z in (profiles.front, profiles.back)
    )
    middle, closed = (near + far) / 2, (balloon / (CLOSING * half)).clamp(0, 1)
    axis = float(stretch.start[2]) + along.clamp(first, last) * float(stretch.end[2] - stretch.start[2])
    return axis + middle + (near - middle) * closed, axis + middle + (far - middle) * closed


def _breadths(section: str, low: np.ndarray, high: np.ndarray, half: np.ndarray) -> np.ndarray:
    """(LEVELS,) how broad a segment is between its outlines, over its table (LEVELS,). Where arms or shoulders are part
    of the outline, or of the table, it is as broad as next to there."""
    found = (high - low) / 2 / np.maximum(half, 1e-6)
    if section == "trunk":
        found[ARMPIT[1] :] = np.median(found[slice(*ARMPIT)])
    elif section == "head":
        found[: BARE[0]] = np.median(found[slice(*BARE)])
    return found.astype(np.float32)


def _raised(along: torch.Tensor, top: float) -> torch.Tensor:
    """Places along the head such that its crown lies where the outline ends: hair that stands up is part of it."""
    brow = 0.6
    return torch.where(along > brow, brow + (along - brow) * (1 - brow) / max(top - brow, 0.2), along)


def _at(values: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Values (LEVELS,) at fractional levels (gh, gw)."""
    lower = level.floor().long().clamp(max=LEVELS - 2)
    return torch.lerp(values[lower], values[lower + 1], level - lower)


def _surface(z: torch.Tensor, level: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Depths (LEVELS, PLACES) at fractional levels and at places in [-1, 1] (gh, gw)."""
    grid = torch.stack((place, level / (LEVELS - 1) * 2 - 1), -1)[None]
    return torch.nn.functional.grid_sample(
        z[None, None].float(), grid.float(), padding_mode="border", align_corners=True
    )[0, 0]


def _outlines(level: torch.Tensor, lateral: torch.Tensor, own: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(LEVELS,) least and greatest distance from the bone's image, in pixels, of a segment's cells at each level."""
    number = level[own].round().long().clamp(0, LEVELS - 1)
    ends = []
    for how, empty in (("amin", float("inf")), ("amax", float("-inf"))):
        end = torch.full((LEVELS,), empty, device=level.device).scatter_reduce_(0, number, lateral[own], how)
        ends.append(end.double().cpu().numpy())
    known = np.isfinite(ends[0])
    if not known.any():
        return np.full(LEVELS, -1.0, np.float32), np.full(LEVELS, 1.0, np.float32)
    steps = np.arange(LEVELS)
    return tuple(_even(np.interp(steps, steps[known], end[known])).astype(np.float32) for end in ends)


def _even(values: np.ndarray) -> np.ndarray:
    """A running median of five and a mean of three: an outline without the arm that lies at it."""
    padded = np.pad(values, 2, mode="edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return np.convolve(np.pad(middle, 1, mode="edge"), np.full(3, 1 / 3), "valid")


@dataclass(frozen=True, eq=False)
class _Profiles:
    """Of each level as the camera sees it: half-breadth (LEVELS,), z of front and back (LEVELS, PLACES), in pixels."""

    half: np.ndarray
    front: np.ndarray
    back: np.ndarray


def _profiles(stretch: _Stretch, across: np.ndarray, tall: float) -> _Profiles:
    radius = table(stretch.section) * tall
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    bone = stretch.end - stretch.start
    share = (np.arange(LEVELS) + 0.5) / LEVELS
    both = [_outward(turn, bone, stretch, angle) for turn in stretch.turns]
    outward = both[0] * (1 - share[:, None, None]) + both[1] * share[:, None, None]
    points = outward * radius[..., None]
    sideways, depth = points[..., :2] @ across, points[..., 2]
    middle = (sideways.max(1) + sideways.min(1)) / 2
    half = np.maximum((sideways.max(1) - sideways.min(1)) / 2, 1e-3)
    place = (sideways - middle[:, None]) / half[:, None]
    surfaces = [_envelopes(place[i], depth[i]) for i in range(LEVELS)]
    front, back = (np.stack(side).astype(np.float32) for side in zip(*surfaces, strict=True))
    return _Profiles(half.astype(np.float32), front, back)


def _outward(turn: np.ndarray, bone: np.ndarray, stretch: _Stretch, angle: np.ndarray) -> np.ndarray:
    """(ANGLES, 3) unit directions square to the bone, in the camera frame."""
    axis = bone / max(np.linalg.norm(bone), 1e-9)
    sides = SEGMENTS[stretch.section].across * (
        -1 if stretch.mirrored and SEGMENTS[stretch.section].across[0] else 1
    )
    side = turn @ sides
    side = side - axis * (side @ axis)
    if np.linalg.norm(side) < 1e-3:
        side = np.cross(axis, [0, 0, 1.0]) + 1e-6
    side = side / np.linalg.norm(side)
    ahead = np.cross(axis, side)
    ahead = ahead if ahead @ (turn @ [0, 0, -1.0]) >= 0 else -ahead
    return np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * ahead


def _envelopes(place: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(PLACES,) least and greatest depth of a closed curve (n,) at evenly spread places from -1 to 1."""
    first, last = int(place.argmin()), int(place.argmax())
    count = len(place)
    forth = (first + np.arange((last - first) % count + 1)) % count
    round_ = (last + np.arange((first - last) % count + 1)) % count
    at = np.linspace(-1, 1, PLACES)
    one = np.interp(at, np.maximum.accumulate(place[forth]), depth[forth])
    two = np.interp(at, np.maximum.accumulate(place[round_][::-1]), depth[round_][::-1])
    return np.minimum(one, two), np.maximum(one, two)
