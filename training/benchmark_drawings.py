"""Figures of the readers of drawn figures: error on rendered pictures at five levels of abstraction, and on drawings.

    python training/benchmark_drawings.py [--drawings FOLDER] [--weights FOLDER] [--poses 24] [--every 1]
        [--levels mannequin clothed stick wireframe sketch] [--sheet FILE.png]

drawings: AnimatedDrawings' characters (charN_texture.png, charN_mask.png, charN_char_cfg.yaml). weights: a folder
with the keypoint networks; without it only the reader by strokes is judged. Errors are means over 13 joints (head,
shoulders, elbows, wrists, hips, knees, ankles) in percent of the figure's height in the picture; a mix-up is a pose
in which an arm or a leg is read as another limb. "open" poses face the viewer with their limbs apart, "hard" ones
are the rest of the library (side views, arms on or before the body, seated). Prints tables; asserts nothing.
Uses cv2 and numpy.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

import abstractions  # noqa: E402
from benchmark_keypoints import load_pack, read_picture  # noqa: E402

CANVAS, STATURE = (1024, 1024), 740.0
MIXED = 0.04
"""A limb counts as mixed up where its pair's truth fits better by this share of the height."""
PRESENT = 0.3
"""Confidence from which a joint counts as read (the pack's own threshold)."""
LOST = 0.22
"""An end further off than this is some other limb's."""
LIMBS = (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
LEFT_FOR = {"neck": "nose", "right_hand": "right_wrist", "right_foot": "right_ankle", "left_hand": "left_wrist",
            "left_foot": "left_ankle"}  # fmt: skip
"""AnimatedDrawings' names that are not ours; its "neck" lies in the face."""


def bodies(count: int, every: int = 1) -> list[tuple[str, bool, object]]:
    """(name, open, skeleton): random open poses, and every n-th pose of the library."""
    from repose.pipelines.geometry.library import load_pose, pose_names
    from repose.pipelines.geometry.retarget import retarget
    from repose.pipelines.geometry.skeleton import JOINTS, Skeleton
    from repose.pipelines.geometry.template import OFFSETS

    still = np.tile([1.0, 0, 0, 0], (len(JOINTS), 1))
    root = np.array([CANVAS[1] / 2, 0.54 * CANVAS[0], 0.0])
    rest = Skeleton(OFFSETS * STATURE, still, root, np.ones((len(JOINTS), 3)), CANVAS, 1.7 / STATURE)
    found = [
        (f"open {i}", True, abstractions.open_pose(rest, np.random.default_rng(i))) for i in range(count)
    ]
    for name in pose_names()[::every]:
        posed = retarget(rest, load_pose(name))
        found.append((name, abstractions.is_open(posed), posed))
    return found


def judged(points: dict[str, np.ndarray], truth: dict[str, np.ndarray], height: float) -> tuple[float, bool]:
    """Mean error in heights, and whether a limb was taken for another."""
    off = {name: float(np.linalg.norm(points[name] - truth[name])) / height for name in truth}
    mixed = any(off[f"{side}_{chain[-1]}"] > LOST for chain in LIMBS for side in ("left", "right"))
    for chain in LIMBS:
        for end in chain[1:]:
            own = off[f"left_{end}"] + off[f"right_{end}"]
            left, right = (np.linalg.norm(points[f"{a}_{end}"] - truth[f"{b}_{end}"]) for a, b in _CROSSED)
            mixed |= own - (left + right) / height > 2 * MIXED
    return float(np.mean(list(off.values()))), bool(mixed)


_CROSSED = (("left", "right"), ("right", "left"))


def as_points(keypoints) -> dict[str, np.ndarray]:
    return {name: keypoints[name] for name in abstractions.JOINTS}


def read_by_strokes(picture: torch.Tensor):
    from repose.pipelines.drawing import NoFigure, keypoints_from_drawing

    try:
        return keypoints_from_drawing(picture)[0]
    except NoFigure:
        return None


def read_by_networks(estimator, picture: torch.Tensor):
    people = estimator.read(picture, 0)
    return people[0] if people else None


def chosen(estimator, picture: torch.Tensor):
    from repose.pipelines.drawing import prefers_drawing

    networks = read_by_networks(estimator, picture)
    return read_by_strokes(picture) if prefers_drawing(picture, networks) else networks


def levels(readers: dict, figures: list, names: list[str], sheet: Path | None) -> None:
    print(
        f"\n{'level':10} {'poses':5} {'reader':9} {'n':>3} {'found':>6} {'error':>6} {'median':>7}"
        f" {'mixed':>6} {'s':>5}"
    )
    tiles = []
    for level in names:
        rows: dict[tuple[str, bool], list] = {(name, kind): [] for name in readers for kind in (True, False)}
        for seed, (name, is_open, skeleton) in enumerate(figures):
            one = abstractions.render(skeleton, level, seed)
            picture = torch.from_numpy(one.picture).permute(2, 0, 1)[None].float() / 255
            for reader, read in readers.items():
                start = time.perf_counter()
                keypoints = read(picture)
                taken = time.perf_counter() - start
                result = None if keypoints is None else judged(as_points(keypoints), one.truth, one.height)
                rows[reader, is_open].append((result, taken))
                if sheet and reader == "strokes":
                    tiles.append(
                        _tile(
                            one.picture, keypoints, f"{name} {'' if result is None else f'{result[0]:.1%}'}"
                        )
                    )
        for (reader, is_open), results in rows.items():
            _print_row(level, "open" if is_open else "hard", reader, results)
    if sheet:
        _write_sheet(tiles, len(figures), sheet)


def _print_row(level: str, poses: str, reader: str, results: list) -> None:
    found = [result for result, _ in results if result is not None]
    errors = [error for error, _ in found] or [np.nan]
    mixed = np.mean([mix for _, mix in found]) if found else np.nan
    print(
        f"{level:10} {poses:5} {reader:9} {len(results):3} {len(found) / max(len(results), 1):6.0%}"
        f" {100 * np.mean(errors):5.1f}% {100 * np.median(errors):6.1f}% {mixed:6.0%}"
        f" {np.median([taken for _, taken in results] or [np.nan]):5.2f}"
    )


def _tile(picture: np.ndarray, keypoints, title: str) -> np.ndarray:
    import cv2

    tile = picture.copy() // 2 + 60
    if keypoints is not None:
        for chain in LIMBS:
            for side, colour in (("left", (255, 0, 0)), ("right", (0, 200, 0))):
                line = np.array([keypoints[f"{side}_{name}"] for name in chain])
                cv2.polylines(tile, [line.astype(np.int32)], False, colour, 6)
        cv2.circle(tile, tuple(int(v) for v in keypoints["nose"]), 12, (255, 160, 0), -1)
    cv2.putText(tile, title, (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.8, (255, 255, 255), 4)
    return cv2.resize(tile, (200, 200), interpolation=cv2.INTER_AREA)


def _write_sheet(tiles: list, columns: int, path: Path) -> None:
    from PIL import Image

    per_row = 12
    blank = np.zeros_like(tiles[0])
    rows = []
    for i in range(0, len(tiles), columns):
        group = tiles[i : i + columns]
        group += [blank] * (-len(group) % per_row)
        rows += [np.hstack(group[k : k + per_row]) for k in range(0, len(group), per_row)]
    Image.fromarray(np.vstack(rows)).save(path)


def drawn_truth(path: Path) -> list[tuple[str, np.ndarray]]:
    """AnimatedDrawings' joints as (our name, pixels); the middle of shoulders and hips as "torso" and "root"."""
    text = path.read_text(encoding="utf-8")
    found = []
    for place, name in re.findall(r"- loc:\s*\n((?:\s+- -?\d+\s*\n){2})\s+name: (\w+)", text):
        name = re.sub(r"\d$", "", name)
        if name.endswith("_f"):
            name = name[:-2].replace("hip", "shoulder").replace("knee", "elbow").replace("foot", "hand")
        found.append(
            (
                LEFT_FOR.get(name.removesuffix("_b"), name.removesuffix("_b")),
                np.array(place.split()[1::2], float),
            )
        )
    return found


def drawing_error(keypoints, truth: list, height: float) -> float:
    """Mean over the joints; of several limbs of one kind (a bug's arms) the one that was read counts."""
    best: dict[str, float] = {}
    for name, place in truth:
        pair = {"torso": "shoulder", "root": "hip"}.get(name)
        if name == "hip":
            continue
        point = (keypoints[f"left_{pair}"] + keypoints[f"right_{pair}"]) / 2 if pair else keypoints[name]
        best[name] = min(best.get(name, np.inf), float(np.linalg.norm(point - place)) / height)
    return float(np.mean(list(best.values())))


def drawings(folder: Path, estimator) -> None:
    from repose.pipelines.drawing import NoFigure, keypoints_from_drawing

    print(f"\n{'drawing':8} {'with its mask':>14} {'mask found':>11} {'networks':>9}")
    for texture in sorted(folder.glob("char*_texture.png")):
        name = texture.name.removesuffix("_texture.png")
        picture, mask = read_picture(texture), read_picture(folder / f"{name}_mask.png")[:, :1]
        truth = drawn_truth(folder / f"{name}_char_cfg.yaml")
        rows = torch.nonzero(mask[0, 0].amax(1) > 0.5)
        height = float(rows.max() - rows.min())
        cells = []
        for given in (mask, None):
            try:
                cells.append(f"{drawing_error(keypoints_from_drawing(picture, given)[0], truth, height):.1%}")
            except NoFigure:
                cells.append("nobody")
        people = estimator.read(picture, 0) if estimator else []
        cells.append(
            f"{drawing_error(people[0], truth, height):.1%}" if people else "nobody" if estimator else "-"
        )
        print(f"{name:8} {cells[0]:>14} {cells[1]:>11} {cells[2]:>9}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--drawings", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--poses", type=int, default=24)
    parser.add_argument("--every", type=int, default=1, help="only every n-th pose of the library")
    parser.add_argument("--levels", nargs="*", default=abstractions.LEVELS)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    load_pack()
    torch.set_num_threads(1)
    readers, estimator = {"strokes": read_by_strokes}, None
    if options.weights:
        from repose.pipelines.models import weights
        from repose.pipelines.models.wholebody import load_composite

        estimator = load_composite(partial(weights.find, folders=[options.weights]), threads=1)
        readers |= {"networks": partial(read_by_networks, estimator), "chosen": partial(chosen, estimator)}
    if options.drawings:
        drawings(options.drawings, estimator)
    if options.levels:
        levels(readers, bodies(options.poses, options.every), options.levels, options.sheet)


if __name__ == "__main__":
    main()
