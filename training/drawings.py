"""A sheet of drawn characters in poses, and what became of their lines.

    python -m training.drawings sheet --drawings FOLDER --output SHEET.png [--side 560] [--poses NAME ...]

The six characters of AnimatedDrawings (charN_texture.png; MIT), each read and separated by its strokes alone and put
into six poses on paper with room round it. For every cell a line of text says how broad the lines are before and after
(area of the ink over the length of its middle lines, pixels; 15 % is the aim), in how many pieces the ink is, and what
share of the figure's border is inked. Uses cv2; needs no network.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent))

from benchmark_keypoints import load_pack  # noqa: E402

POSES = (
    "hands/waving",
    "movement/walking side",
    "mascot/happy jump",
    "mascot/arms wide",
    "movement/dance step",
    "seated/seated",
)
ROOM = 0.25
"""Paper round the drawing, in its longer side: poses reach further than tight crops."""
INK = 0.5
"""Share of the strongest ink from which a pixel counts as ink."""


@dataclass(frozen=True)
class Lines:
    """breadth in pixels, pieces of ink, and the share of the figure's outline that is inked."""

    breadth: float
    pieces: int
    inked: float


def lines_of(picture: torch.Tensor, alpha: torch.Tensor) -> Lines:
    """The ink of (1, 3, H, W) within a figure's matte (1, 1, H, W)."""
    from repose.pipelines.figures import ground_difference

    difference, _ = ground_difference(picture[0].permute(1, 2, 0).numpy())
    inside = cv2.dilate((alpha[0, 0].numpy() > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    strong = np.quantile(difference[inside], 0.98) if inside.any() else 1.0
    ink = ((difference > INK * strong) & inside).astype(np.uint8)
    return Lines(breadth_of(ink), pieces_of(ink), inked_outline(ink, alpha[0, 0].numpy() > 0.5))


def breadth_of(ink: np.ndarray) -> float:
    """Breadth in pixels of the strokes of (h, w): their area over the length of their middle lines."""
    from repose.pipelines.geometry.figures.strokes import thinned

    return float(ink.sum() / max(int(thinned(ink > 0).sum()), 1))


def pieces_of(ink: np.ndarray) -> int:
    """Connected parts of (h, w) larger than 1 % of all ink."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return int((stats[1:, 4] > 0.01 * max(int(ink.sum()), 1)).sum())


def inked_outline(ink: np.ndarray, inside: np.ndarray) -> float:
    """Share of a shape's border pixels with ink within 4 pixels."""
    shape = inside.astype(np.uint8)
    border = (shape > 0) & (cv2.erode(shape, np.ones((3, 3), np.uint8)) == 0)
    near = cv2.dilate(ink, np.ones((9, 9), np.uint8)) > 0
    return float((border & near).sum() / max(int(border.sum()), 1))


def with_room(picture: torch.Tensor, share: float = ROOM) -> torch.Tensor:
    """(1, 3, h, w) a drawing on a larger sheet of its own paper, continued smoothly."""
    from repose.pipelines.drawing_mask import drawing_matte
    from repose.pipelines.geometry import field

    matte = drawing_matte(picture)
    room = round(share * max(picture.shape[-2:]))
    pad = (room, room, room, room)
    bare = torch.zeros_like(picture[:, :1]) if matte is None else (matte < 0.02).float()
    paper = field.extrapolate(F.pad(picture * bare, pad)[0], F.pad(bare, pad)[0, 0])[None]
    paper[:, :, room : room + picture.shape[-2], room : room + picture.shape[-1]] = picture
    return paper


def sheet(folder: Path, output: Path, side: int, poses: list[str]) -> None:
    from benchmark_keypoints import read_picture
    from repose.pipelines.background import ON_PAPER, restore_background
    from repose.pipelines.drawing import keypoints_from_drawing
    from repose.pipelines.drawing_mask import drawing_matte
    from repose.pipelines.geometry.figures.cutout import move
    from repose.pipelines.geometry.library import load_pose
    from repose.pipelines.lift import embodied
    from repose.pipelines.posing import retargeted

    rows = []
    print(f"{'drawing':8} {'pose':24} {'breadth':>14} {'ratio':>6} {'pieces':>9} {'outline':>14}")
    for texture in sorted(folder.glob("char*_texture.png")):
        picture = read_picture(texture)
        scale = min(1.0, side / max(picture.shape[-2:]))
        size = [round(length * scale) for length in picture.shape[-2:]]
        picture = with_room(F.interpolate(picture, size, mode="area"))
        keypoints = keypoints_from_drawing(picture)[0]
        matte, figure = drawing_matte(picture, keypoints), embodied(keypoints)
        room = restore_background(picture, matte, options=ON_PAPER)
        before, cells = lines_of(picture, matte), [tile(picture)]
        for pose in poses:
            target, _ = retargeted(figure, load_pose(pose))
            person = move(picture, matte, figure, target)
            result = person.over(room)
            after = lines_of(result, person.alpha)
            cells.append(tile(result))
            name = texture.name.removesuffix("_texture.png")
            print(
                f"{name:8} {pose:24} {before.breadth:6.1f} {after.breadth:6.1f}"
                f" {after.breadth / before.breadth:7.2f} {before.pieces:4} {after.pieces:4}"
                f" {before.inked:6.0%} {after.inked:6.0%}",
                flush=True,
            )
        rows.append(np.hstack(cells))
    cv2.imwrite(str(output), np.vstack(rows)[:, :, ::-1])


def tile(picture: torch.Tensor, side: int = 400) -> np.ndarray:
    """(side, side, 3) uint8: a picture on grey."""
    pixels = (picture[0].permute(1, 2, 0).clamp(0, 1).numpy() * 255).round().astype(np.uint8)
    scale = side / max(pixels.shape[:2])
    height, width = (max(1, round(length * scale)) for length in pixels.shape[:2])
    cell = np.full((side, side, 3), 128, np.uint8)
    cell[:height, :width] = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return cell


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["sheet"])
    parser.add_argument("--drawings", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--side", type=int, default=560, help="longer side of each drawing in pixels")
    parser.add_argument("--poses", nargs="*", default=list(POSES))
    options = parser.parse_args()
    load_pack()
    torch.set_num_threads(1)
    sheet(options.drawings, options.output, options.side, options.poses)


if __name__ == "__main__":
    main()
