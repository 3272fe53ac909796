"""What skeleton correction does and how fast: the tables of the docs, measured on this machine.

    python training/benchmark_correction.py [--bodies 300] [--keypoints FOLDER]

1. Properties over random bodies: natural ones (limits.sample) with a share of their joints turned further by a
   random amount, random confidences. Worst value of each property, and the cost against clamping each joint.
2. Milliseconds of processor time per body on one core (set OMP_NUM_THREADS=1): valid, a few joints broken, all broken.
3. Left and right: false repairs over the pose library from twelve sides, and how many landmarks flipped on purpose
   come back exactly. --keypoints: .npz files with points and confidence of real photos, to be left alone as well.

Prints tables; asserts nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
if "repose" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "repose", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["repose"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["repose"])

from repose.pipelines.geometry import rotation  # noqa: E402
from repose.pipelines.geometry.anatomy.correction import corrected, cost  # noqa: E402
from repose.pipelines.geometry.anatomy.handedness import FEET, repaired, swapped  # noqa: E402
from repose.pipelines.geometry.anatomy.limits import LIMITED, clamped, excess, sample  # noqa: E402
from repose.pipelines.geometry.anatomy.palms import mirrored_hand  # noqa: E402
from repose.pipelines.geometry.keypoints import Keypoints  # noqa: E402
from repose.pipelines.geometry.landmarks import LEFT_HAND  # noqa: E402
from repose.pipelines.geometry.library import load_pose, pose_names  # noqa: E402
from repose.pipelines.geometry.retarget import retarget  # noqa: E402
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, PARENT, Skeleton  # noqa: E402
from repose.pipelines.geometry.template import OFFSETS  # noqa: E402

STATURE = 1000.0
HAND = tuple(name.removeprefix("left_") for name in LEFT_HAND)
SIDES = range(0, 360, 30)


def body(rotations: np.ndarray, confidence: np.ndarray | None = None) -> Skeleton:
    sure = np.ones((len(JOINTS), 3)) if confidence is None else confidence
    root = np.array([500.0, 620.0, 0.0])
    return Skeleton(OFFSETS * STATURE, rotations, root, sure, (1300, 1000), 1.75 / STATURE)


def broken(rng: np.random.Generator, size: float, share: float) -> Skeleton:
    """A natural body with a share of its joints turned by about `size` radians more."""
    local = sample(rng, 1)[0]
    turned = LIMITED[rng.uniform(size=len(LIMITED)) < share]
    vector = rng.normal(size=(len(turned), 3)) * size
    turns = rotation.quaternion_from_matrix(rotation.about(vector, np.linalg.norm(vector, axis=1)))
    local[turned] = rotation.multiply(local[turned], turns)
    return body(local, rng.uniform(size=(len(JOINTS), 3)))


def properties(before: Skeleton) -> dict[str, float]:
    """Every property of the correction of one body, as a number that should be small."""
    after = corrected(before).skeleton
    again = corrected(after).skeleton
    mirrored = corrected(before.mirrored()).skeleton.mirrored()
    positions = after.forward().positions
    children = np.flatnonzero(PARENT >= 0)
    lengths = np.linalg.norm(positions[children] - positions[PARENT[children]], axis=1)
    naive = before.with_rotations(clamped(before.rotations))
    paid, dear = cost(before, after), cost(before, naive)
    return {
        "bone length, pixels of a 1000 pixel body": np.abs(
            lengths - np.linalg.norm(before.offsets[children], axis=1)
        ).max(),
        "limit passed, degrees": max(np.degrees(excess(after.rotations).max()), 0.0),
        "second run, largest change of a quaternion": np.abs(again.rotations - after.rotations).max(),
        "mirror then solve against solve then mirror, pixels": np.abs(
            mirrored.forward().positions - positions
        ).max(),
        "cost against clamping each joint": paid / dear if dear > 0 else 0.0,
    }


def property_table(bodies: int) -> None:
    print(f"\n{'over ' + str(bodies) + ' bodies':55s} {'median':>10s} {'worst':>10s}")
    for label, size, share in (
        ("few joints, 23 degrees", 0.4, 0.1),
        ("half the joints, 86 degrees", 1.5, 0.5),
    ):
        rng = np.random.default_rng(0)
        rows = [properties(broken(rng, size, share)) for _ in range(bodies)]
        print(label)
        for name in rows[0]:
            values = [row[name] for row in rows]
            print(f"  {name:53s} {np.median(values):10.2g} {max(values):10.2g}")


def speed_table(bodies: int) -> None:
    kinds = {
        "valid": lambda rng: body(sample(rng, 1)[0]),
        "few joints broken": lambda rng: broken(rng, 0.4, 0.1),
        "all joints broken": lambda rng: broken(rng, 0.4, 1.0),
    }
    print(
        f"\n{'milliseconds per body of ' + str(len(JOINTS)) + ' joints':40s} {'median':>8s} {'9 in 10':>8s}"
    )
    for name, make in kinds.items():
        rng, times = np.random.default_rng(1), []
        for _ in range(bodies):
            one = make(rng)
            start = time.process_time()
            corrected(one)
            times.append(1e3 * (time.process_time() - start))
        print(f"{name:40s} {np.median(times):8.1f} {np.quantile(times, 0.9):8.1f}")


def turned(skeleton: Skeleton, degrees: float) -> Skeleton:
    local = skeleton.rotations.copy()
    about = rotation.quaternion_from_matrix(rotation.about(np.array([0.0, 1.0, 0.0]), np.radians(degrees)))
    pelvis = JOINT_INDEX["pelvis"]
    local[pelvis] = rotation.multiply(about, local[pelvis])
    return skeleton.with_rotations(local)


def views() -> list[tuple[int, Keypoints]]:
    """Every library pose on the standard body from twelve sides, without depth."""
    rest = body(np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1)))
    posed = [retarget(rest, load_pose(name)) for name in pose_names()]
    return [(side, replace(turned(one, side).project(), world=None)) for one in posed for side in SIDES]


FLIPS = {
    "elbows and wrists": lambda k: swapped(k, ("elbow", "wrist")),
    "arms with hands": lambda k: swapped(k, ("elbow", "wrist", *HAND)),
    "wrists": lambda k: swapped(k, ("wrist",)),
    "hands": lambda k: swapped(k, HAND),
    "knees": lambda k: swapped(k, ("knee",)),
    "legs": lambda k: swapped(k, ("knee", "ankle", *FEET)),
    "feet": lambda k: swapped(k, FEET),
    "body against face": lambda k: swapped(
        k, ("shoulder", "elbow", "wrist", *HAND, "hip", "knee", "ankle", *FEET)
    ),
    "eyes and ears": lambda k: swapped(k, ("eye", "ear")),
    "one hand inside out": lambda k: mirrored_hand(k, "left"),
}


def sides_table(folder: Path | None) -> None:
    library = views()
    false = sum(any(r.kind != "face dropped" for r in repaired(one)[1]) for _, one in library)
    print(f"\nfalse repairs: {false} of {len(library)} views of the library")
    groups = {
        "front": [k for side, k in library if side in (0, 30, 330)],
        "side": [k for side, k in library if side in (60, 90, 120, 240, 270, 300)],
        "back": [k for side, k in library if side in (150, 180, 210)],
    }
    if folder:
        groups["photos"] = photos = [_read(file) for file in sorted(folder.glob("*.npz"))]
        print(f"false repairs: {sum(bool(repaired(one)[1]) for one in photos)} of {len(photos)} photos")
    print("restored exactly, percent" + " " * 5 + "".join(f"{name:>9s}" for name in groups))
    for name, flip in FLIPS.items():
        shares = [100 * np.mean([_restored(one, flip) for one in group]) for group in groups.values()]
        print(f"  {name:28s}" + "".join(f"{share:9.0f}" for share in shares))


def _restored(right: Keypoints, flip) -> bool:
    right = repaired(right)[0]
    seen = right.confidence > 0
    return bool(np.abs(repaired(flip(right))[0].points - right.points)[seen].max() < 0.05)


def _read(file: Path) -> Keypoints:
    data = np.load(file)
    return Keypoints(data["points"], data["confidence"], np.ones(133), (1, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=300)
    parser.add_argument("--keypoints", type=Path)
    arguments = parser.parse_args()
    property_table(arguments.bodies)
    speed_table(arguments.bodies)
    sides_table(arguments.keypoints)


if __name__ == "__main__":
    main()
