"""The working grids: a crop round the person, cut into cells that the mesh and the labels live on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

GRID_ROWS = 192
"""Rows of the mesh grid over the person; the label grid is twice as fine."""
CUT_OFF = 0.15
"""Fraction of stature by which a person whom the lower border cuts off is continued below it, so that a pose that
lifts them does not show the cut."""


def _mirrored(index: torch.Tensor, count: int) -> torch.Tensor:
    """Positions beyond [0, count) reflected at the border pixels, once."""
    index = index.abs()
    return torch.where(index >= count, 2 * (count - 1) - index, index).clamp(0, count - 1)


@dataclass(frozen=True)
class Layout:
    """Where the working grids lie: a crop of the picture whose sides are multiples of two cells.

    corner (x, y) of the crop's first pixel, size (height, width) in pixels, cell pitch in pixels.
    Cell (i, j) of the grid is the mean of pixels [i cell, (i + 1) cell) x [j cell, (j + 1) cell): its centre lies at
    pixel corner + (j + 0.5) cell - 0.5.
    """

    corner: tuple[int, int]
    size: tuple[int, int]
    cell: int
    picture: tuple[int, int]
    device: torch.device

    @classmethod
    def around(cls, matte: torch.Tensor, tall: float) -> Layout:
        """The crop round a person's matte (H, W), with a margin."""
        rows, columns = (torch.nonzero(matte.amax(axis) > 0.5).squeeze(1) for axis in (1, 0))
        if len(rows) < 4 or len(columns) < 4:
            raise ValueError(
                "The person's mask is empty: give a mask that covers the person, or check the photo."
            )
        extent = int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
        cell = max(2, 2 * round(extent / GRID_ROWS / 2))
        margin = 4 * cell
        x0, y0 = int(columns[0]) - margin, int(rows[0]) - margin
        cut_off = int(rows[-1]) >= matte.shape[0] - 2
        below = int(CUT_OFF * tall) if cut_off else margin
        size = [
            -(-(int(last - first) + 1 + margin + after) // (2 * cell)) * 2 * cell
            for first, last, after in ((rows[0], rows[-1], below), (columns[0], columns[-1], margin))
        ]
        return cls((x0, y0), tuple(size), cell, tuple(matte.shape), matte.device)

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the mesh grid."""
        return self.size[0] // self.cell, self.size[1] // self.cell

    def within(self, cells: torch.Tensor, margin: int) -> Layout:
        """The part of this crop round cells of the mesh grid (gh, gw) bool, and `margin` cells to all sides, as far as
        the crop goes; all of it where there is no such cell."""
        if not bool(cells.any()):
            return self
        (top, bottom), (left, right) = (self._span(cells.any(axis), margin) for axis in (1, 0))
        corner = (self.corner[0] + left * self.cell, self.corner[1] + top * self.cell)
        return replace(self, corner=corner, size=((bottom - top) * self.cell, (right - left) * self.cell))

    @staticmethod
    def _span(there: torch.Tensor, margin: int) -> tuple[int, int]:
        """First and last + 1 of a line's cells, both even: labels and what is twice as coarse as the mesh fit in."""
        number = torch.nonzero(there).squeeze(1)
        first, last = int(number[0]) - margin, int(number[-1]) + 1 + margin
        return max(0, first // 2 * 2), min(len(there), -(-last // 2) * 2)

    def cut(self, image: torch.Tensor, part: Layout) -> torch.Tensor:
        """(..., h, w) what a map of this crop, of its pixels or of one of its grids, shows of a part of it."""
        rows, columns = self._place(part, image.shape[-2])
        return image[..., rows, columns]

    def laid(self, image: torch.Tensor, part: Layout) -> torch.Tensor:
        """(..., H, W) a map (..., h, w) of a part of this crop on the whole of it, 0 elsewhere."""
        height = image.shape[-2] * self.size[0] // part.size[0]
        rows, columns = self._place(part, height)
        width = image.shape[-1] * self.size[1] // part.size[1]
        out = image.new_zeros(*image.shape[:-2], height, width)
        out[..., rows, columns] = image
        return out

    def _place(self, part: Layout, height: int) -> tuple[slice, slice]:
        """Rows and columns of a part on maps of this crop that have `height` rows."""
        sides = zip(reversed(part.corner), reversed(self.corner), part.size, strict=True)
        return tuple(
            slice((first - own) * height // self.size[0], (first - own + count) * height // self.size[0])
            for first, own, count in sides
        )

    def crop(self, image: torch.Tensor) -> torch.Tensor:
        """(C, h, w) the crop of (C, H, W); beyond the picture it goes on as its mirror image."""
        rows, columns = self._lines(image.device)
        return image[:, _mirrored(rows, self.picture[0])][:, :, _mirrored(columns, self.picture[1])]

    def crop_mask(self, mask: torch.Tensor) -> torch.Tensor:
        """(h, w) the crop of a mask (1, H, W). Beyond the picture there is nobody, but for the lower border: who is
        cut off there goes on below it."""
        rows, columns = self._lines(mask.device)
        inside = (rows >= 0)[:, None] & (columns >= 0) & (columns < self.picture[1])
        rows, columns = rows.clamp(0, self.picture[0] - 1), columns.clamp(0, self.picture[1] - 1)
        return mask[0][rows][:, columns] * inside

    def photographed(self) -> torch.Tensor:
        """(h, 1) 1 on the rows of the crop that lie in the picture."""
        rows, _ = self._lines(self.device)
        return ((rows >= 0) & (rows < self.picture[0])).float()[:, None]

    def _lines(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        (x0, y0), (height, width) = self.corner, self.size
        return torch.arange(y0, y0 + height, device=device), torch.arange(x0, x0 + width, device=device)

    def cells(self, fine: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
        """x and y (gh, gw) of the cells' centres in picture pixels; fine = 2 for the label grid."""
        pitch = self.cell / fine
        y = (torch.arange(self.grid[0] * fine, device=self.device) + 0.5) * pitch - 0.5 + self.corner[1]
        x = (torch.arange(self.grid[1] * fine, device=self.device) + 0.5) * pitch - 0.5 + self.corner[0]
        return torch.meshgrid(x, y, indexing="xy")

    def to_grid(self, image: torch.Tensor, fine: int = 1) -> torch.Tensor:
        """(..., gh, gw) mean of each cell of a crop (..., h, w)."""
        pitch = self.cell // fine
        shape = image.shape
        pooled = F.avg_pool2d(image.reshape(-1, 1, *shape[-2:]), pitch)
        return pooled.reshape(*shape[:-2], *pooled.shape[-2:])

    def to_native(self, grid: torch.Tensor) -> torch.Tensor:
        """(C, h, w) bilinear."""
        return F.interpolate(grid[None], size=self.size, mode="bilinear", align_corners=False)[0]

    def capsule(self, start, end, fine: int = 1, clamp: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """Distance in pixels (gh, gw) to the segment's image and the fraction along it (gh, gw)."""
        x, y = self.cells(fine)
        dx, dy = float(end[0] - start[0]), float(end[1] - start[1])
        px, py = x - float(start[0]), y - float(start[1])
        along = (px * dx + py * dy) / max(dx * dx + dy * dy, 1e-6)
        if clamp:
            along = along.clamp(0, 1)
        return torch.hypot(px - along * dx, py - along * dy), along
