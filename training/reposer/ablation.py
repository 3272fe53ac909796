"""Four networks that differ only in whether they warp in 3D and whether they see the target pose in 3D."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.models.reposer import ReposerConfig

from .train import Run

VARIANTS = {
    "neither": (False, False),
    "3D target pose": (False, True),
    "3D warping": (True, False),
    "both": (True, True),
}
"""Name: warp_3d, target_3d; the order of the paper's Table 1."""
BASE = ReposerConfig(size=64, width=64, blocks=4, fine=16, copies=False)


def runs(base: Run, seeds: int) -> dict[tuple[str, int], Run]:
    """Every variant with every seed, seed by seed, so that a part of them is a comparison already."""
    return {
        (name, seed): replace(base, seed=seed, config=replace(base.config, warp_3d=warp, target_3d=target))
        for seed in range(seeds)
        for name, (warp, target) in VARIANTS.items()
    }


def table(scores: dict[str, list[np.ndarray]], ceiling: float) -> str:
    """Markdown: of each variant the mean over pairs and seeds, and between seeds the deviation of the mean."""
    lines = [
        "| in 3D | SSIM | figure SSIM | figure LPIPS | pose AUC@150 mm |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, seeds in scores.items():
        means = np.array([rows.mean(0) for rows in seeds])
        spread = means.std(0, ddof=1) if len(means) > 1 else np.zeros(means.shape[1])
        cells = [
            f"{m:.3f} +- {s:.3f}" if len(means) > 1 else f"{m:.3f}"
            for m, s in zip(means.mean(0), spread, strict=True)
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append(f"| the estimator on the true pictures | | | | {ceiling:.3f} |")
    return "\n".join(lines)


def in_order(scores: dict[str, list[np.ndarray]], column: int, better: int) -> str:
    """Whether the paper's order holds in a column: both > either > neither, by the means."""
    mean = {
        name: better * float(np.mean([rows[:, column].mean() for rows in seeds]))
        for name, seeds in scores.items()
    }
    single = (mean["3D target pose"], mean["3D warping"])
    holds = mean["both"] > max(single) and min(single) > mean["neither"]
    ranked = " > ".join(sorted(mean, key=mean.get, reverse=True))
    return f"{'holds' if holds else 'does not hold'} ({ranked})"
