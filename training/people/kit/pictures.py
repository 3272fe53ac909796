"""The kit's pictures, made small: WebP, with what no face shows filled from its surroundings."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

QUALITY = {"colour": 84, "alpha": 84, "normal": 80, "occlusion": 72}
"""WebP's quality of each layer: the whole kit is about 15 MB with these."""
SEEN_THROUGH = 0.004
"""An alpha layer is kept when at least this share of what the faces show is not opaque."""
MARGIN = 3
"""Texels around what the faces show that bilinear sampling may reach."""


def covered(uv: np.ndarray, height: int, width: int) -> np.ndarray:
    """(F, 3, 2) corners with v down -> (H, W) bool: the texels some face shows."""
    canvas = Image.new("1", (width, height))
    draw = ImageDraw.Draw(canvas)
    for corners in uv * [width, height] - 0.5:
        draw.polygon([tuple(corner) for corner in corners], fill=1, outline=1)
    return np.array(canvas)


def layers(colour: Image.Image, uv: np.ndarray) -> dict[str, bytes]:
    """The "colour" of a picture and its "alpha", where faces with these uv show any transparency."""
    picture = np.array(colour.convert("RGBA"))
    shown = covered(uv, *picture.shape[:2])
    alpha = picture[..., 3]
    found = {}
    if (alpha[shown] < 200).mean() > SEEN_THROUGH:
        found["alpha"] = webp(Image.fromarray(np.where(shown, alpha, 0).astype(np.uint8)), "alpha")
        shown = shown & (alpha > 24)
    return {"colour": webp(Image.fromarray(filled(picture[..., :3], shown)), "colour"), **found}


def filled(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(H, W, 3) with every texel that is not known taken from the nearest known one."""
    import cv2

    if known.all() or not known.any():
        return picture
    _, nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((nearest.max() + 1, 3), np.uint8)
    colours[nearest[known]] = picture[known]
    return colours[nearest]


def layer(picture: Image.Image, uv: np.ndarray, name: str) -> bytes:
    """A "normal" or "occlusion" map for faces with these uv."""
    array = np.array(picture.convert("RGB"))
    return webp(Image.fromarray(filled(array, covered(uv, *array.shape[:2]))), name)


def webp(picture: Image.Image, name: str) -> bytes:
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "WEBP", quality=QUALITY[name], method=6)
    return stream.getvalue()
