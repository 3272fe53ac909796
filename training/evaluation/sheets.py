"""The best and the worst pairs side by side, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from pipelines.draw import contact_sheet
from pipelines.picture import read_picture, write_picture

from .pairs import sized
from .summary import NAMES, methods_of, ranked

HEIGHT = 384
ROWS = 6
"""Of a page: more would be made too small to see anything by most viewers."""


def write(results: Sequence[dict[str, Any]], folder: Path, best: int, worst: int) -> list[Path]:
    """Pages of a row a pair: source, target, each method with its person LPIPS; best first, wide pictures apart from
    upright ones. What earlier runs left there is removed."""
    for old in folder.glob("sheet-*.png"):
        old.unlink()
    made = [r for r in ranked(results) if "picture" in r["methods"].get("ours", {})]
    groups = {"best": made[:best], "worst": made[max(best, len(made) - worst) :]}
    pages = []
    for name, group in groups.items():
        for shape, rows in _shapes(group).items():
            for i in range(0, len(rows), ROWS):
                pages.append(
                    _page(rows[i : i + ROWS], methods_of(results), folder, f"{name}-{shape}-{i // ROWS + 1}")
                )
    return pages


def _shapes(results: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    wide = [r for r in results if r["size"][1] > r["size"][0]]
    return {"upright": [r for r in results if r not in wide], "wide": wide}


def _page(results: Sequence[dict[str, Any]], methods: Sequence[str], folder: Path, name: str) -> Path:
    cells = [cell for result in results for cell in _row(result, methods)]
    titles, pictures = zip(*cells, strict=True)
    sheet = contact_sheet(list(pictures), list(titles), len(methods) + 2, HEIGHT)
    return write_picture(sheet, folder / f"sheet-{name}.png")


def _row(result: dict[str, Any], methods: Sequence[str]) -> list[tuple[str, torch.Tensor]]:
    size = tuple(result["size"])
    sides = {side: sized(read_picture(path), size) for side, path in result["pictures"].items()}
    cells = [
        (f"{result['name']} {result['turn']:.0f} deg", sides["source"]),
        ("the true picture", sides["target"]),
    ]
    for method in methods:
        numbers = result["methods"].get(method, {})
        if "picture" not in numbers:
            cells.append((f"{NAMES[method]} failed", torch.ones_like(sides["target"])))
            continue
        title = f"{NAMES[method]} {numbers['person_lpips']:.3f} pck {numbers.get('pck') or 0:.2f}"
        cells.append((title, read_picture(numbers["picture"])))
    return cells
