"""The regions on a small grid, out of the six classes of the default network, the skeleton and the colours."""

from __future__ import annotations

import numpy as np
import torch

from ..geometry import field
from ..geometry.garments import REGIONS
from ..geometry.keypoints import Keypoints
from ..matte import Region
from ..models.person_parts import CLASSES
from .body import body_on
from .colours import lab
from .layers import garments_of
from .skin import beyond_arms, skin_shares, strays
from .worn import shoes, things

STEPS, PULL = 25, 0.15
"""How far regions are evened out along the picture's smooth places, and how strongly each cell holds its own."""
EDGE = 6.0
"""CIELAB units over which an edge of the picture parts two cells."""


def grid_shares(
    parts: np.ndarray, cells: np.ndarray, grid: Region, keypoints: Keypoints
) -> tuple[np.ndarray, tuple[str, ...]]:
    """parts (6, h, w) of CLASSES, cells (h, w, 3) colours -> (K, h, w) share of each of REGIONS, and notes.

    Where the person is, the background has no share but in what was wrongly taken for the person.
    """
    kinds = {name: parts[k] for k, name in enumerate(CLASSES)}
    body, colours = body_on(grid, keypoints), lab(cells)
    person = kinds["background"] < 0.5
    best = parts[1:].argmax(0) + 1
    bare = person & ((best == CLASSES.index("body_skin")) | (best == CLASSES.index("face_skin")))
    cloth, other = person & (best == CLASSES.index("clothes")), person & (best == CLASSES.index("other"))
    stray = strays(bare, cloth | other, person, colours, body)
    cloth, other = cloth & ~stray, other & ~stray
    hair = person & (best == CLASSES.index("hair"))
    shod = person & shoes(kinds["other"], kinds["clothes"], bare, colours, body)
    far = beyond_arms(bare, colours, body) & ~stray
    thing = things((other | far) & ~shod, person, hair, cloth, colours, body)
    shod |= thing.pop("shoes")
    carried = np.logical_or.reduce(list(thing.values()))
    garments = garments_of(colours, (cloth | other) & ~shod & ~carried, bare, body)
    shares = {name: np.zeros_like(kinds["hair"]) for name in REGIONS}
    inside = np.maximum(1 - kinds["background"], 1e-3)
    skin = (kinds["body_skin"] + kinds["face_skin"]) / inside
    fabric = (kinds["clothes"] + kinds["other"]) / inside
    fabric, skin = np.where(far | shod, fabric + skin, fabric), np.where(far | shod, 0, skin)
    shares["hair"] = kinds["hair"] / inside
    for name, share in skin_shares(skin, kinds["face_skin"] / inside, body).items():
        shares[name] = skin * share
    shares["shoes"] = fabric * shod
    for name, where in thing.items():
        shares[name] = shares[name] + fabric * where
    cloths = fabric * ~(shod | carried)
    shares["outer"] = cloths * garments.outer
    shares["lower"] = cloths * (1 - garments.outer) * garments.lower
    shares[garments.body] += cloths * (1 - garments.outer) * (1 - garments.lower)
    stack = np.stack([shares[name] for name in REGIONS]).astype(np.float32)
    stack[:, stray] = 0
    stack[0, stray] = 1
    return _evened(_continued(stack, person), colours, person), ()


def _continued(shares: np.ndarray, person: np.ndarray) -> np.ndarray:
    """(K, h, w) with each cell of the soft edge as the person's nearest cell."""
    import cv2

    _, labels = cv2.distanceTransformWithLabels(
        (~person).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    place = np.zeros(labels.max() + 1, np.int64)
    place[labels[person]] = np.flatnonzero(person)
    return shares.reshape(len(shares), -1)[:, place[labels]]


def _evened(shares: np.ndarray, colours: np.ndarray, person: np.ndarray) -> np.ndarray:
    """(K, h, w) a random walk with priors (Grady 2005): regions smooth where the picture is, and parted at its edges."""
    used = np.nonzero(shares.reshape(len(shares), -1).max(1) > 0.05)[0]
    prior = torch.from_numpy(shares[used])
    inside = torch.from_numpy(person)
    tones = torch.from_numpy(colours).movedim(-1, 0)

    def links(axis: int) -> torch.Tensor:
        step = tones.diff(dim=axis).square().sum(0)
        n = inside.shape[axis - 1]
        both = inside.narrow(axis - 1, 1, n - 1) & inside.narrow(axis - 1, 0, n - 1)
        return torch.exp(-step / EDGE**2) * both

    walk = field.neighbour_links(horizontal=links(2), vertical=links(1))
    out = np.zeros_like(shares)
    out[used] = field.diffuse(prior, walk, STEPS, prior, PULL).numpy()
    return out
