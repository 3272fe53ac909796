"""How each rigid part moves from the source skeleton to the target one, and how surfaces follow them smoothly.

Every part has a similarity (scale, rotation, translation: the 7-parameter Helmert transform of Knoche, Sarandi and
Leibe 2020, section 3.1) that carries its source bone onto its target bone. Between joined parts the rigid motions
are blended as dual quaternions (Kavan et al., "Geometric Skinning with Approximate Dual Quaternion Blending", ACM
TOG 2008, algorithm 1), which keeps volume where linear blending collapses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .landmarks import FINGERS
from .parts import INDEX, PARTS
from .skeleton import JOINT_INDEX, Posed, Skeleton

CROWN = 0.075
"""Crown above the mid-ear point as a fraction of stature (ear to vertex, Winter 2009 gives head 0.130 H whole)."""

FINGERTIPS = 1.8
"""Wrist to fingertip over wrist to middle knuckle of an open hand: our choice, where the fingers were not seen."""

KEPT = (np.radians(30), np.radians(100))
"""Turns of the trunk up to which limbs keep their seen side towards the camera, and from which on they go all the way
with it: our choice, by eye."""
CARRIES = {"arm": INDEX["chest"], "leg": INDEX["pelvis"]}


@dataclass(frozen=True, eq=False)
class Bones:
    """The parts' bones of one posed figure: `start`, `end` (P, 3) pixels in the camera frame, `rotation` (P, 3, 3)
    global, `present` (P,) bool; `fingers` per arm layer (n, 2, 3), the hand's own segments where they were seen."""

    start: np.ndarray
    end: np.ndarray
    rotation: np.ndarray
    present: np.ndarray
    fingers: dict[str, np.ndarray]


def body_height(skeleton: Skeleton) -> float:
    """Standing height in pixels, from the trunk: pelvis to neck base is 0.288 of stature (Winter 2009, fig. 4.1:
    shoulder height 0.818 H less hip height 0.530 H)."""
    positions = skeleton.forward().positions
    trunk = np.linalg.norm(positions[JOINT_INDEX["neck"]] - positions[JOINT_INDEX["pelvis"]])
    return float(max(trunk / 0.288, 16.0))


def _end(part, posed: Posed, crown: float) -> np.ndarray:
    positions = posed.positions
    if part.end == "crown":
        head = JOINT_INDEX["head"]
        return positions[head] + posed.rotations[head] @ np.array([0.0, -crown, 0.0])
    if part.end.endswith("middle_1"):
        return _hand_end(posed.positions, part.start, part.end)
    if part.end.endswith("big_toe"):
        side = part.end.removesuffix("big_toe")
        return (positions[JOINT_INDEX[part.end]] + positions[JOINT_INDEX[f"{side}small_toe"]]) / 2
    return positions[JOINT_INDEX[part.end]]


def _hand_end(positions: np.ndarray, wrist: str, knuckle: str) -> np.ndarray:
    """(3,) where the hand ends: towards the middle of its finger joints, as far as the fingertips reach.

    Not along the middle finger's knuckle: the fingers of a hanging hand are curled, and a hand that is turned round in
    the picture shows its curl on the other side.
    """
    side = wrist.split("_")[0]
    fingers = positions[[JOINT_INDEX[f"{side}_{finger}_{i}"] for finger in FINGERS for i in range(1, 5)]]
    start = positions[JOINT_INDEX[wrist]]
    middle = fingers.mean(0) - start
    if np.linalg.norm(middle) < 1e-6:
        return start + FINGERTIPS * (positions[JOINT_INDEX[knuckle]] - start)
    direction = middle / np.linalg.norm(middle)
    return start + direction * float(((fingers - start) @ direction).max())


def bones(skeleton: Skeleton) -> Bones:
    """The bones of every part of `parts.PARTS`, in that order."""
    posed = skeleton.forward()
    crown = CROWN * body_height(skeleton)
    starts = [JOINT_INDEX[part.start] for part in PARTS]
    present = [
        skeleton.present(part.start) and (part.end == "crown" or _has_end(skeleton, part)) for part in PARTS
    ]
    return Bones(
        posed.positions[starts],
        np.stack([_end(part, posed, crown) for part in PARTS]),
        posed.rotations[starts],
        np.array(present),
        {f"{side}_arm": _fingers(skeleton, posed.positions, side) for side in ("left", "right")},
    )


def _fingers(skeleton: Skeleton, positions: np.ndarray, side: str) -> np.ndarray:
    """(n, 2, 3) the finger bones of a hand, none where its points were not seen."""
    chains = [[f"{side}_hand_root", *(f"{side}_{finger}_{i}" for i in range(1, 5))] for finger in FINGERS]
    pairs = [pair for chain in chains for pair in zip(chain, chain[1:], strict=False)]
    seen = [[JOINT_INDEX[name] for name in pair] for pair in pairs if skeleton.present(*pair)]
    return positions[np.array(seen, dtype=int).reshape(-1, 2)]


def _has_end(skeleton: Skeleton, part) -> bool:
    # A hand or a foot is there as soon as its wrist or ankle is: its own points are often too small to be sure of. A
    # thigh is there as soon as its hip is: photos often end above the knee.
    return part.name.endswith(("hand", "foot", "thigh")) or skeleton.present(part.end)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(np.linalg.norm(vector), 1e-9)


def _shortest_turn(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(3, 3) the smallest rotation that takes direction a to direction b; opposite directions turn about z."""
    a, b = _unit(a), _unit(b)
    cosine = float(a @ b)
    if cosine < -1 + 1e-9:
        return np.diag([-1.0, -1.0, 1.0])
    x, y, z = np.cross(a, b)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + cosine)


def _turn_in_picture(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(3, 3) rotation from a to b that keeps the side that faces the camera facing it.

    First a turn in the picture plane by the angle between the two bones' images, then the smallest tilt in depth.
    A bone that points at the camera has no image direction: its share of the turn in the picture fades out.
    """
    a, b = _unit(a), _unit(b)
    shares = [np.clip((np.hypot(*v[:2]) - 0.15) / 0.35, 0, 1) for v in (a, b)]
    angle = np.arctan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]) * min(shares)
    c, s = np.cos(angle), np.sin(angle)
    flat = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return _shortest_turn(flat @ a, b) @ flat


def _carried(before: Bones, after: Bones, trunk: int) -> np.ndarray:
    """(3, 3) how far a limb is turned about by the trunk that it hangs from.

    Limbs are round: for small turns of the trunk they keep the side that the photo shows towards the camera. Before the
    trunk has turned so far that shoulder and hip would be wrung, they go along with it, and show their other side.
    """
    turn = after.rotation[trunk] @ before.rotation[trunk].T
    ahead = turn @ np.array([0.0, 0.0, -1.0])
    yaw = float(np.arctan2(-ahead[0], -ahead[2]))
    first, last = KEPT
    share = np.clip((abs(yaw) - first) / (last - first), 0, 1)
    angle = yaw * share * share * (3 - 2 * share)
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


@dataclass(frozen=True, eq=False)
class Motion:
    """Per part: x' = rotation @ (scale * (x - source)) + target; arrays (P, 3, 3), (P,), (P, 3), (P, 3) pixels.

    posed: the figure that is moved to, where there is one; hands are drawn on its own points (hands.py).
    """

    rotation: np.ndarray
    scale: np.ndarray
    source: np.ndarray
    target: np.ndarray
    posed: Skeleton | None = None

    def apply(self, points: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """(V, 3) points moved by blended part motions; weights (V, P), rows summing to 1."""
        kind = {"dtype": points.dtype, "device": points.device}
        source, scale = torch.as_tensor(self.source, **kind), torch.as_tensor(self.scale, **kind)
        scaled = points + torch.einsum(
            "vp,vpc->vc", weights * (scale - 1), points[:, None] - source
        )  # each part scales about its own start
        real = torch.as_tensor(_quaternions(self.rotation), **kind)
        shift = torch.as_tensor(self.target - np.einsum("pij,pj->pi", self.rotation, self.source), **kind)
        dual = 0.5 * _multiply(torch.nn.functional.pad(shift, (1, 0)), real)
        pivot = real[weights.argmax(1)]
        signed = weights * torch.sign((pivot @ real.T) + 1e-12)
        blended_real, blended_dual = signed @ real, signed @ dual
        length = blended_real.norm(dim=1, keepdim=True).clamp(min=1e-9)
        blended_real, blended_dual = blended_real / length, blended_dual / length
        moved = 2 * _multiply(blended_dual, _conjugate(blended_real))[:, 1:]
        return _rotate(blended_real, scaled) + moved


def _quaternions(matrices: np.ndarray) -> np.ndarray:
    from .rotation import quaternion_from_matrix

    return np.asarray(quaternion_from_matrix(matrices))


def _conjugate(q: torch.Tensor) -> torch.Tensor:
    return q * q.new_tensor([1, -1, -1, -1])


def _multiply(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """(..., 4) Hamilton product of quaternions w, x, y, z."""
    aw, av, bw, bv = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    vector = aw * bv + bw * av + torch.linalg.cross(av, bv)
    return torch.cat((aw * bw - (av * bv).sum(-1, keepdim=True), vector), -1)


def _rotate(q: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    inner = torch.linalg.cross(q[..., 1:], v) + q[..., :1] * v
    return v + 2 * torch.linalg.cross(q[..., 1:], inner)


def motion(source: Skeleton, target: Skeleton) -> Motion:
    """The motion of every part from `source` to `target`, two skeletons of the same person."""
    before, after = bones(source), bones(target)
    rotations, scales = [], []
    for i, part in enumerate(PARTS):
        a, b = before.end[i] - before.start[i], after.end[i] - after.start[i]
        turn = after.rotation[i] @ before.rotation[i].T
        if not part.turns:
            carried = _carried(before, after, CARRIES["arm" if part.layer.endswith("arm") else "leg"])
            turn = _turn_in_picture(carried @ a, b) @ carried
        rotations.append(turn)
        scales.append(np.clip(np.linalg.norm(b) / max(np.linalg.norm(a), 1e-6), 0.25, 4.0))
    return Motion(np.stack(rotations), np.array(scales), before.start, after.start, target)
