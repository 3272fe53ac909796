"""Writes the pose library: `python training/poses.py` writes pipelines/geometry/poses/*/*.json,
order.txt and walk.bvh.

Every pose is said as a photographer would (pose_stances.py) and solved on the standard body (pose_authoring.py).
Beside each stands its thumbnail, drawn by mannequin.py. With --check it prints, per pose, what the limits and the
balance find wrong with it; with --sheet FILE it draws all poses from the front and from the side into one picture.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
if "repose" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "repose", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["repose"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["repose"])
sys.path.insert(0, str(Path(__file__).parent))

from hand_shapes import finger_rotations  # noqa: E402
from mannequin import mannequin  # noqa: E402
from pose_authoring import STATURE, Stance, authored  # noqa: E402
from pose_stances import STANCES  # noqa: E402
from repose.pipelines.draw import contact_sheet  # noqa: E402
from repose.pipelines.geometry.anatomy.balance import balance  # noqa: E402
from repose.pipelines.geometry.anatomy.limits import violations  # noqa: E402
from repose.pipelines.geometry.contacts import stated_ground  # noqa: E402
from repose.pipelines.geometry.library import FOLDER, load_pose, write_pose  # noqa: E402
from repose.pipelines.geometry.retarget import Pose  # noqa: E402
from repose.pipelines.geometry.sequence import cycle, sequence  # noqa: E402
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton  # noqa: E402
from repose.pipelines.picture import read_picture  # noqa: E402
from repose.pipelines.pose_files import EXAMPLE_CLIP, write_pose_file  # noqa: E402

WALK_FRAMES = 24
"""Of the example clip, which lasts a second."""

OVERVIEW = "library.jpg"
THUMBNAIL = (240, 160)
"""(height, width) in pixels."""
QUALITY = 80


def with_hands(body: Skeleton, pose: Pose) -> Skeleton:
    """The body with relaxed fingers where the pose leaves the hand to the person."""
    rotations = body.rotations.copy()
    for side in ("left", "right"):
        if not pose.known[JOINT_INDEX[f"{side}_wrist"]]:
            for joint, quaternion in finger_rotations("relaxed", side).items():
                rotations[JOINT_INDEX[joint]] = quaternion
    return body.with_rotations(rotations)


def drawn(stance: Stance, size: tuple[int, int], turn: float = 0.0) -> np.ndarray:
    """(H, W, 3) uint8: the mannequin in a stance, turned by `turn` radians."""
    pose, body = authored(stance)
    ground = stated_ground(body, pose.contacts)
    seat = None if ground is None else (pose.seat or "air", ground - body.root[1])
    return mannequin(with_hands(body, pose), size, STATURE, turn, seat)


def written(stance: Stance) -> tuple[Path, Path]:
    """Writes a stance's pose and thumbnail and returns their files."""
    path = FOLDER / f"{stance.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pose(authored(stance)[0], path)
    picture = path.with_suffix(".jpg")
    Image.fromarray(drawn(stance, THUMBNAIL)).save(picture, quality=QUALITY, optimize=True)
    return path, picture


def checked(stance: Stance) -> str:
    """What is wrong with a pose, in a line; empty when nothing is."""
    pose, body = authored(stance)
    beyond = np.degrees(violations(pose.rotations))
    wrong = [f"{JOINTS[j]} {beyond[j]:.1f} degrees beyond" for j in np.flatnonzero(beyond > 0.001)]
    report = balance(body, pose.contacts)
    wrong += [f"{f.joint} {f.limit} {f.value:.1f} {f.unit}" for f in report.findings]
    return f"{stance.name:40s} {report.mode:9s} outside {report.outside:.3f}  " + "; ".join(wrong)


def sheet(path: Path, across: int = 10) -> None:
    """All poses from the front and, below, from the person's own right side."""
    pictures = []
    for stance in STANCES:
        side = np.radians(stance.turn - 90)
        pictures.append(np.concatenate([drawn(stance, THUMBNAIL), drawn(stance, THUMBNAIL, side)]))
    blank = [np.zeros_like(pictures[0])] * (-len(pictures) % across)
    pictures += blank
    rows = [np.concatenate(pictures[i : i + across], axis=1) for i in range(0, len(pictures), across)]
    Image.fromarray(np.concatenate(rows)).save(path)


def overview(path: Path, across: int = 13, height: int = 160) -> None:
    """The thumbnails under their names, for the README."""
    pictures = [read_picture(FOLDER / f"{stance.name}.jpg") for stance in STANCES]
    names = [stance.name.partition("/")[2] for stance in STANCES]
    shown = contact_sheet(pictures, names, across, height)[0].permute(1, 2, 0).mul(255).round().byte()
    Image.fromarray(shown.numpy()).save(path, quality=QUALITY, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="say what is wrong with each pose; writes nothing"
    )
    parser.add_argument("--sheet", type=Path, help="draw all poses into this picture; writes nothing else")
    arguments = parser.parse_args()
    if arguments.check:
        print("\n".join(map(checked, STANCES)))
    if arguments.sheet:
        sheet(arguments.sheet)
    if arguments.check or arguments.sheet:
        return
    kept = {file for stance in STANCES for file in written(stance)}
    for file in (*FOLDER.rglob("*.json"), *FOLDER.rglob("*.jpg")):
        if file not in kept and file.name != OVERVIEW:
            file.unlink()
    steps = [load_pose(f"movement/{name}") for name in ("walking", "walking passing")]
    write_pose_file(
        sequence(cycle(steps), WALK_FRAMES // 4, "even", loop=True), EXAMPLE_CLIP, 1 / WALK_FRAMES
    )
    overview(FOLDER / OVERVIEW)
    (FOLDER / "order.txt").write_text("".join(f"{stance.name}\n" for stance in STANCES), encoding="ascii")


if __name__ == "__main__":
    main()
