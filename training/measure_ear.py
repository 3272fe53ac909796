"""Measures the ear that the warp shows on the side of a head (pipelines/geometry/ear.json).

    python -m training.measure_ear --kit .repose/people/kit.zip

It is the mean of the adults' of training/measure_head.py (data CC0), looked at from the person's left. The table holds
how bright each place is beside the skin round it, under a soft light from before and above with less of it in hollows,
and how far the place is the ear's own, which stands before hair; both in percent.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch

from pipelines.geometry.ear import FILE, PITCH, ROWS_FROM_TO, Z_FROM_TO
from pipelines.geometry.raster import rasterise
from training.people.kit.kit import Kit

from .measure_head import above, adults, in_statures

FINER = 16
"""The ear is drawn so many times finer than the table."""
MARGIN = 0.014
"""Statures drawn round the table's extent, so that what is smoothed has no border."""
LIGHT = np.array([0.55, -0.5, -0.65])
"""Where the light comes from: x out of the head, y down, z backwards; by eye."""
SKULL = 0.0225
"""Statures: what is narrower than this stands out from the skull."""
HOLLOWS = 0.001, 0.002, 0.004, 0.008
"""Statures over which a place's depth is held against that of its surroundings, and darker the deeper it lies."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kit", type=Path, default=Path(".repose/people/kit.zip"))
    shade, cover = measure(Kit.load(parser.parse_args().kit))
    rows = {"shade": _percent(shade), "cover": _percent(cover)}
    text = json.dumps(rows, separators=(",", ":")).replace("],[", "],\n[")
    FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{FILE}: {FILE.stat().st_size} bytes, {shade.shape}, shade {shade.min():.2f} to {shade.max():.2f}")


def _percent(values: np.ndarray) -> list:
    return np.round(values * 100).astype(int).tolist()


def measure(kit: Kit) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns) brightness beside the skin's, and the ear's own share."""
    depth, normal = _drawn(kit)
    scale = FINER / PITCH  # pixels of the drawing to a stature
    size = round(SKULL * scale) | 1
    skull = cv2.morphologyEx(
        depth, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    )
    out = depth - cv2.GaussianBlur(skull, (0, 0), size / 6)
    openness = np.ones_like(depth)
    for reach in HOLLOWS:
        deeper = (cv2.GaussianBlur(depth, (0, 0), reach * scale) - depth) / reach
        openness -= 0.35 * np.clip(deeper, 0, 0.6)
    light = LIGHT / np.linalg.norm(LIGHT)
    shade = 0.5 * openness.clip(0, 1) + 0.5 * (normal @ light).clip(0, 1) * (openness + 0.2).clip(0, 1)
    stands = (out > 0.0022).astype(np.uint8)
    outlines, _ = cv2.findContours(stands, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    ear = max(outlines, key=cv2.contourArea)
    own = cv2.drawContours(np.zeros(depth.shape, np.float32), [ear], -1, 1.0, cv2.FILLED)  # its canal, too
    near = cv2.GaussianBlur(cv2.dilate(own, np.ones((round(0.003 * scale),) * 2)), (0, 0), 0.0008 * scale)
    # Round the ear its own skin is as bright as the ear's middle brightness would be on a plain side.
    plain = 0.5 + 0.5 * light[0]
    shade = 1 + (shade / plain - 1) * near
    return _cells(shade), _cells(cv2.GaussianBlur(own, (0, 0), 0.0003 * scale))


def _drawn(kit: Kit) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) how far the mean head's left side stands out, statures, and (h, w, 3) its normals."""
    faces = kit.faces.numpy()
    bodies = zip(*(in_statures(kit, vertices) for vertices in adults(kit)), strict=True)
    vertices, marks = (np.mean(both, axis=0) for both in bodies)
    triangles = faces[above(vertices, faces, marks)]
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normals = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(normals, triangles[:, k], np.cross(b - a, c - a))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    scale, low = FINER / PITCH, np.array([Z_FROM_TO[0], ROWS_FROM_TO[0]]) - MARGIN
    high = np.array([Z_FROM_TO[1], ROWS_FROM_TO[1]]) + MARGIN
    flat = np.column_stack(((vertices[:, [2, 1]] - low) * scale - 0.5, -vertices[:, 0] * scale))
    columns, rows = np.round((high - low) * scale).astype(int)
    index = torch.as_tensor(triangles).long()
    seen = rasterise(torch.as_tensor(flat).float(), index, (int(rows), int(columns)))
    both = seen.interpolate(index, torch.as_tensor(np.column_stack((vertices[:, :1], normals))).float())
    depth, normal = both[..., 0].numpy(), both[..., 1:].numpy()
    return depth, normal * np.sign(normal[..., 0].mean())


def _cells(values: np.ndarray) -> np.ndarray:
    """The drawing without its margin, in the table's cells."""
    margin = round(MARGIN / PITCH) * FINER
    inner = values[margin:-margin, margin:-margin]
    rows, columns = (n // FINER for n in inner.shape)
    return inner.reshape(rows, FINER, columns, FINER).mean(axis=(1, 3))


if __name__ == "__main__":
    main()
