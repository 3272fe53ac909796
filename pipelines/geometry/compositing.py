"""Layers laid over each other by depth with their soft mattes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import torch

from .view import UNSEEN_BEHIND, View
from .warped import Correspondence, Warped


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
    behind = UNSEEN_BEHIND * stature
    far = torch.full((len(views), count), float("inf"), device=device)
    for k, view in enumerate(views):
        there = slots.number[view.index].long()
        far[k, there] = view.depth + (1 - view.bare) * behind - view.ahead
    order = far.argsort(dim=0, stable=True)
    first = torch.tensor([0, *accumulate(len(view.index) for view in views)][:-1], device=device)
    entry = torch.where(slots.item < 0, -1, slots.item + first[:, None]).gather(0, order)
    colours, alphas, seens = (_joined(views, name) for name in ("colour", "alpha", "seen"))
    room, best = torch.ones(count, device=device), torch.zeros(count, device=device)
    lead = torch.full((count,), -1, dtype=torch.int64, device=device)
    colour, seen = torch.zeros(3, count, device=device), torch.zeros(count, device=device)
    where = torch.arange(count, device=device)
    for nearest in entry:
        where = where[nearest[where] >= 0]
        item = nearest[where]
        share = room[where] * alphas[item]
        colour[:, where] += share * colours[:, item]
        seen[where] += share * seens[item]
        room[where] -= share
        leads = where[share > best[where]]
        lead[leads] = nearest[leads]
        best[where] = best[where].maximum(share)
    return _spread_out(views, slots.pixels, size, (colour, 1 - room, seen, lead))


def _joined(views: list[View], name: str) -> torch.Tensor:
    """One field of all views, one after the other."""
    return torch.cat([getattr(view, name) for view in views], -1 if name == "colour" else 0)


def _spread_out(views: list[View], pixels: torch.Tensor, size: tuple[int, int], laid) -> Warped:
    """What was laid together at the pixels (n,), in a picture of `size`: colour (3, n) times alpha, alpha and what of
    it was seen (n,), and `lead` (n,) the entry of all views that shows most, -1 for none."""
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
        normal=field("normal"),
        source_normal=field("source_normal"),
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
