"""The body and the ground: what carries it, where its weight goes, and whether it would stay there.

Down is the camera's y. A picture taken from near looks down on the feet (retarget.droop): a foot that stands
flat is seen pitched, and a foot nearer to the camera is seen lower, so heights of soles are measured along
the normal of the flatter sole. Four ways to be: standing (one or two feet carry), moving (a stride: the
weight is on its way from foot to foot, balance is not asked for), airborne (a jump) and seated (a seat is a
contact).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .. import rotation
from ..camera import DOWN
from ..contacts import GROUND, PELVIS, Contact
from ..retarget import droop, stature
from ..skeleton import JOINT_INDEX, Posed, Skeleton
from .limits import LIMITED, measured_angles

Mode = Literal["standing", "moving", "airborne", "seated", "unseen"]

MASSES = (
    ("neck", "head", 0.081, 1.0), ("pelvis", "neck", 0.497, 0.5),
    ("left_shoulder", "left_elbow", 0.028, 0.436), ("right_shoulder", "right_elbow", 0.028, 0.436),
    ("left_elbow", "left_wrist", 0.022, 0.682), ("right_elbow", "right_wrist", 0.022, 0.682),
    ("left_hip", "left_knee", 0.100, 0.433), ("right_hip", "right_knee", 0.100, 0.433),
    ("left_knee", "left_ankle", 0.061, 0.606), ("right_knee", "right_ankle", 0.061, 0.606),
)  # fmt: skip
"""Segments by their two ends, mass as a share of the body's, and where along the segment its centre lies:
Winter, "Biomechanics and Motor Control of Human Movement", table 4.1 (after Dempster 1955); forearm with
hand, shank with foot."""

SIDES = ("left_", "right_")
LEG = ("hip", "knee", "ankle")

TOUCHING = 0.012
"""Share of the stature (2 cm) within which a sole is on the ground: a shoe's own error in a landmark."""
HOVERING = 0.05
"""Up to here (8 cm) a flat foot that is not on the ground floats; one higher or pitched is lifted on purpose."""
FLAT = np.radians(22)
"""A sole that is pitched by no more than this against the flatter one stands flat."""
OUTSIDE = 0.025
"""Share of the stature by which the centre of mass may lie outside the support: what a static pose's
landmarks are sure to (ours). Beyond it the body tips."""
DEPTH_ERROR = 3.0
"""A distance along the view counts this much less, because the depth of a lifted body is less sure than its
pixels: of ten openpeople studio photos, where all stand upright, the lifted weight lies 3-5 % of the height
before the feet."""
STRIDE = 0.10
"""Share of the stature between the feet along the ground from which a raised heel means a stride, and by
which an unbalanced body must be on its way."""
POINTED = np.radians(40)
"""Both soles pitched by more than this stand on nothing, if the knees are BENT as well: the feet hang."""
BENT = np.radians(45)
LEVEL = np.radians(38)
"""A thigh within this of the horizontal is carried by a seat, or is a squat."""
HANGING = np.radians(52)
"""A sitting body's other thigh is no steeper: a runner's is."""
LOW, KNEELING = 0.14, 0.06
"""Shares of the stature: a pelvis, or a knee, that is no higher above the ground rests on it."""
COLLAPSE = 13.0
"""Degrees by which a knee that carries may deviate in the frontal plane. Herrington & Munro, "Drop jump
landing knee valgus angle", Phys. Ther. Sport 11, 2010: 7-13 in healthy women and 3-8 in men when landing, the
hardest case."""


@dataclass(frozen=True)
class Finding:
    """Something about the ground that is wrong: `value` in `unit`, of which `allowed` would be right."""

    joint: str
    limit: str
    value: float
    allowed: float
    unit: str


@dataclass(frozen=True, eq=False)
class Balance:
    """How a body stands. Positions (3,) in the camera frame, pixels; shares are of the stature.

    mode        standing, moving, airborne, seated; unseen: no foot and no seat to judge by
    stature     pixels
    contacts    which soles and seats carry: "left heel", "left toes", "seat", ...
    support     (k, 2) corners of the support polygon along x and z, pixels
    mass        the centre of mass
    pressure    the centre of pressure: under the centre of mass, or at the support's nearest point
    outside     share by which the centre of mass lies outside the support, 0 inside
    levers      distance of the line of the ground reaction force (from each carrying foot's own centre of pressure
                to the centre of mass) from that leg's ankle, knee and hip: shares by joint
    collapse    (left, right) degrees by which the knee falls inwards (valgus, positive) or outwards of its leg
    clearance   (left, right) share by which each foot's lowest point is above the ground
    findings    what is wrong; empty when nothing is
    """

    mode: Mode
    stature: float
    contacts: tuple[str, ...]
    support: np.ndarray
    mass: np.ndarray
    pressure: np.ndarray
    outside: float
    levers: dict[str, float]
    collapse: tuple[float, float]
    clearance: tuple[float, float]
    findings: tuple[Finding, ...]


def centre_of_mass(positions: np.ndarray) -> np.ndarray:
    """(J, 3) positions -> (3,), by MASSES."""
    total = sum(mass for *_, mass, _ in MASSES)
    ends = ((positions[JOINT_INDEX[a]], positions[JOINT_INDEX[b]], m, s) for a, b, m, s in MASSES)
    return sum(m * ((1 - s) * a + s * b) for a, b, m, s in ends) / total


def balance(skeleton: Skeleton, contacts: Sequence[Contact] = ()) -> Balance:
    """How the body stands. `contacts`: what a pose states, where it does (a seat under the pelvis)."""
    posed, size = skeleton.forward(), stature(skeleton)
    feet = _Feet(skeleton, posed, size)
    mass = centre_of_mass(posed.positions)
    mode = _mode(skeleton, posed, feet, mass, size, contacts)
    carrying, places = _carrying(posed, feet, mode, size)
    support = hull(np.array([place[[0, 2]] for place in places]).reshape(-1, 2))
    pressure_at, outside = carried(mass[[0, 2]], support) if len(support) else (mass[[0, 2]], 0.0)
    pressure = np.array([pressure_at[0], feet.ground, pressure_at[1]])
    collapse = tuple(collapsed(posed, side) for side in SIDES)
    clearance = tuple(float(c) for c in feet.clearance / size)
    report = Balance(
        mode=mode,
        stature=size,
        contacts=carrying,
        support=support,
        mass=mass,
        pressure=pressure,
        outside=outside / size,
        levers=_levers(posed, feet, carrying, mass, size),
        collapse=collapse,
        clearance=clearance,
        findings=(),
    )
    return replace(report, findings=_findings(report, feet))


class _Feet:
    """Heels and toes of both feet, and the ground under them.

    points (2, 2, 3): left and right, heel and the toes' middle; height (2, 2) pixels above the ground; pitch
    (2,) radians of each sole against the flatter one (toes down is positive); ground: y of the camera under
    the lower foot
    """

    def __init__(self, skeleton: Skeleton, posed: Posed, size: float):
        at = posed.positions
        self.seen = np.array([skeleton.present(f"{side}ankle") for side in SIDES])
        self.points = np.array(
            [
                [at[JOINT_INDEX[f"{side}heel"]],
                 (at[JOINT_INDEX[f"{side}big_toe"]] + at[JOINT_INDEX[f"{side}small_toe"]]) / 2]
                for side in SIDES
            ]
        )  # fmt: skip
        view = droop(skeleton)
        self.normal = np.array([0.0, np.cos(view), np.sin(view)])
        depth = self.points @ self.normal
        # Which foot is nearer to the camera is a guess of the lift: a foot is above the ground only if it is both
        # with that guess and without it.
        middle = self.points.mean(axis=1, keepdims=True)
        level = (self.points - middle) @ self.normal + middle[..., 1]
        self.level = self._lowest(depth)
        self.height = np.minimum(self.level - depth, self._lowest(level) - level)
        self.clearance = self.height.min(axis=1)
        downs = posed.rotations[[JOINT_INDEX[f"{side}ankle"] for side in SIDES]] @ DOWN
        self.pitch = rotation.angle_between(downs, np.broadcast_to(self.normal, downs.shape))
        self.ground = float(self.points[..., 1].ravel()[np.argmax(depth)])
        self.size = size

    def _lowest(self, depth: np.ndarray) -> float:
        """The ground under the feet that were seen, for (2, 2) depths below the camera."""
        lowest = depth.max(axis=1)
        return float(lowest[self.seen].max() if self.seen.any() else lowest.max())

    def touches(self) -> np.ndarray:
        """(2, 2) bool: which heels and toes are on the ground."""
        return (self.height < TOUCHING * self.size) & self.seen[:, None]

    def apart(self) -> float:
        """Pixels between the feet along the ground."""
        middle = self.points.mean(axis=1)
        return float(np.linalg.norm((middle[0] - middle[1])[[0, 2]]))


def _mode(skeleton, posed, feet: _Feet, mass, size: float, contacts: Sequence[Contact]) -> Mode:
    stated = [-c.offset[1] for c in contacts if c.joint == PELVIS and c.on == GROUND]
    if stated:
        return "airborne" if stated[0] > 1.05 else "seated"
    if not feet.seen.any():
        return "unseen"
    touches = feet.touches()
    under = hull(feet.points[touches][:, [0, 2]])
    outside = carried(mass[[0, 2]], under)[1] / size
    low = _rests(posed, feet, size)
    if not low and _flies(skeleton, posed, feet, outside):
        return "airborne"
    if low or _sits(posed, outside):
        return "seated"
    raised = (feet.pitch > FLAT).any() or feet.clearance.max() > HOVERING * size
    striding = feet.apart() > STRIDE * size and raised
    return "moving" if striding and outside > OUTSIDE else "standing"


def _sits(posed: Posed, outside: float) -> bool:
    """Thighs near horizontal and the weight not over the feet, as it is in a squat."""
    slopes = []
    for side in SIDES:
        thigh = posed.positions[JOINT_INDEX[f"{side}knee"]] - posed.positions[JOINT_INDEX[f"{side}hip"]]
        slopes.append(abs(np.arcsin(np.clip(thigh[1] / np.linalg.norm(thigh), -1, 1))))
    return min(slopes) < LEVEL and max(slopes) < HANGING and outside > OUTSIDE


def _rests(posed: Posed, feet: _Feet, size: float) -> bool:
    """The pelvis on the ground, or kneeling."""
    names = (PELVIS, "left_knee", "right_knee")
    heights = feet.level - posed.positions[[JOINT_INDEX[n] for n in names]] @ feet.normal
    return bool(heights[0] < LOW * size or heights[1:].min() < KNEELING * size)


def _flies(skeleton: Skeleton, posed: Posed, feet: _Feet, outside: float) -> bool:
    """Both feet hang: toes down, over bent knees or beside the weight. On tiptoe the legs are straight below
    it."""
    downs = posed.rotations[[JOINT_INDEX[f"{side}ankle"] for side in SIDES]] @ DOWN
    bends = measured_angles(skeleton.rotations)[[_ROW[f"{side}knee"] for side in SIDES], 0]
    hangs = rotation.angle_between(downs, np.broadcast_to(DOWN, downs.shape)) > POINTED
    return bool(hangs.all() and ((bends > BENT).all() or outside > OUTSIDE))


_ROW = {name: i for i, name in enumerate(np.array(list(JOINT_INDEX))[LIMITED])}


def _carrying(posed: Posed, feet: _Feet, mode: Mode, size: float) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """Names and places of what carries the body."""
    names, places = [], []
    if mode == "airborne":
        return (), []
    for side, points, touching in zip(SIDES, feet.points, feet.touches(), strict=True):
        for part, point, on in zip(("heel", "toes"), points, touching, strict=True):
            if on:
                names.append(f"{side.replace('_', ' ')}{part}")
                places += [point] if part == "heel" else _toes(posed, side)
    if mode == "seated":
        names.append("seat")
        for side in SIDES:
            hip, knee = (posed.positions[JOINT_INDEX[f"{side}{n}"]] for n in ("hip", "knee"))
            back = (
                rotation.unit((hip - knee) * [1, 0, 1]) * 0.07 * size
            )  # the buttocks, behind the hip's centre
            places += [hip + back, (hip + knee) / 2]
    return tuple(names), places


def _toes(posed: Posed, side: str) -> list[np.ndarray]:
    return [posed.positions[JOINT_INDEX[f"{side}{n}"]] for n in ("big_toe", "small_toe")]


def hull(points: np.ndarray) -> np.ndarray:
    """(n, 2) -> (k, 2) corners of the convex hull, counterclockwise (Andrew's monotone chain)."""
    order = points[np.lexsort((points[:, 1], points[:, 0]))] if len(points) else points
    halves = []
    for run in (order, order[::-1]):
        chain: list[np.ndarray] = []
        for point in run:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        halves += chain[:-1] if len(chain) > 1 else chain
    return np.unique(np.array(halves).reshape(-1, 2), axis=0) if len(points) < 3 else np.array(halves)


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def carried(point: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, float]:
    """`pressed` on the ground, (x, z) in pixels, with distances along the view shortened by DEPTH_ERROR."""
    shrink = np.array([1.0, 1 / DEPTH_ERROR])
    nearest, apart = pressed(point * shrink, corners * shrink)
    return nearest / shrink, apart


def pressed(point: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, float]:
    """(2,) and a convex polygon (k, 2) -> the polygon's point nearest to it and its distance; itself and 0
    inside."""
    ends = np.roll(corners, -1, axis=0)
    edges = ends - corners
    across = edges[:, 0] * (point[1] - corners[:, 1]) - edges[:, 1] * (point[0] - corners[:, 0])
    if len(corners) > 2 and (across >= 0).all():
        return point, 0.0
    along = ((point - corners) * edges).sum(axis=1) / np.maximum((edges**2).sum(axis=1), 1e-12)
    feet = corners + np.clip(along, 0, 1)[:, None] * edges
    apart = np.linalg.norm(point - feet, axis=1)
    return feet[apart.argmin()], float(apart.min())


def _levers(posed: Posed, feet: _Feet, carrying: tuple[str, ...], mass: np.ndarray, size: float) -> dict:
    """Shares of the stature by joint: how far the line of each carrying foot's force passes from its leg's
    joints."""
    levers = {}
    for side, points in zip(SIDES, feet.points, strict=True):
        if not any(name.startswith(side[:-1]) for name in carrying):
            continue
        at, _ = pressed(mass[[0, 2]], hull(points[:, [0, 2]]))
        base = np.array([at[0], points[:, 1].max(), at[1]])
        force = rotation.unit(mass - base)
        for joint in LEG:
            arm = posed.positions[JOINT_INDEX[side + joint]] - base
            levers[side + joint] = float(np.linalg.norm(arm - force * (force @ arm)) / size)
    return levers


def collapsed(posed: Posed, side: str) -> float:
    """Degrees by which a knee falls inwards (positive) or outwards of the line from hip to ankle.

    Seen twice: from the pelvis' front, and from the front of its own foot, because a knee over turned-out
    toes has not fallen. The smaller one counts, none where they disagree.
    """
    hip, knee, ankle = (posed.positions[JOINT_INDEX[side + n]] for n in LEG)
    inward = -1.0 if side == "left_" else 1.0
    angles = []
    for frame in ("pelvis", f"{side}ankle"):
        x, y = posed.rotations[JOINT_INDEX[frame]][:, 0], rotation.unit(ankle - hip)
        x = rotation.unit(x - y * (x @ y)) * inward
        upper, lower = knee - hip, ankle - knee
        angles.append(np.arctan2(upper @ x, upper @ y) - np.arctan2(lower @ x, lower @ y))
    if angles[0] * angles[1] <= 0:
        return 0.0
    return float(np.degrees(min(angles, key=abs)))


def _findings(report: Balance, feet: _Feet) -> tuple[Finding, ...]:
    """By the rules of the mode: a jump only keeps its knees, a stride need not balance, a seat carries."""
    found, size = [], report.stature
    for side, angle in zip(SIDES, report.collapse, strict=True):
        carries = any(name.startswith(side[:-1]) for name in report.contacts)
        if carries and report.mode in ("standing", "moving") and abs(angle) > COLLAPSE:
            name = "falls inwards" if angle > 0 else "falls outwards"
            found.append(Finding(f"{side}knee", name, abs(angle), COLLAPSE, "degrees"))
    if report.mode == "standing":
        higher = int(np.argmax(feet.clearance))
        flat = feet.seen.all() and (feet.pitch < FLAT).all()
        if flat and TOUCHING < feet.clearance[higher] / size < HOVERING:
            found.append(
                Finding(f"{SIDES[higher]}ankle", "foot floats", feet.clearance[higher], 0.0, "pixels")
            )
    if report.mode in ("standing", "seated") and report.outside > OUTSIDE:
        over = report.outside * size
        found.append(Finding(PELVIS, "weight beyond support", over, OUTSIDE * size, "pixels"))
    return tuple(found)
