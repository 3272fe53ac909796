"""Two photos of one person in one new pose: each pixel of each layer from the photo that shows it better.

Both bodies are moved into the same target and looked at layer by layer. A layer's pixel comes from where its surface
was seen, and least from the side; the layers are laid over each other only afterwards, so that an arm of one photo lies
on the trunk of the other as on its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from .colour import encoded, linear
from .compositing import Slots, composited
from .field import box_blur
from .layers import Regions
from .motion import body_height, motion
from .parts import INDEX, PARTS, of_layer
from .rigid import all_rigid, find_patches
from .skeleton import JOINT_INDEX, Skeleton
from .unmoved import photo_kept
from .volume import BodyVolume, build
from .warp import Progress, layer_views
from .warped import Warped

if TYPE_CHECKING:
    from .view import View

PIECE = 0.015
"""Fraction of stature: pieces of a layer smaller than about twice this are not taken from another photo than what is
round them. By eye: smaller ones look like patchwork, larger ones lose the sides that only one photo shows."""
SEAM = 0.004
"""Fraction of stature within which one photo gives way to the other: wider and the cloth's weave is seen double."""
ALONE = 0.02
"""Weight of a surface that its photo never showed: it gives way to any that was seen."""
FIRST = 0.7
"""What the second photo's quality counts against the first's: where both show the same, the first has the word."""
SURE = (0.75, 0.25)
"""Mean of what was seen of a part, and of its quality, from which on its outline in that photo is right: by eye."""
POOR = 0.1
"""Mean quality of a part below which the second photo does not know it: a foot that points away, seen from its heel."""
LIMBS = tuple(part for part in PARTS if part.layer != "trunk")
SHY = (INDEX["head"], INDEX["neck"])
"""Parts that tell nothing about exposure: one photo shows a face there and the other hair."""
EXPOSURE = (0.5, 2.0)
"""Least and most gain per channel, linear light: the photos are meant to be of one session."""
ALIKE = 0.25
"""Natural logarithm of a ratio by which parts may differ in exposure: more is another colour, not other light."""
WHOLE = 0.5
"""Share of a part's area that a photo must show for its outline to be the part's: what the other photo only guesses
beyond it is left out (toes, guessed behind a heel that was seen)."""
FEW = 30
"""Cells of the mesh that show a part, in both photos, from which on its colour counts for the exposure."""


@dataclass(frozen=True, eq=False)
class OtherView:
    """Another photo of the same person in the same clothes: picture (1, 3, h, w) sRGB of any size, matte (1, 1, h, w),
    skeleton in that picture's pixels, and what a segmentation saw of it."""

    picture: torch.Tensor
    matte: torch.Tensor
    skeleton: Skeleton
    regions: Regions | None = None


def warp_two(
    picture: torch.Tensor,
    matte: torch.Tensor,
    source: Skeleton,
    target: Skeleton,
    second: OtherView,
    size: tuple[int, int] | None = None,
    regions: Regions | None = None,
    progress: Progress | None = None,
    rigid: torch.Tensor | None = None,
) -> Warped:
    """`warp.warp` with a second photo: everything as there, and from the second what it shows better.

    target belongs to the first photo's person, and gives both their proportions. Where the two show the same equally
    well, the first wins.
    """
    size = size or tuple(picture.shape[-2:])
    tell = progress or (lambda fraction: None)
    rigid = all_rigid(rigid, regions)
    volume = build(picture, matte, source, regions, rigid)
    patches = None if rigid is None else find_patches(volume, rigid)
    how = motion(source, target)
    first, _ = layer_views(volume, how, size, lambda f: tell(0.5 * f), patches)
    other = build(second.picture, second.matte, second.skeleton, second.regions)
    others, _ = layer_views(other, motion(second.skeleton, target), size, lambda f: tell(0.4 + 0.5 * f))
    shown = trusted(second.skeleton).to(picture.device)
    gain = exposure(volume, other, shown)
    ratio = volume.stature / other.stature
    others = [
        replace(
            _exposed(view, gain),
            seen=view.seen * shown[view.part],
            ahead=view.ahead * ratio,
            source_normal=view.normal,  # its light is brought to the first photo's by its exposure alone
        )
        for view in others
    ]
    named = [
        {layer.name: view for layer, view in zip(body.layers, views, strict=True)}
        for body, views in ((volume, first), (other, others))
    ]
    views = best_views(*named, size, body_height(target))
    moved = composited(views, Slots.of(views, size), size, volume.stature)
    tell(1.0)
    return replace(moved, unmoved=photo_kept(moved.correspondence, moved.alpha, matte, how))


def best_views(
    first: dict[str, View], second: dict[str, View], size: tuple[int, int], stature: float
) -> list[View]:
    """The layers of the first photo, each with what the second shows better; by name, in the first's order.

    size (height, width) of the target picture, stature in its pixels.
    """
    return [
        _merged(one, second[name], size, stature) if name in second else one for name, one in first.items()
    ]


def trusted(body: Skeleton) -> torch.Tensor:
    """(P,) 0 for the limbs that the body hid from the camera, 1 elsewhere: such a limb has its place by guess, and what
    lies in that place is the body."""
    ends = [JOINT_INDEX[part.start if part.name.endswith(("hand", "foot")) else part.end] for part in LIMBS]
    shown = torch.ones(len(PARTS))
    shown[[INDEX[part.name] for part in LIMBS]] = torch.as_tensor(body.confidence[ends, 1] > 0).float()
    return shown


def exposure(first: BodyVolume, second: BodyVolume, shown: torch.Tensor) -> torch.Tensor:
    """(3,) gains in linear light that bring the second photo to the first, from the ratios of the colours of the body's
    parts as photographed: their weighted mean without those (a print on a back) that leave the median by ALIKE.

    shown (P,) 1 for parts to be trusted in the second. Ones where no part is in both.
    """
    colours, counts = zip(*(_colours(volume) for volume in (first, second)), strict=True)
    weight = torch.minimum(*counts) * shown
    weight[list(SHY)] = 0
    known = weight >= FEW
    if not bool(known.any()):
        return torch.ones(3, device=weight.device)
    one, two = (linear(colour[known]).clamp(min=1e-3) for colour in colours)
    ratio, weight = (one / two).log(), weight[known]
    near = weight[:, None] * ((ratio - _weighted_median(ratio, weight)).abs() < ALIKE)
    return ((near * ratio).sum(0) / near.sum(0)).exp().clamp(*EXPOSURE)


def _colours(volume: BodyVolume) -> tuple[torch.Tensor, torch.Tensor]:
    """(P, 3) the colour of each part as the camera saw it, the mean of its middle half per channel; (P,) in how many
    cells of the mesh it was seen."""
    colour, count = volume.photo.new_zeros(len(PARTS), 3), volume.photo.new_zeros(len(PARTS))
    small = volume.layout.to_grid(volume.photo)
    for layer in volume.layers:
        if layer.fine != 1:  # the head: SHY
            continue
        part = torch.where((layer.shown() > 0.9) & layer.inside, layer.weights.argmax(0), -1)
        here = volume.layout.cut(small, layer.layout)
        for p in of_layer(layer.name):
            if total := int((part == p).sum()):
                ordered = here[:, part == p].sort(1).values
                colour[p], count[p] = ordered[:, total // 4 : total - total // 4].mean(1), total
    return colour, count


def _weighted_median(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """(C,) the values of (n, C) at half of the weight (n,)."""
    ordered, order = values.sort(0)
    upto = weight[order].cumsum(0)
    return ordered.gather(0, (upto < upto[-1:] / 2).sum(0, keepdim=True))[0]


def _exposed(view: View, gain: torch.Tensor) -> View:
    return replace(view, colour=encoded(linear(view.colour) * gain[:, None]).clamp(0, 1))


def _quality(view: View) -> torch.Tensor:
    """(n,) in [0, 1]: how much of the surface was seen, times the cosine under which its photo saw it.

    A surface whose image grew by `stretch` and that is seen under a cosine c now was photographed under c / stretch;
    a photo in which the person is smaller counts less by as much as it has fewer pixels.
    """
    return view.seen * (view.normal[:, 2].abs() / view.stretch.clamp(min=1e-3)).clamp(max=1)


def _by_part(view: View, values: torch.Tensor) -> torch.Tensor:
    """(P,) sums over each part's pixels; head and neck have one sum, for a face goes on into the neck."""
    sums = torch.zeros(len(PARTS), device=values.device).index_add(0, view.part, values)
    sums[list(SHY)] = sums[list(SHY)].sum()
    return sums


def _merged(one: View, two: View, size: tuple[int, int], stature: float) -> View:
    """One layer of both photos; `photo` tells which a pixel is from."""
    if not len(two.index) or not len(one.index):
        return one
    index = torch.cat((one.index, two.index)).unique()
    both = (one, two)
    at = [torch.searchsorted(index, view.index) for view in both]
    quality = [_quality(one), FIRST * _quality(two)]
    total = [_by_part(view, q) for view, q in zip(both, quality, strict=True)]
    area = [_by_part(view, torch.ones_like(view.seen)) for view in both]
    lead = total[1] / (total[0] + total[1] + POOR * area[0]).clamp(min=1e-6)
    mine = _spread(quality[0] * (1 - lead[one.part]) ** 2, at[0], len(index))
    other = _spread(quality[1] * lead[two.part] ** 2, at[1], len(index))
    share = _in_pieces((other - mine) / (other + mine + 1e-3), index, size, stature)
    shown = [_spread(view.seen, where, len(index)) + ALONE for view, where in zip(both, at, strict=True)]
    share = share * shown[1] / (share * shown[1] + (1 - share) * shown[0])
    return _mixed(*_one_outline(one, two, lead, area), at, index, share)


def _one_outline(one: View, two: View, lead: torch.Tensor, area: list[torch.Tensor]) -> tuple[View, View]:
    """Both layers without what lies beyond the outline of the photo that shows a part better, or there would be two
    outlines. What a photo really shows gives way only to one that shows all of the part, and well.

    lead (P,) in [0, 1] how much of a part is shown by the second photo, area (P,) of each in pixels.
    """
    both, leads = (one, two), (lead <= 0.5, lead > 0.5)
    kept = []
    for k, (view, other) in enumerate(((one, two), (two, one))):
        beyond = ~_among(view.index, other.index)
        room = area[1 - k].clamp(min=1)
        first = leads[1 - k] & (area[1 - k] > WHOLE * area[k])
        sure = (_by_part(other, other.seen) > SURE[0] * room) & (
            _by_part(other, _quality(other)) > SURE[1] * room
        )
        kept.append(~(beyond & first[view.part] & ((view.seen < 0.5) | sure[view.part])))
    return tuple(replace(view, alpha=view.alpha * keep) for view, keep in zip(both, kept, strict=True))


def _among(index: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """(n,) bool, which of the sorted `index` are in the sorted `other`."""
    at = torch.searchsorted(other, index).clamp(max=len(other) - 1)
    return other[at] == index


def _spread(values: torch.Tensor, at: torch.Tensor, count: int) -> torch.Tensor:
    """(count, ...) the values at their places, 0 elsewhere."""
    out = torch.zeros(count, *values.shape[1:], dtype=values.dtype, device=values.device)
    out[at] = values
    return out


def _in_pieces(
    better: torch.Tensor, index: torch.Tensor, size: tuple[int, int], stature: float
) -> torch.Tensor:
    """(n,) in [0, 1] the second photo's share: it takes whole pieces, with soft borders. better (n,) by how much it is
    the better one at the pixels `index`."""
    row, column = index // size[1], index % size[1]
    row, column = row - row.min(), column - column.min()
    grid = torch.zeros(1, int(row.max()) + 1, int(column.max()) + 1, device=better.device)
    grid[0, row, column] = better
    smooth = box_blur(box_blur(grid, reach := max(1, round(PIECE * stature / 2))), reach)
    taken = (smooth > 0).float()
    soft = max(1, round(SEAM * stature / 2))
    return box_blur(box_blur(taken, soft), soft)[0, row, column].clamp(0, 1)


def _mixed(one: View, two: View, at: list[torch.Tensor], index: torch.Tensor, share: torch.Tensor) -> View:
    """Colour and what was seen are blended, the rest is that of the photo with the larger share."""
    count = len(index)

    def pair(name: str) -> list[torch.Tensor]:
        return [
            _spread(getattr(view, name), where, count) for view, where in zip((one, two), at, strict=True)
        ]

    alphas, there = pair("alpha"), [_spread(torch.ones_like(where), where, count) > 0 for where in at]
    weights = [(1 - share) * alphas[0], share * alphas[1]]
    alpha = weights[0] + weights[1]
    second = there[1] & ((share > 0.5) | ~there[0])
    part = weights[1] / alpha.clamp(min=1e-6)
    seen, bare = (torch.lerp(*pair(name), part) for name in ("seen", "bare"))
    colours = [_spread(view.colour.T, where, count).T for view, where in zip((one, two), at, strict=True)]
    ahead = [torch.as_tensor(view.ahead).to(view.depth).expand(len(view.index)) for view in (one, two)]
    chosen = {
        name: pair(name)
        for name in (
            "source",
            "depth",
            "parted",
            "part",
            "stretch",
            "normal",
            "source_normal",
            "source_depth",
        )
    }
    chosen["ahead"] = [_spread(values, where, count) for values, where in zip(ahead, at, strict=True)]
    values = {
        name: torch.where(second[:, None] if mine.ndim > 1 else second, other, mine)
        for name, (mine, other) in chosen.items()
    }
    values |= {"index": index, "alpha": alpha, "colour": torch.lerp(*colours, part), "photo": second.long()}
    return replace(one, seen=seen, bare=bare, **values)
