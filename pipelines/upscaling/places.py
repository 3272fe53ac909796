"""Where in the photo every pixel of a result lies, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..framing import Canvas
from ..geometry.field import dilate, sample
from ..geometry.garments import GarmentMap
from ..geometry.parts import INDEX, LAYER_OF
from ..geometry.warped import Correspondence
from ..native import resized, working_size
from .resampling import ramp

SEEN = (0.5, 0.9)
"""Visibility from which the photo is trusted a little, and fully: what the photo half shows is half another's."""
LARGER, SMALLER = (2.0, 3.0), (2.5, 4.0)
"""By how much a surface may be drawn larger, or smaller, than the photo has it: trusted up to the first, not at all
from the second. Larger: the photo has no detail of that size; smaller: what it has lies beyond a pixel."""
ONE_WAY = (2.5, 4.0)
"""The same for how much more one direction is drawn smaller than the other: a surface seen edge-on."""
JUMP = 4.0
"""Times its ordinary step by which the place in the photo may move from one pixel to the next and be one surface."""
SHAPES = 0.02
"""By how much the proportions of two pictures of one thing differ: whole pixels, and sizes in multiples of 8."""
BACKGROUND, SECOND = -1, -2
"""What is no part of a body: the room, and what another photo showed."""
STRICT_PARTS = {"face": ("head",), "left hand": ("left_hand",), "right hand": ("right_hand",)}
"""Where a doubled edge is seen at once."""


@dataclass(frozen=True, eq=False)
class Places:
    """Of each pixel of a result.

    source   (h, w, 2) x, y in the photo, in its pixels; finite all over
    trusted  (h, w) in [0, 1]: 1 where the photo shows this very surface, about as large; 0 at every edge where one
             surface lies before another
    part     (h, w) int64 index into parts.PARTS, BACKGROUND or SECOND
    photo    (height, width) of the photo in pixels
    scale    (down, across) pixels of the photo to one of the result where nothing is drawn larger or smaller
    pieces   masks (h, w) of what is aligned and judged as one: (name, mask, strict)
    """

    source: Tensor
    trusted: Tensor
    part: Tensor
    photo: tuple[int, int]
    scale: tuple[float, float]
    pieces: tuple[tuple[str, Tensor, bool], ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the result."""
        return tuple(self.trusted.shape)

    @property
    def figure(self) -> Tensor:
        """(1, 1, h, w) 1 where the person is."""
        return (self.part != BACKGROUND).float()[None, None]

    def on(self, canvas: Canvas) -> Places:
        """The same on another canvas; what is added was made up."""

        def laid(values: Tensor, value: float = 0) -> Tensor:
            return canvas.laid(values[None, None].float(), value)[0, 0]

        source = torch.stack([laid(axis) for axis in self.source.unbind(-1)], -1)
        part = laid(self.part, BACKGROUND).long()
        pieces = tuple((name, laid(mask) > 0, strict) for name, mask, strict in self.pieces)
        return replace(self, source=source, trusted=laid(self.trusted), part=part, pieces=pieces)


def places_of(
    found: Correspondence,
    size: tuple[int, int],
    photo: tuple[int, int],
    garments: GarmentMap | None = None,
) -> Places:
    """The places of a result of `size` (height, width) that was made with `found` from a photo whose full size is
    `photo`. garments are the photo's: their rigid patches stay whole. ValueError for a result or a photo of another
    shape than the correspondence tells."""
    grid = tuple(found.visible.shape)
    counted = found.photo_size or working_size(photo)
    _same_shape("result", size, "correspondence", grid)
    _same_shape("photo", photo, "photo that the correspondence was made from", counted)
    source, visible, part = _with_room(found)
    ahead = _one_surface(source, part)
    ratio = grid[0] / size[0], grid[1] / size[1]
    full = photo[0] / counted[0], photo[1] / counted[1]
    scale = full[0] * ratio[0], full[1] * ratio[1]
    source = (torch.nan_to_num(source) + 0.5) * source.new_tensor(full[::-1]) - 0.5
    if grid != tuple(size):
        at = _centres(size, ratio)
        source = sample(source.permute(2, 0, 1), at).permute(1, 2, 0)
        part = sample(part[None].float(), at, "nearest")[0].round().long()
        visible = sample(visible[None], at)[0]
        ahead = _shrunk(ahead, tuple(size))
    trusted = ramp(visible, *SEEN) * ahead * _as_large(source, sum(scale) / 2)
    trusted = torch.where(_beside_person(source, part, photo, garments), trusted, 0)
    trusted = torch.where(part == SECOND, 0, trusted)
    return Places(source, trusted, part, tuple(photo), scale, _pieces(source, part, photo, garments))


def _same_shape(name: str, size: Sequence[int], other: str, known: Sequence[int]) -> None:
    if abs(size[0] / size[1] / (known[0] / known[1]) - 1) > SHAPES + 1 / min(*size, *known):
        raise ValueError(
            f"the {name} has {size[1]} x {size[0]} pixels, the {other} {known[1]} x {known[0]}: these are of different"
            " shapes; connect the picture, photo and correspondence of one and the same run"
        )


def _with_room(found: Correspondence) -> tuple[Tensor, Tensor, Tensor]:
    """Source, visibility and part, the room behind the person included: it is where it was."""
    height, width = found.visible.shape
    counted = found.photo_size or (height, width)
    y, x = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    here = torch.stack((x - found.origin[0], y - found.origin[1]), -1)
    nobody = torch.isnan(found.source[..., 0])
    limit = here.new_tensor([counted[1] - 1, counted[0] - 1])
    inside = ((here >= 0) & (here <= limit)).all(-1)
    source = torch.where(nobody[..., None], here, found.source)
    visible = torch.where(nobody, inside.float(), found.visible)
    part = torch.where(nobody, BACKGROUND, found.part)
    return source, visible, torch.where(found.photo > 0, SECOND, part)


def steps(source: Tensor) -> tuple[Tensor, Tensor]:
    """(h, w) the smaller and the larger length in the photo that a step of one pixel in any direction makes."""
    across = F.pad((source[:, 2:] - source[:, :-2]) / 2, (0, 0, 1, 1))
    down = F.pad((source[2:] - source[:-2]) / 2, (0, 0, 0, 0, 1, 1))
    for gradient, axis in ((across, 1), (down, 0)):
        gradient.select(axis, 0).copy_(gradient.select(axis, 1))
        gradient.select(axis, -1).copy_(gradient.select(axis, -2))
    e, g = across.square().sum(-1), down.square().sum(-1)
    f = (across * down).sum(-1)
    root = ((e - g).square() + 4 * f.square()).sqrt()
    return ((e + g - root).clamp(min=0) / 2).sqrt(), ((e + g + root) / 2).sqrt()


def _one_surface(source: Tensor, part: Tensor) -> Tensor:
    """(h, w) 1 where a pixel and its four neighbours are one surface of one layer; where the photo, too, has them side
    by side, another layer is no other surface."""
    jump = torch.zeros_like(source[..., 0])
    for axis in (0, 1):
        step = source.diff(dim=axis)
        direct = step.new_tensor([0.0, 1.0] if axis == 0 else [1.0, 0.0])
        layer = _layers(part)
        other = (layer.diff(dim=axis) != 0) & ((step - direct).norm(dim=-1) > 0.5)
        torn = ((step.norm(dim=-1) > JUMP) | other).float()
        before, after = (0, 0, 1, 0), (0, 0, 0, 1)
        if axis == 1:
            before, after = (1, 0), (0, 1)
        jump = torch.maximum(jump, torch.maximum(F.pad(torn, before), F.pad(torn, after)))
    return 1 - jump


def _layers(part: Tensor) -> Tensor:
    table = torch.tensor([*LAYER_OF, -2, -1], device=part.device)
    return table[part]  # -1 and -2 count from the end


def _as_large(source: Tensor, ordinary: float) -> Tensor:
    """(h, w) in [0, 1]: 1 where a surface is drawn about as large as the photo has it (LARGER, SMALLER, ONE_WAY)."""
    least, most = steps(source)
    larger = 1 - ramp(ordinary / most.clamp(min=1e-6), *LARGER)
    smaller = 1 - ramp(most / ordinary, *SMALLER)
    return larger * smaller * (1 - ramp(most / least.clamp(min=1e-6), *ONE_WAY))


def _beside_person(
    source: Tensor, part: Tensor, photo: tuple[int, int], garments: GarmentMap | None
) -> Tensor:
    """(h, w) bool: false where the room is, but the photo shows the person instead."""
    room = part == BACKGROUND
    if garments is not None:
        there = resized(garments.matte, working_size(photo))[0]
    else:
        there = _splat(source[~room & (part != SECOND)], working_size(photo), photo)
    scale = source.new_tensor([there.shape[-1] / photo[1], there.shape[-2] / photo[0]])
    reach = max(2, round(0.004 * max(there.shape)))
    hit = sample(dilate(there[0], reach)[None], (source + 0.5) * scale - 0.5)[0]
    return ~room | (hit < 0.05)


def _splat(places: Tensor, size: tuple[int, int], photo: tuple[int, int]) -> Tensor:
    """(1, h, w) 1 where the photo, at `size`, has a place of the person."""
    there = places.new_zeros(size)
    scale = places.new_tensor([size[1] / photo[1], size[0] / photo[0]])
    at = ((places + 0.5) * scale - 0.5).round().long()
    there[at[:, 1].clamp(0, size[0] - 1), at[:, 0].clamp(0, size[1] - 1)] = 1.0
    return there[None]


def _pieces(source: Tensor, part: Tensor, photo: tuple[int, int], garments: GarmentMap | None):
    """Face, hands, and every rigid patch of the photo."""
    found = []
    for name, parts in STRICT_PARTS.items():
        mask = torch.isin(part, part.new_tensor([INDEX[one] for one in parts]))
        if bool(mask.any()):
            found.append((name, mask, True))
    if garments is None:
        return tuple(found)
    scale = source.new_tensor([garments.size[1] / photo[1], garments.size[0] / photo[0]])
    person = part >= 0
    for patch in garments.patches:
        at = (source + 0.5) * scale - 0.5 - source.new_tensor(patch.corner)
        height, width = patch.mask.shape
        inside = ((at > -0.5) & (at < source.new_tensor([width, height]) - 0.5)).all(-1)
        mask = person & inside & (sample(patch.mask[None].float(), at, "nearest")[0] > 0.5)
        if bool(mask.any()):
            found.append((patch.kind, mask, False))
    return tuple(found)


def _centres(size: tuple[int, int], ratio: tuple[float, float]) -> Tensor:
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing="ij")
    return torch.stack(((x + 0.5) * ratio[1] - 0.5, (y + 0.5) * ratio[0] - 0.5), -1)


def _shrunk(one: Tensor, size: tuple[int, int]) -> Tensor:
    """(h, w) a mask at another size: 1 only where all that goes into a pixel is."""
    return (resized(one[None, None], size)[0, 0] > 0.999).float()
