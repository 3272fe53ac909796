"""The light that a person stands in, as a value: a key, everything else as order-2 harmonics, and how far to trust it.

Camera frame: x right, y down, z away from the camera. Directions point from the person towards the light. Light is
linear, in the unit of what a white matt surface sends to the camera: its irradiance / pi, called shading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi

import numpy as np
import torch
import torch.nn.functional as F

from .colour import luminance
from .harmonics import LAMBERT, SH_CONSTANTS, sh_basis
from .temperature import temperature

DAYLIGHT = 6504.0
"""Kelvin of D65, sRGB's white (IEC 61966-2-1:1999): what a light without a colour of its own has."""


@dataclass(frozen=True, eq=False)
class LightField:
    """Distant light on one person.

    sh             (9, 3) harmonics of the radiance of everything but the key, in the order of `harmonics`
    key_direction  (3,) unit, towards the key
    key_colour     (3,) shading of a white surface that faces the key; zero where there is none
    key_radius     radians: half the key's angle; the softness of its shadows
    error          standard deviation of what the fit leaves over, as a share of the shading
    confidence     in [0, 1] how far direction and ratio are to be trusted; 0: flat light, or nothing to tell it by
    notes          what the artist should know, in words
    """

    sh: torch.Tensor
    key_direction: torch.Tensor
    key_colour: torch.Tensor
    key_radius: float = 0.1
    error: float = 0.0
    confidence: float = 1.0
    notes: tuple[str, ...] = ()

    @classmethod
    def flat(cls, colour: torch.Tensor | None = None, notes: tuple[str, ...] = ()) -> LightField:
        """Light from everywhere alike, of a (3,) shading; white by default. Nothing is known of it."""
        colour = torch.ones(3) if colour is None else colour
        sh = colour.new_zeros(9, 3)
        sh[0] = colour / SH_CONSTANTS[0]
        return cls(
            sh, colour.new_tensor([0.0, 0.0, -1.0]), torch.zeros_like(colour), confidence=0.0, notes=notes
        )

    def ambient(self, normal: torch.Tensor) -> torch.Tensor:
        """(..., 3) shading of unit normals (..., 3) by everything but the key, never under a fiftieth of all light."""
        bands = self.sh.new_tensor(LAMBERT)[:, None] / pi
        least = (0.02 * self.mean).clamp(min=1e-6)
        return torch.maximum(sh_basis(normal) @ (self.sh * bands), least)

    def key(self, normal: torch.Tensor) -> torch.Tensor:
        """(...,) the cosine with which unit normals (..., 3) face the key, 0 where they are turned away."""
        return (normal @ self.key_direction).clamp(min=0)

    def shading(
        self, normal: torch.Tensor, key_seen: torch.Tensor | None = None, opened: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(..., 3) what a white surface of unit normals (..., 3) sends to the camera; key_seen, opened (...,) how much
        of the key and of everything else it sees, all by default."""
        direct = self.key(normal) if key_seen is None else self.key(normal) * key_seen
        around = self.ambient(normal)
        around = around if opened is None else around * opened[..., None]
        return around + direct[..., None] * self.key_colour

    @property
    def ambient_to_direct(self) -> float:
        """On a surface that faces the key, everything else over the key, as luminances; infinite without a key."""
        level = float(luminance(self.key_colour))
        return float(luminance(self.ambient(self.key_direction), -1)) / level if level > 0 else float("inf")

    @property
    def key_share(self) -> float:
        """In [0, 1]: the key's part of the light on a surface that faces it."""
        return 1 / (1 + self.ambient_to_direct)

    @property
    def dominant(self) -> torch.Tensor:
        """(3,) unit, towards the strongest light, key or not: the first band of all light's luminance; up where it
        comes from everywhere alike."""
        band = luminance(self.sh, 1)[[3, 1, 2]] * SH_CONSTANTS[1] * LAMBERT[1] / pi
        # A key's clamped cosine has half of its irradiance as its linear part.
        total = band + 0.5 * self.key_direction * luminance(self.key_colour)
        mean = float(luminance(self.sh, 1)[0]) * SH_CONSTANTS[0]
        up = total.new_tensor([0.0, -1.0, 0.0])
        return F.normalize(total, dim=0) if float(total.norm()) > 1e-3 * max(mean, 1e-9) else up

    @property
    def kelvin(self) -> float:
        """Correlated colour temperature of the light on a white surface that faces `dominant`."""
        return temperature(self.shading(self.dominant))[0]

    @property
    def all_sh(self) -> torch.Tensor:
        """(9, 3) harmonics of the radiance of all light, the key's among it as a point: what a shader wants."""
        return self.sh + sh_basis(self.key_direction)[:, None] * (pi * self.key_colour)

    def turned(self, rotation: torch.Tensor) -> LightField:
        """The light turned by (3, 3) `rotation` of the camera frame."""
        directions = F.normalize(
            torch.randn(64, 3, generator=torch.Generator().manual_seed(0)).to(self.sh), dim=1
        )
        moved = sh_basis(directions @ rotation)
        sh = torch.linalg.lstsq(sh_basis(directions), moved @ self.sh).solution
        return replace(self, sh=sh, key_direction=rotation @ self.key_direction)

    def softened(self, share: float) -> LightField:
        """The same light with no more than this share of the key on what faces it: the rest comes from all around."""
        if self.key_share <= share:
            return self
        facing = self.ambient(self.key_direction) + self.key_colour
        lost = self.key_colour - share * facing
        sh = self.sh.clone()
        sh[0] = sh[0] + lost.clamp(min=0) / SH_CONSTANTS[0]
        return replace(self, sh=sh, key_colour=self.key_colour - lost.clamp(min=0))

    def faded(self, share: float) -> LightField:
        """Between flat light of the same mean (share 0) and this one (share 1)."""
        mean = LightField.flat(self.mean)
        return replace(self, sh=torch.lerp(mean.sh, self.sh, share), key_colour=self.key_colour * share)

    @property
    def mean(self) -> torch.Tensor:
        """(3,) the shading of a white ball in it, over all its sides."""
        return self.sh[0] * SH_CONSTANTS[0] + self.key_colour / 4

    def report(self) -> dict:
        """Plain numbers for a JSON file; angles in degrees."""
        x, y, z = self.key_direction.tolist()
        ratio = self.ambient_to_direct
        return {
            "azimuth": round(float(np.degrees(np.arctan2(x, -z))), 1),
            "elevation": round(float(np.degrees(np.arcsin(np.clip(-y, -1, 1)))), 1),
            "kelvin": round(self.kelvin),
            "ambient_to_direct": round(ratio, 3) if np.isfinite(ratio) else None,
            "key_share": round(self.key_share, 3),
            "error": round(self.error, 4),
            "confidence": round(self.confidence, 3),
            "sh": [[round(v, 5) for v in row] for row in self.all_sh.tolist()],
            "notes": list(self.notes),
        }


def described(light: LightField) -> str:
    """One line for an artist."""
    found = light.report()
    side = "from the front" if abs(found["azimuth"]) < 15 else ""
    if not side:
        side = f"{abs(found['azimuth']):.0f} degrees to the {'right' if found['azimuth'] > 0 else 'left'}"
    high = f"{abs(found['elevation']):.0f} degrees {'up' if found['elevation'] >= 0 else 'down'}"
    if light.confidence < 0.2:
        return f"no clear direction of light; about {found['kelvin']} K"
    return (
        f"light {side}, {high}; {found['kelvin']} K; the key gives {found['key_share']:.0%} of it"
        f" (confidence {light.confidence:.0%})"
    )
