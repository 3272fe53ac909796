"""What a picture costs, step by step: `python -m training.people.render.speed [--kit FILE] [--size 256] [--count 8]`.

Processor time of one thread, the least of a few runs, so that what else the machine does counts little. With the kit
the people are the dataset's own; without it a ball of 46,000 triangles stands in.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable
from pathlib import Path

import torch

STEPS = {
    "backdrop": ("seen", "backdrops.py places.py solids.py"), "mesh to screen": ("on_screen", "raster.py"),
    "z-buffer": ("nearest_of", "raster.py"), "normals, openness": ("_body", "render.py"),
    "shadow map": ("_shadow_map", "render.py"), "shadow on plate": ("on_plate", "shadows.py"),
    "surface, sheets": ("surface", "surfaces.py"), "shadow on person": ("on_person", "shadows.py"),
    "shading": ("lit", "shading.py"), "exposure": ("metered", "render.py"), "pixels": ("tent", "render.py"),
    "development": ("developed", "render.py"), "truth": ("_view", "render.py"), "all": ("render", "render.py"),
}  # fmt: skip
"""Shown name -> function and its files; truth holds a development too; the shadow map draws the mesh again."""
RUNS = 5


def scenes(kit: Path | None, size: int, count: int) -> list[Callable[[], object]]:
    """`count` pictures, each to be made by a call."""
    from . import cameras, render, solids

    if kit is None:
        vertices, faces = solids.sphere(0.6, (0.0, -0.9, 0.0), 121, 192)
        figure, light = (
            solids.figure(faces, solids.sheet((0.5, 0.4, 0.3))),
            solids.light(1.0, 2.0, radius=0.03),
        )
        camera = cameras.framing(vertices, 20.0, 5.0, cameras.focal_pixels(50.0, (size, size)), (size, size))
        return [lambda: render.render(figure, vertices, camera, light, solids.Room())] * count
    return _people(kit, size, count)


def _people(kit: Path, size: int, count: int) -> list[Callable[[], object]]:
    """The first people of the dataset, each in one picture."""
    from ..truth import making
    from . import render

    studio = making.Prepare(kit, making.Settings(size=size, poses=1))()
    asked, drawn = [], making.render
    making.render = lambda *scene: asked.append(scene) or drawn(*scene)
    try:
        for index in range(count):
            studio.made(index)
    finally:
        making.render = drawn
    return [lambda scene=scene: render.render(*scene) for scene in asked]


def table(calls: list[Callable[[], object]]) -> dict[str, float]:
    """Step -> milliseconds of processor time per picture."""
    best: dict[str, float] = {}
    for _ in range(RUNS):
        profile = cProfile.Profile(time.process_time)
        profile.enable()
        for call in calls:
            call()
        profile.disable()
        spent = _spent(profile, len(calls))
        best = spent if not best or spent["all"] < best["all"] else best
    return best


def _spent(profile: cProfile.Profile, count: int) -> dict[str, float]:
    found = dict.fromkeys(STEPS, 0.0)
    for (file, _, function), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():
        for name, (step, module) in STEPS.items():
            if function == step and Path(file).name in module.split():
                found[name] += 1000 * cumulative / count
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="What a picture costs, step by step.")
    parser.add_argument("--kit", type=Path, help="the packed kit; without it a ball stands in")
    parser.add_argument("--size", type=int, default=256, help="pixels, height and width")
    parser.add_argument("--count", type=int, default=8, help="pictures")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        spent = table(scenes(options.kit, options.size, options.count))
    for name, milliseconds in spent.items():
        print(f"{name:18s}{milliseconds:8.1f} ms")


if __name__ == "__main__":
    main()
