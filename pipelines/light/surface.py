"""The visible surface of a photographed person, small: which way it faces, how deep it lies, what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from ..geometry.fill import masked_blur
from ..geometry.garments import NUMBER
from ..geometry.layers import Regions
from ..geometry.motion import motion
from ..geometry.skeleton import Skeleton
from ..geometry.volume import build
from ..geometry.warp import look
from ..geometry.warped import Correspondence
from ..native import resized

SIDE = 320
"""Pixels of the person's longer side on which light is worked out: light is broad, and a body's relief has no more."""
MARGIN = 0.04
"""Share of the person's longer side that is kept around them."""
EVEN = 1.5
"""Pixels over which the volume's normals are evened out: they are those of its triangles."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The person's part of a picture, made smaller.

    normal (3, h, w) unit, camera frame, towards the camera, 0 where nothing is known; depth (h, w) in this grid's
    pixels, away from the camera, 0 there; cover (h, w) in [0, 1] how far the person fills the pixel; box (x0, y0, x1,
    y1) of the picture's pixels, which has `canvas` (H, W) of them.
    """

    normal: torch.Tensor
    depth: torch.Tensor
    cover: torch.Tensor
    box: tuple[int, int, int, int]
    canvas: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """(h, w)."""
        return tuple(self.cover.shape)

    def of(self, values: torch.Tensor) -> torch.Tensor:
        """(C, h, w) this part of a map (1, C, H, W) of the picture. ValueError for a picture of another size."""
        if tuple(values.shape[-2:]) != self.canvas:
            raise ValueError(
                f"the surface is of a picture of {self.canvas[1]} x {self.canvas[0]} pixels, this one has"
                f" {values.shape[-1]} x {values.shape[-2]}: make both from the same picture"
            )
        x0, y0, x1, y1 = self.box
        return resized(values[..., y0:y1, x0:x1], self.size)[0]

    def labels(self, regions: torch.Tensor) -> torch.Tensor:
        """(h, w) int64 this part of a label map (1, 1, H, W)."""
        x0, y0, x1, y1 = self.box
        cut = regions[..., y0:y1, x0:x1].float()
        return F.interpolate(cut, self.size, mode="nearest")[0, 0].long()

    def spread(self, values: torch.Tensor, beyond: float = 0.0) -> torch.Tensor:
        """(1, C, H, W) a map (C, h, w) of this part on the whole picture."""
        x0, y0, x1, y1 = self.box
        whole = values.new_full((1, len(values), *self.canvas), beyond)
        whole[..., y0:y1, x0:x1] = resized(values[None], (y1 - y0, x1 - x0))
        return whole


def box_of(mask: torch.Tensor) -> tuple[int, int, int, int] | None:
    """The box of what is over a half in a mask (H, W), with MARGIN around it; None where nothing is."""
    rows, columns = (torch.nonzero((mask > 0.5).any(axis)).flatten() for axis in (1, 0))
    if not len(rows):
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    margin = max(2, round(MARGIN * max(bottom - top, right - left)))
    height, width = mask.shape
    return (
        max(0, left - margin),
        max(0, top - margin),
        min(width, right + margin),
        min(height, bottom + margin),
    )


def small_size(box: tuple[int, int, int, int]) -> tuple[int, int]:
    """(height, width) of a box with a longer side of SIDE; never larger than it is."""
    height, width = box[3] - box[1], box[2] - box[0]
    scale = min(1.0, SIDE / max(height, width))
    return max(8, round(height * scale)), max(8, round(width * scale))


class Cells:
    """The grid over a box of a picture's pixels that light is worked out on; size (h, w)."""

    def __init__(self, box: tuple[int, int, int, int], device: torch.device):
        self.box, self.size = box, small_size(box)
        x0, y0, x1, y1 = box
        height, width = self.size
        self.y = y0 + ((torch.arange(height, device=device) + 0.5) * (y1 - y0) / height).long()
        self.x = x0 + ((torch.arange(width, device=device) + 0.5) * (x1 - x0) / width).long()

    def picked(self, values: torch.Tensor) -> torch.Tensor:
        """(h, w, ...) of (H, W, ...) the cells' middle pixels: parts and places have no mean."""
        return values[self.y[:, None], self.x]

    def small(self, values: torch.Tensor) -> torch.Tensor:
        """(C, h, w) of (1, C, H, W), averaged."""
        x0, y0, x1, y1 = self.box
        return resized(values[..., y0:y1, x0:x1], self.size)[0]


def photographed(
    picture: torch.Tensor,
    matte: torch.Tensor,
    skeleton: Skeleton,
    regions: Regions | None = None,
) -> Surface | None:
    """The surface that the body's own volume gives, of a picture (1, 3, H, W) sRGB and a matte (1, 1, H, W); None where
    the matte is empty."""
    box = box_of(matte[0, 0])
    if box is None:
        return None
    x0, y0, x1, y1 = box
    size = small_size(box)
    body = skeleton.moved(-np.array([x0, y0])).scaled(size[0] / (y1 - y0), size)

    def cut(values: torch.Tensor) -> torch.Tensor:
        return resized(values[..., y0:y1, x0:x1], size)

    seen = None if regions is None else Regions(cut(regions.hair), cut(regions.skin))
    small = cut(matte)
    volume = build(cut(picture), small, body, seen, None)
    found = look(volume, motion(body, body), size).correspondence
    return Surface(*_known(found.normal, found.depth, small[0, 0]), box, tuple(picture.shape[-2:]))


def of_correspondence(found: Correspondence, alpha: torch.Tensor) -> Surface | None:
    """The surface that a warp shows, alpha (1, 1, H, W) its person; None where that is empty."""
    box = box_of(alpha[0, 0])
    if box is None:
        return None
    x0, y0, x1, y1 = box
    size = small_size(box)
    there = (found.part[y0:y1, x0:x1] >= 0).float()
    share = resized(there[None, None], size)[0, 0].clamp(min=1e-6)
    normal = resized(found.normal[y0:y1, x0:x1].permute(2, 0, 1)[None], size)[0] / share
    depth = resized((torch.nan_to_num(found.depth[y0:y1, x0:x1]) * there)[None, None], size)[0, 0] / share
    known = share > 0.5
    cover = resized(alpha[..., y0:y1, x0:x1], size)[0, 0]
    scaled = torch.where(known, depth * (size[0] / (y1 - y0)), torch.nan)
    return Surface(*_known((normal * known).permute(1, 2, 0), scaled, cover), box, tuple(alpha.shape[-2:]))


def _known(normal: torch.Tensor, depth: torch.Tensor, cover: torch.Tensor):
    """normal (3, h, w), depth (h, w) and cover (h, w) of maps (h, w, 3), (h, w) that are 0 and NaN where nothing is."""
    known = torch.isfinite(depth)
    even = masked_blur(normal.permute(2, 0, 1), known, EVEN)
    return F.normalize(even, dim=0) * known, torch.nan_to_num(depth), cover * known


def given_normals(picture: torch.Tensor, mask: torch.Tensor) -> Surface | None:
    """The surface that a normal map (1, 3, H, W) in [0, 1] tells, as networks paint them: red to the right, green up,
    blue towards the camera; mask (1, 1, H, W). Its depth is flat; None where the mask is empty."""
    box = box_of(mask[0, 0])
    if box is None:
        return None
    x0, y0, x1, y1 = box
    size = small_size(box)
    small = resized(picture[..., y0:y1, x0:x1], size)[0] * 2 - 1
    normal = F.normalize(torch.stack((small[0], -small[1], -small[2])), dim=0)
    cover = resized(mask[..., y0:y1, x0:x1], size)[0, 0]
    return Surface(normal * (cover > 0.5), torch.zeros(size), cover, box, tuple(picture.shape[-2:]))


SHAPED = tuple(NUMBER[name] for name in ("face", "torso_skin", "left_arm_skin", "right_arm_skin", "left_leg_skin",
                                          "right_leg_skin", "upper", "outer", "lower", "dress"))  # fmt: skip
"""Regions whose shade tells of the light: hair mirrors it strand by strand, shoes and bags are small and glossy."""
