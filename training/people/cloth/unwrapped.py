"""What a garment's uv says about its cloth: how large it is, which way it lies, which texels it uses."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def extent(vertices: Tensor, faces: Tensor, uv: Tensor) -> tuple[float, float]:
    """(N, 3) metres, (F, 3), (F, 3, 2) -> metres of cloth along u and v over the uv square: what a unit of u, of v,
    spans on the faces, weighed by their area. Raises ValueError where no face has an area in uv."""
    along, weight = stretch(vertices, faces, uv)
    if not bool((weight > 0).any()):
        raise ValueError("no face has an area in uv: give a mesh that is unwrapped")
    lengths = along.norm(dim=1)
    mean = (lengths * weight[:, None]).sum(0) / weight.sum()
    return float(mean[0]), float(mean[1])


def stretch(vertices: Tensor, faces: Tensor, uv: Tensor) -> tuple[Tensor, Tensor]:
    """(F, 3, 2): metres in the world per unit of u and of v on each face; (F,) its area, 0 where the uv is flat."""
    corners = vertices[faces]
    edges = corners[:, 1:] - corners[:, :1]
    steps = uv[:, 1:] - uv[:, :1]
    det = steps[:, 0, 0] * steps[:, 1, 1] - steps[:, 0, 1] * steps[:, 1, 0]
    fine = det.abs() > 1e-9
    safe = torch.where(fine, det, torch.ones_like(det))[:, None]
    per_u = (edges[:, 0] * steps[:, 1, 1:] - edges[:, 1] * steps[:, 0, 1:]) / safe
    per_v = (edges[:, 1] * steps[:, 0, :1] - edges[:, 0] * steps[:, 1, :1]) / safe
    area = 0.5 * torch.linalg.cross(edges[:, 0], edges[:, 1]).norm(dim=1)
    return torch.stack((per_u, per_v), 2), area * fine


def quarter_turns(vertices: Tensor, faces: Tensor, uv: Tensor) -> int:
    """How many quarter turns, against the clock as torch.rot90 counts, bring a picture whose bottom is down to where
    the garment's cloth has its down (the world's, +y, at rest), for most of its area: 0 to 3."""
    along, area = stretch(vertices, faces, uv)
    # down along u and v as cosines: what a step of u or v goes down, per metre
    slopes = along[:, 1] / along.norm(dim=1).clamp(min=1e-9)
    lean_u, lean_v = (slopes * area[:, None]).sum(0).tolist()
    if abs(lean_v) >= abs(lean_u):
        return 0 if lean_v >= 0 else 2
    return 1 if lean_u > 0 else 3


def covered(uv: Tensor, size: int) -> Tensor:
    """(F, 3, 2) -> (size, size) bool: the texels under the faces."""
    from PIL import Image, ImageDraw

    picture = Image.new("1", (size, size))
    pen = ImageDraw.Draw(picture)
    for triangle in (torch.remainder(uv, 1.0 + 1e-6) * size).flatten(1).tolist():
        pen.polygon(triangle, fill=1, outline=1)
    return torch.from_numpy(np.array(picture))
