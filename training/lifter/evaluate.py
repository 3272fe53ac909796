"""How well 2D joints are lifted: held-out poses (lifter_heldout.py) on Anny's bodies, seen by perspective cameras.

    python -m training.lifter.evaluate --anny anny.npz

Prints, for the heuristics without metric landmarks and for the learned lifter, both through the pack's own lifting:
mean per-joint error in millimetres at a figure of 1.75 m over COCO's 17 body landmarks, root- (middle of the hips) and
scale-aligned and Procrustes-aligned; and how often a bone or a wrist lies on the wrong side in depth, among those that
truly lie at least NEAR off (forearm and thigh: wrist against elbow and knee against hip along the view; wrist: before
or behind the plane of the trunk). Needs `anny`, `roma` and `trimesh` the first time; --anny keeps the bodies.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.geometry import lifting, rotation
from pipelines.geometry.keypoints import Keypoints
from pipelines.geometry.landmarks import INDEX
from pipelines.geometry.skeleton import Skeleton
from pipelines.lift import lift

from .anny import Body, bodies
from .heldout import poses

FIGURE = 1.75
"""Metres to which every error is scaled."""
NEAR = 0.08
"""Metres at that figure; a bone or a wrist nearer to the plane has no side."""
YAWS = {
    "front": 0,
    "three-quarter": 40,
    "three-quarter 2": -40,
    "side": 90,
    "side 2": -90,
    "back": 180,
    "back 3/4": 140,
}
SIDES = ("left_", "right_")


@dataclass(frozen=True, eq=False)
class Case:
    """One view of one body: pixels of a figure about 1000 pixels tall, the truth (133, 3) in metres at FIGURE, level
    frame, NaN where there is none."""

    pose: str
    family: str
    view: str
    keypoints: Keypoints
    truth: np.ndarray


@dataclass(frozen=True)
class Score:
    """Of one case: errors in mm; sides right and asked, by what."""

    case: Case
    rooted: float
    procrustes: float
    sides: dict[str, tuple[int, int]]


def cases(people: list[Body], per_pose: int, pitch: float = 0.0) -> list[Case]:
    """Every pose on `per_pose` of the bodies, each from every yaw. The camera stands 2.5 to 4 m away at 1.0 to 1.5 m,
    looks level (or down by `pitch` degrees), and the person stands a little beside its axis."""
    rng, found = np.random.default_rng(5), []
    for k, (name, (family, frames)) in enumerate(sorted(poses().items())):
        for i in range(per_pose):
            body = people[(k + 3 * i) % len(people)]
            joints = body.landmarks(*body.posed(frames))
            ground = max(point[1] for point in joints.values())
            for view, yaw in YAWS.items():
                turned = {n: rotation.about([0, 1, 0], np.radians(yaw)) @ p for n, p in joints.items()}
                at = np.array([rng.uniform(-0.3, 0.3), rng.uniform(1.0, 1.5) - ground, rng.uniform(2.5, 4)])
                found.append(_seen(name, family, view, turned, at, np.radians(pitch), body.stature))
    return found


def _seen(name, family, view, joints, at, pitch, stature) -> Case:
    truth = np.full((133, 3), np.nan)
    for landmark, point in joints.items():
        truth[INDEX[landmark]] = point
    hips = truth[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)
    camera = (truth + at - [hips[0], 0, hips[2]]) @ rotation.about([1, 0, 0], -pitch).T
    depth = camera[[INDEX["left_hip"], INDEX["right_hip"]], 2].mean()
    pixels = camera[:, :2] / camera[:, 2:] * depth * 1000 / stature
    low = np.nanmin(pixels, axis=0) - 100
    canvas = tuple(int(v) for v in (np.nanmax(pixels, axis=0) + 100 - low)[::-1])
    seen = np.isfinite(truth[:, 0])
    points = np.where(seen[:, None], pixels - low, 0)
    keypoints = Keypoints(points, seen * 0.9, np.full(133, 4.0), canvas)
    return Case(name, family, view, keypoints, (truth - hips) * FIGURE / stature)


def without(keypoints: Keypoints, gone: np.ndarray) -> Keypoints:
    return replace(keypoints, confidence=np.where(gone, 0, keypoints.confidence))


def _named(*parts: str) -> np.ndarray:
    return np.array([any(part in name for part in parts) for name in INDEX])


def jittered(case: Case, rng: np.random.Generator) -> Keypoints:
    noise = rng.normal(size=(133, 2)) * 8
    return replace(case.keypoints, points=case.keypoints.points + noise)


def gappy(case: Case, rng: np.random.Generator) -> Keypoints:
    """One landmark in seven is missing, and the points of one hand."""
    gone = rng.random(133) < 1 / 7
    gone[[INDEX[f"{s}_{n}"] for s in ("left", "right") for n in ("hip", "shoulder")]] = False
    return without(case.keypoints, gone | _named("left_thumb", "left_index", "left_middle", "left_little"))


CONDITIONS: dict[str, Callable[[Case, np.random.Generator], Keypoints]] = {
    "full body": lambda case, rng: case.keypoints,
    "17 body joints only": lambda case, rng: without(case.keypoints, np.arange(133) >= 17),
    "8 px jitter at 1000 px": jittered,
    "missing joints": gappy,
    "half body": lambda case, rng: without(case.keypoints, _named("knee", "ankle", "toe", "heel")),
}


def scored(case: Case, keypoints: Keypoints, method: Callable[[Keypoints], Skeleton]) -> Score:
    found = method(keypoints).forward().positions[:133]
    use = (keypoints.confidence > 0) & (np.arange(133) < 17)
    hips = found[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)
    x, y = found - hips, case.truth
    scale = (x[use] * y[use]).sum() / (x[use] ** 2).sum()
    rooted = np.linalg.norm(scale * x[use] - y[use], axis=1).mean() * 1000
    return Score(case, rooted, _procrustes(x[use], y[use]), _sides(scale * x, y, use))


def _procrustes(x: np.ndarray, y: np.ndarray) -> float:
    """Mean distance in mm after the best turn, scale and shift of x."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    turned = x @ rotation.kabsch(x, y).T
    scale = (turned * y).sum() / (turned**2).sum()
    return float(np.linalg.norm(scale * turned - y, axis=1).mean() * 1000)


def _sides(x: np.ndarray, y: np.ndarray, use: np.ndarray) -> dict[str, tuple[int, int]]:
    """What -> (wrong, asked)."""
    found = {}
    for what, start, end in (("forearm", "elbow", "wrist"), ("thigh", "hip", "knee")):
        pairs = [(INDEX[s + start], INDEX[s + end]) for s in SIDES]
        asked = [(a, b) for a, b in pairs if use[a] and use[b] and abs(y[b, 2] - y[a, 2]) > NEAR]
        found[what] = (sum((x[b, 2] - x[a, 2]) * (y[b, 2] - y[a, 2]) < 0 for a, b in asked), len(asked))
    wrists = [INDEX[s + "wrist"] for s in SIDES if use[INDEX[s + "wrist"]]]
    before = [(_before_trunk(x, w), _before_trunk(y, w)) for w in wrists]
    asked = [(a, b) for a, b in before if abs(b) > NEAR]
    found["wrist/trunk"] = (sum(a * b < 0 for a, b in asked), len(asked))
    return found


def _before_trunk(points: np.ndarray, joint: int) -> float:
    """Metres by which a joint lies before the plane of the trunk (across the shoulders and hips, and up)."""
    left, right, hips = (
        points[[INDEX[n] for n in names]].mean(axis=0)
        for names in (
            ("left_shoulder", "left_hip"),
            ("right_shoulder", "right_hip"),
            ("left_hip", "right_hip"),
        )
    )
    up = points[[INDEX["left_shoulder"], INDEX["right_shoulder"]]].mean(axis=0) - hips
    ahead = rotation.unit(np.cross(up, left - right))
    return float((points[joint] - hips) @ ahead)


def row(name: str, scores: list[Score]) -> str:
    def wrong(what: str) -> str:
        bad, asked = np.sum([score.sides[what] for score in scores], axis=0)
        return f"{100 * bad / max(asked, 1):5.1f} %"

    means = [np.mean([getattr(score, key) for score in scores]) for key in ("rooted", "procrustes")]
    sides = f"{wrong('forearm')}     {wrong('thigh')}       {wrong('wrist/trunk')}"
    return f"{name:34s}{means[0]:7.0f} {means[1]:7.0f}    {sides}   {len(scores):6d}"


def by(scores: list[Score], key: Callable[[Score], str]) -> dict[str, list[Score]]:
    groups: dict[str, list[Score]] = {}
    for score in scores:
        groups.setdefault(key(score), []).append(score)
    return groups


METHODS: dict[str, Callable[[Keypoints], Skeleton]] = {
    "heuristics": lambda keypoints: lifting.lift(replace(keypoints, world=None)),
    "learned": lift,
}


def report(found: list[Case], methods: list[str]) -> dict[str, list[Score]]:
    """Prints the tables; method -> scores on the full bodies."""
    print(f"{'':34s}  MPJPE PA-MPJPE  forearm     thigh   wrist/trunk    views")
    full = {}
    for method in methods:
        for condition, degrade in CONDITIONS.items():
            rng = np.random.default_rng(11)
            scores = [scored(case, degrade(case, rng), METHODS[method]) for case in found]
            print(row(f"{method}, {condition}", scores))
            full.setdefault(method, scores)
    for method, scores in full.items():
        for title, key in (
            ("view", lambda s: s.case.view.removesuffix(" 2")),
            ("family", lambda s: s.case.family),
        ):
            print(f"\n{method}, full body, by {title}")
            for name, group in by(scores, key).items():
                print(row("  " + name, group))
    return full


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, help="where Anny's bodies are kept (.npz)")
    parser.add_argument("--bodies", type=int, default=3, help="bodies per pose")
    parser.add_argument("--worst", type=int, default=0, help="list this many poses with the largest errors")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    options = parser.parse_args()
    people = bodies(options.anny)
    found = cases(people, options.bodies)
    print(f"{len(poses())} poses, {len(people)} bodies, {len(found)} views; mm at {FIGURE} m")
    full = report(found, options.methods)
    print("\ncamera looking down by 12 degrees, full body, against the level frame")
    for method in options.methods:
        print(row(method, [scored(case, case.keypoints, METHODS[method]) for case in cases(people, 1, 12.0)]))
    groups = by(full["learned"], lambda score: score.case.pose)
    for name, group in sorted(groups.items(), key=lambda item: -np.mean([s.rooted for s in item[1]]))[
        : options.worst
    ]:
        print(row("  " + name, group))


if __name__ == "__main__":
    main()
