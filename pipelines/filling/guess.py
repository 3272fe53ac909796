"""What hidden places look like, roughly: a smooth continuation, and what the masked autoencoder says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ..models.autoencoder import MATERIALS, STATURE, Crops, MaskedAutoencoder
from .crops import continued, mirrored_places, spanned

SIDE = 96
"""Pixels to a crop's side, as it was trained."""
SCALES = (0.85, 1.2)
"""Of people about STATURE: crops are read at both, and the answers' mean is taken."""
AT_ONCE = 16
"""Crops read at once: 20 MB of numbers."""


@dataclass(frozen=True, eq=False)
class Unseen:
    """A person of whom something was not seen.

    picture  (3, h, w) sRGB, of any value where it is not known
    known    (h, w) bool, pixels that were seen of the person
    wanted   (h, w) bool, pixels of the person that were not
    region   (h, w) int64, of garments.REGIONS, told of known and wanted alike
    material (h, w) int64, of garments.FABRICS, the number behind them where none is known; or None
    normal   (3, h, w) camera frame, 0 where unknown; or None
    middle   x of the person's middle and y of the crown, in pixels
    stature  in pixels
    """

    picture: torch.Tensor
    known: torch.Tensor
    wanted: torch.Tensor
    region: torch.Tensor
    material: torch.Tensor | None
    normal: torch.Tensor | None
    middle: tuple[float, float]
    stature: float

    def continued(self) -> torch.Tensor:
        """(3, h, w) the known colours, smoothly continued where some are wanted."""
        return spanned(self.picture, self.known, self.region, self.wanted)


@torch.no_grad()
def guessed(
    unseen: Unseen, network: MaskedAutoencoder, progress: Callable[[float], None] | None = None
) -> torch.Tensor:
    """(3, h, w) the picture, where it is wanted as the network has it: smooth, with the right shades and edges."""
    tell = progress or (lambda fraction: None)
    base = unseen.continued()
    if not bool(unseen.wanted.any()):
        return base
    change = torch.zeros_like(base)
    for i, scale in enumerate(SCALES):
        ratio = STATURE * scale / unseen.stature
        part = _change(unseen, network, ratio, lambda f, i=i: tell((i + f) / len(SCALES)))
        change += F.interpolate(part[None], base.shape[-2:], mode="bilinear", align_corners=False)[0]
    return torch.where(unseen.wanted, base + change / len(SCALES), base).clamp(0, 1)


def _change(unseen: Unseen, network: MaskedAutoencoder, ratio: float, tell) -> torch.Tensor:
    """(3, h', w') what the network changes of the continuation, in the picture `ratio` times as large."""
    small = _small(unseen, ratio)
    height, width = small.known.shape[-2:]
    device = next(network.parameters()).device
    corners = _corners(small.wanted[0, 0])
    smooth = spanned(small.colour[0], small.known[0, 0] > 0, small.region[0], small.wanted[0, 0] > 0)[None]
    fade = _fade()
    total, weight = torch.zeros(3, height, width), torch.zeros(1, height, width)
    mirror = _mirror(small)
    for low in range(0, len(corners), AT_ONCE):
        tell(low / len(corners))
        some = corners[low : low + AT_ONCE]
        windows = [(slice(y, y + SIDE), slice(x, x + SIDE)) for y, x in some]
        crops = Crops(
            *(
                torch.cat([getattr(small, name)[(..., *window)] for window in windows])
                for name in Crops.__dataclass_fields__
            )
        )
        mirrors = mirror.at(torch.zeros(len(some), dtype=torch.long))
        made = network(crops.to(device), mirrors.to(device)).colour.to(total.device)
        for one, window in zip(made, windows, strict=True):
            total[(..., *window)] += (
                (one - smooth[(0, ..., *window)]) * small.wanted[(0, ..., *window)] * fade
            )
            weight[(..., *window)] += fade
    return (total / weight.clamp(min=1e-6))[:, : round(unseen.known.shape[0] * ratio)][
        ..., : round(unseen.known.shape[1] * ratio)
    ]


def _small(unseen: Unseen, ratio: float) -> Crops:
    """The whole at the network's scale, its sides padded to at least one crop."""
    size = [max(8, round(n * ratio)) for n in unseen.known.shape]
    weight = torch.stack((unseen.known, unseen.wanted)).float()
    normal = unseen.picture.new_zeros(unseen.picture.shape) if unseen.normal is None else unseen.normal
    # Means over what is known alone, and of the normals over all of the person.
    values = torch.cat((unseen.picture * weight[:1], normal * weight.sum(0), weight))
    values = F.interpolate(values[None], size, mode="area")[0]
    known, wanted = values[6] > 0.5, values[7] > 0.25
    known &= ~wanted
    colour = values[:3] / values[6:7].clamp(min=1e-3) * known
    normal = values[3:6] / (values[6:7] + values[7:8]).clamp(min=1e-3)
    material = unseen.material
    if material is None:
        material = torch.full_like(unseen.region, MATERIALS - 1)
    codes = torch.stack((unseen.region.clamp(min=0), material)).float()
    region, material = F.interpolate(codes[None], size, mode="nearest")[0].round().long()
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing="ij")
    place = torch.stack(
        ((x + 0.5) / ratio - 0.5 - unseen.middle[0], (y + 0.5) / ratio - 0.5 - unseen.middle[1])
    )
    base = continued(colour, known, torch.where(known | wanted, region, -1), wanted)
    pad = (0, max(0, SIDE - size[1]), 0, max(0, SIDE - size[0]))
    maps = (
        colour, known[None].float(), wanted[None].float(), base, region, material, normal * (known | wanted),
        place / unseen.stature,
    )  # fmt: skip
    return Crops(*(F.pad(one, pad)[None] for one in maps))


def _mirror(small: Crops) -> Crops:
    maps = torch.cat((small.colour, small.normal, small.place), 1)[0]
    return mirrored_places(maps, small.known[0, 0] > 0, small.region[0], small.material[0])


def _corners(wanted: torch.Tensor) -> list[tuple[int, int]]:
    """Top left corners of crops that overlap by half and hold all that is wanted (h, w) bool."""
    found = []
    rows = _starts(wanted.any(1))
    for top in rows:
        band = wanted[top : top + SIDE]
        found += [(top, left) for left in _starts(band.any(0)) if bool(band[:, left : left + SIDE].any())]
    return found


def _starts(line: torch.Tensor) -> list[int]:
    """Where crops begin along one axis, so that those hold what is wanted (n,) bool."""
    there = torch.nonzero(line).flatten()
    low, high, last = int(there[0]), int(there[-1]) + 1, len(line) - SIDE
    first = min(max(0, low - SIDE // 4), last)
    return sorted({min(at, last) for at in range(first, max(first + 1, high - SIDE // 4), SIDE // 2)})


def _fade() -> torch.Tensor:
    """(SIDE, SIDE) of a crop's answer: most in its middle, little at its border."""
    line = 1 - ((torch.arange(SIDE) + 0.5) / SIDE * 2 - 1).abs() * 0.95
    return line[:, None] * line
