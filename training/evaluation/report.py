"""What a run writes: a table for the README, every number, and a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import cache, sheets, summary
from .revision import Revision


def write(
    results: Sequence[dict[str, Any]],
    failed: Sequence[dict[str, Any]],
    folder: Path,
    best: int,
    worst: int,
    before: Revision | None = None,
) -> str:
    """table.md, numbers.json and sheet-*.png in the folder; what to say on the screen."""
    names = dict(summary.NAMES)
    if before is not None:
        names["before"] = f"before ({before.commit[:7]})"
    parts = [summary.table(results, names), summary.differences(results, names)]
    lines = summary.gates(results) + [f"not measured: {f['name']}: {f['error']}" for f in failed]
    text = "\n\n".join(parts + ["\n".join(f"* {line}" for line in lines)])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.md").write_text(text + "\n", encoding="utf-8")
    cache.keep_json(folder / "numbers.json", plain({"pairs": list(results), "failed": list(failed)}))
    pages = sheets.write(results, folder, best, worst)
    written = [folder / "table.md", folder / "numbers.json", *pages]
    return "\n\n".join([text, summary.by_pair(results), "\n".join(map(str, written))])


def plain(value: Any) -> Any:
    """The same with None for what is not a number: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
