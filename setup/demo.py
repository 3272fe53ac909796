"""The demo: a real photo of a person, reposed by the shipped workflow through ComfyUI's own queue."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from . import jobs, pack, registry, weights
from .places import MODELS, PHOTO, ROOT, Trouble, say

WORKFLOW = ROOT / "workflows" / "Repose a photo.json"
POSE_NODE, READER, DRAWER = "ReposePoseLibrary", "ReposeKeypoints", "ReposeDrawPose"
SHEET_HEIGHT = 768
POSES = ("casual/contrapposto", "hands/arms crossed", "hands/waving")

# One of openpeople's studio photos (MIT; nobody real): a whole figure on a plain background, 1536 x 2752.
PHOTO_IN = registry.Member(
    "pypi",
    "openpeople",
    "0.1.2",
    "openpeople/data/curated/P001/assets/studio_posture.jpg",
    "9d6ca609b4e61283657c56c3a529f85ec58f190f17644a75f521a902e0d8be48",
)


def photo() -> Path:
    """The demo's and the tests' photo; fetched once."""
    return PHOTO if PHOTO.is_file() else registry.fetch(PHOTO_IN, PHOTO)


def run(output: Path) -> int:
    """Write the source, three poses and a contact sheet to `output`; the exit code."""
    started = time.monotonic()
    if problems := weights.fetch([], MODELS):
        raise Trouble("\n".join(problems))
    source = photo()
    with tempfile.TemporaryDirectory() as folder, jobs.private_server("demo") as server:
        runs = {}
        for pose in POSES:
            name = pose.rpartition("/")[2]
            say(f"[demo] {name} ...")
            overrides = [f"LoadImage.image={source}", f"{POSE_NODE}.pose={pose}"]
            runs[name] = jobs.run_workflow(server, WORKFLOW, overrides, Path(folder) / name)
        files = write(output, source, runs)
    say(f"[demo] done in {time.monotonic() - started:.0f} s:")
    say("\n".join(f"  {file}" for file in files))
    return 0


def write(output: Path, source: Path, runs: dict[str, list[jobs.Made]]) -> list[Path]:
    """The demo's pictures from those that the runs made; their files, the contact sheet last."""
    picture = pack.engine("picture")
    original = picture.read_picture(source)
    results = {pose: picture.read_picture(result(made)) for pose, made in runs.items()}
    cells = [("the photo", original)]
    cells += [("as read", picture.read_picture(file)) for file in shown_by(READER, next(iter(runs.values())))]
    for pose, pixels in results.items():
        sticks = [picture.read_picture(file) for file in shown_by(DRAWER, runs[pose])[-1:]]
        cells += [(f"{pose}: the skeleton", over(pixels, drawn)) for drawn in sticks] + [(pose, pixels)]
    titles, pictures = zip(*cells, strict=True)
    sheet = pack.engine("draw").contact_sheet(list(pictures), list(titles), len(cells) // 2, SHEET_HEIGHT)
    wanted = {"source": original, **results, "contact-sheet": sheet}
    return [picture.write_picture(pixels, output / f"{name}.png") for name, pixels in wanted.items()]


def result(made: list[jobs.Made]) -> Path:
    """The first picture that the workflow saves; what it saves after it is that picture enlarged."""
    saved = [picture.file for picture in made if picture.saved]
    if not saved:
        raise Trouble(f"{WORKFLOW.name} saved no picture", "look at what its nodes say: python run.py ui")
    return saved[0]


def shown_by(type: str, made: list[jobs.Made]) -> list[Path]:
    """What the nodes of one type showed, in the order of the workflow."""
    return [picture.file for picture in made if picture.type == type]


def over(pixels: Any, sticks: Any) -> Any:
    """(1, 3, H, W): the sticks, drawn on black at any size, over the darkened picture."""
    from torch.nn.functional import interpolate

    sticks = interpolate(sticks, pixels.shape[-2:], mode="nearest-exact")
    return sticks.where(sticks.amax(1, keepdim=True) > 0.1, pixels * 0.45)
