"""Slogans and emblems painted on the chests of photos, with their true masks, to see whether they are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from pipelines.garments.prints import filled
from pipelines.geometry.garments import NUMBER

from ..people.cloth.prints import WORDS
from .photos import Photo

FONTS = ("", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "DejaVuSerif-BoldItalic.ttf")
"""Pillow's own, and what many systems have; one that is not there is left out."""
WIDTHS = (0.35, 0.55, 0.8)
"""Widths of a print in distances of the shoulders."""
INKS = ((0.05, 0.05, 0.07), (0.95, 0.93, 0.9), (0.75, 0.1, 0.12), (0.1, 0.25, 0.6), (0.95, 0.75, 0.1))
GAP = 0.006
"""Share of the picture's height by which letters are apart and still one: a centimetre on a whole figure."""
APART = 0.25
"""Least difference of ink and cloth in a channel of sRGB."""


class Painted(NamedTuple):
    """picture (1, 3, H, W) with a print; mask (H, W) bool the print with what lies between its letters;
    what: its text."""

    picture: torch.Tensor
    mask: np.ndarray
    what: str


def painted(photo: Photo, count: int, seed: int) -> Iterator[Painted]:
    """`count` prints on the chest of a photo, each alone."""
    random = np.random.default_rng(seed)
    points = photo.keypoints
    shoulders = np.stack([points["left_shoulder"], points["right_shoulder"]])
    apart, middle = float(np.ptp(shoulders[:, 0])), shoulders.mean(0)
    down = 0.45 * apart
    fonts = [font for font in FONTS if not font or _there(font)]
    for number in range(count):
        text = str(random.choice(WORDS))
        if random.random() < 0.3:
            text += "\n" + str(random.choice(WORDS))
        ink = _ink(
            text, fonts[number % len(fonts)], WIDTHS[number % len(WIDTHS)] * apart, bool(number % 4 == 3)
        )
        place = (round(middle[0] - ink.width / 2), round(middle[1] + down + 0.1 * apart - ink.height / 2))
        yield _laid(photo, np.asarray(ink, np.float32) / 255, place, random, text)


def _there(font: str) -> bool:
    try:
        ImageFont.truetype(font, 20)
    except OSError:
        return False
    return True


def _ink(text: str, font: str, width: float, framed: bool) -> Image.Image:
    """Letters `width` pixels wide, now and then in a frame."""
    big = 120
    letter = ImageFont.truetype(font, big) if font else ImageFont.load_default(big)
    box = ImageDraw.Draw(Image.new("L", (4, 4))).multiline_textbbox((0, 0), text, font=letter, align="center")
    rim = 40 if framed else 4
    size = (int(box[2] - box[0]) + 2 * rim, int(box[3] - box[1]) + 2 * rim)
    image = Image.new("L", size)
    pen = ImageDraw.Draw(image)
    pen.multiline_text((rim - box[0], rim - box[1]), text, fill=255, font=letter, align="center")
    if framed:
        pen.rectangle((4, 4, size[0] - 5, size[1] - 5), outline=255, width=9)
    scale = width / size[0]
    return image.resize((max(8, round(width)), max(6, round(size[1] * scale))), Image.Resampling.LANCZOS)


def _laid(
    photo: Photo, ink: np.ndarray, place: tuple[int, int], random: np.random.Generator, what: str
) -> Painted:
    import cv2

    height, width = photo.picture.shape[-2:]
    cover = np.zeros((height, width), np.float32)
    (x, y), (h, w) = place, ink.shape
    x, y = max(0, x), max(0, y)
    h, w = min(h, height - y), min(w, width - x)
    cover[y : y + h, x : x + w] = ink[:h, :w]
    upper = (photo.garments.labels[0, 0] == NUMBER["upper"]).numpy()
    cover *= upper
    under = photo.picture[0].permute(1, 2, 0).numpy()
    cloth = np.median(under[upper & (cover == 0)], axis=0)
    inks = [one for one in INKS if np.abs(np.array(one) - cloth).max() > APART]
    colour = np.array(inks[random.integers(len(inks))], np.float32)
    shade = under.mean(2) / max(float(cloth.mean()), 0.05)  # ink lies in the same folds
    mixed = under + (np.clip(colour * shade[..., None], 0, 1) - under) * (0.92 * cover[..., None])
    reach = max(2, round(GAP * height))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    mask = filled(cv2.morphologyEx((cover > 0.3).astype(np.uint8), cv2.MORPH_CLOSE, disc) > 0)
    return Painted(torch.from_numpy(mixed).permute(2, 0, 1)[None].float(), mask, what)
