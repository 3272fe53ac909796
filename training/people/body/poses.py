"""Poses of the synthetic people: the pack's own library, its mirror image, natural variations, and new arms.

Everything stays inside the pack's joint limits (geometry/anatomy/limits.py). A library pose is varied as the pack
itself does it (geometry/variations.py), so its feet stay on the ground and its hands on the hip; then the arms, or the
whole upper body, of a second pose may replace its own. The pelvis' heading is taken out of every pose and put back as
a yaw of our choice: that yaw is what the pairs are sorted by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from pipelines.geometry import rotation
from pipelines.geometry.anatomy.limits import (
    LIMITED,
    TOLERANCE,
    assembled,
    clamped,
    excess,
    measured_angles,
    passed,
    table,
)
from pipelines.geometry.landmarks import FINGERS
from pipelines.geometry.library import load_pose, pose_names
from pipelines.geometry.retarget import Pose
from pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, LEVELS, PARENT, local_rotations
from pipelines.geometry.variations import Noise, varied

from ...lifter.heldout import Figure
from ...lifter.heldout import frames as figure_frames

Frames = dict[str, np.ndarray]

KINDS = {
    "catalogue": 0.27, "casual": 0.17, "hands": 0.18, "walking": 0.12, "moving": 0.05, "editorial": 0.07,
    "arms raised": 0.04, "seated": 0.06, "kneeling": 0.04,
}  # fmt: skip
"""How often each kind of pose comes. Ours: a clothes shop's pictures are mostly of people who stand."""
RAISED = (
    "hands/hand in hair", "hands/hands in hair", "hands/waving", "editorial/arm overhead", "mascot/arms wide",
    "mascot/cheering", "mascot/big wave", "movement/dance arms up", "editorial/arms framing the face",
)  # fmt: skip
CHAIRS = ("chair", "stool", "wheelchair")
"""Seats that the pictures do not show: such poses are left out."""

KNEELING = (
    Figure("kneeling on both knees", "kneeling", ((0.15, 1, 0.15), (-0.2, 0.85, 0.45)),
        ((0.15, 1, 0.15), (-0.2, 0.85, 0.45)), ((0.14, 1, 0.1), (0.03, -0.12, -1), (0, 0.6, -0.8)),
        ((0.14, 1, 0.1), (0.03, -0.12, -1), (0, 0.6, -0.8)), (0, 2, 0), (0, 2, 0)),
    Figure("kneeling on one knee", "kneeling", ((0.2, 1, 0.2), (-0.15, 0.7, 0.7)),
        ((0.2, 1, 0.1), (0.0, 0.95, 0.3)), ((0.14, 0.08, 1), (0.02, 1, 0.02), (0.15, 0, 1)),
        ((0.12, 1, -0.02), (0.04, -0.12, -0.97), (0.1, 0.6, -0.8)), (0, 4, 0), (-4, 4, 0)),
    Figure("squatting", "kneeling", ((0.15, 0.8, 0.65), (-0.4, 0.45, 0.8)),
        ((0.15, 0.8, 0.65), (-0.4, 0.45, 0.8)), ((0.35, -0.15, 1), (0.02, 0.9, -0.45), (0.3, 0.08, 1)),
        ((0.35, -0.15, 1), (0.02, 0.9, -0.45), (0.3, 0.08, 1)), (0, 22, 0), (0, 18, 0), (0, -8, 0)),
)  # fmt: skip
"""(out, down, forward) as training/lifter/heldout.py reads them; our own, for the library has nobody who kneels."""

VARIANTS = 4
"""Variations kept of each library pose: one costs 10 ms the first time and nothing afterwards."""
STRENGTHS = (0.6, 2.0)
"""Of a variation (variations.variations): 1 is what two frames of one session differ by."""
OTHER_ARMS, OTHER_TRUNK = 0.35, 0.5
"""How often a pose on its feet gets the arms of another; and how often then its spine and head too."""
BLENDED, WAY = 0.2, (0.15, 0.5)
"""How often the upper body goes part of the way to that of another pose instead; which part of the way."""
LOOSE = {"head": 9.0, "neck": 6.0, "wrist": 9.0, "finger": 9.0}
"""Degrees (standard deviation) by which head, hands and fingers turn from one sample to the next."""

TURNS = ((0.0, 15.0), (15.0, 45.0), (45.0, 90.0))
"""Degrees of turn that every set of four poses covers; issue 5's bins."""
FAR_TURN, FAR_SHARE = (90.0, 180.0), 0.25
"""How often one of them is a turn beyond: side to side, front to back."""
FRONT, FRONT_SPREAD = 0.8, 25.0
"""Share of the sets whose first pose faces the camera, give or take FRONT_SPREAD degrees; the others face anywhere."""
LIFT = (0.04, 0.28)
"""Metres between the floor and the lowest point of who jumps."""

_SIDES = ("left_", "right_")
_FINGERS = [JOINT_INDEX[f"{side}{f}_{i}"] for side in _SIDES for f in FINGERS for i in (1, 2, 3)]
_ARM = {
    side: [j for j, name in enumerate(JOINTS) if name.startswith(side)
           and (name[len(side):] in ("clavicle", "shoulder", "elbow", "wrist", "hand_root")
                or name[len(side):].rpartition("_")[0] in FINGERS)]
    for side in _SIDES
}  # fmt: skip
_TRUNK = [JOINT_INDEX[name] for name in ("lumbar", "thoracic", "chest", "neck", "cervical", "head")]
_PELVIS = JOINT_INDEX["pelvis"]


class PoseOutsideLimits(ValueError):
    """A pose that no body can take; the message names the joint, the angle and its limit."""


@dataclass(frozen=True, eq=False)
class Stance:
    """One pose of one picture.

    name of the library pose it came from; kind, a key of KINDS; rotations (142, 4) local quaternions whose pelvis
    faces the camera; yaw in radians to the person's left; lift: metres between the floor and the lowest point.
    """

    name: str
    kind: str
    rotations: np.ndarray
    yaw: float = 0.0
    lift: float = 0.0

    def frames(self) -> Frames:
        """Joint -> (3, 3) world orientation, as training.lifter.anny.Body.posed takes it."""
        world = global_matrices(self.rotations, rotation.turn(self.yaw))
        return {joint: world[j] for joint, j in JOINT_INDEX.items()}

    def mirrored(self) -> Stance:
        """The pose in a mirror; left becomes right."""
        pose = Pose(self.name, self.rotations, np.ones(len(JOINTS), dtype=bool)).mirrored()
        return replace(self, rotations=pose.rotations, yaw=-self.yaw)


def global_matrices(rotations: np.ndarray, world: np.ndarray) -> np.ndarray:
    """(142, 4) local quaternions and the (3, 3) turn of the whole body -> (142, 3, 3) world orientations."""
    matrices = rotation.matrix_from_quaternion(rotations)
    matrices[_PELVIS] = world @ matrices[_PELVIS]
    for level in LEVELS[1:]:
        matrices[level] = matrices[PARENT[level]] @ matrices[level]
    return matrices


def heading(pelvis: np.ndarray) -> float:
    """(3, 3) orientation of a pelvis -> radians that it is turned to the person's left of the -z axis."""
    ahead = pelvis @ np.array([0.0, 0.0, -1.0])
    return float(np.arctan2(ahead[0], -ahead[2]))


def checked(rotations: np.ndarray, name: str) -> np.ndarray:
    """(142, 4) local rotations, given back if they lie inside the limits. Raises PoseOutsideLimits."""
    beyond = excess(rotations)
    if (beyond <= TOLERANCE).all():
        return rotations
    row = int(beyond.max(axis=-1).argmax())
    limits, angles = table(), measured_angles(rotations)
    which, way = (int(values[row]) for values in passed(angles))
    what = limits.ranges[row].names[2 * which + (way < 0)]
    angle = np.degrees(angles[row, which])
    past = np.degrees(beyond[row].max())
    raise PoseOutsideLimits(
        f'pose "{name}" is outside the joint limits: {JOINTS[LIMITED[row]]}, {what}: {angle:.1f} degrees, limit '
        f"{angle - way * past:.1f}; correct it first (pipelines.geometry.anatomy.correction.corrected)"
    )


@cache
def kinds() -> dict[str, tuple[str, ...]]:
    """Kind -> names of its poses."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name in pose_names():
        if (kind := _kind(name)) is not None:
            found[kind].append(name)
    found["kneeling"] = [figure.name for figure in KNEELING]
    return {kind: tuple(names) for kind, names in found.items()}


def _kind(name: str) -> str | None:
    folder = name.partition("/")[0]
    if name in RAISED:
        return "arms raised"
    if folder == "seated":
        return None if load_pose(name).seat in CHAIRS else "seated"
    if folder == "movement":
        return "walking" if "walking" in name or "strolling" in name else "moving"
    return {"mascot": "editorial"}.get(folder, folder)


@cache
def _library(name: str) -> Pose:
    """A pose by name, fingers that it does not state at ease."""
    figure = next((figure for figure in KNEELING if figure.name == name), None)
    pose = load_pose(name) if figure is None else _pose_of(figure)
    rotations = pose.rotations.copy()
    rest = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    rest[LIMITED] = assembled(table().relaxed, table())
    unstated = [j for j in _FINGERS if not pose.known[j]]
    rotations[unstated] = rest[unstated]
    return replace(pose, rotations=checked(rotations, name))


def _pose_of(figure: Figure) -> Pose:
    """A figure said by directions as local rotations inside the limits."""
    stated = figure_frames(figure)
    world = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    for level in LEVELS:
        for j in level:
            world[j] = stated.get(JOINTS[j], world[PARENT[j]] if PARENT[j] >= 0 else np.eye(3))
    known = np.array([joint in stated for joint in JOINTS])
    return Pose(figure.name, clamped(local_rotations(world)), known)


@cache
def _stock(name: str, variant: int) -> np.ndarray:
    """(142, 4) the pose (variant 0) or a variation of it; the pelvis' heading taken out."""
    pose = _library(name)
    rotations = pose.rotations
    if variant:
        random = np.random.RandomState([variant, *name.encode()])
        strength = STRENGTHS[0] + (STRENGTHS[1] - STRENGTHS[0]) * random.random_sample()
        found = varied(pose, Noise(random), strength)
        rotations = rotations if found is None else found
    pelvis = rotation.matrix_from_quaternion(rotations[_PELVIS])
    ahead = rotations.copy()
    ahead[_PELVIS] = rotation.quaternion_from_matrix(rotation.turn(-heading(pelvis)) @ pelvis)
    return ahead


def sample(generator: np.random.Generator, kind: str | None = None, without: Sequence[str] = ()) -> Stance:
    """A pose of a kind (one of KINDS; if None, drawn by their shares, none of `without`), facing the camera, inside the
    limits.

    Raises ValueError for another kind.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f'there is no kind of pose "{kind}"; there are: {", ".join(KINDS)}')
    kind = kind or _drawn(generator, {name: KINDS[name] for name in KINDS if name not in without})
    name = _one(generator, kinds()[kind])
    body = _stock(name, int(generator.integers(VARIANTS)))
    if kind in ("catalogue", "casual", "walking"):
        body = _mixed(body, generator)
    body = checked(clamped(_loosened(body, generator)), name)
    lift = generator.uniform(*LIFT) if "jump" in name else 0.0
    stance = Stance(name, kind, body, lift=float(lift))
    return stance.mirrored() if generator.random() < 0.5 else stance


def sample_set(
    generator: np.random.Generator,
    count: int,
    turns: Sequence[tuple[float, float]] | None = None,
    without: Sequence[str] = (),
) -> tuple[Stance, ...]:
    """`count` different poses of one person, with their yaws.

    turns: degrees (low, high) between the first pose and each other one; TURNS in any order by default, one of them
    sometimes FAR_TURN. The side is drawn. without: kinds that are left out.
    """
    stances: list[Stance] = []
    while len(stances) < count:
        stance = sample(generator, without=without)
        if len(kinds()[stance.kind]) < count or stance.name not in [one.name for one in stances]:
            stances.append(stance)
    facing = generator.random() < FRONT
    first = generator.normal(0, FRONT_SPREAD) if facing else generator.uniform(-180, 180)
    away = [0.0] + [generator.uniform(*turn) for turn in turns or _turns(generator, count - 1)]
    sides = generator.choice([-1.0, 1.0], size=count)
    yaws = np.radians(first + sides * np.array(away[:count]))
    return tuple(replace(one, yaw=float(yaw)) for one, yaw in zip(stances, yaws, strict=True))


def turn_between(first: float, second: float) -> float:
    """Degrees, 0 to 180, between two headings in radians."""
    return float(abs(np.degrees((first - second + np.pi) % (2 * np.pi) - np.pi)))


def _turns(generator: np.random.Generator, count: int) -> list[tuple[float, float]]:
    turns = [TURNS[i % len(TURNS)] for i in range(count)]
    if count and generator.random() < FAR_SHARE:
        turns[int(generator.integers(count))] = FAR_TURN
    return [turns[i] for i in generator.permutation(count)]


def _drawn(generator: np.random.Generator, shares: dict[str, float]) -> str:
    edges = np.cumsum(list(shares.values()))
    return list(shares)[min(int(np.searchsorted(edges, generator.random() * edges[-1])), len(shares) - 1)]


def _one(generator: np.random.Generator, names: Sequence[str]) -> str:
    return names[int(generator.integers(len(names)))]


def _mixed(body: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The pose, often with the arms, and perhaps spine and head, of another one of those that stand, or with an upper
    body part of the way to that. What limits that passes, the caller takes back."""
    chance = generator.random()
    if chance > OTHER_ARMS + BLENDED:
        return body
    kind = _drawn(generator, {kind: KINDS[kind] for kind in ("casual", "hands", "editorial", "arms raised")})
    other = _stock(_one(generator, kinds()[kind]), int(generator.integers(VARIANTS)))
    taken = _ARM["left_"] + _ARM["right_"]
    mixed = body.copy()
    if chance > OTHER_ARMS:
        taken = taken + _TRUNK
        mixed[taken] = rotation.slerp(body[taken], other[taken], generator.uniform(*WAY))
    else:
        taken = taken + (_TRUNK if generator.random() < OTHER_TRUNK else [])
        mixed[taken] = other[taken]
    return mixed


def _loosened(body: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Head, hands and fingers turned a little: what a held contact does not mind."""
    turns = np.zeros((len(JOINTS), 3))
    for name in ("neck", "head"):
        turns[JOINT_INDEX[name]] = generator.normal(0, LOOSE[name], 3)
    for side, sign in zip(_SIDES, (1.0, -1.0), strict=True):
        turns[JOINT_INDEX[f"{side}wrist"]] = generator.normal(0, LOOSE["wrist"], 3)
        curl = sign * generator.normal(0, LOOSE["finger"])
        for finger in FINGERS[1:]:
            bend = curl + sign * generator.normal(0, LOOSE["finger"] / 3)
            for i in (1, 2, 3):
                turns[JOINT_INDEX[f"{side}{finger}_{i}"], 2] = bend
    half = np.radians(turns) / 2
    angle = np.linalg.norm(half, axis=1, keepdims=True)
    return rotation.multiply(body, np.concatenate([np.cos(angle), np.sinc(angle / np.pi) * half], axis=1))
