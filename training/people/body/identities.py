"""Who somebody is: body, age, face and skin, drawn so that most people look ordinary and few are extreme."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..cloth.outfits import HELD_OUT
from ..draws import Draw
from ..kit.kit import Kit, Skin
from ..kit.shapes import ETHNICITIES
from .tints import TONES

AGES = {(0.27, 0.42): 0.10, (0.45, 0.60): 0.12, (0.60, 0.74): 0.46, (0.74, 0.88): 0.2, (0.88, 0.98): 0.12}
"""Ranges of phenotype age and how often: from about eight (0.27) over eleven (1/3) and 25 (2/3) to old."""
MIDDLE_AGED, OLD = 0.75, 0.86
"""Phenotype ages from which a skin of that age is worn."""
LARGE = ("torso", "measure", "hip", "buttocks", "stomach", "breast", "upperarm", "lowerarm", "upperleg", "lowerleg",
         "lowerlegs", "upperlegs", "hand", "foot", "neck")  # fmt: skip
"""Beginnings of local changes that act on the figure; the others act on the face."""
FACE_SPREAD, FIGURE_SPREAD = 0.30, 0.22
"""Standard deviation of local changes, of the targets' full strength. Ours: beyond 0.7 faces turn into masks."""
CHANGED = 0.6
"""Share of local changes that somebody has at all."""


@dataclass(frozen=True)
class Identity:
    """Who: sex of body and skin, age and phenotype (shapes.py), ethnicity of most ancestors, skin by name with its
    tone (mean luminance, linear) and redness."""

    sex: str
    age: float
    ethnicity: str
    phenotype: dict[str, float]
    skin: str
    tone: float
    redness: float

    @staticmethod
    def sampled(kit: Kit, split: str, draw: Draw) -> Identity:
        sex = draw.pick(("female", "male"))
        age = draw.between(*draw.weighed(AGES))
        ethnicity = draw.pick(ETHNICITIES)
        phenotype = (
            _figure(sex, age, draw) | _ancestry(ethnicity, draw) | _changes(kit.shape_map.changes, age, draw)
        )
        skin = _skin(kit, sex, age, ethnicity, split, draw)
        return Identity(
            sex, age, ethnicity, phenotype, skin.id, draw.scale(*TONES[ethnicity]), draw.between(-1, 1)
        )

    def record(self) -> dict:
        """Plain values for a file."""
        return asdict(self)


def _bell(draw: Draw, middle: float, spread: float, low: float, high: float) -> float:
    return min(max(middle + spread * draw.normal(), low), high)


def _figure(sex: str, age: float, draw: Draw) -> dict[str, float]:
    """Phenotypes of the whole body. Height beyond 0.15 to 0.85 is a dwarf's or a giant's in MakeHuman's targets."""
    woman = sex == "female"
    grown = age > 0.58
    heavy = draw.weighed({0.38: 0.3, 0.5: 0.4, 0.72: 0.3})
    return {
        "gender": min(
            max((1.0 if woman else 0.0) + (-1 if woman else 1) * abs(0.08 * draw.normal()), 0.0), 1.0
        ),
        "age": age,
        "muscle": _bell(draw, 0.5, 0.17 if grown else 0.08, 0.1, 0.95),
        "weight": _bell(draw, heavy, 0.14, 0.12, 0.98) if grown else _bell(draw, 0.48, 0.12, 0.2, 0.8),
        "height": _bell(draw, 0.5, 0.16, 0.15, 0.85),
        "proportions": draw.between(0.4, 1.0),
        "cupsize": _bell(draw, 0.5, 0.18, 0.1, 0.95) if grown else 0.3,
        "firmness": _bell(draw, 0.55, 0.15, 0.2, 0.9) if grown else 0.5,
    }


def _ancestry(ethnicity: str, draw: Draw) -> dict[str, float]:
    """Shares: mostly one, often some of another."""
    main = draw.between(0.65, 1.0)
    other = draw.pick([name for name in ETHNICITIES if name != ethnicity])
    return dict.fromkeys(ETHNICITIES, 0.0) | {ethnicity: main, other: 1 - main}


def _changes(names: tuple[str, ...], age: float, draw: Draw) -> dict[str, float]:
    """Local changes of face and figure; of a child's figure none."""
    found = {}
    for name in names:
        figure = name.startswith(LARGE)
        value = _bell(draw, 0.0, FIGURE_SPREAD if figure else FACE_SPREAD, -0.7, 0.7)
        if draw.chance(CHANGED) and not (figure and age < 0.58):
            found[name] = value
    return found


def _skin(kit: Kit, sex: str, age: float, ethnicity: str, split: str, draw: Draw) -> Skin:
    """A skin of the split's own that suits: by sex, then by age, then by ancestors, whom the tone is for as well."""
    years = "old" if age > OLD else "middleage" if age > MIDDLE_AGED else "young"
    own = [skin for skin in kit.skins.values() if (skin.id in HELD_OUT) == (split == "test")] or list(
        kit.skins.values()
    )
    alike = [skin for skin in own if skin.sex == sex] or own
    for test in (lambda s: s.age == years, lambda s: s.ethnicity == ethnicity):
        alike = [skin for skin in alike if test(skin)] or alike
    return draw.pick(alike)
