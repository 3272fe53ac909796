"""Drawn figures in, keypoints out, by their strokes alone: no network needs to know the style."""

from __future__ import annotations

import numpy as np
import torch

from .figures import FigureMask, figure_masks, has_plain_ground
from .geometry.figures.graph import JOINT, LIMBS, DrawnFigure, read_figure
from .geometry.keypoints import DRAWING, PRESENT, Keypoints
from .geometry.landmarks import BODY, INDEX
from .geometry.template import STATURE_METRES

BELIEVED = (2.3, 8.0)
"""Cost up to which strokes are taken for a body, where they were found and where the artist's mask says that they are
one. Rendered figures cost 0 to 2.0, drawn characters 0.3 to 3.4 (a bug's six arms), words and hatching 2.7 to 7."""
DOUBTFUL = 1.2
"""Cost from which the artist is told to look."""
LARGE_HEAD = (0.085, 0.15)
"""Head radius over height from which a body's proportions are a character's, for shapes and for lines (stick figures
of people have large heads, too): 0.065 for the standard body."""
LATER = 0.15
"""What each further reading of a figure's lines must gain to be preferred."""
ANIMAL_NOTE = "a four-legged figure: its front legs are read as arms; reduced fidelity"
SEEN_BODY, SEEN_HALF, SEEN_FACE = 0.3, 0.75, 0.6
"""Mean confidence of the twelve limb joints, of the better six of them, and of nose, eyes and ears from which the
networks' reading stands. Mannequins and flat-coloured people have 0.45 to 0.85, careful sketches 0.2 to 0.8 (below 0.3
either reader is poor), photos of whole people 0.9; of the six drawn characters one was found at all, at 0.29."""
SPREAD = 0.03
"""Standard deviation of a joint read from a stroke, in figure heights: the benchmark's mean error on drawings."""

_HEAD = {"nose": (0.0, 0.1), "left_eye": (0.35, -0.15), "left_ear": (0.9, 0.0)}
"""Across and down from the head's centre in head radii; the right half is the mirror image. A face that looks at the
viewer, in the proportions of the standard body (template.py)."""


class NoFigure(ValueError):
    """A picture in which no figure could be made out."""


def keypoints_from_drawing(picture: torch.Tensor, mask: torch.Tensor | None = None) -> list[Keypoints]:
    """The figures of a picture (1, 3, H, W) in [0, 1], largest first, each with its own landmarks.

    mask (1, H, W) or (1, 1, H, W): the figures, where the artist has cut them out; otherwise they are found on a
    plain ground. Body, rough feet and head points are given; hands and face are absent. What was only inferred
    has a confidence under 0.4, or is absent. Raises NoFigure where nothing looks like a figure.
    """
    if picture.ndim != 4 or picture.shape[:2] != (1, 3):
        raise ValueError(f"a drawing has shape {tuple(picture.shape)}, expected (1, 3, height, width)")
    if mask is not None and tuple(mask.shape[-2:]) != tuple(picture.shape[-2:]):
        raise ValueError(
            f"the mask has {mask.shape[-1]} x {mask.shape[-2]} pixels, the drawing {picture.shape[-1]} x"
            f" {picture.shape[-2]}: give the mask of this picture"
        )
    canvas = tuple(int(side) for side in picture.shape[-2:])
    people = []
    for readings in figure_masks(picture, mask):
        figure, cut = _best(readings)
        if figure is not None and figure.cost < BELIEVED[mask is not None]:
            people.append(_keypoints(figure, cut, canvas))
    if not people:
        raise NoFigure(
            f"no figure was found in the drawing ({canvas[1]} x {canvas[0]}): it should stand apart from a plain"
            " ground, with arms and legs that can be told from the body; or connect a mask of the figure"
        )
    return people


class DrawingReader:
    """Reads figures by their strokes, as a keypoint backend (models/wholebody.py) that needs no network."""

    name, modules = DRAWING, ()

    def read(self, picture: torch.Tensor, person: int | None = None) -> list[Keypoints]:
        """(1, 3, H, W) in [0, 1] -> its figures, largest first, or only number `person`; empty if none."""
        try:
            people = keypoints_from_drawing(picture)
        except NoFigure:
            return []
        return people if person is None else people[person : person + 1]


def prefers_drawing(picture: torch.Tensor, networks: Keypoints | None) -> bool:
    """Whether a picture (1, 3, H, W) is better read by its strokes than by what the networks made of it.

    The networks keep what they see well: limbs, or a face (a portrait). Otherwise a picture on a plain ground is a
    drawing. Measured by training/benchmark_drawings.py: the networks find no stick figure or wireframe and hardly
    a child's drawing, but read mannequins, flat-coloured people and careful sketches better than strokes do.
    """
    if networks is None:
        return has_plain_ground(picture)
    limbs = np.sort(networks.confidence[[INDEX[name] for limb in LIMBS for name in limb]])
    seen = limbs.mean() >= SEEN_BODY or limbs[len(limbs) // 2 :].mean() >= SEEN_HALF
    face = networks.confidence[[INDEX[name] for name in BODY[:5]]].mean() >= SEEN_FACE
    return not seen and not face and has_plain_ground(picture)


def _best(readings: list[FigureMask]) -> tuple[DrawnFigure | None, FigureMask]:
    """The reading of one figure that looks most like a body; of equal ones the one with less filled in."""
    found = [(read_figure(cut.mask), cut) for cut in readings]
    costs = [_cost(figure, cut) + LATER * i for i, (figure, cut) in enumerate(found)]
    return found[int(np.argmin(costs))]


def _cost(figure: DrawnFigure | None, cut: FigureMask) -> float:
    """How little a reading looks like a body; animals are never taken for lines."""
    if figure is None or (figure.four_legged and cut.kind == "lines"):
        return np.inf
    return figure.cost


def _keypoints(figure: DrawnFigure, cut: FigureMask, canvas: tuple[int, int]) -> Keypoints:
    points, confidence = np.zeros((133, 2)), np.zeros(133)
    placed = cut.to_picture(figure.points)
    for name in (joint for limb in LIMBS for joint in limb):
        points[INDEX[name]], confidence[INDEX[name]] = placed[JOINT[name]], figure.sure[JOINT[name]]
    _add_head(points, confidence, figure, cut)
    _add_feet(points, confidence, placed, figure.sure)
    confidence = np.clip(confidence * np.clip(1.15 - 0.25 * figure.cost, 0.6, 1), 0, 1)
    inside = (points >= -0.5).all(1) & (points < np.array(canvas[::-1]) - 0.5).all(1)
    confidence = np.where(inside, confidence, 0)
    tall = np.ptp(placed[:, 1])
    spread = np.where(confidence > 0, SPREAD * tall * (2 - confidence), 0)
    world = _flat(points, figure, cut) if _stylised(figure, cut) else None
    return Keypoints(
        points, confidence, spread, canvas, world, DRAWING, _notes(figure, cut), level=world is not None
    )


def _stylised(figure: DrawnFigure, cut: FigureMask) -> bool:
    """Whether a figure's proportions are its own, not a person's shortened by the view: a body with a large head, an
    animal. The lines of a stick figure state a pose and no proportions."""
    tall = np.ptp(np.flatnonzero(cut.mask.any(1)))
    large = LARGE_HEAD[cut.kind == "lines"] * tall
    return figure.four_legged or figure.head_radius > large


def _flat(points: np.ndarray, figure: DrawnFigure, cut: FigureMask) -> np.ndarray:
    """(133, 3) metres: the drawing as it lies on the paper, the face before the head; NaN where nothing is known.

    Lifting by the standard body's lengths would read a mascot's short legs as legs that point at the viewer.
    """
    tall = np.ptp(np.flatnonzero(cut.mask.any(1))) / cut.scale
    world = np.full((133, 3), np.nan)
    body = [*range(17), *range(INDEX["left_big_toe"], INDEX["right_heel"] + 1)]
    world[body, :2] = points[body] - (points[INDEX["left_hip"]] + points[INDEX["right_hip"]]) / 2
    world[body, 2] = 0.0
    for name, out in (("nose", 0.9), ("left_eye", 0.75), ("right_eye", 0.75)):
        world[INDEX[name], 2] = -out * figure.head_radius / cut.scale
    return world * (STATURE_METRES / tall)


def _add_head(points: np.ndarray, confidence: np.ndarray, figure: DrawnFigure, cut: FigureMask) -> None:
    """Nose, eyes and ears in the head's disc, upright with the neck."""
    centre, up = figure["head"], figure["head"] - figure["neck"]
    up = up / max(np.hypot(*up), 1e-6)
    across = np.array([-up[1], up[0]])
    for name, (aside, down) in _HEAD.items():
        for side, sign in (("left", 1), ("right", -1)):
            j = INDEX[name.replace("left", side)]
            where = centre + figure.head_radius * (sign * aside * across - down * up)
            points[j] = cut.to_picture(where)
            confidence[j] = figure.sure[JOINT["head"]] * (0.9 if name == "nose" else 0.5)


def _add_feet(points: np.ndarray, confidence: np.ndarray, placed: np.ndarray, sure: np.ndarray) -> None:
    """Toes where the leg's stroke ends, the heel under the ankle."""
    for side in ("left", "right"):
        ankle, toe, knee = (placed[JOINT[f"{side}_{name}"]] for name in ("ankle", "toe", "knee"))
        certain = sure[JOINT[f"{side}_toe"]]
        heel = ankle + 0.1 * (ankle - knee)
        for name, point in (("big_toe", toe), ("small_toe", toe), ("heel", heel)):
            points[INDEX[f"{side}_{name}"]], confidence[INDEX[f"{side}_{name}"]] = point, certain


def _notes(figure: DrawnFigure, cut: FigureMask) -> tuple[str, ...]:
    missing = [
        names[2].replace("_", " ").replace("wrist", "arm").replace("ankle", "leg")
        for names in LIMBS
        if figure.sure[JOINT[names[2]]] < PRESENT
    ]
    read = {"lines": "a figure of lines", "outline": "an outlined figure", "shape": "a figure by its shape"}
    animal = (ANIMAL_NOTE,) if figure.four_legged else ()
    doubt = ("hardly like a body: check the joints",) if figure.cost > DOUBTFUL else ()
    unseen = (f"not made out: {', '.join(missing)}",) if missing else ()
    return (
        f"{read[cut.kind]}, read by its strokes; it is taken to face the viewer",
        *animal,
        *doubt,
        *unseen,
    )
