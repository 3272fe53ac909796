"""A map to look at: regions in colour over the photo, and a legend with how much of the person each is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..geometry.garments import NUMBER, REGIONS, GarmentMap
from ..preview import one_size, smaller

COLOURS: dict[str, tuple[float, float, float]] = {
    "background": (0.0, 0.0, 0.0), "hair": (0.95, 0.80, 0.10), "face": (1.0, 0.68, 0.55),
    "torso_skin": (0.90, 0.42, 0.38), "left_arm_skin": (1.0, 0.25, 0.60), "right_arm_skin": (0.70, 0.25, 0.90),
    "left_leg_skin": (1.0, 0.45, 0.05), "right_leg_skin": (0.62, 0.34, 0.08), "upper": (0.25, 0.52, 1.0),
    "outer": (0.16, 0.22, 0.68), "lower": (0.20, 0.75, 0.32), "dress": (0.05, 0.74, 0.74), "shoes": (0.95, 0.95, 0.95),
    "headwear": (0.60, 1.0, 0.55), "bag": (0.72, 0.72, 0.05), "accessory": (0.66, 0.62, 0.95),
    "other": (0.55, 0.55, 0.55),
}  # fmt: skip
STRENGTH, FAINT = 0.62, 0.35
"""How much of a region's colour lies over the photo; brightness of the grey photo round the person."""
LEGEND = 0.028
"""Height of a line of the legend as a share of the picture's."""

assert tuple(COLOURS) == REGIONS


def labelled(pictures: torch.Tensor, maps: Sequence[GarmentMap]) -> torch.Tensor:
    """(B, 3, h, w): each picture (B, 3, H, W) with its map over it and a legend at its right."""
    views = smaller(pictures)
    return one_size([_one(views[i : i + 1], garments) for i, garments in enumerate(maps)])


def _one(view: torch.Tensor, garments: GarmentMap) -> torch.Tensor:
    grey = FAINT * view.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    total = grey * smaller(garments.mask("background"))
    for name in garments.present():
        tinted = torch.lerp(view, view.new_tensor(COLOURS[name])[:, None, None], STRENGTH)
        total = total + smaller(garments.mask(name)) * tinted
    return torch.cat([total.clamp(0, 1), _legend(garments, view.shape[-2])], dim=-1)


def _legend(garments: GarmentMap, height: int) -> torch.Tensor:
    """(1, 3, height, w)."""
    from PIL import Image, ImageDraw, ImageFont

    counts = torch.bincount(garments.labels.flatten().long(), minlength=len(REGIONS))
    person = max(int(counts[1:].sum()), 1)
    line = max(11, round(LEGEND * height))
    font = ImageFont.load_default(0.72 * line)
    strip = Image.new("RGB", (11 * line, height), "black")
    pen = ImageDraw.Draw(strip)
    for i, name in enumerate(garments.present()):
        top = round((i + 0.6) * line * 1.25)
        colour = tuple(round(255 * channel) for channel in COLOURS[name])
        pen.rectangle((0.4 * line, top, 1.2 * line, top + 0.8 * line), fill=colour)
        share = 100 * int(counts[NUMBER[name]]) / person
        pen.text(
            (1.6 * line, top - 0.05 * line),
            f"{name.replace('_', ' ')}  {share:.0f} %",
            fill="white",
            font=font,
        )
    return torch.from_numpy(np.array(strip)).permute(2, 0, 1)[None].float() / 255
