"""A masked autoencoder of dressed people: it sees the known patches of a crop and says what the hidden ones show.

He, Chen, Xie, Li, Dollar and Girshick, "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022: only visible
patches are encoded, and a light decoder answers for the hidden ones. Here every patch also knows what lies there
(region, fabric, normals: they are known of hidden places too), the decoder starts from a smooth continuation, and the
mirrored person at a quarter of the size is read along, so that the left sleeve knows the right one.

Weights: `autoencoder.safetensors`, trained by training/autoencoder; the card is autoencoder.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..geometry.garments import FABRICS, REGIONS
from .loading import loaded

WEIGHTS = Path(__file__).with_suffix(".safetensors")
PATCH = 8
"""Pixels to a patch's side."""
STATURE = 232.0
"""Pixels: the stature of the people that it was trained on, in pictures of 256 (training/people)."""
WIDTH, HEADS, ENCODER, DECODER = 144, 4, 5, 2
"""Numbers per patch, attention heads, blocks of the encoder and of the decoder."""
OCTAVES = 7
"""Of a place's code: from a whole stature to 1/64 of it, half a patch."""
MATERIALS = len(FABRICS) + 1
"""Fabrics by their number, and one for what is not known and for skin and hair."""
ANSWERS = 3 + 2 + 1
"""Per pixel: change of the colour, size of the texture's slope along x and y, and whether a line is there."""


@dataclass(frozen=True, eq=False)
class Crops:
    """B crops of h x w pixels, multiples of PATCH, of people of about STATURE pixels.

    colour    (B, 3, h, w) sRGB, of any value where it is not known
    known     (B, 1, h, w) 1 where the person was seen, 0 elsewhere
    wanted    (B, 1, h, w) 1 where the person is and was not seen
    base      (B, 3, h, w) sRGB everywhere on the person: the colour, or a smooth continuation of it
    region    (B, h, w) int64, of REGIONS
    material  (B, h, w) int64, of FABRICS, the number behind them where none is known
    normal    (B, 3, h, w) camera frame, 0 where unknown
    place     (B, 2, h, w) x, y in statures from the person's middle and crown
    """

    colour: Tensor
    known: Tensor
    wanted: Tensor
    base: Tensor
    region: Tensor
    material: Tensor
    normal: Tensor
    place: Tensor

    def at(self, rows: slice | Tensor) -> Crops:
        """Some of the crops."""
        return Crops(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def to(self, device: torch.device) -> Crops:
        """The same elsewhere."""
        return Crops(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Guess:
    """What the hidden pixels show: colour (B, 3, h, w) sRGB, the base's where nothing was wanted; slope (B, 2, h, w)
    the size of the change along x and y from pixel to pixel; line (B, 1, h, w) log odds of a seam, hem or edge."""

    colour: Tensor
    slope: Tensor
    line: Tensor


class MaskedAutoencoder(nn.Module):
    """Crops of hidden things, and the mirrored person that goes with each -> Guess."""

    def __init__(self) -> None:
        super().__init__()
        square = PATCH * PATCH
        self.codes = nn.Linear(len(REGIONS) + MATERIALS + 3 * 16, WIDTH)
        self.places = nn.Linear(4 * OCTAVES, WIDTH)
        self.seen = nn.Linear(4 * square, WIDTH)
        self.asked = nn.Linear(4 * square, WIDTH)
        self.mirrored = nn.Parameter(torch.zeros(WIDTH))
        self.encoder = nn.ModuleList(_Block() for _ in range(ENCODER))
        self.between = nn.LayerNorm(WIDTH)
        self.decoder = nn.ModuleList(_Block(across=True) for _ in range(DECODER))
        self.last = nn.LayerNorm(WIDTH)
        self.answer = nn.Linear(WIDTH, ANSWERS * square)
        nn.init.normal_(self.mirrored, std=0.02)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, crops: Crops, mirror: Crops) -> Guess:
        """mirror: of each crop's person the whole, mirrored and smaller, with its places as they are in the crop."""
        shown, there = self._seen(crops)
        other, also = self._seen(mirror)
        shown = torch.cat((shown, other + self.mirrored), 1)
        shown, gone = _gathered(shown, torch.cat((there, also), 1))
        for block in self.encoder:
            shown = block(shown, gone)
        shown = self.between(shown)
        wanted = _patches(crops.wanted).amax(-1) > 0
        base = _patches(torch.cat((crops.base - 0.5, crops.known), 1))
        asked = self._described(crops) + self.asked(base)
        open_, empty = _gathered(asked, wanted)
        for block in self.decoder:
            open_ = block(open_, empty, shown, gone)
        found = self.answer(self.last(open_)).float()  # where the blocks ran in another type
        flat = found.new_zeros(*asked.shape[:2], found.shape[-1])
        flat[wanted] = found[~empty]
        values = _picture(flat, crops.colour.shape[-2:])
        change = torch.where(crops.wanted > 0, values[:, :3], 0)
        return Guess(crops.base + change, values[:, 3:5].abs(), values[:, 5:])

    def _described(self, crops: Crops) -> Tensor:
        """(B, n, WIDTH) what is known of each patch without seeing it."""
        share = torch.cat((_shares(crops.region, len(REGIONS)), _shares(crops.material, MATERIALS)), -1)
        normal = _patches(F.avg_pool2d(crops.normal, PATCH // 4), 4)
        place = F.avg_pool2d(crops.place, PATCH).flatten(2).mT
        turns = 2 * torch.pi * place[..., None] * 2.0 ** torch.arange(OCTAVES, device=place.device)
        code = torch.cat((turns.sin(), turns.cos()), -1).flatten(2)
        return self.codes(torch.cat((share, normal), -1)) + self.places(code)

    def _seen(self, crops: Crops) -> tuple[Tensor, Tensor]:
        """(B, n, WIDTH) the patches with what is seen of them, and (B, n) bool: of which something is."""
        known = crops.known
        pixels = _patches(torch.cat(((crops.colour - 0.5) * known, known), 1))
        return self._described(crops) + self.seen(pixels), _patches(known).amax(-1) > 0


class _Block(nn.Module):
    """Attention among patches, in the decoder also to the encoder's, and a layer of two."""

    def __init__(self, across: bool = False) -> None:
        super().__init__()
        self.norm, self.within = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.across = across
        if across:
            self.norm_across, self.ask = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH)
            self.keys, self.out_across = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm_two = nn.LayerNorm(WIDTH)
        self.two = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x: Tensor, empty: Tensor, shown: Tensor | None = None, gone: Tensor | None = None):
        q, k, v = self.within(self.norm(x)).chunk(3, -1)
        x = x + self.out(_attention(q, k, v, empty))
        if self.across:
            k, v = self.keys(shown).chunk(2, -1)
            x = x + self.out_across(_attention(self.ask(self.norm_across(x)), k, v, gone))
        return x + self.two(self.norm_two(x))


def _attention(q: Tensor, k: Tensor, v: Tensor, empty: Tensor) -> Tensor:
    """(B, n, WIDTH) of the keys that are there; empty (B, m) bool."""
    q, k, v = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in (q, k, v))
    # A crop of which nothing is known still needs a key.
    gone = (empty & ~empty.all(1, keepdim=True))[:, None, None]
    # Written out: torch's fused kernel takes three times as long to learn through on a CPU.
    logits = (q / q.shape[-1] ** 0.5) @ k.mT
    weight = logits.masked_fill(gone, -torch.inf).softmax(-1).to(v)
    return (weight @ v).transpose(1, 2).flatten(2)


def _gathered(tokens: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """(B, m, C) the chosen of (B, n, C), by `chosen` (B, n) bool, in their order; and (B, m) bool, what is padding."""
    count = chosen.sum(1)
    most = max(1, int(count.max()))
    order = chosen.int().argsort(dim=1, descending=True, stable=True)[:, :most]
    taken = tokens.gather(1, order[..., None].expand(-1, -1, tokens.shape[-1]))
    return taken, torch.arange(most, device=tokens.device) >= count[:, None]


def _shares(codes: Tensor, count: int) -> Tensor:
    """(B, h, w) int64 codes -> (B, n, count) the share of each in every patch."""
    flat = F.pixel_unshuffle(codes[:, None].float(), PATCH).flatten(2).mT.long()
    out = torch.zeros(*flat.shape[:2], count, device=codes.device)
    ones = torch.ones((), device=codes.device).expand(flat.shape) / flat.shape[-1]
    return out.scatter_add_(2, flat, ones)


def _patches(values: Tensor, side: int = PATCH) -> Tensor:
    """(B, C, h, w) -> (B, n, C side side)."""
    return F.pixel_unshuffle(values, side).flatten(2).mT


def _picture(patches: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, n, C PATCH PATCH) -> (B, C, h, w)."""
    return F.pixel_shuffle(patches.mT.unflatten(2, (size[0] // PATCH, size[1] // PATCH)), PATCH)


def load(weights: Mapping[str, Tensor]) -> MaskedAutoencoder:
    """The network with these weights. ValueError names what is missing or not known."""
    return loaded(MaskedAutoencoder(), weights, "masked autoencoder").requires_grad_(False)


@cache
def shipped() -> MaskedAutoencoder:
    """The network with the weights that lie beside this file."""
    from safetensors.torch import load_file

    return load(load_file(WEIGHTS))
