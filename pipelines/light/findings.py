"""What the photometric check finds and says: limits, one finding for each measure, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch

HIGHEST = {
    "direction": 180.0,
    "contrast": 2.0,
    "temperature": 200.0,
    "tint": 0.1,
    "limb": 100.0,
    "skin": 100.0,
    "garment": 100.0,
    "shadow": 180.0,
    "doubt": 10.0,
}
"""The most that each threshold can be."""


@dataclass(frozen=True)
class Thresholds:
    """What is still the same light. The figures that the defaults come from: training/light/check.py.

    direction    degrees between the light of the photo and of the result
    contrast     share by which the light's direction may be stronger or weaker (key against everything else)
    temperature  mired that the light may be warmer or cooler; 800 K at 6500 K are 17
    tint         Duv that it may be greener or pinker
    limb         per cent that a limb may be brighter or darker than the rest of the figure
    skin         CIEDE2000 between newly shown skin and what the photo showed of it
    garment      CIEDE2000 between a garment in the photo and in the result
    shadow       degrees between where the shadow falls and where the light leads to expect it
    doubt        how many times what the picture itself leaves in doubt is added to the limits; 0: none, stricter
    """

    direction: float = 12.0
    contrast: float = 0.2
    temperature: float = 6.0
    tint: float = 0.003
    limb: float = 3.0
    skin: float = 4.5
    garment: float = 5.0
    shadow: float = 60.0
    doubt: float = 1.0

    def __post_init__(self):
        for field in fields(self):
            value, most = getattr(self, field.name), HIGHEST[field.name]
            if not 0 <= value <= most:
                raise ValueError(f"the limit of {field.name} is {value}, expected between 0 and {most:g}")


@dataclass(frozen=True)
class Finding:
    """One measure. value and limit in `unit`, both None where it cannot be told, and then `passed` is None too."""

    name: str
    words: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the value is within its limit; None: not told."""
        return None if self.value is None else self.value <= self.limit

    @property
    def score(self) -> float:
        """1 for no difference, a half at the limit, towards 0 beyond; 1 where nothing is told."""
        if self.value is None or self.value <= 0:
            return 1.0
        return self.limit**2 / (self.limit**2 + self.value**2)

    @property
    def line(self) -> str:
        """One line for an artist."""
        if self.value is None:
            return f"  --  {self.name}: not told, {self.words}"
        mark = " ok " if self.passed else "FAIL"
        return f"{mark}  {self.name}: {_number(self.value)} of {_number(self.limit)}{self.unit}; {self.words}"


def _number(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 and value else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


@dataclass(frozen=True, eq=False)
class Checked:
    """The verdict on one result. heat (1, 1, H, W) in [0, 1]: where it departs from what the photo leads to expect, 1
    at twice the limit; of the result's size."""

    findings: tuple[Finding, ...]
    heat: torch.Tensor

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings that say something."""
        return tuple(one for one in self.findings if one.passed is not None)

    @property
    def passed(self) -> bool:
        """Everything that can be told is within its limits, and something can."""
        return bool(self.told) and all(one.passed for one in self.told)

    @property
    def score(self) -> float:
        """In [0, 1], the worst finding's: over a half is passed; 0 where nothing can be told."""
        return min((one.score for one in self.told), default=0.0)

    def __getitem__(self, name: str) -> Finding:
        """The finding of a measure by its name."""
        return next(one for one in self.findings if one.name == name)

    def text(self) -> str:
        """What an artist reads."""
        if not self.told:
            head = "NOT CHECKED: nothing of the person could be compared"
        else:
            wrong = [one.name for one in self.told if not one.passed]
            head = "passed" if self.passed else f"FAILED: {', '.join(wrong)}"
        return "\n".join(
            (f"Photometric check {head} (score {self.score:.2f})", *(f.line for f in self.findings))
        )

    def report(self) -> dict:
        """Plain numbers for a JSON file."""
        rows = [
            {
                "name": one.name,
                "value": None if one.value is None else round(one.value, 4),
                "limit": None if one.limit is None else round(one.limit, 4),
                "unit": one.unit.strip(),
                "passed": one.passed,
                "words": one.words,
            }
            for one in self.findings
        ]
        return {"passed": self.passed, "score": round(self.score, 3), "findings": rows}
