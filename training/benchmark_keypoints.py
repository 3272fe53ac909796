"""Figures of the keypoint and segmentation networks: time on this machine, and error against annotated photos.

    python training/benchmark_keypoints.py --weights models/repose [--photos FOLDER] [--truth FOLDER] [--threads 2]

photos: pictures to time. truth: NAME.jpg beside NAME.pose_keypoint.json, 133 points drawn by people, of which the
largest person is compared. Prints two tables; asserts nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[1]


def load_pack():
    """The pack under the name `repose`, as ComfyUI would load it."""
    spec = importlib.util.spec_from_file_location(
        "repose", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["repose"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["repose"])


def read_picture(path: Path) -> torch.Tensor:
    """(1, 3, H, W) RGB in [0, 1]."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def timed(function, *arguments):
    """(result, wall seconds, processor seconds)."""
    wall, processor = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return result, time.perf_counter() - wall, time.process_time() - processor


def true_points(path: Path) -> np.ndarray:
    """(133, 3) x, y, visible of the largest person; OpenPose's 18 body points back in COCO's order, feet if given."""
    from repose.pipelines.geometry.landmarks import INDEX, PARTS

    frame = json.loads(path.read_text())
    people = (frame[0] if isinstance(frame, list) else frame)["people"]
    body = [np.reshape(person["pose_keypoints_2d"], (-1, 3)) for person in people]
    largest = int(np.argmax([np.ptp(b[b[:, 2] > 0][:, 1]) if (b[:, 2] > 0).any() else 0 for b in body]))
    truth = np.zeros((133, 3))
    names = "nose _ right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist right_hip right_knee"
    names += " right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear"
    for name, point in zip(names.split(), body[largest], strict=False):
        if name in INDEX:
            truth[INDEX[name]] = point
    keys = {
        "face": "face_keypoints_2d",
        "left_hand": "hand_left_keypoints_2d",
        "right_hand": "hand_right_keypoints_2d",
    }
    for part, key in {**keys, "feet": "foot_keypoints_2d"}.items():
        values = np.reshape(people[largest].get(key) or [], (-1, 3))
        count = PARTS[part].stop - PARTS[part].start
        if len(values) >= count:
            truth[PARTS[part]] = values[:count]
    return truth


def accuracy(keypoints, truth: np.ndarray) -> dict[str, tuple[int, int, float, float]]:
    """Per part: annotated, found, median error as a share of the person's size, share found within 5 % of it.

    The person's size is the root of the area of the annotated landmarks' box (as in COCO's similarity).
    """
    from repose.pipelines.geometry.keypoints import PRESENT
    from repose.pipelines.geometry.landmarks import PARTS

    marked = truth[:, 2] > 0
    size = float(np.sqrt(np.prod(np.ptp(truth[marked][:, :2], axis=0))))
    rows = {}
    for name, part in PARTS.items():
        there = marked[part]
        if not there.any():
            continue
        found = there & (keypoints.confidence[part] >= PRESENT)
        error = np.linalg.norm(keypoints.points[part] - truth[part, :2], axis=1) / size
        median = float(np.median(error[found])) if found.any() else float("nan")
        rows[name] = (
            int(there.sum()),
            int(found.sum()),
            median,
            float((error[found] < 0.05).sum() / there.sum()),
        )
    return rows


def times(estimator, segmenter, paths: list[Path]) -> None:
    from repose.pipelines.keypoints import read_keypoints
    from repose.pipelines.people import NoPerson
    from repose.pipelines.segment import segment_person

    print(f"\n{'picture':32} {'size':>12} {'keypoints':>18} {'mask':>18}   (wall s / processor s)")
    for path in paths:
        picture = read_picture(path)
        size = f"{picture.shape[-1]} x {picture.shape[-2]}"
        try:
            keypoints, wall, processor = timed(read_keypoints, picture, estimator)
        except NoPerson as nobody:
            print(f"{path.stem[:32]:32} {size:>12} {nobody}")
            continue
        _, mask_wall, mask_processor = timed(segment_person, picture, segmenter, keypoints)
        print(
            f"{path.stem[:32]:32} {size:>12} {wall:9.2f} /{processor:6.2f} s {mask_wall:9.2f} /{mask_processor:6.2f} s"
        )


def errors(estimator, folder: Path) -> None:
    from repose.pipelines.keypoints import read_keypoints

    print(f"\n{'photo':16} {'part':12} {'annotated':>9} {'found':>6} {'median error':>13} {'within 5 %':>11}")
    for path in sorted(folder.glob("*.pose_keypoint.json")):
        name = path.name.removesuffix(".pose_keypoint.json")
        (keypoints,) = read_keypoints(read_picture(folder / f"{name}.jpg"), estimator)
        for part, (there, found, median, near) in accuracy(keypoints, true_points(path)).items():
            print(f"{name:16} {part:12} {there:9} {found:6} {median:12.1%} {near:11.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--photos", type=Path, nargs="*", default=[])
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    load_pack()
    from repose.pipelines.models import weights
    from repose.pipelines.models.wholebody import load_composite
    from repose.pipelines.segment import load_segmenter

    torch.set_num_threads(options.threads)
    find = partial(weights.find, folders=[options.weights])
    estimator, seconds, _ = timed(partial(load_composite, threads=options.threads), find)
    segmenter, more, _ = timed(load_segmenter, find, options.threads)
    print(
        f"loading: keypoints {seconds:.1f} s, mask {more:.1f} s; {options.threads} threads; {estimator.name}"
    )
    paths = [
        p for folder in options.photos for p in (sorted(folder.iterdir()) if folder.is_dir() else [folder])
    ]
    paths = [p for p in paths if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")]
    if paths:
        estimator.read(read_picture(paths[0]), 0)  # the first run of a network sets up its kernels
        times(estimator, segmenter, paths)
    if options.truth:
        errors(estimator, options.truth)
    print(f"\npeak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
