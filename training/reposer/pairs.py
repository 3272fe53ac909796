"""Small pairs of pictures of synthetic people, ready for a network: made once from a folder of people.

A pair's two pictures have one background, the source picture's own without the person's shadow, so that the network is
asked for nothing that the source does not tell. What is kept, in the order (person, view):

    figure (n, v, 3, S, S) uint8   the person on black, sRGB levels times alpha;  alpha (n, v, S, S) uint8
    plate  (n, v, 3, S, S) uint8   the place without anybody
    joints (n, v, J, 3) float32    of reposer_parts.JOINTS, in picture sides, the depth from the pelvis
    source (n, v, v, S, S, 2) float16   [i, s, t]: where in picture s the pixels of t are, in picture sides; NaN where
                                        s does not show them
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.landmarks import INDEX as LANDMARK
from pipelines.models.reposer_parts import JOINTS, SWAP, window
from setup.places import say
from training.people.truth.dataset import DatasetError, People, Picture, Stored

ARRAYS = ("figure", "alpha", "plate", "joints", "source")
_MIDDLES = {"pelvis": ("left_hip", "right_hip"), "neck": ("left_shoulder", "right_shoulder")}
_LANDMARKS = [[LANDMARK[name] for name in _MIDDLES.get(joint, (joint,))] for joint in JOINTS]


class Batch(NamedTuple):
    """Pairs of pictures: plate (B, 3, S, S) behind both; own, figure (B, 3, S, S) the person of the source and of the
    target on black, own_alpha, alpha (B, 1, S, S) theirs; source, target (B, J, 3) joints; flow (B, 2, S, S) where the
    target's pixels are in the source, NaN where it does not show them."""

    plate: Tensor
    own: Tensor
    own_alpha: Tensor
    figure: Tensor
    alpha: Tensor
    source: Tensor
    target: Tensor
    flow: Tensor

    @property
    def picture(self) -> Tensor:
        """(B, 3, S, S) the source."""
        return self.own + (1 - self.own_alpha) * self.plate

    @property
    def wanted(self) -> Tensor:
        """(B, 3, S, S) the true target."""
        return self.figure + (1 - self.alpha) * self.plate


def joints_of(picture: Picture) -> Tensor:
    """(J, 3) in picture sides; depth from the pelvis, at the pelvis' scale."""
    points = (picture.joints - picture.camera.position) @ picture.camera.rotation.T
    points = torch.stack([points[index].mean(0) for index in _LANDMARKS])
    middle = points[JOINTS.index("pelvis"), 2]
    focal, side = picture.camera.focal, picture.camera.size[0]
    xy = focal * points[:, :2] / points[:, 2:] + points.new_tensor(picture.camera.centre) + 0.5
    return torch.cat((xy, (points[:, 2:] - middle) * focal / middle), 1) / side


def prepare(people: Path, out: Path, size: int, limit: int = 0) -> Path:
    """Everyone of a folder of people at `size` pixels, as files of arrays in `out`, which appears whole; one that is
    there is kept. DatasetError where the people are smaller than that or of no multiple of it."""
    if out.is_dir():
        return out
    stored = People(people)
    count = min(len(stored), limit) if limit else len(stored)
    side = stored.settings["size"]
    if side < size or side % size:
        raise DatasetError(
            f"people of {side} pixels cannot be made {size}: make them at a multiple of {size}"
        )
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    views = stored.settings["poses"]
    arrays = {
        "figure": ((views, 3, size, size), np.uint8),
        "alpha": ((views, size, size), np.uint8),
        "plate": ((views, 3, size, size), np.uint8),
        "joints": ((views, len(JOINTS), 3), np.float32),
        "source": ((views, views, size, size, 2), np.float16),
    }
    files = {
        name: np.lib.format.open_memmap(part / f"{name}.npy", mode="w+", dtype=kind, shape=(count, *shape))
        for name, (shape, kind) in arrays.items()
    }
    for i in range(count):
        for name, value in person_arrays(stored[i], views, size).items():
            files[name][i] = value
        if i % 200 == 199:
            say(f"{i + 1} of {count} people")
    for file in files.values():
        file.flush()
    os.replace(part, out)
    return out


def person_arrays(person: Stored, views: int, size: int) -> dict[str, np.ndarray]:
    """The arrays of one person, as the module says."""
    pictures = [person[v] for v in range(views)]
    small = [_small_views(picture, size) for picture in pictures]
    side = pictures[0].camera.size[0]
    source = np.full((views, views, size, size, 2), np.nan, np.float16)
    for s in range(views):
        for t in range(views):
            if s != t:
                truth = person.correspondence(s, t)
                xy = torch.where(truth.visible[..., None], (truth.source_xy + 0.5) / side, torch.nan)
                cells = xy.reshape(size, side // size, size, side // size, 2).transpose(1, 2).flatten(2, 3)
                source[s, t] = cells.nanmean(2).half().numpy()
    return {
        "figure": np.stack([one[0] for one in small]),
        "alpha": np.stack([one[1] for one in small]),
        "plate": np.stack([one[2] for one in small]),
        "joints": np.stack([joints_of(picture).numpy() for picture in pictures]),
        "source": source,
    }


def _small_views(picture: Picture, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels of the person on black, alpha, and the plate."""
    view = picture.view
    behind = _under_shadow(view)
    figure = (view.clean - (1 - view.alpha) * behind).clamp(0, 1)
    figure = torch.minimum(figure, view.alpha.expand_as(figure))
    return tuple(
        (F.interpolate(values[None], (size, size), mode="area")[0] * 255 + 0.5).byte().numpy().squeeze()
        for values in (figure, view.alpha[None], view.plate)
    )


def _under_shadow(view) -> Tensor:
    from training.people.render.render import developed, undeveloped

    shaded = developed(undeveloped(view.plate, view.exposure) * view.shadow, view.exposure)
    return torch.where(view.shadow < 1, shaded, view.plate)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Prepared people, read as they are needed."""

    figure: np.ndarray
    alpha: np.ndarray
    plate: np.ndarray
    joints: np.ndarray
    source: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> Pairs:
        """Of what `prepare` wrote. DatasetError where a file is missing."""
        missing = [name for name in ARRAYS if not (folder / f"{name}.npy").is_file()]
        if missing:
            raise DatasetError(
                f"{folder} has no {missing[0]}.npy: python -m training.reposer prepare makes it"
            )
        return cls(*(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS))

    def __len__(self) -> int:
        return len(self.joints)

    @cached_property
    def whole(self) -> np.ndarray:
        """(n, v) bool: every joint of the view lies in its picture."""
        xy = self.joints[..., :2]
        return ((xy > 0.01) & (xy < 0.99)).all((-1, -2))

    def chosen(self, count: int, generator: np.random.Generator) -> list[tuple[int, int, int]]:
        """Random pairs (person, source view, target view) of views that show the person whole."""
        people = np.flatnonzero(self.whole.sum(1) > 1)
        found = []
        for i in generator.choice(people, count):
            source, target = generator.permutation(np.flatnonzero(self.whole[i]))[:2]
            found.append((int(i), int(source), int(target)))
        return found

    def batch(self, chosen: list[tuple[int, int, int]], size: int, device: str = "cpu") -> Batch:
        """The pairs (person, source view, target view) at `size` pixels, the size kept or its half or quarter."""

        def levels(rows) -> Tensor:
            values = torch.from_numpy(np.stack(list(rows))).to(device).float() / 255
            values = values if values.ndim == 4 else values[:, None]
            return values if values.shape[-1] == size else F.interpolate(values, (size, size), mode="area")

        own, theirs = [(i, s) for i, s, _ in chosen], [(i, t) for i, _, t in chosen]
        plate = levels(self.plate[p] for p in own)
        a, b = (levels(self.alpha[p] for p in places) for places in (own, theirs))
        figures = [levels(self.figure[p] for p in places) for places in (own, theirs)]
        joints = [
            torch.from_numpy(np.stack([self.joints[p] for p in places])).to(device)
            for places in (own, theirs)
        ]
        step = self.alpha.shape[-1] // size
        flow = torch.from_numpy(np.stack([self.source[pair][::step, ::step] for pair in chosen]))
        return Batch(
            plate, figures[0], a, figures[1], b, *joints, flow.to(device).float().permute(0, 3, 1, 2)
        )

    def drawn(self, count: int, size: int, generator: np.random.Generator, device: str = "cpu") -> Batch:
        """A batch of random pairs, augmented."""
        batch = self.batch(self.chosen(count, generator), size, device)
        return coloured(shaken(placed(batch, Placement.drawn(batch, generator)), generator), generator)


ANGLE, SCALE, SHIFT = 12.0, (0.85, 1.1), 0.04
"""Degrees, sizes, and shares of the side by which framed pairs are turned, scaled and moved in training."""
JITTER = 0.005, 0.015
"""Picture sides of deviation of a joint across and in depth: what a reader of photos is off by."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Place p in a picture lies at turn (p - middle) + 0.5 + shift afterwards, in sides: turn (B, 2, 2) with the scale
    (B,), which depths are multiplied by; mirrored (B,) bool: turn contains a mirror, joints change sides."""

    middle: Tensor
    turn: Tensor
    scale: Tensor
    shift: Tensor
    mirrored: Tensor

    @classmethod
    def framed(cls, batch: Batch) -> Placement:
        """The frame that the node chooses too, upright."""
        middle, side = window(batch.source, batch.target)
        unit = torch.eye(2, device=side.device).expand(len(side), 2, 2)
        return cls(middle, unit / side[:, None, None], 1 / side, torch.zeros_like(middle), side > torch.inf)

    @classmethod
    def drawn(cls, batch: Batch, generator: np.random.Generator) -> Placement:
        """That frame, turned, scaled, moved and mirrored at random."""
        plain = cls.framed(batch)
        draw = _drawing(generator, len(plain.scale), plain.scale.device)
        angle, scale, mirrored = (
            torch.deg2rad(draw(-ANGLE, ANGLE)),
            draw(*SCALE) * plain.scale,
            draw(0, 1) < 0.5,
        )
        cos, sin = torch.cos(angle), torch.sin(angle)
        turn = (
            torch.stack((torch.stack((cos, -sin), -1), torch.stack((sin, cos), -1)), -2)
            * scale[:, None, None]
        )
        across = torch.where(mirrored, -1.0, 1.0)
        turn = torch.stack((turn[:, :, 0] * across[:, None], turn[:, :, 1]), -1)
        return cls(plain.middle, turn, scale, draw(-SHIFT, SHIFT, 2), mirrored)

    def points(self, places: Tensor) -> Tensor:
        """(B, N, 2) of the picture -> of the frame."""
        return (places - self.middle[:, None]) @ self.turn.transpose(1, 2) + 0.5 + self.shift[:, None]

    def joints(self, joints: Tensor) -> Tensor:
        """(B, J, 3), sides changed in a mirror."""
        joints = torch.where(self.mirrored[:, None, None], joints[:, SWAP], joints)
        return torch.cat((self.points(joints[..., :2]), joints[..., 2:] * self.scale[:, None, None]), -1)

    def grid(self, shape: torch.Size) -> Tensor:
        """For grid_sample: where each pixel of the frame lies in the picture."""
        back = torch.linalg.inv(self.turn)
        # a frame place q is 0.5 + g / 2 in sides, g in [-1, 1]; p = middle + back (q - 0.5 - shift)
        offset = 2 * (self.middle - 0.5) - 2 * (back @ self.shift[..., None])[..., 0]
        return F.affine_grid(torch.cat((back, offset[..., None]), -1), list(shape), align_corners=False)


def placed(batch: Batch, placement: Placement) -> Batch:
    """The pair as the frame shows it; beyond the picture the place goes on as its mirror image."""
    grid = placement.grid(batch.plate.shape)

    def seen(values: Tensor, mode: str = "bilinear", padding: str = "zeros") -> Tensor:
        return F.grid_sample(values, grid, mode=mode, padding_mode=padding, align_corners=False)

    there = seen(torch.isfinite(batch.flow[:, :1]).float(), "nearest") > 0.5
    places = placement.points(seen(batch.flow.nan_to_num(0), "nearest").flatten(2).transpose(1, 2))
    return Batch(
        seen(batch.plate, padding="reflection"),
        *(seen(values) for values in (batch.own, batch.own_alpha, batch.figure, batch.alpha)),
        placement.joints(batch.source),
        placement.joints(batch.target),
        torch.where(there, places.transpose(1, 2).unflatten(2, grid.shape[1:3]), torch.nan),
    )


def shaken(batch: Batch, generator: np.random.Generator) -> Batch:
    """Every joint a little off, as a reader of photos is."""

    def off(joints: Tensor) -> Tensor:
        noise = torch.from_numpy(generator.normal(size=tuple(joints.shape)).astype(np.float32)).to(
            joints.device
        )
        return joints + noise * noise.new_tensor([JITTER[0], JITTER[0], JITTER[1]])

    return batch._replace(source=off(batch.source), target=off(batch.target))


MIX = 0.25
"""Most that a channel becomes a mix of all."""


def coloured(batch: Batch, generator: np.random.Generator) -> Batch:
    """Other colours, the same for both pictures of a pair: a mix of the channels, their strength, the contrast."""
    draw = _drawing(generator, len(batch.plate), batch.plate.device)
    strength = MIX * draw(0, 1, 1, 1)
    mix = torch.eye(3, device=strength.device) * (1 - strength) + strength * draw(0, 2 / 3, 3, 3)
    gain, power = draw(0.85, 1.15, 3, 1, 1), draw(0.8, 1.25, 1, 1, 1)

    def tint(values: Tensor) -> Tensor:
        mixed = torch.einsum("bij,bjhw->bihw", mix, values.clamp(0, 1))
        return (gain * mixed).clamp(1e-4, 1) ** power

    def figure(values: Tensor, alpha: Tensor) -> Tensor:
        return alpha * tint(values / alpha.clamp_min(1e-3))

    return batch._replace(
        plate=tint(batch.plate),
        own=figure(batch.own, batch.own_alpha),
        figure=figure(batch.figure, batch.alpha),
    )


def _drawing(generator: np.random.Generator, count: int, device):
    def draw(low, high, *shape) -> Tensor:
        return torch.from_numpy(generator.uniform(low, high, (count, *shape)).astype(np.float32)).to(device)

    return draw
