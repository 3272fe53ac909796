"""The photometric check: does a result stand in the light of its photo?

At the same point of the surface the albedo is the same in both pictures: result over photo is the new light over the
old. What the photo's light does not explain of that is judged by several measures, each with a limit of its own.
"""

from __future__ import annotations

import torch

from ..geometry.fill import grown, masked_blur
from ..geometry.garments import GarmentMap
from ..geometry.lighting import LightField
from ..geometry.warped import Correspondence
from ..native import resized, working_size
from . import measures
from .compared import LIMBS, Compared, compared
from .findings import Checked, Thresholds
from .refit import Refit, refitted

FEWEST = 400
"""Cells (of about 320 on the figure's longer side) under which no light can be compared."""
FULL = 2.0
"""Limits at which the heat map is at its hottest."""
RIM = 4
"""Cells over which the heat goes on beyond what is judged: `compared.BORDER` and the outline's own pixels."""
LEAST = 1.0
"""Per cent of a change that is as hot as one can be."""


BY_DEFAULT = Thresholds()
"""The limits by default."""


def check(
    source: torch.Tensor,
    result: torch.Tensor,
    person: torch.Tensor,
    found: Correspondence,
    light: LightField,
    garments: GarmentMap | None = None,
    thresholds: Thresholds = BY_DEFAULT,
    hidden: torch.Tensor | None = None,
    shown: GarmentMap | None = None,
    shadow: torch.Tensor | None = None,
) -> Checked:
    """source (1, 3, h, w) and result (1, 3, H, W) sRGB; person, hidden (1, 1, H, W) of the result; light and garments
    of the source, shown the garments of the result where they are known; shadow (2,) or (3,): see `measures.shadow`.

    result, person and hidden may have any size of the correspondence's shape; source that which was warped, or the
    large picture that it was made from. ValueError for other shapes.
    """
    size = tuple(result.shape[-2:])
    small = resized(source, working_size(tuple(source.shape[-2:])))
    seen = compared(small, result, person, found, light, garments, hidden, shown)
    enough = seen is not None and int((seen.trust > 0).sum()) >= FEWEST
    fit = refitted(seen, light) if enough else None
    colour = measures.light_colour(seen, fit, light) if enough else None
    skin, skins = measures.skin(seen, light, thresholds)
    findings = (
        measures.direction(fit, light, thresholds),
        measures.contrast(fit, light, thresholds),
        *measures.warmth(colour, light, thresholds),
        measures.limbs(seen, fit, thresholds),
        skin,
        measures.garments(seen, fit, colour, light, thresholds),
        measures.shadow(shadow, light, thresholds),
    )
    return Checked(findings, _heat(seen, fit, skins, thresholds, size, result))


def _heat(seen: Compared | None, fit: Refit | None, skins, limits: Thresholds, size, like) -> torch.Tensor:
    """(1, 1, H, W) how far each place departs from what the photo leads to expect, but for the whole figure's gain."""
    if seen is None:
        return like.new_zeros(1, 1, *size)
    heat = torch.zeros_like(seen.trust)
    if fit is not None:
        known = seen.trust > 0
        doubt = measures.DOUBTS["limb"] * (measures.LEAST + measures.limb_spreads(seen, fit))
        limit = max(limits.limb, LEAST) / 100 + limits.doubt * doubt
        heat = torch.where(known, (seen.change - fit.gain).abs().amax(0) / (FULL * limit[seen.limb]), heat)
    judged = seen.trust > 0
    for limb, share in skins.items():
        new = measures.bare(seen, limb) & seen.hidden
        heat, judged = torch.where(new, share / FULL, heat), judged | new
    # Borders of pieces are not judged themselves: they look like what lies beside them on the same limb.
    for limb in range(len(LIMBS)):
        own = judged & (seen.limb == limb)
        rim = grown(own, RIM) & (seen.limb == limb) & ~judged
        heat = torch.where(rim, masked_blur(heat[None], own, RIM)[0], heat)
    x0, y0, x1, y1 = seen.box
    whole = heat.new_zeros(1, 1, *seen.canvas)
    whole[..., y0:y1, x0:x1] = resized(heat.clamp(0, 1)[None, None], (y1 - y0, x1 - x0))
    return resized(whole, size)
