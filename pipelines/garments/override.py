"""The artist's word on a garment's material: it has confidence 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, radians

from ..geometry.garments import GarmentMap, Material, Measured, Pattern
from .cloth import WORN
from .material import STIFFNESS


@dataclass(frozen=True)
class Override:
    """What is known of one region; None: as measured.

    region     one of cloth.WORN
    fabric     one of FABRICS, or UNKNOWN; the stiffness follows it where none is given
    stiffness, gloss, sheerness in [0, 1]
    pleats     per pixel along the hem
    period     pixels from one repeat of the pattern to the next; 0: it has none
    degrees    the direction across the pattern's lines, 0 for upright stripes, 90 for level ones
    """

    region: str
    fabric: str | None = None
    stiffness: float | None = None
    gloss: float | None = None
    sheerness: float | None = None
    pleats: float | None = None
    period: float | None = None
    degrees: float = 0.0


def overridden(garments: GarmentMap, word: Override) -> GarmentMap:
    """The map with the artist's word on one region. ValueError for an unknown region or fabric, and for a
    region that the picture does not have."""
    if word.region not in WORN:
        raise ValueError(f"{word.region!r} has no material; choose one of {', '.join(WORN)}")
    if word.region not in garments.present():
        there = ", ".join(region for region in garments.present() if region in WORN) or "no clothes"
        raise ValueError(f"there is no {word.region} in the picture, but {there}: choose another region")
    found = garments.material(word.region)
    return garments.with_materials({**garments.materials, word.region: _said(found, word)})


def _said(found: Material, word: Override) -> Material:
    if word.fabric is not None:
        if word.fabric not in STIFFNESS:
            raise ValueError(f"no fabric is called {word.fabric!r}; there are {', '.join(STIFFNESS)}")
        stiff = found.stiffness if found.stiffness.confidence >= 1 else Measured(STIFFNESS[word.fabric], 0.8)
        found = replace(found, fabric=word.fabric, confidence=1.0, stiffness=stiff)
    for name in ("stiffness", "gloss", "sheerness", "pleats"):
        value = getattr(word, name)
        if value is not None:
            found = replace(found, **{name: Measured(float(value), 1.0)})
    if word.period is None:
        return found
    told = Pattern(float(word.period), radians(word.degrees) % pi, 0.0, 1.0)
    return replace(found, patterns=(told,) if word.period > 0 else ())
