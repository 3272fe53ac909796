"""Pinhole cameras: verbs of scene.Camera, and cameras that frame a person as a photographer would.

Yaw, pitch and roll are degrees. Yaw 0 stands in front of an unturned person (at -z, looking along +z); a positive yaw
walks towards the person's left (+x); a positive pitch looks down from above. Focal lengths in mm are 35 mm equivalents
by the diagonal: 43.27 mm, the diagonal of a 36 x 24 mm frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..scene import Camera

DIAGONAL = math.hypot(36.0, 24.0)
"""Millimetres: the diagonal that 35 mm equivalents refer to."""

PARTS = {"whole": 1.0, "three_quarter": 0.62, "half": 0.46}
"""How much of a figure's height is framed, from its top: to the feet, to mid-thigh, to the hips."""

KINDS = {
    "standing": {"yaw": 20.0, "pitch": (0.0, 8.0), "mm": (40.0, 85.0), "parts": ("whole",)},
    "low": {"yaw": 35.0, "pitch": (-14.0, -3.0), "mm": (35.0, 60.0), "parts": ("whole", "three_quarter")},
    "high": {"yaw": 35.0, "pitch": (12.0, 32.0), "mm": (35.0, 60.0), "parts": ("whole", "three_quarter")},
    "closer": {"yaw": 30.0, "pitch": (-5.0, 10.0), "mm": (50.0, 85.0), "parts": ("three_quarter", "half")},
}
"""Where photographers stand. yaw: at most, to either side; pitch and mm: between; parts: one of."""

LOWEST = 0.15
"""Metres above the floor under which no camera goes."""


def to_camera(camera: Camera, points: Tensor) -> Tensor:
    """rotation @ (points - position): (..., 3) world to camera, metres."""
    return (points - camera.position) @ camera.rotation.T


def project(camera: Camera, points: Tensor) -> tuple[Tensor, Tensor]:
    """(..., 3) world -> pixels (..., 2) as (x, y), and depth (...) along the camera's z; meaningless at depth <= 0."""
    local = to_camera(camera, points)
    depth = local[..., 2]
    centre = local.new_tensor(camera.centre)
    return camera.focal * local[..., :2] / depth[..., None] + centre, depth


def rays(camera: Camera) -> Tensor:
    """(3, H, W): world directions through the pixel centres, of camera depth 1 (not unit): position + depth * ray."""
    height, width = camera.size
    like = camera.rotation
    x = (torch.arange(width, dtype=like.dtype, device=like.device) - camera.centre[0]) / camera.focal
    y = (torch.arange(height, dtype=like.dtype, device=like.device) - camera.centre[1]) / camera.focal
    columns, rows, forward = like
    return (
        forward[:, None, None]
        + x[None, None, :] * columns[:, None, None]
        + y[None, :, None] * rows[:, None, None]
    )


def scaled(camera: Camera, factor: float) -> Camera:
    """The same view with `factor` times the pixels: (0, 0) is a pixel's centre, so the corner is at -0.5."""
    height, width = camera.size
    return replace(
        camera,
        focal=camera.focal * factor,
        centre=tuple((c + 0.5) * factor - 0.5 for c in camera.centre),
        size=(round(height * factor), round(width * factor)),
    )


def supersampled(camera: Camera) -> Camera:
    """The camera of the samples: half a pixel apart, sample (2i + 1, 2j + 1) exactly at the centre of pixel (i, j)."""
    height, width = camera.size
    return replace(
        camera,
        focal=2 * camera.focal,
        centre=tuple(2 * c + 1 for c in camera.centre),
        size=(2 * height + 1, 2 * width + 1),
    )


def moved(camera: Camera, device: torch.device | str) -> Camera:
    """The same camera with its tensors on `device`."""
    return replace(camera, rotation=camera.rotation.to(device), position=camera.position.to(device))


def focal_pixels(millimetres: float, size: tuple[int, int]) -> float:
    """35 mm equivalent focal length -> pixels, for a picture of size (h, w)."""
    return millimetres / DIAGONAL * math.hypot(*size)


def orientation(yaw: float, pitch: float, roll: float = 0.0) -> Tensor:
    """(3, 3) world to camera."""
    y, p, r = (math.radians(a) for a in (yaw, pitch, roll))
    turn = torch.tensor([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    nod = torch.tensor([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    lean = torch.tensor([[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]])
    return lean @ nod @ turn


def looking_at(
    target: Tensor,
    yaw: float,
    pitch: float,
    distance: float,
    focal: float,
    size: tuple[int, int],
    roll: float = 0.0,
) -> Camera:
    """The camera whose middle pixel sees `target` (3,) from `distance` metres; focal in pixels; size (h, w)."""
    rotation = orientation(yaw, pitch, roll).to(target)
    height, width = size
    return Camera(rotation, target - distance * rotation[2], focal, ((width - 1) / 2, (height - 1) / 2), size)


def framing(
    points: Tensor,
    yaw: float,
    pitch: float,
    focal: float,
    size: tuple[int, int],
    margin: float = 0.06,
    roll: float = 0.0,
) -> Camera:
    """The nearest camera that sees all of `points` (N, 3) inside the frame less `margin` of its height and width.

    In the turned axes a point is inside when |x - t| <= s (z + d) with s = half the frame / focal: two planes per axis
    whose extremes give the shift t and the distance d in closed form.
    """
    rotation = orientation(yaw, pitch, roll).to(points)
    height, width = size
    local = points @ rotation.T
    depth = local[:, 2]
    shift, distances = [], []
    for axis, extent in ((0, width), (1, height)):
        slope = (0.5 - margin) * extent / focal
        high = (local[:, axis] - slope * depth).max()
        low = (-local[:, axis] - slope * depth).max()
        shift.append((high - low) / 2)
        distances.append((high + low) / (2 * slope))
    position = torch.stack([*shift, -torch.maximum(*distances)]) @ rotation
    return Camera(rotation, position, focal, ((width - 1) / 2, (height - 1) / 2), size)


def upper_part(points: Tensor, part: str) -> Tensor:
    """The points (N, 3) of the top share of a figure's height that PARTS names; y points down."""
    if part not in PARTS:
        raise ValueError(f"Part {part!r} is none of {', '.join(PARTS)}; choose one of them.")
    top, bottom = points[:, 1].amin(), points[:, 1].amax()
    return points[points[:, 1] <= top + PARTS[part] * (bottom - top)]


@dataclass(frozen=True)
class Framing:
    """How a person is framed, before the person is known: angles in degrees, mm a 35 mm equivalent, margin the free
    share of the frame on each side, part a name of PARTS."""

    yaw: float
    pitch: float
    roll: float
    millimetres: float
    margin: float
    part: str

    def camera(self, vertices: Tensor, size: tuple[int, int]) -> Camera:
        """The camera for a person's vertices (N, 3), size (h, w); raised where it would stand under the floor."""
        points, focal = upper_part(vertices, self.part), focal_pixels(self.millimetres, size)
        camera = framing(points, self.yaw, self.pitch, focal, size, self.margin, self.roll)
        pitch = self.pitch
        for _ in range(8):
            if float(camera.position[1]) <= -LOWEST or pitch >= 0:
                break
            pitch = min(0.0, pitch + 2.5)
            camera = framing(points, self.yaw, pitch, focal, size, self.margin, self.roll)
        return camera


def sample(generator: torch.Generator, count: int = 4, yaw: float | None = None) -> tuple[Framing, ...]:
    """`count` framings, the first from a standing photographer's height; the same for the same generator state.

    generator: on the CPU. yaw: the side from which all of them look; without it each kind has its own.
    """
    names = list(KINDS)
    others = torch.randint(len(names), (max(count - 1, 0),), generator=generator).tolist()
    kinds = ["standing", *(names[i] for i in others)][:count]
    return tuple(_drawn(generator, KINDS[kind], yaw) for kind in kinds)


def _drawn(generator: torch.Generator, kind: dict, yaw: float | None) -> Framing:
    side, pitch, roll, mm, margin, part = torch.rand(6, generator=generator, dtype=torch.float64).tolist()
    return Framing(
        yaw=(2 * side - 1) * kind["yaw"] if yaw is None else yaw,
        pitch=_between(kind["pitch"], pitch),
        roll=(2 * roll - 1) * 1.5,
        millimetres=_between(kind["mm"], mm),
        margin=_between((0.03, 0.12), margin),
        part=kind["parts"][int(part * len(kind["parts"]))],
    )


def _between(limits: tuple[float, float], share: float) -> float:
    return limits[0] + share * (limits[1] - limits[0])
