"""Colours that clothes come in, as sRGB codes by family; ours."""

from __future__ import annotations

from ..draws import Draw
from ..shades import hex_linear

Colour = tuple[float, float, float]

FAMILIES: dict[str, tuple[str, ...]] = {
    "white": ("#f2f1ec", "#e9e6dd", "#f6f4f0", "#dfe3e6"),
    "black": ("#17171a", "#201e1f", "#121318", "#28272b"),
    "grey": ("#4a4b4f", "#6f7175", "#94969a", "#b9babd", "#8a857e", "#5a5f66"),
    "navy": ("#1d2740", "#141c33", "#27324f", "#1b2b4b"),
    "denim": ("#2e4668", "#3f5f86", "#5d7fa6", "#8fabc6", "#1f2d47", "#232833", "#46586f"),
    "blue": ("#2f5fa8", "#5b8cc9", "#8fb4dd", "#1f4e9e", "#3b7dd8", "#a9c6e8"),
    "earth": ("#6b4a32", "#8a6848", "#a98a63", "#c4a987", "#5a4a3a", "#7a5b3c", "#4b3a2c", "#d2bf9f"),
    "olive": ("#4f5234", "#6a6b45", "#3c4230", "#7d7a52"),
    "red": ("#a3202c", "#c8323a", "#7a1f2b", "#d9523f", "#5e1a26"),
    "green": ("#1f5a3a", "#2f7d4f", "#6a9f6f", "#0f3d2e", "#9fbf8f"),
    "yellow": ("#e0b63a", "#f0d264", "#c78f22", "#f3e2a0"),
    "orange": ("#d9692a", "#e98f4a", "#b8562a"),
    "purple": ("#5a3a78", "#7f5aa0", "#3d2a52", "#b39ccb"),
    "pink": ("#e3a0ae", "#d3637f", "#f0c6cf", "#c23a6b", "#e8b8a8"),
    "teal": ("#1f6a70", "#3f8f92", "#134a52", "#8fc4c0"),
}
FAVOURED = {
    "white": 3.0, "black": 3.5, "grey": 3.0, "navy": 2.0, "denim": 1.0, "blue": 2.0, "earth": 2.5, "olive": 1.0,
    "red": 1.5, "green": 1.0, "yellow": 0.8, "orange": 0.5, "purple": 0.6, "pink": 1.2, "teal": 0.7,
}  # fmt: skip
"""How often a family is worn: many neutrals."""
BY_MATERIAL: dict[str, dict[str, float]] = {
    "denim": {"denim": 9.0, "black": 1.5, "white": 0.6, "grey": 1.0},
    "leather": {"black": 4.0, "earth": 5.0, "red": 0.5, "white": 0.6, "grey": 0.5, "olive": 0.3},
    "wool": {"grey": 4.0, "navy": 2.5, "black": 2.5, "earth": 3.5, "olive": 1.0, "red": 0.5, "green": 0.4},
    "sequin": {"yellow": 2.0, "grey": 3.0, "black": 2.0, "red": 1.0, "blue": 1.0, "pink": 1.0, "green": 0.6},
    "lace": {"white": 4.0, "black": 4.0, "red": 1.0, "pink": 1.0, "navy": 1.0},
    "fur": {"white": 2.0, "black": 2.0, "grey": 2.0, "earth": 3.0, "pink": 0.5},
}


def colours(draw: Draw, material: str, count: int) -> tuple[Colour, ...]:
    """Linear colours that differ: the first of what the material comes in, the others of anything."""
    first = draw.weighed(BY_MATERIAL.get(material, FAVOURED))
    found = [_varied(draw, draw.pick(FAMILIES[first]))]
    while len(found) < count:
        # a ground and its print are told apart by lightness as much as by hue
        pool = {name: weight for name, weight in FAVOURED.items() if name != first}
        tries = [_varied(draw, draw.pick(FAMILIES[draw.weighed(pool)])) for _ in range(3)]
        found.append(max(tries, key=lambda c: min(_apart(c, other) for other in found)))
    return tuple(found)


def _varied(draw: Draw, code: str) -> Colour:
    scale = 2 ** (0.12 * draw.normal())
    red, green, blue = (
        min(max(value * scale * (1 + 0.03 * draw.normal()), 0.006), 0.9) for value in hex_linear(code)
    )
    return red, green, blue


def _apart(first: Colour, second: Colour) -> float:
    return sum(abs(a**0.45 - b**0.45) for a, b in zip(first, second, strict=True))
