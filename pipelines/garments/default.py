"""The regions on a small grid, out of the six classes of the default network, the skeleton and the colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from ..geometry import field
from ..geometry.garments import REGIONS
from ..models.person_parts import CLASSES
from .body import Body
from .colours import lab
from .layers import Cloth, garments_of
from .skin import beyond_arms, skin_shares, strays, unlike_face
from .worn import shoes, things

STEPS, PULL = 25, 0.15
"""How far regions are evened out along the picture's smooth places, and how strongly each cell holds its own."""
EDGE = 6.0
"""CIELAB units over which an edge of the picture parts two cells."""
GUESSED = "where the upper garment ends is a guess, at the hips: both have one colour and no hem shows"


@dataclass(frozen=True, eq=False)
class Cells:
    """A person on a small grid: parts (6, h, w) of CLASSES, image (h, w, 3) colours in [0, 1], body."""

    parts: np.ndarray
    image: np.ndarray
    body: Body

    def part(self, name: str) -> np.ndarray:
        """(h, w) one of CLASSES."""
        return self.parts[CLASSES.index(name)]

    @cached_property
    def lab(self) -> np.ndarray:
        """(h, w, 3) colours as they are compared."""
        return lab(self.image)

    @cached_property
    def person(self) -> np.ndarray:
        """(h, w) bool."""
        return self.part("background") < 0.5

    def mostly(self, *names: str) -> np.ndarray:
        """(h, w) bool: cells of the person in which one of CLASSES is the likeliest."""
        best = self.parts[1:].argmax(0) + 1
        return self.person & np.isin(best, [CLASSES.index(name) for name in names])


def default_shares(cells: Cells) -> tuple[np.ndarray, tuple[str, ...]]:
    """(K, h, w) share of each of REGIONS in every cell, and notes.

    Where the person is, the background has no share but in what was wrongly taken for the person.
    """
    colours, body, person = cells.lab, cells.body, cells.person
    bare, cloth, other = (
        cells.mostly("body_skin", "face_skin"),
        cells.mostly("clothes"),
        cells.mostly("other"),
    )
    stray = strays(bare, cloth | other, person, colours, body)
    cloth, other = cloth & ~stray, other & ~stray
    shod = person & shoes(cells.part("other"), cells.part("clothes"), bare, colours, body)
    far = beyond_arms(bare, colours, body) & ~stray
    odd = unlike_face(bare, cells.mostly("face_skin"), colours, body) & ~stray & ~far
    thing = things((other | far) & ~shod, person, cells.mostly("hair"), cloth, colours, body)
    shod |= thing.pop("shoes")
    carried = np.logical_or.reduce(list(thing.values()))
    garments = garments_of(colours, (cloth | other | odd) & ~shod & ~carried, bare & ~odd, body)
    stack = _stacked(cells, far | odd, shod, thing, garments)
    stack[:, stray] = 0
    stack[0, stray] = 1
    return _continued(stack, person), (GUESSED,) if garments.guessed else ()


def _stacked(
    cells: Cells, far: np.ndarray, shod: np.ndarray, thing: dict[str, np.ndarray], garments: Cloth
) -> np.ndarray:
    """(K, h, w): the network's classes handed to the regions."""
    inside = np.maximum(1 - cells.part("background"), 1e-3)
    skin = (cells.part("body_skin") + cells.part("face_skin")) / inside
    fabric = (cells.part("clothes") + cells.part("other")) / inside
    fabric, skin = np.where(far | shod, fabric + skin, fabric), np.where(far | shod, 0, skin)
    shares = {name: np.zeros_like(skin) for name in REGIONS}
    shares["hair"] = cells.part("hair") / inside
    for name, share in skin_shares(skin, cells.part("face_skin") / inside, cells.body).items():
        shares[name] = skin * share
    shares["shoes"] = fabric * shod
    for name, where in thing.items():
        shares[name] = shares[name] + fabric * where
    cloth = fabric * ~(shod | np.logical_or.reduce(list(thing.values())))
    shares["outer"] = cloth * garments.outer
    shares["lower"] = cloth * (1 - garments.outer) * garments.lower
    shares[garments.body] += cloth * (1 - garments.outer) * (1 - garments.lower)
    return np.stack([shares[name] for name in REGIONS]).astype(np.float32)


def _continued(shares: np.ndarray, person: np.ndarray) -> np.ndarray:
    """(K, h, w) with each cell of the soft edge as the person's nearest cell."""
    import cv2

    _, labels = cv2.distanceTransformWithLabels(
        (~person).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    place = np.zeros(labels.max() + 1, np.int64)
    place[labels[person]] = np.flatnonzero(person)
    return shares.reshape(len(shares), -1)[:, place[labels]]


def evened(shares: np.ndarray, cells: Cells) -> np.ndarray:
    """(K, h, w) by a random walk with priors (Grady 2005): regions smooth where the picture is, parted at its edges."""
    used = np.nonzero(shares.reshape(len(shares), -1).max(1) > 0.05)[0]
    prior = torch.from_numpy(np.ascontiguousarray(shares[used]))
    inside = torch.from_numpy(cells.person)
    tones = torch.from_numpy(cells.lab).movedim(-1, 0)

    def links(axis: int) -> torch.Tensor:
        step = tones.diff(dim=axis).square().sum(0)
        n = inside.shape[axis - 1]
        both = inside.narrow(axis - 1, 1, n - 1) & inside.narrow(axis - 1, 0, n - 1)
        return torch.exp(-step / EDGE**2) * both

    walk = field.neighbour_links(horizontal=links(2), vertical=links(1))
    out = np.zeros_like(shares)
    out[used] = field.diffuse(prior, walk, STEPS, prior, PULL).numpy()
    return out
