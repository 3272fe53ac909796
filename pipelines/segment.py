"""Pictures in, the person's matte and parts out, at the picture's own resolution.

Three steps: votes of two networks over several windows (where is the person), a clean-up that knows the skeleton
(what is one person), and an edge refinement by the picture's own colours (exactly where does the person end).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .drawing_mask import drawing_matte
from .figures import has_plain_ground
from .gaps import beside_limbs, with_gaps
from .geometry.keypoints import DRAWING, PRESENT, Keypoints
from .geometry.landmarks import INDEX, PARTS
from .matte import Region, clean, mask_pixel, refine, resampled, with_colours
from .models.crops import Crop, Pyramid
from .models.person_parts import CLASSES, PartsReader, log_odds, ramp
from .models.tflite import TfliteNetwork

Progress = Callable[[float], None]

WORK_PIXELS = 6_000_000
"""A person larger than this many pixels is refined at a reduced size and enlarged: bounds memory to about 1 GB."""
CLOSE_UP_VOTE = 1.5
"""Weight of a close-up against one whole-person vote: the close-up decides where those are in doubt."""
BONE_VOTE = 3.0
"""Log odds that a pixel on a bone is the person."""

BONES = (
    ("left_shoulder", "right_shoulder"), ("left_shoulder", "left_hip"), ("right_shoulder", "right_hip"),
    ("left_hip", "right_hip"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"), ("left_hip", "left_knee"),
    ("left_knee", "left_ankle"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
    ("left_ankle", "left_heel"), ("left_heel", "left_big_toe"), ("left_heel", "left_small_toe"),
    ("right_ankle", "right_heel"), ("right_heel", "right_big_toe"), ("right_heel", "right_small_toe"),
    ("nose", "left_ear"), ("nose", "right_ear"),
)  # fmt: skip
"""Lines that are inside the body in every view."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A person, separated. All float32 in [0, 1] at the picture's resolution.

    matte       (B, 1, H, W) how much of the pixel is the person
    parts       (B, 6, H, W) CLASSES: background, hair, body_skin, face_skin, clothes, other; they add up to 1, and
                background is 1 - matte
    foreground  (B, 3, H, W) the picture with the old background taken out of the matte's soft edge
    """

    matte: Tensor
    parts: Tensor
    foreground: Tensor

    def part(self, *names: str) -> Tensor:
        """(B, 1, H, W) sum of the named parts. ValueError lists the names when one is unknown."""
        unknown = set(names) - set(CLASSES)
        if unknown:
            raise ValueError(f"no part is called {sorted(unknown)}; there are {CLASSES}")
        return self.parts[:, [CLASSES.index(name) for name in names]].sum(1, keepdim=True)


def load_segmenter(find: Callable[[str], Path], threads: int = 2) -> PartsReader:
    """The networks of the default set. find: a weight's id -> its path."""
    return PartsReader(
        TfliteNetwork(find("selfie-multiclass"), threads), TfliteNetwork(find("pose-landmark"), threads)
    )


def person_matte(
    pictures: Tensor,
    reader: PartsReader,
    keypoints: Sequence[Keypoints] | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """(B, 3, H, W) in [0, 1] -> (B, 1, H, W) matte. See segment_person."""
    return segment_person(pictures, reader, keypoints, progress).matte


def segment_person(
    pictures: Tensor,
    reader: PartsReader,
    keypoints: Sequence[Keypoints] | None = None,
    progress: Progress | None = None,
) -> Segmentation:
    """(B, 3, H, W) in [0, 1] -> Segmentation of the person that each picture's keypoints belong to.

    Without keypoints the largest person-like region is taken; with them the result is better (close-ups,
    skeleton). Drawn figures are separated by their lines (drawing_mask.py). progress gets fractions and may raise to
    cancel. ValueError for a batch that does not fit.
    """
    if keypoints is not None and len(keypoints) != len(pictures):
        raise ValueError(f"{len(pictures)} pictures, but keypoints for {len(keypoints)}")
    if len(pictures) == 0:
        raise ValueError("the batch of pictures is empty: connect at least one picture")
    results = []
    for i in range(len(pictures)):
        results.append(_segment_one(pictures[i : i + 1], reader, keypoints[i] if keypoints else None))
        if progress is not None:
            progress((i + 1) / len(pictures))
    if len(results) == 1:  # spares a copy, which for 48 megapixels is 2 GB
        return Segmentation(*results[0])
    return Segmentation(*(torch.cat(maps) for maps in zip(*results, strict=True)))


def _segment_one(picture: Tensor, reader: PartsReader, keypoints: Keypoints | None) -> tuple[Tensor, ...]:
    pyramid = Pyramid(picture.float().cpu())
    drawn = _drawn(picture, pyramid, reader, keypoints)
    if drawn is not None:
        return drawn
    box = _outline(pyramid, reader, keypoints)
    region = Region.around(box, picture.shape[-2:], WORK_PIXELS)
    # The votes are no finer than the networks' masks: gather and clean them on a coarse grid.
    coarse = region.on_grid(max(region.grid, 0.4 * mask_pixel(box)))
    person, classes = _votes(pyramid, reader, keypoints, box, coarse)
    on_bones = None
    if keypoints is not None:
        on_bones = _bones(keypoints, coarse)
        person = person + BONE_VOTE * on_bones
    doubt = mask_pixel(box) / coarse.grid
    small = coarse.cut(picture)
    person = clean(*with_colours(small, person, on_bones, doubt), on_bones, doubt)
    beside = None if keypoints is None else beside_limbs(keypoints, coarse)
    if beside is not None:
        person = with_gaps(small, person, beside, doubt)
    image = region.cut(picture)
    matte, foreground = refine(image, region.fitted(person), mask_pixel(box) / region.grid)
    return region.paste(picture, matte, foreground, _parts(region.fitted(classes), matte))


def _drawn(
    picture: Tensor, pyramid: Pyramid, reader: PartsReader, keypoints: Keypoints | None
) -> tuple[Tensor, ...] | None:
    """Matte, parts and foreground of a drawn figure: where the keypoints are one's, or where the networks see nobody on
    a plain ground. None for photos."""
    if keypoints is None:
        everything = np.array([0.0, 0.0, picture.shape[-1] - 1.0, picture.shape[-2] - 1.0])
        window = _whole(everything)
        if (
            not has_plain_ground(picture)
            or window_box(1 - reader.read(pyramid, window)[0], window) is not None
        ):
            return None
    elif keypoints.source != DRAWING:
        return None
    matte = drawing_matte(picture, keypoints)
    if matte is None:
        return None
    parts = torch.zeros(1, len(CLASSES), *picture.shape[-2:])
    parts[:, CLASSES.index("background")], parts[:, CLASSES.index("other")] = 1 - matte[0], matte[0]
    return matte, parts, picture.float()


def _outline(picture: Pyramid, reader: PartsReader, keypoints: Keypoints | None) -> np.ndarray:
    """(4,) x0, y0, x1, y1 of the person: the landmarks' extent with room for hair and clothes, then the mask's."""
    height, width = picture.shape[-2:]
    box = np.array([0.0, 0.0, width - 1.0, height - 1.0])
    if keypoints is not None and (keypoints.confidence >= PRESENT).sum() >= 3:
        seen = keypoints.points[keypoints.confidence >= PRESENT]
        (x0, y0), (x1, y1) = seen.min(0), seen.max(0)
        size = max(x1 - x0, y1 - y0)
        low = _cut_below(keypoints)
        box = np.array(
            [x0 - 0.12 * size, y0 - 0.14 * size, x1 + 0.12 * size, y1 + (0.3 if low else 0.06) * size]
        )
        box[1] = min(box[1], _above_hair(keypoints))
    window = _whole(box)
    found = window_box(1 - reader.read(picture, window)[0], window)
    limit = np.array([width - 1.0, height - 1.0] * 2)
    if found is not None:
        box = np.concatenate((np.minimum(box[:2], found[:2]), np.maximum(box[2:], found[2:])))
        if keypoints is None:
            box = found
    return np.clip(box, 0, limit)


def _above_hair(keypoints: Keypoints) -> float:
    """y above which no hair is expected: as far over the brows as the chin lies below them, and half again."""
    brows, chin = [f"face_{i}" for i in (19, 24)], "face_8"
    if not keypoints.sees(*brows, chin):
        return float("inf")
    brow = min(float(keypoints[name][1]) for name in brows)
    return brow - 1.5 * abs(float(keypoints[chin][1]) - brow)


def _cut_below(keypoints: Keypoints) -> bool:
    """Are the ankles out of the picture, so that the person goes on below the lowest landmark?"""
    return not keypoints.sees("left_ankle") and not keypoints.sees("right_ankle")


def window_box(person: np.ndarray, window: Crop) -> np.ndarray | None:
    """(4,) picture pixels round what is likely the person in a window; None when nothing is."""
    rows, columns = np.nonzero(person.max(1) > 0.6)[0], np.nonzero(person.max(0) > 0.6)[0]
    if len(rows) == 0:
        return None
    corners = np.array([[columns[0] - 2, rows[0] - 2], [columns[-1] + 2, rows[-1] + 2]], dtype=float)
    return window.to_picture(corners).reshape(-1)


def _whole(box: np.ndarray) -> Crop:
    """A square window that holds the box with some room."""
    side = 1.1 * max(box[2] - box[0], box[3] - box[1], 8.0)
    return Crop(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), float(side), (256, 256))


def _close_ups(box: np.ndarray) -> list[Crop]:
    """Overlapping square windows down the body (or across a lying one), about half its length each."""
    width, height = box[2] - box[0], box[3] - box[1]
    long, short = max(width, height), min(width, height)
    side = max(1.15 * short, 0.5 * long)
    if side > 0.8 * long:
        return []
    low = (box[1] if height >= width else box[0]) - 0.06 * side
    high = (box[3] if height >= width else box[2]) + 0.06 * side
    across = (box[0] + box[2]) / 2 if height >= width else (box[1] + box[3]) / 2
    centres = np.linspace(low + side / 2, high - side / 2, 3)
    points = [(across, c) if height >= width else (c, across) for c in centres]
    return [Crop((float(x), float(y)), float(side), (256, 256)) for x, y in points]


def _votes(
    picture: Pyramid, reader: PartsReader, keypoints: Keypoints | None, box: np.ndarray, region: Region
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of "person" (h, w), 6 at most, and class weights (6, h, w) on the region's grid."""
    whole = _whole(box)
    first = reader.read(picture, whole)
    person = resampled(log_odds(1 - first[0]), whole, region)
    classes = resampled(first, whole, region)
    weight = np.ones(region.size, np.float32)
    window = _body_window(keypoints) if reader.body is not None and keypoints is not None else None
    if window is not None:
        mask = np.clip(reader.body_mask(picture, window), -3.0, 3.0)
        inside = resampled(ramp(window.size, (True,) * 4), window, region)
        person, weight = person + inside * resampled(mask, window, region), weight + inside
    edge = np.array([0, 0, picture.shape[-1], picture.shape[-2]])
    for crop in _close_ups(box):
        corners = crop.corners()
        more = (*(corners[0] > edge[:2]), *(corners[2] < edge[2:]))
        trust = CLOSE_UP_VOTE * resampled(ramp(crop.size, more), crop, region)
        near = reader.read(picture, crop)
        person += trust * resampled(log_odds(1 - near[0]), crop, region)
        classes += trust * resampled(near, crop, region)
        weight += trust
    return 2 * person / weight, classes


def _body_window(keypoints: Keypoints) -> Crop | None:
    """pose_landmark_full's window: centred on the hips, upright, all of the body inside."""
    trunk = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
    if not keypoints.sees(*trunk):
        return None
    shoulders, hips = ((keypoints[a] + keypoints[b]) / 2 for a, b in (trunk[:2], trunk[2:]))
    body = keypoints.points[:23][keypoints.confidence[:23] >= PRESENT]
    radius = np.linalg.norm(body - hips, axis=1).max() + 0.25 * np.linalg.norm(shoulders - hips)
    up = shoulders - hips
    return Crop(tuple(map(float, hips)), float(2.5 * radius), (256, 256), float(np.arctan2(up[0], -up[1])))


def _bones(keypoints: Keypoints, region: Region) -> np.ndarray:
    """(h, w) 1 near a bone of the body or a finger, falling to 0 over a fraction of the limb's thickness."""
    import cv2

    canvas = np.zeros(region.size, np.uint8)
    points = region.to_region(keypoints.points)
    seen = keypoints.confidence >= PRESENT
    torso = _torso(points, seen)
    thickness = max(1, int(0.10 * torso))
    lines = [(INDEX[a], INDEX[b]) for a, b in BONES]
    thin = []
    for name in ("left_hand", "right_hand"):
        root = PARTS[name].start
        thin += [(root + (0 if j % 4 == 1 else j - 1), root + j) for j in range(1, 21)]
    for pairs, wide in ((lines, thickness), (thin, max(1, thickness // 6))):
        for a, b in pairs:
            if seen[a] and seen[b]:
                ends = [tuple(int(round(v)) for v in points[i]) for i in (a, b)]
                cv2.line(canvas, *ends, 255, wide)
    # Nothing of a body is missing between shoulders and hips.
    trunk = [INDEX[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
    if seen[trunk].all():
        cv2.fillConvexPoly(canvas, cv2.convexHull(np.round(points[trunk]).astype(np.int32)), 255)
    for start, end in _cut_thighs(points, seen, torso):
        cv2.line(canvas, start, end, 255, thickness)
    blur = max(1, thickness // 2)
    return cv2.blur(canvas, (blur, blur)).astype(np.float32) / 255


def _cut_thighs(points: np.ndarray, seen: np.ndarray, torso: float) -> list[tuple]:
    """Start and end (x, y) of thighs whose knees the picture does not show, from the shoulder on through the hip,
    as long as half a torso: where a photo ends there, the person goes on to its border."""
    lines = []
    for side in ("left", "right"):
        shoulder, hip, knee = (INDEX[f"{side}_{joint}"] for joint in ("shoulder", "hip", "knee"))
        if seen[shoulder] and seen[hip] and not seen[knee]:
            way = points[hip] - points[shoulder]
            end = points[hip] + 0.5 * torso * way / max(float(np.linalg.norm(way)), 1e-6)
            lines.append(tuple(tuple(int(round(float(v))) for v in at) for at in (points[hip], end)))
    return lines


def _torso(points: np.ndarray, seen: np.ndarray) -> float:
    """A length of the body in the region's pixels for the thickness of bones."""
    pairs = [("left_shoulder", "right_hip"), ("right_shoulder", "left_hip")]
    lengths = [
        np.linalg.norm(points[INDEX[a]] - points[INDEX[b]])
        for a, b in pairs
        if seen[INDEX[a]] and seen[INDEX[b]]
    ]
    spread = points[seen].max(0) - points[seen].min(0) if seen.any() else np.ones(2)
    return float(max(lengths)) if lengths else 0.25 * float(max(spread))


def _parts(classes: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """(6, h, w): the person's classes share the matte in the proportions of the votes."""
    person = np.maximum(classes[1:], 1e-6)
    person = person / person.sum(0) * matte
    return np.concatenate((1 - matte[None], person)).astype(np.float32)
