"""Faces and hands by themselves: cut out of a result, enlarged, painted with the photo's own beside them, laid back.

A checkpoint paints on a grid of 8 pixels: a face of 60 pixels in a picture from head to foot gets seven cells. What a
closeup needs to know is in the correspondence: where the part is in the result, and where in the photo it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..framing import Box
from ..geometry.field import sample
from ..geometry.garments import NUMBER, GarmentMap
from ..geometry.parts import INDEX
from ..geometry.warped import Correspondence

WHAT = {
    "face and hands": ("face", "left_hand", "right_hand"),
    "face": ("face",),
    "hands": ("left_hand", "right_hand"),
}
ROOM = {"face": 1.9, "left_hand": 1.7, "right_hand": 1.7}
"""Times the part's own longer side: with the hair and the neck, with the wrist. By eye."""
SMALLEST = 16
"""Pixels of a part's longer side in the result under which there is nothing to go by."""
LARGE = 0.6
"""Of the result's shorter side: a closeup as large as that was painted large enough already."""
SHOWN = 0.4
"""Share of a part that the photo must show: a face that it does not show would get another's."""
FADE = 0.22
"""Of the closeup's side, over which it goes over into the picture."""


@dataclass(frozen=True)
class Closeup:
    """name    a key of ROOM
    target  where in the result, whole pixels of the correspondence
    source  where in the photo, whole pixels as the correspondence counts them
    """

    name: str
    target: Box
    source: Box

    def found(self, found: Correspondence) -> Correspondence:
        """The correspondence between the two windows."""
        rows, columns = slices(self.target)
        kept = {
            name: getattr(found, name)[rows, columns]
            for name in ("visible", "stretch", "part", "depth", "normal", "source_normal", "photo")
        }
        corner = found.source.new_tensor([self.source.left, self.source.top])
        size = int(self.source.bottom - self.source.top), int(self.source.right - self.source.left)
        return replace(
            found,
            source=found.source[rows, columns] - corner,
            photo_size=size,
            origin=(0, 0),
            source_depth=None if found.source_depth is None else found.source_depth[rows, columns],
            **kept,
        )

    def garments(self, garments: GarmentMap) -> GarmentMap:
        """The clothes in the photo's window."""
        rows, columns = slices(self.source)
        cut = (values[..., rows, columns] for values in (garments.labels, garments.hair, garments.matte))
        return GarmentMap(*cut, materials=garments.materials)


def closeups(
    found: Correspondence, garments: GarmentMap, what: str = "face and hands"
) -> tuple[Closeup, ...]:
    """What is worth a closeup: parts that the photo shows, and that are small in the result. ValueError for a word that
    is not one of WHAT."""
    if what not in WHAT:
        raise ValueError(f'"{what}" is no part to go over, expected one of {", ".join(WHAT)}')
    made = (_closeup(name, found, garments) for name in WHAT[what])
    return tuple(one for one in made if one is not None)


def slices(box: Box) -> tuple[slice, slice]:
    """The rows and the columns of a box of whole pixels."""
    return slice(int(box.top), int(box.bottom)), slice(int(box.left), int(box.right))


def scaled(box: Box, size: tuple[int, int], to: tuple[int, int]) -> Box:
    """The same place, in whole pixels, in a picture of the size `to` (height, width) instead of `size`."""
    down, across = to[0] / size[0], to[1] / size[1]
    return Box(*(round(n * k) for n, k in zip(box, (across, down) * 2, strict=True)))


def vignette(size: tuple[int, int]) -> Tensor:
    """(1, 1, h, w) 1 in the middle, falling to 0 at the border over FADE of the side."""
    sides = []
    for length in size:
        middle = (torch.arange(length) + 0.5) / length
        edge = (torch.minimum(middle, 1 - middle) / FADE).clamp(max=1)
        sides.append(edge * edge * (3 - 2 * edge))
    return (sides[0][:, None] * sides[1][None])[None, None]


def cut(picture: Tensor, box: Box, size: tuple[int, int]) -> Tensor:
    """(1, C, *size) a window of (1, C, H, W), enlarged or made smaller without aliasing."""
    rows, columns = slices(box)
    piece = picture[..., rows, columns]
    mode = {"mode": "bicubic", "align_corners": False, "antialias": True}
    return F.interpolate(piece, size=size, **mode).clamp(0, 1)


def pasted(picture: Tensor, piece: Tensor, box: Box, share: Tensor) -> Tensor:
    """(1, 3, H, W) with the window painted over where share (1, 1, h, w), of the piece's size, is over 0."""
    rows, columns = slices(box)
    size = rows.stop - rows.start, columns.stop - columns.start
    weight = F.interpolate(share, size=size, mode="area")
    whole = Box(0, 0, piece.shape[-1], piece.shape[-2])
    out = picture.clone()
    out[..., rows, columns] = torch.lerp(picture[..., rows, columns], cut(piece, whole, size), weight)
    return out


def _closeup(name: str, found: Correspondence, garments: GarmentMap) -> Closeup | None:
    size = tuple(found.part.shape)
    mask = _pixels(name, found, garments)
    if not bool(mask.any()) or float(found.visible[mask].mean()) < SHOWN:
        return None
    rows, columns = mask.nonzero(as_tuple=True)
    target = _square(columns.float(), rows.float(), ROOM[name], size)
    at = found.source[mask & (found.visible > 0.5)]
    at = at[at.isfinite().all(-1)]
    across, down = (float(values.max() - values.min()) for values in (columns, rows))
    small = max(across, down) >= SMALLEST and target.right - target.left < LARGE * min(size)
    if not small or not len(at):
        return None
    return Closeup(name, target, _square(at[:, 0], at[:, 1], ROOM[name], found.photo_size or garments.size))


def _pixels(name: str, found: Correspondence, garments: GarmentMap) -> Tensor:
    """(H, W) bool: the part in the result, from the first photo; of the head the face alone."""
    if name != "face":
        return (found.part == INDEX[name]) & (found.photo == 0)
    mask = (found.part == INDEX["head"]) & (found.photo == 0)
    labels = sample(garments.labels[0].float(), torch.nan_to_num(found.source), "nearest")[0].round()
    return mask & (labels == NUMBER["face"])


def _square(x: Tensor, y: Tensor, room: float, size: tuple[int, int]) -> Box:
    """Whole pixels round most of the points, moved inside a picture of (height, width)."""
    low = [float(values.quantile(0.02)) for values in (x, y)]
    high = [float(values.quantile(0.98)) for values in (x, y)]
    side = min(round(room * max(SMALLEST / 2, high[0] - low[0], high[1] - low[1])), *size)
    left, top = (round((a + b + 1 - side) / 2) for a, b in zip(low, high, strict=True))
    left, top = min(max(0, left), size[1] - side), min(max(0, top), size[0] - side)
    return Box(left, top, left + side, top + side)
