"""A synthetic person: body, skin, clothes and hair, drawn from a seed; and that person in a pose."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..cloth import looks, outfits
from ..cloth.garments import Dressed, Fit, Wardrobe, dressed, wardrobe
from ..cloth.outfits import SPLITS, Outfit, Wearer
from ..cloth.skirts import MARGIN, MARGIN_OUTER, Hanging
from ..draws import Draw
from ..kit.kit import Kit
from ..scene import REGIONS, Figure
from .arms import clear
from .bodies import Body, Frames, grounded, signed_alike, skinned
from .identities import Identity
from .tints import TEXTURE
from .volumes import CORE, LEGS, Volumes

SLIP = 0.12
"""Metres above and below the hip joints that a slip covers under a skirt. Ours."""


@dataclass(frozen=True, eq=False)
class Posed:
    """A person in a pose, world metres. vertices (N, 3) of the figure; joints (133, 3) of COCO-WholeBody;
    skeleton_joints (142, 3) in the order of pipelines.geometry.skeleton.JOINTS; frames: the pose as it was taken,
    with arms kept out of the body."""

    vertices: Tensor
    joints: Tensor
    skeleton_joints: Tensor
    frames: Frames

    def moved(self, step: Tensor) -> Posed:
        """The same moved by (3,) metres."""
        return Posed(self.vertices + step, self.joints + step, self.skeleton_joints + step, self.frames)

    def grounded(self) -> Posed:
        """The same standing on the floor, y = 0, by its lowest vertex."""
        return self.moved(grounded(self.vertices))


@dataclass(frozen=True, eq=False)
class _Moving:
    """What the poses of a person need: P points at rest (the figure's N, then those the landmarks are means of),
    their weights (P, S), what is solid of body and clothes, and the parts that hang: (first, last, Hanging)."""

    body: Body
    points: Tensor
    weights: Tensor
    count: int
    landmarks: Tensor
    shares: Tensor
    solids: Volumes
    hanging: tuple[tuple[int, int, Hanging], ...]

    def posed(self, frames: Frames) -> Posed:
        motion = clear(self.body, self.body.moved(frames), self.solids)
        table = signed_alike(self.body.rig, motion.table())
        points, _ = skinned(self.points, self.weights, table)
        if self.hanging:
            floor = float(points[self.count :, 1].max())
            for first, last, hanging in self.hanging:
                points[first:last] = hanging.posed(points[first:last], motion, table, floor)
        joints = (self.shares[..., None] * points[self.landmarks]).sum(-2)
        skeleton = torch.cat([joints, self.body.joints(motion)])
        return Posed(points[: self.count], joints, skeleton, self.body.frames(motion, frames))


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody. figure: surface and looks; identity: who; shape (K,) coefficients of the kit; outfit."""

    figure: Figure
    identity: Identity
    shape: Tensor
    outfit: Outfit
    moving: _Moving

    @staticmethod
    def sample(kit: Kit, seed: int, split: str = "train", texture: int = TEXTURE) -> Person:
        """The person of a seed in a split, always the same; its sheets at most `texture` texels wide.

        Raises ValueError for a split that does not exist.
        """
        if split not in SPLITS:
            raise ValueError(f'there is no split "{split}"; there are {", ".join(SPLITS)}')
        generator = torch.Generator().manual_seed(seed * len(SPLITS) + SPLITS.index(split))
        draw = Draw(generator)
        identity = Identity.sampled(kit, split, draw)
        outfit = outfits.sampled(kit, Wearer(identity.sex, identity.age, identity.ethnicity), split, draw)
        return Person.made(kit, identity, outfit, texture)

    @staticmethod
    def made(kit: Kit, identity: Identity, outfit: Outfit, texture: int = TEXTURE) -> Person:
        """Somebody in an outfit."""
        room = wardrobe(kit)
        shape = kit.shape_coefficients(identity.phenotype)
        vertices, heads = kit.body(shape)
        sheets = tuple(looks.sheet(kit, worn, texture) for worn in outfit.worn)
        on = dressed(
            room, vertices, [worn.item for worn in outfit.worn], [looks.sheer(sheet) for sheet in sheets]
        )
        parts = _Parts.of(room, on)
        skin = looks.skin_sheet(
            kit.skins[identity.skin], vertices.device, identity.tone, identity.redness, texture
        )
        slip = looks.plain_sheet(outfit.underclothes, vertices.device)
        return Person(
            parts.figure((skin, slip, *sheets)), identity, shape, outfit, parts.moving(vertices, heads)
        )

    def posed(self, frames: Frames) -> Posed:
        """Joint -> (3, 3) orientation in the world -> the person in that pose; the pelvis where it is at rest."""
        return self.moving.posed(frames)

    def record(self) -> dict:
        """Who it is and what is worn, as plain values for a file."""
        return {"identity": self.identity.record(), "outfit": self.outfit.record()}


@dataclass(frozen=True, eq=False)
class _Parts:
    """Skin and items put together: the skin's own vertices first, then each item's.

    used (U,) base vertices in the figure; faces (F, 3) into the figure's vertices; uv, sheet, region, two_sided as in
    scene.Figure.
    """

    room: Wardrobe
    on: Dressed
    used: Tensor
    faces: Tensor
    uv: Tensor
    sheet: Tensor
    region: Tensor
    two_sided: Tensor

    @staticmethod
    def of(room: Wardrobe, on: Dressed) -> _Parts:
        kit = room.kit
        shown = torch.nonzero(~on.buried[kit.faces].all(1))[:, 0]
        used, place = torch.unique(kit.faces[shown], return_inverse=True)
        slip = _slip(room, on)[kit.faces[shown]].amin(1)
        region = torch.where(slip > 0, slip, kit.regions[shown])
        columns = [
            (place, kit.uv[shown], (slip > 0).long(), region, torch.zeros_like(shown, dtype=torch.bool))
        ]
        first = len(used)
        for i, (fit, faces) in enumerate(zip(on.fits, on.faces, strict=True)):
            columns.append(_item_columns(room, fit, faces, first, i + 2))
            first += len(fit.weights)
        return _Parts(room, on, used, *(torch.cat(column) for column in zip(*columns, strict=True)))

    def figure(self, sheets: tuple) -> Figure:
        return Figure(self.faces, self.uv, self.sheet, self.region, self.two_sided, sheets)

    def moving(self, vertices: Tensor, heads: Tensor) -> _Moving:
        """(V, 3) and (B, 3) the bare body at rest."""
        kit, room, on = self.room.kit, self.room, self.on
        body = Body.of(room.rig, heads)
        marks, place = torch.unique(kit.landmarks.indices, return_inverse=True)
        points = torch.cat([on.skin[self.used], *on.vertices, vertices[marks]])
        weights = torch.cat([room.weights[self.used], *(fit.weights for fit in on.fits), room.weights[marks]])
        count = len(points) - len(marks)
        hanging = _hanging(room, on, body, vertices, len(self.used))
        hard = Volumes.of((*CORE, *LEGS), body, *_hard(room, on, vertices))
        return _Moving(body, points, weights, count, place + count, kit.landmarks.weights, hard, hanging)


def _slip(room: Wardrobe, on: Dressed) -> Tensor:
    """(V,) uint8: the region of skin that is painted as a slip, that of what is worn over it: hips under a skirt, and
    everything under lace; 0 elsewhere."""
    surface = room.surface
    out = torch.zeros_like(surface.under, dtype=torch.uint8)
    near = (surface.vertices[:, 1] - room.hips[:, 1].mean()).abs() < SLIP
    arms = [
        i
        for i, s in enumerate(room.rig.segments)
        if s.joint.endswith(("elbow", "wrist")) or s.joint[-2:-1] == "_"
    ]
    hips = surface.skin & near & (room.weights[:, arms].sum(1) < 0.01)
    for fit in on.fits:
        if fit.cage is not None:
            out[hips] = fit.item.region
        if fit.sheer:
            out[surface.shrunk(fit.covers, 2)] = fit.item.region
    return out


def _item_columns(room: Wardrobe, fit: Fit, faces: Tensor, first: int, sheet: int) -> tuple[Tensor, ...]:
    item = fit.item
    chosen = item.faces[faces]
    region = torch.full_like(faces, item.region, dtype=torch.uint8)
    if item.kind == "suit":
        legs = room.surface.vertices[fit.anchor, 1][chosen].mean(1) > room.hips[:, 1].mean() - SLIP
        names = region.new_tensor([REGIONS.index("upper"), REGIONS.index("lower")])
        region = names[legs.long()]
    both = torch.full_like(faces, item.two_sided or item.kind not in ("eyes", "shoes"), dtype=torch.bool)
    return chosen + first, item.uv[faces], torch.full_like(faces, sheet), region, both


def _hard(room: Wardrobe, on: Dressed, vertices: Tensor) -> tuple[Tensor, Tensor]:
    """Skin and clothes that arms do not pass through: (M, 3) at rest and (M, S) weights."""
    pairs = [(vertices[room.surface.skin], room.weights[room.surface.skin])]
    for fit, placed in zip(on.fits, on.vertices, strict=True):
        if fit.cage is None and fit.item.kind in ("top", "bottom", "suit", "dress"):
            pairs.append((placed, fit.weights))
    return tuple(torch.cat(column) for column in zip(*pairs, strict=True))


def _hanging(
    room: Wardrobe, on: Dressed, body: Body, vertices: Tensor, first: int
) -> tuple[tuple[int, int, Hanging], ...]:
    """What hangs, innermost first; trousers and boots below count with the legs that push it."""
    found = []
    inner = [(vertices[room.surface.skin], room.weights[room.surface.skin])]
    for fit, placed in zip(on.fits, on.vertices, strict=True):
        last = first + len(placed)
        if fit.cage is not None:
            legs = Volumes.of(LEGS, body, *(torch.cat(column) for column in zip(*inner, strict=True)))
            margin = MARGIN_OUTER if fit.item.kind == "outer" else MARGIN
            found.append((first, last, Hanging.of(fit.cage, body, legs, placed, margin)))
        elif fit.item.kind in ("bottom", "suit", "shoes"):
            inner.append((placed, fit.weights))
        first = last
    return tuple(found)
