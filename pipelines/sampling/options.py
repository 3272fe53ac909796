"""How a checkpoint goes over a reposed picture: one record for the nodes and for the Python API."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..attention.heads import HeadOptions

BLOCKS = {
    "all": ("input", "middle", "output"),
    "decoder": ("output",),
    "decoder and middle": ("middle", "output"),
}
"""Where in the UNet the photo is looked at, by the words of the nodes."""
MULTIPLE = 16
"""Pixels of which a side is a whole multiple: two latents of 8 pixels, so that a UNet's first halving is even."""
REACH, SHAPE = 4, 12.0
"""How many multiples beside the nearest width are tried, and how much more a wrong shape counts than a wrong area."""
MEGAPIXEL = 1024 * 1024
"""Pixels, as core's Scale Image to Total Pixels counts them; SDXL was trained on pictures of one."""
LEAST = 64
"""Pixels of the shortest side that a UNet can be given."""


@dataclass(frozen=True)
class SamplingOptions:
    """heads       strengths of textile, anatomy and light
    start, end  shares of the schedule between which the photo is looked at: too early, and its pose comes along
    every       the photo is run again at every so many steps
    blocks      one of BLOCKS
    seen, unseen, background  how much is painted anew of what the photo shows, of what it hid, and of the room
    steps, cfg  of the sampler
    control, control_end  strength of a ControlNet, and the share of the schedule at which it ends
    megapixels  at how many MEGAPIXEL the checkpoint works: SDXL about 1, SD1.5 about 0.4
    seed        of the noise
    """

    heads: HeadOptions = HeadOptions()
    start: float = 0.1
    end: float = 0.95
    every: int = 2
    blocks: str = "all"
    seen: float = 0.3
    unseen: float = 0.85
    background: float = 0.0
    steps: int = 28
    cfg: float = 5.0
    control: float = 0.7
    control_end: float = 0.8
    megapixels: float = 1.0
    seed: int = 0

    def __post_init__(self):
        for name in ("start", "end", "seen", "unseen", "background", "control_end"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected a share from 0 to 1")
        if self.blocks not in BLOCKS:
            raise ValueError(f'blocks is "{self.blocks}", expected one of {", ".join(BLOCKS)}')
        for name in ("every", "steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected at least 1")
        if not self.megapixels > 0:
            raise ValueError(f"megapixels is {self.megapixels}, expected more than 0")

    @property
    def pixels(self) -> float:
        """About how many of them a painted picture has."""
        return self.megapixels * MEGAPIXEL

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) at which a picture of `size` is sampled: of `megapixels`, of nearly its shape (sides are
        rounded to MULTIPLE)."""
        return sampling_size(size, self.pixels)


def sampling_size(size: tuple[int, int], pixels: float) -> tuple[int, int]:
    """(height, width) in whole multiples of MULTIPLE, of about so many pixels and as nearly of the shape of `size` as
    that allows: what is painted must not be stretched."""
    height, width = (n * math.sqrt(pixels / (size[0] * size[1])) for n in size)
    middle = round(width / MULTIPLE)

    def cost(made: tuple[int, int]) -> float:
        shape = math.log(made[0] * width / (made[1] * height))
        return SHAPE * abs(shape) + abs(math.log(made[0] * made[1] / pixels))

    widths = (MULTIPLE * n for n in range(max(1, middle - REACH), middle + REACH + 1))
    pairs = ((MULTIPLE * round(wide * height / width / MULTIPLE), wide) for wide in widths)
    return min(((max(LEAST, tall), max(LEAST, wide)) for tall, wide in pairs), key=cost)
