"""Made cloth as a camera sees it: folded, turned, lit, at any scale, with the highlights of its kind.

    picture, material = cloth(generator, "silk", pixels_per_cm=9.0)     # (3, SIDE, SIDE) sRGB as a camera gives it

A sheet of training/people/cloth is bent by a few folds, lit by a lamp and by surroundings, seen aslant, and goes
through the same sensor as the rendered people. Pelts and brushed wool are drawn here: over a body
they are too fine to matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, sin

import torch
import torch.nn.functional as F
from torch import Tensor

from ..people.cloth import fabrics
from ..people.cloth.fabrics import Blank
from ..people.draws import Draw
from ..people.noise import fractal, smooth
from ..people.render import sensor
from ..people.scene import Sheet
from ..people.shades import encoded

SIDE = 96
"""Pixels of a crop, as the classifier takes it."""
ROOM = 1.6
"""The sheet is made this much larger than the crop, so that it can be turned and seen aslant."""
SCALES = (3.0, 40.0)
"""Pixels per centimetre: a whole figure of 600 pixels; a portrait of 1500."""
FOLDS = {
    "cotton": 0.45, "denim": 0.35, "knit": 0.3, "wool": 0.25, "silk": 0.75, "leather": 0.4, "lace": 0.35,
    "sequin": 0.4, "synthetic": 0.6, "fur": 0.2,
}  # fmt: skip
"""Material: the steepest slope of its folds. By eye."""
PLAIN = {"cotton": 0.6, "silk": 0.5, "wool": 0.3, "knit": 0.3, "synthetic": 0.3, "leather": 0.5, "fur": 0.4}
"""Material: how often it is plain beside what its own patterns say. Ours."""
BENEATH = ((0.5, 0.33, 0.24), (0.26, 0.14, 0.09), (0.75, 0.55, 0.44), (0.02, 0.02, 0.022), (0.75, 0.73, 0.7))
"""Linear colours that holes show: skin of several tones, black and white linings."""


def cloth(generator: torch.Generator, material: str, pixels_per_cm: float, clean: bool = False) -> Tensor:
    """(3, SIDE, SIDE) sRGB of one crop; clean: without the camera's blur, noise and JPEG."""
    draw = Draw(generator)
    size = round(SIDE * ROOM)
    metres = size / pixels_per_cm / 100
    sheet = _sheet(draw, generator, material, metres, size)
    slope, hollow = _folds(draw, size, metres, FOLDS[material] * draw.between(0.2, 1.2))
    if material == "denim":
        sheet = replace(sheet, albedo=_washed(draw, sheet.albedo, hollow, metres))
    if draw.chance(0.3 if material in ("denim", "leather") else 0.12):
        sheet = replace(sheet, albedo=_sewn(draw, sheet.albedo, material, metres))
    light = Lamp.of(draw)
    colour = lit(sheet, slope, hollow, light, anisotropic(material, draw))
    if sheet.alpha is not None:
        beneath = colour.new_tensor(draw.pick(BENEATH))[:, None, None] * (light.ambient + light.key * 0.6)
        colour = colour * sheet.alpha + beneath * (1 - sheet.alpha)
    bright = float(colour.flatten().quantile(0.97))
    seen = encoded(_aslant(draw, colour * min(1.0, draw.between(0.6, 1.0) / max(bright, 1e-6))).clamp(0, 1))
    return seen if clean else sensor.apply(seen, generator, draw.between(0.3, 1.7))[0]


def _sheet(draw: Draw, generator: torch.Generator, material: str, metres: float, size: int) -> Sheet:
    if material == "fur" and draw.chance(0.75):
        return _pelt(draw, generator, metres, size)
    plain = "plain" if draw.chance(PLAIN.get(material, 0.0)) else None
    made = fabrics.design(generator, "dress", material, plain)
    made = replace(made, slogan=None, paint=False, lining=None)
    sheet = fabrics.sheet(Blank(size, (metres, metres)), made)
    if material in ("wool", "knit") and draw.chance(0.5) or material == "cotton" and draw.chance(0.3):
        return replace(sheet, albedo=(sheet.albedo * _fuzz(draw, metres, size)).clamp(0.003, 0.93))
    return sheet


def _washed(draw: Draw, albedo: Tensor, hollow: Tensor, metres: float) -> Tensor:
    """Denim's indigo rubbed off on the crests of folds, in blotches, and in flecks along the warp."""
    size = albedo.shape[-1]
    blotches = fractal(draw, (size, size), (max(1, round(metres / 0.05)),) * 2, 3, 0.55)
    long, narrow = (max(2, min(round(metres / side), size)) for side in (0.006, 0.0012))
    flecks = smooth(draw, (size, size), (long, narrow))
    rubbed = (
        draw.between(0, 0.3)
        + 0.25 * draw.between(0, 1) * blotches
        + 0.3 * draw.between(0, 1) * (1 - 2 * hollow)
    )
    share = (rubbed + 0.1 * draw.between(0.3, 1) * flecks).clamp(0, 0.8)
    pale = albedo.new_tensor((0.3, 0.42, 0.6) if draw.chance(0.85) else (0.5, 0.5, 0.48))[:, None, None]
    dyed = albedo * albedo.new_tensor((draw.between(0.55, 1.0), 1.0, draw.between(1.0, 1.25)))[:, None, None]
    return (dyed + (pale - dyed) * share).clamp(0.003, 0.93)


def _sewn(draw: Draw, albedo: Tensor, material: str, metres: float) -> Tensor:
    """A seam: a dark groove, a paler welt, and on denim and leather rows of stitches beside it."""
    size = albedo.shape[-1]
    at = torch.linspace(-0.5, 0.5, size) * metres
    y, x = torch.meshgrid(at, at, indexing="ij")
    angle = draw.between(0, pi)
    across = x * cos(angle) + y * sin(angle) - draw.between(-0.35, 0.35) * metres
    along = -x * sin(angle) + y * cos(angle)
    texel = metres / size
    shade = 1 - draw.between(0.15, 0.5) * torch.exp(-((across / max(0.001, texel)) ** 2))
    shade = shade * (1 + 0.1 * torch.exp(-(((across - 0.004) / 0.003) ** 2)))
    albedo = albedo * shade
    if material not in ("denim", "leather") or texel > 0.0012:
        return albedo
    thread = albedo.new_tensor(draw.pick(((0.45, 0.2, 0.05), (0.6, 0.55, 0.45), (0.1, 0.12, 0.2))))[
        :, None, None
    ]
    for row in (0.003, 0.009):
        stitch = torch.exp(-(((across - row) / max(0.0006, 0.7 * texel)) ** 2)) * (
            torch.sin(along * 2000) > -0.4
        )
        albedo = albedo + (thread - albedo) * (0.8 * stitch)
    return albedo


def _fuzz(draw: Draw, metres: float, size: int) -> Tensor:
    """(h, w) a shade of loose fibres that lie any way, a few millimetres long."""
    cells = min(size, max(2, round(metres / draw.between(0.001, 0.003))))
    ways = [(cells, max(1, cells // 4)), (max(1, cells // 4), cells)]
    return (1 + 0.08 * sum(smooth(draw, (size, size), way) for way in ways)).clamp(0.6, 1.4)


def _pelt(draw: Draw, generator: torch.Generator, metres: float, size: int) -> Sheet:
    """Long hair that lies in tufts: streaks along a flow that turns, dark between the tufts."""
    base = fabrics.sheet(
        Blank(size, (metres, metres)), replace(fabrics.design(generator, "outer", "fur"), paint=False)
    )
    hair, long = draw.between(0.0006, 0.0015), draw.between(0.012, 0.04)
    layers = []
    for width, length in ((hair, 0.5 * long), (4 * hair, long)):
        cells = tuple(max(2, min(round(1.5 * metres / side), 4 * size)) for side in (length, width))
        layers.append(fractal(draw, (2 * size, 2 * size), tuple(min(c, 2 * size) for c in cells), 2, 0.6))
    streaks = _flowing(draw, torch.stack(layers), size, metres)
    tufts = streaks[1] + 0.6 * streaks[0]
    shade = (0.75 + 0.22 * tufts).clamp(0.12, 1.6)
    tip = (1 + 0.25 * streaks[0]).clamp(0.5, 1.6)
    slope = torch.stack((streaks[0], streaks[1])) * 0.25
    normal = F.normalize(torch.cat((slope, torch.ones_like(slope[:1]))), dim=0)
    return replace(base, albedo=(base.albedo * shade * tip).clamp(0.003, 0.93), normal=normal)


def _flowing(draw: Draw, planes: Tensor, size: int, metres: float) -> Tensor:
    """(k, 2s, 2s) streaks down -> (k, s, s) the same along a way that bends."""
    bends = max(1, round(metres / 0.08))
    turn = 0.5 * fractal(draw, (size, size), (bends, bends), 2, 0.5)
    at = torch.linspace(-0.5, 0.5, size)
    y, x = torch.meshgrid(at, at, indexing="ij")
    angle = draw.between(-pi, pi)
    u, v = x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)
    grid = torch.stack((u + 0.06 * turn, v), -1)[None] * 1.2
    return F.grid_sample(planes[None], grid, padding_mode="reflection", align_corners=False)[0]


@dataclass(frozen=True)
class Lamp:
    """A lamp and what surrounds the cloth: direction (u, up, outwards), irradiance / pi of both on a facing surface,
    and how much brighter it is above than below."""

    towards: tuple[float, float, float]
    key: float
    ambient: float
    sky: float
    tint: tuple[float, float, float]

    @staticmethod
    def of(draw: Draw) -> Lamp:
        """A random one, from a window to an overcast sky."""
        key = draw.between(0.1, 1.1)
        warm = 0.08 * draw.normal()
        return Lamp(
            (draw.between(-1.3, 1.3), draw.between(-0.4, 1.5), 1.0),
            key,
            draw.between(0.2, 0.9) * (1.3 - key),
            draw.between(0.0, 0.6),
            (1 + warm, 1.0, 1 - warm),
        )


def _folds(draw: Draw, size: int, metres: float, steep: float) -> tuple[Tensor, Tensor]:
    """(2, h, w) rise per metre along +u and up, of a few folds that run one way; (h, w) how deep a place lies."""
    at = torch.linspace(0, metres, size)
    y, x = torch.meshgrid(at, at, indexing="ij")
    slope, depth = torch.zeros(2, size, size), torch.zeros(size, size)
    main = draw.between(0, pi)
    for _ in range(4):
        way = main + 0.35 * draw.normal()
        length = draw.scale(0.04, 0.35)
        bend = 0.25 * smooth(draw, (size, size), (2, 2)) * length
        phase = ((x * cos(way) - y * sin(way) + bend) / length + draw.between(0, 1)) * (2 * pi)
        sharp = draw.between(0.0, 0.5)  # crests narrower than hollows
        rise = torch.sin(phase) + sharp * torch.sin(2 * phase)
        amount = steep * draw.between(0.1, 0.6)
        slope += amount * rise * torch.tensor([cos(way), sin(way)])[:, None, None]
        depth += amount * (torch.cos(phase) + 0.5 * sharp * torch.cos(2 * phase))
    low = (depth / max(float(depth.abs().max()), 1e-6)).clamp(0, 1)
    return slope, low


def anisotropic(material: str, draw: Draw) -> float:
    """How much longer a highlight is across the floats than along them: satin's threads lie side by side like hair."""
    return draw.between(2.0, 5.0) if material == "silk" else 1.0


def lit(sheet: Sheet, slope: Tensor, hollow: Tensor, light: Lamp, stretch: float = 1.0) -> Tensor:
    """(3, h, w) linear: the folded sheet seen from straight above.

    Highlights are the GGX lobe (Walter et al., Microfacet models for refraction through rough surfaces, 2007), in its
    anisotropic form with roughness over and times the root of `stretch` along v and u (Burley, Physically based shading
    at Disney, 2012), and Schlick's Fresnel term; the surroundings are mirrored as a sky that is brighter above.
    """
    own = sheet.normal
    flat = torch.zeros_like(slope) if own is None else own[:2] / own[2:].clamp(min=0.2)
    lean = flat - slope * torch.tensor([1.0, 1.0])[:, None, None]
    normal = F.normalize(torch.cat((lean, torch.ones_like(hollow)[None])), dim=0)
    lamp = F.normalize(sheet.albedo.new_tensor(light.towards), dim=0)
    eye = lamp.new_tensor([0.0, 0.0, 1.0])
    half = F.normalize(lamp + eye, dim=0)
    facing = torch.einsum("chw,c->hw", normal, lamp).clamp(min=0)
    along = F.normalize(torch.stack((normal[2], torch.zeros_like(hollow), -normal[0])), dim=0)
    across = torch.linalg.cross(normal, along, dim=0)
    wide, narrow = sheet.roughness**2 * stretch**0.5, sheet.roughness**2 / stretch**0.5
    parts = [torch.einsum("chw,c->hw", axis, half) for axis in (along, across, normal)]
    spread = (parts[0] / wide) ** 2 + (parts[1] / narrow) ** 2 + parts[2] ** 2
    lobe = 1 / (pi * wide * narrow * spread**2)
    fresnel = sheet.gloss + (1 - sheet.gloss) * (1 - float(half @ lamp)) ** 5
    mirrored = (2 * normal[2] * normal[1]).clamp(-1, 1)  # how far up the eye's ray goes after the mirror
    sky = light.ambient * (1 + light.sky * mirrored)
    opened = 1 - 0.35 * hollow
    diffuse = light.ambient * opened * (1 + 0.5 * light.sky * normal[1]) + light.key * facing
    shine = light.key * fresnel * lobe * facing * pi / 4 + sheet.gloss * (1 - sheet.roughness) * 2 * sky
    fuzz = sheet.sheen * (1 - normal[2]) * 0.5 * light.ambient
    tint = sheet.albedo.new_tensor(light.tint)[:, None, None]
    return (sheet.albedo * (diffuse + fuzz) + shine) * tint


def _aslant(draw: Draw, colour: Tensor) -> Tensor:
    """(3, s, s) -> (3, SIDE, SIDE) of its middle, turned by up to 25 degrees (now and then by 90) and foreshortened."""
    angle = draw.between(-0.44, 0.44) + (pi / 2 if draw.chance(0.15) else 0.0)
    short = draw.between(0.62, 1.0)
    turn = torch.tensor([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    squeeze = torch.diag(torch.tensor([1 / short, 1.0] if draw.chance(0.7) else [1.0, 1 / short]))
    matrix = torch.cat((turn @ squeeze / ROOM, torch.zeros(2, 1)), 1)[None]
    grid = F.affine_grid(matrix, [1, 3, SIDE, SIDE], align_corners=False)
    return F.grid_sample(colour[None], grid, padding_mode="reflection", align_corners=False)[0]
