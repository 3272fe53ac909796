"""Synthetic people with their true light, as the pack reads them: read once, kept small."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F

from pipelines.geometry.garments import NUMBER, GarmentMap
from pipelines.geometry.lighting import LightField
from pipelines.keypoints import NoPerson
from pipelines.lift import embodied
from pipelines.light.surface import Surface, photographed
from pipelines.read import regions_from
from training.evaluation import cache
from training.evaluation.people import landmarks
from training.people.truth.dataset import People

FOLDER = cache.FOLDER / "light"


@dataclass(frozen=True, eq=False)
class Lit:
    """One picture of a synthetic person at small size, and the truth.

    picture (1, 3, h, w) sRGB; labels (1, 1, h, w) regions as found; surface from the volume; exact the true one; light
    the true light in the camera's frame; kind of light; record the view's.
    """

    name: str
    picture: torch.Tensor
    labels: torch.Tensor
    surface: Surface
    exact: Surface
    true_labels: torch.Tensor
    light: LightField
    kind: str
    pose: str


def camera_light(record: dict, rotation: torch.Tensor) -> LightField:
    """The light of a record, turned from the world into the camera's frame (3, 3)."""
    light = record["light"]
    sh = torch.tensor(light["sh"], dtype=torch.float64)
    world = LightField(
        sh.float(),
        torch.tensor(light["key_direction"]).float(),
        (torch.tensor(light["key_colour"]) / torch.pi).float(),
        light["key_radius"],
    )
    return world.turned(rotation.float())


def lit_people(folder: Path, reader, count: int, views: int = 1):
    """Pictures of a folder of people: `views` of each, other ones each time.

    reader: the pack's networks; None takes the true joints, outline and regions, which is twice as quick and leaves the
    volume's own errors, by far the largest.
    """
    read = "true" if reader is None else "read"
    people = People(folder)
    for i in range(min(count, len(people))):
        for k in range(views):
            v = (i + k) % len(people[i])
            file = FOLDER / f"{folder.name}-{i}-{v}-{read}.pt"
            if file.is_file():
                kept = torch.load(file, weights_only=False)
            else:
                kept = _read(people[i], v, f"{i}-{v}", reader)
                file.parent.mkdir(parents=True, exist_ok=True)
                torch.save(kept, file)
            if kept is not None:
                yield replace(kept, picture=kept.picture.float() / 255)


def _read(person, v: int, name: str, reader) -> Lit | None:
    shot = person[v]
    view = shot.view
    picture = view.rgb[None].float().clamp(0, 1)
    if reader is None:
        regions = regions_from(_true_clothes(view))
        matte, skeleton = view.alpha[None, None].float(), embodied(landmarks(shot.joints, shot.camera))
    else:
        try:
            reading = reader.read(picture).reading()
        except NoPerson:
            return None
        regions, matte, skeleton = reading.regions, reading.matte, reading.skeleton
    surface = photographed(picture, matte, skeleton, regions)
    labels = regions.garments.labels
    inside = (view.alpha > 0.95).float()
    cut = Surface(surface.normal, surface.depth, surface.cover, surface.box, surface.canvas)
    normal = F.normalize(cut.of(view.normal[None].float()), dim=0)
    cover = cut.of(inside[None, None])[0]
    exact = Surface(
        normal * (cover > 0.5), cut.of(view.depth[None, None].float())[0], cover, cut.box, cut.canvas
    )
    true_labels = view.region[None, None].to(torch.uint8)
    light = camera_light(person.record, shot.camera.rotation)
    record = person.record
    return Lit(name, (picture * 255 + 0.5).byte(), labels, surface, exact, true_labels, light, record["light"]["kind"],
               record["views"][v]["kind"])  # fmt: skip


def _true_clothes(view) -> GarmentMap:
    labels, alpha = view.region[None, None].to(torch.uint8), view.alpha[None, None].float()
    return GarmentMap(labels, (labels == NUMBER["hair"]).float() * alpha, alpha)
