"""Boards: pictures side by side with what they are beneath each, to look at, to send, to print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from ..batches import Progress, told
from ..picture import LARGEST_MEGAPIXELS
from .letters import lettering

if TYPE_CHECKING:
    from PIL import Image, ImageFont

GROUNDS = {"white": (1.0, 1.0), "light grey": (0.9, 1.0), "black": (0.0, 1.0), "transparent": (1.0, 0.0)}
"""Grey value and opacity of what lies between the pictures."""
GAP, TEXT, TITLE, LINE = 0.03, 0.042, 0.075, 1.3
"""Of a cell's height: between cells, letters of a caption and of the title; line height, of the letters. By eye."""
SMALLEST = 11
"""Pixels of the smallest letters that are still read."""
LIGHT = 0.5
"""Grey value from which a ground takes black letters."""
UNSPACED = "\u2e80-\uabff\uf900-\uffef"
"""Letters of Chinese, Japanese, Korean and their neighbours: a range of Unicode's blocks."""
MOST = 400
"""Cells of one board."""


@dataclass(frozen=True)
class BoardOptions:
    """columns  cells in a row; 0: as many as make the board about as wide as high
    height   pixels of a cell's picture
    title    above all; ground  one of GROUNDS
    """

    columns: int = 0
    height: int = 512
    title: str = ""
    ground: str = "white"

    def __post_init__(self):
        if self.ground not in GROUNDS:
            raise ValueError(f'the ground is "{self.ground}", expected one of {", ".join(GROUNDS)}')
        if self.columns < 0 or self.height < 16:
            raise ValueError(
                f"{self.columns} columns of {self.height} pixels: expected 0 or more, of at least 16 pixels"
            )


def board(
    pictures: Sequence[torch.Tensor],
    captions: Sequence[str] = (),
    options: BoardOptions | None = None,
    progress: Progress = None,
) -> torch.Tensor:
    """(1, 4, H, W) the pictures (1, 3 or 4, h, w), of any sizes, at one height, each with its caption, on a ground.

    Nothing is cut and nothing stretched. A caption goes on in a second line where it is longer than its picture is
    wide. ValueError for counts that differ, and for a board of more than LARGEST_MEGAPIXELS.
    """
    options = options or BoardOptions()
    labels = list(captions) or [""] * len(pictures)
    if not 1 <= len(pictures) <= MOST or len(labels) != len(pictures):
        raise ValueError(
            f"{len(pictures)} pictures and {len(captions)} captions: a board takes 1 to {MOST} pictures, and a"
            " caption a line for each of them, or none"
        )
    sizes = [_size(picture, options.height) for picture in pictures]
    wide = max(width for _, width in sizes)
    columns = min(options.columns or _square(len(pictures), wide, options.height), len(pictures))
    letters = max(SMALLEST, round(TEXT * options.height))
    font, _ = lettering((*labels, options.title), letters)
    lines = [_wrapped(label, font, wide) for label in labels]
    layout = _Layout(options, columns, wide, letters, max(map(len, lines)), len(pictures))
    height, width = layout.size
    if height * width > LARGEST_MEGAPIXELS * 1e6:
        raise ValueError(
            f"the board would have {width} x {height} pixels, the most is {LARGEST_MEGAPIXELS} megapixels: make the"
            f" cells smaller than {options.height} pixels, or show fewer than {len(pictures)} pictures"
        )
    grey, opacity = GROUNDS[options.ground]
    out = torch.full((1, 4, height, width), grey)
    out[:, 3] = opacity
    for i, (picture, (_, across)) in told(list(enumerate(zip(pictures, sizes, strict=True))), progress):
        top, left = layout.place(i)
        left += (wide - across) // 2
        _lay(out[..., top : top + options.height, left : left + across], picture)
    return _written(out, layout, lines, font, options, grey)


@dataclass(frozen=True)
class _Layout:
    """Where cells are: pixels."""

    options: BoardOptions
    columns: int
    wide: int
    letters: int
    lines: int
    count: int

    @property
    def gap(self) -> int:
        return max(4, round(GAP * self.options.height))

    @property
    def head(self) -> int:
        return round(2 * TITLE * self.options.height) if self.options.title else self.gap

    @property
    def cell(self) -> tuple[int, int]:
        caption = round(self.lines * LINE * self.letters) + self.gap // 2 if self.lines else 0
        return self.options.height + caption + self.gap, self.wide + self.gap

    @property
    def size(self) -> tuple[int, int]:
        rows = -(-self.count // self.columns)
        return self.head + rows * self.cell[0], self.gap + self.columns * self.cell[1]

    def place(self, i: int) -> tuple[int, int]:
        row, column = divmod(i, self.columns)
        return self.head + row * self.cell[0], self.gap + column * self.cell[1]


def _square(count: int, width: int, height: int) -> int:
    """Columns for a board about as wide as high."""
    return max(1, round((count * height / width) ** 0.5))


def _size(picture: torch.Tensor, height: int) -> tuple[int, int]:
    return height, max(1, round(picture.shape[-1] * height / picture.shape[-2]))


def _lay(place: torch.Tensor, picture: torch.Tensor) -> None:
    """A picture into its place (1, 4, h, w) of the board, over what is there; colours are not multiplied by alpha."""
    pixels = picture if picture.shape[1] == 4 else F.pad(picture, (0, 0, 0, 0, 0, 1), value=1.0)
    alpha = pixels[:, 3:]
    weighted = torch.cat((pixels[:, :3] * alpha, alpha), 1)
    if tuple(picture.shape[-2:]) != tuple(place.shape[-2:]):
        weighted = F.interpolate(weighted, place.shape[-2:], mode="bilinear", antialias=True).clamp(0, 1)
    over, under = weighted[:, 3:], place[:, 3:] * (1 - weighted[:, 3:])
    whole = over + under
    colour = weighted[:, :3] + place[:, :3] * under
    place[:, :3] = torch.where(whole > 1e-4, colour / whole.clamp(min=1e-4), place[:, :3])
    place[:, 3:] = whole


def unwritten(captions: Sequence[str], title: str = "") -> str:
    """What to tell of letters that no font of this machine has; nothing where it has all of them."""
    _, missing = lettering((*captions, title), SMALLEST)
    if not missing:
        return ""
    return (
        f"no font of this machine has {' '.join(missing)}: boxes stand for them; install a font that has them (Noto"
        " Sans CJK has Chinese, Japanese and Korean) and run again"
    )


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The lines of a caption, each at most `width` pixels as far as its words allow; a longer word is cut short.
    Chinese and Japanese may break behind every letter."""
    lines: list[str] = []
    for blank, word in _pieces(text):
        longer = f"{lines[-1]}{blank}{word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        while len(word) > 1 and font.getlength(word) > width:
            word = word[:-3].rstrip(".") + ".." if len(word) > 3 else word[:-1]
        lines.append(word)
    return lines


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """What a line may end behind, with the blank before it: words, and letters of scripts without blanks."""
    for word in text.split():
        for i, piece in enumerate(re.findall(f"[{UNSPACED}]|[^{UNSPACED}]+", word)):
            yield "" if i else " ", piece


def _written(
    out: torch.Tensor,
    layout: _Layout,
    lines: Sequence[Sequence[str]],
    font,
    options: BoardOptions,
    grey: float,
) -> torch.Tensor:
    """The board with its captions and title."""
    from PIL import Image, ImageDraw

    if not options.title and not any(lines):
        return out
    sheet = Image.new("L", (out.shape[-1], out.shape[-2]), 0)
    pen = ImageDraw.Draw(sheet)
    if options.title:
        size = max(SMALLEST, round(TITLE * options.height))
        face, _ = lettering((options.title, *(line for caption in lines for line in caption)), size)
        pen.text((layout.gap, layout.head / 2), options.title, fill=255, font=face, anchor="lm")
    for i, caption in enumerate(lines):
        top, left = layout.place(i)
        for n, line in enumerate(caption):
            y = top + options.height + layout.gap / 4 + (n + 0.5) * LINE * layout.letters
            pen.text((left + layout.wide / 2, y), line, fill=255, font=font, anchor="mm")
    return _inked(out, sheet, 0.1 if grey > LIGHT else 0.92)


def _inked(out: torch.Tensor, sheet: Image.Image, ink: float) -> torch.Tensor:
    """Letters (white on black) laid on the board."""
    cover = torch.from_numpy(np.array(sheet)).float().div_(255)[None, None]
    out[:, :3] = torch.lerp(out[:, :3], torch.full_like(out[:, :3], ink), cover)
    out[:, 3:] = torch.maximum(out[:, 3:], cover)
    return out


def captioned(
    groups: Sequence[Sequence[torch.Tensor]], captions: Sequence[str], rows: Sequence[str], photos: int = 0
) -> list[str]:
    """A caption for each picture of some groups, after those of `photos` photos shown first: as many as there are
    pictures, or as one group has, then used for each; with the name of its row. ValueError for other counts."""
    counts = [len(group) for group in groups]
    texts = list(captions)
    if len(set(counts)) == 1 and len(texts) == counts[0]:
        texts = texts * len(counts)
    if texts and len(texts) != sum(counts):
        raise ValueError(
            f"{sum(counts)} pictures, but {len(texts)} captions: give a line for each picture, or none"
        )
    if rows and len(rows) != len(groups):
        raise ValueError(
            f"{len(groups)} rows of pictures, but {len(rows)} names of rows: give one for each, or none"
        )
    texts = texts or [""] * sum(counts)
    heads = [
        name for name, count in zip(rows or [""] * len(counts), counts, strict=True) for _ in range(count)
    ]
    joined = [", ".join(filter(None, pair)) for pair in zip(heads, texts, strict=True)]
    return ["photo" if captions or rows else ""] * photos + joined
