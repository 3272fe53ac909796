"""From rough log odds to a clean matte: one person, no holes, an edge where the picture's colours say.

Works on numpy arrays with cv2's box filters and connected components (imported when first used).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .models.crops import Crop


@dataclass(frozen=True)
class Region:
    """A rectangle of a picture on a grid: x0, y0, x1, y1 in picture pixels, grid = picture pixels per grid pixel."""

    x0: int
    y0: int
    x1: int
    y1: int
    grid: float

    @staticmethod
    def around(box: np.ndarray, shape: tuple[int, int], most: int) -> Region:
        """The box with a margin of 6 %, inside the picture, on a grid of at most `most` pixels."""
        margin = 0.06 * max(box[2] - box[0], box[3] - box[1]) + 4
        x0, y0 = max(0, floor(box[0] - margin)), max(0, floor(box[1] - margin))
        x1, y1 = min(shape[1], ceil(box[2] + margin) + 1), min(shape[0], ceil(box[3] + margin) + 1)
        return Region(x0, y0, x1, y1, max(1.0, ((x1 - x0) * (y1 - y0) / most) ** 0.5))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the grid."""
        return max(1, round((self.y1 - self.y0) / self.grid)), max(1, round((self.x1 - self.x0) / self.grid))

    def to_region(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) picture pixels -> grid pixels."""
        height, width = self.size
        factor = np.array([width / (self.x1 - self.x0), height / (self.y1 - self.y0)])
        return (points - np.array([self.x0, self.y0]) + 0.5) * factor - 0.5

    def on_grid(self, grid: float) -> Region:
        """The same rectangle on another grid."""
        return replace(self, grid=grid)

    def fitted(self, maps: np.ndarray) -> np.ndarray:
        """(h, w) or (n, h, w) maps on any grid of this rectangle -> this region's grid."""
        import cv2

        planes = maps[None] if maps.ndim == 2 else maps
        if planes.shape[1:] == self.size:
            return maps
        out = np.stack([cv2.resize(p, self.size[::-1], interpolation=cv2.INTER_LINEAR) for p in planes])
        return out[0] if maps.ndim == 2 else out

    def cut(self, picture: Tensor) -> np.ndarray:
        """(1, 3, H, W) -> (h, w, 3) float32 on the grid."""
        part = picture[..., self.y0 : self.y1, self.x0 : self.x1].float()
        if self.grid > 1:
            part = F.interpolate(part, size=self.size, mode="area")
        return np.ascontiguousarray(part[0].permute(1, 2, 0).cpu().numpy())

    def paste(self, picture: Tensor, matte: np.ndarray, foreground: np.ndarray, parts: np.ndarray):
        """Grid maps -> (1, 1, H, W) matte, (1, 6, H, W) parts, (1, 3, H, W) foreground of the whole picture.

        Where the grid is coarser than the picture, the foreground is the picture: enlarging it would blur it.
        """
        whole = self._parts_in_picture(picture, parts)
        whole_matte = self._in_picture(picture, matte)[None]
        whole[:, 0] = 1 - whole_matte[:, 0]
        colours = picture.float()
        if self.grid == 1:
            colours = colours.clone()
            inside = (..., slice(self.y0, self.y1), slice(self.x0, self.x1))
            colours[inside] = torch.from_numpy(foreground).permute(2, 0, 1)[None].to(picture.device)
        return whole_matte, whole, colours

    def _parts_in_picture(self, picture: Tensor, parts: np.ndarray) -> Tensor:
        """(n, h, w) on the grid -> (1, n, H, W), one map at a time: a large picture's maps are large."""
        whole = picture.new_empty(1, len(parts), *picture.shape[-2:], dtype=torch.float32)
        for i, part in enumerate(parts):
            whole[:, i] = self._in_picture(picture, part)
        return whole

    def _in_picture(self, picture: Tensor, values: np.ndarray) -> Tensor:
        """(h, w) on the grid -> (1, H, W), 0 outside."""
        whole = picture.new_zeros(1, *picture.shape[-2:], dtype=torch.float32)
        size = (self.y1 - self.y0, self.x1 - self.x0)
        maps = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None, None]
        if self.grid > 1:
            maps = F.interpolate(maps, size=size, mode="bilinear", align_corners=False)
        whole[:, self.y0 : self.y1, self.x0 : self.x1] = maps[0].to(picture.device)
        return whole


def mask_pixel(box: np.ndarray) -> float:
    """How many picture pixels one pixel of a close-up's mask covers: the uncertainty of the votes' outline."""
    return max(1.0, 0.55 * float(max(box[2] - box[0], box[3] - box[1])) / 256)


def resampled(values: np.ndarray, window: Crop, region: Region) -> np.ndarray:
    """Maps (h, w) or (n, h, w) of a window on the region's grid; 0 where the window does not reach."""
    import cv2

    height, width = region.size
    corners = np.array([[0, 0], [1, 0], [0, 1]], dtype=float)
    target = region.to_region(window.to_picture(corners))
    matrix = np.column_stack((target[1] - target[0], target[2] - target[0], target[0]))
    planes = values[None] if values.ndim == 2 else values
    out = np.stack(
        [
            cv2.warpAffine(np.float32(plane), matrix, (width, height), flags=cv2.INTER_CUBIC)
            for plane in planes
        ]
    )
    return out[0] if values.ndim == 2 else np.maximum(out, 0)


def with_colours(
    image: np.ndarray, person: np.ndarray, on_bones: np.ndarray | None, doubt: float
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds (h, w) + what the colours say, where the votes are not sure; and that evidence (h, w) by itself.

    Opens the gaps between arm and body that a mask of 256 pixels hardly shows: a pixel there has the background's
    colour and not the person's. Two witnesses must agree: the colours a few mask pixels (doubt) around, and the
    colours of the whole person, so that the white stripes of a skirt before a white wall stay.
    """
    looked, evidence = person, np.zeros_like(person)
    for _ in range(LOOKS):
        evidence = _evidence(image, looked, on_bones, max(2, int(round(1.5 * doubt))))
        open_to_doubt = np.clip((5.6 - np.abs(looked)) / 1.5, 0, 1)
        looked = person + open_to_doubt * evidence
    return looked, evidence


def _evidence(image: np.ndarray, person: np.ndarray, on_bones: np.ndarray | None, radius: int) -> np.ndarray:
    """(h, w) what colours say, measured on what the log odds are sure of."""
    inner, outer = colour_cores(person, radius)
    most = float(person.max(initial=0))
    sure, surest = inner * (person > 0.65 * most), inner * (person > 0.8 * most)
    if on_bones is not None:
        # Where the networks hardly see trousers, the bones in them still tell their colour.
        sure, surest = (np.maximum(known, on_bones > ON_BONE) for known in (sure, surest))
        outer = outer * (on_bones <= 0)
    near = _near_evidence(image, sure, outer, 3 * radius)
    all_over = histogram_evidence(image, surest, outer)
    agreed = np.where(near * all_over > 0, np.sign(near) * np.minimum(abs(near), abs(all_over)), 0)
    return _blur(np.clip(agreed, -5.0, 3.0).astype(np.float32), max(1, radius // 3))


def _near_evidence(image: np.ndarray, inner: np.ndarray, outer: np.ndarray, radius: int) -> np.ndarray:
    """Log likelihood ratio, person to background, of each colour under normal distributions measured close by."""
    own, other = (local_unlikeness(image, where, radius) for where in (inner, outer))
    return 0.5 * (other - own)


def local_unlikeness(image: np.ndarray, where: np.ndarray, radius: int, darkest: float = 1.0) -> np.ndarray:
    """(h, w) minus twice the log likelihood of each colour under what the pixels `where` close by have, up to what is
    the same for all: under the likelier of two normal distributions, of those brighter than their mean and of those
    darker. An arm beside a shirt has two colours, and what lies between the two may be the wall in the gap. darkest:
    the share of its brightness that is left of a colour in the shade."""
    size, luma = where.shape[::-1], _dot(image, GREY)
    mean, _ = _local_colour(image, where, radius)
    bright = luma > _resized(_dot(mean, GREY), size)
    out = None
    for half in (bright, ~bright):
        colour, variance = (_resized(v, size) for v in _local_colour(image, where * half, radius))
        # 1.5e-3: 0.04 of a channel's range, about the noise and shading inside one plain surface.
        variance = variance / 3 + 1.5e-3
        if darkest < 1:
            light = _dot(image, colour) / np.maximum(_dot(colour, colour), 1e-6)
            colour = colour * np.clip(light, darkest, 1)[..., None]
        away = image - colour
        unlike = _dot(away, away) / variance + 3 * np.log(variance)
        out = unlike if out is None else np.minimum(out, unlike)
    return out


def histogram_evidence(image: np.ndarray, inner: np.ndarray, outer: np.ndarray, bins: int = 16) -> np.ndarray:
    """The same ratio from the colour histograms of the whole person and of all that surrounds it."""
    import cv2

    index = np.clip((image * bins).astype(np.int32), 0, bins - 1) @ np.int32([bins * bins, bins, 1])
    densities = []
    for where in (inner, outer):
        counts = (
            np.bincount(index.ravel(), where.ravel(), bins**3).reshape(bins, bins, bins).astype(np.float32)
        )
        counts = cv2.blur(counts, (3, 3))  # neighbouring colours share: green and blue here, red below
        counts = (np.roll(counts, 1, 0) + counts + np.roll(counts, -1, 0)) / 3
        densities.append(counts.ravel() / max(counts.sum(), 1.0) + 1e-5)
    return np.log(densities[0] / densities[1])[index].astype(np.float32)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner product over the three channels; several times faster than sum(-1)."""
    return a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]


def _logistic(x: np.ndarray) -> np.ndarray:
    return (1 / (1 + np.exp(-np.clip(3 * x, -20, 20)))).astype(np.float32)


def clean(person: np.ndarray, evidence: np.ndarray, on_bones: np.ndarray | None, doubt: float) -> np.ndarray:
    """Log odds (h, w) and the colours' evidence -> log odds of one person, without holes that are none.

    What hangs on the person by a neck thinner than two mask pixels (doubt), and is not thin itself, is taken off
    unless a bone runs through it: a plant, a bag's shadow. Without bones the largest piece is the person.
    """
    import cv2

    inside = (person > 0).astype(np.uint8)
    reach = max(2, int(round(1.5 * doubt)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    core = cv2.morphologyEx(inside, cv2.MORPH_OPEN, kernel)
    kept, stray = _sorted_pieces(core, on_bones)
    grown = cv2.dilate(kept, kernel)
    stray = cv2.dilate(stray, kernel) & inside & ~grown
    kept, loose = _sorted_pieces(inside & ~stray, on_bones)
    away = (stray | cv2.dilate(loose, kernel)) & ~cv2.dilate(kept, kernel)
    # What is far from the person cannot be its soft edge either.
    far = cv2.dilate(kept, kernel, iterations=3) == 0
    person = np.where(far | (away > 0), np.minimum(person, -5.0), person)
    return _without_holes(person, evidence, on_bones)


def _sorted_pieces(mask: np.ndarray, on_bones: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Connected pieces of a mask -> (those of the person, the others), uint8."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    keep = np.zeros(count, bool)
    if on_bones is not None:
        keep[np.unique(labels[on_bones > 0.5])] = True
    keep[0] = False
    if count > 1 and not keep.any():
        keep[1 + stats[1:, cv2.CC_STAT_AREA].argmax()] = True
    kept = keep[labels].astype(np.uint8)
    return kept, mask & ~kept


def _without_holes(person: np.ndarray, evidence: np.ndarray, on_bones: np.ndarray | None) -> np.ndarray:
    """Fill enclosed gaps that are tiny, that have the person's colours, or that lie on a bone (not beside one)."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (person <= DOUBTFUL).astype(np.uint8), connectivity=4
    )
    if count <= 2:
        return person
    height, width = person.shape
    x, y, w, h, area = stats.T
    enclosed = (x > 0) & (y > 0) & (x + w < width) & (y + h < height)
    enclosed[0] = False
    small = area < 2e-4 * (person > 0).sum()
    solid = np.bincount(labels.ravel(), (evidence > 0).ravel(), count) > 0.6 * area
    if on_bones is not None:
        on = np.bincount(labels.ravel(), (on_bones > 0.95).ravel(), count)
        solid |= on > 0.25 * area
    fill = (enclosed & (small | solid))[labels]
    return np.where(fill, np.maximum(person, 3.0), person)


def _blur(values: np.ndarray, radius: int) -> np.ndarray:
    import cv2

    return cv2.blur(values, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)


def guided(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Guided filter with a grey guide: He, Sun and Tang 2013, "Guided Image Filtering", algorithm 1."""
    mean_g, mean_v = _blur(guide, radius), _blur(values, radius)
    covariance = _blur(guide * values, radius) - mean_g * mean_v
    variance = _blur(guide * guide, radius) - mean_g * mean_g
    slope = covariance / (variance + epsilon)
    offset = mean_v - slope * mean_g
    return _blur(slope, radius) * guide + _blur(offset, radius)


def refine(image: np.ndarray, person: np.ndarray, pixel: float) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) image, (h, w) log odds whose outline is exact to about `pixel` -> matte (h, w), foreground.

    Near the outline each pixel is taken as a mixture of the person's colour close by and the background's close by;
    where those two colours are told apart well, their proportion is the matte, elsewhere the guided votes are.
    """
    radius = max(2, int(round(1.5 * pixel)))
    inner, outer = colour_cores(person, radius)
    prior = np.clip(guided(_dot(image, GREY), _logistic(person), max(2, radius // 2), 1e-3), 0, 1)
    matte, foreground = inner.copy(), image.copy()
    edge = np.nonzero((inner == 0) & (outer == 0))
    if len(edge[0]) == 0:
        return matte, foreground
    own, own_variance = (_sampled(v, edge, inner.shape) for v in _local_colour(image, inner, 2 * radius))
    other, other_variance = (_sampled(v, edge, inner.shape) for v in _local_colour(image, outer, 2 * radius))
    between = own - other
    distance = _dot(between, between)
    mixed = _dot(image[edge] - other, between) / np.maximum(distance, 1e-6)
    trust = distance / (distance + 6 * (own_variance + other_variance) + 4e-3)
    alpha = trust * np.clip(mixed, 0, 1) + (1 - trust) * prior[edge]
    alpha = np.clip((alpha - 0.06) / 0.88, 0, 1)
    matte[edge] = alpha
    foreground[edge] = _unmixed(image[edge], alpha, own, other)
    return matte, foreground


LOOKS = 2
"""How often colours are measured: the second time, what the first found to be the person is no background.
"""
DOUBTFUL = 0.2
"""Log odds that are no more than even."""
ON_BONE = 0.95
"""How near to a bone's line (1 on it) is surely inside the body."""
SURE = 5.3
"""Log odds that need no second look, even next to the outline: all windows and a bone agree."""
GREY = np.float32([0.299, 0.587, 0.114])
"""Luma weights of ITU-R BT.601."""


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import cv2

    return cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)


def _sampled(small: np.ndarray, at: tuple[np.ndarray, np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Values of a smaller map (hs, ws[, c]) at pixels (rows, columns) of the full one -> (n[, c])."""
    import cv2

    rows, columns = ((i + 0.5) * (n / full) - 0.5 for i, n, full in zip(at, small.shape, shape, strict=False))
    # remap takes at most 32767 rows: fold the list of positions into a table of 1024 columns.
    pad = -len(rows) % 1024
    x, y = (np.pad(v.astype(np.float32), (0, pad)).reshape(-1, 1024) for v in (columns, rows))
    out = np.concatenate(
        [
            cv2.remap(
                small, x[i : i + 16384], y[i : i + 16384], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            for i in range(0, len(x), 16384)
        ]
    )
    return out.reshape(-1, *small.shape[2:])[: len(rows)]


def colour_cores(person: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Where it is surely the person, and surely not: `radius` away from the votes' outline, or very high votes."""
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    cores = []
    for votes in (person, -person):
        deep = cv2.erode((votes > DOUBTFUL).astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE)
        cores.append((deep | (votes > SURE)).astype(np.float32))
    return cores[0], cores[1]


def _local_colour(image: np.ndarray, where: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean colour (hs, ws, 3) and its variance (hs, ws) of the pixels `where`, near each pixel, on a smaller grid.

    Normalised convolution (Knutsson and Westin 1993) at two sizes: the near one where it has anything. Such means
    are smooth, so the grid is a third of the radius.
    """
    height, width = where.shape
    step = max(1, radius // 3)
    size = (max(1, width // step), max(1, height // step))
    sums = []
    for values in (image * where[..., None], _dot(image, image) * where, where):
        small = _shrunk(values, size)
        sums.append(_blur(small, max(1, radius // step)) + 0.02 * _blur(small, max(1, 4 * radius // step)))
    colour, square, weight = sums
    colour, square = colour / (weight[..., None] + 1e-7), square / (weight + 1e-7)
    return colour, np.maximum(square - _dot(colour, colour), 0)


def _shrunk(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import cv2

    return cv2.resize(values, size, interpolation=cv2.INTER_AREA)


def _unmixed(image: np.ndarray, alpha: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n, 3) the person's own colour: (pixel - (1 - alpha) background) / alpha, drawn to the colour close by where
    it is thin."""
    thick = np.maximum(alpha, 0.3)[:, None]
    clear = np.clip((image - (1 - thick) * other) / thick, 0, 1)
    sure = np.clip(1.5 * alpha - 0.3, 0, 1)[:, None]
    return sure * clear + (1 - sure) * own
