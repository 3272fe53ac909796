"""The dark folds along a trunk's outline, and what becomes of them when the outline is turned to the camera.

Cloth that turns away from the camera gathers its folds and its shade, and the arm's, within a few pixels. Seen from
nearer the side those pixels cover a hand's breadth, and the folds would be blotches: what is darker there than what
lies beside it in the same row is brought to the brightness of that. Rows of cloth that is dark and light all over, as
stripes are, stay as they are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from . import field
from .layer import Layer

BAND = 0.026
"""Fraction of stature (45 mm on 1.75 m): half the breadth of the broadest fold. By eye."""
DARKER = (0.02, 0.08)
"""How much darker than beside it (sRGB) a place begins to be taken for a fold, and is one. By eye."""
BRIGHTEST = 0.03
"""Difference of brightness over which a place's neighbours count e times less for the colour of the cloth."""
PLAIN = (0.12, 0.3), 6
"""Share of a row's cells that are folds up to which the cloth is plain, and from which on it is striped; over so many
rows to both sides."""
TURNED = (1.25, 1.9)
"""Stretch of the surface from which on folds are evened, and all of them are. By eye."""


def fold_light(layer: Layer, stature: float) -> torch.Tensor:
    """(3, gh, gw) sRGB to add on a layer's cells so that its folds are as bright as the cloth beside them."""
    layout = layer.layout
    share = layout.to_grid(layer.seen * layer.parted)
    mean = layout.to_grid(layer.colour * layer.seen * layer.parted) / share.clamp(min=1e-3)
    there, bright = share > 0.3, mean.mean(0)
    reach = max(1, round(BAND * stature / layout.cell))
    fold = (_closed(bright, there, reach) - bright).clamp(min=0) * there
    # Of all that lies within reach the brightest is the cloth.
    counts = torch.exp((bright - 1) / BRIGHTEST) * there
    beside = _along(torch.cat((mean * counts, counts[None])), 2 * reach)
    cloth = beside[:3] / beside[3:].clamp(min=1e-30)
    weight = ((fold - DARKER[0]) / (DARKER[1] - DARKER[0])).clamp(0, 1)
    folded = torch.stack((weight, there.float())).sum(2)
    folded = F.avg_pool1d(folded[None], 2 * PLAIN[1] + 1, 1, PLAIN[1])[0]
    (low, high), _ = PLAIN
    plain = ((high - folded[0] / folded[1].clamp(min=1e-3)) / (high - low)).clamp(0, 1)
    lacking = (cloth - mean).clamp(min=0) * there
    # Evened, so that no cell shows, and nowhere more than is lacking.
    return field.box_blur(lacking * weight * plain[:, None], 1).minimum(lacking)


def turned_share(stretch: torch.Tensor, limits: tuple[float, float] = TURNED) -> torch.Tensor:
    """(n,) in [0, 1] how far a surface that has grown by (n,) `stretch` was photographed edge-on: from the first limit
    on, and all of it from the second."""
    low, high = limits
    return ((stretch - low) / (high - low)).clamp(0, 1)


def _closed(bright: torch.Tensor, there: torch.Tensor, reach: int) -> torch.Tensor:
    """(gh, gw) a brightness with what is dark over less than twice `reach` cells of a row filled (a grey closing);
    beyond the cells that are `there` (bool) it may be anything."""
    window = {"kernel_size": (1, 2 * reach + 1), "stride": 1, "padding": (0, reach)}
    most = F.max_pool2d(torch.where(there, bright, -1e3)[None], **window)[0]
    most = torch.where(there, most, 1e3)
    return -F.max_pool2d(-most[None], **window)[0]


def _along(values: torch.Tensor, reach: int) -> torch.Tensor:
    """(C, gh, gw) sums of the cells within `reach` along the row."""
    return F.avg_pool2d(values[None], (1, 2 * reach + 1), 1, (0, reach))[0]
