"""Garments that hang round both legs: where they are, and which leg carries which cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .layout import Layout
from .motion import Bones
from .parts import INDEX, PARTS

LONG, MINI = 0.5, 0.33
"""Shares of the thigh down to which a loose garment must be closed to be a skirt, and a narrow one with a hem: shorts
end, or part, above that."""
FILLED = 0.97
"""Share of the space between the legs' axes that a closed garment fills."""
REACH = 1.3 * 2 * 0.035
"""Fraction of stature that two thighs in trousers fill beside their axes (`parts`: a thigh's half-breadth is 0.035)."""
LOOSE, NARROWED, OPENED = 1.25, 0.8, 0.012
"""How much wider than two legs in trousers a skirt is; how much narrower legs are than a hem above them; and how wide
the gap is, in statures, that opens at once below a hem and not slowly from a crotch."""
SEAM = 0.16
"""How much darker, of the range from black to white, the line between two trouser legs is than either side of it. On
the development photos it is 0.17 and more for shorts and trousers, 0.15 and less for skirts, prints included."""
WIDE = 0.03
"""Fraction of stature of a gap that opens at once below a hem, as it never does between trouser legs."""
MUCH = 0.7
"""Breadth below a hem over that above it which tells a skirt over tights from a coat over trousers."""
ASIDE = 0.02
"""Fraction of stature between the legs' axes below which the body is seen from its side, and shows no seam."""
UNEVEN = 2.0
"""How much further a skirt may reach to one side of the legs than to the other."""
CALF = 1.25
"""Thighs from the hips below which what is narrow and ends over bare skin may as well be trousers over bare ankles."""
TO_FLOOR = 1.6
"""Thighs from the hips to the shins' lower halves: what is closed and loose down to there needs to show no hem."""
AT_HEM = 0.03
"""Fraction of stature below a hem within which it shows. These are our choices, by eye, on the development photos."""


def find_skirt(
    layout: Layout,
    frame: Bones,
    matte: torch.Tensor,
    skin: torch.Tensor | None,
    tall: float,
    grey: torch.Tensor | None = None,
) -> torch.Tensor:
    """(2gh, 2gw) bool: the cells of a garment that hangs round both legs, empty when there is none.

    matte, skin and the picture's brightness `grey` lie on the label grid. Row by row downwards from the hips: the space
    between the legs' axes is filled, down to a hem; and either by more than two legs could fill, or without the dark
    line that parts two legs of trousers.
    """
    left, right = (INDEX[f"{side}_thigh"] for side in ("left", "right"))
    none = torch.zeros_like(matte, dtype=torch.bool)
    if not (frame.present[left] and frame.present[right]):
        return none
    hip = float((frame.start[left][1] + frame.start[right][1]) / 2)
    thigh = float((frame.end[left][1] + frame.end[right][1]) / 2) - hip
    if thigh < 0.08 * tall:  # seated: the legs do not hang below the hips
        return none
    rows = _Rows.of(layout, frame, matte > 0.5, skin, tall)
    below = rows.y > hip + 0.15 * thigh
    stop = below & ((rows.filled < FILLED) | (rows.bare > 0.5) | rows.narrowing(rows.y > hip + MINI * thigh))
    hem = float(rows.y[stop][0]) if bool(stop.any()) else float(rows.y[-1])
    inner = below & (rows.y < hem)
    if not bool(inner.any()) or not _hangs(rows, inner, (hip, thigh, hem), _seam(layout, rows, inner, grey)):
        return none
    _, y = layout.cells(2)
    return (matte > 0.5) & (y > hip) & (y < hem)


def _hangs(rows: _Rows, inner: torch.Tensor, heights: tuple[float, float, float], seam: float) -> bool:
    """Whether what is closed on the rows `inner` is a skirt."""
    hip, thigh, hem = heights
    length = (hem - hip) / thigh
    under = (rows.y >= hem) & (rows.y < hem + AT_HEM * rows.tall)
    over = inner & (rows.y > hem - AT_HEM * rows.tall)
    loose = float((rows.width[inner] > LOOSE * (rows.apart[inner] + REACH * rows.tall)).float().mean()) > 0.5
    if not bool(under.any() & over.any()):
        return loose and length > LONG  # the picture ends before the garment
    bared = float((rows.bare[under] > 0.5).float().mean()) > 0.3
    parted = float(rows.gap[under].median() - (rows.apart[under][-1] - rows.apart[over][0]).clamp(min=0))
    opens = parted > OPENED * rows.tall
    narrower = float(rows.width[under].min() / rows.width[over].max())
    if loose and length > LONG:
        even = float(rows.width[over].max() / rows.width[inner].max()) > NARROWED
        return bared or opens or narrower < NARROWED or (even and length > TO_FLOOR)
    if LONG < length < TO_FLOOR and parted > WIDE * rows.tall:
        return True
    if seam > SEAM or not MINI < length < CALF:
        return False
    aside = float(rows.apart[inner].mean()) < ASIDE * rows.tall
    return (bared and (not aside or narrower < NARROWED)) or (opens and length > LONG and narrower < MUCH)


@dataclass(frozen=True, eq=False)
class _Rows:
    """What the label grid's rows (2gh,) show of the legs: `y`; `low` and `high` x of the two axes and `apart` between
    them; `filled` the share of that which is the person, `gap` what is not; `width` of the person, without arms
    and bags; all in pixels; `bare` the share of skin on the axes."""

    y: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor
    filled: torch.Tensor
    gap: torch.Tensor
    width: torch.Tensor
    bare: torch.Tensor
    tall: float

    @classmethod
    def of(
        cls, layout: Layout, frame: Bones, inside: torch.Tensor, skin: torch.Tensor | None, tall: float
    ) -> _Rows:
        x, y = layout.cells(2)
        axes = [_leg_axis(frame, side, y[:, 0]) for side in ("left", "right")]
        low, high = torch.minimum(*axes), torch.maximum(*axes)
        between = (x >= low[:, None]) & (x <= high[:, None])
        full = (inside & between).sum(1) / between.sum(1).clamp(min=1)
        full = torch.where(between.any(1), full, inside.any(1).float())
        own = inside & ~_near_arms(layout, frame, tall)
        first, last = (torch.where(own, x, v) for v in (float("inf"), float("-inf")))
        sides = torch.stack((low - first.amin(1), last.amax(1) - high)).clamp(min=0)
        nearer, further = torch.where(own.any(1), sides, 0).sort(0).values
        sides = nearer + torch.minimum(further, UNEVEN * nearer + AT_HEM * tall)  # the rest may be a bag
        bare = torch.zeros_like(low)
        if skin is not None:
            legs = torch.stack(
                [layout.capsule(frame.start[p], frame.end[p], 2)[0] for p in _leg_parts(frame)]
            )
            core = (legs.amin(0) < 0.02 * tall) & inside
            bare = (skin * core).sum(1) / core.sum(1).clamp(min=1)
        apart = high - low
        return cls(y[:, 0], low, high, full, (1 - full) * apart, apart + sides, bare, tall)

    @property
    def apart(self) -> torch.Tensor:
        """(2gh,) pixels between the axes."""
        return self.high - self.low

    def narrowing(self, below: torch.Tensor) -> torch.Tensor:
        """(2gh,) bool, where the rows `below` are suddenly narrower than the widest one shortly above."""
        step = float(self.y[1] - self.y[0])
        reach = max(1, int(AT_HEM * self.tall / step))
        width = torch.where(below, self.width, 0)
        padded = torch.nn.functional.pad(width, (reach, 0))
        return below & (width < NARROWED * padded.unfold(0, reach + 1, 1).amax(1))


def _near_arms(layout: Layout, frame: Bones, tall: float) -> torch.Tensor:
    """(2gh, 2gw) bool, what may be an arm or a hand."""
    near = torch.zeros(layout.grid[0] * 2, layout.grid[1] * 2, dtype=torch.bool, device=layout.device)
    for p, part in enumerate(PARTS):
        if part.layer.endswith("arm") and frame.present[p]:
            near |= layout.capsule(frame.start[p], frame.end[p], 2)[0] < 1.6 * part.radius * tall
    return near


def _seam(
    layout: Layout, rows: _Rows, inner: torch.Tensor, grey: torch.Tensor | None, places: int = 35
) -> float:
    """How much darker the darkest line down the middle between the axes is than what lies to either side of it."""
    lower = torch.nonzero(inner).squeeze(1)
    lower = lower[int(0.3 * len(lower)) : max(int(0.92 * len(lower)), 1)]
    if grey is None or len(lower) < 4:
        return 0.0
    share = torch.linspace(-0.35, 1.35, places, device=grey.device)
    x = rows.low[lower, None] + rows.apart[lower, None] * share
    column = ((x + 0.5 - layout.corner[0]) / (layout.cell / 2) - 0.5).clamp(0, grey.shape[1] - 2)
    first = column.floor().long()
    values = torch.lerp(grey[lower].gather(1, first), grey[lower].gather(1, first + 1), column - first)
    line = values.mean(0)
    middle = torch.arange(places)[(share > 0.3) & (share < 0.7)].tolist()
    sides = [torch.minimum(line[i - 5 : i - 1].max(), line[i + 2 : i + 6].max()) - line[i] for i in middle]
    darker = float(torch.stack(sides).max())
    return darker if darker > float(values.std()) else 0.0  # a print's marks are as dark


def _leg_parts(frame: Bones) -> list[int]:
    names = [f"{side}_{part}" for side in ("left", "right") for part in ("thigh", "shin")]
    return [INDEX[name] for name in names if frame.present[INDEX[name]]]


def _leg_axis(frame: Bones, side: str, rows: torch.Tensor) -> torch.Tensor:
    """(rows,) x of a leg's axis at each y: hip to knee to ankle, straight on beyond them."""
    thigh, shin = INDEX[f"{side}_thigh"], INDEX[f"{side}_shin"]
    points = [frame.start[thigh][:2], frame.end[thigh][:2]]
    if frame.present[shin]:
        points.append(frame.end[shin][:2])
    ys, xs = np.array([p[1] for p in points]), np.array([p[0] for p in points])
    order = np.argsort(ys)
    at = np.interp(rows.cpu().numpy(), ys[order], xs[order])
    return torch.as_tensor(at, dtype=torch.float32, device=rows.device)


def radii_within(
    layout: Layout, frame: Bones, radii: np.ndarray, skirt: torch.Tensor, tall: float
) -> np.ndarray:
    """(P,) half-breadths in which the legs whose middle a skirt hides have the body's own: what was measured there
    is the skirt."""
    if not bool(skirt.any()):
        return radii
    _, y = layout.cells(2)
    hem = float(y[skirt].max())
    out = radii.copy()
    for p in _leg_parts(frame):
        if (frame.start[p][1] + frame.end[p][1]) / 2 < hem:
            out[p] = min(radii[p], PARTS[p].radius * tall)
    return out


def cloth_rows(
    skirt: torch.Tensor, layout: Layout, hem: float, skin: torch.Tensor | None = None
) -> torch.Tensor:
    """(2gh, 1 or 2gw) bool: all rows from `hem` pixels above a skirt's end upwards, but for bare skin (a slit) where
    `skin` is given."""
    reach = min(max(1, int(hem / (layout.cell / 2))), len(skirt))
    below = torch.nn.functional.pad(skirt[reach:], (0, 0, 0, reach))
    rows = (skirt & below).any(1, keepdim=True).flip(0).cummax(0).values.flip(0)
    return rows if skin is None else rows & (skin < 0.5)
