"""What stands behind a person: clean plates that agree with the camera and with the light, and where shadows fall.

backdrop = backdrops.sample(setting, generator)
backdrop.plate(camera)      # (3, H, W) linear radiance
backdrop.seen(camera)       # the same with world points, normals, and whether a shadow can fall there
backdrop.receivers          # its planes
"""

from __future__ import annotations

from math import pi

import torch
import torch.nn.functional as F
from torch import Tensor

from ..draws import Draw
from ..light import environments as around
from ..light.lights import FRONT, Setting, irradiance, metered
from ..light.skylines import furnished
from ..noise import fractal
from .finishes import FLOORS_INSIDE, FLOORS_OUTSIDE, WALLS_INSIDE, WALLS_OUTSIDE, finish
from .places import UP, Outdoors, Painted, Plain, Plate, Receiver, Walled

__all__ = ["Backdrop", "Outdoors", "Plain", "Plate", "Receiver", "Walled", "sample"]

Backdrop = Outdoors | Walled | Plain

KINDS = ("environment", "sweep", "room", "street", "plain", "abstract")
SHARES = {
    "environment": {"environment": 0.72, "sweep": 0.1, "room": 0.08, "plain": 0.06, "abstract": 0.04},
    "outside": {"environment": 0.62, "street": 0.26, "sweep": 0.04, "plain": 0.04, "abstract": 0.04},
    "inside": {"sweep": 0.4, "room": 0.38, "plain": 0.14, "abstract": 0.08},
}
"""How often each backdrop goes with a light of the kit, of the open air, of a studio or room."""

GROUNDS = {
    "park": "grass", "forest": "earth", "sunrise": "grass", "night": "grass", "dawn": "sand", "sky": "sand",
    "city": "paving", "venice": "paving", "sunset": "paving", "bridge": "concrete", "warehouse": "concrete",
    "studio": "paint", "hall": "tiles", "esplanade": "tiles", "lobby": "wood", "apartment": "wood",
    "lab": "concrete", "workshop": "concrete",
}  # fmt: skip
"""What the floor of each environment of the kit is made of."""


def sample(setting: Setting, generator: torch.Generator, kind: str | None = None) -> Backdrop:
    """A backdrop that goes with a light. kind: one of KINDS, or None for any that suits. Raises ValueError for
    another."""
    draw = Draw(generator)
    if kind is None:
        place = "environment" if setting.environment else "outside" if setting.outdoor else "inside"
        kind = draw.weighed(SHARES[place])
    if kind not in KINDS:
        raise ValueError(f"unknown backdrop {kind}: give one of {', '.join(KINDS)}")
    return {
        "environment": _outdoors,
        "sweep": _sweep,
        "room": _room,
        "street": _street,
        "plain": _plain,
        "abstract": _abstract,
    }[kind](setting, draw)


def _paint(name: str, draw: Draw, device: str, colour: Tensor | None = None) -> Painted:
    """A finish somewhere; colour (3,): the mean albedo it shall have."""
    tile = finish(name, draw, device)
    gain = torch.ones(3) if colour is None else colour.to(tile.mean) / tile.mean.clamp(min=1e-3)
    return Painted(tile, (draw.between(0, 4), draw.between(0, 4)), 0.0, gain)


def _outdoors(setting: Setting, draw: Draw) -> Outdoors:
    device = str(setting.radiance.device)
    radiance = setting.radiance if setting.environment else furnished(setting, draw)
    options = FLOORS_OUTSIDE if setting.outdoor else FLOORS_INSIDE
    name = GROUNDS.get(setting.environment or "") or draw.pick(options)
    lit = irradiance(setting.light, setting.light.sh.new_tensor(UP)) / pi
    albedo = (setting.ground / lit.clamp(min=1e-4)).clamp(0.02, 0.7)
    floor = _paint(name, draw, device, albedo)
    floor = Painted(floor.tile, floor.shift, draw.between(0, 2 * pi), floor.gain)
    coarse = F.avg_pool2d(radiance[None], radiance.shape[1] // 64)[0]
    lower = around.blurred(coarse, 0.12) / albedo[:, None, None]
    # a made ground shows nothing far away: its floor goes on to there
    near = draw.between(2.5, 5) * (1 if setting.environment else 5)
    soft = max(draw.scale(0.007, 0.03), around.SMOOTH * pi / radiance.shape[1])
    return Outdoors(
        setting.light,
        around.blurred(radiance, soft),
        lower,
        floor,
        draw.between(1.4, 2.0),
        (near, near * draw.between(2, 3)),
    )


def _sweep(setting: Setting, draw: Draw) -> Walled:
    """Seamless paper: white, grey, black or coloured."""
    device = str(setting.radiance.device)
    grey = draw.weighed({0.88: 3.0, 0.6: 1.5, 0.35: 1.5, 0.18: 1.0, 0.04: 0.7})
    colour = torch.full((3,), grey) * (1 + 0.02 * draw.bells(3).cpu())
    if draw.chance(0.35):
        colour = _hue(draw) * draw.between(0.15, 0.7)
    paper = _paint("paint", draw, device, colour)
    radius = draw.between(2.8, 6)
    lit = irradiance(setting.light, setting.light.sh.new_tensor((UP, FRONT)))
    floor, wall = around.luminance(lit, 1).tolist()
    lift = draw.between(0.8, 1.3) * floor / max(wall, 1e-3) if draw.chance(0.6) else 1.0
    return Walled(
        setting.light, "sweep", (radius, radius), 0.0, draw.between(0.5, min(1.6, radius - 1.5)), None, None,
        paper, paper, _pool(draw), 0.0, min(max(lift, 0.5), 5.0),
    )  # fmt: skip


def _hue(draw: Draw) -> Tensor:
    """(3,) a colour of any hue, largest channel 1."""
    phase = draw.between(0, 1) + torch.tensor([0.0, 1 / 3, 2 / 3])
    colour = 1 + draw.between(0.15, 0.75) * (torch.cos(2 * pi * phase) - 1)
    return (colour / colour.amax()).clamp(0.02, 1)


def _pool(draw: Draw) -> tuple[float, float, float, float]:
    return draw.between(-1, 1), draw.between(-0.5, 1.5), draw.between(1.8, 4.5), draw.between(0.35, 0.95)


def _room(setting: Setting, draw: Draw) -> Walled:
    device = str(setting.radiance.device)
    yaw = draw.normal() * 0.12 if draw.chance(0.75) else draw.between(-0.9, 0.9)
    board = None
    if draw.chance(0.75):
        board = (
            draw.between(0.06, 0.14),
            torch.tensor(draw.pick(((0.8, 0.79, 0.76), (0.3, 0.18, 0.1), (0.1, 0.1, 0.1)))),
        )
    return Walled(
        setting.light, "room", (draw.between(1.8, 5), draw.between(1.0, 4)), yaw, 0.0, draw.between(2.5, 3.6),
        board, _paint(draw.pick(FLOORS_INSIDE), draw, device), _paint(draw.pick(WALLS_INSIDE), draw, device),
        _pool(draw), draw.between(0.2, 0.6),
    )  # fmt: skip


def _street(setting: Setting, draw: Draw) -> Walled:
    """A long wall in the open, behind the person."""
    device = str(setting.radiance.device)
    floor = draw.pick(("asphalt", "paving", "concrete", "paving"))
    return Walled(
        setting.light, "street", (400.0, draw.between(0.8, 4)), draw.normal() * 0.15, 0.0, None, None,
        _paint(floor, draw, device), _paint(draw.pick(WALLS_OUTSIDE), draw, device),
        (0.0, 0.0, 1e3, 1.0), draw.between(0.2, 0.6),
    )  # fmt: skip


def _plain(setting: Setting, draw: Draw) -> Plain:
    """White that any exposure clips, or a flat colour at the person's brightness."""
    level = metered(setting.light, FRONT)
    white = torch.full((3,), 16.0 * max(level, 1.0))
    colour = white if draw.chance(0.6) else _hue(draw) * level * draw.between(0.05, 0.9)
    return Plain(colour.to(setting.radiance.device))


def _abstract(setting: Setting, draw: Draw) -> Plain:
    """Blobs and gradients of a few colours, or noise: nothing that a network could learn as a place."""
    device = str(setting.radiance.device)
    level = metered(setting.light, FRONT)
    rough = draw.between(0.3, 0.9)
    cells = (draw.pick((2, 4, 8, 16)), draw.pick((4, 8, 16, 32)))
    first, second = (fractal(draw, (128, 256), cells, 5, rough, device) for _ in range(2))
    mixes = torch.stack((first.clamp(min=0), (-first).clamp(min=0), second.clamp(min=0) + 0.1))
    colours = torch.stack([_hue(draw) * draw.between(0.05, 0.9) for _ in range(3)]).to(mixes)
    picture = torch.einsum("nhw,nc->chw", mixes / mixes.sum(0), colours) * level
    return Plain(around.blurred(picture, draw.scale(0.005, 0.05)), "abstract")
