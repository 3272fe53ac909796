"""What a seated person sits on: plain blocks as photo studios have them, drawn into the room behind the person.

A pose of a chair or a stool leaves a figure in the air where no chair is. A block of painted wood under it is what a
photographer would have brought: it is drawn with the photo's light, shades the floor around it, and hides nothing of
the person. All in pixels of the picture; x right, y down, z away from the camera, 0 at the pelvis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from .batches import Progress, each, told
from .geometry.colour import encoded, linear
from .geometry.contacts import GROUND, Contact, sole, stated_ground
from .geometry.fill import gaussian
from .geometry.lighting import LightField
from .geometry.planting import SIDES
from .geometry.retarget import Pose, stature
from .geometry.skeleton import JOINT_INDEX, Skeleton
from .light.photo import PhotoLight
from .shadow import WHITE

DRAWN = "a plain block was drawn to sit on: switch `seat` off to paint a chair of your own"
"""What the artist is told."""
KINDS = ("chair", "stool")
"""The kinds of Pose.seat that a block stands for. The floor needs none; a wheelchair is more than a block."""
UNDER = 0.05
"""Fraction of stature from the hip joints down to the seat: by eye, on the ten photos of the grading sheet."""
BREADTH = 0.115
"""Half a chair's breadth as a fraction of stature; a seated hip's is 0.10 (NASA, Man-Systems Integration Standards,
3.3.1.3: hip breadth, sitting)."""
BEHIND = 0.085
"""Fraction of stature that the block reaches behind the hip joints: behind the buttocks."""
AHEAD = 0.62
"""Share of the thigh that rests on a chair; what is left is free for the calf to go back."""
CALF = 0.045
"""Fraction of stature that a block stays behind the bones of the shins: the calf's half-depth."""
AROUND = 0.4
"""Statures around a seat within which it shades the floor."""
SHADED = 0.95
"""What is left of the light on a floor that counts as shaded."""
STEP = 0.07
"""Half the depth of the block under feet that do not reach the floor, as a fraction of stature."""
LIFTED = 0.03
"""Leg lengths that a foot is above the floor from which it has a block under it."""
HEIGHT, DISTANCE = 0.55, 3.2
"""The camera's height over the floor and its distance, in statures: low and far, for the person is drawn as a camera
straight before every part of them sees it."""
ALBEDO = (0.80, 0.78, 0.75)
"""Linear: matt white paint, a little warm."""
EDGE = 0.006
"""Fraction of stature over which the edges are rounded."""
SAMPLES = 2
"""Rays per pixel and axis."""
CLOSE = (0.45, 0.010, 0.008), (0.35, 0.035, 0.02)
"""How a person shades the seat: a share of the light, over how many statures, and from how far above; by eye."""
NEARBY = 4
"""Pixels over which what lies beside a person stands for what lies behind their edge."""


@dataclass(frozen=True, eq=False)
class Block:
    """A box that stands on the floor.

    middle   (2,) x and z of its middle
    axes     (2, 2) rows: unit directions in x and z, to its right and to its front
    half     (2,) half its extent along them
    top, bottom  y
    """

    middle: np.ndarray
    axes: np.ndarray
    half: np.ndarray
    top: float
    bottom: float


@dataclass(frozen=True)
class Eye:
    """A camera that looks straight ahead: column, row where it looks; distance in pixels to the depth `at`, where a
    pixel of length is a pixel of the picture."""

    column: float
    row: float
    distance: float
    at: float


@dataclass(frozen=True, eq=False)
class DrawnSeat:
    """A seat as the camera sees it, in a window (y0, y1, x0, x1) of a picture of `size` (height, width).

    colour (1, 3, h, w) linear; cover (1, 1, h, w) its share of each pixel; shade (1, 1, h, w) in (0, 1], what it leaves
    of the light on the floor around it.
    """

    window: tuple[int, int, int, int]
    size: tuple[int, int]
    colour: torch.Tensor
    cover: torch.Tensor
    shade: torch.Tensor

    @property
    def matte(self) -> torch.Tensor:
        """(1, 1, H, W) of the whole picture."""
        y0, y1, x0, x1 = self.window
        whole = self.cover.new_zeros(1, 1, *self.size)
        whole[..., y0:y1, x0:x1] = self.cover
        return whole

    def behind(
        self, picture: torch.Tensor, person: torch.Tensor, background: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(1, 3, H, W) `picture` with the seat behind its person, of (1, 1, H, W) matte.

        background (1, 3, H, W) is what the person was laid on; what lies beside them stands for it where it is None.
        """
        y0, y1, x0, x1 = self.window
        there = (..., slice(y0, y1), slice(x0, x1))
        piece, alpha = picture[there].cpu().float(), person[there].cpu().float()
        under = _beside(piece, alpha) if background is None else background[there].cpu().float()
        shade = self.shade
        floor = under.mean(1, keepdim=True)[shade < SHADED]
        if len(floor) and float(floor.median()) > WHITE:  # a cut-out stands on nothing
            shade = torch.ones_like(shade)
        light = torch.lerp(linear(under) * shade, self.colour, self.cover)
        # What an edge has of the background is exchanged, and nothing of the person touched.
        touched = (self.cover > 0) | (shade < 1 - 1e-3)
        made = piece + (1 - alpha) * (encoded(light) - under)
        result = picture.clone()
        result[there] = torch.where(touched, made.clamp(0, 1), piece).to(picture)
        return result


@dataclass(frozen=True, eq=False)
class Seat:
    """blocks to sit and to put feet on; how they are seen; stature and the floor's y."""

    blocks: tuple[Block, ...]
    eye: Eye
    tall: float
    floor: float

    def drawn(self, person: torch.Tensor, light: LightField) -> DrawnSeat | None:
        """The seat in a picture with that person (1, 1, H, W) on it, who shades it; None outside of the picture."""
        size = tuple(person.shape[-2:])
        window = self._window(size, AROUND * self.tall)
        if window is None:
            return None
        y0, y1, x0, x1 = window
        shade = self._floor_shade(window)[None, None]
        colour, cover = torch.zeros(1, 3, *shade.shape[-2:]), torch.zeros_like(shade)
        tight = self._window(size, 0.0)
        if tight is not None:
            inner = (..., slice(tight[0] - y0, tight[1] - y0), slice(tight[2] - x0, tight[3] - x0))
            colour[inner], cover[inner] = self._seen(tight, light)
            shaded = person[..., tight[0] : tight[1], tight[2] : tight[3]].cpu().float()
            colour[inner] = colour[inner] * _closeness(shaded, self.tall)
        return DrawnSeat(window, size, colour, cover, shade)

    def _window(self, size: tuple[int, int], around: float) -> tuple[int, int, int, int] | None:
        """y0, y1, x0, x1 of the blocks and as many pixels around them; None where nothing of that is in a picture."""
        corners = np.concatenate([self._corners(block) for block in self.blocks])
        scale = self.eye.distance / (self.eye.distance + corners[:, 2] - self.eye.at)
        x = self.eye.column + (corners[:, 0] - self.eye.column) * scale
        y = self.eye.row + (corners[:, 1] - self.eye.row) * scale
        top, left = (max(0, int(v - around) - 2) for v in (y.min(), x.min()))
        bottom, right = (
            min(most, int(v + around) + 3) for most, v in zip(size, (y.max(), x.max()), strict=True)
        )
        return (top, bottom, left, right) if bottom > top and right > left else None

    @staticmethod
    def _corners(block: Block) -> np.ndarray:
        """(8, 3)."""
        signs = np.array([[a, b] for a in (-1, 1) for b in (-1, 1)])
        flat = block.middle + (signs * block.half) @ block.axes
        return np.concatenate([np.insert(flat, 1, y, axis=1) for y in (block.top, block.bottom)])

    def _rays(self, window, samples: int) -> torch.Tensor:
        """(h * samples, w * samples, 3) directions of unit depth through the window's pixels."""
        y0, y1, x0, x1 = window
        y, x = (
            torch.arange((b - a) * samples) / samples + a + (0.5 / samples - 0.5)
            for a, b in ((y0, y1), (x0, x1))
        )
        x, y = torch.meshgrid(
            (x - self.eye.column) / self.eye.distance, (y - self.eye.row) / self.eye.distance, indexing="xy"
        )
        return torch.stack((x, y, torch.ones_like(x)), -1)

    def _seen(self, window, light: LightField) -> tuple[torch.Tensor, torch.Tensor]:
        """(1, 3, h, w) linear colour and (1, 1, h, w) cover of the blocks."""
        ray = self._rays(window, SAMPLES)
        nearest = torch.full(ray.shape[:2], torch.inf)
        colour = torch.zeros(*ray.shape[:2], 3)
        for block in self.blocks:
            depth, normal, height = self._met(block, ray)
            nearer = depth < nearest
            nearest = torch.where(nearer, depth, nearest)
            # The floor takes light from what stands on it: half of it right at the bottom of a wall, and it gives
            # some of its own back.
            opened = 1 - 0.4 * torch.exp(-height / (0.06 * self.tall))
            shading = _modelled(light, normal, opened)
            colour = torch.where(nearer[..., None], shading * ray.new_tensor(ALBEDO), colour)
        hit = torch.isfinite(nearest).float()
        both = torch.cat((colour * hit[..., None], hit[..., None]), -1).permute(2, 0, 1)[None]
        both = F.avg_pool2d(both, SAMPLES)
        cover = both[:, 3:]
        return both[:, :3] / cover.clamp(min=1e-6), cover

    def _met(self, block: Block, ray: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Depth (h, w) at which rays meet a block, inf where they miss it; the (h, w, 3) normal there, rounded at the
        edges, and its height (h, w) over the floor."""
        axes = torch.tensor(block.axes, dtype=torch.float32)
        origin = torch.tensor([self.eye.column, self.eye.row, self.eye.at - self.eye.distance])
        flat = torch.tensor(block.middle, dtype=torch.float32)
        start = torch.cat(
            (
                (origin[[0, 2]] - flat) @ axes.T,
                origin[1:2] - (block.top + block.bottom) / 2,
            )
        )
        way = torch.cat((ray[..., [0, 2]] @ axes.T, ray[..., 1:2]), -1)
        half = torch.tensor([*block.half, (block.bottom - block.top) / 2], dtype=torch.float32)
        way = torch.where(way.abs() < 1e-9, torch.full_like(way, 1e-9), way)
        ends = torch.stack(((-half - start) / way, (half - start) / way))
        enter, leave = ends.amin(0), ends.amax(0)
        depth, axis = enter.max(-1)
        hit = (depth < leave.amin(-1)) & (depth > 0)
        at = (start + depth[..., None] * way) / half
        side = F.one_hot(axis, 3).bool()
        # Near an edge the surface turns towards the neighbouring side.
        edge = EDGE * self.tall / half
        near = ((at.abs() - (1 - edge)) / edge).clamp(0, 1)
        near = torch.where(side, 1.0, 0.7 * near.square()) * at.sign()
        own = F.normalize(near, dim=-1)
        normal = torch.zeros_like(own)
        normal[..., [0, 2]] = own[..., :2] @ axes
        normal[..., 1] = own[..., 2]
        height = block.bottom - (self.eye.row + depth * ray[..., 1])
        return torch.where(hit, depth, torch.inf), normal, height.clamp(min=0)

    def _floor_shade(self, window) -> torch.Tensor:
        """(h, w) in (0, 1]: what of the light from all around the blocks leave to the floor and, little, to a wall.

        Half of what comes from a wall's side is lost at its foot: 1 - (1 - d / sqrt(d^2 + H^2)) / 2 at distance d from
        one of height H, which is the cosine-weighted share of a half space over an endless wall.
        """
        ray = self._rays(window, 1)
        # Where the floor is met: below the horizon.
        down = ray[..., 1].clamp(min=1e-4)
        depth = (self.floor - self.eye.row) / down
        place = torch.stack(
            (self.eye.column + depth * ray[..., 0], self.eye.at - self.eye.distance + depth), -1
        )
        shade = torch.ones(ray.shape[:2])
        for block in self.blocks:
            axes = torch.tensor(block.axes, dtype=torch.float32)
            own = ((place - torch.tensor(block.middle, dtype=torch.float32)) @ axes.T).abs()
            away = (own - torch.tensor(block.half, dtype=torch.float32)).clamp(min=0).norm(dim=-1)
            high = block.bottom - block.top
            lost = 0.5 * (1 - away / (away.square() + (0.5 * high) ** 2).sqrt())
            touch = 0.35 * torch.exp(-away / (0.012 * self.tall))
            shade = torch.minimum(shade, (1 - 0.8 * lost) * (1 - touch))
        return torch.where(ray[..., 1] > 1e-4, shade, 1.0)


def seat_under(
    target: Skeleton, pose: Pose, person: torch.Tensor, light: PhotoLight | None
) -> DrawnSeat | None:
    """What a posed person of (1, 1, H, W) matte sits on, in the photo's light; None where there is nothing to draw."""
    seat = seat_of(target, pose)
    return None if seat is None else seat.drawn(person, LightField.flat() if light is None else light.field)


def seated_pictures(
    pictures: torch.Tensor,
    people: torch.Tensor,
    targets: Sequence[Skeleton],
    poses: Sequence[Pose],
    lights: Sequence[LightField] | None = None,
    progress: Progress = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (B, 3, H, W) of posed people with something to sit on behind those who need it, and its mattes
    (B, 1, H, W).

    people (B or 1, 1, H, W) where they are; their skeletons, poses and lights for each picture, or one for all.
    ValueError for counts and sizes that do not go together.
    """
    count, size = len(pictures), tuple(pictures.shape[-2:])
    masks, bodies = each(people.split(1), count, "person masks"), each(targets, count, "target skeletons")
    stances, fields = each(poses, count, "poses"), each(lights or [LightField.flat()], count, "lights")
    rows = list(zip(pictures.split(1), masks, bodies, stances, fields, strict=True))
    made, mattes = [], []
    for picture, mask, body, pose, light in told(rows, progress):
        for what, other in (("person mask", tuple(mask.shape[-2:])), ("target skeleton", tuple(body.canvas))):
            if other != size:
                raise ValueError(
                    f"the picture has {size[1]} x {size[0]} pixels, the {what} is of one of {other[1]} x {other[0]}:"
                    " connect both of the same picture"
                )
        found = seat_of(body, pose)
        drawn = None if found is None else found.drawn(mask, light)
        made.append(picture if drawn is None else drawn.behind(picture, mask))
        mattes.append(torch.zeros_like(mask) if drawn is None else drawn.matte.to(mask))
    return torch.cat(made), torch.cat(mattes)


def seat_of(target: Skeleton, pose: Pose) -> Seat | None:
    """What a person posed as `pose` sits on; None where the pose is of no chair or stool, for a drawing, and where
    thighs are not known."""
    joints = [f"{side}_{name}" for side in ("left", "right") for name in ("hip", "knee")]
    floor = stated_ground(target, pose.contacts)
    if pose.seat not in KINDS or target.flat or floor is None or not target.present(*joints):
        return None
    tall = stature(target)
    posed = target.forward().positions
    hips, knees = (
        posed[[JOINT_INDEX[f"{side}_{name}"] for side in ("left", "right")]] for name in ("hip", "knee")
    )
    middle = hips.mean(0)
    front = (knees - hips).mean(0)[[0, 2]]
    front = front / max(float(np.linalg.norm(front)), 1e-6)
    axes = np.array([[-front[1], front[0]], front])
    ahead = _free(target, axes[1], middle, tall)
    half = np.array([BREADTH, (ahead + BEHIND * tall) / (2 * tall)]) * tall
    centre = middle[[0, 2]] + axes[1] * (ahead - BEHIND * tall) / 2
    blocks = [Block(centre, axes, half, float(middle[1] + UNDER * tall), floor)]
    blocks += _steps(target, pose.contacts, axes, centre + axes[1] * half[1], tall, floor)
    nearest = min(posed[JOINT_INDEX[f"{side}_ankle"], 2] for side in ("left", "right"))
    eye = Eye(float(middle[0]), floor - HEIGHT * tall, DISTANCE * tall, float(nearest))
    return Seat(tuple(blocks), eye, tall, floor)


def _free(target: Skeleton, front: np.ndarray, middle: np.ndarray, tall: float) -> float:
    """Pixels ahead of the hips that a seat may reach: under the thighs, and not into the calves."""
    posed = target.forward().positions
    reach = []
    for side in ("left_", "right_"):
        hip, knee, ankle = (posed[JOINT_INDEX[f"{side}{n}"]] for n in ("hip", "knee", "ankle"))
        reach.append(AHEAD * float(np.linalg.norm(knee - hip)))
        for point in (knee, ankle, (knee + ankle) / 2):
            if point[1] > middle[1] + UNDER * tall:
                reach.append(float((point - middle)[[0, 2]] @ front) - CALF * tall)
    return max(min(reach), 0.02 * tall)


def _steps(
    target: Skeleton, contacts: Sequence[Contact], axes, edge: np.ndarray, tall: float, floor: float
) -> list[Block]:
    """The block under feet that stand above the floor, from the seat's front `edge` (2,) on."""
    posed = target.forward()
    soles = {}
    for contact in contacts:
        side = contact.joint.removesuffix("ankle")
        if side in SIDES and contact.on == GROUND and -contact.offset[1] > LIFTED:
            soles[side] = sole(posed, side)
    if not soles:
        return []
    points = np.stack(list(soles.values()))
    along = (points[:, [0, 2]] - edge) @ axes.T
    deep = max(float(along[:, 1].max()) + STEP * tall, 2 * STEP * tall)
    low, high = float(along[:, 0].min()) - 0.05 * tall, float(along[:, 0].max()) + 0.05 * tall
    middle = edge + np.array([(low + high) / 2, deep / 2]) @ axes
    half = np.array([(high - low) / 2, deep / 2])
    return [Block(middle, axes, half, float(points[:, 1].max()) + 0.012 * tall, floor)]


def _modelled(light: LightField, normal: torch.Tensor, opened: torch.Tensor) -> torch.Tensor:
    """(h, w, 3) shading: half by the photo's light as far as it is known, the rest by soft light from above, so that a
    side without any light of the key still shows its shape."""
    shape = normal.shape
    known = light.shading(normal.reshape(-1, 3), None, opened.reshape(-1)).reshape(shape)
    above = light.mean * (1.1 - 0.5 * normal[..., 1:2]) * opened[..., None]
    return torch.lerp(above, known, 0.5 * light.confidence)


def _closeness(person: torch.Tensor, tall: float) -> torch.Tensor:
    """(1, 1, h, w) what of the light is left on a seat beside and under the person (1, 1, h, w) on it."""
    shade = torch.ones_like(person)
    for share, sigma, down in CLOSE:
        # As broad a blur is the same on a grid of a third of its deviation.
        cell = max(1, int(sigma * tall / 3))
        small = F.avg_pool2d(person, cell, ceil_mode=True, count_include_pad=False)
        by = max(1, round(down * tall / cell))
        below = F.pad(small, (0, 0, by, 0))[..., : small.shape[-2], :]
        soft = gaussian(below[0], sigma * tall / cell)[None]
        wide = F.interpolate(soft, scale_factor=cell, mode="bilinear", align_corners=False)
        shade = shade * (1 - share * wide[..., : person.shape[-2], : person.shape[-1]])
    return shade


def _beside(piece: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """(1, 3, h, w) the picture with what lies beside the person going on into their edge."""
    free = (alpha < 0.02).float()
    window = {"kernel_size": 2 * NEARBY + 1, "stride": 1, "padding": NEARBY}
    mean = F.avg_pool2d(piece * free, **window) / F.avg_pool2d(free, **window).clamp(min=1e-6)
    return torch.where((free > 0) | (F.avg_pool2d(free, **window) == 0), piece, mean)
