"""A figure of six lit spheroids with everything about it known: what light does to it can be said in literals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from repose.pipelines.geometry.colour import encoded, linear
from repose.pipelines.geometry.garments import NUMBER, GarmentMap
from repose.pipelines.geometry.lighting import LightField
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.warped import Correspondence

SIZE = (360, 240)
PIECES = (
    ("head", "face", (120, 45), (26, 32), (0.45, 0.28, 0.2)),
    ("chest", "upper", (120, 135), (42, 62), (0.2, 0.3, 0.5)),
    ("left_upper_arm", "left_arm_skin", (190, 135), (20, 66), (0.45, 0.28, 0.2)),
    ("right_upper_arm", "right_arm_skin", (50, 135), (20, 66), (0.45, 0.28, 0.2)),
    ("left_thigh", "lower", (146, 270), (22, 76), (0.3, 0.3, 0.3)),
    ("right_thigh", "lower", (94, 270), (22, 76), (0.3, 0.3, 0.3)),
)
"""Part, region, middle x, y, half-axes, albedo. The person's left is on the picture's right."""


def key_light(x: float, y: float, z: float, share: float = 0.7, confidence: float = 1.0) -> LightField:
    """White light with a key from (x, y, z) that gives `share` of the light on what faces it."""
    soft = LightField.flat(torch.full((3,), 0.8 * (1 - share)))
    return replace(
        soft,
        key_direction=F.normalize(torch.tensor([x, y, z]), dim=0),
        key_colour=torch.full((3,), 0.8 * share),
        confidence=confidence,
    )


@dataclass(frozen=True, eq=False)
class LitFigure:
    """picture (1, 3, H, W) sRGB, person (1, 1, H, W), and the correspondence of the figure with itself."""

    picture: torch.Tensor
    person: torch.Tensor
    found: Correspondence
    garments: GarmentMap
    albedo: torch.Tensor
    light: LightField

    def under(self, light: LightField) -> torch.Tensor:
        """(1, 3, H, W) the same in another light."""
        shade = light.shading(self.found.normal).permute(2, 0, 1)
        return torch.where(self.person > 0, encoded(self.albedo * shade)[None].clamp(0, 1), self.picture)

    def on(self, part: str) -> torch.Tensor:
        """(H, W) bool."""
        return self.found.part == INDEX[part]

    def times(self, gain: tuple[float, float, float], mask: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) the picture with its linear light multiplied in a mask (H, W)."""
        gains = torch.tensor(gain)[:, None, None]
        return encoded(linear(self.picture) * torch.where(mask, gains, 1.0)).clamp(0, 1)

    def hiding(self, mask: torch.Tensor) -> Correspondence:
        """The correspondence where the photo did not see a mask (H, W)."""
        return replace(self.found, visible=self.found.visible * ~mask)


def lit_figure(light: LightField | None = None) -> LitFigure:
    """By default lit from the left and above."""
    light = light or key_light(-0.7, -0.5, -0.5)
    height, width = SIZE
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    part = torch.full(SIZE, -1)
    labels = torch.zeros(SIZE, dtype=torch.uint8)
    normal, albedo = torch.zeros(*SIZE, 3), torch.full((3, *SIZE), 0.5)
    depth = torch.full(SIZE, torch.nan)
    for name, region, (cx, cy), (rx, ry), colour in PIECES:
        u, v = (x - cx) / rx, (y - cy) / ry
        here = u * u + v * v < 1
        w = (1 - u * u - v * v).clamp(min=0).sqrt()
        # The gradient of the spheroid's equation; as deep as it is broad.
        own = F.normalize(torch.stack((u / rx, v / ry, -w / rx), -1), dim=-1)
        part, labels = torch.where(here, INDEX[name], part), torch.where(here, NUMBER[region], labels)
        normal = torch.where(here[..., None], own, normal)
        # A fine weave, so that nothing is flat.
        weave = 1 + 0.05 * torch.sin(x) * torch.sin(y)
        albedo = torch.where(here, torch.tensor(colour)[:, None, None] * weave, albedo)
        depth = torch.where(here, -rx * w, depth)
    there = part >= 0
    person = there[None, None].float()
    source = torch.where(there[..., None], torch.stack((x, y), -1), torch.nan)
    one = there.float()
    found = Correspondence(
        source, one, one, part, depth, normal, normal, torch.zeros(SIZE, dtype=torch.int64)
    )
    garments = GarmentMap(labels.to(torch.uint8)[None, None], torch.zeros_like(person), person)
    grey = torch.full((1, 3, *SIZE), 0.5)
    figure = LitFigure(grey, person, found, garments, albedo, light)
    return replace(figure, picture=figure.under(light))
