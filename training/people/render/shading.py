"""How surfaces answer light, in linear light: shading that multiplies the albedo, and highlights on top of it.

picture = albedo * shading + highlight, where shading is the diffuse irradiance / pi: the surroundings' harmonics times
how open the surface is to them, and the key times how much of it is seen. Skin alone bends the key's cosine a little
(light that entered beside the terminator leaves beyond it), so recompute light on cloth, or with `diffuse`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..light.environments import irradiance, sh_basis
from ..scene import MATERIALS, Light
from .surfaces import Surface, dot, unit

SKIN, HAIR = MATERIALS.index("skin"), MATERIALS.index("hair")
SCATTER = (0.22, 0.08, 0.04)
"""How far past the terminator the key reaches in skin, as a share of its cosine, red to blue; chosen by eye. Red light
travels farthest in skin (Jensen et al., A practical model for subsurface light transport, 2001)."""
STRANDS = 24.0
"""Exponent of the light that hair mirrors across its strands (Kajiya & Kay, Rendering fur with three dimensional
textures, 1989)."""
GRAZING = 3.0
"""Exponent with which fuzz lights up towards the outline."""


@dataclass(frozen=True, eq=False)
class Lit:
    """shading and highlight (S, 3), linear."""

    shading: Tensor
    highlight: Tensor


def diffuse(normal: Tensor, material: Tensor, light: Light, opened: Tensor, key_seen: Tensor) -> Tensor:
    """Diffuse irradiance / pi (S, 3). normal (S, 3) unit, world; material (S,); opened (S,), key_seen (S,): how much of
    the surroundings and of the key is seen."""
    ambient = irradiance(light.sh, normal) * opened[:, None]
    return (ambient + _key(normal, material, light) * key_seen[:, None]) / math.pi


def _key(normal: Tensor, material: Tensor, light: Light) -> Tensor:
    """The key's irradiance (S, 3) where nothing shadows it."""
    cosine = (normal @ light.key_direction)[:, None]
    reach = (material == SKIN)[:, None] * normal.new_tensor(SCATTER)
    return ((cosine + reach) / (1 + reach)).clamp(min=0) * light.key_colour


def lit(surface: Surface, light: Light, key_seen: Tensor) -> Lit:
    """Shading and highlights of a surface. key_seen (S,): see `diffuse`."""
    opened = surface.opened
    shading = diffuse(surface.normal, surface.material, light, opened, key_seen)
    gloss, roughness, sheen = surface.finish.T
    facing = dot(surface.normal, surface.towards).clamp(1e-3, 1)
    highlight = _mirrored_key(surface, light, facing, gloss, roughness) * key_seen[:, None]
    highlight = highlight + _mirrored_surroundings(surface, light, facing, gloss, roughness) * opened[:, None]
    fuzz = sheen * (1 - facing) ** GRAZING
    # Fuzz has the cloth's own colour, paled by half.
    highlight = highlight + fuzz[:, None] * shading * (0.5 * surface.albedo + 0.15)
    return Lit(shading, highlight)


def _mirrored_key(surface: Surface, light: Light, facing: Tensor, gloss: Tensor, roughness: Tensor) -> Tensor:
    """(S, 3): a microfacet highlight, with GGX distribution, Smith's visibility in Schlick's form and Schlick's Fresnel
    term (Walter et al., Microfacet models for refraction through rough surfaces, 2007; Schlick, An inexpensive BRDF
    model, 1994); hair mirrors across its strands instead."""
    half = unit(surface.towards + light.key_direction)
    lighted = (surface.normal @ light.key_direction).clamp(min=0)
    across = dot(surface.normal, half).clamp(0, 1)
    alpha = roughness**2
    width = alpha**2
    spread = width / (math.pi * (across**2 * (width - 1) + 1) ** 2)
    k = alpha / 2
    visible = 0.25 / ((lighted * (1 - k) + k) * (facing * (1 - k) + k))
    grazing = _grazing(gloss, roughness) * _fifth(1 - dot(half, surface.towards).clamp(0, 1))
    fresnel = gloss + grazing
    amount = spread * visible * fresnel * (gloss > 0)
    amount = torch.where(surface.material == HAIR, _strands(surface, half, gloss), amount)
    return (amount * lighted)[:, None] * light.key_colour


def _fifth(x: Tensor) -> Tensor:
    """x^5; as a power it takes ten times as long."""
    square = x * x
    return square * square * x


def _grazing(gloss: Tensor, roughness: Tensor) -> Tensor:
    """How much more than `gloss` is mirrored at the most grazing angle: all by a smooth surface, little by a rough one,
    whose grains shadow each other."""
    return torch.maximum((1 - roughness) ** 2, gloss) - gloss


def _strands(surface: Surface, half: Tensor, gloss: Tensor) -> Tensor:
    """(S,): a band of light across the strands, scaled to the energy of a lobe of that width. Strands hang down along
    the surface: the cards' own directions jump from card to card."""
    down = half.new_tensor([0.0, 1.0, 0.0])
    along = unit(down - surface.smooth[:, 1:2] * surface.smooth)
    sine = (1 - dot(along, half) ** 2).clamp(min=0).sqrt()
    return gloss * sine**STRANDS * math.sqrt(STRANDS) / (2 * math.pi)


def _mirrored_surroundings(
    surface: Surface, light: Light, facing: Tensor, gloss: Tensor, roughness: Tensor
) -> Tensor:
    """(S, 3): the harmonics' radiance in the mirrored direction, softened by roughness per band, times how much is
    mirrored at that angle (Lazarov, Getting more physical in Call of Duty: Black Ops II, 2013, simplified)."""
    mirrored = 2 * facing[:, None] * surface.normal - surface.towards
    bands = facing.new_tensor([0.0, *(1.0,) * 3, *(3.0,) * 5])
    soft = torch.exp(-bands * roughness[:, None] ** 2)
    radiance = ((sh_basis(mirrored) * soft) @ light.sh).clamp(min=0)
    # Cards of hair stand at every angle: what they would mirror at grazing angles only glitters.
    grazing = _grazing(gloss, roughness) * (surface.material != HAIR)
    amount = (gloss + grazing * _fifth(1 - facing)) * (gloss > 0)
    return amount[:, None] * radiance
