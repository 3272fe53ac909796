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

from .face_turn import possible_turn
from .landmarks import FINGERS
from .parts import INDEX, JOINS, PARTS, of_layer
from .rotation import about, quaternion_from_matrix
from .skeleton import JOINT_INDEX, Posed, Skeleton

CROWN = 0.075
"""Crown above the mid-ear point as a fraction of stature (ear to vertex, Winter 2009 gives head 0.130 H whole)."""

FINGERTIPS = 1.8
"""Wrist to fingertip over wrist to middle knuckle of an open hand: our choice, where the fingers were not seen."""

STATED = {"leg": (np.radians(60), np.radians(120)), "arm": (np.radians(25), np.radians(60))}
"""Up to the first angle a limb's own twist, which its bend and its hand tell, is followed; from the second on it is
not: it would show little but what the photo never showed. Less of arms, which a raised hand twists most. By eye."""
TWISTS = {"forearm": ("hand", 0.1), "shin": ("foot", 0.4)}
"""Parts that are twisted as far as the next one is turned about their bone, and from which fraction of the bone on:
the radius turns about the ulna all along a forearm, a shin above the ankle only by what the foot's own turn needs. The
second numbers by eye."""
HINGES = tuple(
    (INDEX[f"{side}_{upper}"], INDEX[f"{side}_{lower}"])
    for side in ("left", "right")
    for upper, lower in (("upper_arm", "forearm"), ("thigh", "shin"))
)
"""The parts on either side of elbows and knees."""
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
    """(3, 3) the turn about the vertical of the trunk that a limb hangs from."""
    turn = after.rotation[trunk] @ before.rotation[trunk].T
    ahead = turn @ np.array([0.0, 0.0, -1.0])
    angle = float(np.arctan2(-ahead[0], -ahead[2]))
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _limb_turn(
    a: np.ndarray, b: np.ndarray, carried: np.ndarray, own: np.ndarray, stated: tuple[float, float]
) -> np.ndarray:
    """(3, 3) rotation of a limb's bone from a to b, carried by the trunk and twisted as its joint is.

    What is known least of a limb is its twist. The start is the side that the photo saw, turned in the picture and
    carried along with the trunk; from there on it goes as far as the joint's own rotation says, within `stated`.
    """
    seen = _turn_in_picture(carried @ a, b) @ carried
    twist = _angle_about(_shortest_turn(own @ a, b) @ own @ seen.T, _unit(b))
    share = np.clip((stated[1] - abs(twist)) / (stated[1] - stated[0]), 0, 1)
    return about(_unit(b), twist * share * share * (3 - 2 * share)) @ seen


def _angle_about(turn: np.ndarray, axis: np.ndarray) -> float:
    """Radians in (-pi, pi] of a rotation about a unit axis."""
    w, *v = quaternion_from_matrix(turn)
    angle = 2 * np.arctan2(np.dot(v, axis), w)
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


@dataclass(frozen=True, eq=False)
class Motion:
    """Per part: x' = rotation @ (scale * (x - source)) + target; arrays (P, 3, 3), (P,), (P, 3), (P, 3) pixels.

    flesh (P,) pixels: so far round its start a limb is flesh; what it shares with the trunk further out is spanned
    between the two.
    bone (P, 3) pixels, from a part's start to its end in the source; twist (P,) radians by which the part's end is
    turned about the bone more than its start.
    posed: the figure that is moved to, where there is one; hands are drawn on its own points (hands.py).
    """

    rotation: np.ndarray
    scale: np.ndarray
    source: np.ndarray
    target: np.ndarray
    flesh: np.ndarray | None = None
    bone: np.ndarray | None = None
    twist: np.ndarray | None = None
    posed: Skeleton | None = None

    def apply(self, points: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """(V, 3) points moved by blended part motions; weights (V, P), rows summing to 1."""
        kind = {"dtype": points.dtype, "device": points.device}
        source, scale = torch.as_tensor(self.source, **kind), torch.as_tensor(self.scale, **kind)
        scaled = points + torch.einsum(
            "vp,vpc->vc", weights * (scale - 1), points[:, None] - source
        )  # each part scales about its own start
        used = torch.nonzero((weights > 0).any(0)).squeeze(1)
        if not len(used):  # no points at all
            return scaled
        real, shift = self._rigid(points, used)
        dual = 0.5 * _multiply(torch.nn.functional.pad(shift, (1, 0)), real)
        own = weights[:, used]
        pivot = real.gather(1, own.argmax(1)[:, None, None].expand(-1, 1, 4))
        signed = own * torch.sign((pivot * real).sum(-1) + 1e-12)
        blended_real, blended_dual = ((signed[..., None] * part).sum(1) for part in (real, dual))
        length = blended_real.norm(dim=1, keepdim=True).clamp(min=1e-9)
        blended_real, blended_dual = blended_real / length, blended_dual / length
        moved = 2 * _multiply(blended_dual, _conjugate(blended_real))[:, 1:]
        bent = self._as_stout(points, weights, _rotate(blended_real, scaled) + moved)
        return bent if self.flesh is None else self._wrapped(points, weights, bent)

    def _as_stout(self, points: torch.Tensor, weights: torch.Tensor, bent: torch.Tensor) -> torch.Tensor:
        """(V, 3) the points after bending, at elbows and knees no further from their bones than before: the crook of a
        bent arm lies as far from the joint as a square's corner, and would be a bulge on a straight arm."""
        for pair in () if self.bone is None else HINGES:
            both = list(pair)
            share = (8 * weights[:, both].amin(1)).clamp(max=1)
            near = torch.nonzero(share > 0).squeeze(1)
            if not len(near):
                continue
            scale = self.scale[both]
            turned = scale[:, None] * np.einsum("pij,pj->pi", self.rotation[both], self.bone[both])
            least = float(scale.mean()) * _from_bones(points[near], self.source[both], self.bone[both])[0]
            away, way = _from_bones(bent[near], self.target[both], turned)
            excess = share[near] * (1 - least / away.clamp(min=1e-6)).clamp(min=0)
            bent = bent.index_add(0, near, -excess[:, None] * way)
        return bent

    def _rigid(self, points: torch.Tensor, used: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(V, k, 4) rotations and (V, k, 3) shifts of the k parts `used` at each point: the same all over a part, but
        for what its axis is twisted by."""
        kind = {"dtype": points.dtype, "device": points.device}
        parts = used.tolist()
        real = torch.as_tensor(quaternion_from_matrix(self.rotation[parts]), **kind).repeat(len(points), 1, 1)
        if self.twist is not None:
            for k, p in enumerate(parts):
                if abs(self.twist[p]) > 1e-3:
                    real[:, k] = _multiply(self._twisted(points, p), real[:, k])
        source, target = (torch.as_tensor(a[parts], **kind) for a in (self.source, self.target))
        return real, target - _rotate(real, source.expand(len(points), -1, -1))

    def _twisted(self, points: torch.Tensor, part: int) -> torch.Tensor:
        """(V, 4) the turn about a part's own bone, as it lies in the target, at each point of the source."""
        kind = {"dtype": points.dtype, "device": points.device}
        bone = torch.as_tensor(self.bone[part], **kind)
        start = torch.as_tensor(self.source[part], **kind)
        along = ((points - start) @ bone / bone.square().sum().clamp(min=1e-6)).clamp(0, 1)
        first = TWISTS[PARTS[part].name.split("_", 1)[1]][1]
        share = ((along - first) / (1 - first)).clamp(0, 1)
        half = 0.5 * float(self.twist[part]) * share
        axis = torch.as_tensor(_unit(self.rotation[part] @ self.bone[part]), **kind)
        return torch.cat((half.cos()[:, None], half.sin()[:, None] * axis), 1)

    def _spanned(self, points: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """(V, 3) the parts' motions blended linearly: straight between where the parts have a point."""
        turn = self.scale[:, None, None] * self.rotation
        shift = self.target - np.einsum("pij,pj->pi", turn, self.source)
        both = weights @ torch.as_tensor(
            np.concatenate((turn.reshape(-1, 9), shift), 1), dtype=points.dtype, device=points.device
        )
        return torch.einsum("vij,vj->vi", both[:, :9].reshape(-1, 3, 3), points) + both[:, 9:]

    def _wrapped(self, points: torch.Tensor, weights: torch.Tensor, bent: torch.Tensor) -> torch.Tensor:
        """(V, 3) the points after bending, with what a limb shares with the trunk drawn taut.

        Turning about the joint as it bends, the skin of an armpit would swing out as a wing. It is spanned straight
        from the flank to the arm instead, over the flesh that lies round the joint.
        """
        trunk = weights[:, list(of_layer("trunk"))].sum(1)
        spanned = self._spanned(points, weights)
        for _, _, limb in JOINS.values():
            p = INDEX[limb]
            joint = torch.as_tensor(self.target[p], dtype=points.dtype, device=points.device)
            away = bent - joint
            distance = away.norm(dim=1, keepdim=True).clamp(min=1e-6)
            straight = (spanned - joint).norm(dim=1, keepdim=True)
            least = distance.clamp(max=float(self.flesh[p]))
            # An elbow has nothing of the trunk: there it stays bent.
            both = (8 * torch.minimum(trunk, weights[:, p])).clamp(max=1)[:, None]
            bent = torch.lerp(bent, joint + away / distance * torch.maximum(straight, least), both)
        return bent


def _from_bones(
    points: torch.Tensor, start: np.ndarray, bone: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """(V,) how far points (V, 3) lie from the nearer of bones, starts and ways (n, 3), and (V, 3) the way from it."""
    ways = []
    for first, way in zip(start, bone, strict=True):
        first, way = (torch.as_tensor(a, dtype=points.dtype, device=points.device) for a in (first, way))
        along = ((points - first) @ way / way.square().sum().clamp(min=1e-6)).clamp(0, 1)
        ways.append(points - first - along[:, None] * way)
    ways = torch.stack(ways)
    away, nearer = ways.norm(dim=-1).min(0)
    return away, ways.gather(0, nearer[None, :, None].expand(1, -1, 3))[0]


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
        wanted = after.rotation[i]
        if part.name == "head":
            wanted = possible_turn(before.rotation[i], wanted)
        turn = wanted @ before.rotation[i].T
        if not part.turns:
            limb = part.layer.rpartition("_")[2]
            turn = _limb_turn(a, b, _carried(before, after, CARRIES[limb]), turn, STATED[limb])
        rotations.append(turn)
        scales.append(np.clip(np.linalg.norm(b) / max(np.linalg.norm(a), 1e-6), 0.25, 4.0))
    flesh = np.array([part.radius for part in PARTS]) * body_height(source)
    turns = np.stack(rotations)
    return Motion(
        turns,
        np.array(scales),
        before.start,
        after.start,
        flesh,
        before.end - before.start,
        _twists(turns, after),
        target,
    )


def _twists(turns: np.ndarray, after: Bones) -> np.ndarray:
    """(P,) radians: how far the next part's rotation goes about a part's bone beyond the part's own."""
    twist = np.zeros(len(PARTS))
    for i, part in enumerate(PARTS):
        side, _, kind = part.name.partition("_")
        if kind in TWISTS:
            between = turns[INDEX[f"{side}_{TWISTS[kind][0]}"]] @ turns[i].T
            twist[i] = _angle_about(between, _unit(after.end[i] - after.start[i]))
    return twist
