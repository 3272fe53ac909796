"""What a body can do: every joint's rotation as three angles, and whether they lie in its range (ranges.py).

Frames. A joint's rotation is measured against its parent, but for three couplings, chosen as the published
ranges were measured: the upper arm against the chest (the clavicle's turn is part of the arm's elevation),
the clavicle's elevation against the one the arm brings with it (scapulohumeral rhythm: girdle.rise), and
pronation as the twist of elbow and wrist together. All functions take any leading batch dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .. import rotation
from ..landmarks import FINGERS
from ..skeleton import JOINT_INDEX, JOINT_MIRROR, JOINTS, ORDER
from . import polygons
from .girdle import rise
from .ranges import Range, ranges

TOLERANCE = 1e-5
"""Radians by which an angle may pass its limit before that counts: far below anything visible, and above what
the six decimals of a pose file round away (library.write_pose)."""

MIRRORED = np.array([1.0, 1.0, -1.0, -1.0])
"""Signs that turn a quaternion into its mirror image's."""


@dataclass(frozen=True)
class LimitOptions:
    """The largest inner angle, in degrees, to which elbows and knees open: 180 is straight. Beyond 180 they
    would bend backwards, which nothing allows."""

    elbow: float = 170.0
    knee: float = 170.0

    def __post_init__(self):
        for name in ("elbow", "knee"):
            angle = getattr(self, name)
            if not 90 <= angle <= 180:
                raise ValueError(
                    f"LimitOptions.{name} is {angle}, expected an inner angle from 90 to 180 degrees"
                )


DEFAULT = LimitOptions()


@dataclass(frozen=True, eq=False)
class Table:
    """The ranges as arrays over the m limited joints, parents before children; radians.

    joints (m,), flipped (m,) bool: right joints, read in the mirror; axes (m, 3, 3) columns first, second,
    twist; cone (m, k, 2); turn (m, 2); relaxed (m, 3); outer (m,) bool
    """

    ranges: tuple[Range, ...]
    joints: np.ndarray
    flipped: np.ndarray
    axes: np.ndarray
    cone: np.ndarray
    turn: np.ndarray
    relaxed: np.ndarray
    outer: np.ndarray

    def rows(self, chosen: np.ndarray) -> Table:
        """The table of some of its rows."""
        arrays = ("joints", "flipped", "axes", "cone", "turn", "relaxed", "outer")
        return Table(tuple(self.ranges[i] for i in chosen), *(getattr(self, name)[chosen] for name in arrays))


def _axes(one: Range) -> np.ndarray:
    twist = rotation.unit(one.twist)
    first = np.array(one.first) - twist * (twist @ np.array(one.first))
    first = rotation.unit(first)
    return np.stack([first, np.cross(twist, first), twist], axis=-1)


@lru_cache(maxsize=8)
def table(options: LimitOptions = DEFAULT) -> Table:
    """The limits of all joints under these options."""
    rows = {}
    for one in ranges(options.elbow, options.knee):
        j = JOINT_INDEX[one.joint]
        rows[j] = (one, False)
        rows.setdefault(int(JOINT_MIRROR[j]), (one, True))
    joints = np.array([j for j in ORDER if j in rows])
    listed = [rows[j][0] for j in joints]
    return Table(
        ranges=tuple(listed),
        joints=joints,
        flipped=np.array([rows[j][1] for j in joints]),
        axes=np.stack([_axes(one) for one in listed]),
        cone=np.radians(polygons.stacked([one.cone for one in listed])),
        turn=np.radians([one.turn for one in listed]),
        relaxed=np.radians([one.relaxed for one in listed]),
        outer=np.array([one.outer for one in listed]),
    )


LIMITED = table().joints
"""(m,) indices of the joints that have a range, parents before children; all others are free."""
_ROW = {JOINTS[j]: i for i, j in enumerate(LIMITED)}
_SIDES = ("left_", "right_")
_SHOULDER, _CLAVICLE, _ELBOW, _WRIST = (
    np.array([_ROW[side + name] for side in _SIDES]) for name in ("shoulder", "clavicle", "elbow", "wrist")
)


def reference(rotations: np.ndarray) -> np.ndarray:
    """(..., J, 4) local rotations -> (..., m, 4): those of the limited joints, the shoulders' against the
    chest."""
    chosen = np.asarray(rotations, dtype=np.float64)[..., LIMITED, :]
    chosen[..., _SHOULDER, :] = rotation.multiply(chosen[..., _CLAVICLE, :], chosen[..., _SHOULDER, :])
    return chosen


def angles_of(measured: np.ndarray, limits: Table) -> np.ndarray:
    """(..., m, 4) rotations -> (..., m, 3): swing (first, second) and twist in radians, without couplings."""
    canonical = np.where(limits.flipped[:, None], measured * MIRRORED, measured)
    w, v = canonical[..., 0], np.einsum("mij,...mi->...mj", limits.axes, canonical[..., 1:])
    twist = 2 * np.arctan2(v[..., 2], w)
    twist = np.where(np.abs(twist) > np.pi, twist - np.sign(twist) * 2 * np.pi, twist)
    # The swing is q o twist^-1 (or twist^-1 o q): its vector is the in-plane part turned by half the twist.
    half = np.where(limits.outer, -twist, twist) / 2
    cosine, sine = np.cos(half), np.sin(half)
    sign = np.where(w * np.cos(twist / 2) + v[..., 2] * np.sin(twist / 2) < 0, -1.0, 1.0)
    first, second = v[..., 0] * cosine - v[..., 1] * sine, v[..., 0] * sine + v[..., 1] * cosine
    length = np.hypot(first, second)
    swing = 2 * np.arctan2(length, np.hypot(w, v[..., 2]))
    scale = sign * np.where(length < 1e-12, 2.0, swing / np.where(length < 1e-12, 1.0, length))
    return np.stack([first * scale, second * scale, twist], axis=-1)


def rotations_of(angles: np.ndarray, limits: Table) -> np.ndarray:
    """(..., m, 3) angles -> (..., m, 4): the inverse of `angles_of`."""
    swing = np.hypot(angles[..., 0], angles[..., 1])
    ratio = np.where(swing < 1e-12, 0.5, np.sin(swing / 2) / np.where(swing < 1e-12, 1.0, swing))
    first, second = angles[..., 0] * ratio, angles[..., 1] * ratio
    half = angles[..., 2] / 2
    cosine, sine = np.cos(half), np.sin(half)
    side = np.where(limits.outer, -sine, sine)
    vector = np.stack(
        [first * cosine + second * side, second * cosine - first * side, np.cos(swing / 2) * sine], axis=-1
    )
    turned = np.einsum("mij,...mj->...mi", limits.axes, vector)
    canonical = np.concatenate([(np.cos(swing / 2) * cosine)[..., None], turned], axis=-1)
    return np.where(limits.flipped[:, None], canonical * MIRRORED, canonical)


def elevation(measured: np.ndarray) -> np.ndarray:
    """(..., m, 4) of `reference` -> (..., 2) radians by which the left and the right upper arm are raised
    from hanging."""
    w, x, y, z = np.moveaxis(measured[..., _SHOULDER, :], -1, 0)
    down = 2 * (x * y + w * z) * [1.0, -1.0]  # of the arm, which at rest points to +x and to -x
    return np.arctan2(np.hypot(1 - 2 * (y * y + z * z), 2 * (x * z - w * y)), down)


def rhythm(arm: np.ndarray | float) -> np.ndarray | float:
    """Radians of the upper arm's elevation -> radians of the clavicle's that come with it (girdle.rise)."""
    return rise(arm)


def coupled(measured: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """(..., m, 3): the angles as the ranges mean them: clavicles against the rhythm, wrists with the elbow's
    twist."""
    angles = angles.copy()
    angles[..., _CLAVICLE, 0] -= rhythm(elevation(measured))
    angles[..., _WRIST, 2] += angles[..., _ELBOW, 2]
    return angles


def measured_angles(rotations: np.ndarray, options: LimitOptions = DEFAULT) -> np.ndarray:
    """(..., J, 4) -> (..., m, 3) radians: first and second swing, twist of every limited joint, with
    couplings."""
    measured = reference(rotations)
    return coupled(measured, angles_of(measured, table(options)))


def excess(rotations: np.ndarray, options: LimitOptions = DEFAULT) -> np.ndarray:
    """(..., J, 4) -> (..., m, 2) radians: how far swing and twist lie outside; negative or zero inside."""
    limits, angles = table(options), measured_angles(rotations, options)
    swing = polygons.distance(angles[..., :2], limits.cone)
    low, high = limits.turn.T
    return np.stack([swing, np.maximum(low - angles[..., 2], angles[..., 2] - high)], axis=-1)


def violations(rotations: np.ndarray, options: LimitOptions = DEFAULT) -> np.ndarray:
    """(..., J, 4) local rotations -> (..., J) radians beyond each joint's range; 0 inside and for free
    joints."""
    beyond = np.zeros(np.shape(rotations)[:-1])
    beyond[..., LIMITED] = np.maximum(excess(rotations, options).max(axis=-1), 0.0)
    return beyond


def within(
    rotations: np.ndarray, tolerance: float = TOLERANCE, options: LimitOptions = DEFAULT
) -> np.ndarray:
    """(..., J, 4) -> (...) bool: whether no joint passes its range by more than `tolerance` radians."""
    return (excess(rotations, options) <= tolerance).all(axis=(-1, -2))


def nearest(angles: np.ndarray, limits: Table) -> np.ndarray:
    """(..., m, 3) angles -> the nearest inside the ranges; what is inside stays to the bit."""
    swing = polygons.nearest(angles[..., :2], limits.cone)
    twist = np.clip(angles[..., 2], *limits.turn.T)
    return np.concatenate([swing, twist[..., None]], axis=-1)


def assembled(angles: np.ndarray, limits: Table) -> np.ndarray:
    """(..., m, 3) coupled angles -> (..., m, 4) local rotations of the limited joints: couplings taken back."""
    angles = angles.copy()
    angles[..., _WRIST, 2] -= angles[..., _ELBOW, 2]
    against = rotations_of(angles, limits)
    angles[..., _CLAVICLE, 0] += rhythm(elevation(against))
    clavicles = rotations_of(angles, limits)[..., _CLAVICLE, :]
    against[..., _CLAVICLE, :] = clavicles
    against[..., _SHOULDER, :] = rotation.multiply(rotation.inverse(clavicles), against[..., _SHOULDER, :])
    return against


def clamped(
    rotations: np.ndarray, options: LimitOptions = DEFAULT, free: np.ndarray | None = None
) -> np.ndarray:
    """(..., J, 4) -> local rotations inside every range, each joint by itself taken to the nearest that is.

    Joints that are inside stay to the bit, as do those that are not `free` (J,) bool. Exact, but not the
    smallest change of the body: what hangs from a clamped joint swings along (correction.py does better).
    """
    limits = table(options)
    measured = reference(rotations)
    angles = angles_of(measured, limits)
    fixed = np.zeros(len(LIMITED), dtype=bool) if free is None else ~with_clavicles(free)[LIMITED]
    inside = np.where(fixed[:, None], angles, nearest(angles, limits))
    # The clavicle and the wrist wait until what they are measured against has found its place.
    inside[..., _CLAVICLE, :], inside[..., _WRIST, :] = angles[..., _CLAVICLE, :], angles[..., _WRIST, :]
    inside = coupled(rotations_of(inside, limits), inside)
    settled = np.where(fixed[:, None], inside, nearest(inside, limits))
    moved = (excess(rotations, options) > TOLERANCE).any(axis=-1)
    moved[..., _SHOULDER] |= moved[..., _CLAVICLE]
    moved[..., _CLAVICLE] |= moved[..., _SHOULDER]
    moved[..., _WRIST] |= moved[..., _ELBOW]
    moved &= ~fixed
    out = np.array(rotations, dtype=np.float64)
    out[..., LIMITED, :] = np.where(moved[..., None], assembled(settled, limits), out[..., LIMITED, :])
    return out


def with_clavicles(free: np.ndarray) -> np.ndarray:
    """(J,) bool -> the same with each clavicle as free as its shoulder: one range holds both."""
    free = np.array(free, dtype=bool)
    free[LIMITED[_CLAVICLE]] = free[LIMITED[_SHOULDER]]
    return free


def rotations_from(angles: np.ndarray, options: LimitOptions = DEFAULT) -> np.ndarray:
    """(..., m, 3) radians as `measured_angles` gives them -> (..., J, 4) local rotations; free joints at
    rest."""
    local = np.zeros((*angles.shape[:-2], len(JOINTS), 4))
    local[..., 0] = 1.0
    local[..., LIMITED, :] = assembled(np.asarray(angles, dtype=np.float64), table(options))
    return local


_GROUPS = (
    ("lumbar", "thoracic", "chest"),
    ("neck", "cervical", "head"),
    *(tuple(f"{side}{f}_{i}" for f in FINGERS[1:] for i in (1, 2, 3)) for side in _SIDES),
    *(tuple(f"{side}thumb_{i}" for i in (1, 2, 3)) for side in _SIDES),
)
"""Joints that bend together in a body: a spine curves, a hand closes."""
TOGETHER = 0.8
"""How often they do."""


def _leaders() -> np.ndarray:
    leader = np.arange(len(LIMITED))
    for group in _GROUPS:
        leader[[_ROW[name] for name in group]] = _ROW[group[0]]
    return leader


_LEADER = _leaders()


def sample(
    rng: np.random.Generator, n: int, spread: float = 0.6, options: LimitOptions = DEFAULT
) -> np.ndarray:
    """(n, J, 4) random local rotations, all inside the limits; the pelvis and the ends of chains at rest.

    spread   in (0, 1]: 1 fills every range evenly, less keeps most joints of a body near ease (hanging arms, slightly
             bent knees) and takes some far out: per joint the way from ease to the border is
             sqrt(u) v^(1 / spread - 1) with u and v uniform, in an even direction.
    Spine, neck and the fingers of a hand mostly bend together. A mixture of spreads makes a natural set.
    """
    if not 0 < spread <= 1:
        raise ValueError(f"spread is {spread}, expected more than 0 and at most 1")
    limits = table(options)
    draws = rng.uniform(size=(n, len(LIMITED), 4))
    together = rng.uniform(size=(n, len(LIMITED), 1)) < TOGETHER
    draws = np.where(together, draws[:, _LEADER], draws)
    ways = 2 * np.pi * draws[..., 0]
    near = draws[..., 1] ** (1 / spread - 1)
    far = polygons.reach(limits.relaxed[:, :2], ways, limits.cone) * np.sqrt(draws[..., 2]) * near
    swing = limits.relaxed[:, :2] + far[..., None] * np.stack([np.cos(ways), np.sin(ways)], axis=-1)
    low, high = limits.turn.T
    ease = limits.relaxed[:, 2]
    twist = ease + (low + (high - low) * draws[..., 3] - ease) * near
    angles = nearest(np.concatenate([swing, twist[..., None]], axis=-1), limits)
    # The forearm's one pronation is the wrist's: dealt to both, the elbow's share would be counted twice.
    angles[..., _ELBOW, 2] = 0.0
    return rotations_from(angles, options)


def passed(angles: np.ndarray, options: LimitOptions = DEFAULT) -> tuple[np.ndarray, np.ndarray]:
    """(m, 3) radians -> which of the three angles passes its range most, and to which side (+1 or -1): (m,)
    each."""
    over = angles - nearest(angles, table(options))
    which = np.abs(over).argmax(axis=-1)
    return which, np.where(np.take_along_axis(over, which[:, None], axis=-1)[:, 0] < 0, -1, 1)
