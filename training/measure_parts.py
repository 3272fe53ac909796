"""How thick people are: the half-breadths of `pipelines/geometry/parts.py`, measured on studio photos.

    python training/measure_parts.py PHOTO...

Per part: the median over the photos of the silhouette's half-width at right angles to the bone, over stature. Where
an arm hangs beside the trunk the nearer border counts. Needs the default weights (python run.py weights).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from setup import pack  # noqa: E402
from setup.places import MODELS  # noqa: E402


def half_width(matte: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    """Pixels from a bone (two points x, y) to the nearer border of a mask (H, W) bool, median along its middle."""
    bone = (end - start)[:2]
    normal = np.array([-bone[1], bone[0]]) / np.linalg.norm(bone)
    widths = []
    for along in np.linspace(0.25, 0.85, 13):
        sides = []
        for sign in (-1, 1):
            reach = np.arange(0, 400, 0.5)
            points = np.round(start[:2] + along * bone + sign * normal * reach[:, None]).astype(int)
            ok = ((points >= 0) & (points < matte.shape[::-1])).all(1)
            inside = np.zeros(len(reach), bool)
            inside[ok] = matte[points[ok, 1], points[ok, 0]]
            sides.append(reach[np.argmin(inside)] if not inside.all() else reach[-1])
        widths.append(min(sides))
    return float(np.median(widths))


def main(photos: list[str]) -> None:
    reader = pack.engine("read").load_reader(
        lambda id: pack.engine("models.weights").find(id, [MODELS / "repose"])
    )
    parts, motion = pack.engine("geometry.parts"), pack.engine("geometry.motion")
    found = []
    for photo in photos:
        reading = reader.read(pack.engine("picture").read_picture(photo))
        frame, tall = motion.bones(reading.skeleton), motion.body_height(reading.skeleton)
        matte = reading.matte[0, 0].numpy() > 0.5
        found.append([half_width(matte, a, b) / tall for a, b in zip(frame.start, frame.end, strict=True)])
    for part, values in zip(parts.PARTS, np.array(found).T, strict=True):
        print(f"{part.name:18} {np.median(values):.4f}   (table: {part.radius})")


if __name__ == "__main__":
    main(sys.argv[1:])
