"""Keypoints: where the 133 whole-body landmarks of one person lie in one picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .landmarks import INDEX, MIRROR, PARTS

PRESENT = 0.3
"""Confidence from which a landmark is taken as seen: the usual drawing threshold of DWPose and OpenPose."""


@dataclass(frozen=True, eq=False)
class Keypoints:
    """One person's landmarks. Pixel (0, 0) is the centre of the top-left pixel.

    points      (133, 2) float32, x and y in pixels; a landmark whose place is not a number is absent
    confidence  (133,)   float32 in [0, 1]; 0 = absent
    spread      (133,)   float32, standard deviation of the localisation in pixels
    canvas      (height, width) of the picture in pixels
    world       (133, 3) float32 metres or None: the detector's own metric landmarks, x right, y down,
                z away from the camera, origin between the hips; NaN where it has none
    level       whether world's depth is horizontal and free of a detector's bias, to be taken as it is (the learned
                lifter's, a skeleton's own), instead of levelled and weighed against foreshortening (a detector's)
    source      who said so ("rtmpose-s + mediapipe", "POSE_KEYPOINT", ...), for reports
    notes       what the reader should tell the artist ("2 people: the largest was taken")
    """

    points: np.ndarray
    confidence: np.ndarray
    spread: np.ndarray
    canvas: tuple[int, int]
    world: np.ndarray | None = None
    source: str = ""
    notes: tuple[str, ...] = field(default=())
    level: bool = False

    def __post_init__(self):
        for name, shape in (("points", (133, 2)), ("confidence", (133,)), ("spread", (133,))):
            value = np.asarray(getattr(self, name), dtype=np.float32)
            if value.shape != shape:
                raise ValueError(f"Keypoints.{name} has shape {value.shape}, expected {shape}")
            object.__setattr__(self, name, value)
        placed = np.isfinite(self.points).all(1) & np.isfinite(self.confidence)
        if not placed.all():
            object.__setattr__(self, "points", np.where(placed[:, None], self.points, np.float32(0)))
            object.__setattr__(self, "confidence", np.where(placed, self.confidence, np.float32(0)))
        if self.world is not None and np.shape(self.world) != (133, 3):
            raise ValueError(f"Keypoints.world has shape {np.shape(self.world)}, expected (133, 3)")

    def __getitem__(self, name: str) -> np.ndarray:
        """(2,) pixel position of a landmark by its COCO-WholeBody name."""
        return self.points[INDEX[name]]

    def sees(self, *names: str) -> bool:
        """True when every named landmark is present."""
        return all(self.confidence[INDEX[name]] >= PRESENT for name in names)

    def part(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(n, 2) points and (n,) confidence of "body", "feet", "face", "left_hand" or "right_hand"."""
        return self.points[PARTS[name]], self.confidence[PARTS[name]]

    def moved(self, scale: float, offset: tuple[float, float], canvas: tuple[int, int]) -> Keypoints:
        """The same landmarks in another picture: pixel' = scale * pixel + offset."""
        points = self.points * np.float32(scale) + np.asarray(offset, dtype=np.float32)
        return replace(self, points=points, spread=self.spread * np.float32(scale), canvas=canvas)

    def mirrored(self) -> Keypoints:
        """The landmarks of the left-right mirrored picture; left becomes right."""
        order = list(MIRROR)
        points = self.points[order] * np.float32([-1, 1]) + np.float32([self.canvas[1] - 1, 0])
        world = None if self.world is None else self.world[order] * np.float32([-1, 1, 1])
        return replace(
            self, points=points, confidence=self.confidence[order], spread=self.spread[order], world=world
        )
