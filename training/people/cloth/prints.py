"""Slogans, numbers and emblems printed on cloth, where the caller says in uv."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..draws import Draw
from ..light.environments import LUMINANCE
from . import palettes
from .unwrapped import stretch

WORDS = (
    "SUNDAY", "north", "Wild Hearts", "ATLAS", "city 84", "good day", "MOTEL", "River", "OCEAN", "no 7", "BASALT",
    "Harbour", "VOLT", "garden", "MAMBO", "lucky", "86", "23", "10", "7", "TEAM", "studio", "hello", "AMBER", "Polar",
    "EAST", "Kite", "summer", "ROVER", "moon",
)  # fmt: skip
"""Ours; no brands."""
EMBLEMS = ("none", "disc", "bar", "triangle", "frame", "rings")
NEAR = 0.09
"""Metres of cloth around a print's place that say which way it lies."""
PIXELS = 96
"""Height of the letters as they are drawn."""


@dataclass(frozen=True)
class Slogan:
    """Words and an emblem, `width` metres wide, in linear colours; height: share of the width above the frame's
    centre."""

    text: str
    emblem: str
    width: float
    ink: tuple[float, float, float]
    emblem_ink: tuple[float, float, float]


@dataclass(frozen=True)
class Frame:
    """A place on the cloth: centre (u, v), and the uv that a metre to the reader's right and a metre down make."""

    centre: tuple[float, float]
    right: tuple[float, float]
    down: tuple[float, float]


def slogan(draw: Draw, ground: tuple[float, float, float] = (0.2, 0.2, 0.2)) -> Slogan:
    """A random one whose letters stand out from cloth of a linear colour, and from their emblem."""
    emblem = draw.weighed(dict.fromkeys(EMBLEMS, 1.0) | {"none": 3.0})
    behind = _apart(palettes.colours(draw, "", 1)[0], ground)
    filled = emblem in ("disc", "bar", "triangle")
    ink = _apart(palettes.colours(draw, "", 1)[0], behind if filled else ground)
    width = draw.between(0.06, 0.12) if draw.chance(0.3) else draw.between(0.16, 0.3)
    return Slogan(draw.pick(WORDS), emblem, width, ink, behind)


def _apart(
    colour: tuple[float, float, float], ground: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The colour, or white or black where it is about as light as its ground (cube roots of luminance: lightness)."""
    light, below = (
        sum(w * c for w, c in zip(LUMINANCE, values, strict=True)) ** (1 / 3) for values in (colour, ground)
    )
    if abs(light - below) > 0.25:
        return colour
    return (0.85, 0.85, 0.83) if below < 0.6 else (0.01, 0.01, 0.012)


@lru_cache(maxsize=256)
def _drawn(text: str, emblem: str) -> tuple[Tensor, Tensor]:
    """(h, w) coverage of the letters and of the emblem behind them, in [0, 1]."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(PIXELS)
    left, top, right, bottom = font.getbbox(text)
    wide, high = max(right - left, PIXELS) + 24, bottom - top + 24
    tall = high if emblem == "none" else max(high, int(0.8 * wide))
    letters, behind = Image.new("L", (wide, tall)), Image.new("L", (wide, tall))
    at = ((wide - (right - left)) // 2 - left, (tall - (bottom - top)) // 2 - top)
    ImageDraw.Draw(letters).text(at, text, fill=255, font=font)
    pen = ImageDraw.Draw(behind)
    box = (wide // 2 - tall // 2 + 4, 4, wide // 2 + tall // 2 - 4, tall - 4)
    if emblem == "disc":
        pen.ellipse(box, fill=255)
    elif emblem == "bar":
        pen.rectangle((2, at[1] + top - 8, wide - 3, at[1] + bottom + 8), fill=255)
    elif emblem == "triangle":
        pen.polygon((wide // 2, 2, wide - 4, tall - 4, 4, tall - 4), fill=255)
    elif emblem == "frame":
        pen.rectangle((4, 4, wide - 5, tall - 5), outline=255, width=9)
    elif emblem == "rings":
        room = min(box[2] - box[0], box[3] - box[1])
        for inset in (0, room // 7, 2 * room // 7):
            ring = (box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset)
            pen.ellipse(ring, outline=255, width=9)
    return tuple(torch.from_numpy(np.asarray(p, dtype=np.float32) / 255) for p in (letters, behind))


def printed(albedo: Tensor, made: Slogan, frame: Frame) -> Tensor:
    """(3, S, S) -> the same with the slogan in its frame; edges averaged over the texel."""
    size = albedo.shape[-1]
    letters, behind = _drawn(made.text, made.emblem)
    basis = torch.tensor((frame.right, frame.down), dtype=torch.float64).T
    to_metres = torch.linalg.inv(basis).to(albedo)
    at = (torch.arange(size, device=albedo.device) + 0.5) / size
    v, u = torch.meshgrid(at - frame.centre[1], at - frame.centre[0], indexing="ij")
    x = to_metres[0, 0] * u + to_metres[0, 1] * v
    y = to_metres[1, 0] * u + to_metres[1, 1] * v
    shape = letters.shape
    texel = float(torch.linalg.det(to_metres.double()).abs().sqrt()) / size
    planes = torch.stack((letters, behind)).to(albedo)[None]
    shrink = min(texel / (made.width / shape[1]), shape[0] / 2)
    if shrink > 1:
        wanted = [max(2, round(side / shrink)) for side in shape]
        planes = F.interpolate(planes, wanted, mode="bilinear", antialias=True)
    grid = torch.stack((2 * x / made.width, 2 * y / (made.width * shape[0] / shape[1])), -1)[None]
    ink, emblem = F.grid_sample(planes, grid, mode="bilinear", align_corners=False)[0]
    for cover, colour in ((emblem, made.emblem_ink), (ink, made.ink)):
        albedo = albedo + (albedo.new_tensor(colour)[:, None, None] - albedo) * (0.95 * cover)
    return albedo


def frame_at(
    vertices: Tensor,
    faces: Tensor,
    uv: Tensor,
    near: tuple[float, float, float],
    outward: tuple[float, float, float],
) -> Frame:
    """The place on a garment's uv for a print at a world point: vertices (N, 3) at rest, faces (F, 3), uv (F, 3, 2).

    near: a point about there, metres; outward: where the cloth faces, (0, 0, -1) for a chest, (0, 0, 1) for a back.
    The print stands upright and reads from outside, mirrored islands included. Raises ValueError where no face faces
    so.
    """
    corners = vertices[faces]
    normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = F.normalize(normals, dim=1) @ vertices.new_tensor(outward)
    along, area = stretch(vertices, faces, uv)
    open_to = (facing.abs() > 0.5) & (area > 0)
    side = (corners.mean(1) - vertices.mean(0)) @ vertices.new_tensor(outward)
    open_to &= side > -1e-6
    if not bool(open_to.any()):
        raise ValueError(f"no face of the garment faces {outward}: give another direction")
    middle = corners.mean(1)
    gap = (middle - vertices.new_tensor(near)).square().sum(1)
    face = int(torch.where(open_to, gap, torch.full_like(gap, float("inf"))).argmin())
    down = vertices.new_tensor([0.0, 1.0, 0.0])
    right = torch.linalg.cross(-down, vertices.new_tensor(outward))
    centre = uv[face].mean(0)
    # the faces about there, so that one skewed triangle does not turn the print
    about = open_to & (gap < gap[face] + NEAR**2) & ((uv.mean(1) - centre).norm(dim=1) < 0.15)
    weight = (area * about).double()
    to_uv = (torch.linalg.pinv(along.double()) * weight[:, None, None]).sum(0) / weight.sum()
    centre = centre.tolist()
    return Frame(
        (centre[0], centre[1]),
        tuple((to_uv @ right.double()).tolist()),
        tuple((to_uv @ down.double()).tolist()),
    )


ROOM = (0.11, 0.08)
"""Metres to either side and up or down that a chest print wants for itself."""


def chest(vertices: Tensor, faces: Tensor, uv: Tensor, mask: Tensor) -> Frame | None:
    """The place for a print on a top's chest: vertices (N, 3) metres at rest, mask (S, S) the texels in use. None
    where the cloth is cut or bent there (a shirt's buttons, a seam down the middle)."""
    near = (0.0, float(vertices[:, 1].min()) + 0.22, float(vertices[:, 2].min()))
    try:
        frame = frame_at(vertices, faces, uv, near, (0.0, 0.0, -1.0))
    except ValueError:
        return None
    across, down = (torch.linspace(-side, side, 15) for side in ROOM)
    metres = torch.stack(torch.meshgrid(across, down, indexing="ij"), -1).flatten(0, 1)
    place = metres @ torch.tensor((frame.right, frame.down)) + torch.tensor(frame.centre)
    texel = (place * mask.shape[0]).long()
    within = ((texel >= 0) & (texel < mask.shape[0])).all(1)
    column, row = texel.clamp(0, mask.shape[0] - 1).unbind(1)
    return frame if float((mask[row, column] & within).float().mean()) > 0.95 and _square(frame) else None


def _square(frame: Frame) -> bool:
    """Whether the cloth lies without much skew or stretch."""
    right, down = torch.tensor(frame.right), torch.tensor(frame.down)
    skew = float((right @ down).abs() / (right.norm() * down.norm()))
    return skew < 0.35 and 0.55 < float(right.norm() / down.norm()) < 1.8
