"""A standing body in the joints and the unit of the volumetric reposer."""

import math

import torch
from repose.pipelines.models.reposer_parts import JOINTS

_PLACES = {
    "nose": (0.5, 0.15, -0.06), "left_ear": (0.54, 0.15, 0.0), "right_ear": (0.46, 0.15, 0.0),
    "left_shoulder": (0.6, 0.27, 0.0), "right_shoulder": (0.4, 0.27, 0.0),
    "left_elbow": (0.65, 0.39, 0.01), "right_elbow": (0.35, 0.39, 0.01),
    "left_wrist": (0.68, 0.49, -0.03), "right_wrist": (0.32, 0.49, -0.03),
    "left_hip": (0.55, 0.5, 0.0), "right_hip": (0.45, 0.5, 0.0),
    "left_knee": (0.57, 0.7, -0.01), "right_knee": (0.43, 0.7, -0.01),
    "left_ankle": (0.58, 0.89, 0.02), "right_ankle": (0.42, 0.89, 0.02),
    "left_big_toe": (0.59, 0.93, -0.06), "right_big_toe": (0.41, 0.93, -0.06),
    "pelvis": (0.5, 0.5, 0.0), "neck": (0.5, 0.27, 0.0),
}  # fmt: skip


def joints() -> torch.Tensor:
    """(J, 3) picture sides."""
    return torch.tensor([_PLACES[name] for name in JOINTS])


def turned(degrees: float) -> torch.Tensor:
    """The same about the vertical through the pelvis."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    middle = torch.tensor([0.5, 0, 0])
    return (joints() - middle) @ torch.tensor([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T + middle
