"""Layers laid over each other by depth with their soft mattes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import torch
import torch.nn.functional as F

from .field import dilate
from .view import View
from .warped import Correspondence, Warped

MEETS, NEAR = 0.008, 0.02
"""Fractions of stature: depth by which a layer must lie before another to hide it wholly where both show about the same
place of the photo, no further apart than that. By eye."""
ROUND, STEEP = 2, 2.0
"""Pixels round a line at which two layers change their order whose shares are evened, and how steeply they change
over then: over about two pixels, as an outline does. By eye."""


@dataclass(frozen=True, eq=False)
class Slots:
    """Which of the entries of K views lie where.

    pixels  (n,) int64 the pixels, by their number in the flattened picture, that some view covers; rising
    number  (H W,) int32 a pixel's place in `pixels`, -1 where no view is
    item    (K, n) int64 which of a view's entries lies there, -1 for none
    """

    pixels: torch.Tensor
    number: torch.Tensor
    item: torch.Tensor

    @classmethod
    def of(cls, views: list[View], size: tuple[int, int]) -> Slots:
        """Of views in a picture of `size` (height, width)."""
        device = views[0].index.device
        covered = torch.zeros(size[0] * size[1], dtype=torch.bool, device=device)
        for view in views:
            covered[view.index] = True
        pixels = torch.nonzero(covered).squeeze(1)
        number = torch.full(covered.shape, -1, dtype=torch.int32, device=device)
        number[pixels] = torch.arange(len(pixels), dtype=torch.int32, device=device)
        item = torch.full((len(views), len(pixels)), -1, dtype=torch.int64, device=device)
        for k, view in enumerate(views):
            item[k, number[view.index].long()] = torch.arange(len(view.index), device=device)
        return cls(pixels, number, item)

    def at(self, k: int, index: torch.Tensor) -> torch.Tensor:
        """(m,) the entries of view k at the pixels `index` (m,), -1 for none."""
        number = self.number[index].long()
        return torch.where(number < 0, -1, self.item[k, number])


def composited(views: list[View], slots: Slots, size: tuple[int, int], stature: float) -> Warped:
    """Layers, which need not be of one volume, laid over each other front to back in a picture of `size`."""
    device, count = views[0].depth.device, len(slots.pixels)
    far = torch.full((len(views), count), float("inf"), device=device)
    for k, view in enumerate(views):
        there = slots.number[view.index].long()
        far[k, there] = view.standing(stature)
    order = far.argsort(dim=0, stable=True)
    first = torch.tensor([0, *accumulate(len(view.index) for view in views)][:-1], device=device)
    entry = torch.where(slots.item < 0, -1, slots.item + first[:, None]).gather(0, order)
    alphas = _joined(views, "alpha")
    shares, lead = _shares(entry, far.gather(0, order), alphas, _joined(views, "source"), stature)
    shares = shares.gather(0, order.argsort(dim=0))  # by view again
    alpha = shares.sum(0)
    shares = _evened(shares, slots, alphas, first, size)
    colour, seen = torch.zeros(3, count, device=device), torch.zeros(count, device=device)
    faced = {name: torch.zeros(count, 3, device=device) for name in ("normal", "source_normal")}
    for k, view in enumerate(views):
        where = torch.nonzero(shares[k] > 0).squeeze(1)
        item, share = slots.item[k, where], shares[k, where]
        colour[:, where] += share * view.colour[:, item]
        seen[where] += share * view.seen[item]
        for name, total in faced.items():
            total[where] += share[:, None] * getattr(view, name)[item]
    return _spread_out(views, slots.pixels, size, (colour, alpha, seen, lead), faced)


def _shares(
    entry: torch.Tensor, depth: torch.Tensor, alphas: torch.Tensor, source: torch.Tensor, stature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(K, n) how much of each pixel what lies nearest there makes up, then what lies behind that, and so on; and (n,)
    the entry that makes up most, -1 for none.

    entry (K, n) of all views at each pixel from the nearest to the farthest, -1 for none, depth (K, n) how far they
    are. Where the first two are the same piece of cloth or skin, torn apart by no more than joints are, and about
    equally far, both show: one would end at the line where their surfaces cross, which lies anywhere.
    """
    count = entry.shape[1]
    alpha = torch.where(entry >= 0, alphas[entry.clamp(min=0)], 0)
    shown, room = torch.zeros_like(alpha), torch.ones(count, device=alpha.device)
    for k in range(len(entry)):
        shown[k] = room * alpha[k]
        room = room - shown[k]
    if len(entry) > 1:
        both = torch.nonzero(entry[1] >= 0).squeeze(1)
        one, two = entry[0, both], entry[1, both]
        gap = (depth[1, both] - depth[0, both]) / (MEETS * stature)
        apart = (source[one] - source[two]).norm(dim=1) / (NEAR * stature)
        behind = (1 - gap).clamp(0, 1) / 2 * (2 - 2 * apart).clamp(0, 1)
        given = shown[0, both] * behind * alpha[1, both]
        shown[0, both] -= given
        shown[1, both] += given
    most, k = shown.max(0)
    lead = torch.where(most > 0, entry.gather(0, k[None])[0], -1)
    return shown, lead


def _evened(
    shares: torch.Tensor, slots: Slots, alphas: torch.Tensor, first: torch.Tensor, size: tuple[int, int]
) -> torch.Tensor:
    """(K, n) the shares of the views, where two that are both solid change their order from a pixel to the next evened:
    their depths tell for whole pixels only, and the line would have steps."""
    there = slots.item >= 0
    solid = there & (alphas[(slots.item + first[:, None]).clamp(min=0)] > 0.5)
    front = torch.where(shares > 0.5, torch.arange(len(shares), device=shares.device)[:, None], -1).amax(0)
    y, x = slots.pixels // size[1], slots.pixels % size[1]
    hard = torch.zeros(size[0] * size[1], dtype=torch.bool, device=shares.device)
    for dy, dx in ((0, 1), (1, 0)):
        here = torch.nonzero((x + dx < size[1]) & (y + dy < size[0])).squeeze(1)
        beside = slots.number[slots.pixels[here] + dy * size[1] + dx].long()
        here, beside = here[beside >= 0], beside[beside >= 0]
        one, two = front[here], front[beside]
        turns = (one != two) & (one >= 0) & (two >= 0)
        here, beside, one, two = (values[turns] for values in (here, beside, one, two))
        turns = solid[two, here] & solid[one, beside]
        hard[slots.pixels[here[turns]]] = hard[slots.pixels[beside[turns]]] = True
    near = dilate(hard.reshape(size).float(), ROUND).flatten()[slots.pixels] > 0
    near = torch.nonzero(near).squeeze(1)
    if not len(near):
        return shares
    total, weight = torch.zeros(len(shares), len(near), device=shares.device), 1e-6
    for dy in range(-ROUND, ROUND + 1):
        for dx in range(-ROUND, ROUND + 1):
            v, u = y[near] + dy, x[near] + dx
            within = (v >= 0) & (v < size[0]) & (u >= 0) & (u < size[1])
            beside = torch.where(
                within, slots.number[(v * size[1] + u).clamp(0, len(slots.number) - 1)].long(), -1
            )
            one = (ROUND + 1 - abs(dy)) * (ROUND + 1 - abs(dx)) * (beside >= 0)
            total += one * shares[:, beside.clamp(min=0)]
            weight = weight + one
    evened = ((total / weight - 0.5) * STEEP + 0.5).clamp(0, 1) * there[:, near]
    whole = evened.sum(0)
    old = shares[:, near]
    evened = torch.where(whole > 0.5, evened * old.sum(0) / whole.clamp(min=0.5), old)
    out = shares.clone()
    out[:, near] = evened
    return out


def _joined(views: list[View], name: str) -> torch.Tensor:
    """One field of all views, one after the other."""
    return torch.cat([getattr(view, name) for view in views], -1 if name == "colour" else 0)


def _spread_out(views: list[View], pixels: torch.Tensor, size: tuple[int, int], laid, faced) -> Warped:
    """What was laid together at the pixels (n,), in a picture of `size`: colour (3, n) times alpha, alpha and what of
    it was seen (n,), and `lead` (n,) the entry of all views that shows most, -1 for none; faced, by name, sums of the
    normals (n, 3)."""
    colour, alpha, seen, lead = laid
    safe, some = alpha.clamp(min=1e-4), lead >= 0

    def spread(values: torch.Tensor, empty: float = 0) -> torch.Tensor:
        flat = torch.full(
            (size[0] * size[1], *values.shape[1:]), empty, dtype=values.dtype, device=values.device
        )
        flat[pixels] = values
        return flat.reshape(*size, *values.shape[1:])

    def field(name: str, empty: float = 0) -> torch.Tensor:
        values = _joined(views, name)[lead[some]]
        out = torch.full((len(pixels), *values.shape[1:]), empty, dtype=values.dtype, device=values.device)
        out[some] = values
        return spread(out, empty)

    found = Correspondence(
        source=field("source", float("nan")),
        visible=spread(seen / safe),
        stretch=field("stretch"),
        part=field("part", -1),
        depth=field("depth", float("nan")),
        **{name: spread(F.normalize(total, dim=1)) for name, total in faced.items()},
        photo=field("photo"),
        source_depth=field("source_depth", float("nan")),
    )
    return Warped(
        spread((colour / safe).T).permute(2, 0, 1)[None].clamp(0, 1),
        spread(alpha)[None, None],
        spread(alpha - seen)[None, None].clamp(0, 1),
        found,
        torch.zeros(1, 1, *size, device=alpha.device),
    )
