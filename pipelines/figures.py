"""Where drawn figures are in a picture: ink or shape against a plain ground, one mask for each figure.

The ground is a smooth surface (paper under uneven light is one too): a polynomial of the second degree in each
colour, fitted to what agrees with it. What differs from it is drawn. Thin lines are closed into strokes, closed
outlines are filled, a ground grid is taken away, and parts that belong together are joined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

WORKING = 768
"""Longest side in pixels on which figures are looked for."""
FIGURE = 320
"""Longest side in pixels on which one figure's strokes are read."""
SMALLEST = 0.12
"""Shapes smaller than this share of the largest one's longer side are specks, not figures."""
WEAK = 0.5
"""Share of the level that tells drawn from ground at which what hangs on to the drawn is drawn too."""
THIN = 0.45
"""A figure whose ink survives an opening by 2 % of its size by less than this share is drawn in lines."""
OUTLINE = 0.09
"""Lines that enclose more than this share of their figure's longer side squared are outlines of a body; the loops
of a stick figure (its head, arms on its hips) enclose at most 0.05."""
GAPS = (0.012, 0.025, 0.04)
"""Gaps between lines that are closed, in the figure's longer side: tried in turn until an outline encloses a body."""
SAME = 0.06
"""Two fillings that differ by less than this share of their area are one."""
PLAIN, PLAIN_WORKING, LARGEST_NOISE = 0.4, 256, 0.1
"""Share of a picture that must agree with its ground, on what longest side in pixels that is judged, and how far a
colour may be off and still agree."""
SURROUNDS = 0.5
"""What fills this share of a border is the table round the paper, no figure."""
SPECK_HOLE = 0.004
"""Holes below this share of the longer side squared are gaps between strokes."""


@dataclass(frozen=True, eq=False)
class FigureMask:
    """One figure cut out and brought to the size on which it is read.

    mask    (h, w) bool, the longer side FIGURE pixels and a border of MARGIN
    scale, corner   picture pixel = (mask pixel + 0.5) / scale - 0.5 + corner
    kind    "lines", "outline" or "shape": what the figure was drawn in
    """

    mask: np.ndarray
    scale: float
    corner: tuple[float, float]
    kind: str

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) mask pixels -> picture pixels."""
        return (np.asarray(points) + 0.5) / self.scale - 0.5 + np.array(self.corner)


MARGIN = 4


def figure_masks(picture: torch.Tensor, mask: torch.Tensor | None = None) -> list[list[FigureMask]]:
    """The figures of (1, 3, H, W) in [0, 1], largest first; with a mask (1, H, W) or (1, 1, H, W), those of the mask.

    Each as one mask or several: lines may be limbs or a body's outline, with smaller or larger gaps.
    Empty where the picture is one even surface, or nothing in it stands apart from its ground.
    """
    height, width = picture.shape[-2:]
    scale = min(1.0, WORKING / max(height, width))
    if mask is not None:
        drawn = _resized(mask.reshape(1, 1, *mask.shape[-2:]).float(), scale)[0, 0].numpy() > 0.5
        return [[_cut_out(one, scale, "shape")] for one in _separate(_without_holes(drawn, SPECK_HOLE))]
    small = _resized(picture.float(), scale)[0].permute(1, 2, 0).numpy()
    bodies = [_as_bodies(drawn) for drawn in _separate(_drawn(small))]
    return [[_cut_out(whole, scale, kind) for whole, kind in readings] for readings in bodies]


def has_plain_ground(picture: torch.Tensor) -> bool:
    """Whether most of a picture (1, 3, H, W) is one even surface on which something could be drawn."""
    scale = min(1.0, PLAIN_WORKING / max(picture.shape[-2:]))
    small = _resized(picture.float(), scale)[0].permute(1, 2, 0).numpy()
    difference, _ = ground_difference(small)
    return bool((difference < LARGEST_NOISE).mean() > PLAIN)


def _resized(image: torch.Tensor, scale: float) -> torch.Tensor:
    size = [max(1, round(side * scale)) for side in image.shape[-2:]]
    return F.interpolate(image, size, mode="area") if scale < 1 else image


def _drawn(picture: np.ndarray) -> np.ndarray:
    """(h, w) bool: what differs from the ground of (h, w, 3)."""
    difference, noise = ground_difference(picture)
    strong = float(np.quantile(difference, 0.995))
    floor = max(0.06, 5 * noise)
    if strong < floor:
        return np.zeros(difference.shape, dtype=bool)
    level = np.clip(_otsu(np.minimum(difference, strong)), floor, 0.3)
    drawn = _touching(difference > max(floor, WEAK * level), difference > level)
    if _crosses(drawn):
        drawn = _without_grid(drawn, difference)
    return drawn


def _touching(weak: np.ndarray, strong: np.ndarray) -> np.ndarray:
    """The connected parts of `weak` that contain something of `strong`."""
    import cv2

    count, labels = cv2.connectedComponents(weak.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, dtype=bool)
    kept[labels[strong & weak]] = True
    kept[0] = False
    return kept[labels]


def ground_difference(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """(h, w) how far each pixel's colour is from the ground's, and the ground's own noise."""
    height, width = picture.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    every = max(1, round((height * width / 10000) ** 0.5))
    basis, colour = terms[::every, ::every].reshape(-1, 6), picture[::every, ::every].reshape(-1, 3)
    edge = np.maximum(np.abs(basis[:, 1]), np.abs(basis[:, 2])) > 0.9
    middle = np.median(colour[edge], axis=0)
    agrees = edge & (np.abs(colour - middle).max(axis=1) < 0.25)
    fit = np.zeros((6, 3))
    fit[0] = middle
    for _ in range(6):
        if agrees.sum() < 60:
            break
        fit = np.linalg.lstsq(basis[agrees], colour[agrees], rcond=None)[0]
        off = np.abs(colour - basis @ fit).max(axis=1)
        spread = 1.48 * np.median(off[agrees])
        agrees = off < np.clip(3 * spread, 0.02, 0.12)
    ground = (terms.reshape(-1, 6).astype(np.float32) @ fit.astype(np.float32)).reshape(picture.shape)
    noise = 1.48 * np.median(np.abs(colour - basis @ fit).max(axis=1)[agrees]) if agrees.any() else 1.0
    off = np.abs(picture - ground)
    return np.maximum(np.maximum(off[..., 0], off[..., 1]), off[..., 2]), float(noise)


def _otsu(values: np.ndarray) -> float:
    """The level that parts values in two groups best (Otsu, IEEE Trans. SMC 9, 1979)."""
    count, edges = np.histogram(values, 128)
    middle = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(count)
    above = below[-1] - below
    total = np.cumsum(count * middle)
    between = (total[-1] * below / below[-1] - total) ** 2 / np.maximum(below * above, 1)
    return float(edges[1:][np.argmax(between[:-1])])


def _crosses(drawn: np.ndarray) -> bool:
    """Whether one connected shape reaches from border to border: a ground grid, a horizon."""
    import cv2

    _, labels = cv2.connectedComponents(drawn.astype(np.uint8), connectivity=8)
    pairs = ((labels[:, 0], labels[:, -1]), (labels[0], labels[-1]))
    return any(np.intersect1d(a[a > 0], b[b > 0]).size for a, b in pairs)


def _without_grid(drawn: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Where long straight lines run through: the stronger ink alone if that frees the figure, otherwise without
    those lines. A figure that merely touches both borders stays as it is."""
    import cv2

    shortest = 0.5 * min(drawn.shape)
    lines = cv2.HoughLinesP(
        drawn.astype(np.uint8) * 255, 1, np.pi / 360, 60, minLineLength=shortest, maxLineGap=4
    )
    if lines is None:
        return drawn
    strong = difference > _otsu(difference[drawn])
    if not _crosses(strong) and strong.sum() > 0.05 * drawn.sum():
        return strong
    free = drawn.astype(np.uint8)
    for x0, y0, x1, y1 in lines.reshape(-1, 4):
        cv2.line(free, (int(x0), int(y0)), (int(x1), int(y1)), 0, 3)
    return free > 0


def _separate(drawn: np.ndarray) -> list[np.ndarray]:
    """Each figure's own mask, largest first; a head or hand drawn a little apart belongs to its body."""
    import cv2

    near = max(2, round(0.012 * max(drawn.shape)))
    grown = cv2.dilate(drawn.astype(np.uint8), _disc(near))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    size = stats[1:, 2:4].max(axis=1) if len(stats) > 1 else np.zeros(0)
    order = np.argsort(-size)
    found = [drawn & (labels == 1 + i) for i in order if size[i] > SMALLEST * size.max()]
    found = [one for one in found if max(side.mean() for side in _sides(one)) < SURROUNDS]
    found = [one for one in found if _extent(one) > 0.06 * max(drawn.shape) and one.sum() > 40]
    boxes = [_box(one) for one in found]
    return [one for i, one in enumerate(found) if not any(_within(boxes[i], box) for box in boxes[:i])]


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row, first and last column."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return rows[0], rows[-1], columns[0], columns[-1]


def _within(inner: tuple[int, int, int, int], outer: tuple[int, int, int, int]) -> bool:
    """Whether a box lies in another: eyes and buttons are no figures of their own."""
    return inner[0] >= outer[0] and inner[1] <= outer[1] and inner[2] >= outer[2] and inner[3] <= outer[3]


def _sides(mask: np.ndarray) -> tuple[np.ndarray, ...]:
    """The mask along each border of the picture."""
    return mask[0], mask[-1], mask[:, 0], mask[:, -1]


def _extent(mask: np.ndarray) -> int:
    """Longer side in pixels of the box round a mask; 0 for an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(max(np.ptp(rows), np.ptp(columns))) + 1 if len(rows) else 0


def _disc(radius: int) -> np.ndarray:
    import cv2

    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _as_bodies(drawn: np.ndarray) -> list[tuple[np.ndarray, str]]:
    """A figure's ink as shapes whose strokes are its limbs, and what it was drawn in; every reading it allows."""
    import cv2

    size = _extent(drawn)
    room = size // 8
    ink = np.pad(drawn.astype(np.uint8), room)
    thick = cv2.morphologyEx(ink, cv2.MORPH_OPEN, _disc(max(1, round(0.02 * size))))
    if thick.sum() >= THIN * ink.sum():
        closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, _disc(max(1, round(0.004 * size)))) > 0
        found = [(_without_holes(closed, SPECK_HOLE, size), "shape")]
    else:
        outlines = [(filled, "outline") for filled in _filled_outlines(ink, size)]
        found = [(_as_lines(ink, size), "lines"), *outlines]
    return [(whole[room:-room, room:-room] if room else whole, kind) for whole, kind in found]


def _as_lines(ink: np.ndarray, size: int) -> np.ndarray:
    """Ink whose lines are limbs: repeated strokes closed into one, the head's ring filled."""
    import cv2

    bold = cv2.dilate(ink, _disc(1))
    closed = cv2.morphologyEx(bold, cv2.MORPH_CLOSE, _disc(max(1, round(GAPS[0] * size)))) > 0
    return _without_holes(closed, SPECK_HOLE, size) | _head_hole(_holes(_largest(closed)), size)


def _filled_outlines(ink: np.ndarray, size: int) -> list[np.ndarray]:
    """What lines enclose, smaller and larger gaps in them closed; empty for lines that enclose next to nothing."""
    import cv2

    found = []
    for gap in GAPS:
        disc = _disc(max(1, round(gap * size)))
        grown = cv2.dilate(ink, disc) > 0
        filled = cv2.erode((grown | _holes(grown)).astype(np.uint8), disc) > 0
        filled |= ink > 0
        new = not found or (filled ^ found[-1]).sum() > SAME * filled.sum()
        if new and (filled & (ink == 0)).sum() > OUTLINE * size**2:
            found.append(filled)
    return found


def _largest(mask: np.ndarray) -> np.ndarray:
    """The largest connected part."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return labels == 1 + int(np.argmax(stats[1:, 4])) if count > 1 else mask


def _holes(mask: np.ndarray) -> np.ndarray:
    """What the mask encloses; the picture's border is open."""
    import cv2

    _, labels = cv2.connectedComponents(
        np.pad(~mask, 1, constant_values=True).astype(np.uint8), connectivity=4
    )
    return ((labels != labels[0, 0]) & (labels > 0))[1:-1, 1:-1] & ~mask


def _without_holes(mask: np.ndarray, share: float, size: int | None = None) -> np.ndarray:
    """Holes smaller than a share of the longer side squared filled."""
    import cv2

    holes = _holes(mask).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    small = np.flatnonzero(stats[:, 4] < share * (size or _extent(mask)) ** 2)
    return mask | np.isin(labels, small[small > 0])


def _head_hole(holes: np.ndarray, size: int) -> np.ndarray:
    """The round hole nearest the top, with what is drawn in it: a head drawn as a ring, and its face."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8), connectivity=4)
    head = np.zeros(holes.shape, dtype=np.uint8)
    for i in 1 + np.argsort(stats[1:, 1]):
        _, _, width, height, area = stats[i]
        hull = cv2.convexHull(np.argwhere(labels == i)[:, ::-1].astype(np.int32))
        round_ = cv2.contourArea(hull) > 0.66 * width * height and 0.55 < width / height < 1.8
        if round_ and area > 0.35 * width * height and height > 0.04 * size:
            cv2.fillConvexPoly(head, hull, 1)
            break
    return head > 0


def _cut_out(mask: np.ndarray, scale: float, kind: str) -> FigureMask:
    """A figure's mask at the size on which it is read; its parts joined by the shortest bridges."""
    import cv2

    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left, size = rows[0], columns[0], _extent(mask)
    part = mask[top : rows[-1] + 1, left : columns[-1] + 1].astype(np.float32)
    zoom = FIGURE / size
    if kind == "lines" and zoom < 1:
        part = cv2.dilate(part, _disc(max(1, round(0.5 / zoom))))
    shape = tuple(max(1, round(side * zoom)) for side in part.shape[::-1])
    part = cv2.resize(part, shape, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    body = _joined(_smooth(np.pad(part, MARGIN), kind))
    corner = (left + 0.5) / scale - MARGIN / (zoom * scale) - 0.5 / scale
    corner = (corner, (top + 0.5) / scale - MARGIN / (zoom * scale) - 0.5 / scale)
    return FigureMask(body, zoom * scale, corner, kind)


def _smooth(mask: np.ndarray, kind: str) -> np.ndarray:
    """Ragged borders of thick shapes smoothed; thin strokes as they are."""
    import cv2

    plain = mask > 0.45
    if kind == "lines":
        return cv2.dilate(plain.astype(np.uint8), _disc(1)) > 0
    soft = cv2.GaussianBlur(plain.astype(np.float32), (0, 0), 2.0) > 0.5
    thick = cv2.dilate(cv2.morphologyEx(plain.astype(np.uint8), cv2.MORPH_OPEN, _disc(4)), _disc(3)) > 0
    return soft | (plain & ~thick)


def _joined(mask: np.ndarray) -> np.ndarray:
    """One connected shape: parts at most a tenth of the figure away are bridged, others dropped."""
    import cv2

    joined = mask.astype(np.uint8)
    for _ in range(12):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        if count <= 2:
            break
        main = 1 + int(np.argmax(stats[1:, 4]))
        away, nearest = cv2.distanceTransformWithLabels(
            (labels != main).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        others = np.where((labels != main) & (labels > 0), away, np.inf)
        y, x = np.unravel_index(np.argmin(others), others.shape)
        if others[y, x] > 0.1 * FIGURE:
            break
        places = np.argwhere(labels == main)
        ty, tx = places[np.argmin(((places - [y, x]) ** 2).sum(axis=1))]
        cv2.line(joined, (int(x), int(y)), (int(tx), int(ty)), 1, 3)
    return _largest(joined > 0)
