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
ALONG = 4
"""Cells up and down a fold over which it is evened alike, and half as many as may part two pieces of one."""
FADES, FOLD = 0.012, 0.12
"""Fraction of stature (21 mm on 1.75 m) over which a fold fades out where what is to be believed ends, and how much
darker or lighter (sRGB) than the cloth it is at most: more is another garment. By eye."""


def fold_light(layer: Layer, stature: float, turned: torch.Tensor) -> torch.Tensor:
    """(3, gh, gw) sRGB to add on a layer's cells so that its folds are as bright as the cloth beside them, where its
    surface is turned to the camera: by the share `turned` (gh, gw) in [0, 1]. A fold goes as a whole or stays: half of
    one would be a streak with a sharp side."""
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
    # Joined along the outline, so that no row shows where a shade is too broad to be told, evened, so that no cell
    # shows, and nowhere more than is lacking.
    added = lacking * _joined(weight * plain[:, None] * _whole(fold > 0.5 * DARKER[0], turned), there)
    return field.box_blur(added, 1).minimum(lacking)


def _joined(values: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """(gh, gw) values (gh, gw) with what is lower over a few cells of a column filled (a grey closing), over cells that
    are `there` (gh, gw) bool."""
    window = {"kernel_size": (2 * ALONG + 1, 1), "stride": 1, "padding": (ALONG, 0)}
    most = F.max_pool2d((values * there)[None], **window)[0]
    return -F.max_pool2d(-torch.where(there, most, 1e3)[None], **window)[0] * there


def _whole(fold: torch.Tensor, turned: torch.Tensor) -> torch.Tensor:
    """(gh, gw) shares, those of all cells that lie side by side in a `fold` (gh, gw) bool the highest among them."""
    begins = fold & ~F.pad(fold[:, :-1], (1, 0))
    which = torch.where(fold, begins.flatten().cumsum(0).view_as(fold), 0).flatten()
    most = torch.zeros(int(which.max()) + 1, device=turned.device)
    most.scatter_reduce_(0, which, turned.flatten(), "amax")
    most = torch.where(fold, most[which].view_as(turned), 0)
    both = torch.stack((most, fold.float()))[None]
    most, folds = F.avg_pool2d(both, (2 * ALONG + 1, 1), 1, (ALONG, 0))[0]
    return torch.where(fold, most / folds.clamp(min=1e-6), turned)


def fading(evened: torch.Tensor, sure: torch.Tensor, continued: torch.Tensor, stature: float) -> torch.Tensor:
    """(3, h, w) the smooth colours `continued` (3, h, w) of a layer, into which what stands out of them where the
    `sure` pixels (h, w) bool end fades: a fold has no sharp side. stature in pixels."""
    over = field.extrapolate((evened - continued).clamp(-FOLD, FOLD), sure.float())
    share = (1 - field.nearest(sure).square().sum(0).sqrt() / (FADES * stature)).clamp(0, 1)
    return continued + over * share.square() * (3 - 2 * share)


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
