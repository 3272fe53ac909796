"""A picture of OpenPose skeletons, read back into keypoints by its colours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ..geometry.formats.openpose import BODY_18, NECK, box_area
from ..geometry.keypoints import Keypoints
from ..geometry.landmarks import FACE, INDEX, LEFT_HAND, RIGHT_HAND
from .colours import (
    BLUE,
    JOINT,
    JOINTS,
    LIMB,
    OTHER,
    WHITE,
    Labels,
    in_openpose_colours,
    labels_of,
)
from .discs import NO_DISCS, Discs, disc_radius, find_discs
from .face import face_dots, named_face
from .hands import Hand, find_hands
from .limbs import COVERED, SURE, Figure, Joints, figures_of

SOURCE = "OpenPose picture"
USUAL_RADIUS = 4
"""Pixels: the drawing code's own (controlnet_aux/dwpose/util.py), taken where no disc lies free."""
SMALLEST_RADIUS = 3.5
"""Below this the picture is enlarged first: a disc needs some border to be measured."""
JOINT_ARC, JOINT_SHOWN = 1.0, 0.1
"""Radians and share that must be seen of a joint's disc: slivers between a face's dots mislead, limbs do not."""
BLUISH, BLUE_LOSS = range(10, 14), 0.7
"""Joints whose discs JPEG shrinks, in pixels: blue is nearly all colour, which it stores at half the resolution."""
TRUNCATION = 0.5
"""Drawing code cuts coordinates to whole pixels (int(x)): on average half a pixel to the left and up."""
ENOUGH_SEEN = 10
"""Dots of a hand's 21 that lines must name. Where dots cover each other more than that, one in six is taken for its
neighbour, and wrong fingers are worse than none: only the hand's root is told, and the person keeps their own hand."""
SEEN_ERROR, COVERED_ERROR = 0.5, 1.5
"""Pixels of standard deviation, as measured by training/benchmark_formats.py."""


def is_openpose_picture(picture: torch.Tensor) -> bool:
    """Whether (1, 3, H, W) in [0, 1] is a drawn OpenPose skeleton: black ground, and the palette's colours."""
    return in_openpose_colours(_bytes(picture))


def keypoints_from_openpose_picture(picture: torch.Tensor) -> list[Keypoints]:
    """One `Keypoints` for each person drawn in a picture (1, 3, H, W) in [0, 1], the largest first.

    Body, hands and face; feet are not drawn. Confidence 1 where a disc is seen, 0.6 where the joint was found by
    the end of its limb. Raises ValueError for a picture that is not drawn in OpenPose's colours.
    """
    pixels = _bytes(picture)
    if not in_openpose_colours(pixels):
        raise ValueError(
            "this picture is not an OpenPose skeleton: expected the palette's colours on black; read a photo"
            " with Read Keypoints"
        )
    size = pixels.shape[:2]
    pixels, scale = _large_enough(pixels)
    found = _people(labels_of(pixels))
    people = [_keypoints(points, sure, size, scale) for points, sure in found]
    return sorted(people, key=box_area, reverse=True)


def _bytes(picture: torch.Tensor) -> np.ndarray:
    if picture.ndim != 4 or picture.shape[0] != 1 or picture.shape[1] != 3 or 0 in picture.shape:
        raise ValueError(f"a picture has shape {tuple(picture.shape)}, expected (1, 3, height, width)")
    return picture[0].detach().cpu().clamp(0, 1).mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()


def _radius(labels: Labels) -> float | None:
    """Pixels of the joints' discs, or of a hand's dots where no joint lies free."""
    return disc_radius([_cropped(labels.kinds == JOINT + joint) for joint in range(JOINTS)])


def _cropped(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return np.pad(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1) if len(rows) else mask[:0]


def _large_enough(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture, enlarged where its discs are too small to be measured, and by how much."""
    import cv2

    radius = _radius(labels_of(pixels))
    if radius is None or radius >= SMALLEST_RADIUS or max(pixels.shape) > 2048:
        return pixels, 1.0
    scale = int(np.ceil(SMALLEST_RADIUS / max(radius, 1.0)))
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), float(scale)


def _people(labels: Labels) -> list[tuple[np.ndarray, np.ndarray]]:
    """(133, 2) points and (133,) confidence of everybody, in the labels' pixels."""
    radius = _radius(labels) or USUAL_RADIUS
    discs = [_discs(labels, joint, radius) for joint in range(JOINTS)]
    figures = figures_of(labels, Joints.of(discs), radius)
    hands = _hands(labels, figures, radius)
    figures = [figure for figure in figures if _is_somebody(figure)]
    people = [_body(figure) for figure in figures]
    _give_hands(people, hands, radius)
    _give_faces(people, labels, radius)
    return [(points, sure) for points, sure in people if (sure > 0).any()]


def _discs(labels: Labels, joint: int, radius: float) -> Discs:
    """The discs of one joint, everybody's, in the picture's pixels."""
    own = labels.kinds == JOINT + joint
    box = labels.box(own, int(3 * radius) + 3)
    if box is None:
        return NO_DISCS
    cover = cover_of(labels, box, own[box])
    found = find_discs(own[box], cover, radius, JOINT_ARC, JOINT_SHOWN)
    if joint in BLUISH:
        smaller = find_discs(own[box], cover, radius - BLUE_LOSS, JOINT_ARC, JOINT_SHOWN)
        apart = np.linalg.norm(smaller.centres[:, None] - found.centres[None], axis=2).min(
            axis=1, initial=np.inf
        )
        found = Discs(*(np.concatenate([a, b[apart > radius]]) for a, b in zip(found, smaller, strict=True)))
    return found._replace(centres=found.centres + [box[1].start, box[0].start])


def cover_of(labels: Labels, box: tuple[slice, slice], own: np.ndarray) -> np.ndarray:
    """(h, w) bool: what may hide a part of a disc there: other bright colours, and mixed ones in masses.

    A thin line of mixed colours is only a blurred border.
    """
    import cv2

    kinds = labels.kinds[box]
    bright = ((kinds >= JOINT) & (kinds < LIMB)) | (kinds == WHITE)
    mixed = cv2.morphologyEx((kinds == OTHER).astype(np.uint8), cv2.MORPH_OPEN, np.ones((4, 4), np.uint8)) > 0
    return (bright | mixed) & ~own


def _hands(labels: Labels, figures: list[Figure], radius: float) -> list[Hand]:
    """The hands in the picture; what lies at a leg's knee is no dot of one."""
    import cv2

    blue = (labels.kinds == BLUE).astype(np.uint8)
    knee = BLUE - JOINT
    for figure in figures:
        if np.isfinite(figure.places[knee, 0]) and np.isfinite(figure.places[[11, 13], 0]).any():
            cv2.circle(
                blue, np.rint(figure.places[knee]).astype(int).tolist(), int(np.ceil(radius + 1)), 0, -1
            )
    wrists = np.concatenate([figure.places[[4, 7]] for figure in figures] or [np.zeros((0, 2))])
    return find_hands(labels, blue > 0, wrists[np.isfinite(wrists[:, 0])], radius)


def _is_somebody(figure: Figure) -> bool:
    """A lone blue disc is a dot of a hand; anything else lone may be all that is drawn of somebody."""
    seen = np.flatnonzero(np.isfinite(figure.places[:, 0]))
    return len(seen) > 1 or JOINT + seen[0] != BLUE


def _body(figure: Figure) -> tuple[np.ndarray, np.ndarray]:
    points, sure = np.zeros((133, 2)), np.zeros(133)
    for name, place, confidence in zip(BODY_18, figure.places, figure.sure, strict=True):
        if name != NECK and np.isfinite(place[0]):
            points[INDEX[name]], sure[INDEX[name]] = place, confidence
    return points, sure


def _give_hands(people: list[tuple[np.ndarray, np.ndarray]], hands: list[Hand], radius: float) -> None:
    """Each hand to the nearest wrist that has none yet; without a wrist, to the nearest arm."""
    given: set = set()
    for end, reach in (("wrist", 0.7), ("elbow", 4.0), ("shoulder", 8.0)):
        near = [
            (float(np.linalg.norm(points[INDEX[f"{side}_{end}"]] - hand.places[0])), n, side, h)
            for n, (points, sure) in enumerate(people)
            for side in ("left", "right")
            if sure[INDEX[f"{side}_{end}"]] > 0 and (end == "wrist" or sure[INDEX[f"{side}_wrist"]] == 0)
            for h, hand in enumerate(hands)
        ]
        for distance, n, side, h in sorted(near):
            places, seen = hands[h]
            size = np.nanmax(np.linalg.norm(places - places[0], axis=1))
            if (n, side) in given or h in given or distance > max(4 * radius, reach * size):
                continue
            given |= {(n, side), h}
            names = LEFT_HAND if side == "left" else RIGHT_HAND
            told = slice(None) if seen.sum() >= ENOUGH_SEEN else slice(1)
            _place(people[n], names[told], places[told], np.where(seen, SURE, COVERED)[told])
            _wrist_at_root(people[n], side, places[0])


def _wrist_at_root(person: tuple[np.ndarray, np.ndarray], side: str, root: np.ndarray) -> None:
    """A wrist that its hand's first dot hides lies under it."""
    points, sure = person
    wrist = INDEX[f"{side}_wrist"]
    if sure[wrist] < SURE:
        points[wrist], sure[wrist] = root, COVERED


def _place(
    person: tuple[np.ndarray, np.ndarray], names: tuple[str, ...], places: np.ndarray, how_sure
) -> None:
    points, sure = person
    rows = np.array([INDEX[name] for name in names])
    seen = np.isfinite(places[:, 0])
    points[rows[seen]] = places[seen]
    sure[rows[seen]] = np.broadcast_to(how_sure, len(rows))[seen]


def _give_faces(people: list[tuple[np.ndarray, np.ndarray]], labels: Labels, radius: float) -> None:
    """Each white dot to the nearest head, and names for the dots of each."""
    white = labels.kinds == WHITE
    box = labels.box(white, int(3 * radius) + 3)
    if box is None:
        return
    dots = face_dots(white[box], radius) + [box[1].start, box[0].start]
    heads = [_head(points, sure) for points, sure in people]
    with_head = [n for n, head in enumerate(heads) if head is not None]
    if not with_head or len(dots) == 0:
        return
    places = np.stack([heads[n].place for n in with_head])
    nearest = np.linalg.norm(dots[:, None] - places[None], axis=2).argmin(axis=1)
    for k, n in enumerate(with_head):
        named, model = named_face(dots[nearest == k], heads[n].roll, heads[n].away)
        _place(people[n], FACE, named, SURE)
        _covered_by_face(people[n], model)


class Head(NamedTuple):
    """place (2,) the middle of what is seen of it, roll in radians where eyes or ears tell it, away: from behind."""

    place: np.ndarray
    roll: float | None
    away: bool


def _head(points: np.ndarray, sure: np.ndarray) -> Head | None:
    """What is seen of a head beside the face's dots; None where that is nothing."""
    rows = [INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
    seen = [row for row in rows if sure[row] > 0]
    if not seen:
        return None
    place = points[seen].mean(axis=0)
    for left, right in ((rows[3], rows[4]), (rows[1], rows[2])):
        if sure[left] > 0 and sure[right] > 0:
            across = points[left] - points[right]
            away = across[0] < 0
            across = -across if away else across
            return Head(place, float(np.arctan2(across[1], across[0])), bool(away))
    return Head(place, None, False)


def _covered_by_face(person: tuple[np.ndarray, np.ndarray], model: np.ndarray) -> None:
    """Eyes and nose that the face's own dots cover: the middle of an eye's six, and the nose's tip."""
    points, sure = person
    for name, dots in (("right_eye", slice(36, 42)), ("left_eye", slice(42, 48)), ("nose", slice(30, 31))):
        if sure[INDEX[name]] < SURE and np.isfinite(model).all():
            points[INDEX[name]], sure[INDEX[name]] = model[dots].mean(axis=0), COVERED


def _keypoints(points: np.ndarray, sure: np.ndarray, size: tuple[int, int], scale: float) -> Keypoints:
    """In the picture's own pixels; pixel centres: an enlarged picture's corner lies at -0.5 in both."""
    own = (points + 0.5) / scale - 0.5 + TRUNCATION
    spread = np.where(sure >= 1, SEEN_ERROR, COVERED_ERROR)
    seen = sure > 0
    return Keypoints(np.where(seen[:, None], own, 0), sure, np.where(seen, spread, 0), size, source=SOURCE)
