"""A drawn person whose shadow on floor and wall is known: bones thrown along the light by hand, as thick lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from repose.pipelines.geometry.colour import encoded, linear
from repose.pipelines.geometry.motion import bones
from repose.pipelines.geometry.parts import PARTS
from repose.pipelines.geometry.skeleton import Skeleton

from ...geometry.people import STATURE, draw, standing

SIZE = (560, 820)
"""Height and width: room for a shadow beside the person."""
HEIGHT, FOCAL, GROUND = 340.0, 900.0, 448.0
"""The camera's, and the row of the floor under the feet, all in pixels."""


def body(pose: str = "front") -> Skeleton:
    """The standard body in the middle of the wide picture."""
    return replace(standing(pose), canvas=SIZE).moved([230.0, 0.0])


@dataclass(frozen=True)
class Sun:
    """A light by azimuth (0 from the camera, to the right) and elevation, degrees; wall: pixels behind the person."""

    azimuth: float
    elevation: float
    wall: float = np.inf

    @property
    def towards(self) -> np.ndarray:
        """(3,) unit."""
        a, e = np.radians([self.azimuth, self.elevation])
        return np.array([np.sin(a) * np.cos(e), -np.sin(e), -np.cos(a) * np.cos(e)])

    def shade(self, skeleton: Skeleton) -> torch.Tensor:
        """(H, W) in [0, 1]: 1 in the shadow of the bones."""
        height, width = skeleton.canvas
        y, x = np.mgrid[:height, :width].astype(float)
        column = (width - 1) / 2
        down = y - GROUND + HEIGHT
        floor = np.where(down > 0, FOCAL * HEIGHT / np.maximum(down, 1e-3), np.inf)
        z = np.minimum(np.minimum(floor, FOCAL + self.wall), 1e5)
        seen = np.stack(((x - column) * z / FOCAL, down * z / FOCAL, z), -1)
        frame, dark = bones(skeleton), np.zeros((height, width))
        feet = frame.end[[i for i, part in enumerate(PARTS) if part.name.endswith("foot")], 2].mean()
        for p, part in enumerate(PARTS):
            ends = []
            for end in (frame.start[p], frame.end[p]):
                depth = end[2] - feet
                scale = 1 + depth / FOCAL
                ends.append([(end[0] - column) * scale, (end[1] - GROUND + HEIGHT) * scale, FOCAL + depth])
            dark = np.maximum(dark, self._met(seen, *np.array(ends), part.radius * STATURE))
        return torch.from_numpy(dark).float()

    def _met(self, seen: np.ndarray, start: np.ndarray, end: np.ndarray, radius: float) -> np.ndarray:
        """Where the line from each place to the light passes a bone within its radius."""
        towards = self.towards
        flat = np.eye(3) - np.outer(towards, towards)
        here, a, b = seen @ flat, start @ flat, end @ flat
        along = b - a
        at = np.clip(((here - a) @ along) / max(along @ along, 1e-6), 0, 1)
        away = np.linalg.norm(here - a - at[..., None] * along, axis=-1)
        ahead = (start + at[..., None] * (end - start) - seen) @ towards > 0
        return np.clip(radius - away + 0.5, 0, 1) * ahead


def plain(value: float = 0.6) -> torch.Tensor:
    """(1, 3, H, W) a floor, brighter towards the bottom, tinted."""
    rows = torch.linspace(-0.05, 0.05, SIZE[0])[:, None].expand(SIZE)
    return torch.stack([value + rows, value + rows, value - 0.04 + rows])[None]


def gritty(value: float = 0.5, grain: float = 0.05) -> torch.Tensor:
    """The same with a texture of a few pixels."""
    noise = torch.randn(1, 1, SIZE[0] // 2, SIZE[1] // 2, generator=torch.Generator().manual_seed(3))
    wide = torch.nn.functional.interpolate(noise, SIZE, mode="bilinear", align_corners=False)
    return (plain(value) + grain * wide).clamp(0.05, 0.95)


def checkered(value: float = 0.6, side: int = 40) -> torch.Tensor:
    """Dark and light tiles."""
    y, x = torch.meshgrid(*(torch.arange(n) // side for n in SIZE), indexing="ij")
    return plain(value) * (1 - 0.35 * ((x + y) % 2))


def photo(
    room: torch.Tensor, skeleton: Skeleton, sun: Sun | None, density: float = 0.6
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The picture (1, 3, H, W), the matte (1, 1, H, W), and the shadow (H, W)."""
    shade = torch.zeros(SIZE) if sun is None else sun.shade(skeleton)
    lit = encoded(linear(room) * (1 - density * shade))
    figure, matte = draw(skeleton)
    return lit * (1 - matte) + figure * matte, matte, shade
