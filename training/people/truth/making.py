"""One person -> pictures with their truth: who, in which poses and light, by which cameras; all from one number."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipelines.geometry.skeleton import JOINT_INDEX, JOINTS

from ..body import poses
from ..body.contact import lowered, settled
from ..body.people import Person, Posed
from ..body.poses import Stance
from ..body.tints import TEXTURE
from ..kit.kit import Kit
from ..light import lights
from ..place import backdrops
from ..render import cameras, sensor
from ..render.cameras import Framing
from ..render.render import render
from ..scene import Light
from .checking import checked
from .codec import Made, Picture
from .correspondence import Seen, between, seen
from .dataset import DatasetError, encoded

SPLITS = ("train", "test")
ALIKE = 0.6
"""Share of the people whose pictures are taken from one height with one lens; the others' photographer moves."""

ON_THE_FLOOR = ("seated", "kneeling")
"""Kinds of poses that rest on more than their feet (contact.settled)."""
_BASE = [JOINT_INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("hip", "knee", "ankle")]
"""Joints whose mean lies over what such poses rest on: seat and feet, knees and feet."""


@dataclass(frozen=True)
class Settings:
    """What the people of one dataset have in common.

    size: pixels, height and width; poses: pictures per person; split: "train" or "test", whose people and outfits have
    nothing in common; turns: degrees (low, high) between the first picture and each other one, None: poses.TURNS and
    beyond; alike: always one camera height and lens per person; kit: the packed kit's checksum.
    """

    size: int = 256
    seed: int = 0
    poses: int = 4
    split: str = "train"
    turns: tuple[tuple[float, float], ...] | None = None
    alike: bool = False
    kit: str = ""

    def __post_init__(self):
        if not 32 <= self.size <= 4096:
            raise DatasetError(f"size is {self.size}, expected 32 to 4096 pixels")
        if not 1 <= self.poses <= 16:
            raise DatasetError(f"poses is {self.poses}, expected 1 to 16 pictures per person")
        if self.split not in SPLITS:
            raise DatasetError(f'split is "{self.split}", expected one of {", ".join(SPLITS)}')

    def plain(self) -> dict[str, Any]:
        """For index.json; equal settings are equal JSON."""
        turns = None if self.turns is None else [list(turn) for turn in self.turns]
        return asdict(self) | {"turns": turns}


@dataclass(frozen=True)
class Prepare:
    """Loads the kit in the process that makes the people (running.Prepare)."""

    kit: Path
    settings: Settings
    device: str = "cpu"

    def __call__(self) -> Studio:
        return Studio(Kit.load(self.kit).to(self.device), self.settings, self.device)


@lru_cache(maxsize=4)
def checksum(kit: Path) -> str:
    """CRC-32 of a packed kit: other kits give other people for the same seed."""
    return f"{zlib.crc32(Path(kit).read_bytes()):08x}"


@dataclass(frozen=True, eq=False)
class Studio:
    """Makes the people of some settings by number."""

    kit: Kit
    settings: Settings
    device: str = "cpu"

    def __call__(self, index: int) -> dict[str, bytes]:
        """A person's files (running.Encode)."""
        return encoded(self.made(index))

    def seed(self, index: int) -> int:
        """The seed of a person: below 2^31, apart for every seed, split and number."""
        split = SPLITS.index(self.settings.split)
        state = np.random.SeedSequence([self.settings.seed, split, index]).generate_state(1)
        return int(state[0] >> 1)

    @torch.inference_mode()
    def checked(self, index: int) -> dict[str, Tensor]:
        """How well each picture of a person is made from the others (checking.checked)."""
        session = Session(self, self.seed(index))
        shots = [session.shot(v)[1] for v in range(self.settings.poses)]
        return checked(shots, session.person.figure)

    @torch.inference_mode()
    def made(self, index: int) -> Made:
        """A person in all pictures, with the correspondences between them."""
        session = Session(self, self.seed(index))
        shots = [session.shot(v) for v in range(self.settings.poses)]
        pictures = tuple(picture for picture, _ in shots)
        views = range(len(shots))
        pairs = {(s, t): between(shots[s][1], shots[t][1]) for s in views for t in views if s != t}
        return Made(session.record(index, pictures), pictures, pairs)


def texture_for(size: int) -> int:
    """Texels of a sheet for pictures of a size: half the kit's own up to 256 pixels, where one is never seen whole."""
    return TEXTURE if size > TEXTURE // 2 else TEXTURE // 2


@dataclass(frozen=True, eq=False)
class Session:
    """One person before the camera. Each room draws from a generator of its own, so that a change in one leaves what
    the others draw as it was."""

    studio: Studio
    seed: int

    def generator(self, room: str) -> torch.Generator:
        """On the CPU, so that every device draws the same."""
        return torch.Generator().manual_seed(self.seed * 64 + zlib.crc32(room.encode()) % 61)

    @cached_property
    def person(self) -> Person:
        settings = self.studio.settings
        return Person.sample(self.studio.kit, self.seed, settings.split, texture_for(settings.size))

    @cached_property
    def used(self) -> Tensor:
        """Indices (n,) of the vertices that some face has."""
        return torch.unique(self.person.figure.faces)

    @cached_property
    def light(self) -> lights.Setting:
        return lights.sample(self.studio.kit, self.generator("light"), device=self.studio.device)

    @cached_property
    def backdrop(self) -> backdrops.Backdrop:
        return backdrops.sample(self.light, self.generator("backdrop"))

    @cached_property
    def framings(self) -> tuple[Framing, ...]:
        """One per picture. All look from one side: the turn between two pictures is the person's own."""
        settings, generator = self.studio.settings, self.generator("camera")
        count = settings.poses
        first = cameras.sample(generator, 1)[0]
        alike = float(torch.rand(1, generator=generator)) < ALIKE
        others = cameras.sample(generator, count, yaw=first.yaw)
        return (first,) * count if alike or settings.alike else (first, *others[1:])

    @cached_property
    def stances(self) -> tuple[Stance, ...]:
        """One per picture, turned from where the camera stands."""
        settings = self.studio.settings
        generator = np.random.default_rng(self.seed)
        without = ON_THE_FLOOR if self._wears_a_skirt() else ()
        stances = poses.sample_set(generator, settings.poses, settings.turns, without)
        side = np.radians(self.framings[0].yaw)
        return tuple(replace(one, yaw=one.yaw + side) for one in stances)

    def _wears_a_skirt(self) -> bool:
        """Something hangs about the legs. It cannot lie on the floor, nor be sat on: who wears it stands."""
        return any(self.studio.kit.items[worn.item].skirt for worn in self.person.outfit.worn)

    @cached_property
    def exposure(self) -> list[float]:
        """Filled by the first picture: a photographer does not change it from pose to pose."""
        return []

    @cached_property
    def sensors(self) -> list[dict[str, float]]:
        """What was done to each picture taken so far."""
        return []

    def shot(self, v: int) -> tuple[Picture, Seen]:
        """Picture v, and what its correspondences need."""
        size = (self.studio.settings.size,) * 2
        figure, stance = self.person.figure, self.stances[v]
        posed = self.person.posed(stance.frames())
        turn, drop = self._set_down(posed, stance)
        vertices = posed.vertices @ turn.T + drop
        camera = self.framings[v].camera(vertices[self.used], size)
        exposure = self.exposure[0] if self.exposure else None
        view = render(figure, vertices, camera, self.light.light, self.backdrop, exposure)
        self.exposure.append(view.exposure)
        rgb, done = sensor.apply(view.clean, self.generator(f"sensor {v}"))
        self.sensors.append(done)
        view = replace(view, rgb=rgb)
        frames = {**stance.frames(), **posed.frames}  # the arms are kept out of the body
        turns = turn @ torch.as_tensor(np.stack([np.asarray(frames[joint]) for joint in JOINTS])).to(turn)
        joints, skeleton = (points @ turn.T + drop for points in (posed.joints, posed.skeleton_joints))
        return Picture(view, camera, joints, skeleton, turns), seen(figure, vertices, camera, view)

    def _set_down(self, posed: Posed, stance: Stance) -> tuple[Tensor, Tensor]:
        """The turn (3, 3) and then the step (3,) that rest a posed person on the floor."""
        points = posed.vertices[self.used]
        turn = torch.eye(3, dtype=points.dtype, device=points.device)
        if stance.kind in ON_THE_FLOOR:
            turn = settled(points, posed.skeleton_joints[_BASE].mean(0), stance.yaw)
        return turn, lowered(points @ turn.T, stance.lift)

    def record(self, index: int, pictures: tuple[Picture, ...]) -> dict[str, Any]:
        """Plain JSON: who, in what, in which light and poses. yaw: degrees to the person's left of the camera."""
        side = self.framings[0].yaw
        views = [
            {
                "pose": stance.name,
                "kind": stance.kind,
                "yaw": round(float(np.degrees(stance.yaw)) - side, 3),
                "camera": asdict(framing),
                "in_frame": round(_in_frame(picture), 4),
                "sensor": done,
            }
            for stance, framing, picture, done in zip(
                self.stances, self.framings, pictures, self.sensors, strict=True
            )
        ]
        light = {"kind": self.light.kind, "environment": self.light.environment, **_plain(self.light.light)}
        return {
            "person": index,
            "seed": self.seed,
            "split": self.studio.settings.split,
            **self.person.record(),
            "light": light,
            "backdrop": self.backdrop.kind,
            "views": views,
        }


def _plain(light: Light) -> dict[str, Any]:
    """A light as JSON, and what an estimate of it is held against."""
    values = {
        name: getattr(light, name).double().cpu().tolist() for name in ("sh", "key_direction", "key_colour")
    }
    truth = {name: None if value != value else value for name, value in asdict(lights.truth(light)).items()}
    finite = {name: None if value == float("inf") else value for name, value in truth.items()}
    return {**values, "key_radius": light.key_radius, "truth": finite}


def _in_frame(picture: Picture) -> float:
    """Share of the 133 landmarks that lie inside the picture."""
    xy, depth = cameras.project(picture.camera, picture.joints)
    height, width = picture.camera.size
    inside = (xy >= -0.5).all(-1) & (xy < xy.new_tensor([width, height]) - 0.5).all(-1) & (depth > 0)
    return float(inside.float().mean())
