"""What was measured, to look at: a swatch of every garment with its name and bars; patches over their photo."""

from __future__ import annotations

from math import cos, degrees, sin

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from ..geometry.garments import UNKNOWN, GarmentMap, Material, Measured, RigidPatch
from ..preview import FAINT, smaller
from .cloth import Cloth, cloths

CELL, LINE = 256, 20
"""Pixels of a swatch's side, and of a line of text below it."""
BARS = ("stiffness", "gloss", "sheerness")
GROUND, INK, PALE, BAR = (24, 24, 26), (235, 235, 235), (130, 130, 135), (90, 170, 250)
KINDS = {
    "print": (0.95, 0.35, 0.25), "text": (0.98, 0.75, 0.15), "button": (0.3, 0.8, 0.95), "zip": (0.6, 0.9, 0.4),
    "buckle": (0.8, 0.5, 0.95), "pocket": (0.5, 0.7, 1.0), "painted": (0.95, 0.45, 0.75),
}  # fmt: skip
"""Colours of patches by kind."""


def swatches(picture: torch.Tensor, garments: GarmentMap) -> torch.Tensor:
    """(1, 3, H, W): a column for every garment with a material; one dark column that says so where there is none."""
    cells = [
        _cell(cloth, garments.material(cloth.region))
        for cloth in cloths(picture, garments)
        if cloth.region in garments.materials
    ]
    sheet = np.concatenate(cells or [_blank("no clothes to measure")], axis=1)
    return torch.from_numpy(sheet).permute(2, 0, 1)[None].float() / 255


def _cell(cloth: Cloth, material: Material) -> np.ndarray:
    """One garment: its fullest square and what was measured on it."""
    side = min(CELL, max(48, int(2 * cloth.depth.max())))
    corner = (cloth.windows(side, 1, 0.3) or [(0, 0)])[0]
    pixels, _ = cloth.cut(corner, side)
    swatch = Image.fromarray((pixels * 255 + 0.5).clip(0, 255).astype(np.uint8)).resize((CELL, CELL))
    image = Image.fromarray(_blank(""))
    image.paste(swatch, (0, 0))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    for pattern in material.patterns[:1]:
        _arrow(pen, pattern.orientation)
    sure = "" if material.fabric == UNKNOWN else f" {material.confidence:.0%}"
    lines = [f"{cloth.region}: {material.fabric}{sure}"]
    y = CELL + 4
    pen.text((8, y), lines[0], fill=INK, font=font)
    for name in BARS:
        y += LINE
        _bar(pen, font, y, name, getattr(material, name))
    for text in (_pleats(material.pleats), _pattern(material)):
        y += LINE
        pen.text((8, y), text, fill=INK if text[-1] != "-" else PALE, font=font)
    return np.array(image)


def _blank(text: str) -> np.ndarray:
    image = Image.new("RGB", (CELL, CELL + 6 * LINE + 8), GROUND)
    if text:
        ImageDraw.Draw(image).text((8, CELL // 2), text, fill=INK, font=ImageFont.load_default(16))
    return np.array(image)


def _bar(pen: ImageDraw.ImageDraw, font: ImageFont.ImageFont, y: int, name: str, value: Measured) -> None:
    """A bar as long as the value and as bright as its confidence."""
    shade = tuple(int(60 + (part - 60) * (0.25 + 0.75 * value.confidence)) for part in BAR)
    pen.text((8, y), name, fill=INK if value.confidence > 0 else PALE, font=font)
    pen.rectangle((96, y + 5, CELL - 44, y + 13), outline=PALE)
    pen.rectangle((96, y + 5, 96 + int((CELL - 140) * min(max(value.value, 0), 1)), y + 13), fill=shade)
    pen.text((CELL - 36, y), f"{value.value:.2f}", fill=INK, font=font)


def _pleats(value: Measured) -> str:
    if value.value <= 0 or value.confidence < 0.2:
        return "pleats -"
    return f"pleats every {1 / value.value:.0f} px ({value.confidence:.0%})"


def _pattern(material: Material) -> str:
    if not material.patterns:
        return "pattern -"
    pattern = material.patterns[0]
    size = f"{pattern.period:.0f}" + (f" x {pattern.second:.0f}" if pattern.second else "")
    return f"repeats {size} px at {degrees(pattern.orientation):.0f} deg ({pattern.confidence:.0%})"


def _arrow(pen: ImageDraw.ImageDraw, angle: float) -> None:
    """The direction across a pattern's lines."""
    x, y = 60 * cos(angle), 60 * sin(angle)
    middle = CELL / 2
    for width, colour in ((5, (0, 0, 0)), (2, (255, 220, 60))):
        pen.line((middle - x, middle - y, middle + x, middle + y), fill=colour, width=width)


def patches_over_picture(picture: torch.Tensor, garments: GarmentMap) -> torch.Tensor:
    """(1, 3, H, W): the darkened photo with every patch in the colour of its kind."""
    size = tuple(picture.shape[-2:])
    tint, cover = torch.zeros(1, 3, *size), torch.zeros(1, 1, *size)
    for patch in garments.patches:
        _tinted(tint, cover, patch)
    dark = picture * (FAINT + 0.25)
    return smaller(dark + cover * (0.45 * picture + 0.55 * tint - dark))


def _tinted(tint: torch.Tensor, cover: torch.Tensor, patch: RigidPatch) -> None:
    (x, y), (h, w) = patch.corner, patch.mask.shape
    colour = torch.tensor(KINDS.get(patch.kind, KINDS["print"]))[:, None, None]
    place = (slice(None), slice(None), slice(y, y + h), slice(x, x + w))
    tint[place] = torch.where(patch.mask > 0.5, colour, tint[place])
    cover[place] = torch.maximum(cover[place], patch.mask)


def told(garments: GarmentMap) -> str:
    """The materials in words, a line for each garment."""
    lines = []
    for region, material in garments.materials.items():
        sure = "" if material.fabric == UNKNOWN else f" ({material.confidence:.0%})"
        lines.append(f"{region}: {material.fabric}{sure}, {_pattern(material)}, {_pleats(material.pleats)}")
    return "\n".join(lines) or "no clothes to measure"


def told_patches(garments: GarmentMap) -> str:
    """The patches in words: how many of each kind, and where."""
    counts: dict[str, int] = {}
    for patch in garments.patches:
        key = f"{patch.kind} on {patch.region}"
        counts[key] = counts.get(key, 0) + 1
    return ", ".join(f"{count} x {key}" for key, count in counts.items()) or "nothing rigid found"
