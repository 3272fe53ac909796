"""What the autoencoder learns from: synthetic people as packed maps, with what another pose of theirs did not show.

`packed` reads a folder of training/people once into a few arrays beside it, which are mapped and not loaded: 600 people
in four pictures of 256 x 256 are 1.7 GB.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.garments import FABRICS

from ..people.scene import MATERIALS
from ..people.shades import encoded
from ..people.truth.dataset import People

FABRIC_OF = torch.tensor([FABRICS.index(name) if name in FABRICS else len(FABRICS) for name in MATERIALS])
"""Material of the synthetic people -> FABRICS' number, or the number behind them."""
EDGE = 0.12
"""Change of the albedo (sRGB) from pixel to pixel from which on a line is there: a hem, a seam, a print's border."""


@dataclass(frozen=True, eq=False)
class Sights:
    """N views of one size, memory-mapped: rgb (N, 3, h, w) uint8 sRGB without noise, normal (N, 3, h, w) int8 of 127,
    region, material and line (N, h, w) uint8, person (N, h, w) uint8; stature (N,) pixels, middle (N, 2) x of the
    pelvis and y of the crown; hidden (N, M, h w / 8) uint8, packed bits: of M other poses, what each did not show."""

    rgb: np.ndarray
    normal: np.ndarray
    region: np.ndarray
    material: np.ndarray
    line: np.ndarray
    person: np.ndarray
    stature: np.ndarray
    middle: np.ndarray
    hidden: np.ndarray

    def __len__(self) -> int:
        return len(self.stature)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return tuple(self.rgb.shape[-2:])

    def unseen(self, view: int, other: int) -> Tensor:
        """(h, w) bool: what another pose did not show."""
        bits = np.unpackbits(self.hidden[view, other])
        return torch.from_numpy(bits.reshape(self.size).astype(bool))


NAMES = tuple(Sights.__dataclass_fields__)


def packed(folder: Path, count: int | None = None) -> Sights:
    """The views of a folder of people, packed at the first call; `count`: of the first so many people."""
    store = folder.with_name(f"{folder.name}.packed")
    done = store / "done"
    if not done.is_file():
        store.mkdir(exist_ok=True)
        people = People(folder)
        chosen = range(min(len(people), count or len(people)))
        for i in chosen:
            _add(store, people[i], i, len(chosen))
        done.write_text(json.dumps({"people": len(chosen)}), encoding="ascii")
    return Sights(*(np.load(store / f"{name}.npy", mmap_mode="r") for name in NAMES))


def _add(store: Path, person, number: int, total: int) -> None:
    views = len(person)
    for v in range(views):
        view, camera = person[v].view, person[v].camera
        rows = _rows(view) | _placed(person[v], camera)
        others = [t for t in range(views) if t != v]
        unseen = [person.pair(t, v).correspondence for t in others]
        rows["hidden"] = np.stack([np.packbits((one.person & ~one.visible).numpy()) for one in unseen])
        for name, value in rows.items():
            file = store / f"{name}.npy"
            if not (number or v):
                shape = (total * views, *value.shape)
                np.lib.format.open_memmap(file, "w+", value.dtype, shape)
            np.load(file, mmap_mode="r+")[number * views + v] = value


def _rows(view) -> dict[str, np.ndarray]:
    person = (view.face >= 0) & (view.alpha > 0.5)
    albedo = encoded(view.albedo.clamp(0, 1)) * person
    across = F.pad((albedo[:, :, 1:] - albedo[:, :, :-1]).abs().amax(0), (0, 1))
    down = F.pad((albedo[:, 1:] - albedo[:, :-1]).abs().amax(0), (0, 0, 0, 1))
    return {
        "rgb": (view.clean.clamp(0, 1) * 255).round().byte().numpy(),
        "normal": (view.normal * 127).round().to(torch.int8).numpy(),
        "region": view.region.byte().numpy(),
        "material": FABRIC_OF[view.material.long()].byte().numpy(),
        "line": ((torch.maximum(across, down) > EDGE) & person).byte().numpy(),
        "person": person.byte().numpy(),
    }


def _placed(picture, camera) -> dict[str, np.ndarray]:
    """Stature in pixels from the skeleton's own bones, and where the body's middle and crown are."""
    shown = picture.view.face >= 0
    rows = torch.nonzero(shown.any(1)).flatten()
    height = _stature(picture) * camera.focal / float(_depth(picture, camera))
    x = _projected(picture.joints[11:13].nanmean(0), camera)[0]
    crown = float(rows[0]) if len(rows) else 0.0
    return {"stature": np.float32(height), "middle": np.array([float(x), crown], np.float32)}


def _stature(picture) -> float:
    """Metres: the way from an ankle over knee, hip and shoulders to the nose, and what is above and below it.

    COCO's joints 0 nose, 5 and 6 shoulders, 11 to 16 hips, knees, ankles. Ankle and nose stand at 0.039 and at 0.93
    of the stature (Drillis and Contini, "Body Segment Parameters", 1966).
    """
    joints = picture.joints[:17]
    legs = [(joints[a] - joints[b]).norm() for a, b in ((11, 13), (13, 15), (12, 14), (14, 16))]
    leg = torch.stack(legs).nansum() / 2
    trunk = (joints[5:7].nanmean(0) - joints[11:13].nanmean(0)).norm()
    head = (joints[0] - joints[5:7].nanmean(0)).norm()
    return float(leg + trunk + head) / (0.93 - 0.039)


def _depth(picture, camera) -> Tensor:
    return (camera.rotation @ (picture.joints[11:13].nanmean(0) - camera.position))[2].clamp(min=0.1)


def _projected(point: Tensor, camera) -> Tensor:
    seen = camera.rotation @ (point - camera.position)
    return seen[:2] / seen[2] * camera.focal + torch.tensor(camera.centre)


def chosen_views(sights: Sights, least: int = 400) -> Sequence[int]:
    """The views that show enough of somebody."""
    return [i for i in range(len(sights)) if int(sights.person[i].sum()) >= least]
