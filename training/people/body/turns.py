"""Rotations in torch: shortest turns, twists, quaternions. Conventions of pipelines/geometry/rotation.py."""

from __future__ import annotations

import torch
from torch import Tensor


def skew(vector: Tensor) -> Tensor:
    """(..., 3) v -> (..., 3, 3) with skew(v) x = v cross x."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))


def turned_by(axis: Tensor, angle: Tensor) -> Tensor:
    """(..., 3) unit axis, (...) radians -> (..., 3, 3) right-handed turn (Rodrigues)."""
    across = skew(axis)
    sine, rest = angle.sin()[..., None, None], (1 - angle.cos())[..., None, None]
    return torch.eye(3, dtype=axis.dtype, device=axis.device) + sine * across + rest * (across @ across)


def between(start: Tensor, end: Tensor) -> Tensor:
    """(3,) directions, not opposite -> (3, 3) the shortest turn from one to the other."""
    start, end = torch.nn.functional.normalize(start, dim=0), torch.nn.functional.normalize(end, dim=0)
    across = skew(torch.linalg.cross(start, end))
    eye = torch.eye(3, dtype=start.dtype, device=start.device)
    return eye + across + across @ across / (1 + start @ end).clamp_min(1e-6)


def quaternions(matrices: Tensor) -> Tensor:
    """(..., 3, 3) rotations -> (..., 4) unit quaternions w, x, y, z.

    Each of the four candidates is exact where its own component is large: the largest is taken (Shepperd, "Quaternion
    from rotation matrix", J. Guidance and Control 1, 1978).
    """
    m = matrices
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    wx, wy, wz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    xy, xz, yz = m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0], m[..., 1, 2] + m[..., 2, 1]
    rows = [(1 + xx + yy + zz, wx, wy, wz), (wx, 1 + xx - yy - zz, xy, xz),
            (wy, xy, 1 - xx + yy - zz, yz), (wz, xz, yz, 1 - xx - yy + zz)]  # fmt: skip
    candidates = torch.stack([torch.stack(row, -1) for row in rows], -2)
    best = (
        torch.diagonal(candidates, dim1=-2, dim2=-1).argmax(-1)[..., None, None].expand(*m.shape[:-2], 1, 4)
    )
    return torch.nn.functional.normalize(candidates.gather(-2, best)[..., 0, :], dim=-1)


def product(a: Tensor, b: Tensor) -> Tensor:
    """(..., 4), (..., 4) -> the quaternion a b."""
    aw, av, bw, bv = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    vector = aw * bv + bw * av + torch.linalg.cross(av, bv)
    return torch.cat([aw * bw - (av * bv).sum(-1, keepdim=True), vector], -1)


def dual_quaternions(rotation: Tensor, translation: Tensor) -> Tensor:
    """(..., 3, 3), (..., 3) -> (..., 8): real part w, x, y, z, then the dual part t q / 2."""
    real = quaternions(rotation)
    shift = torch.cat([torch.zeros_like(translation[..., :1]), translation], -1)
    return torch.cat([real, product(shift, real) / 2], -1)


def rotated(quaternion: Tensor, vector: Tensor) -> Tensor:
    """(..., 4) unit quaternions, (..., 3) -> the turned vectors."""
    w, v = quaternion[..., :1], quaternion[..., 1:]
    return vector + 2 * torch.linalg.cross(v, torch.linalg.cross(v, vector) + w * vector)


def twist_about(matrix: Tensor, axis: Tensor) -> Tensor:
    """(..., 3, 3), (..., 3) unit -> (...) radians in (-pi, pi]: the twist T of matrix = swing T about the axis."""
    quaternion = quaternions(matrix)
    angle = 2 * torch.atan2((quaternion[..., 1:] * axis).sum(-1), quaternion[..., 0])
    return torch.remainder(angle + torch.pi, 2 * torch.pi) - torch.pi
