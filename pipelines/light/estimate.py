"""Estimates the light of a photo from the person in it.

How bright each albedo is by the way it faces (samples), fitted in several ways (features), is read by a small network
that was trained on people whose light is known (models/light_head.py); with its direction and share a last robust fit
gives the soft light as order-2 harmonics.
"""

from __future__ import annotations

from math import pi

import torch
import torch.nn.functional as F

from ..geometry.colour import luminance
from ..geometry.garments import GarmentMap
from ..geometry.harmonics import LAMBERT, SH_CONSTANTS, sh_basis
from ..geometry.lighting import LightField
from ..models.light_head import Answer, LightHead, answer, shipped
from .features import features
from .fit import fit
from .samples import Samples, samples
from .surface import Surface

METERED = 0.8
"""Shading (luminance) of a white surface that faces the strongest light: a photo's exposure says no more."""
SURE = (0.35, 0.8)
"""Length of the head's key from which to which it is believed: the median error is 40 degrees at the first, 8 at the
second (training/light)."""
FAINT = (0.08, 0.3)
"""The key's share of the light from which to which its direction matters."""
SHADOW = 0.5
"""What the direction of a cast shadow counts for beside the shading's: measured on synthetic people."""
LEAST = 0.1
"""Soft light from all around that there is at least, over the mean of all light on what is seen. By eye."""
FINE = 0.3
"""How strongly the second band of the soft light is held to nothing: what is left over is folds, mostly."""
SOFTNESS = (0.35, 0.06)
"""Radians of the key's radius where its share is 0 and 1: a weak key is a window or a wide lamp. By eye."""
FEW = "too little of the person is seen to tell the light: taken as even"
UNCLEAR = "the light has no clear direction: what depends on it fades out"


def estimate_light(
    picture: torch.Tensor,
    surface: Surface | None,
    garments: GarmentMap,
    head: LightHead | None = None,
    shadow: torch.Tensor | None = None,
) -> LightField:
    """The light on the person of a picture (1, 3, H, W) sRGB. surface: from the body's volume, or given normals; shadow
    (3,) unit, towards the key, where a shadow that the person casts tells it."""
    head = head or shipped()
    seen = None if surface is None else samples(picture, surface, garments.labels)
    if seen is None:
        return LightField.flat(notes=(FEW,))
    seen = seen.calibrated(head)
    believed = answer(head(features(seen, picture, surface)[None])[0])
    if shadow is not None:
        believed = believed._replace(key=_agreed(believed.key, shadow))
    return _completed(seen, believed)


def _completed(seen: Samples, believed: Answer) -> LightField:
    """The whole light field that agrees with what is believed of it and explains the samples best."""
    direction = F.normalize(believed.key, dim=0)
    found = fit(seen, direction[None])
    soft = found.soft[0].clone()
    soft[0] = soft[0].clamp(min=LEAST)  # a steep slope may leave a constant below nothing
    share = float(believed.share)
    facing = float((soft[0] + soft[1:] @ direction).clamp(min=0.1))
    level = facing * share / max(1 - share, 0.05)
    sh = _soft_harmonics(soft, direction, level, believed)
    sh = sh + _second_band(seen, found.albedo[0], sh, direction, level)
    light = _coloured(sh, direction, level, believed)
    gain = METERED / float(luminance(light.shading(light.dominant)).clamp(min=1e-3))
    sure = _rising(float(believed.key.norm()), SURE) * _rising(share, FAINT)
    radius = SOFTNESS[0] + (SOFTNESS[1] - SOFTNESS[0]) * share
    return LightField(
        light.sh * gain,
        direction,
        light.key_colour * gain,
        radius,
        float(found.loss[0] ** 0.5),
        sure,
        () if sure > 0.2 else (UNCLEAR,),
    )


def _agreed(key: torch.Tensor, shadow: torch.Tensor) -> torch.Tensor:
    """(3,) what shading and a cast shadow say of the key together; as sure as they agree."""
    both = (1 - SHADOW) * key + SHADOW * shadow
    return both / both.norm().clamp(min=1.0)


def _rising(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _soft_harmonics(
    soft: torch.Tensor, direction: torch.Tensor, level: float, believed: Answer
) -> torch.Tensor:
    """(9,) radiance of the soft light from its shading (4,): constant and slope. The slope is turned so that key and
    soft light together are strongest where that is believed to be."""
    wanted = F.normalize(believed.dominant, dim=0)
    size = (soft[1:] + 0.5 * level * direction).norm()
    slope = torch.lerp(soft[1:], size * wanted - 0.5 * level * direction, float(believed.dominant.norm()))
    slope = slope * min(
        1.0, 0.8 * float(soft[0]) / max(float(slope.norm()), 1e-6)
    )  # never dark from anywhere
    sh = torch.zeros(9)
    sh[0] = soft[0] / SH_CONSTANTS[0]
    sh[[3, 1, 2]] = slope / (SH_CONSTANTS[1] * LAMBERT[1] / pi)
    return sh


def _second_band(
    seen: Samples, albedo: torch.Tensor, sh: torch.Tensor, direction: torch.Tensor, level: float
) -> torch.Tensor:
    """(9,) the second band by least squares of what the rest leaves over."""
    bands = sh.new_tensor(LAMBERT) / pi
    basis = sh_basis(seen.normal) * bands
    shading = (basis @ sh + level * (seen.normal @ direction).clamp(min=0)).clamp(min=0.05)
    left = (seen.bright.log() - albedo[seen.kind] - shading.log()).clamp(-0.3, 0.3) * shading
    fine = basis[:, 4:]
    matrix = fine.T @ (seen.weight[:, None] * fine) + FINE * torch.eye(5) * float(seen.weight.sum()) * 0.1
    band = torch.linalg.solve(matrix, fine.T @ (seen.weight * left))
    return torch.cat((torch.zeros(4), band.clamp(-0.3 * float(sh[0]), 0.3 * float(sh[0]))))


def _coloured(sh: torch.Tensor, direction: torch.Tensor, level: float, believed: Answer) -> LightField:
    """The light in colour: together of the believed hue on what faces the strongest, key and soft light apart by what
    is believed of that; luminances are kept."""
    grey = LightField(sh[:, None].repeat(1, 3), direction, torch.full((3,), level))
    strongest = grey.dominant
    key = float(grey.key(strongest) * level)
    part = key / max(key + float(luminance(grey.ambient(strongest), -1)), 1e-6)
    soft_hue = believed.hue - part * believed.apart
    soft, lamp = _of_hue(soft_hue), _of_hue(soft_hue + believed.apart)
    return LightField(sh[:, None] * soft, direction, level * lamp)


def _of_hue(hue: torch.Tensor) -> torch.Tensor:
    """(3,) light of luminance 1 with logarithms of red and blue over green (2,)."""
    light = torch.stack((hue[0], hue.new_zeros(()), hue[1])).exp()
    return light / luminance(light)
