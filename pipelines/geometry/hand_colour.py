"""The colours of a hand that the photo shows from another side: its own skin, under its own light.

The photo's hand tells how its skin is lit: its colours in linear light are fitted by a constant and the
normal's three components (order-1 spherical harmonics: Ramamoorthi and Hanrahan, SIGGRAPH 2001), times the
light that reaches a place. What the photo showed of a place's own detail goes along as a ratio to that fit;
what it did not show is the fit, with the lines, nails and paler palm that hands have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .field import box_blur, sample
from .hand_shape import Hand
from .hand_sight import Sight

GAMMA = 2.2
"""sRGB to linear light, nearly; what is fitted is turned back by the same."""
FEWEST = 40
"""Pixels of the hand from which its skin is measured."""
STIFF = 0.02
"""How strongly the fit keeps to light from the camera's side above, as a share of the pixels; by eye."""
USUAL_LIGHT = (0.80, (0.0, -0.10, -0.20))
"""The brightness at a normal n is the first number plus the inner product with the second ones, where
nothing else is known: a soft light from above the camera. By eye."""
ROUNDS, OUTLIER = 4, 2.0
"""Rounds of the robust fit, and how many mean residuals a pixel may be off: sleeves, rings, background."""
SURROUNDINGS, DETAIL = 0.05, (0.7, 1.35)
"""Half the breadth, in hand lengths, of the surroundings that the skin's detail is told against, and how
much darker or brighter it may make a place; by eye."""
FINEST, GRAIN, PATCH = 0.01, (0.95, 1.055), 0.1
"""The same for the grain that goes where the photo showed nothing, and half the side of the square it is
taken from: pores and the camera's noise, no veins, which would be seen to repeat. By eye."""
SHADE = (0.88, 1.04, 1.08)
"""Powers of the openness by which red, green and blue fade in a crease: the light that comes there has
passed through skin, which takes away blue and green. By eye."""
PALE = 0.55
"""How far a dark hand's palm goes towards the pale palm (melanin is rare there on everyone); by eye."""
PALM_COLOUR = (0.62, 0.34, 0.25)
"""Linear light over the hand's: a pale palm under full light; by eye, on the development photos."""
LINE, LINE_DEPTH = 0.011, 0.11
"""Half-width of a crease in hand lengths, and how much darker it is; by eye."""


@dataclass(frozen=True, eq=False)
class Skin:
    """Linear-light colour at a unit normal n: `flat` (3,) + n @ `slope` (3, 3); never outside `low`, `high`
    (3,)."""

    flat: torch.Tensor
    slope: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor

    def lit(self, normal: torch.Tensor, open: torch.Tensor) -> torch.Tensor:
        """(..., 3) linear-light colours at normals (..., 3) that `open` (...,) of the light reaches."""
        colour = (self.flat + normal @ self.slope).maximum(self.low).minimum(self.high)
        return colour * open[..., None] ** colour.new_tensor(SHADE)


def linear(colour: torch.Tensor) -> torch.Tensor:
    """sRGB to linear light."""
    return colour.clamp(min=0) ** GAMMA


def encoded(colour: torch.Tensor) -> torch.Tensor:
    """Linear light to sRGB."""
    return colour.clamp(0, 1) ** (1 / GAMMA)


def skin_of(
    colour: torch.Tensor, normal: torch.Tensor, open: torch.Tensor
) -> tuple[Skin, torch.Tensor] | None:
    """The skin that pixels of a hand show: sRGB (n, 3), normals (n, 3), openness (n,); and which of them
    (n,) bool agree with it. None where they are too few."""
    if len(colour) < FEWEST:
        return None
    seen = linear(colour) / open[:, None].clamp(min=0.3) ** colour.new_tensor(SHADE)
    base = torch.cat((torch.ones_like(open)[:, None], normal), 1)
    good = torch.ones_like(open, dtype=torch.bool)
    fit = None
    for _ in range(ROUNDS):
        fit = _solved(base[good], seen[good])
        off = (base @ fit - seen).abs().sum(1)
        good = off < OUTLIER * off[good].mean().clamp(min=0.01)
        if int(good.sum()) < FEWEST:
            return None
    low, high = torch.quantile(seen[good], colour.new_tensor([0.04, 0.97]), dim=0)
    return Skin(fit[0], fit[1:], 0.8 * low, 1.1 * high), good


def plain_skin(colour: torch.Tensor) -> Skin:
    """The skin of somebody whose hand is not to be seen, of whose skin elsewhere the sRGB colour (3,) is known, under
    the usual light."""
    middle = linear(colour)
    flat, slope = USUAL_LIGHT
    facing = flat - slope[2]
    share = middle.new_tensor(slope)[:, None] / facing
    return Skin(middle * flat / facing, share * middle, 0.3 * middle, 1.4 * middle)


def _solved(base: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """(4, 3) least squares, drawn to the usual light on the same mean colour."""
    flat, slope = USUAL_LIGHT
    prior = base.new_tensor([flat, *slope])
    mean = seen.mean(0) / (base @ prior).mean().clamp(min=1e-3)
    weight = STIFF * len(base) * torch.eye(4, device=base.device)
    weight[0, 0] *= 0.1
    return torch.linalg.solve(base.T @ base + weight, base.T @ seen + weight @ (prior[:, None] * mean))


def shown(hand: Hand, sight: Sight, skin: Skin, unseen: torch.Tensor) -> torch.Tensor:
    """(h, w, 3) linear-light colours of a hand; lines and nails where it is `unseen` (h, w) in the photo."""
    points = torch.cat((sight.pixels(), sight.depth[..., None]), -1)
    colour = skin.lit(sight.normal, sight.open)
    frame = torch.as_tensor(hand.frame, device=points.device).float()
    palmar = sight.normal @ frame[:, 1]
    colour = _paler(colour, skin, palmar)
    lines = unseen * _lines(hand, sight, points, palmar)
    return colour * (1 - lines)[..., None] + unseen[..., None] * _nails(hand, sight, points, colour)


def _paler(colour: torch.Tensor, skin: Skin, palmar: torch.Tensor) -> torch.Tensor:
    """The palm's side, paler on dark skin; gloves, which are no skin colour, stay."""
    r, g, b = skin.flat.tolist()
    if not r > g > b > 0:
        return colour
    level = float(skin.flat.mean())
    share = PALE * max(0.0, 1 - level / 0.35) * ((palmar + 0.1) / 0.6).clamp(0, 1)
    bright = colour.mean(-1, keepdim=True) / max(level, 1e-4)
    pale = colour.new_tensor(PALM_COLOUR) * bright * min(1.0, 0.5 + level)
    return torch.lerp(colour, pale.clamp(0, 1), share[..., None])


def _lines(hand: Hand, sight: Sight, points: torch.Tensor, palmar: torch.Tensor) -> torch.Tensor:
    """(h, w) in [0, 1] how much darker the creases make a place: across the fingers at their joints, on the
    inside sharp, on the outside soft; and the palm's three lines."""
    dark = torch.zeros_like(palmar)
    bone = torch.as_tensor(hand.carrier, device=points.device)[sight.piece]
    origins, tips = (torch.as_tensor(v, device=points.device).float() for v in (hand.origins, hand.tips))
    axis = tips - origins
    size = axis.norm(dim=1).clamp(min=1e-6)
    along = ((points - origins[bone]) * (axis / size[:, None])[bone]).sum(-1)
    finger = bone > 0
    last = (bone - 1) % 3 == 2
    for place, there in ((along, finger), (size[bone] - along, finger & ~last)):
        near = torch.exp(-((place / (LINE * hand.length)) ** 2))
        dark = dark + there * near * (palmar > 0) * palmar.clamp(0, 1) * LINE_DEPTH
        soft = torch.exp(-((place / (2.5 * LINE * hand.length)) ** 2))
        dark = dark + there * soft * (-palmar).clamp(0, 1) * LINE_DEPTH * 0.35
    return (dark + _palm_lines(hand, points) * palmar.clamp(0, 1) * (bone == 0)).clamp(0, 0.5)


PALM_LINES = (
    ((-0.06, 0.30), (-0.035, 0.24), (-0.03, 0.16), (-0.035, 0.08)),
    ((-0.11, 0.34), (-0.03, 0.31), (0.04, 0.26), (0.08, 0.21)),
    ((-0.02, 0.43), (0.02, 0.38), (0.06, 0.36), (0.12, 0.355)),
)
"""The palm's lines (across to the little finger, along from the wrist; hand lengths): round the ball of the
thumb, across the middle, below the fingers. By eye."""


def _palm_lines(hand: Hand, points: torch.Tensor) -> torch.Tensor:
    frame = torch.as_tensor(hand.frame, device=points.device).float()
    local = (points - torch.as_tensor(hand.joints[0], device=points.device).float()) @ frame / hand.length
    place = local[..., [2, 0]]
    dark = torch.zeros_like(place[..., 0])
    for line in PALM_LINES:
        ends = place.new_tensor(line)
        for a, b in zip(ends, ends[1:], strict=False):
            share = (((place - a) @ (b - a)) / (b - a).square().sum()).clamp(0, 1)
            away = (place - a - share[..., None] * (b - a)).norm(dim=-1)
            dark = torch.maximum(dark, torch.exp(-((away / LINE) ** 2)))
    return LINE_DEPTH * dark


def _nails(hand: Hand, sight: Sight, points: torch.Tensor, colour: torch.Tensor) -> torch.Tensor:
    """(h, w, 3) what the nails add: they are paler and a little pink, on the back of the last joints."""
    bone = torch.as_tensor(hand.carrier, device=points.device)[sight.piece]
    origins, tips = (torch.as_tensor(v, device=points.device).float() for v in (hand.origins, hand.tips))
    backs, sides = (torch.as_tensor(v, device=points.device).float() for v in _nail_axes(hand))
    axis = torch.nn.functional.normalize(tips - origins, dim=1)
    last = (bone > 0) & ((bone - 1) % 3 == 2)
    from_tip = ((points - tips[bone]) * axis[bone]).sum(-1) / hand.length
    beside = ((points - tips[bone]) * sides[bone]).sum(-1) / hand.length
    facing = (sight.normal * backs[bone]).sum(-1)
    inside = 1 - ((from_tip + 0.018) / 0.042) ** 2 - (beside / 0.030) ** 2
    share = last * (inside * 3).clamp(0, 1) * ((facing - 0.35) * 4).clamp(0, 1)
    pale = colour * 0.6 + 0.4 * colour.mean(-1, keepdim=True) * colour.new_tensor([1.35, 1.0, 0.95])
    return share[..., None] * 0.8 * (1.22 * pale - colour)


def _nail_axes(hand: Hand) -> tuple[np.ndarray, np.ndarray]:
    """(16, 3) away from the palm's side and across, square to each bone."""
    axis = hand.tips - hand.origins
    axis = axis / np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-9)
    back = -hand.turns[:, :, 1]
    # A thumb lies across the palm: its nail looks to the thumb's own back, a quarter turn from the fingers'.
    back[1:4] = -(hand.turns[1:4, :, 1] * 0.5 + hand.turns[1:4, :, 2] * 0.85)
    back = back - axis * (back * axis).sum(1, keepdims=True)
    back = back / np.maximum(np.linalg.norm(back, axis=1, keepdims=True), 1e-9)
    return back, np.cross(axis, back)


@dataclass(frozen=True, eq=False)
class Detail:
    """The skin's own grain, as a ratio to its surroundings: `ratio` (3, h, w) on the photo's window, `patch`
    (3, n, n) the finest of it from where the hand is plain."""

    ratio: torch.Tensor
    patch: torch.Tensor

    def at(self, places: torch.Tensor) -> torch.Tensor:
        """(..., 3) at the window's pixels (..., 2)."""
        return sample(self.ratio, places).movedim(0, -1)

    def anywhere(self, places: torch.Tensor) -> torch.Tensor:
        """(..., 3) the patch's values strewn over pixels (..., 2): grain without a pattern, the same at
        every call."""
        flat = self.patch.flatten(1)
        x, y = places.long().unbind(-1)
        mixed = (x * 73856093) ^ (y * 19349663)  # Teschner et al., "Optimized Spatial Hashing", VMV 2003
        mixed = (mixed ^ (mixed >> 13)) * 1274126177 & 0x7FFFFFFF
        return flat[:, (mixed >> 7) % flat.shape[1]].movedim(0, -1)


def no_detail(device: torch.device) -> Detail:
    """Of a hand that is not to be seen."""
    return Detail(torch.ones(3, 1, 1, device=device), torch.ones(3, 1, 1, device=device))


def detail_of(colours: torch.Tensor, clean: torch.Tensor, length: float) -> Detail:
    """The detail of a hand in its window: sRGB (h, w, 3), where it is clean (h, w), its length in pixels."""
    light = linear(colours).permute(2, 0, 1)
    reach = max(2, round(PATCH * length))
    inner = box_blur(clean[None], reach)[0]
    row, column = divmod(int(inner.argmax()), inner.shape[1])
    half = min(reach, row, column, clean.shape[0] - 1 - row, clean.shape[1] - 1 - column)
    grain = _ratio(light, clean, max(1, round(FINEST * length)), GRAIN)
    patch = grain[:, row - half : row + half + 1, column - half : column + half + 1]
    return Detail(_ratio(light, clean, max(1, round(SURROUNDINGS * length)), DETAIL), patch)


def _ratio(
    light: torch.Tensor, clean: torch.Tensor, radius: int, limits: tuple[float, float]
) -> torch.Tensor:
    sums = box_blur(torch.cat((light * clean, clean[None])), radius)
    around = (sums[:3] / sums[3].clamp(min=1e-3)).clamp(min=1e-3)
    return torch.where(clean > 0, (light / around).clamp(*limits), 1.0)
