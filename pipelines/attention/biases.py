"""Biases of attention logits as inner products: fused kernels stay in use, no map of tokens by tokens is ever made.

logits = q . k / sqrt(d) + a . b, where a (N, E) is known of every query token and b (M, E) of every key token: a and b
are appended to q and k, a in two pieces, so that 16 bits are enough. (Kernels that quantise q and k to 8 bits are not
for this: heads use torch's own.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

NEVER = 2.0**10
"""How much less likely, in nats, a key is that must not be taken: its exponential is 0 in 32 bits whatever q and k say.
Where places count too, `beyond` says how much. No more than is needed: kernels sum logits in 32 bits."""
BITS = 5
"""Of a region's code: 32 regions."""
WIDTHS = (32, 64, 96, 128, 192, 256)
"""Head widths that every fused kernel takes; appended ones are filled up to the next."""


@dataclass(frozen=True, eq=False)
class Bias:
    """Of the n queries that take anything, and of the m keys that anybody may look at: rows (n,) and columns (m,) their
    numbers among all N and M tokens; query (n, E) and key (m, E), whose inner product is added to the logits; gate (n,)
    in (0, 2]: how far, in a head's strengths, the query's token takes what it finds."""

    rows: Tensor
    columns: Tensor
    query: Tensor
    key: Tensor
    gate: Tensor

    @classmethod
    def of(cls, pair: tuple[Tensor, Tensor], gate: Tensor, usable: Tensor) -> Bias:
        """Of all tokens: a pair (N, E) and (M, E), gate (N,), usable (M,) bool. Where no key is, no gate is open."""
        rows, columns = (gate > 0).nonzero()[:, 0], usable.nonzero()[:, 0]
        if not len(columns):
            rows = rows[:0]
        return cls(rows, columns, pair[0][rows], pair[1][columns], gate[rows])

    def to(self, device: torch.device | str) -> Bias:
        return Bias(
            *(value.to(device) for value in (self.rows, self.columns, self.query, self.key, self.gate))
        )

    def logits(self) -> Tensor:
        """(n, m), for tests and for looking."""
        return self.query.double() @ self.key.double().T


def joined(*pairs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """The sum of several biases, each (N, E_i) and (M, E_i)."""
    return tuple(torch.cat(side, 1) for side in zip(*pairs, strict=True))


def gaussian(place: Tensor, keys: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """-|k - p|^2 / (2 s^2) up to a number of each query's own: place (N, 2) and keys (M, 2) in tokens, width (N,) in
    tokens, infinite for a query without a place. Keys lie on whole tokens, which 16 bits hold; their squares come in
    two pieces."""
    inverse = width.reciprocal().square()[:, None]
    centre = keys.mean(0).round()
    place, keys = place - centre, keys - centre
    squares = split(-0.5 * keys.square().sum(1, keepdim=True), torch.bfloat16)
    return torch.cat((place * inverse, inverse, inverse), 1), torch.cat((keys, *squares), 1)


def split(values: Tensor, kind: torch.dtype) -> tuple[Tensor, Tensor]:
    """Two numbers that `kind` holds, and whose sum is the value to twice as many bits."""
    high = values.to(kind).to(values.dtype)
    return high, (values - high).to(kind).to(values.dtype)


def beyond(place: Tensor, keys: Tensor, width: Tensor) -> float:
    """A power of four over what any distance counts in `gaussian`, and NEVER more."""
    both = torch.cat((place, keys))
    furthest = (both.amax(0) - both.amin(0)).square().sum() / (2 * width.amin().square())
    return 4.0 ** math.ceil(math.log(NEVER + float(furthest), 4))


def same(query: Tensor, key: Tensor, never: float = NEVER) -> tuple[Tensor, Tensor]:
    """0 for equal numbers and at most -never for others, up to a constant: (N,) and (M,) int64 below 2 ** BITS."""
    a, b = (
        ((values[:, None] >> torch.arange(BITS, device=values.device)) & 1) * 2.0 - 1
        for values in (query, key)
    )
    return a * never**0.5, b * (never**0.5 / 2)


def looked_up(table: Tensor, query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
    """table[query, key]: table (P, P), query (N,) and key (M,) int64 in [0, P)."""
    return F.one_hot(query, len(table)).to(table.dtype), table[:, key].T.contiguous()


def aligned(query: Tensor, key: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """-|n - m|^2 / (2 width^2) of unit vectors (N, 3), (M, 3), up to a constant; a key of length 0 is never taken."""
    unknown = (key.norm(dim=1, keepdim=True) < 0.5).to(key.dtype)
    ones = query.new_ones(len(query), 1)
    return torch.cat((query / width**2, ones), 1), torch.cat((key, -NEVER * unknown), 1)


def appended(q: Tensor, k: Tensor, v: Tensor, bias: Bias) -> tuple[Tensor, Tensor, Tensor]:
    """q (B, H, N, d), k, v (B, H, M, d) of all tokens -> those of the bias's rows and columns with it appended, of a
    width that kernels take: an attention that divides by the square root of the width gives softmax(q k / sqrt(d) +
    bias) v in its first d columns."""
    q, k, v = q[:, :, bias.rows], k[:, :, bias.columns], v[:, :, bias.columns]
    own, extra = q.shape[-1], 2 * bias.query.shape[1]
    width = next((w for w in WIDTHS if w >= own + extra), own + extra)
    rise = width**0.5
    pieces = torch.cat(split(bias.query * rise, q.dtype), 1)
    queries = pieces.to(q.dtype).expand(*q.shape[:2], -1, -1)
    keys = torch.cat((bias.key, bias.key), 1).to(k.dtype).expand(*k.shape[:2], -1, -1)
    q = torch.cat((q * (rise / own**0.5), queries), -1)
    k = torch.cat((k, keys), -1)
    return F.pad(q, (0, width - q.shape[-1])), F.pad(k, (0, width - k.shape[-1])), F.pad(v, (0, width - own))
