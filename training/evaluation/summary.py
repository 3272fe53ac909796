"""Many pairs in one table: means by bins of turn, and how sure a difference is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .similarity import mean_of

BINS = (("under 20", 0, 20), ("20-45", 20, 45), ("45-90", 45, 90), ("over 90", 90, 181))
"""Degrees of turn: name, from, to."""
RESAMPLES = 10_000
NAMES = {
    "copy": "copy the source",
    "aligned": "aligned",
    "before": "before",
    "volumetric": "volumetric",
    "ours": "ours",
}


class Column(NamedTuple):
    """Of the table: key of the number, heading, decimals, +1 where more is better, -1 where less is."""

    key: str
    title: str
    decimals: int
    better: int


COLUMNS = (
    Column("ssim", "SSIM", 3, 1),
    Column("figure_ssim", "figure SSIM", 3, 1),
    Column("lpips", "LPIPS", 3, -1),
    Column("person_lpips", "person LPIPS", 3, -1),
    Column("figure_lpips", "figure LPIPS", 3, -1),
    Column("pck", "PCK@0.1", 3, 1),
    Column("outline", "outline IoU", 3, 1),
    Column("garment", "garment dE", 1, -1),
    Column("sharpness", "sharpness", 2, 0),
    Column("coverage", "coverage", 2, 0),
    Column("epe", "EPE px at 512", 1, -1),
    Column("visibility_iou", "visibility IoU", 3, 1),
    Column("seconds", "s", 1, -1),
)


class Difference(NamedTuple):
    """Of two methods over the same pairs: the mean, and the 95 % interval of it."""

    mean: float
    low: float
    high: float
    count: int

    def text(self, decimals: int = 3) -> str:
        """As in a table."""
        return f"{self.mean:+.{decimals}f} [{self.low:+.{decimals}f}, {self.high:+.{decimals}f}]"


def bin_of(turn: float) -> str:
    """The name of a turn's bin."""
    return next(name for name, low, high in BINS if low <= turn < high)


def in_bins(results: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Every bin that has pairs, and at the end all of them."""
    binned = {name: [r for r in results if bin_of(r["turn"]) == name] for name, _, _ in BINS}
    return {name: group for name, group in binned.items() if group} | {"all": list(results)}


def values(results: Sequence[dict[str, Any]], method: str, key: str) -> np.ndarray:
    """(n,) one number of every pair, NaN where there is none."""
    found = [result["methods"].get(method, {}).get(key) for result in results]
    return np.array([math.nan if value is None else value for value in found], dtype=float)


def difference(first: np.ndarray, second: np.ndarray, seed: int = 0) -> Difference:
    """first - second over the pairs that have both; the interval by the percentile bootstrap over pairs (Efron and
    Tibshirani 1993)."""
    apart = (first - second)[np.isfinite(first) & np.isfinite(second)]
    if not len(apart):
        return Difference(math.nan, math.nan, math.nan, 0)
    drawn = np.random.default_rng(seed).integers(len(apart), size=(RESAMPLES, len(apart)))
    low, high = np.percentile(apart[drawn].mean(axis=1), [2.5, 97.5])
    return Difference(float(apart.mean()), float(low), float(high), len(apart))


def shown_columns(results: Sequence[dict[str, Any]], methods: Sequence[str]) -> list[Column]:
    """The columns for which anything was measured."""
    return [c for c in COLUMNS if any(np.isfinite(values(results, m, c.key)).any() for m in methods)]


def methods_of(results: Sequence[dict[str, Any]]) -> list[str]:
    """In the order of the table."""
    return [name for name in NAMES if any(name in result["methods"] for result in results)]


def table(results: Sequence[dict[str, Any]], names: dict[str, str] = NAMES) -> str:
    """Markdown: for each bin, a row for each method. Failures are in no mean: their number stands in the first cell."""
    methods = methods_of(results)
    columns = shown_columns(results, methods)
    lines = ["| turn | pairs | method | " + " | ".join(c.title for c in columns) + " |"]
    lines.append("| --- | ---: | --- |" + " ---: |" * len(columns))
    for bin, group in in_bins(results).items():
        top = mean_of([r["ceiling"] for r in group])
        for method in methods:
            cells = [_cell(mean_of(values(group, method, c.key)), c.decimals) for c in columns]
            failed = sum("error" in r["methods"].get(method, {}) for r in group)
            label = names.get(method, method) + (f" ({failed} failed)" if failed else "")
            lines.append(f"| {bin} | {len(group)} | {label} | " + " | ".join(cells) + " |")
        cells = [_cell(top, c.decimals) if c.key == "pck" else "" for c in columns]
        lines.append(f"| {bin} | {len(group)} | the true picture | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: float, decimals: int) -> str:
    return "" if math.isnan(value) else f"{value:.{decimals}f}"


def differences(results: Sequence[dict[str, Any]], names: dict[str, str] = NAMES) -> str:
    """Markdown: ours against each other method, by bins, with 95 % intervals."""
    others = [m for m in methods_of(results) if m in ("aligned", "before")]
    columns = [c for c in shown_columns(results, ["ours"]) if c.better and c.key != "seconds"]
    lines = ["| turn | pairs | ours minus | " + " | ".join(c.title for c in columns) + " |"]
    lines.append("| --- | ---: | --- |" + " ---: |" * len(columns))
    for bin, group in in_bins(results).items():
        for other in others:
            apart = [difference(values(group, "ours", c.key), values(group, other, c.key)) for c in columns]
            cells = [d.text(c.decimals) if d.count else "" for d, c in zip(apart, columns, strict=True)]
            lines.append(f"| {bin} | {len(group)} | {names.get(other, other)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def gates(results: Sequence[dict[str, Any]]) -> list[str]:
    """What the warp is asked for, and what it reached, a line each."""
    lines = []
    for bin, group in in_bins(results).items():
        ours, floor = (values(group, m, "person_lpips") for m in ("ours", "aligned"))
        both = np.isfinite(ours) & np.isfinite(floor)
        if both.any():
            share = 1 - ours[both].mean() / floor[both].mean()
            asked = "at least 25 %" if bin in ("under 20", "20-45") else "at least 0 %"
            lines.append(f"{bin}: person LPIPS {share:.1%} below aligned (asked: {asked})")
        top, found = mean_of([r["ceiling"] for r in group]), mean_of(values(group, "ours", "pck"))
        if top:
            lines.append(f"{bin}: PCK@0.1 {found / top:.3f} of the true picture's (asked: 0.9)")
        exact = mean_of(values(group, "ours", "epe"))
        if not math.isnan(exact):
            overlap = mean_of(values(group, "ours", "visibility_iou"))
            lines.append(
                f"{bin}: median endpoint error {exact:.1f} px at 512 (2), visibility IoU {overlap:.3f} (0.85)"
            )
    return lines


def ranked(results: Sequence[dict[str, Any]], key: str = "person_lpips") -> list[dict[str, Any]]:
    """Best first: by how much ours lies below aligned; what failed comes last."""

    def gain(result: dict[str, Any]) -> float:
        ours, floor = (result["methods"].get(m, {}).get(key) for m in ("ours", "aligned"))
        return math.inf if ours is None or floor is None else ours - floor

    return sorted(results, key=gain)


def by_pair(results: Sequence[dict[str, Any]]) -> str:
    """One line a pair, best first."""
    keys = ("person_lpips", "figure_lpips", "pck", "outline", "garment", "coverage")
    lines = [f"{'pair':<18} {'turn':>5} " + " ".join(f"{k:>13}" for k in keys) + "   aligned person_lpips"]
    for result in ranked(results):
        ours = result["methods"].get("ours", {})
        if "error" in ours:
            lines.append(f"{result['name']:<18} {result['turn']:5.0f} {ours['error']}")
            continue
        cells = [f"{_number(ours, k):13.3f}" for k in keys]
        floor = _number(result["methods"].get("aligned", {}), "person_lpips")
        lines.append(f"{result['name']:<18} {result['turn']:5.0f} " + " ".join(cells) + f"   {floor:.3f}")
    return "\n".join(lines)


def _number(numbers: dict[str, Any], key: str) -> float:
    value = numbers.get(key)
    return math.nan if value is None else value
