"""Pictures of figures whose pose is known, at five levels of abstraction, for judging readers of drawings.

    level       looks like
    mannequin   a grey body, shaded, on a plain light ground
    clothed     a person in flat colours with stripes, hair and skin, on a plain coloured ground
    stick       ink lines and a ring for the head on paper under uneven light
    wireframe   thin coloured lines and dots on black or white, half of them over a ground grid
    sketch      wobbly repeated outlines of limbs and gesture lines in pencil

Numpy and cv2. Truth are the joints of the skeleton that was drawn; a stick figure without bars for shoulders
and hips has its shoulders and hips where its limbs meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

LEVELS = ("mannequin", "clothed", "stick", "wireframe", "sketch")
JOINTS = (
    "nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip

_SIDES = ("left", "right")
# start, end, radius at both in statures: by eye, between the Part radii of the pack and a drawn mannequin.
CAPSULES = (
    ("hips_left", "hips_right", 0.075, 0.075), ("pelvis", "waist", 0.075, 0.068),
    ("waist", "chest_middle", 0.068, 0.08), ("shoulders_left", "shoulders_right", 0.055, 0.055),
    ("neck", "chin", 0.03, 0.03), ("chin", "crown", 0.045, 0.055),
    *((f"{s}_shoulder", f"{s}_elbow", 0.030, 0.024) for s in _SIDES),
    *((f"{s}_elbow", f"{s}_wrist", 0.024, 0.017) for s in _SIDES),
    *((f"{s}_wrist", f"{s}_hand", 0.017, 0.018) for s in _SIDES),
    *((f"{s}_hip", f"{s}_knee", 0.048, 0.034) for s in _SIDES),
    *((f"{s}_knee", f"{s}_ankle", 0.034, 0.021) for s in _SIDES),
    *((f"{s}_ankle", f"{s}_toes", 0.021, 0.020) for s in _SIDES),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rendered:
    """picture (h, w, 3) uint8 RGB; truth {joint: (2,) pixels}; height of the figure in pixels; level."""

    picture: np.ndarray
    truth: dict[str, np.ndarray]
    height: float
    level: str


def places(skeleton) -> dict[str, np.ndarray]:
    """(3,) pixels of every point that the drawings use, from a skeleton of the pack."""
    from repose.pipelines.geometry.skeleton import JOINT_INDEX

    posed = skeleton.forward()

    def at(name: str) -> np.ndarray:
        return posed.positions[JOINT_INDEX[name]]

    found = {name: at(name) for name in (*JOINTS, "pelvis", "neck", "head")}
    shoulders = (at("left_shoulder") + at("right_shoulder")) / 2
    up = posed.rotations[JOINT_INDEX["head"]] @ np.array([0.0, -1.0, 0.0])
    size = np.linalg.norm(at("nose") - at("head")) / 0.0625
    found |= {"chin": at("head") + 0.01 * size * up, "crown": at("head") + 0.045 * size * up}
    found |= {
        "waist": found["pelvis"] * 0.55 + shoulders * 0.45,
        "chest_middle": found["pelvis"] * 0.2 + shoulders * 0.8,
    }
    for side in _SIDES:
        found[f"{side}_hand"] = (at(f"{side}_middle_1") + at(f"{side}_middle_3")) / 2
        found[f"{side}_toes"] = (at(f"{side}_big_toe") + at(f"{side}_small_toe")) / 2
        found[f"hips_{side}"] = found["pelvis"] + 0.5 * (at(f"{side}_hip") - found["pelvis"])
        found[f"shoulders_{side}"] = shoulders + 0.7 * (at(f"{side}_shoulder") - shoulders)
    return found


def render(skeleton, level: str, seed: int) -> Rendered:
    """A skeleton of the pack drawn at a level of abstraction on its own canvas."""
    if level not in LEVELS:
        raise ValueError(f'level is "{level}", expected one of {", ".join(LEVELS)}')
    rng = np.random.default_rng(seed)
    points = places(skeleton)
    stature = float(np.linalg.norm(points["nose"] - np.array(points["head"])) / 0.0625)
    flat = np.array([points[name][:2] for name in points])
    height = float(np.ptp(flat[:, 1]) + 0.06 * stature)
    truth = {name: points[name][:2] for name in JOINTS}
    draw = {"mannequin": _solid, "clothed": _solid, "stick": _stick, "wireframe": _wires, "sketch": _sketch}
    picture = draw[level](points, stature, skeleton.canvas, rng, level, truth)
    return Rendered(picture, truth, height, level)


def _solid(points, stature, canvas, rng, level, truth) -> np.ndarray:
    """Capsules with a z-buffer, shaded by their normals."""
    height, width = canvas
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    depth = np.full(canvas, np.inf, dtype=np.float32)
    ground = rng.uniform(0.75, 1.0) * np.ones(3) if level == "mannequin" else rng.uniform(0.2, 0.95, 3)
    picture = np.ones((height, width, 3), np.float32) * ground
    picture *= 1 - 0.08 * (y / height)[..., None]
    wardrobe = _wardrobe(rng, ground)
    light = np.array([rng.uniform(-0.5, 0.5), -0.6, -0.8])
    light /= np.linalg.norm(light)
    for name, other, r0, r1 in CAPSULES:
        a, b = points[name], points[other]
        step = b - a
        along = ((x - a[0]) * step[0] + (y - a[1]) * step[1]) / max(step[:2] @ step[:2], 1e-6)
        along = np.clip(along, 0, 1)
        radius = (r0 + (r1 - r0) * along) * stature
        dx, dy = x - a[0] - along * step[0], y - a[1] - along * step[1]
        inside = radius**2 - dx**2 - dy**2
        bulge = np.sqrt(np.maximum(inside, 0))
        z = a[2] + along * step[2] - 0.7 * bulge
        over = (inside > 0) & (z < depth)
        depth[over] = z[over]
        lit = np.clip(-(light[0] * dx + light[1] * dy - light[2] * -bulge) / radius, -1, 1)
        colour = 0.62 * np.ones(3) if level == "mannequin" else wardrobe(name, other)
        stripes = 1.0 if level == "mannequin" else 1 - 0.12 * (np.sin(y[over] * 40 / stature * 2) > 0.3)
        shade = (0.75 + (0.3 if level == "mannequin" else 0.1) * lit[over]) * stripes
        picture[over] = colour * shade[:, None]
    if level == "clothed":
        _face(picture, points, stature, wardrobe("chin", "crown"))
    picture += rng.normal(0, 0.01, picture.shape)
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _face(picture: np.ndarray, points, stature: float, skin) -> None:
    """Hair, eyes and a mouth on the side that the head shows; a back of a head is hair."""
    middle, up = (points["chin"] + points["crown"]) / 2, points["crown"] - points["chin"]
    forward = points["nose"] - points["head"]
    forward = forward - up * (forward @ up) / (up @ up)
    forward, up = forward / np.linalg.norm(forward), up / np.linalg.norm(up)
    across = np.cross(forward, up)
    hair = middle + 0.012 * stature * (up - forward)
    cv2.circle(
        picture, tuple(int(v) for v in hair[:2]), int(0.055 * stature), (0.2, 0.12, 0.08), -1, cv2.LINE_AA
    )
    if forward[2] < 0.1:
        front = middle + stature * (0.022 * forward - 0.008 * up)
        cv2.circle(
            picture, tuple(int(v) for v in front[:2]), int(0.045 * stature), tuple(skin), -1, cv2.LINE_AA
        )
    for aside, rise, size in ((0.02, 0.005, 0.006), (-0.02, 0.005, 0.006), (0.0, -0.025, 0.009)):
        way = forward + (aside * across + rise * up) / 0.05
        place = middle + 0.05 * stature * way / np.linalg.norm(way)
        if way[2] < -0.2:
            colour = (0.05, 0.05, 0.1) if rise > 0 else (0.7, 0.2, 0.2)
            cv2.circle(
                picture,
                tuple(int(v) for v in place[:2]),
                max(1, int(size * stature)),
                colour,
                -1,
                cv2.LINE_AA,
            )


def _wardrobe(rng, ground):
    """Colours by body part: shirt, trousers, skin, hair, shoes, all apart from the ground."""

    def colour():
        while True:
            one = rng.uniform(0.05, 0.95, 3)
            if np.abs(one - ground).max() > 0.3:
                return one

    shirt, trousers, shoes = colour(), colour(), colour()
    tone = rng.uniform(0.35, 1.0)
    skin = np.array([0.95, 0.76, 0.64]) * tone

    def of(name: str, other: str) -> np.ndarray:
        if "toes" in other:
            return shoes
        if any(word in name for word in ("hip", "knee")):
            return trousers
        return skin if any(word in name for word in ("chin", "neck", "wrist", "elbow")) else shirt

    return of


def _paper(canvas, rng) -> np.ndarray:
    """White or cream paper under uneven light, with a sensor's noise."""
    height, width = canvas
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    slope = rng.uniform(-0.15, 0.15, 2)
    light = 0.85 + slope[0] * x + slope[1] * y - rng.uniform(0, 0.12) * (x**2 + y**2)
    tint = np.array([1.0, rng.uniform(0.95, 1.0), rng.uniform(0.85, 1.0)])
    return np.clip(light[..., None] * tint, 0, 1)


def _ink(paper: np.ndarray, strokes: np.ndarray, colour, rng) -> np.ndarray:
    """Ink (h, w) in [0, 1] on paper, photographed."""
    soft = cv2.GaussianBlur(strokes, (0, 0), 0.7)[..., None]
    picture = paper * (1 - soft) + soft * np.asarray(colour) * paper
    return (np.clip(picture + rng.normal(0, 0.015, picture.shape), 0, 1) * 255).astype(np.uint8)


def _wobbly(rng, a, b, amount: float) -> np.ndarray:
    """(n, 2) a hand-drawn line."""
    t = np.linspace(0, 1, 12)[:, None]
    a, b = np.asarray(a)[:2], np.asarray(b)[:2]
    off = np.cumsum(rng.normal(0, amount / 4, (12, 2)), axis=0)
    off -= t * off[-1]
    return a + (b - a) * t + off


def _line(image: np.ndarray, path: np.ndarray, width: int, value: float = 1.0) -> None:
    cv2.polylines(image, [np.round(path * 8).astype(np.int32)], False, value, width, cv2.LINE_AA, 3)


def _stick(points, stature, canvas, rng, level, truth) -> np.ndarray:
    """Lines for limbs and a ring for the head; with bars for shoulders and hips, or without."""
    p, ink = dict(points), np.zeros(canvas, np.float32)
    width = max(1, round(stature * rng.uniform(0.006, 0.02)))
    bars = rng.random() < 0.5
    if not bars:
        for side in _SIDES:
            p[f"{side}_shoulder"], p[f"{side}_hip"] = p["neck"], p["pelvis"]
            truth[f"{side}_shoulder"], truth[f"{side}_hip"] = p["neck"][:2], p["pelvis"][:2]
    middle = (p["chin"] + p["crown"]) / 2
    radius = 0.07 * stature
    up = (p["neck"] - middle)[:2]
    below = middle[:2] + radius * up / max(np.linalg.norm(up), 1e-6)
    pairs = [(below, p["neck"]), (p["neck"], p["pelvis"])]
    for side in _SIDES:
        chains = (("neck", "shoulder", "elbow", "wrist"), ("pelvis", "hip", "knee", "ankle"))
        for root, *chain in chains:
            joints = [p[root], *(p[f"{side}_{name}"] for name in chain)]
            pairs += list(zip(joints, joints[1:], strict=False))
        if rng.random() < 0.5:
            pairs.append((p[f"{side}_ankle"], p[f"{side}_toes"]))
    for a, b in pairs:
        _line(ink, _wobbly(rng, a, b, 0.008 * stature), width)
    turn = np.linspace(0, 2 * np.pi, 40)
    ring = middle[:2] + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    _line(ink, ring + rng.normal(0, 0.002 * stature, ring.shape), width)
    truth["nose"] = middle[:2]
    colour = [np.array([0.1, 0.1, 0.1]), np.array([0.1, 0.15, 0.6]), np.array([0.7, 0.1, 0.1])][
        rng.integers(3)
    ]
    return _ink(_paper(canvas, rng), ink, colour, rng)


def _wires(points, stature, canvas, rng, level, truth) -> np.ndarray:
    """A motion capture's view: one-pixel bones, dots at joints, perhaps a ground grid."""
    dark = rng.random() < 0.6
    picture = np.full((*canvas, 3), 0.0 if dark else 1.0, np.float32)
    if rng.random() < 0.5:
        _grid(picture, points, stature, 0.28 if dark else 0.75)
    width = max(1, round(stature / 300))
    pairs = [("pelvis", "waist"), ("waist", "neck"), ("neck", "head"), ("head", "crown")]
    for side in _SIDES:
        for root, *chain in (
            ("neck", "shoulder", "elbow", "wrist", "hand"),
            ("pelvis", "hip", "knee", "ankle", "toes"),
        ):
            names = [root, *(f"{side}_{name}" for name in chain)]
            pairs += list(zip(names, names[1:], strict=False))
    colours = {"left": (1.0, 0.35, 0.2), "right": (0.2, 0.6, 1.0)} if rng.random() < 0.5 else {}
    plain = (0.9, 0.95, 0.9) if dark else (0.1, 0.1, 0.15)
    for a, b in pairs:
        colour = colours.get(b.split("_")[0], plain)
        line = np.stack([points[a][:2], points[b][:2]])
        cv2.polylines(picture, [np.round(line * 8).astype(np.int32)], False, colour, width, cv2.LINE_AA, 3)
        for name in (a, b):
            place = tuple(int(v) for v in points[name][:2])
            cv2.circle(picture, place, max(2, round(stature * 0.008)), colour, -1, cv2.LINE_AA)
    truth["nose"] = ((points["head"] + points["crown"]) / 2)[:2]
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _grid(picture: np.ndarray, points, stature: float, value: float) -> None:
    """A floor in perspective under the feet."""
    height, width = picture.shape[:2]
    ground = max(points["left_ankle"][1], points["right_ankle"][1])
    horizon = ground - 0.25 * stature
    for k in range(-8, 9):
        far, near = width / 2 + k * 0.08 * stature, width / 2 + k * 0.3 * stature
        ends = (int(far), int(horizon)), (int(near), min(height - 1, int(ground + 0.15 * stature)))
        cv2.line(picture, *ends, (value,) * 3, 1, cv2.LINE_AA)
    for row in horizon + (ground + 0.15 * stature - horizon) * np.array([0, 0.1, 0.22, 0.38, 0.6, 0.9]):
        cv2.line(picture, (0, int(row)), (width - 1, int(row)), (value,) * 3, 1, cv2.LINE_AA)


def _sketch(points, stature, canvas, rng, level, truth) -> np.ndarray:
    """Outlines of the capsules, each two or three times, and gesture lines."""
    ink = np.zeros(canvas, np.float32)
    for name, other, r0, r1 in CAPSULES:
        a, b = points[name][:2], points[other][:2]
        for _ in range(rng.integers(2, 4)):
            outline = _capsule_outline(a, b, r0 * stature, r1 * stature)
            outline = (
                outline + rng.normal(0, 0.005 * stature, 2) + rng.normal(0, 0.0025 * stature, outline.shape)
            )
            _line(ink, outline, max(1, round(stature / 350)), rng.uniform(0.5, 0.9))
    for chain in (("crown", "neck", "pelvis", "left_ankle"), ("left_shoulder", "right_shoulder")):
        for a, b in zip(chain, chain[1:], strict=False):
            _line(ink, _wobbly(rng, points[a], points[b], 0.02 * stature), max(1, round(stature / 350)), 0.6)
    return _ink(_paper(canvas, rng), ink, (0.25, 0.25, 0.28), rng)


def _capsule_outline(a: np.ndarray, b: np.ndarray, r0: float, r1: float) -> np.ndarray:
    """(n, 2) the closed outline of a limb."""
    angle = np.arctan2(*(b - a)[::-1])
    turn = np.linspace(-np.pi / 2, np.pi / 2, 12) + angle
    out = b + r1 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    back = a - r0 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    closed = np.concatenate([out, back, out[:1]])
    steps = [np.linspace(p, q, 4, endpoint=False) for p, q in zip(closed, closed[1:], strict=False)]
    return np.concatenate(steps)


def open_pose(body, rng) -> object:
    """A body in a random pose that faces the viewer with its limbs apart, all turns in the picture's plane.

    Arms between hanging well away and raised, elbows and knees bent by up to 80 and 40 degrees.
    """
    from repose.pipelines.geometry import rotation
    from repose.pipelines.geometry.skeleton import JOINT_INDEX

    def about_z(degrees: float) -> np.ndarray:
        return rotation.quaternion_from_matrix(rotation.about(np.array([0.0, 0.0, 1.0]), np.radians(degrees)))

    turns = {"pelvis": rng.uniform(-8, 8), "chest": rng.uniform(-10, 10), "head": rng.uniform(-12, 12)}
    for side, sign in (("left", 1), ("right", -1)):
        turns[f"{side}_shoulder"] = sign * rng.uniform(-65, 55)
        turns[f"{side}_elbow"] = sign * rng.uniform(-80, 30)
        spread = rng.uniform(8, 40)
        turns[f"{side}_hip"] = -sign * spread
        turns[f"{side}_knee"] = sign * rng.uniform(0, min(40, spread + 5))
    rotations = body.rotations.copy()
    for name, degrees in turns.items():
        rotations[JOINT_INDEX[name]] = about_z(degrees)
    return body.with_rotations(rotations)


def is_open(skeleton) -> bool:
    """Whether a pose faces the viewer (within 40 degrees) with every limb apart from the trunk and its pair."""
    p = {name: place[:2] for name, place in places(skeleton).items()}
    from repose.pipelines.geometry.skeleton import JOINT_INDEX

    posed = skeleton.forward()
    tall = (
        np.linalg.norm(posed.positions[JOINT_INDEX["nose"]] - posed.positions[JOINT_INDEX["head"]]) / 0.0625
    )
    facing = -posed.rotations[JOINT_INDEX["chest"]][2] @ np.array([0.0, 0.0, -1.0])
    if facing < np.cos(np.radians(40)):
        return False
    trunk = (p["pelvis"], p["neck"])
    ends = [p[f"{side}_{name}"] for side in _SIDES for name in ("wrist", "elbow", "hand")]
    apart = min(_distance(end, *trunk) for end in ends) > 0.125 * tall
    apart &= min(_distance(end, p["neck"], p["crown"]) for end in ends) > 0.09 * tall
    legs = min(_distance(p[f"left_{n}"], p["right_knee"], p["right_ankle"]) for n in ("knee", "ankle"))
    hands = min(_distance(p[f"{s}_hand"], p[f"{s}_hip"], p[f"{s}_knee"]) for s in _SIDES)
    thighs = min(p["left_knee"][1] - p["pelvis"][1], p["right_knee"][1] - p["pelvis"][1])
    return bool(apart and legs > 0.075 * tall and hands > 0.08 * tall and thighs > 0.12 * tall)


def _distance(point: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Pixels from a point to a segment."""
    step = b - a
    along = np.clip((point - a) @ step / max(step @ step, 1e-9), 0, 1)
    return float(np.linalg.norm(point - a - along * step))
