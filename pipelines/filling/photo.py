"""The photo itself as a store of texture: of a body that is turned it shows far more than the new view does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F

from ..geometry import field
from ..geometry.garments import REGIONS, SKIN, GarmentMap
from ..geometry.microtexture import Microtexture, smooth_colours
from .scene import SHADED, SOLID, STRAND, both_sides, clear, span

WOVEN = (*SKIN, "upper", "outer", "lower", "dress")
"""Regions that are cloth or skin all over, and not things made of several."""
FINE = 0.3
"""Share of what counts as detail where patches are copied (microtexture.SMOOTH) that is texture: what is broader is
a fold, and as noise would be blotches. By eye."""
PLAIN, AROUND = 0.25, 0.008
"""Share of a region that counts as plain, and the fraction of stature round a place over which its detail is told. By
eye."""
STRONG = 0.05
"""Standard deviation (sRGB) from which on even what is plainest is a print, and no weave. By eye."""
SAME = (0.9, 1.1)
"""Scale of the new picture over the photo within which weave is taken as it is."""


@dataclass(frozen=True, eq=False)
class Photo:
    """The photo (1, 3, H, W) and what is worn in it, in its own pixels. ValueError for a map of another size."""

    picture: torch.Tensor
    clothes: GarmentMap

    def __post_init__(self):
        size = tuple(self.picture.shape[-2:])
        if size != self.clothes.size:
            raise ValueError(
                f"the photo has {size[1]} x {size[0]} pixels, its garments {self.clothes.size[1]} x"
                f" {self.clothes.size[0]}: give the photo that Garment Segmentation read"
            )

    @classmethod
    def of(cls, picture: torch.Tensor | None, clothes: GarmentMap | None) -> Photo | None:
        """The photo, where both are known."""
        return None if picture is None or clothes is None else cls(picture, clothes)

    @cached_property
    def _labels(self) -> torch.Tensor:
        return both_sides(self.clothes.labels.long())[0, 0]

    @cached_property
    def _once(self) -> torch.Tensor:
        """(H, W) bool: prints, pockets, buttons."""
        return self.clothes.rigid()[0, 0] > STRAND

    def texture(self, number: int, scale: float, stature: float) -> Microtexture | None:
        """The texture of a region, by its number in garments.REGIONS, in a picture that shows the person at `scale`
        times the photo's size, `stature` pixels tall. None where that is no cloth all over, where it has a pattern, and
        where too little of it is plain."""
        name, label = REGIONS[number], self._labels
        if name not in WOVEN or self.clothes.material(name).patterns or not bool((label == number).any()):
            return None
        reach = max(1, round(SHADED * stature / scale))
        rows, columns = (
            slice(max(0, line.start - reach), line.stop + reach) for line in span(label == number)
        )
        part, own = self.picture[0, :, rows, columns], label[rows, columns]
        here = (own == number) & clear(own, reach) & (self.clothes.matte[0, 0, rows, columns] > SOLID)
        if name not in SKIN:
            here &= self.clothes.hair[0, 0, rows, columns] <= STRAND
        here &= ~self._once[rows, columns]
        if not SAME[0] < scale < SAME[1]:
            size = tuple(max(8, round(n * scale)) for n in here.shape)
            part = F.interpolate(part[None], size, mode="bilinear", antialias=True)[0]
            here = (
                F.interpolate(here[None, None].float(), size, mode="bilinear", antialias=True)[0, 0] > SOLID
            )
        return _plain(part, here, stature) if bool(here.any()) else None


def _plain(picture: torch.Tensor, here: torch.Tensor, stature: float) -> Microtexture | None:
    """The texture of what is `here` (h, w) bool, told by the part of it with the least detail: seams, folds and veins
    are no texture."""
    rows, columns = span(here)
    part, own = picture[:, rows, columns], here[rows, columns]
    detail = part - smooth_colours(part, own, FINE * stature)
    reach = max(1, round(AROUND * stature))
    size = field.box_blur(torch.stack((detail.square().sum(0) * own, own.float())), reach)
    size = size[0] / size[1].clamp(min=1e-6)
    texture = Microtexture.of(
        detail, own & (size <= size[own].sort().values[round(PLAIN * (int(own.sum()) - 1))])
    )
    return None if texture is None or texture.strength > STRONG else texture
