"""Fabrics over a garment's uv at their real scale: a design is drawn, and becomes a scene.Sheet on a blank.

    blank = fabrics.blank(item, body)                       # what the garment gives: extent, seams, normals, occlusion
    design = fabrics.design(generator, kind=item.kind)      # plain values: goes into the record
    sheet = fabrics.sheet(blank, design)                    # deterministic

Normals are tangent space as the kit packs them: x along +u, y up (against +v), z outwards.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..draws import Draw
from ..scene import MATERIALS, Sheet
from ..shades import from_oklab, linear, oklab
from . import palettes
from .patterns import PATTERNS, Grid, coloured
from .prints import Frame, Slogan, chest, printed, slogan
from .unwrapped import covered, extent, quarter_turns
from .weaves import WEAVES, Weave, bumped, slopes

if TYPE_CHECKING:
    from ..kit.kit import Item

FINISH = {
    "cotton": (0.02, 0.85, 0.08), "denim": (0.02, 0.8, 0.06), "knit": (0.02, 0.9, 0.2), "wool": (0.02, 0.9, 0.25),
    "silk": (0.07, 0.32, 0.2), "leather": (0.05, 0.4, 0.0), "lace": (0.02, 0.8, 0.08), "sequin": (0.45, 0.16, 0.0),
    "synthetic": (0.045, 0.45, 0.04), "fur": (0.02, 0.95, 0.4), "metal": (0.7, 0.25, 0.0),
}  # fmt: skip
"""Material: gloss, roughness, sheen. 0.04 is the mirrored share of a refractive index of 1.5; the rest is ours."""

WOVEN = {
    "cotton": {"tabby": 2.0, "poplin": 2.0, "jersey": 4.0, "corduroy": 0.5},
    "denim": {"twill": 1.0},
    "knit": {"knit": 2.0, "rib": 2.0, "cable": 1.5, "jersey": 1.5},
    "wool": {"felt": 2.0, "tweed": 1.5, "herringbone": 1.5},
    "silk": {"satin": 1.0},
    "leather": {"hide": 1.0},
    "lace": {"lace": 1.0},
    "sequin": {"sequins": 1.0},
    "synthetic": {"shell": 1.0},
    "fur": {"fur": 1.0, "fleece": 1.0},
    "metal": {"poplin": 1.0},
}
"""Material: its weaves and how often."""

WORN_AS = {
    "top": {"cotton": 7.0, "knit": 3.0, "denim": 0.6, "wool": 0.5, "silk": 1.2, "synthetic": 0.8, "leather": 0.2,
            "sequin": 0.3, "fur": 0.3},
    "bottom": {"denim": 4.0, "cotton": 4.0, "wool": 1.5, "synthetic": 0.8, "leather": 0.4, "silk": 0.5},
    "dress": {"cotton": 5.0, "silk": 2.5, "knit": 1.0, "lace": 0.6, "sequin": 0.5, "wool": 0.4, "leather": 0.2},
    "outer": {"wool": 4.0, "synthetic": 2.5, "leather": 1.2, "denim": 1.0, "cotton": 1.0, "fur": 0.8},
    "shoes": {"leather": 6.0, "synthetic": 2.0, "cotton": 1.0},
    "headwear": {"wool": 3.0, "cotton": 2.0, "leather": 0.5},
}  # fmt: skip
"""Kind of garment: its materials and how often. Another kind is taken for a top."""

PRINTS = {
    "plain": 9.0, "stripes": 2.0, "breton": 0.8, "pinstripe": 0.4, "gingham": 0.7, "tartan": 1.0, "windowpane": 0.4,
    "houndstooth": 0.4, "argyle": 0.3, "dots": 1.0, "motifs": 0.9, "flowers": 1.4, "camouflage": 0.5, "leopard": 0.3,
    "zebra": 0.2, "marble": 0.3, "ombre": 0.4, "blocks": 0.6, "strokes": 0.6,
}  # fmt: skip
SUITING = {
    "plain": 7.0,
    "pinstripe": 2.0,
    "windowpane": 1.0,
    "tartan": 1.5,
    "houndstooth": 1.0,
    "gingham": 0.3,
}
KNITTED = {
    "plain": 6.0,
    "stripes": 2.0,
    "breton": 0.6,
    "argyle": 0.7,
    "blocks": 1.0,
    "ombre": 0.4,
    "zebra": 0.2,
}
PATTERNED = {
    "cotton": PRINTS, "silk": PRINTS, "synthetic": {"plain": 6.0, "blocks": 2.0, "camouflage": 0.5, "strokes": 0.5},
    "wool": SUITING, "knit": KNITTED, "fur": {"plain": 6.0, "leopard": 1.0, "zebra": 0.5}, "sequin": {"plain": 6.0,
    "ombre": 1.0, "stripes": 0.5}, "leather": {"plain": 12.0, "blocks": 1.0, "leopard": 0.3},
}  # fmt: skip
"""Material: its patterns and how often; another material is plain."""

LININGS = ((0.5, 0.33, 0.24), (0.62, 0.5, 0.38), (0.02, 0.02, 0.022), (0.75, 0.73, 0.7), (0.2, 0.04, 0.05))
"""Linear colours below lace: skin-like, cream, black, white, wine."""
PRINTED = ("top", "dress")
"""Kinds of garment that may carry a slogan on the chest."""
OPEN = 0.65
"""Occlusion is lifted to this: a suit's own picture is black where its other half used to lie over it."""
DETAIL = 0.045
"""Spread of a painted picture's fine lightness (OKLab) that is kept whole on new cloth; more (stripes, prints) is
subdued."""

FOREIGN = 0.06
"""Distance in OKLab's colour plane from which paint is a print of its own, whose ghost new cloth shall not show."""


@dataclass(frozen=True, eq=False)
class Blank:
    """What a garment gives to any fabric. size: texels a side; metres of cloth along u and v over the whole uv square.

    albedo (3, S, S) linear as painted; alpha, occlusion (S, S); normal (3, S, S); mask (S, S) bool: where the
    garment's faces lie; each may be None. front: where a print goes on the chest or back, or None;
    turns: quarter turns that the cloth is laid by, see unwrapped.quarter_turns.
    """

    size: int
    metres: tuple[float, float]
    albedo: Tensor | None = None
    alpha: Tensor | None = None
    normal: Tensor | None = None
    occlusion: Tensor | None = None
    mask: Tensor | None = None
    front: Frame | None = None
    turns: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class Design:
    """A fabric, as plain values. weave of WEAVES, pattern of PATTERNS; colours linear, as many as the pattern takes;
    keep in [0, 1]: how much of the garment's painted light and dark stays (seams, pockets); paint: whether its
    painted picture stays whole and only changes colour; slogan printed on it, or None; lining: linear colour seen
    through its holes, or None: they are open, which on a garment shows the void where the body was dropped below it;
    seed: of everything that is random in it.
    """

    material: str
    weave: str
    pattern: str
    colours: tuple[tuple[float, float, float], ...]
    gloss: float
    roughness: float
    sheen: float
    keep: float
    paint: bool
    slogan: Slogan | None
    lining: tuple[float, float, float] | None
    seed: int

    def record(self) -> dict:
        """Plain values for a file."""
        return asdict(self)


def design(
    generator: torch.Generator,
    kind: str = "top",
    material: str | None = None,
    pattern: str | None = None,
    weave: str | None = None,
) -> Design:
    """A random design for a kind of garment (see WORN_AS); what is given is kept.

    Raises ValueError for an unknown material, pattern or weave.
    """
    draw = Draw(generator)
    material = material or draw.weighed(WORN_AS.get(kind, WORN_AS["top"]))
    _known("material", material, WOVEN)
    weave = weave or draw.weighed(WOVEN[material])
    pattern = pattern or draw.weighed(PATTERNED.get(material, {"plain": 1.0}))
    _known("weave", weave, WEAVES)
    _known("pattern", pattern, PATTERNS)
    gloss, roughness, sheen = FINISH[material]
    wants = material in ("cotton", "knit", "synthetic") and pattern in ("plain", "blocks") and kind == "top"
    colours = palettes.colours(draw, material, PATTERNS[pattern][1])
    return Design(
        material,
        weave,
        pattern,
        colours,
        gloss * draw.scale(0.8, 1.25),
        min(1.0, roughness * draw.between(0.85, 1.15)),
        sheen * draw.between(0.6, 1.4),
        draw.between(0.6, 1.0),
        pattern == "plain" and draw.chance({"denim": 0.7}.get(material, 0.15)),
        slogan(draw, colours[0]) if wants and draw.chance(0.35) else None,
        draw.pick(LININGS) if weave == "lace" else None,
        int(draw.between(0, 2**31 - 1)),
    )


def _known(what: str, name: str, table: dict) -> None:
    if name not in table:
        raise ValueError(f"unknown {what} {name}: give one of {', '.join(table)}")


def sheet(blank: Blank, made: Design) -> Sheet:
    """The fabric on the garment."""
    painted = made.paint and blank.albedo is not None
    woven, dyed = _cloth(blank, made, dye=not painted)
    albedo = _recoloured(blank, made) if painted else dyed
    if woven.shade is not None:
        albedo = albedo * woven.shade
    if woven.cover is not None and made.lining is not None:
        lining = albedo.new_tensor(made.lining)[:, None, None]
        albedo = lining + (albedo - lining) * woven.cover
        woven = woven._replace(cover=None)
    if not painted and blank.albedo is not None and made.keep > 0:
        albedo = albedo * _detail(blank, made.keep)
    if made.slogan is not None and blank.front is not None:
        albedo = printed(albedo, made.slogan, blank.front)
    occlusion = None if blank.occlusion is None else blank.occlusion.clamp(min=OPEN)
    return Sheet(
        albedo.clamp(0.003, 0.93),
        _covered(blank, woven),
        _normals(blank, woven),
        occlusion,
        MATERIALS.index(made.material),
        made.gloss,
        made.roughness,
        made.sheen,
    )


@lru_cache(maxsize=16)
def _grid(size: int, metres: tuple[float, float], device: str) -> Grid:
    return Grid.of(size, metres, device)


def _cloth(blank: Blank, made: Design, dye: bool) -> tuple[Weave, Tensor | None]:
    """The weave and, if asked for, its albedo (3, S, S), laid the way the garment's cloth hangs."""
    draw = Draw(torch.Generator().manual_seed(made.seed))
    upright = blank.metres if blank.turns % 2 == 0 else blank.metres[::-1]
    grid = _grid(blank.size, upright, blank.device)
    woven = WEAVES[made.weave](grid, draw)
    dyed = _dyed(grid, made, woven, draw) if dye else None
    laid = Weave(*(_turned(plane, blank.turns) for plane in woven))
    return laid, _turned(dyed, blank.turns)


def _turned(plane: Tensor | None, turns: int) -> Tensor | None:
    return plane if plane is None or turns == 0 else plane.rot90(turns, (-2, -1))


def _dyed(grid: Grid, made: Design, woven: Weave, draw: Draw) -> Tensor:
    """(3, h, w) the pattern's colours, and the weave's second yarn in it."""
    colours = torch.tensor(made.colours, device=grid.x.device)
    albedo = coloured(PATTERNS[made.pattern][0](grid, draw), colours)
    if woven.mix is None:
        return albedo.expand(3, *grid.x.shape)
    other = torch.full_like(colours[0], 0.5) if made.material == "denim" else colours[0].roll(1) * 0.5 + 0.12
    return albedo + (other[:, None, None] - albedo) * woven.mix


def _recoloured(blank: Blank, made: Design) -> Tensor:
    """(3, S, S) the painted picture moved to the design's first colour in OKLab: light, dark and patches stay."""
    lab, middle, spread = _painted(blank)
    aim = oklab(torch.tensor(made.colours[0], device=lab.device)[:, None])[:, 0]
    light = lab[0] - middle[0]
    # a dark cloth has less room for its shades than a light one, and the other way round
    room = min(float(aim[0]), 1.02 - float(aim[0])) / max(2.2 * spread, 0.05)
    lightness = aim[0] + light * min(1.0, room)
    chroma = aim[1:, None, None] + 0.35 * (lab[1:] - middle[1:, None, None])
    fade = (lightness / aim[0].clamp(min=0.05)).clamp(0.6, 1.15)
    return from_oklab(torch.cat((lightness[None], chroma * fade))).clamp(0.003, 0.93)


@lru_cache(maxsize=16)
def _painted(blank: Blank) -> tuple[Tensor, Tensor, float]:
    """OKLab (3, S, S) of the painted picture, its middle (3,) and the spread of its lightness over the garment."""
    lab = oklab(blank.albedo)
    inside = lab.flatten(1) if blank.mask is None or not bool(blank.mask.any()) else lab[:, blank.mask]
    return lab, inside.median(1).values, float(inside[0].std())


@lru_cache(maxsize=64)
def _detail_of(blank: Blank) -> Tensor:
    """(S, S) fine lightness of the painted picture about its surroundings, in OKLab; prints of another colour left
    out."""
    lab, middle, _ = _painted(blank)
    light = lab[0]
    weight = torch.ones_like(light) if blank.mask is None else blank.mask.float()
    small = F.avg_pool2d(torch.stack((light * weight, weight))[None], max(1, blank.size // 64))
    for _ in range(2):
        small = F.avg_pool2d(F.pad(small, (2,) * 4, mode="replicate"), 5, 1)
    soft = F.interpolate(small, light.shape, mode="bilinear")[0]
    foreign = (lab[1:] - middle[1:, None, None]).square().sum(0) / FOREIGN**2
    fine = (light - soft[0] / soft[1].clamp(min=1e-3)) * weight * torch.exp(-foreign)
    spread = float((fine.square().sum() / weight.sum().clamp(min=1)).sqrt())
    return fine * min(1.0, (DETAIL / max(spread, 1e-4)) ** 1.5)


def _detail(blank: Blank, keep: float) -> Tensor:
    """(S, S) what seams, pockets and painted folds multiply albedo with: lightness cubed is light."""
    return (1 + 1.6 * keep * _detail_of(blank)).clamp(0.5, 1.35) ** 3


def _covered(blank: Blank, woven: Weave) -> Tensor | None:
    if woven.cover is None:
        return blank.alpha
    return woven.cover if blank.alpha is None else blank.alpha * woven.cover


def _normals(blank: Blank, woven: Weave) -> Tensor | None:
    if woven.height is None and woven.tilt is None:
        return blank.normal
    slope = woven.tilt
    if woven.height is not None:
        slope = slopes(woven.height, _grid(blank.size, blank.metres, blank.device))
    return bumped(slope.clamp(-1.5, 1.5), blank.normal)


def swatch(generator: torch.Generator, material: str, metres: float = 0.2, size: int = 512) -> Sheet:
    """A flat square of random cloth of a material of scene.MATERIALS, `metres` wide, for classifiers and looks.

    Raises ValueError for a material that is not a fabric ("skin", "hair", "eye", "none").
    """
    made = replace(design(generator, "dress", material), slogan=None, paint=False, lining=None)
    return sheet(Blank(size, (metres, metres)), made)


@lru_cache(maxsize=64)
def blank(item: Item, body: Tensor, variant: str | None = None, size: int = 512) -> Blank:
    """What an item of the kit gives, on a base body (V, 3) at rest (the kit's template will do: one scale for all).

    Cached by its arguments; on the body's device.
    """
    vertices = item.fitted(body)
    device = str(body.device)
    planes = [getattr(item, name)(variant) for name in ("albedo", "alpha", "normal", "occlusion")]
    albedo, alpha, normal, occlusion = (_sized(p, size) for p in planes)
    if normal is not None:
        normal = F.normalize(normal * (255 / 127.5) - 1, dim=0).to(device)
    mask = covered(item.uv.cpu(), size)
    return Blank(
        size,
        extent(vertices, item.faces, item.uv),
        None if albedo is None else linear(albedo).to(device),
        None if alpha is None else alpha.to(device),
        normal,
        None if occlusion is None else occlusion.to(device),
        mask.to(device),
        chest(vertices, item.faces, item.uv, mask) if item.kind in PRINTED else None,
        quarter_turns(vertices, item.faces, item.uv),
        device,
    )


def _sized(picture: np.ndarray | None, size: int) -> Tensor | None:
    """uint8 (H, W) or (H, W, 3) -> float [0, 1] (S, S) or (3, S, S)."""
    if picture is None:
        return None
    plane = torch.tensor(picture).float() / 255
    plane = plane.permute(2, 0, 1) if plane.dim() == 3 else plane[None]
    if tuple(plane.shape[1:]) != (size, size):
        plane = F.interpolate(plane[None], (size, size), mode="bilinear", antialias=True)[0].clamp(0, 1)
    return (plane if plane.shape[0] == 3 else plane[0]).contiguous()
