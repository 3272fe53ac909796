"""What pose files keep: a table of every format, its round-trip error, and the time to read it.

    python training/benchmark_formats.py [--poses 8] [--sizes 512 1024] [--threads 1]

Poses of the library on the standard body, written and read back: rotations in degrees over the joints that both
state, landmarks in pixels over those that both have. Pictures: skeletons drawn by Draw Pose at several sizes, and the
same after JPEG and after resampling; recall is the share of drawn joints that come back at all, and "off" the share
of those that lie more than 1.5 pixels away. Prints two tables; asserts nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SIZES = (256, 512, 1024, 2048)
CLOSE = 1.5
COLUMNS = ("body drawn alone", "body", "left hand", "right hand", "face")
PARTS = ("body", "left_hand", "right_hand", "face")


def load_pack():
    """The pack under the name `repose`, as ComfyUI would load it."""
    spec = importlib.util.spec_from_file_location(
        "repose", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["repose"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["repose"])


def timed(function, *arguments):
    """(result, processor milliseconds)."""
    start = time.process_time()
    result = function(*arguments)
    return result, 1000 * (time.process_time() - start)


def figure(pose, size: int, height: float):
    """The standard body in a pose, `height` of a square picture's side tall and in its middle, as keypoints."""
    from repose.pipelines.geometry.keypoints import Keypoints
    from repose.pipelines.geometry.retarget import retarget
    from repose.pipelines.geometry.skeleton import JOINTS, Skeleton
    from repose.pipelines.geometry.template import OFFSETS

    rest = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    body = Skeleton(OFFSETS, rest, np.zeros(3), np.ones((len(JOINTS), 3)), (size, size), 1.7)
    points = retarget(body, pose).forward().positions[:133, :2] * size * height
    points += size / 2 - (points.min(axis=0) + points.max(axis=0)) / 2
    return Keypoints(points, np.ones(133), np.ones(133), (size, size))


def degrees_apart(one, other) -> np.ndarray:
    """(n,) degrees between the rotations that both poses state."""
    from repose.pipelines.geometry import rotation

    both = one.known & other.known
    dot = np.abs((rotation.unit(one.rotations) * rotation.unit(other.rotations)).sum(axis=1))[both]
    return np.degrees(2 * np.arccos(np.clip(dot, 0, 1)))


def rotation_rows(poses: list, folder: Path) -> list[tuple[str, str, float]]:
    """Format, worst error, milliseconds, for files that hold rotations."""
    from repose.pipelines.pose_files import read_pose_file, write_pose_file

    rows = []
    for name, suffix in (("own JSON", ".json"), ("BVH", ".bvh")):
        again, spent = [], []
        for n, pose in enumerate(poses):
            found, milliseconds = timed(read_pose_file, write_pose_file(pose, folder / f"{n}{suffix}"))
            again.append(found[0])
            spent.append(milliseconds)
        worst = max(degrees_apart(*pair).max() for pair in zip(poses, again, strict=True))
        rows.append((name, f"{worst:.4f} degrees", float(np.median(spent))))
    path = write_pose_file(poses * 30, folder / "clip.bvh")
    found, milliseconds = timed(read_pose_file, path)
    rows.append(
        (f"BVH, {len(found)} frames", f"{degrees_apart(poses[0], found[0]).max():.4f} degrees", milliseconds)
    )
    return rows


def keypoint_rows(poses: list, folder: Path) -> list[tuple[str, str, float]]:
    """Format, worst error, milliseconds, for files that hold landmarks."""
    from repose.pipelines.pose_files import read_keypoints_file, write_keypoints_file

    rows = []
    for name, kind in (("POSE_KEYPOINT JSON", "openpose"), ("COCO-WholeBody JSON", "coco")):
        worst, spent = 0.0, []
        for n, pose in enumerate(poses):
            truth = figure(pose, 1024, 0.85)
            path = write_keypoints_file([[truth]], folder / f"{kind}{n}.json", kind)
            ((found,),), milliseconds = timed(read_keypoints_file, path)
            worst = max(worst, float(np.abs(found.points - truth.points)[found.confidence > 0].max()))
            spent.append(milliseconds)
        rows.append((name, f"{worst:.4f} px", float(np.median(spent))))
    return rows


def as_jpeg(picture: torch.Tensor, quality: int = 85) -> torch.Tensor:
    pixels = (picture[0].permute(1, 2, 0) * 255).round().byte().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1)[None] / 255


def resampled(picture: torch.Tensor, scale: float) -> torch.Tensor:
    return torch.nn.functional.interpolate(picture, scale_factor=scale, mode="bilinear", antialias=True)


CHANGES = {
    "as drawn": (lambda picture: picture, 1.0),
    "JPEG 85": (as_jpeg, 1.0),
    "at 0.7": (lambda picture: resampled(picture, 0.7), 0.7),
    "at 1.5": (lambda picture: resampled(picture, 1.5), 1.5),
}


def picture_rows(poses: list, size: int, thick: bool, height: float = 0.85, middle: str = "") -> list[str]:
    """Lines of the second table for one size: the body drawn alone, then all parts of whole drawings."""
    lines = []
    for change in CHANGES:
        alone, _ = measured(poses, size, thick, change, height, middle, parts=("body",))
        whole, milliseconds = measured(poses, size, thick, change, height, middle, parts=PARTS)
        cells = [_cell(*alone["body"]), *(_cell(*whole[part]) for part in PARTS)]
        row = f"{size:5} {'thick' if thick else 'thin':5} {change:9}" + "".join(
            f"{cell:>27}" for cell in cells
        )
        lines.append(f"{row}{milliseconds:7.0f} ms")
    return lines


def people_in(picture: torch.Tensor) -> list:
    """Who is read from a picture; nobody where it shows too little to be known for a skeleton."""
    from repose.pipelines.openpose_picture import is_openpose_picture, keypoints_from_openpose_picture

    return keypoints_from_openpose_picture(picture) if is_openpose_picture(picture) else []


def measured(
    poses, size, thick, change, height, middle, parts
) -> tuple[dict[str, tuple[list[float], int]], float]:
    """Errors in pixels and count of drawn landmarks by part, and the median milliseconds."""
    from repose.pipelines.draw import draw_pose
    from repose.pipelines.geometry.keypoints import Keypoints

    changed, scale = CHANGES[change]
    errors, drawn, spent = {part: [] for part in PARTS}, dict.fromkeys(PARTS, 0), []
    for pose in poses:
        truth = figure(pose, size, height)
        if middle:
            truth = truth.moved(1.0, tuple(size / 2 - truth[middle]), truth.canvas)
        inside = ((truth.points > 8) & (truth.points < size - 8)).all(axis=1)
        truth = Keypoints(truth.points, inside * truth.confidence, truth.spread, truth.canvas)
        picture = draw_pose([truth], (size, size), thick, hands="left_hand" in parts, face="face" in parts)
        found, milliseconds = timed(people_in, changed(picture))
        spent.append(milliseconds)
        moved = truth.moved(scale, (0.5 * scale - 0.5,) * 2, truth.canvas)
        for part in parts:
            there = moved.part(part)[1] > 0
            drawn[part] += int(there.sum())
            if found:
                both = there & (found[0].part(part)[1] > 0)
                apart = np.linalg.norm(found[0].part(part)[0] - moved.part(part)[0], axis=1)
                errors[part] += apart[both].tolist()
    return {part: (errors[part], drawn[part]) for part in PARTS}, float(np.median(spent))


def _cell(errors: list[float], drawn: int) -> str:
    """Recall, median error, share further off than `CLOSE`."""
    if not drawn:
        return "none drawn"
    if not errors:
        return "0 % read"
    off = (np.array(errors) > CLOSE).mean()
    return f"{100 * len(errors) / drawn:.0f} %, {np.median(errors):.2f} px, {100 * off:.1f} % off"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--poses", type=int, default=8)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    load_pack()
    from repose.pipelines.geometry.library import load_pose, pose_names

    names = pose_names()
    poses = [load_pose(name) for name in names[:: max(1, len(names) // options.poses)][: options.poses]]
    with tempfile.TemporaryDirectory() as folder:
        for name, error, milliseconds in [
            *rotation_rows(poses, Path(folder)),
            *keypoint_rows(poses, Path(folder)),
        ]:
            print(f"{name:24} {error:>18} {milliseconds:8.1f} ms")
    print(
        f"\n{'size stick change':21}"
        + "".join(f"{part:>24}" for part in ("body", "left hand", "right hand", "face"))
    )
    for size in options.sizes:
        for thick in (False, True):
            print("\n".join(picture_rows(poses, size, thick)))
    print("close-ups of a face and of a hand:")
    for middle, height in (("nose", 4.0), ("left_middle_1", 4.0)):
        print("\n".join(picture_rows(poses, 1024, False, height, middle)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
