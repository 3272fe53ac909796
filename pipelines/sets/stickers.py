"""Figures cut out as stickers: transparent all round, with a border of plain colour if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ..batches import Progress, common_count, each, told
from ..framing import figure_box
from ..light.harmonise import without_rim
from ..native import resized
from .board import BoardOptions, board

SMALLEST = 32
"""Pixels: under this nothing of a figure is left."""
KNOWN = 0.05
"""Share of a pixel that belongs to the figure, from which on its colour is known."""
SOFT = 1.0
"""Pixels over which a border's rim fades."""


@dataclass(frozen=True)
class StickerOptions:
    """size    pixels of a sticker's side: it is square
    border  width of the border round the figure, as a share of the size; 0 for none
    colour  of the border, sRGB in [0, 1]
    """

    size: int = 512
    border: float = 0.015
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self):
        if self.size < SMALLEST or not 0 <= self.border <= 0.1:
            raise ValueError(
                f"a sticker of {self.size} pixels with a border of {self.border}: expected at least {SMALLEST}, and a"
                " border between 0 and 0.1"
            )

    @classmethod
    def of(cls, size: int, border: float, colour: str) -> StickerOptions:
        """With the colour as `#rrggbb`; ValueError for another text."""
        digits = colour.removeprefix("#")[:6]
        if len(digits) != 6 or not all(letter in "0123456789abcdefABCDEF" for letter in digits):
            raise ValueError(f'the colour is "{colour}", expected six hexadecimal digits, as in #ffffff')
        return cls(size, border, tuple(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)))


def stickers(
    pictures: torch.Tensor,
    figures: torch.Tensor,
    options: StickerOptions | None = None,
    progress: Progress = None,
) -> torch.Tensor:
    """(B, 4, size, size) the figures (B or 1, 1, H, W) of pictures (B or 1, 3, H, W), in their own colours without the
    background's at the soft edge, one as large as the other, each in the middle of its square. Transparent pixels
    have the colour of the rim that is next to them, so that no enlargement shows a fringe.

    ValueError for an empty figure and for sizes or counts that do not go together.
    """
    options = options or StickerOptions()
    count = common_count(pictures=len(pictures), figures=len(figures))
    if pictures.shape[-2:] != figures.shape[-2:]:
        (height, width), (high, wide) = pictures.shape[-2:], figures.shape[-2:]
        raise ValueError(f"the picture has {width} x {height} pixels, the figure's mask {wide} x {high}: make it from"
                         " this picture")  # fmt: skip
    # With its soft edge, which reaches beyond the half that a box goes by.
    boxes = [figure_box((one > KNOWN).float()) for one in figures.split(1)]
    if None in boxes:
        raise ValueError(
            f"figure {boxes.index(None) + 1} of {len(boxes)} is empty: there is nothing to cut out"
        )
    # The largest of them fills its square; a jump with wide arms does not make its figure smaller than the others.
    longest = max(max(box.right - box.left, box.bottom - box.top) for box in boxes)
    inner = options.size * (1 - 2 * options.border) - 2
    scale = inner / longest
    photos, masks = each(pictures.split(1), count, "pictures"), each(figures.split(1), count, "figures")
    rows = list(zip(photos, masks, each(boxes, count, "figures"), strict=True))
    return torch.cat([_sticker(*row, scale, options) for row in told(rows, progress)])


def _sticker(picture, figure, box, scale: float, options: StickerOptions) -> torch.Tensor:
    """(1, 4, size, size) one of them."""
    left, top, right, bottom = (int(n) for n in box)
    alpha = figure[..., top:bottom, left:right]
    colour = without_rim(picture[..., top:bottom, left:right], alpha)
    size = [max(1, round(n * scale)) for n in alpha.shape[-2:]]
    cut = resized(torch.cat((colour * alpha, alpha), 1), (size[0], size[1]))
    down, across = options.size - size[0], options.size - size[1]
    cut = F.pad(cut, (across // 2, across - across // 2, down // 2, down - down // 2))
    colour, alpha = _spread(cut[:, :3], cut[:, 3:]), cut[:, 3:]
    width = options.border * options.size
    if width < 0.5:
        return torch.cat((colour, alpha), 1)
    whole = _grown(alpha, width)
    border = colour.new_tensor(options.colour)[:, None, None]
    return torch.cat((torch.lerp(border.expand_as(colour), colour, alpha), whole), 1)


def _spread(weighted: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """(1, 3, h, w) colours that were multiplied by alpha, divided by it; beyond the figure each pixel has the colour of
    the nearest one of it, which cv2's distance transform names."""
    import cv2

    known = alpha[0, 0] > KNOWN
    colour = (weighted / alpha.clamp(min=KNOWN)).clamp(0, 1)
    outside = (~known).to(torch.uint8).numpy()
    _, labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    labels = torch.from_numpy(labels).long()
    place = torch.zeros(int(labels.max()) + 1, dtype=torch.long)
    place[labels[known]] = torch.arange(known.numel()).reshape(known.shape)[known]
    return colour.flatten(2)[..., place[labels].flatten()].reshape(colour.shape)


def _grown(alpha: torch.Tensor, width: float) -> torch.Tensor:
    """(1, 1, h, w) the figure and what is at most `width` pixels away, with a soft rim. By the distance to the figure,
    which cv2 measures exactly."""
    import cv2

    outside = (alpha[0, 0] < 0.5).to(torch.uint8).numpy()
    away = torch.from_numpy(cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    ring = ((width - away) / SOFT + 0.5).clamp(0, 1)
    return torch.maximum(alpha, ring[None, None])


def sheet_of(made: torch.Tensor) -> torch.Tensor:
    """(1, 4, H, W) stickers (B, 4, h, h) in rows on a transparent sheet about as wide as high."""
    columns = max(1, round(len(made) ** 0.5 + 0.25))
    return board(made.split(1), (), BoardOptions(columns, made.shape[-2], ground="transparent"))


def listed(values: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """A batch (B, C, H, W) as pictures (1, C, H, W)."""
    return [one for value in values for one in value.split(1)]
