"""How large a picture is to become: the photo's own size, a multiple, a pixel count, a screen, a platform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

LONGEST = 8192
"""Pixels on the longer side: up to it the whole chain stays under 4 GB (training/upscaling, `memory`)."""
SHORTEST = 16
FOUR_K = 3840
"""Pixels on the longer side of a 4K screen (UHD-1: ITU-R BT.2020, 3840 x 2160)."""


class Platform(NamedTuple):
    """A picture's shape and size somewhere, in pixels."""

    width: int
    height: int


PLATFORMS = {
    "square 1080 x 1080": Platform(1080, 1080),
    "post 1080 x 1350": Platform(1080, 1350),
    "story 1080 x 1920": Platform(1080, 1920),
    "wide 1920 x 1080": Platform(1920, 1080),
    "wide 4K 3840 x 2160": Platform(3840, 2160),
}
"""The shapes of `framing.ASPECTS` at the sizes in which social media and screens show them."""
PHOTO, COUNT = "photo", "megapixels"
SIZES = (PHOTO, "2x", "4x", "4K", COUNT, *PLATFORMS)


@dataclass(frozen=True)
class Target:
    """size        one of SIZES: "photo" gives the result as many pixels as the photo has for the same thing
    megapixels  millions of pixels, for size "megapixels"
    """

    size: str = PHOTO
    megapixels: float = 12.0

    def __post_init__(self):
        if self.size not in SIZES:
            raise ValueError(f'size is "{self.size}", expected one of {", ".join(SIZES)}')
        if not self.megapixels > 0:
            raise ValueError(f"megapixels is {self.megapixels}, expected more than 0")

    @property
    def platform(self) -> Platform | None:
        """The platform that is meant, None for a picture that keeps its shape."""
        return PLATFORMS.get(self.size)

    def pixels(self, size: tuple[int, int], scale: tuple[float, float]) -> tuple[int, int]:
        """(height, width) that a picture of `size` becomes; scale: pixels of the photo, down and across, to one of it.
        ValueError, with both sizes, for more than LONGEST pixels on a side."""
        if self.platform:
            return self.platform.height, self.platform.width
        factors = {"2x": 2.0, "4x": 4.0, "4K": FOUR_K / max(size)}
        factors[COUNT] = math.sqrt(self.megapixels * 1e6 / (size[0] * size[1]))
        both = scale if self.size == PHOTO else [factors[self.size]] * 2
        height, width = (max(SHORTEST, round(n * factor)) for n, factor in zip(size, both, strict=True))
        if max(height, width) > LONGEST:
            raise ValueError(
                f"{self.size} of {size[1]} x {size[0]} pixels are {width} x {height}, at most {LONGEST} on a side"
                " can be made: choose a smaller size"
            )
        return height, width
