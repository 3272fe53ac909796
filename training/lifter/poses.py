"""Random poses for the lifter: joints of bodies of stature 1 in the level frame (x right, y down, z away).

Poses are drawn from families of everyday postures (tables of ranges below, in degrees and statures), so that common
ones are common, and for a share from the whole of the joint limits. None is taken from the pose library, which is what
the lifter is tested on. Everything is batched in torch, float32; only positions are made, because the lifter sees
nothing else. The right half is worked out as the left half of the mirrored body.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from pipelines.geometry.skeleton import JOINT_INDEX
from pipelines.geometry.template import OFFSETS
from pipelines.models.lifter import POINTS

from .families import (
    ALIKE,
    ARMS,
    BY_ANGLE,
    BY_PLACE,
    LEGS,
    LEVEL_FOOT,
    OPPOSITE,
    SEATED,
    STRIDES,
    WITH_SEATED,
)

HIP_MARK = torch.tensor([0.0, -0.012, -0.005])
"""Statures from the hip joint to where people who label pictures put it: a little higher and before it."""


def uniform(n: int, low, high, generator: torch.Generator) -> Tensor:
    """(n, ...) evenly between low and high (numbers or (...) lists)."""
    low, high = torch.as_tensor(low, dtype=torch.float32), torch.as_tensor(high, dtype=torch.float32)
    return low + (high - low) * torch.rand((n, *low.shape), generator=generator)


def soft(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """Values spread over [low, high] with soft ends, a few beyond: half uniform, half normal."""
    flat = torch.rand(low.shape, generator=generator) * 2 - 1
    bell = torch.randn(low.shape, generator=generator) * 0.5
    share = torch.where(torch.rand(low.shape, generator=generator) < 0.5, flat, bell)
    return (low + high) / 2 + (high - low) / 2 * share.clamp(-1.3, 1.3)


def spin(axis: int, angle: Tensor) -> Tensor:
    """(n,) radians -> (n, 3, 3) about the x, y or z axis."""
    c, s = angle.cos(), angle.sin()
    matrix = torch.zeros(*angle.shape, 3, 3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1
    matrix[..., i, i] = matrix[..., j, j] = c
    matrix[..., j, i], matrix[..., i, j] = s, -s
    return matrix


def turned(yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
    """(n,) radians each -> (n, 3, 3): to the person's left, forward, to the left side (geometry.rotation.turn)."""
    return spin(1, -yaw) @ spin(0, pitch) @ spin(2, roll)


def _times(matrix: Tensor, vector: Tensor) -> Tensor:
    return (matrix @ vector[..., None])[..., 0]


def _unit(vector: Tensor) -> Tensor:
    return vector / vector.norm(dim=-1, keepdim=True).clamp_min(1e-9)


FLIP = torch.tensor([-1.0, 1.0, 1.0])
SIDES = ("left_", "right_")


def mirror(side: int) -> Tensor:
    """(3,) what turns a step of the left half into one of this side."""
    return FLIP if side else torch.ones(3)


class Bodies:
    """n random bodies as factors (n,) on the template's steps, and per landmark how far this body's detector puts it
    from the template's place (`shift`). Every seventh is a child or a figure with a large head and short limbs."""

    def __init__(self, n: int, generator: torch.Generator):
        self.n, self.g = n, generator
        small = torch.rand(n, generator=generator) * (torch.rand(n, generator=generator) < 0.15)
        self.leg = self._spread(0.06) * (1 - 0.22 * small)
        self.arm = self._spread(0.06) * (1 - 0.15 * small)
        self.trunk, self.shoulders, self.foot = self._spread(0.06), self._spread(0.10), self._spread(0.10)
        self.thigh, self.upper = self._spread(0.04), self._spread(0.04)
        self.hips = uniform(n, 0.75, 2.0, generator)
        self.head = self._spread(0.08) * (1 + 0.9 * small)
        self._shifts: dict[str, Tensor] = {}

    def _spread(self, size: float) -> Tensor:
        return (1 + size * torch.randn(self.n, generator=self.g)).clamp(1 - 2.5 * size, 1 + 2.5 * size)

    def shift(self, name: str, size: float) -> Tensor:
        """(n, 3), the same for both sides."""
        if name not in self._shifts:
            self._shifts[name] = torch.randn(self.n, 3, generator=self.g) * size
        return self._shifts[name]

    def step(self, name: str, factor: Tensor | None = None) -> Tensor:
        """(3,) or (n, 3) the template's step to a joint of the middle or of the left half, times (n,) factor."""
        full = name if name in JOINT_INDEX else f"left_{name}"
        step = torch.as_tensor(OFFSETS[JOINT_INDEX[full]], dtype=torch.float32)
        return step if factor is None else step * factor[:, None]


class Poses:
    """n random people; `at` gathers landmark -> (n, 3), `turn` frame -> (n, 3, 3), both in the level frame."""

    def __init__(self, n: int, generator: torch.Generator):
        self.n, self.g = n, generator
        self.body = Bodies(n, generator)
        self.at: dict[str, Tensor] = {}
        self.turn: dict[str, Tensor] = {}

    def draw(self) -> dict[str, Tensor]:
        """Landmark -> (n, 3), with "pelvis" and "neck"; the pelvis is the origin."""
        family = _choose(self.n, [row[0] for row in LEGS.values()], self.g)
        self.seated = torch.tensor([name in SEATED for name in LEGS])[family]
        self._trunk(_table([row[3] for row in LEGS.values()])[family])
        lead = self._chance(0.5)
        rows = torch.stack([_table([row[k] for row in LEGS.values()])[family] for k in (1, 2)], dim=1)
        flat = torch.tensor([LEVEL_FOOT.get(name, 0.15) for name in LEGS])[family]
        for side in (0, 1):
            row = torch.where((lead ^ bool(side))[:, None, None], rows[:, 0], rows[:, 1])
            self._leg(side, row, self._chance(flat))
        self._head()
        stride = torch.tensor([STRIDES.get(name, 0) for name in LEGS])[family] * torch.where(lead, 1, -1)
        for side, pick in enumerate(self._arm_families(stride)):
            self._arm(side, pick)
        return self.at

    def _chance(self, share) -> Tensor:
        return torch.rand(self.n, generator=self.g) < share

    def _normal(self, size: float, middle: float = 0.0, most: float = 1e9) -> Tensor:
        """(n,) normal, cut at +-most."""
        return (middle + size * torch.randn(self.n, generator=self.g)).clamp(-most, most)

    def _trunk(self, ranges: Tensor) -> None:
        """Pelvis and spine: bowed and tilted as the family says; twist 14 and side bend 7 degrees, now and then more;
        the spine makes up for most of the pelvis' tilt."""
        pitch, roll, bow = soft(ranges[..., 0], ranges[..., 1], self.g).T.deg2rad()
        roll = roll * (torch.randint(0, 2, (self.n,), generator=self.g) * 2 - 1)
        wild = 1 + 1.5 * self._chance(0.15)
        twist, side, yaw = (torch.randn(3, self.n, generator=self.g) * wild).clamp(-3, 3)
        twist, side, yaw = (
            twist * math.radians(14),
            side * math.radians(7) - 0.7 * roll,
            yaw * math.radians(5),
        )
        self.at["pelvis"] = position = torch.zeros(self.n, 3)
        self.turn["pelvis"] = frame = turned(yaw, pitch, roll)
        for name, share in (("lumbar", 0.4), ("thoracic", 0.3), ("chest", 0.3)):
            position = position + _times(frame, self.body.step(name, self.body.trunk))
            frame = frame @ turned(twist * share, bow * share, side * share)
        self.at["chest"], self.turn["chest"] = position, frame
        self.at["neck"] = position + _times(frame, self.body.step("neck", self.body.trunk))

    def _leg(self, side: int, ranges: Tensor, flat: Tensor) -> None:
        body, flip, name = self.body, mirror(side), SIDES[side]
        flex, abduct, spread, outward, knee = soft(ranges[..., 0], ranges[..., 1], self.g).T.deg2rad()
        thigh = spin(2, -abduct) @ spin(1, -spread) @ spin(0, -flex) @ spin(1, -outward)
        shank = thigh @ spin(0, knee.clamp_min(0))
        hip = body.step("hip", body.hips) + body.shift("hip", 0.012) + HIP_MARK
        self.at[f"{name}hip"] = top = _times(self.turn["pelvis"], hip * flip)
        step = body.step("knee", body.leg * body.thigh) + body.shift("knee", 0.006)
        self.at[f"{name}knee"] = middle = top + flip * _times(thigh, step)
        step = body.step("ankle", body.leg * (2 - body.thigh)) + body.shift("ankle", 0.006)
        self.at[f"{name}ankle"] = end = middle + flip * _times(shank, step)
        self.turn[f"{name}thigh"] = thigh
        foot = self._foot(shank, flat)
        for part in ("big_toe", "small_toe", "heel"):
            step = body.step(part, body.foot) + body.shift(part, 0.008)
            self.at[name + part] = end + flip * _times(foot, step)

    def _foot(self, shank: Tensor, flat: Tensor) -> Tensor:
        """(n, 3, 3), left convention: level with the ground, or bent at the ankle (down 40 to up 20 degrees)."""
        bend = soft(torch.full((self.n,), -40.0), torch.full((self.n,), 20.0), self.g).deg2rad()
        aside = self._normal(0.12)
        hangs = (shank[..., 1, 1].abs() > 0.5)[:, None]
        ahead = torch.where(hangs, -shank[..., 2], -shank[..., 1])
        yaw = torch.atan2(ahead[:, 0], -ahead[:, 2]) + aside
        level = spin(1, -yaw) @ spin(0, self._normal(0.10, most=0.3))
        return torch.where(flat[:, None, None], level, shank @ spin(0, -bend) @ spin(1, -aside))

    def _head(self) -> None:
        body, chest = self.body, self.turn["chest"]
        yaw, pitch, roll = (
            self._normal(size, middle, most).deg2rad()
            for size, middle, most in ((26, 0, 75), (15, 4, 45), (8, 0, 30))
        )
        half = chest @ turned(yaw / 2, pitch / 2, roll / 2)
        cervical = self.at["neck"] + _times(half, body.step("cervical", body.trunk))
        self.turn["head"] = frame = chest @ turned(yaw, pitch, roll)
        self.at["head"] = centre = cervical + _times(frame, body.step("head", body.head))
        centre = centre + _times(frame, body.shift("head", 0.006) * torch.tensor([0.0, 1, 1]))
        self.at["nose"] = centre + _times(frame, body.step("nose", body.head))
        for part in ("eye", "ear"):
            step = (body.step(part) + body.shift(part, 0.004)) * body.head[:, None]
            for side in (0, 1):
                self.at[SIDES[side] + part] = centre + _times(frame, step * mirror(side))

    def _arm_families(self, stride: Tensor) -> tuple[Tensor, Tensor]:
        """(n,) the row of ARMS for the left and for the right arm. stride (n,): 1 where the left leg is before the
        right, -1 behind it, 0 where neither; arms swing against the legs."""
        shares = torch.tensor([row[0] for row in (*BY_ANGLE.values(), *BY_PLACE.values())])
        seated = shares * torch.tensor([WITH_SEATED.get(name, 1.0) for name in ARMS])
        left, right = (
            torch.where(self.seated, _choose(self.n, seated, self.g), _choose(self.n, shares, self.g))
            for _ in SIDES
        )
        right = torch.where(self._chance(ALIKE), left, right)
        before, behind = (torch.tensor(ARMS.index(name)) for name in ("swing", "swing back"))
        swung = (stride != 0) & self._chance(OPPOSITE)
        left = torch.where(swung, torch.where(stride > 0, behind, before), left)
        return left, torch.where(swung, torch.where(stride > 0, before, behind), right)

    def _arm(self, side: int, pick: Tensor) -> None:
        """One arm, in the chest's frame, as a left arm; a raised arm brings its shoulder up."""
        body, flip, name, chest = self.body, mirror(side), SIDES[side], self.turn["chest"]
        upper, lower = 0.186 * body.arm * body.upper, 0.146 * body.arm * (2 - body.upper)
        first, second, elevation = self._by_angle(pick.clamp_max(len(BY_ANGLE) - 1))
        by_place = pick >= len(BY_ANGLE)
        raised = 0.2 * (elevation - math.radians(30)).clamp_min(0) * ~by_place + self._normal(0.06)
        out = body.step("shoulder", body.shoulders) + body.shift("shoulder", 0.007)
        shoulder = body.step("clavicle", body.trunk) + _times(spin(2, -raised), out)
        target, pole = self._target(side, pick, shoulder)
        reached = _two_bones(target, upper[:, None], lower[:, None], pole)
        first, second = (
            torch.where(by_place[:, None], a, b) for a, b in zip(reached, (first, second), strict=True)
        )
        self.at[f"{name}shoulder"] = base = self.at["chest"] + _times(chest, shoulder * flip)
        elbow = base + _times(chest, flip * (first * upper[:, None] + body.shift("elbow", 0.005)))
        wrist = elbow + _times(chest, flip * (second * lower[:, None] + body.shift("wrist", 0.005)))
        self.at[f"{name}elbow"], self.at[f"{name}wrist"] = elbow, wrist
        for part, step in self._hand(first, second).items():
            self.at[name + part] = wrist + _times(chest, flip * step)

    def _by_angle(self, row: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Directions of upper arm and forearm (n, 3), and the upper arm's elevation (n,)."""
        ranges = _table([row[1:] for row in BY_ANGLE.values()])[row]
        elevation, azimuth, flexion, bend = soft(ranges[..., 0], ranges[..., 1], self.g).T.deg2rad()
        out = elevation.sin()
        first = torch.stack([out * azimuth.cos(), elevation.cos(), -out * azimuth.sin()], dim=-1)
        return first, _bent(first, flexion.clamp(0.02, 2.65), bend), elevation

    def _target(self, side: int, pick: Tensor, shoulder: Tensor) -> tuple[Tensor, Tensor]:
        """Where the wrist goes, from the shoulder, and where the elbow points; chest frame, left convention."""
        place = (pick - len(BY_ANGLE)).clamp_min(0)
        rows = list(BY_PLACE.values())
        corner = [torch.tensor([row[k] for row in rows])[place] for k in (2, 3, 4, 5)]
        offset, pole = soft(corner[0], corner[1], self.g), soft(corner[2], corner[3], self.g)
        flip, name = mirror(side), SIDES[side]
        along = uniform(self.n, 0.3, 1.05, self.g)[:, None]
        thigh = self.at[f"{name}hip"] * (1 - along) + self.at[f"{name}knee"] * along
        spots = {on: self.at[on] + _times(self.turn[on], flip * offset) for on in ("pelvis", "chest", "head")}
        spots["thigh"] = thigh + flip * _times(self.turn[f"{name}thigh"], offset)
        target = torch.stack([spots[row[1]] for row in rows], dim=1)[torch.arange(self.n), place]
        back = self.turn["chest"].transpose(-1, -2)
        return flip * _times(back, target - self.at["chest"]) - shoulder, _unit(pole)

    def _hand(self, first: Tensor, second: Tensor) -> dict[str, Tensor]:
        """Steps from the wrist to the hand's points, chest frame, left convention: palm and thumb turn about the
        forearm (85 degrees either way), the wrist bends, the fingers curl."""
        body = self.body
        axis = torch.linalg.cross(first, second)
        straight = axis.norm(dim=-1, keepdim=True) < 1e-3
        axis = torch.where(straight, torch.linalg.cross(first, _ahead(first)), axis)
        axis = _unit(axis - second * (axis * second).sum(-1, keepdim=True))
        frame = torch.stack([second, axis, torch.linalg.cross(second, axis)], dim=-1)
        for about, size, middle, most in ((0, 40.0, 5.0, 85.0), (2, 25.0, -5.0, 65.0), (1, 10.0, 0.0, 25.0)):
            frame = frame @ spin(about, self._normal(size, middle, most).deg2rad())
        size = body.arm * (1 + self._normal(0.1))
        out = {name: _times(frame, body.step(name, size)) for name in ("index_1", "middle_1", "little_1")}
        thumb = sum(body.step(f"thumb_{i}") for i in range(1, 5)) + torch.tensor([0, 0.01, 0])
        thumb = thumb + 0.01 * torch.randn(self.n, 3, generator=self.g)
        out["thumb_4"] = _times(frame, thumb * size[:, None])
        tip, curl = out["middle_1"], torch.rand(self.n, generator=self.g) ** 2 * math.radians(85) + 0.1
        for i in (2, 3, 4):
            frame = frame @ spin(2, curl)
            tip = tip + _times(frame, body.step(f"middle_{i}", size))
        return out | {"middle_4": tip}


def _ahead(first: Tensor) -> Tensor:
    """(n, 3) which way the forearm bends without the upper arm's own turn: forward, inwards and up."""
    wish = torch.tensor([-0.5, -0.45, -0.8])
    return _unit(wish - first * (first * wish).sum(-1, keepdim=True))


def _bent(first: Tensor, flexion: Tensor, bend: Tensor) -> Tensor:
    """(n, 3) the forearm's direction, for the upper arm's, the flexion and the turn about the upper arm."""
    ahead = _ahead(first)
    aside = torch.linalg.cross(first, ahead)
    way = bend.cos()[:, None] * ahead + bend.sin()[:, None] * aside
    return flexion.cos()[:, None] * first + flexion.sin()[:, None] * way


def _two_bones(target: Tensor, upper: Tensor, lower: Tensor, pole: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 3) each: directions of upper arm and forearm that bring the wrist to the target (law of cosines), the elbow
    towards the pole; out of reach: a nearly straight arm."""
    distance = target.norm(dim=-1, keepdim=True)
    reach = distance.clamp(min=0.06).minimum(0.995 * (upper + lower)).maximum((upper - lower).abs() * 1.05)
    along = _unit(target)
    cosine = ((upper**2 + reach**2 - lower**2) / (2 * upper * reach)).clamp(-1, 1)
    aside = _unit(pole - along * (pole * along).sum(-1, keepdim=True))
    elbow = upper * (along * cosine + aside * (1 - cosine**2).sqrt())
    return _unit(elbow), _unit(along * reach - elbow)


def _choose(n: int, shares, generator: torch.Generator) -> Tensor:
    """(n,) numbers of rows, in proportion to their shares."""
    shares = torch.as_tensor(shares, dtype=torch.float32)
    return torch.multinomial(shares, n, replacement=True, generator=generator)


def _table(rows) -> Tensor:
    """(families, values, 2) ranges."""
    return torch.tensor([[list(map(float, pair)) for pair in row] for row in rows])


def drawn(n: int, generator: torch.Generator) -> Tensor:
    """(n, len(POINTS) + 2, 3) joints of n random people, then pelvis and neck; stature 1, pelvis at the origin."""
    at = Poses(n, generator).draw()
    return torch.stack([at[name] for name in (*POINTS, "pelvis", "neck")], dim=1)
