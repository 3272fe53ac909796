"""What the volumetric reposer knows of a body: joints, ten parts as capsules, and how each part moves.

Knoche, Sarandi and Leibe, "Reposing Humans by Warping 3D Features" (CVPR workshops 2020), section 3.1. Places are
shares of the picture's side: x right and y down from the top-left corner, both in [0, 1]; z away from the camera in the
same unit, 0 at the pelvis. Everything is batched torch, without gradients: joints are given, not learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_SIDED = ("ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "big_toe")
JOINTS = ("nose", *(f"{side}_{name}" for name in _SIDED for side in ("left", "right")), "pelvis", "neck")
"""The joints whose places are given, and whose heatmaps are drawn; pelvis and neck are the middles of the hips and of
the shoulders."""
INDEX = {name: i for i, name in enumerate(JOINTS)}
_OTHER = {"left": "right", "right": "left"}
SWAP = [
    INDEX[
        f"{_OTHER[name.split('_')[0]]}_{name.split('_', 1)[1]}"
        if name.startswith(("left", "right"))
        else name
    ]
    for name in JOINTS
]
"""SWAP[j] is the joint that j becomes in a mirror."""


@dataclass(frozen=True)
class Part:
    """One of the ten parts: the segments that its capsules are drawn along with their radius in leg lengths, the joints
    that say how it moves, and those that only say how it turns about itself (the paper's third joint)."""

    name: str
    segments: tuple[tuple[str, str], ...]
    radius: float
    joints: tuple[str, ...]
    anchors: tuple[str, ...] = ()


def _limbs(side: str) -> tuple[Part, ...]:
    other = _OTHER[side]
    s, e, w = (f"{side}_{name}" for name in ("shoulder", "elbow", "wrist"))
    h, k, a, t = (f"{side}_{name}" for name in ("hip", "knee", "ankle", "big_toe"))
    return (
        Part(f"{side}_upper_arm", ((s, e),), 0.13, (s, e), (f"{other}_shoulder",)),
        Part(f"{side}_lower_arm", ((e, w), (w, f"{side}_hand")), 0.11, (e, w), (s,)),
        Part(f"{side}_upper_leg", ((h, k),), 0.2, (h, k), (f"{other}_hip",)),
        Part(f"{side}_lower_leg", ((k, a), (a, t)), 0.15, (k, a), (t,)),
    )


PARTS = (
    Part("head", (("neck", "crown"),), 0.24, ("nose", "left_ear", "right_ear", "neck")),
    Part(
        "torso",
        (
            ("left_shoulder", "left_hip"),
            ("right_shoulder", "right_hip"),
            ("neck", "pelvis"),
            ("left_shoulder", "right_shoulder"),
        ),
        0.19,
        ("left_shoulder", "right_shoulder", "left_hip", "right_hip"),
    ),
    *_limbs("left"),
    *_limbs("right"),
)
"""Radii are wide enough for clothes: a leg, hip to ankle, is 0.85 m long on a person of 1.75 m (Winter, "Biomechanics
and Motor Control of Human Movement", 2009, figure 4.1), so an upper arm's capsule is 11 cm in radius."""
HAND = 0.55
"""Of the lower arm's length: how far fingertips lie beyond the wrist (ibid.)."""
CROWN = 2.3
"""Of the way from the neck's base to between the ears: the head's top."""
ANCHOR = 0.02
"""Weight of an anchor in the fit, where the part's own joints have 1: it turns the part about itself and hardly pulls
at its place, for a bending joint changes how far the anchor is away."""
STIFF = 1e-3
"""Share of the part's own spread by which staying unturned counts: it settles the turn about an axis that no joint
tells, where the paper's fit is undetermined."""
SCALES = (0.5, 2.0)
BARE = 0.6
"""Of a capsule's radius: about how thick the body in it is towards the camera."""


FILLS = 0.84
"""Share of the frame's side that the two poses take together, as the network sees them."""
ROOM = 1.16
"""Times the box round the joints: crown, fingertips, soles and hair lie outside it."""


def window(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Middle (B, 2) and side (B,) of the square frame that shows both poses (B, J, 2 or 3), in the unit of these."""
    both = torch.cat((source[..., :2], target[..., :2]), 1)
    low, high = both.amin(1), both.amax(1)
    return (low + high) / 2, (high - low).amax(1) * ROOM / FILLS


@dataclass(frozen=True)
class Grid:
    """The voxels of a feature volume: side across and down, depth layers over `span` picture sides, the pelvis in the
    middle of the depth."""

    side: int
    depth: int
    span: float

    def centres(self, like: Tensor) -> Tensor:
        """(depth, side, side, 3) places of the voxels' centres."""
        across = (torch.arange(self.side, dtype=like.dtype, device=like.device) + 0.5) / self.side
        along = (
            (torch.arange(self.depth, dtype=like.dtype, device=like.device) + 0.5) / self.depth - 0.5
        ) * self.span
        z, y, x = torch.meshgrid(along, across, across, indexing="ij")
        return torch.stack((x, y, z), -1)

    def voxels(self, places: Tensor) -> Tensor:
        """(..., 3) places -> fractional indices x, y, z."""
        scale = places.new_tensor([self.side, self.side, self.depth / self.span])
        return places * scale + places.new_tensor([-0.5, -0.5, self.depth / 2 - 0.5])


def _named(joints: Tensor) -> dict[str, Tensor]:
    """(B, 3) of each joint of (B, J, 3) by name, and of fingertips and crown."""
    at = {name: joints[:, i] for name, i in INDEX.items()}
    for side in _OTHER:
        at[f"{side}_hand"] = at[f"{side}_wrist"] + HAND * (at[f"{side}_wrist"] - at[f"{side}_elbow"])
    at["crown"] = at["neck"] + CROWN * ((at["left_ear"] + at["right_ear"]) / 2 - at["neck"])
    return at


def leg_length(joints: Tensor) -> Tensor:
    """(B,) of joints (B, J, 3): hip to knee to ankle, the mean of both sides."""
    at = {name: joints[:, i] for name, i in INDEX.items()}
    sides = [
        (at[f"{s}_hip"] - at[f"{s}_knee"]).norm(dim=-1) + (at[f"{s}_knee"] - at[f"{s}_ankle"]).norm(dim=-1)
        for s in _OTHER
    ]
    return (sides[0] + sides[1]) / 2


def capsule_masks(joints: Tensor, grid: Grid) -> Tensor:
    """(B, 10, depth, side, side) bool: the voxels whose centres lie within a part's capsules; joints (B, J, 3)."""
    at, legs, centres = _named(joints), leg_length(joints), grid.centres(joints).reshape(1, -1, 3)
    masks = []
    for part in PARTS:
        near = torch.stack([_distance(centres, at[a], at[b]) for a, b in part.segments]).amin(0)
        masks.append(near <= (part.radius * legs)[:, None])
    return torch.stack(masks, 1).reshape(len(joints), len(PARTS), grid.depth, grid.side, grid.side)


def _distance(points: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """(B, N) of points (1, N, 3) to the segments start-end (B, 3)."""
    along = (end - start)[:, None]
    from_start = points - start[:, None]
    share = (from_start * along).sum(-1) / along.square().sum(-1).clamp_min(1e-12)
    return (from_start - share.clamp(0, 1)[..., None] * along).norm(dim=-1)


def aimed(joints: Tensor, size: int) -> Tensor:
    """(B, 20, size, size) of joints (B, J, 3): for each part how deep inside its capsules' outline a pixel lies, 1 on
    the axis and 0 from the border outwards, and z of the body's surface there, BARE as thick as the capsules."""
    at, legs = _named(joints), leg_length(joints)
    across = (torch.arange(size, dtype=joints.dtype, device=joints.device) + 0.5) / size
    y, x = torch.meshgrid(across, across, indexing="ij")
    points = torch.stack((x, y), -1).reshape(1, -1, 2)
    inside, front = [], []
    for part in PARTS:
        radius = (part.radius * legs)[:, None]
        found = [_nearest(points, at[a], at[b]) for a, b in part.segments]
        depth = [(1 - away / radius).clamp(0, 1) for away, _ in found]
        bulge = [(((BARE * radius).square() - away.square()).clamp_min(0)).sqrt() for away, _ in found]
        inside.append(torch.stack(depth).amax(0))
        # Outside every capsule the nearest segment's depth stands for the part's.
        surface = [
            torch.where(away < radius, z - over, z + 10 * away)
            for (away, z), over in zip(found, bulge, strict=True)
        ]
        nearest, which = torch.stack(surface).min(0)
        plain = torch.stack([z for _, z in found]).gather(0, which[None])[0]
        front.append(torch.where(inside[-1] > 0, nearest, plain))
    return torch.stack((*inside, *front), 1).unflatten(2, (size, size))


def _nearest(points: Tensor, start: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """Of points (1, N, 2) in the picture the distance (B, N) to the segments' projections, and their z (B, N) there."""
    along = (end - start)[:, None]
    from_start = points - start[:, None, :2]
    share = (from_start * along[..., :2]).sum(-1) / along[..., :2].square().sum(-1).clamp_min(1e-9)
    share = share.clamp(0, 1)
    return (from_start - share[..., None] * along[..., :2]).norm(dim=-1), start[:, None, 2] + share * along[
        ..., 2
    ]


def flattened(masks: Tensor) -> Tensor:
    """Masks projected to the picture's plane and copied to all depths: what the ablation's warp in 2D has."""
    return masks.any(2, keepdim=True).expand_as(masks)


def helmert(source: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scale (...), rotation (..., 3, 3) and translation (..., 3) that carry points source (..., K, 3) to target by
    weighted least squares: target = scale rotation source + translation, of weights (..., K).

    Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two Point Patterns", IEEE PAMI 1991,
    with a little of the unturned body added, so that one axis of points has a definite turn.
    """
    share = (weight / weight.sum(-1, keepdim=True))[..., None]
    middles = [(share * points).sum(-2) for points in (source, target)]
    a, b = (points - middle[..., None, :] for points, middle in zip((source, target), middles, strict=True))
    spread = (share * a.square()).sum((-2, -1)).clamp_min(1e-12)
    unit = torch.eye(3, dtype=a.dtype, device=a.device)
    mixed = (share * b).transpose(-1, -2) @ a + STIFF * spread[..., None, None] * unit
    u, s, vt = torch.linalg.svd(mixed.double())
    flip = torch.ones_like(s)
    flip[..., 2] = torch.linalg.det(u @ vt).sign()
    turn = ((u * flip[..., None, :]) @ vt).to(a.dtype)
    scale = ((share * b * (a @ turn.transpose(-1, -2))).sum((-2, -1)) / spread).clamp(*SCALES)
    return scale, turn, middles[1] - scale[..., None] * (turn @ middles[0][..., None])[..., 0]


def helmert_back(source: Tensor, target: Tensor) -> Tensor:
    """(B, 10, 3, 4): for each part, the affine map from places of the target back to the source; joints (B, J, 3)."""
    found = []
    for part in PARTS:
        index = [INDEX[name] for name in (*part.joints, *part.anchors)]
        weight = source.new_tensor([1.0] * len(part.joints) + [ANCHOR] * len(part.anchors))
        scale, turn, shift = helmert(source[:, index], target[:, index], weight.expand(len(source), -1))
        back = turn.transpose(-1, -2) / scale[:, None, None]
        found.append(torch.cat((back, -back @ shift[..., None]), -1))
    return torch.stack(found, 1)


def affine_back(source: Tensor, target: Tensor) -> Tensor:
    """(B, 10, 3, 4): the same by a map of the picture's plane alone, which leaves depths as they are: the ablation's
    warp in 2D. Least squares of six parameters, held to the similarity where joints lie in a line."""
    found = []
    for part in PARTS:
        index = [INDEX[name] for name in (*part.joints, *part.anchors)]
        weight = source.new_tensor([1.0] * len(part.joints) + [ANCHOR] * len(part.anchors))
        a, b = target[:, index, :2], source[:, index, :2]
        share = (weight / weight.sum())[:, None]
        middle_a, middle_b = (share * a).sum(1), (share * b).sum(1)
        a, b = a - middle_a[:, None], b - middle_b[:, None]
        plain = _similarity(a, b, share)
        spread = (share * a).transpose(1, 2) @ a
        ridge = STIFF * 20 * (spread.diagonal(dim1=1, dim2=2).sum(-1) + 1e-6)
        unit = torch.eye(2, dtype=a.dtype, device=a.device)
        left = b - a @ plain.transpose(1, 2)
        extra = torch.linalg.solve(spread + ridge[:, None, None] * unit, (share * a).transpose(1, 2) @ left)
        map2d = plain + extra.transpose(1, 2)
        back = torch.zeros(len(source), 3, 4, dtype=a.dtype, device=a.device)
        back[:, :2, :2], back[:, 2, 2] = map2d, 1
        back[:, :2, 3] = middle_b - (map2d @ middle_a[..., None])[..., 0]
        found.append(back)
    return torch.stack(found, 1)


def _similarity(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """(B, 2, 2) turn and scale that carry centred a (B, K, 2) to b."""
    size = (share * a.square()).sum((1, 2)).clamp_min(1e-9)
    along = (share * (a * b)).sum((1, 2)) / size
    across = (share[:, 0] * (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])).sum(1) / size
    length = torch.hypot(along, across).clamp_min(1e-9)
    held = length.clamp(*SCALES) / length
    along, across = along * held, across * held
    return torch.stack((torch.stack((along, -across), -1), torch.stack((across, along), -1)), -2)


def warped(volume: Tensor, masks: Tensor, back: Tensor, grid: Grid) -> Tensor:
    """V' = max over parts of T_i(M_i V): volume (B, C, D, H, W), masks (B, 10, D, H, W), back (B, 10, 3, 4).

    Trilinear. Only the voxels that a part's capsule reaches are computed; elsewhere its share is 0, and so is the
    maximum where no part reaches.
    """
    batch, channels = volume.shape[:2]
    count = masks[0, 0].numel()
    flat = volume.permute(0, 2, 3, 4, 1).reshape(batch * count, channels)
    places = grid.centres(back).reshape(-1, 3)
    at = grid.voxels(torch.einsum("bpij,nj->bpni", back[..., :3], places) + back[:, :, None, :, 3])
    reach = (
        F.max_pool3d(masks.flatten(0, 1)[:, None].float(), 3, 1, 1)[:, 0].reshape(*masks.shape[:2], -1) > 0
    )
    limit = at.new_tensor([grid.side, grid.side, grid.depth])
    near = at.round()
    within = ((near >= 0) & (near < limit)).all(-1)
    index = _flat_index(near.clamp_min(0).minimum(limit - 1).long(), grid)
    b, p, n = torch.nonzero(within & reach.gather(2, index), as_tuple=True)
    corner, weight = _corners(at[b, p, n], limit)
    place = _flat_index(corner, grid)
    weight = weight * masks.reshape(batch, len(PARTS), count)[b[:, None], p[:, None], place]
    values = F.embedding_bag(
        place + b[:, None] * count, flat, per_sample_weights=weight.to(flat.dtype), mode="sum"
    )
    out = torch.zeros_like(flat).scatter_reduce(
        0, (b * count + n)[:, None].expand(-1, channels), values, "amax", include_self=True
    )
    return out.reshape(batch, *masks.shape[2:], channels).permute(0, 4, 1, 2, 3)


def _flat_index(voxel: Tensor, grid: Grid) -> Tensor:
    return (voxel[..., 2] * grid.side + voxel[..., 1]) * grid.side + voxel[..., 0]


def _corners(at: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 8, 3) voxels round fractional indices (n, 3), and their weights (n, 8), 0 outside the volume."""
    step = torch.stack(torch.meshgrid(*[torch.arange(2, device=at.device)] * 3, indexing="ij"), -1).reshape(
        1, 8, 3
    )
    low = at.floor()
    corner, part = low[:, None] + step, (at - low)[:, None]
    weight = torch.where(step == 1, part, 1 - part).prod(-1)
    inside = ((corner >= 0) & (corner < limit)).all(-1)
    return corner.clamp_min(0).minimum(limit - 1).long(), weight * inside


def heatmaps(joints: Tensor, grid: Grid, flat: bool = False, sigma: float = 1.5) -> Tensor:
    """(B, J, D, H, W) a Gaussian of 1 at each joint, sigma in voxels across; flat: projected to the picture's plane and
    copied to all depths."""
    voxel = grid.voxels(joints)
    width = (sigma, sigma, max(sigma * grid.depth / (grid.side * grid.span), 0.7))
    axes = []
    for i, size in enumerate((grid.side, grid.side, grid.depth)):
        away = torch.arange(size, dtype=joints.dtype, device=joints.device) - voxel[..., i, None]
        axes.append(torch.exp(-0.5 * (away / width[i]).square()))
    x, y, z = axes
    plane = y[..., :, None] * x[..., None, :]
    if flat:
        return plane[:, :, None].expand(-1, -1, grid.depth, -1, -1)
    return z[..., None, None] * plane[:, :, None]
