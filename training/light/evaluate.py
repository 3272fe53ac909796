"""Estimates of light beside the truth, by light, pose and clothing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import torch

from pipelines.geometry.garments import NUMBER, GarmentMap
from pipelines.light.estimate import estimate_light
from pipelines.light.fit import directions, fit
from pipelines.light.samples import samples
from pipelines.light.shadows import shadows_of
from pipelines.models.light_head import LightHead
from training.evaluation.reading import Reader

from .sets import Lit

CLEAR = 0.3
"""Share of the light from which a key has a direction worth knowing."""
BEHIND = 0.3
"""z of a key's direction from which on it stands behind the person, and lights rims alone."""


@dataclass(frozen=True)
class Row:
    """One picture: degrees off of the key and of the strongest light, share of the temperature, key share, all off;
    confidence; and what to sort it by. plain: degrees off of the best key of the plain fit on the true normals and
    regions; shadowed: of the key with the cast shadow's word, None where no shadow is found, or none was looked for."""

    key: float
    dominant: float
    kelvin: float
    share: float
    confidence: float
    clear: bool
    kind: str
    pose: str
    worn: str
    plain: float | None = None
    shadowed: float | None = None


def degrees(first: torch.Tensor, second: torch.Tensor) -> float:
    """Between two unit vectors (3,)."""
    return math.degrees(math.acos(min(1.0, max(-1.0, float(first @ second)))))


def measured(people: Iterable[Lit], head: LightHead | None = None, reader: Reader | None = None) -> list[Row]:
    """One row for each picture; with a reader also what a cast shadow adds, which takes a second each."""
    rows = []
    for one in people:
        matte = one.surface.spread(one.surface.cover[None])
        clothes = GarmentMap(one.labels, torch.zeros_like(matte), matte)
        found, true = estimate_light(one.picture, one.surface, clothes, head), one.light
        clear = true.key_share > CLEAR and float(true.key_direction[2]) < BEHIND
        dressed = bool((one.labels == NUMBER["dress"]).sum() > (one.labels == NUMBER["lower"]).sum())
        rows.append(
            Row(
                degrees(found.key_direction, true.key_direction),
                degrees(found.dominant, true.dominant),
                abs(found.kelvin / true.kelvin - 1),
                abs(found.key_share - true.key_share),
                found.confidence,
                clear,
                one.kind,
                one.pose,
                "dress" if dressed else "trousers or skirt",
                _plainly(one),
                None if reader is None else _with_shadow(one, clothes, head, reader),
            )
        )
    return rows


def _plainly(one: Lit) -> float | None:
    """Degrees that the plain fit's best key is off on the true normals."""
    seen = samples(one.picture, one.exact, one.true_labels)
    if seen is None:
        return None
    found = fit(seen, directions())
    return degrees(found.direction[found.loss.argmin()], one.light.key_direction)


def _with_shadow(one: Lit, clothes: GarmentMap, head: LightHead | None, reader: Reader) -> float | None:
    """Degrees that the key is off where a cast shadow is asked too; None where none is found."""
    sight = reader.read(one.picture)
    shadow = shadows_of(one.picture, sight.matte, sight.skeleton).key_direction
    if shadow is None:
        return None
    found = estimate_light(one.picture, one.surface, clothes, head, shadow)
    return degrees(found.key_direction, one.light.key_direction)


def beside(rows: list[Row]) -> str:
    """What the normals and a cast shadow are worth, on the pictures with a clear key."""
    plain = [r.plain for r in rows if r.clear and r.plain is not None]
    lines = [f"plain fit on the true normals: {median(plain):.0f} degrees ({len(plain)} pictures)"]
    both = [(r.key, r.shadowed) for r in rows if r.shadowed is not None and r.clear]
    if both:
        old, new = (median(column) for column in zip(*both, strict=True))
        lines.append(f"with a cast shadow: {old:.0f} -> {new:.0f} degrees ({len(both)} pictures)")
    return "\n".join(lines)


def table(rows: list[Row]) -> str:
    """Medians, all together and by light, pose and clothing, as the README has them."""
    lines = [
        "| pictures | number | key | strongest | kelvin | key share |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    groups: dict[str, list[Row]] = {"all": rows, "a clear key before them": [r for r in rows if r.clear]}
    groups["the same, confidence over 0.5"] = [r for r in rows if r.clear and r.confidence > 0.5]
    for name in ("kind", "pose", "worn"):
        found = defaultdict(list)
        for row in rows:
            found[f"{name}: {getattr(row, name)}"].append(row)
        groups |= dict(sorted(found.items()))
    for name, part in groups.items():
        if len(part) < 4:
            continue
        keyed = [r.key for r in part if r.clear]
        key = f"{median(keyed):.0f}" if len(keyed) > 3 else ""
        lines.append(
            f"| {name} | {len(part)} | {key} | {median(r.dominant for r in part):.0f} |"
            f" {median(r.kelvin for r in part):.1%} | {median(r.share for r in part):.2f} |"
        )
    return "\n".join(lines)
