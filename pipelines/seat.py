"""What a seated person sits on: plain blocks as photo studios have them, drawn into the room behind the person.

A pose of a chair or a stool leaves a figure in the air where no chair is. A block of painted wood under it is what a
photographer would have brought: it is drawn with the photo's light, shades the floor around it, and hides nothing of
the person. All in pixels of the picture; x right, y down, z away from the camera, 0 at the pelvis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .batches import Progress, each, told
from .geometry.colour import encoded, linear
from .geometry.fill import gaussian
from .geometry.lighting import LightField
from .geometry.retarget import Pose
from .geometry.seat import Block, Eye, Seat, seat_of
from .geometry.skeleton import Skeleton
from .light.batch import figure_on
from .shadow import WHITE

DRAWN = "a plain block was drawn to sit on: switch `seat` off to paint a chair of your own"
"""What the artist is told."""
AROUND = 0.4
"""Statures around a seat within which it shades the floor."""
SHADED = 0.95
"""What is left of the light on a floor that counts as shaded."""
ALBEDO = (0.80, 0.78, 0.75)
"""Linear: matt white paint, a little warm."""
MEAN_GREY = 0.18
"""Linear: what surfaces send back of their light on the whole; a photographer's grey card."""
ABOVE, SIDEWAYS, KNOWN = 1.1, 0.5, 0.5
"""Soft light from above: on an upright side, against the mean of all sides, how much more on the top, and how far the
photo's own light takes its place where it is known. By eye."""
FOOT = 0.4, 0.06
"""The share of its light that a block's side loses at the floor, and the statures over which it gets it back. By
eye."""
CAST, TOUCH = (0.8, 0.5), (0.35, 0.012)
"""How much of the computed shade on the floor is laid, and for a wall of which share of the block's height; the dark
line where the block touches the floor, and the statures over which it fades. By eye."""
EDGE = 0.006
"""Fraction of stature over which the edges are rounded."""
SAMPLES = 2
"""Rays per pixel and axis."""
CLOSE = (0.45, 0.010, 0.008), (0.35, 0.035, 0.02)
"""How a person shades the seat: a share of the light, over how many statures, and from how far above; by eye."""
NEARBY = 4
"""Pixels over which what lies beside a person stands for what lies behind their edge."""


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


def drawn(seat: Seat, person: torch.Tensor, light: LightField) -> DrawnSeat | None:
    """The seat in a picture with that person (1, 1, H, W) on it, who shades it; None outside of the picture."""
    size = tuple(person.shape[-2:])
    window = seat.window(size, AROUND * seat.tall)
    if window is None:
        return None
    y0, y1, x0, x1 = window
    shade = _floor_shade(seat, window)[None, None]
    colour, cover = torch.zeros(1, 3, *shade.shape[-2:]), torch.zeros_like(shade)
    tight = seat.window(size)
    if tight is not None:
        inner = (..., slice(tight[0] - y0, tight[1] - y0), slice(tight[2] - x0, tight[3] - x0))
        colour[inner], cover[inner] = _seen(seat, tight, light)
        shaded = person[..., tight[0] : tight[1], tight[2] : tight[3]].cpu().float()
        colour[inner] = colour[inner] * _closeness(shaded, seat.tall)
    return DrawnSeat(window, size, colour, cover, shade)


def _seen(seat: Seat, window, light: LightField) -> tuple[torch.Tensor, torch.Tensor]:
    """(1, 3, h, w) linear colour and (1, 1, h, w) cover of the blocks."""
    ray = _rays(seat.eye, window, SAMPLES)
    nearest = torch.full(ray.shape[:2], torch.inf)
    colour = torch.zeros(*ray.shape[:2], 3)
    for block in seat.blocks:
        depth, normal, height = _met(seat, block, ray)
        nearer = depth < nearest
        nearest = torch.where(nearer, depth, nearest)
        # The floor takes light from what stands on it, and gives some of its own back.
        opened = 1 - FOOT[0] * torch.exp(-height / (FOOT[1] * seat.tall))
        shading = _modelled(light, normal, opened)
        colour = torch.where(nearer[..., None], shading * ray.new_tensor(ALBEDO), colour)
    hit = torch.isfinite(nearest).float()
    both = torch.cat((colour * hit[..., None], hit[..., None]), -1).permute(2, 0, 1)[None]
    both = F.avg_pool2d(both, SAMPLES)
    cover = both[:, 3:]
    return both[:, :3] / cover.clamp(min=1e-6), cover


def _rays(eye: Eye, window, samples: int) -> torch.Tensor:
    """(h * samples, w * samples, 3) directions of unit depth through the window's pixels."""
    y0, y1, x0, x1 = window
    y, x = (
        torch.arange((b - a) * samples) / samples + a + (0.5 / samples - 0.5) for a, b in ((y0, y1), (x0, x1))
    )
    x, y = torch.meshgrid((x - eye.column) / eye.distance, (y - eye.row) / eye.distance, indexing="xy")
    return torch.stack((x, y, torch.ones_like(x)), -1)


def _met(seat: Seat, block: Block, ray: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Depth (h, w) at which rays meet a block, inf where they miss it; the (h, w, 3) normal there, rounded at the
    edges, and its height (h, w) over the floor."""
    axes = torch.tensor(block.axes, dtype=torch.float32)
    origin = torch.tensor([seat.eye.column, seat.eye.row, seat.eye.at - seat.eye.distance])
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
    edge = EDGE * seat.tall / half
    near = ((at.abs() - (1 - edge)) / edge).clamp(0, 1)
    near = torch.where(side, 1.0, 0.7 * near.square()) * at.sign()
    own = F.normalize(near, dim=-1)
    normal = torch.zeros_like(own)
    normal[..., [0, 2]] = own[..., :2] @ axes
    normal[..., 1] = own[..., 2]
    height = block.bottom - (seat.eye.row + depth * ray[..., 1])
    return torch.where(hit, depth, torch.inf), normal, height.clamp(min=0)


def _floor_shade(seat: Seat, window) -> torch.Tensor:
    """(h, w) in (0, 1]: what of the light from all around the blocks leave to the floor and, little, to a wall.

    An endless wall of height H hides (1 - d / sqrt(d^2 + H^2)) / 2 of the light from all around, weighted by the
    cosine, from a floor at distance d: half of it at its foot.
    """
    ray = _rays(seat.eye, window, 1)
    # Where the floor is met: below the horizon.
    down = ray[..., 1].clamp(min=1e-4)
    depth = (seat.floor - seat.eye.row) / down
    place = torch.stack((seat.eye.column + depth * ray[..., 0], seat.eye.at - seat.eye.distance + depth), -1)
    shade = torch.ones(ray.shape[:2])
    for block in seat.blocks:
        axes = torch.tensor(block.axes, dtype=torch.float32)
        own = ((place - torch.tensor(block.middle, dtype=torch.float32)) @ axes.T).abs()
        away = (own - torch.tensor(block.half, dtype=torch.float32)).clamp(min=0).norm(dim=-1)
        high = CAST[1] * (block.bottom - block.top)
        lost = 0.5 * (1 - away / (away.square() + high**2).sqrt())
        touch = TOUCH[0] * torch.exp(-away / (TOUCH[1] * seat.tall))
        shade = torch.minimum(shade, (1 - CAST[0] * lost) * (1 - touch))
    return torch.where(ray[..., 1] > 1e-4, shade, 1.0)


def seat_under(
    target: Skeleton, pose: Pose, person: torch.Tensor, room: torch.Tensor, light: LightField | None
) -> DrawnSeat | None:
    """What a posed person of (1, 1, H, W) matte sits on; None where there is nothing to draw.

    light: the photo's; where it is None, as much from all sides as a `room` (1, 3, H, W) of mean brightness stands in.
    """
    seat = seat_of(target, pose)
    return None if seat is None else drawn(seat, person, light or _light_in(room))


def _light_in(room: torch.Tensor) -> LightField:
    """Flat light that makes grey of what a room (1, 3, H, W) shows on the whole."""
    level = linear(room.float()).mean() / MEAN_GREY
    return LightField.flat(torch.full((3,), float(level.clamp(max=1))))


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

    people (B or 1, 1, H, W) where they are; their skeletons, poses and lights for each picture, or one for all; a very
    large picture's skeleton may be of its working size. ValueError for counts and sizes that do not go together.
    """
    count, size = len(pictures), tuple(pictures.shape[-2:])
    masks, bodies = each(people.split(1), count, "person masks"), each(targets, count, "target skeletons")
    stances, fields = each(poses, count, "poses"), each(lights or [None], count, "lights")
    rows = list(zip(pictures.split(1), masks, bodies, stances, fields, strict=True))
    made, mattes = [], []
    for picture, mask, body, pose, light in told(rows, progress):
        if (other := tuple(mask.shape[-2:])) != size:
            raise ValueError(
                f"the picture has {size[1]} x {size[0]} pixels, the person mask {other[1]} x {other[0]}: connect the"
                " mask of this picture"
            )
        seat = seat_under(figure_on(body, picture), pose, mask, picture, light)
        made.append(picture if seat is None else seat.behind(picture, mask))
        mattes.append(torch.zeros_like(mask) if seat is None else seat.matte.to(mask))
    return torch.cat(made), torch.cat(mattes)


def _modelled(light: LightField, normal: torch.Tensor, opened: torch.Tensor) -> torch.Tensor:
    """(h, w, 3) shading: half by the photo's light as far as it is known, the rest by soft light from above, so that a
    side without any light of the key still shows its shape."""
    shape = normal.shape
    known = light.shading(normal.reshape(-1, 3), None, opened.reshape(-1)).reshape(shape)
    above = light.mean * (ABOVE - SIDEWAYS * normal[..., 1:2]) * opened[..., None]
    return torch.lerp(above, known, KNOWN * light.confidence)


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
