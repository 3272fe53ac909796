"""The matte of a drawn figure, with no network: what is not paper, and what its outlines enclose.

figures.py says at a small size which ink is one figure and what its lines enclose. Here that is brought to the
picture's own size: lines keep their soft edges, and a figure of outlines is as solid as one that is filled.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from .figures import FigureMask, figure_masks, ground_difference
from .geometry.keypoints import PRESENT, Keypoints
from .geometry.landmarks import INDEX

WORKING = 2048
"""Longest side in pixels at which the matte is made; larger pictures get it enlarged."""
FAINT = (0.03, 4.0)
"""Difference from the ground from which ink begins, at least, and in the ground's own noise."""
FULL, QUIET = (0.7, 0.97), 0.004
"""Share of the strongest ink near a pixel from which it is all ink, on paper and where the ground's noise is under
QUIET: what a program painted has exact edges, and its own colours right up to them."""
NEAR = 3
"""Pixels within which the strongest ink is looked for: half a thin line's breadth, both ways."""
REACH = 0.02
"""Share of a figure's longer side by which its ink may lie outside the small mask, which was smoothed."""
RIM = 0.009
"""Share of the longer side between the small mask's smoothed border, drawn in, and the line: it is filled."""
EVEN, DRAWN, SMALLEST = 0.6, 0.1, 0.01
"""Share of a figure and of its ground that must be even for a drawing in flat colours, from what difference to the
ground a pixel is the figure's, and what share of the picture that must be. Flat drawings have 0.67 to 0.95 of both;
of 56 photos of people none has over 0.4 of the figure, and over 0.15 none whose ground is even, too (cut-outs)."""
BODY = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")


def drawing_matte(picture: torch.Tensor, keypoints: Keypoints | None = None) -> torch.Tensor | None:
    """(1, 1, H, W) how much of each pixel of a drawing (1, 3, H, W) is the figure; None where there is none.

    keypoints  say which of several figures is meant, and whether its lines are its limbs or its outline; without them
               it is the largest, taken as solid where its lines enclose a body
    """
    chosen = _meant(figure_masks(picture), keypoints)
    if chosen is None:
        return None
    size = tuple(picture.shape[-2:])
    scale = min(1.0, WORKING / max(size))
    working = tuple(max(1, round(side * scale)) for side in size)
    small = F.interpolate(picture.float().cpu(), working, mode="area") if scale < 1 else picture.float().cpu()
    difference, noise = ground_difference(small[0].permute(1, 2, 0).numpy())
    region = _region(chosen, working, scale)
    matte = torch.from_numpy(_matte(difference, noise, region, chosen.kind))[None, None]
    if scale < 1:
        matte = F.interpolate(matte, size, mode="bilinear", align_corners=False)
    return matte.to(picture.device)


def is_flat_coloured(picture: torch.Tensor) -> bool:
    """Whether a picture (1, 3, H, W) is painted in even colours on an even ground: a mascot, an anime figure.

    Pixels that equal all their neighbours exactly, in 8 bits: most of such a drawing, of figure and ground alike, and
    next to none of a photo, whose noise goes on in every surface.
    """
    levels = (picture[0].float().cpu() * 255).round()
    even = (F.max_pool2d(levels[None], 3, 1, 1) + F.max_pool2d(-levels[None], 3, 1, 1)).amax(1)[0] == 0
    scale = min(1.0, WORKING / max(levels.shape[-2:]))
    rows, columns = (torch.arange(0, n, max(1, round(1 / scale))) for n in levels.shape[-2:])
    small = (levels / 255)[:, rows][:, :, columns]
    difference, _ = ground_difference(small.permute(1, 2, 0).numpy())
    drawn, even = difference > DRAWN, even[rows][:, columns].numpy()
    if drawn.mean() < SMALLEST:
        return False
    return bool(even[drawn].mean() > EVEN and even[~drawn].mean() > EVEN)


def _meant(figures: list[list[FigureMask]], keypoints: Keypoints | None) -> FigureMask | None:
    """The mask of the figure that the keypoints lie in, in the reading that they were read from."""
    if not figures:
        return None
    if keypoints is None:
        return figures[0][-1] if len(figures[0]) > 1 else figures[0][0]
    names = [f"{side}_{joint}" for side in ("left", "right") for joint in BODY]
    there = [INDEX[name] for name in names if keypoints.confidence[INDEX[name]] >= PRESENT]
    points = keypoints.points[there]
    boxes = [_share_inside(readings[-1], points) for readings in figures]
    readings = figures[int(np.argmax(boxes))]
    # Joints were read from the middle of a stroke: the smallest mask that holds them is the one they were read from.
    shares = np.array([_share_inside(one, points) for one in readings])
    return readings[int(np.flatnonzero(shares >= shares.max() - 0.1)[0])]


def _share_inside(figure: FigureMask, points: np.ndarray) -> float:
    """Share of picture points (n, 2) that lie in a figure's mask."""
    if not len(points):
        return 0.0
    at = np.round((points - np.array(figure.corner) + 0.5) * figure.scale - 0.5).astype(int)
    height, width = figure.mask.shape
    inside = (at >= 0).all(1) & (at[:, 0] < width) & (at[:, 1] < height)
    column, row = np.clip(at, 0, [width - 1, height - 1]).T
    return float((figure.mask[row, column] & inside).mean())


def _region(figure: FigureMask, size: tuple[int, int], scale: float) -> np.ndarray:
    """(h, w) in [0, 1] the figure's small mask laid over the picture at the working size."""
    import cv2

    zoom = scale / figure.scale
    corner = (np.array(figure.corner) + 0.5) * scale - 0.5
    # working pixel = zoom * (mask pixel + 0.5) - 0.5 + corner of the mask
    shift = 0.5 * zoom - 0.5 + corner + 0.5 - 0.5 * scale
    matrix = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]], dtype=np.float64)
    return cv2.warpAffine(figure.mask.astype(np.float32), matrix, size[::-1], flags=cv2.INTER_LINEAR)


def _matte(difference: np.ndarray, noise: float, region: np.ndarray, kind: str) -> np.ndarray:
    """(h, w) float32: soft ink where the figure is, and what lies inside its outline."""
    import cv2

    extent = np.ptp(np.argwhere(region > 0.5), axis=0).max()
    reach = max(2, round(REACH * extent))
    support = cv2.dilate((region > 0.5).astype(np.uint8), _disc(reach))
    least, full = max(FAINT[0], FAINT[1] * noise), FULL[noise < QUIET]
    strongest = cv2.blur(cv2.dilate(difference, _disc(NEAR)), (2 * NEAR + 1, 2 * NEAR + 1))
    ink = np.clip((difference - least) / np.maximum(full * strongest - least, least), 0, 1) * support
    ink = np.where(strongest > 2 * least, ink, 0).astype(np.float32)
    solid = (ink > 0.5).astype(np.uint8)
    if kind != "lines":
        # The small mask was smoothed: between it and the line lies a rim of paper that belongs to the inside.
        gap = max(2, round(RIM * extent))
        inner = cv2.erode((region > 0.5).astype(np.uint8), _disc(gap))
        solid = cv2.morphologyEx(np.pad(solid | inner, gap + 1), cv2.MORPH_CLOSE, _disc(gap + 1))
        solid = solid[gap + 1 : -gap - 1, gap + 1 : -gap - 1]
    filled = _filled(solid, region) & (support > 0)
    kept = _hanging_together(filled, region > 0.5)
    core = cv2.GaussianBlur(cv2.erode(kept.astype(np.float32), _disc(1)), (0, 0), 0.5)
    near = cv2.dilate(kept.astype(np.uint8), _disc(2))
    return np.maximum(core, ink * near).astype(np.float32)


def _filled(solid: np.ndarray, region: np.ndarray) -> np.ndarray:
    """(h, w) bool: the solid shape with the holes that the figure's own small mask does not have."""
    import cv2

    count, labels = cv2.connectedComponents(
        np.pad(1 - solid, 1, constant_values=1).astype(np.uint8), connectivity=4
    )
    labels = labels[1:-1, 1:-1]
    weight = np.bincount(labels.ravel(), minlength=count)
    inside = np.bincount(labels.ravel(), weights=(region > 0.5).ravel(), minlength=count)
    hole = inside > 0.5 * np.maximum(weight, 1)
    hole[labels[solid > 0][0] if (solid > 0).any() else 0] = False
    hole[_outer(labels)] = False
    return (solid > 0) | hole[labels]


def _outer(labels: np.ndarray) -> np.ndarray:
    """The labels that reach the picture's border."""
    return np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))


def _hanging_together(shape: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The connected parts of a shape that the figure's small mask knows: no specks, no neighbours."""
    import cv2

    count, labels = cv2.connectedComponents(shape.astype(np.uint8), connectivity=8)
    weight = np.bincount(labels.ravel(), minlength=count)
    inside = np.bincount(labels.ravel(), weights=region.ravel(), minlength=count)
    kept = inside > 0.5 * weight
    kept[0] = False
    return kept[labels]


def _disc(radius: int) -> np.ndarray:
    import cv2

    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
