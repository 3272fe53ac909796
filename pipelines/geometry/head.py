"""A head as it lies in its photo: the standard head (head_shape.py), turned and sized by the face's own points, moved
onto them, and brought out to the outline of hair, hat or skull.

From one view nobody can tell how far a nose stands out; where it is, how wide and how long, the 68 points tell, and the
standard head has the depth that goes with each place of a face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from . import head_shape, rotation
from .keypoints import PRESENT
from .landmarks import INDEX as LANDMARK
from .layout import Layout
from .motion import Bones
from .parts import INDEX
from .raster import rasterise
from .skeleton import Skeleton

JAW = np.array([name.startswith("face_") and int(name[5:]) < 17 for name in head_shape.NAMES])
FACE = np.array([name.startswith("face_") for name in head_shape.NAMES]) & ~JAW
TRUST = np.where(FACE, 1.0, np.where(JAW, 0.3, 0.4))
"""Weight of each point in the fit: the jaw's slide along the outline as a head turns, the body's five are coarser."""
FEWEST = 8
"""Points of the face that must be there to fit it."""
SURE, NOISE = np.radians(8.0), 0.005
"""Standard deviations: of the skeleton's own turn of the head, and in statures of a point's place against the standard
face (about that of faces themselves); our choice."""
REACH, STIFF = 0.02, 0.3
"""How far round a point of the face, in statures, the surface follows it, and the ridge that keeps it smooth."""
BINS = 72
"""Directions in the picture in which the outline is brought to the photo's."""
GROWN = (0.6, 2.4)
"""How much smaller or larger than the bare head an outline may be: the second is an afro or a hat's brim."""
INNER = 0.6
"""Share of the way to the outline within which the face stays where its points are."""


@dataclass(frozen=True, eq=False)
class Head:
    """rotation (3, 3) from the head's rest to the camera; scale, pixels for a stature of 1, which for a child's head is
    more than its own stature; origin (3,) the middle of the ears and vertices (V, 3) of head_shape.surface(), pixels
    of the camera frame."""

    rotation: np.ndarray
    scale: float
    origin: np.ndarray
    vertices: np.ndarray

    @property
    def up(self) -> np.ndarray:
        """(2,) unit: where the crown is in the picture; straight up when the crown points at the camera."""
        way = self.rotation[:2] @ np.array([0.0, -1.0, 0.0])
        size = np.hypot(*way)
        return way / size if size > 0.3 else np.array([0.0, -1.0])

    def height(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """How high over the middle of the ears, and how far beside it, places of a picture are, in heads' statures."""
        ux, uy = (float(v) / self.scale for v in self.up)
        dx, dy = x - float(self.origin[0]), y - float(self.origin[1])
        return dx * ux + dy * uy, dx * uy - dy * ux


def placed(skeleton: Skeleton, frame: Bones, tall: float) -> Head | None:
    """The head of a skeleton with its points of the face; None where there is no head. tall: stature in pixels."""
    head = INDEX["head"]
    if not frame.present[head]:
        return None
    marks = [LANDMARK[name] for name in head_shape.NAMES]
    seen = np.where(skeleton.confidence[marks, 0] >= PRESENT, TRUST, 0.0)
    turn, scale, origin = frame.rotation[head], tall, frame.start[head].astype(np.float64)
    faced = int((seen[FACE] > 0).sum()) >= FEWEST
    found = skeleton.forward().positions[marks][:, :2]
    if faced:
        turn, scale, origin[:2] = _fitted(found, seen, turn)
    vertices = head_shape.surface() @ turn.T * scale + origin
    if faced:
        vertices[:, :2] += _followed(found, seen, turn, scale, origin)
    return Head(turn, scale, origin, vertices)


def _fitted(found: np.ndarray, seen: np.ndarray, turn: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Turn (3, 3), scale and place (2,) of the standard face in pixels (n, 2): Gauss-Newton on weak perspective, from
    the skeleton's own turn, points far off counting less (Huber)."""
    shape, first = head_shape.points(), turn
    weight = seen / seen.sum()
    for step in range(12):
        at = shape @ turn.T
        flat, middle = at[:, :2] - weight @ at[:, :2], found - weight @ found
        scale = (weight[:, None] * flat * middle).sum() / max((weight[:, None] * flat**2).sum(), 1e-12)
        scale = max(float(scale), 1e-3)
        off = (middle / scale - flat) / NOISE
        far = np.linalg.norm(off, axis=1)
        weight = seen * np.minimum(1, 2 / np.maximum(far, 1e-9)) if step else seen
        weight = weight / weight.sum()
        turn = _turn(_step(at, off, weight * seen.sum(), first, turn)) @ turn
    at = (shape @ turn.T)[:, :2]
    return turn, scale, weight @ found - scale * (weight @ at)


def _step(
    at: np.ndarray, off: np.ndarray, weight: np.ndarray, first: np.ndarray, turn: np.ndarray
) -> np.ndarray:
    """(3,) rotation vector and change of scale that bring points `at` (n, 3) nearer by `off` (n, 2), in NOISE."""
    x, y, z = (at - np.average(at, axis=0, weights=weight)).T
    zero = np.zeros_like(x)
    columns = np.stack([np.stack([zero, -z]), np.stack([z, zero]), np.stack([-y, x]), np.stack([x, y])])
    jacobian = np.moveaxis(columns, 0, -1) / NOISE  # (2, n, 4)
    both, rest = np.sqrt(weight)[None, :, None] * jacobian, np.sqrt(weight) * off.T
    prior = np.zeros((3, 4))
    prior[:, :3] = np.eye(3) / SURE
    back = _vector(first @ turn.T) / SURE
    rows, values = np.concatenate((both.reshape(-1, 4), prior)), np.concatenate((rest.ravel(), back))
    return np.linalg.lstsq(rows, values, rcond=None)[0][:3]


def _turn(vector: np.ndarray) -> np.ndarray:
    angle = float(np.linalg.norm(vector))
    return rotation.about(vector / angle, angle) if angle > 1e-9 else np.eye(3)


def _vector(turn: np.ndarray) -> np.ndarray:
    """(3,) axis times angle of a rotation."""
    w, *xyz = rotation.quaternion_from_matrix(turn)
    axis, size = np.array(xyz) * np.sign(w or 1.0), np.linalg.norm(xyz)
    return axis / max(size, 1e-9) * 2 * np.arctan2(size, abs(w))


def _followed(found, seen, turn, scale, origin) -> np.ndarray:
    """(V, 2) pixels: how far the surface moves in the picture so that the face's points lie where they were seen."""
    shape, surface = head_shape.points(), head_shape.surface()
    # The far side of a turned jaw is not what is seen there.
    trust = np.where(JAW & (turn[2, 0] * np.sign(shape[:, 0]) > 0.25), 0.0, seen)
    used = trust > 0
    away = found[used] - ((shape[used] @ turn.T)[:, :2] * scale + origin[:2])

    def near(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-((a[:, None] - b[None]) ** 2).sum(-1) / (2 * REACH**2))

    gram = near(shape[used], shape[used]) + np.diag(STIFF / trust[used])
    return near(surface, shape[used]) @ np.linalg.solve(gram, away)


def outlined(head: Head, x: np.ndarray, y: np.ndarray) -> Head:
    """The head brought out, or in, to the outline of the cells at x, y (n,), its hair and hat included; below the ears
    it stays as it is."""
    centre = head.origin + head.scale * head.rotation @ head_shape.CENTRE
    radius, number, angle = _polar(head.vertices[:, 0] - centre[0], head.vertices[:, 1] - centre[1], head.up)
    own = _outermost(radius, number)
    theirs = _outermost(*_polar(x - centre[0], y - centre[1], head.up)[:2])
    side = np.abs(np.linspace(-np.pi, np.pi, BINS, endpoint=False) + np.pi / BINS)
    upper = _smooth_step((np.radians(120) - side) / np.radians(25))
    ratio = 1 + (np.clip(theirs / own, *GROWN) - 1) * upper
    ratio = np.convolve(np.pad(ratio, 2, mode="wrap"), [0.1, 0.2, 0.4, 0.2, 0.1], "valid")
    edge, grown = (_around(values, angle) for values in (own, ratio))
    front = head.vertices[:, 2] < centre[2]
    share = np.where(front, _smooth_step((radius / edge - INNER) / (1 - INNER)), 1.0)
    vertices = head.vertices.copy()
    vertices[:, :2] = centre[:2] + (vertices[:, :2] - centre[:2]) * (1 + (grown - 1) * share)[:, None]
    deep = float(np.clip(np.average(ratio, weights=upper), 0.85, 1.6))
    vertices[~front, 2] = centre[2] + (vertices[~front, 2] - centre[2]) * deep
    return replace(head, vertices=vertices)


def _polar(x: np.ndarray, y: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance, number of the direction's bin and angle from `up` of places in the picture."""
    angle = np.arctan2(x * -up[1] + y * up[0], x * up[0] + y * up[1])
    number = np.clip(((angle + np.pi) / (2 * np.pi) * BINS).astype(int), 0, BINS - 1)
    return np.hypot(x, y), number, angle


def _outermost(radius: np.ndarray, number: np.ndarray) -> np.ndarray:
    """(BINS,) the greatest radius in each direction, its neighbours' where there is none."""
    found = np.zeros(BINS)
    np.maximum.at(found, number, radius)
    known = np.flatnonzero(found)
    return np.interp(np.arange(BINS), known, found[known], period=BINS) if len(known) else np.ones(BINS)


def _around(values: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return np.interp((angle + np.pi) / (2 * np.pi) * BINS - 0.5, np.arange(BINS), values, period=BINS)


def _smooth_step(x):
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def sides(head: Head, layout: Layout, fine: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(gh, gw) z of the head's near and far side on the grid of `layout` (its cells divided by `fine`), and whether the
    head is there at all (bool)."""
    pitch = layout.cell / fine
    places = (head.vertices[:, :2] - np.array(layout.corner) + 0.5) / pitch - 0.5
    device = layout.device
    flat = torch.as_tensor(np.column_stack((places, head.vertices[:, 2])), dtype=torch.float32, device=device)
    triangles = torch.as_tensor(head_shape.triangles(), device=device)
    size = (layout.grid[0] * fine, layout.grid[1] * fine)
    found = []
    for sign in (1.0, -1.0):
        seen = rasterise(flat * flat.new_tensor([1, 1, sign]), triangles, size)
        found.append(seen.interpolate(triangles, flat[:, 2:])[..., 0])
    return found[0], found[1], seen.covered
