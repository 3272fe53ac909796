"""Characters drawn for the tests, with anti-aliased edges: a flat mascot, a chibi, a figure with long hair and a skirt,
a line drawing on shaded paper, a dog."""

import cv2
import numpy as np

SCALE = 4
"""Drawn this many times as large and reduced: edges as a program for drawing makes them."""


class _Canvas:
    def __init__(self, height: int, width: int, ground):
        self.pixels = np.empty((height * SCALE, width * SCALE, 3), np.uint8)
        self.pixels[:] = ground

    def _at(self, point):
        return tuple(round(float(v) * SCALE) for v in point)

    def shape(self, points, fill, line=None, width=5):
        corners = np.array([self._at(p) for p in points], np.int32)
        cv2.fillPoly(self.pixels, [corners], fill)
        if line is not None:
            cv2.polylines(self.pixels, [corners], True, line, width * SCALE, cv2.LINE_8)

    def disc(self, centre, radii, fill, line=None, width=5):
        radii = tuple(round(r * SCALE) for r in radii)
        if fill is not None:
            cv2.ellipse(self.pixels, self._at(centre), radii, 0, 0, 360, fill, -1)
        if line is not None:
            cv2.ellipse(self.pixels, self._at(centre), radii, 0, 0, 360, line, width * SCALE)

    def limb(self, points, thick, fill, line=None, width=5):
        corners = [self._at(p) for p in points]
        if line is not None:
            for a, b in zip(corners, corners[1:], strict=False):
                cv2.line(self.pixels, a, b, line, (thick + 2 * width) * SCALE)
        for a, b in zip(corners, corners[1:], strict=False):
            cv2.line(self.pixels, a, b, fill, thick * SCALE)

    def picture(self) -> np.ndarray:
        """(h, w, 3) float32 in [0, 1]."""
        height, width = (side // SCALE for side in self.pixels.shape[:2])
        small = cv2.resize(self.pixels, (width, height), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / 255


def mascot(ground=(255, 255, 255), line=None) -> np.ndarray:
    """A flat-coloured mascot, its arms half raised."""
    c = _Canvas(560, 480, ground)
    body, skin = (40, 120, 220), (250, 200, 80)
    for side in (-1, 1):
        c.limb([(240 + 32 * side, 380), (240 + 38 * side, 480)], 34, (30, 60, 140), line)
        c.disc((240 + 50 * side, 490), (38, 20), (200, 60, 50), line)
        c.limb([(240 + 50 * side, 270), (240 + 110 * side, 310), (240 + 150 * side, 250)], 28, body, line)
        c.disc((240 + 152 * side, 240), (22, 22), skin, line)
    c.disc((240, 320), (75, 90), body, line)
    c.disc((240, 160), (80, 80), skin, line)
    for side in (-1, 1):
        c.disc((240 + 28 * side, 150), (9, 14), (30, 30, 30))
    c.disc((240, 190), (24, 8), (180, 60, 60))
    return c.picture()


def chibi() -> np.ndarray:
    """A huge outlined head on a small body with stubby arms and legs."""
    c, line = _Canvas(520, 460, (236, 244, 250)), (40, 30, 50)
    for side in (-1, 1):
        c.limb([(230 + 22 * side, 410), (230 + 26 * side, 462)], 26, (70, 80, 120), line, 4)
        c.disc((230 + 32 * side, 470), (24, 12), (60, 40, 40), line, 4)
        c.limb([(230 + 40 * side, 335), (230 + 100 * side, 372)], 20, (240, 190, 160), line, 4)
    c.shape([(190, 320), (270, 320), (285, 420), (175, 420)], (210, 60, 90), line, 4)
    c.disc((230, 190), (135, 130), (245, 205, 175), line, 4)
    c.shape(
        [(96, 200), (110, 90), (230, 45), (350, 90), (364, 200), (300, 130), (160, 130)],
        (90, 50, 30),
        line,
        4,
    )
    for side in (-1, 1):
        c.disc((230 + 55 * side, 215), (16, 26), (50, 90, 60), line, 3)
    return c.picture()


def anime() -> np.ndarray:
    """A slim figure with long hair down its back and a wide skirt, arms apart."""
    c, line = _Canvas(640, 460, (250, 250, 250)), (50, 40, 60)
    hair, skin, cloth = (60, 60, 140), (250, 215, 195), (200, 70, 110)
    c.shape([(180, 70), (280, 70), (295, 300), (260, 330), (200, 330), (165, 300)], hair, line, 3)
    for side in (-1, 1):
        c.limb([(230 + 20 * side, 380), (230 + 24 * side, 480), (230 + 26 * side, 580)], 20, skin, line, 3)
        c.disc((230 + 32 * side, 592), (18, 10), (60, 40, 40), line, 3)
        c.limb([(230 + 38 * side, 190), (230 + 90 * side, 240), (230 + 130 * side, 290)], 14, skin, line, 3)
        c.disc((230 + 134 * side, 296), (10, 10), skin, line, 3)
    c.shape([(195, 175), (265, 175), (258, 290), (202, 290)], (240, 240, 250), line, 3)
    c.shape([(200, 285), (260, 285), (310, 400), (150, 400)], cloth, line, 3)
    c.limb([(230, 150), (230, 175)], 18, skin, line, 3)
    c.disc((230, 105), (46, 52), skin, line, 3)
    c.shape([(182, 110), (190, 60), (230, 42), (270, 60), (278, 110), (255, 80), (205, 80)], hair, line, 3)
    for side in (-1, 1):
        c.disc((230 + 18 * side, 112), (6, 10), (40, 60, 120))
    return c.picture()


def line_drawing() -> np.ndarray:
    """An outlined figure with nothing filled, on paper with grain under uneven light."""
    c, line, paper = _Canvas(560, 480, (255, 255, 255)), (40, 40, 40), (255, 255, 255)
    for side in (-1, 1):
        c.limb([(240 + 30 * side, 350), (240 + 36 * side, 480)], 30, paper, line, 4)
        c.disc((240 + 48 * side, 490), (32, 16), paper, line, 4)
        c.limb([(240 + 40 * side, 220), (240 + 120 * side, 260), (240 + 165 * side, 220)], 24, paper, line, 4)
        c.disc((240 + 172 * side, 212), (18, 18), paper, line, 4)
    c.shape([(190, 195), (290, 195), (300, 370), (180, 370)], paper, line, 4)
    c.disc((240, 120), (62, 68), paper, line, 4)
    y, x = np.mgrid[:560, :480] / 560.0
    shade = 0.92 - 0.25 * x - 0.1 * y * y
    grain = np.random.default_rng(0).normal(0, 0.008, (560, 480, 1))
    return np.clip(c.picture() * shade[..., None] + grain, 0, 1).astype(np.float32)


def dog() -> np.ndarray:
    """A four-legged figure seen from its right side, looking to the picture's right."""
    c, line, coat = _Canvas(420, 600, (255, 255, 255)), (50, 35, 30), (200, 150, 100)
    for x in (180, 230, 380, 425):
        c.limb([(x, 250), (x + 4, 350)], 24, coat, line, 4)
    c.limb([(150, 200), (90, 130)], 14, coat, line, 4)
    c.disc((300, 220), (160, 62), coat, line, 4)
    c.limb([(430, 190), (470, 130)], 40, coat, line, 4)
    c.disc((490, 110), (52, 42), coat, line, 4)
    c.shape([(455, 80), (440, 130), (470, 120)], (150, 100, 60), line, 4)
    c.disc((508, 100), (5, 6), (20, 20, 20))
    return c.picture()


ALL = {"mascot": mascot, "chibi": chibi, "anime": anime, "line drawing": line_drawing, "dog": dog}
