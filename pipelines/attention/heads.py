"""The three heads: attention over the photo's keys and values, each with its own bias, mixed into a block's own output.

textile  where the photo shows the garment's point: the keys round it; else the same garment anywhere
anatomy  the same part of the body, or one near it along the skeleton; never the other side of a pair
light    the same garment or skin facing the same way: the same normal under the same light is lit the same (Sloan et
         al., "The Lit Sphere", 2001)

`own + g (reference - own)`: strengths are shares of the whole; at 0 a head is not computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..geometry.garments import CLOTHES, NUMBER, SKIN
from ..geometry.parts import INDEX as PART
from ..geometry.parts import JOINS, LAYER_OF, LAYERS, PARTS
from .biases import NEVER, Bias, aligned, appended, beyond, gaussian, joined, looked_up, same
from .tokens import NOBODY, Tokens

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(B, H, N, D), (B, H, M, D) twice -> (B, H, N, D), scaled by the square root of D."""
HEADS = ("textile", "anatomy", "light")
_WORN = tuple(NUMBER[name] for name in (*CLOTHES, "hair", "bag", "accessory", "other"))
_BARE = tuple(NUMBER[name] for name in (*SKIN, "hair"))


@dataclass(frozen=True)
class HeadOptions:
    """textile, anatomy, light  strengths in [0, 1]; where they sum to more than 1 they share it
    sharp     tokens: the width within which a garment's own point is looked for
    apart     nats per step along the skeleton that a key of another part is less likely
    turned    the width of a normal's Gaussian, as a chord of the unit sphere: 0.35 is 20 degrees
    face      how much of anatomy's strength the face gets: 0 none, 1 as much as other skin, at most 2
    dropped   share of the photo's tokens that no head sees, chosen by `seed`: fewer, and less of its pose comes along
    """

    textile: float = 0.6
    anatomy: float = 0.5
    light: float = 0.2
    sharp: float = 0.8
    apart: float = 3.0
    turned: float = 0.35
    face: float = 1.0
    dropped: float = 0.0
    seed: int = 0

    def __post_init__(self):
        for name in HEADS:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected a strength from 0 to 1")
        for name, most in (("face", 2), ("dropped", 0.9)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}, expected 0 to {most}")
        for name in ("sharp", "turned"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}, expected a width over 0")

    @property
    def strengths(self) -> dict[str, float]:
        """The heads that do anything, scaled to sum to at most 1."""
        given = {name: getattr(self, name) for name in HEADS}
        total = max(1.0, sum(given.values()))
        return {name: value / total for name, value in given.items() if value > 0}


def biases(target: Tokens, source: Tokens, options: HeadOptions) -> dict[str, Bias]:
    """Of every head with a strength over 0, once for a resolution."""
    make = {"textile": textile, "anatomy": anatomy, "light": light}
    if options.dropped:
        generator = torch.Generator().manual_seed(options.seed)
        source = source.seen_at(torch.rand(len(source), generator=generator) >= options.dropped)
    return {name: make[name](target, source, options) for name in options.strengths}


def textile(target: Tokens, source: Tokens, options: HeadOptions) -> Bias:
    """The garment's own point where the photo shows it; another garment never."""
    width = torch.where(target.seen > 0.5, options.sharp, torch.inf)
    places = target.place, source.place, width
    pair = joined(gaussian(*places), same(target.region, source.region, beyond(*places)))
    there = torch.isin(target.region, source.region.unique())
    gate = there & torch.isin(target.region, _numbers(_WORN, target))
    return Bias.of(pair, gate.float(), torch.isin(source.region, _numbers(_WORN, source)))


def anatomy(target: Tokens, source: Tokens, options: HeadOptions) -> Bias:
    """The same part; its neighbours along the skeleton less and less; the other side and what has no part never."""
    table = parts_apart() * -options.apart
    table = torch.where(torch.isinf(table), -NEVER, table).to(target.place)
    last = len(PARTS)
    query, key = (torch.where(one.part == NOBODY, last, one.part) for one in (target, source))
    face = NUMBER["face"]
    faces = same((target.region == face).long(), (source.region == face).long())
    reach = (table[:, key.unique()] > -NEVER / 2).any(1)
    face_there = bool((source.region == face).any())
    gate = reach[query] & (target.part != NOBODY) & torch.isin(target.region, _numbers(_BARE, target))
    if not face_there:
        gate = gate & (target.region != face)
    gate = gate * torch.where(target.region == face, options.face, 1.0)
    return Bias.of(joined(looked_up(table, query, key), faces), gate, source.part != NOBODY)


def light(target: Tokens, source: Tokens, options: HeadOptions) -> Bias:
    """The same region, where it faces the same way."""
    known = source.normal.norm(dim=1) > 0.5
    there = torch.isin(target.region, source.region[known].unique()) & (target.region > 0)
    pair = joined(aligned(target.normal, source.normal, options.turned), same(target.region, source.region))
    return Bias.of(pair, (there & (target.normal.norm(dim=1) > 0.5)).float(), known & (source.region > 0))


def mixed(
    q: Tensor,
    own: Tensor,
    k: Tensor,
    v: Tensor,
    known: Mapping[str, Bias],
    strengths: Mapping[str, float],
    attention: Attention = F.scaled_dot_product_attention,
) -> Tensor:
    """(B, H, N, d): own with what the heads find in the photo's keys and values k, v (B, H, M, d). Where no gate is
    open, own's very numbers."""
    out = own
    for name, strength in strengths.items():
        bias = known[name]
        if len(bias.rows):
            found = attention(*appended(q, k, v, bias))[..., : own.shape[-1]]
            gate = (strength * bias.gate).clamp(max=1).to(own.dtype)[:, None]
            out = out.index_add(2, bias.rows, gate * (found - own[:, :, bias.rows]))
    return out


def _numbers(numbers: tuple[int, ...], like: Tokens) -> Tensor:
    return torch.tensor(numbers, device=like.region.device)


@cache
def parts_apart() -> Tensor:
    """(P + 1, P + 1) steps along the body between parts, infinite between the sides of a pair; the last row and column
    are of what has no part: infinite to everything."""
    count = len(PARTS)
    steps = torch.full((count, count), torch.inf)
    steps.fill_diagonal_(0)
    chains = [[i for i in range(count) if LAYER_OF[i] == layer] for layer in range(len(LAYERS))]
    joints = [pair for chain in chains for pair in zip(chain, chain[1:], strict=False)]
    joints += [(PART[trunk], PART[limb]) for _, trunk, limb in JOINS.values()]
    for a, b in joints:
        steps[a, b] = steps[b, a] = 1
    for k in range(count):  # Floyd and Warshall
        steps = torch.minimum(steps, steps[:, k, None] + steps[None, k])
    for i, one in enumerate(PARTS):
        for j, other in enumerate(PARTS):
            if {one.name.split("_")[0], other.name.split("_")[0]} == {"left", "right"}:
                steps[i, j] = torch.inf
    whole = torch.full((count + 1, count + 1), torch.inf)
    whole[:count, :count] = steps
    return whole
