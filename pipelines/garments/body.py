"""Where on the body every cell of a small grid lies: how far from each limb, and how far down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.keypoints import PRESENT, Keypoints
from ..geometry.landmarks import INDEX, PARTS
from ..geometry.parts import INDEX as PART_INDEX
from ..geometry.parts import PARTS as BODY_PARTS
from ..geometry.template import BREADTH, HEAD_RAISE, LENGTH, TRUNK
from ..matte import Region

SIDES = ("left", "right")
LIMBS = ("torso", "head", "left_arm", "right_arm", "left_leg", "right_leg")
FINGER = 0.0075
"""Half-breadth of a finger as a fraction of stature, as in geometry/nearness.py."""
FAR = 9.0
"""Distance over radius of a limb that the picture does not show."""
TRUNK_ROUND = 0.035
"""Fraction of stature over which the trunk's outline is uncertain: a thigh's half-breadth."""
CROWN = 1.6
"""How far the head goes up from between the ears, in distances from there to the chin: skull without hair. By eye."""


def _ratio(name: str) -> float:
    return float(LENGTH[INDEX[name]])


BONES = (
    (("left_shoulder", "left_hip"), TRUNK), (("right_shoulder", "right_hip"), TRUNK),
    (("left_shoulder", "right_shoulder"), BREADTH), (("left_hip", "left_knee"), _ratio("left_knee")),
    (("right_hip", "right_knee"), _ratio("right_knee")), (("left_knee", "left_ankle"), _ratio("left_ankle")),
    (("right_knee", "right_ankle"), _ratio("right_ankle")), (("left_shoulder", "left_elbow"), _ratio("left_elbow")),
    (("right_shoulder", "right_elbow"), _ratio("right_elbow")),
)  # fmt: skip
"""Two landmarks and their distance as a fraction of stature (geometry/template.py, after Drillis and Contini 1966)."""


@dataclass(frozen=True, eq=False)
class Body:
    """A person on a grid of (h, w) cells; lengths in cells.

    near    by LIMBS: (h, w) distance to the limb's bones over the limb's own radius: about 1 at the naked outline
    down    (h, w) how far down the body: 0 at the shoulders, 1 at the hips, 2 at the knees, 3 at the ankles
    aside   (h, w) how far beside the trunk's axis, in half breadths of the shoulders; positive to the person's left
    foot    by SIDES: (h, w) distance to the foot's bones over the foot's radius
    fore    by SIDES: (h, w) distance to the forearm over its radius
    hand    by SIDES: (h, w) bool, beyond the wrist
    points  (133, 2) landmarks in cells; seen (133,) bool, of those that the picture shows
    tall    stature in cells
    """

    near: dict[str, np.ndarray]
    down: np.ndarray
    aside: np.ndarray
    foot: dict[str, np.ndarray]
    fore: dict[str, np.ndarray]
    hand: dict[str, np.ndarray]
    points: np.ndarray
    seen: np.ndarray
    tall: float

    def sees(self, *names: str) -> bool:
        """Whether every named landmark is there."""
        return all(self.seen[INDEX[name]] for name in names)

    def at(self, name: str) -> np.ndarray:
        """(2,) x, y of a landmark."""
        return self.points[INDEX[name]]

    def limb(self) -> np.ndarray:
        """(h, w) number in LIMBS of the nearest one."""
        return np.stack([self.near[name] for name in LIMBS]).argmin(0)


def body_on(region: Region, keypoints: Keypoints) -> Body:
    """The person of the keypoints on a region's grid."""
    points = region.to_region(keypoints.points.astype(np.float64))
    seen = keypoints.confidence >= PRESENT
    tall = _stature(points, seen, region.size)
    points, known = _completed(points, seen, tall)
    y, x = np.mgrid[: region.size[0], : region.size[1]].astype(np.float32)
    place = _Place(x, y, points, known, tall)
    near = {"torso": place.torso(), "head": place.head()}
    for side in SIDES:
        near[f"{side}_arm"] = place.arm(side)
        near[f"{side}_leg"] = place.leg(side)
    down, aside = place.down(near)
    parts = (place.foot, place.forearm, place.hand)
    foot, fore, hand = ({side: part(side) for side in SIDES} for part in parts)
    inside = (points >= 0).all(1) & (points < np.array(region.size[::-1])).all(1)
    return Body(near, down, aside, foot, fore, hand, points, seen & inside, tall)


def _stature(points: np.ndarray, seen: np.ndarray, size: tuple[int, int]) -> float:
    """Stature in cells: a turned or pointing bone looks too short, so the third quarter of what the bones say."""
    said = [
        np.linalg.norm(points[INDEX[a]] - points[INDEX[b]]) / share
        for (a, b), share in BONES
        if seen[INDEX[a]] and seen[INDEX[b]]
    ]
    return float(np.quantile(said, 0.75)) if said else float(max(size))


def _completed(points: np.ndarray, seen: np.ndarray, tall: float) -> tuple[np.ndarray, np.ndarray]:
    """Hips under the shoulders and knees under the hips where the picture ends before them."""
    points, seen = points.copy(), seen.copy()
    down = np.array([0.0, 1.0])
    shoulders = [INDEX[f"{side}_shoulder"] for side in SIDES]
    hips = [INDEX[f"{side}_hip"] for side in SIDES]
    if seen[shoulders].all() and not seen[hips].any():
        middle = points[shoulders].mean(0)
        for shoulder, hip in zip(shoulders, hips, strict=True):
            points[hip] = middle + 0.5 * (points[shoulder] - middle) + TRUNK * tall * down
            seen[hip] = True
    for side in SIDES:
        chain = [INDEX[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle")]
        for upper, lower in zip(chain, chain[1:], strict=False):
            if seen[upper] and not seen[lower]:
                points[lower] = points[upper] + LENGTH[lower] * tall * down
                seen[lower] = True
    return points, seen


@dataclass(frozen=True, eq=False)
class _Place:
    x: np.ndarray
    y: np.ndarray
    points: np.ndarray
    seen: np.ndarray
    tall: float

    def has(self, *names: str) -> bool:
        return all(self.seen[INDEX[name]] for name in names)

    def at(self, name: str) -> np.ndarray:
        return self.points[INDEX[name]]

    def capsule(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(h, w) distance to a segment and the share of it where its nearest point lies, unclamped."""
        dx, dy = (float(v) for v in b - a)
        along = ((self.x - a[0]) * dx + (self.y - a[1]) * dy) / max(dx * dx + dy * dy, 1e-6)
        held = np.clip(along, 0, 1)
        return np.hypot(self.x - a[0] - held * dx, self.y - a[1] - held * dy), along

    def bone(self, part: str, a: str, b: str) -> np.ndarray:
        """(h, w) distance over the part's radius; FAR where it is not seen."""
        if not self.has(a, b):
            return np.full_like(self.x, FAR)
        radius = BODY_PARTS[PART_INDEX[part]].radius * self.tall
        return self.capsule(self.at(a), self.at(b))[0] / radius

    def arm(self, side: str) -> np.ndarray:
        """Upper arm, forearm, palm and fingers."""
        found = [
            self.bone(f"{side}_upper_arm", f"{side}_shoulder", f"{side}_elbow"),
            self.forearm(side),
            self.bone(f"{side}_hand", f"{side}_wrist", f"{side}_middle_1"),
        ]
        root = PARTS[f"{side}_hand"].start
        for j in range(1, 21):
            a, b = root + (0 if j % 4 == 1 else j - 1), root + j
            if self.seen[a] and self.seen[b]:
                found.append(self.capsule(self.points[a], self.points[b])[0] / (1.3 * FINGER * self.tall))
        if not self.seen[root] and self.has(f"{side}_elbow", f"{side}_wrist"):  # a hand that was not read
            elbow, wrist = self.at(f"{side}_elbow"), self.at(f"{side}_wrist")
            tip = wrist + 0.6 * (wrist - elbow)
            found.append(
                self.capsule(wrist, tip)[0] / (BODY_PARTS[PART_INDEX["left_hand"]].radius * self.tall)
            )
        return np.minimum.reduce(found)

    def leg(self, side: str) -> np.ndarray:
        """Thigh, shin and foot."""
        thigh = self.bone(f"{side}_thigh", f"{side}_hip", f"{side}_knee")
        shin = self.bone(f"{side}_shin", f"{side}_knee", f"{side}_ankle")
        return np.minimum.reduce([thigh, shin, self.foot(side)])

    def foot(self, side: str) -> np.ndarray:
        """Ankle, heel and toes."""
        pairs = [("ankle", "big_toe"), ("ankle", "heel"), ("heel", "big_toe"), ("heel", "small_toe")]
        found = [self.bone(f"{side}_foot", f"{side}_{a}", f"{side}_{b}") for a, b in pairs]
        if not self.has(f"{side}_big_toe") and self.has(f"{side}_knee", f"{side}_ankle"):
            knee, ankle = self.at(f"{side}_knee"), self.at(f"{side}_ankle")
            radius = BODY_PARTS[PART_INDEX["left_foot"]].radius * self.tall
            found.append(self.capsule(ankle, ankle + 0.2 * (ankle - knee))[0] / radius)
        return np.minimum.reduce(found)

    def forearm(self, side: str) -> np.ndarray:
        """From the elbow to the wrist."""
        return self.bone(f"{side}_forearm", f"{side}_elbow", f"{side}_wrist")

    def hand(self, side: str) -> np.ndarray:
        """Beyond the wrist along the forearm."""
        if not self.has(f"{side}_elbow", f"{side}_wrist"):
            return np.zeros(self.x.shape, bool)
        return self.capsule(self.at(f"{side}_elbow"), self.at(f"{side}_wrist"))[1] > 1.0

    def torso(self) -> np.ndarray:
        """The trunk's outline between shoulders and hips, and the neck."""
        import cv2

        corners = ("left_shoulder", "right_shoulder", "right_hip", "left_hip")
        found = []
        if self.has(*corners):
            hull = cv2.convexHull(np.float32([self.at(name) for name in corners]))[:, 0]
            canvas = np.zeros(self.x.shape, np.uint8)
            cv2.fillConvexPoly(canvas, np.round(hull).astype(np.int32), 1)
            inside = cv2.distanceTransform(canvas, cv2.DIST_L2, 3)
            outside = cv2.distanceTransform(1 - canvas, cv2.DIST_L2, 3)
            found.append(np.maximum(1 + (outside - inside) / (TRUNK_ROUND * self.tall), 0))
        if self.has("left_shoulder", "right_shoulder"):
            base = (self.at("left_shoulder") + self.at("right_shoulder")) / 2
            top = self._chin(base)
            radius = BODY_PARTS[PART_INDEX["neck"]].radius * self.tall
            found.append(self.capsule(base, top)[0] / radius)
        return np.minimum.reduce(found) if found else np.full_like(self.x, FAR)

    def _chin(self, base: np.ndarray) -> np.ndarray:
        if self.has("face_8"):
            return self.at("face_8")
        if self.has("left_ear", "right_ear"):
            ears = (self.at("left_ear") + self.at("right_ear")) / 2
            return base + 0.6 * (ears - base)
        return base - np.array([0.0, 0.5 * HEAD_RAISE * self.tall])

    def head(self) -> np.ndarray:
        """From the chin to the crown."""
        face = self.points[:5][self.seen[:5]]
        if len(face) == 0:
            return np.full_like(self.x, FAR)
        middle = face.mean(0)
        chin = self.at("face_8") if self.has("face_8") else middle + np.array([0.0, 0.05 * self.tall])
        radius = BODY_PARTS[PART_INDEX["head"]].radius * self.tall
        return self.capsule(chin, middle - (CROWN - 1) * (chin - middle))[0] / radius

    def down(self, near: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Body.down and Body.aside."""
        corners = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
        if not self.has(*corners):
            return np.zeros_like(self.x), np.zeros_like(self.x)
        left, right, left_hip, right_hip = (self.at(name) for name in corners)
        top, bottom = (left + right) / 2, (left_hip + right_hip) / 2
        _, trunk = self.capsule(top, bottom)
        axis = (bottom - top) / max(float(np.linalg.norm(bottom - top)), 1e-6)
        half = 0.5 * max(float(np.linalg.norm(left - right)), 0.5 * BREADTH * self.tall)
        sign = 1.0 if (left - right) @ np.array([axis[1], -axis[0]]) >= 0 else -1.0
        aside = sign * ((self.x - top[0]) * axis[1] - (self.y - top[1]) * axis[0]) / half
        best, legs = np.full_like(self.x, np.inf), np.ones_like(self.x)
        for side in SIDES:
            for k, (a, b) in enumerate((("hip", "knee"), ("knee", "ankle"))):
                if not self.has(f"{side}_{a}", f"{side}_{b}"):
                    continue
                distance, along = self.capsule(self.at(f"{side}_{a}"), self.at(f"{side}_{b}"))
                along = np.maximum(along, 0) if k else np.clip(along, 0, 1)
                closer = distance < best
                best, legs = np.where(closer, distance, best), np.where(closer, 1 + k + along, legs)
        leg = np.minimum(near["left_leg"], near["right_leg"])
        return np.where((trunk < 1) & (near["torso"] <= leg + 0.3), np.minimum(trunk, 1), legs), aside
