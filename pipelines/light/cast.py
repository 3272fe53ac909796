"""The shadow that a person casts on floor and wall: it leaves with the person, and is thrown again by the new pose.

A layer that multiplies the picture in linear light, kept on a grid as the share of the key light that is taken away.
Light and room are those whose shadow explains the photo (searching.py); where none does, there is no layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from ..framing import Canvas
from ..geometry.colour import encoded, linear
from ..geometry.contacts import Contact
from ..geometry.field import box_blur, dilate, sample
from ..geometry.fill import grown, membrane
from ..geometry.skeleton import Skeleton
from .solid import FINE, Standing, solid
from .throwing import Guess, thrown

GRID = 384
"""Cells on the longer side, as in shadow.py."""
SAME, OTHER = 0.1, 0.3
"""Share of the light by which two shadows may differ and still be the same one, which the photo shows better than any
model; and from which they are two."""
AROUND = 3
"""Cells over which that is looked at, and over which the one gives way to the other."""
HOLE = 3
"""Cells that a room's filled place reaches beyond the person: background.BackgroundOptions.margin, and one."""


@dataclass(frozen=True, eq=False)
class CastShadow:
    """What one person's body takes of the key light.

    guess    light and room, of one guess
    where    how the person stands in the photo
    taken    (h, w) in [0, 1] share of the key that is missing in the photo, on the grid
    model    (h, w) what the guess says of that
    density  (3, h, w) in [0, 1): which share of the light, red, green and blue, the key is at each cell's place
    cell     pixels per cell
    size     (height, width) of the picture in pixels
    trust    in [0, 1]: how well it explains what is dark
    """

    guess: Guess
    where: Standing
    taken: torch.Tensor
    model: torch.Tensor
    density: torch.Tensor
    cell: float
    size: tuple[int, int]
    trust: float

    @property
    def direction(self) -> torch.Tensor:
        """(3,) unit, from the person towards the light; the level frame's axes."""
        return self.guess.direction[0]

    @property
    def slope(self) -> float:
        """Pixels of depth for each pixel that the floor lies higher in the picture."""
        return float(self.guess.focal / self.guess.height)

    def under(
        self, alpha: torch.Tensor, skeleton: Skeleton, contacts: Sequence[Contact] = ()
    ) -> torch.Tensor:
        """(h, w) the share of the key that a body of silhouette (1, 1, H, W) takes: the photo's own shadow where
        nothing of it has changed."""
        new = modelled(self.guess, self.where, alpha, skeleton, self.cell, contacts)
        apart = dilate((new - self.model).abs(), 2 * AROUND)
        kept = ((OTHER - apart) / (OTHER - SAME)).clamp(0, 1)
        # Where the one gives way to the other at once, a soft shadow shows an outline.
        kept = box_blur(box_blur(kept[None], AROUND), AROUND)[0]
        return torch.where(kept > 0.999, self.taken, torch.lerp(new, self.taken, kept))

    def lifted(self, picture: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) the picture without the shadow; over 1 where it is brighter than can be shown."""
        return self._relit(picture, self.taken, None)

    def lifted_room(self, room: torch.Tensor, matte: torch.Tensor) -> torch.Tensor:
        """The same of the photo's restored room, for the (1, 1, H, W) `matte` it was restored under: what was filled in
        goes on from what lies round it, shaded or not."""
        most = F.max_pool2d(matte.cpu(), int(self.cell), ceil_mode=True)[0, 0]
        taken = membrane(self.taken[None], grown(most > 0.05, HOLE), vertical=1.0)[0]
        return self._relit(room, taken, None)

    def laid(self, room: torch.Tensor, taken: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) the room under the shadow."""
        return self._relit(room, None, taken)

    def changed(self, picture: torch.Tensor, matte: torch.Tensor, taken: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) the photo with another shadow than its own beside the person of (1, 1, H, W) `matte`."""
        return torch.lerp(self._relit(picture, self.taken, taken), picture, matte)

    def on(self, canvas: Canvas) -> CastShadow:
        """The same in a picture with this canvas."""
        if canvas == Canvas():
            return self
        where = replace(
            self.where, ground=self.where.ground + canvas.top, column=self.where.column + canvas.left
        )
        size = canvas.size(self.size)
        shape = tuple(-(-n // int(self.cell)) for n in size)
        y, x = (
            torch.arange(n) - by / self.cell for n, by in zip(shape, (canvas.top, canvas.left), strict=True)
        )
        there = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
        maps = torch.cat((self.taken[None], self.model[None]))
        taken, model = sample(F.pad(maps, (1, 1, 1, 1)), there + 1)
        density = sample(self.density, there)
        return replace(self, where=where, taken=taken, model=model, density=density, size=size)

    def _relit(
        self, picture: torch.Tensor, before: torch.Tensor | None, after: torch.Tensor | None
    ) -> torch.Tensor:
        """The picture with one shadow (h, w) taken off and another laid, None for none; untouched where they agree."""
        maps = [self.model.new_zeros(self.model.shape) if one is None else one for one in (before, after)]
        touched = maps[0] != maps[1]
        if not touched.any():
            return picture
        side, (height, width) = int(self.cell), picture.shape[-2:]
        rows, columns = (torch.nonzero(touched.any(axis)).flatten() for axis in (1, 0))
        (y0, y1), (x0, x1) = (
            (max(0, int(line[0]) - 1), min(most, int(line[-1]) + 2))
            for line, most in zip((rows, columns), touched.shape, strict=True)
        )
        # The layers themselves are interpolated, so that what is laid undoes what was lifted.
        left = torch.cat([1 - self.density * one for one in maps])[None, :, y0:y1, x0:x1]
        wide = F.interpolate(left, scale_factor=side, mode="bilinear", align_corners=False)[0]
        there = (..., slice(y0 * side, min(height, y1 * side)), slice(x0 * side, min(width, x1 * side)))
        piece = picture[there]
        wide = wide[:, : piece.shape[-2], : piece.shape[-1]].to(picture)
        result = picture.clone()
        same = wide[:3] == wide[3:]
        result[there] = torch.where(same, piece, encoded(linear(piece) * (wide[3:] / wide[:3])))
        return result


def grid_of(size: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """Pixels per cell and the grid's (h, w) for a picture of (height, width)."""
    cell = -(-max(size) // GRID)
    return cell, tuple(-(-n // cell) for n in size)


def modelled(
    guess: Guess,
    where: Standing,
    alpha: torch.Tensor,
    skeleton: Skeleton,
    cell: float,
    contacts: Sequence[Contact] = (),
) -> torch.Tensor:
    """(h, w) in [0, 1] the share of the key light that a silhouette's body takes from each cell's place."""
    body = solid(alpha, skeleton, where, float(guess.focal / guess.height), FINE, contacts)
    shape = tuple(-(-n // int(cell)) for n in alpha.shape[-2:])
    if not len(body.depth):
        return torch.zeros(shape)
    return thrown(guess, body, where, middles(shape, cell))[0].view(shape)


def middles(shape: tuple[int, int], cell: float) -> torch.Tensor:
    """(h * w, 2) pixels of the cells' middles."""
    y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij")
    return torch.stack((x, y), -1).reshape(-1, 2) * cell + (cell - 1) / 2
