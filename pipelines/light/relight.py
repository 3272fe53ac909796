"""Lights what moved as the photo is lit: the ratio of the light that a surface has now to what it had in the photo.

Only ratios are used, so that albedo, folds and grain stay the photo's own; what has not turned keeps its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from ..geometry.colour import encoded, linear
from ..geometry.field import dilate, sample
from ..geometry.fill import gaussian, masked_blur
from ..geometry.garments import NUMBER, REGIONS, SKIN, GarmentMap
from ..geometry.lighting import LightField
from ..geometry.parts import LAYER_OF
from ..geometry.warped import Correspondence, Warped
from .occlusion import key_seen, opened
from .surface import Cells, Surface, of_correspondence

MOST = 0.35
"""Logarithm of the largest change of light either way, neared softly: beyond that the volume's normals and the estimate
are not believed. By eye."""
BRIGHTER = 0.05
"""Of an old self-shadow that is taken off: the logarithm at most. Where it really lay the relief cannot tell, and light
where there was no shadow looks worse than a shadow that stays. By eye."""
HARDEST = 0.8
"""Share of the key in the light beyond which no photo goes: rooms and skies throw light back."""
WHITE = 0.92
"""Linear light above which nothing is made brighter: it would lose its folds."""
STILL = 0.03
"""Logarithm of a change in self-shadow that counts as none: the relief's own error."""
SMOOTH = 1.5
"""Cells over which normals are evened out."""
BROAD = 0.012
"""Fraction of the person's longer side over which the change is evened out inside a layer: the relief is the body's,
and knows no folds."""
JOINED = 0.008
"""Fraction of the person's longer side: the step in depth from which on one layer only lies before another. By eye."""
SKIN_GLOSS, CLOTH_GLOSS = 0.25, (0.35, 0.8)
"""Gloss of skin, and of cloth from which to which it has a highlight at all: matt cloth has none. By eye."""
SHARP, BRIGHT = (8.0, 40.0), 0.6
"""Exponents of the highlight's lobe, from matt to mirror, and its height over the diffuse light at full gloss
(Blinn, "Models of light reflection for computer synthesized pictures", SIGGRAPH 1977)."""


@dataclass(frozen=True)
class RelightOptions:
    """strength  of everything, 0 none, 1 as estimated
    shadows   of the body's own shadows and closeness
    highlights of what glossy surfaces mirror
    """

    strength: float = 1.0
    shadows: float = 1.0
    highlights: float = 1.0

    def __post_init__(self):
        for name, value in vars(self).items():
            if not 0 <= value <= 2:
                raise ValueError(f"{name} is {value}, expected between 0 and 2")


AS_ESTIMATED = RelightOptions()


def relit(
    moved: Warped,
    light: LightField,
    source: Surface | None,
    garments: GarmentMap | None = None,
    options: RelightOptions = AS_ESTIMATED,
) -> Warped:
    """The moved person lit by the photo's light.

    source: the surface as photographed (its self-shadows are in the pixels already); garments: of the photo, for
    gloss. What has no first photo's surface, or no light to trust, stays as it is.
    """
    gain = light_change(moved.correspondence, moved.alpha, light, source, garments, options)
    if gain is None:
        return moved
    colour = brightened(moved.colour, gain)
    same = (gain == 1).all(1, keepdim=True)
    # A shadow that falls on what stood still changes pixels that the photo's own would hide again.
    kept = moved.unmoved * (1 - ((gain.log().abs().amax(1, keepdim=True) - STILL) / STILL).clamp(0, 1))
    return replace(moved, colour=torch.where(same, moved.colour, colour), unmoved=kept)


def relit_picture(
    picture: torch.Tensor,
    person: torch.Tensor,
    found: Correspondence,
    light: LightField,
    source: Surface | None = None,
    garments: GarmentMap | None = None,
    options: RelightOptions = AS_ESTIMATED,
) -> torch.Tensor:
    """(1, 3, H, W) the same as `relit` of a picture whose person (1, 1, H, W) lies on its background already."""
    gain = light_change(found, person, light, source, garments, options)
    if gain is None:
        return picture
    lit = brightened(picture, gain)
    changed = (gain != 1).any(1, keepdim=True)
    return torch.where(changed, torch.lerp(picture, lit, person), picture)


def brightened(colour: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """(1, 3, H, W) sRGB with its light times `gain`, no brighter than WHITE or than it was."""
    light = linear(colour)
    new = light * gain
    top = new.amax(1, keepdim=True)
    room = light.amax(1, keepdim=True).clamp(min=WHITE)
    return encoded(new * (room / top.clamp(min=1e-6)).clamp(max=1)).clamp(0, 1)


def light_change(
    found: Correspondence,
    alpha: torch.Tensor,
    light: LightField,
    source: Surface | None,
    garments: GarmentMap | None,
    options: RelightOptions,
) -> torch.Tensor | None:
    """(1, 3, H, W) what the moved person's linear colours are multiplied with, 1 where nothing changes; None where
    nothing does."""
    strength = options.strength * light.confidence
    now = of_correspondence(found, alpha)
    if strength == 0 or now is None or not bool((found.part >= 0).any()):
        return None
    before = _even(found.source_normal, now)
    gloss, sharp = _gloss(found, now, garments)
    bright, light = gloss * options.highlights, light.softened(HARDEST)
    new, old = (_lit(light, normal, bright, sharp) for normal in (_even(found.normal, now), before))
    change = (new / old.clamp(min=1e-4)).log()
    if source is not None and options.shadows > 0:
        change = change + options.shadows * _shade(found, now, source, light)
    change = strength * MOST * (change / MOST).tanh() * _first_photo(found, now)
    if not bool((change.abs() > 1e-4).any()):
        return None
    return _spread(change, now, found).exp()


def _even(normal: torch.Tensor, now: Surface) -> torch.Tensor:
    """(h, w, 3) unit: normals (H, W, 3) on the small grid, evened out as the surface's own are."""
    there = (now.normal != 0).any(0)
    small = now.of(normal.permute(2, 0, 1)[None])
    known = there & (small.norm(dim=0) > 1e-3)
    return F.normalize(masked_blur(small, known, SMOOTH), dim=0).permute(1, 2, 0)


def _lit(light: LightField, normal: torch.Tensor, gloss: torch.Tensor, sharp: torch.Tensor) -> torch.Tensor:
    """(3, h, w) diffuse light and highlight on unit normals (h, w, 3)."""
    half = F.normalize(light.key_direction + light.key_direction.new_tensor([0.0, 0.0, -1.0]), dim=0)
    lobe = (normal @ half).clamp(min=0) ** sharp * (normal @ light.key_direction > 0)
    shine = (BRIGHT * gloss * lobe)[..., None] * light.key_colour
    return (light.shading(normal) + shine).permute(2, 0, 1)


def _gloss(found: Correspondence, now: Surface, garments: GarmentMap | None):
    """(h, w) how glossy what lies there is, and (h, w) the exponent of its highlight."""
    if garments is None:
        return torch.zeros_like(now.cover), torch.full_like(now.cover, SHARP[0])
    table = torch.zeros(len(REGIONS), device=now.cover.device)
    for name in garments.present():
        gloss = garments.material(name).gloss
        low, high = CLOTH_GLOSS
        table[NUMBER[name]] = gloss.confidence * min(max((gloss.value - low) / (high - low), 0.0), 1.0)
    for name in SKIN:
        table[NUMBER[name]] = SKIN_GLOSS
    places, _ = _places(found, now)
    region = sample(garments.labels[0].float(), places, "nearest")[0].long().clamp(0, len(REGIONS) - 1)
    gloss = table[region]
    return gloss, SHARP[0] + (SHARP[1] - SHARP[0]) * gloss


def _places(found: Correspondence, now: Surface) -> tuple[torch.Tensor, torch.Tensor]:
    """(h, w, 2) where in the photo each cell comes from, and (h, w) bool whether it comes from anywhere: of the cell's
    middle pixel, for places cannot be averaged across a border."""
    places = Cells(now.box, found.part.device).picked(found.source)
    known = ~torch.isnan(places[..., 0])
    return torch.nan_to_num(places), known


def _shade(found: Correspondence, now: Surface, source: Surface, light: LightField) -> torch.Tensor:
    """(3, h, w) logarithm of the change by the body's own shadows and closeness."""
    places, known = _places(found, now)
    left, top, right, bottom = source.box
    scale = places.new_tensor([source.size[1] / (right - left), source.size[0] / (bottom - top)])
    local = (places - places.new_tensor([left, top]) + 0.5) * scale - 0.5
    then = torch.stack(_closed(source, light))
    now_seen, now_open = _closed(now, light)
    then_seen, then_open = sample(then, local)
    normal = now.normal.permute(1, 2, 0)

    def under(seen: torch.Tensor, open_: torch.Tensor) -> torch.Tensor:
        return light.shading(normal, seen, open_).permute(2, 0, 1)

    change = (under(now_seen, now_open) / under(then_seen, then_open).clamp(min=1e-4)).log()
    change = (torch.sign(change) * (change.abs() - STILL).clamp(min=0)).clamp(max=BRIGHTER)
    return change * known


def _closed(surface: Surface, light: LightField) -> tuple[torch.Tensor, torch.Tensor]:
    """(h, w) what of the key, and of all other light, each point sees; softened."""
    seen = key_seen(surface.depth, surface.cover, light.key_direction, light.key_radius)
    open_ = opened(surface.depth, surface.cover, surface.normal)
    return tuple(gaussian(values[None], 1.0)[0] for values in (seen, open_))


def _first_photo(found: Correspondence, now: Surface) -> torch.Tensor:
    """(h, w) 1 where what shows is the first photo's."""
    return Cells(now.box, found.part.device).picked((found.part >= 0) & (found.photo == 0)).float()


def _spread(change: torch.Tensor, now: Surface, found: Correspondence) -> torch.Tensor:
    """(1, 3, H, W) a change (3, h, w) on the whole picture, each layer's own on its pixels: a lit arm does not shine on
    the trunk beside it. Where the one goes over into the other, at a shoulder or a hip, so does the light."""
    x0, y0, x1, y1 = now.box
    table = torch.tensor((*LAYER_OF, -1), device=found.part.device)
    layer = table[found.part]
    small = Cells(now.box, layer.device).picked(layer)
    whole = change.new_zeros(1, 3, *now.canvas)
    window, here = whole[..., y0:y1, x0:x1], layer[y0:y1, x0:x1]
    for number in small.unique().tolist():
        if number < 0:
            continue
        even = masked_blur(change, small == number, max(SMOOTH, BROAD * max(now.size)))
        wide = F.interpolate(even[None], window.shape[-2:], mode="bilinear", align_corners=False)
        torch.where(here == number, wide, window, out=window)
    reach = max(SMOOTH, BROAD * max(now.size))
    joined = _joints(now, small, reach)
    if bool((joined > 0).any()):
        even = torch.cat((masked_blur(change, small >= 0, reach), joined[None]))
        wide = F.interpolate(even[None], window.shape[-2:], mode="bilinear", align_corners=False)
        torch.where(here >= 0, torch.lerp(window, wide[:, :3], wide[:, 3:]), window, out=window)
    return torch.where(whole.abs() < 1e-4, 0.0, whole)


def _joints(now: Surface, layer: torch.Tensor, reach: float) -> torch.Tensor:
    """(h, w) in [0, 1]: 1 where two layers (h, w) meet without a step in depth, falling off over `reach` cells."""
    step = JOINED * max(now.size)
    line = torch.zeros_like(now.depth)
    for axis in (0, 1):
        n = layer.shape[axis] - 1
        one, two = (layer.narrow(axis, i, n) for i in (0, 1))
        apart = (now.depth.narrow(axis, 0, n) - now.depth.narrow(axis, 1, n)).abs()
        meet = ((one != two) & (one >= 0) & (two >= 0) & (apart < step)).float()
        for i in (0, 1):
            here = line.narrow(axis, i, n)
            here.copy_(torch.maximum(here, meet))
    return gaussian(dilate(line, round(reach))[None], reach / 2)[0]
