"""The figures of the README, measured on this machine: time and memory of the chain, and of the server's start.

    python run.py setup && .repose/venv/bin/python training/benchmark.py [--threads 2]

Prints a table; asserts nothing. Every size runs in a process of its own; its peak is that of one
run of the whole chain. The photo is openpeople's P001, enlarged or reduced.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from setup import demo, pack, registry, server  # noqa: E402, F401
from setup.places import BASE, MODELS  # noqa: E402

SIZES = {
    "512 x 768": (768, 512),
    "1024 x 1536": (1536, 1024),
    "1536 x 2752": (2752, 1536),
    "2048 x 3072": (3072, 2048),
    "4096 x 6144": (6144, 4096),
    "8000 x 6000": (6000, 8000),
}
"""Width x height: (height, width)."""


def megabytes() -> int:
    """Peak resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def enlarged(picture, size: tuple[int, int]):
    """(1, 3, H, W) at `size`, filled up at the sides with its own border."""
    import torch.nn.functional as F

    scale = size[0] / picture.shape[2]
    figure = F.interpolate(
        picture, size=(size[0], min(size[1], round(picture.shape[3] * scale))), mode="bilinear"
    )
    side = size[1] - figure.shape[3]
    return F.pad(figure, (side // 2, side - side // 2, 0, 0), mode="replicate")


def chain(size: tuple[int, int], threads: int) -> dict[str, float]:
    """Seconds per step at one size, after a first run that loads everything, and the peak in MB."""
    import torch

    torch.set_num_threads(threads)
    repose, library = pack.engine("repose"), pack.engine("geometry.library")
    keypoints, native = pack.engine("keypoints"), pack.engine("native")
    started = time.perf_counter()
    reader = pack.engine("read").load_reader(
        lambda id: pack.engine("models.weights").find(id, [MODELS / "repose"])
    )
    figures = {"loading the networks": time.perf_counter() - started}
    picture = enlarged(pack.engine("picture").read_picture(demo.photo()), size)
    pose, options = library.load_pose("contrapposto"), repose.ReposeOptions()
    repose.repose_picture(picture, reader, pose, options)
    peak = megabytes()
    low, size = native.working_size(size), tuple(picture.shape[-2:])
    small = native.resized(picture, low)
    reading = reader.read(small)
    if low == size:
        figures |= {
            "keypoints": timed(lambda: keypoints.read_keypoints(picture, reader.keypoints), 3),
            "mask": timed(lambda: reader.complete(picture, reading.keypoints), 3),
            "background": timed(lambda: repose.restore_background(picture, reading.matte), 3),
        }
    target = pack.engine("posing").retargeted(reading.skeleton, pose).skeleton
    bodies = [native.at_size(skeleton, size, low) for skeleton in (reading.skeleton, target)]
    matte, regions = native.resized(reading.matte, size), native.regions_at(reading.regions, size)
    figures["warp"] = timed(lambda: native.warped(picture, matte, *bodies, regions), 3)
    figures["whole chain"] = timed(lambda: repose.repose_picture(picture, reader, pose, options), 1)
    return figures | {"peak MB": peak}


def timed(step, times: int) -> float:
    """Median seconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        step()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def server_start(folder: Path) -> float:
    """Seconds from the process to the first answer of a ComfyUI with this base directory."""
    started = time.perf_counter()
    with server.Server(folder):
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", choices=SIZES, help="only this size, as JSON (used by the script itself)")
    options = parser.parse_args()
    if options.size:
        print(json.dumps(chain(SIZES[options.size], options.threads)))
        return
    for name in SIZES:
        command = [sys.executable, __file__, "--size", name, "--threads", str(options.threads)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for step, value in json.loads(answer.strip().splitlines()[-1]).items():
            print(
                f"{name:12} {step:22} {value:8.2f}"
                if step != "peak MB"
                else f"{name:12} {step:22} {value:8.0f}"
            )
    bare = BASE.parent / "base-without-the-pack"
    (bare / "custom_nodes").mkdir(parents=True, exist_ok=True)
    starts = {"without the pack": [], "with the pack": []}
    for _ in range(3):
        starts["without the pack"].append(server_start(bare))
        starts["with the pack"].append(server_start(BASE))
    for name, seconds in starts.items():
        print(f"server start {name:22} {statistics.median(seconds):8.2f}")


if __name__ == "__main__":
    main()
