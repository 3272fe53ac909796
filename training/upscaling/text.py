"""`python -m training.upscaling.text`: is small print on a shirt still to be read at 4K?

Three lines, in letters of 30, 20 and 14 pixels, are painted on the chest of a photo; it is reposed at 1024 pixels and
brought to 4K. What a reader of text (rapidocr-onnxruntime, Apache-2.0, where it is installed) makes of it is held
against what it reads of the photo itself.
"""

from __future__ import annotations

import argparse
import difflib
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from pipelines.geometry.keypoints import Keypoints  # noqa: E402
from pipelines.geometry.library import load_pose  # noqa: E402
from pipelines.models import weights  # noqa: E402
from pipelines.picture import read_picture, write_picture  # noqa: E402
from pipelines.read import load_reader  # noqa: E402
from pipelines.repose import ReposeOptions, repose_picture  # noqa: E402
from pipelines.upscaling.enlarging import enlarged  # noqa: E402
from pipelines.upscaling.resampling import Tile  # noqa: E402
from pipelines.upscaling.targets import Target  # noqa: E402
from pipelines.upscaling.upscale import Options, upscaled  # noqa: E402
from setup.places import MODELS, OUTPUT, Trouble, say  # noqa: E402
from training.evaluation.grading import photo  # noqa: E402

from . import network  # noqa: E402
from .cases import POSE, small_of  # noqa: E402

LINES = (("SEA AND STONE", 30), ("hand made in Lisbon", 20), ("wash at 30 degrees", 14))
"""Words and the height of the letters in pixels of the photo: at 1024 pixels 11, 7 and 5."""
PHOTO_NAMES = ("P002 studio", "P005 studio", "P009 studio")


def with_words(picture: Tensor, person: Keypoints) -> tuple[Tensor, np.ndarray]:
    """(1, 3, H, W) with LINES in dark letters on the chest, and the middle of them (2,) x, y."""
    from PIL import Image, ImageDraw, ImageFont

    shoulders = np.stack([person["left_shoulder"], person["right_shoulder"]]).mean(axis=0)
    hips = (person["left_hip"] + person["right_hip"]) / 2
    place = shoulders + 0.35 * (hips - shoulders)
    ink = Image.new("L", (picture.shape[-1], picture.shape[-2]))
    y = place[1] - 60
    for words, size in LINES:
        font = ImageFont.load_default(size / 0.72)  # capitals are 0.72 of a font's size
        ImageDraw.Draw(ink).text((place[0], y), words, fill=255, font=font, anchor="mm")
        y += 60
    letters = torch.from_numpy(np.array(ink)).float().div(255)
    return picture * (1 - 0.85 * letters), place


def read_words(crop: Tensor, engine) -> str:
    """What is read of (3, h, w), without spaces."""
    pixels = (crop.permute(1, 2, 0).numpy()[..., ::-1] * 255 + 0.5).clip(0, 255).astype(np.uint8)
    found, _ = engine(np.ascontiguousarray(pixels))
    lines = sorted(found or [], key=lambda one: one[0][0][1])
    return "".join(line[1] for line in lines).replace(" ", "")


def right(read: str) -> float:
    """Share of the painted letters that are read, in their order."""
    true = "".join(words for words, _ in LINES).replace(" ", "")
    blocks = difflib.SequenceMatcher(None, true, read, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(true)


def around(middle: np.ndarray, scale: float, size: tuple[int, int]) -> Tile:
    """The part of a picture of `size` where the words are."""
    x, y = middle * scale
    wide, tall = round(230 * scale), round(130 * scale)
    return Tile(
        max(0, int(y) - tall), max(0, int(x) - wide), min(size[0], int(y) + tall), min(size[1], int(x) + wide)
    )


def main() -> None:
    """Print a table; crops go to output/upscaling."""
    parser = argparse.ArgumentParser(prog="python -m training.upscaling.text", description=__doc__)
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("REPOSE_MODELS") or MODELS))
    parser.add_argument("--out", type=Path, default=OUTPUT / "upscaling", metavar="FOLDER")
    options = parser.parse_args()
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError as missing:
        raise Trouble(
            "rapidocr-onnxruntime is not installed", "pip install rapidocr-onnxruntime"
        ) from missing
    torch.set_num_threads(1)
    engine = RapidOCR(intra_op_num_threads=1)
    options.out.mkdir(parents=True, exist_ok=True)
    reader = load_reader(lambda id: weights.find(id, [options.models / "repose", options.models]))
    sums: dict[str, list[float]] = {}
    for name in PHOTO_NAMES:
        for method, crop in _crops(read_picture(photo(name)), reader):
            words = read_words(crop, engine)
            sums.setdefault(method, []).append(right(words))
            write_picture(crop[None], options.out / f"text {name} {method}.png")
            say(f"[text] {name}, {method}: {right(words):.0%} {words}")
    say("\n".join(f"| {method} | {sum(shares) / len(shares):.0%} |" for method, shares in sums.items()))


def _crops(whole: Tensor, reader):
    """Method and (3, h, w) the words at 4K; first those of the photo."""
    painted, middle = with_words(whole, reader.read(whole).keypoints)
    small = small_of(painted)
    made = repose_picture(small, reader, load_pose(POSE), ReposeOptions())
    result = made.picture
    found = upscaled(result, painted, made.correspondence, Options(Target("4K")), garments=made.garments)
    size = tuple(found.picture.shape[-2:])
    scale = size[0] / whole.shape[-2]
    own = around(middle, scale, size)
    yield "photo", enlarged(painted[0], size)[:, own.top : own.bottom, own.left : own.right]
    moved = made.correspondence.source - torch.tensor(middle * small.shape[-2] / whole.shape[-2]).float()
    away = torch.nan_to_num(moved.norm(dim=-1), nan=1e9)
    row, column = divmod(int(away.argmin()), away.shape[1])
    tile = around(np.array([column, row]) * whole.shape[-2] / result.shape[-2], scale, size)
    blind = enlarged(result[0], size)
    yield "Lanczos", blind[:, tile.top : tile.bottom, tile.left : tile.right]
    yield "RealESRGAN x2", network.part(result[0], size, tile, network.upscaler)
    yield "ours", found.picture[0][:, tile.top : tile.bottom, tile.left : tile.right]


if __name__ == "__main__":
    main()
