"""Occlusion Fill: hidden places of a reposed picture, completed from what the photo shows of the same things."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import torch

from ..batches import Progress, part
from ..geometry import field
from ..geometry.garments import NUMBER, GarmentMap
from ..geometry.microtexture import smooth_colours
from ..geometry.parts import LAYERS
from ..geometry.patchwork import Hole, Textures, patched
from ..geometry.warped import Correspondence, Warped
from ..models.autoencoder import MaskedAutoencoder
from .guess import Unseen, guessed
from .photo import WOVEN, Photo
from .scene import SOLID, Scene, fabrics, scale_of, scene_of, span
from .surface import SurfaceFill

FAINT = 0.02
"""Share of a pixel from which on there is somebody."""
EDGE = 2
"""Pixels of the person's soft edge that go with what was filled beside them."""
MOSTLY, SQUARE = 0.6, 0.5
"""Share of its surround that must be known, too, for a pixel to be shown again; and cosine to the camera from which on
what was filled is kept: its pixels lie two apart at most. By eye."""
ALIKE = tuple(NUMBER[name] for name in (*WOVEN, "hair"))
"""Regions whose parts look alike; on a shoe pieces of it would be a camouflage."""
COLOURS = ("warp", "continued", "autoencoder")


@dataclass(frozen=True)
class FillOptions:
    """colours  whose smooth colours the texture is laid on: "warp" those that the picture has there, "continued" a
             membrane over each hole, "autoencoder" the masked autoencoder's
    texture  patches of what was seen; without it the smooth colours alone
    """

    colours: str = "warp"
    texture: bool = True

    def __post_init__(self):
        if self.colours not in COLOURS:
            raise ValueError(f'colours is "{self.colours}", expected one of {", ".join(COLOURS)}')


@dataclass(frozen=True, eq=False)
class Filled:
    """picture (1, 3, H, W); filled (1, 1, H, W) 1 where it was made up; surface: what is known of the body now."""

    picture: torch.Tensor
    filled: torch.Tensor
    surface: SurfaceFill


def filled(
    picture: torch.Tensor,
    person: torch.Tensor,
    found: Correspondence,
    clothes: GarmentMap | None = None,
    options: FillOptions | None = None,
    network: MaskedAutoencoder | None = None,
    surface: SurfaceFill | None = None,
    hidden: torch.Tensor | None = None,
    pure: bool = False,
    photo: Photo | None = None,
    progress: Progress = None,
) -> Filled:
    """picture (1, 3, H, W) with the person (1, 1, H, W); found where it comes from; clothes the photo's; network for
    the colours "autoencoder"; surface: what was filled of the same body before, which is shown again; hidden
    (1, 1, H, W) what was not seen, from the correspondence by default; photo: the photo itself, for what the picture
    shows too little of to copy; pure: the picture is the person's colour everywhere, not laid on a background.

    Where nothing is hidden the picture is given back as it is. ValueError as `scene_of`.
    """
    tell = progress or (lambda fraction: None)
    options, known_before = options or FillOptions(), surface or SurfaceFill.empty()
    mask = None if hidden is None else hidden[0, 0]
    scene = scene_of(picture[0], person[0, 0], found, clothes, mask, FAINT if pure else SOLID)
    if not bool(scene.wanted.any()):
        tell(1.0)
        return Filled(picture, torch.zeros_like(person), known_before)
    box = _box(scene, scene.stature)
    cut, soft = _cut(scene, box), person[0, 0][box]
    again, shown = _shown_before(cut, known_before)
    start = replace(cut, picture=torch.where(again, shown, cut.picture), wanted=cut.wanted & ~again)
    texture = None
    if photo is not None and scene.dressed:
        texture = partial(photo.texture, scale=scale_of(found, found.part), stature=scene.stature)
    made = _made(start, clothes, options, network, texture, part(progress, 0.1, 0.9))
    after = known_before.with_points(*_fresh(start, made))
    out = picture.clone()
    rows, columns = box
    out[0, :, rows, columns] = _laid(cut, made, soft, cut.picture)
    marked = torch.zeros_like(person)
    marked[0, 0, rows, columns] = cut.wanted.float()
    tell(1.0)
    return Filled(out, marked, after)


def completed(
    moved: Warped,
    clothes: GarmentMap | None,
    surface: SurfaceFill | None = None,
    progress: Progress = None,
    picture: torch.Tensor | None = None,
) -> tuple[Warped, SurfaceFill]:
    """The moved person with what was never seen filled, and what is known of the body's surface now; as it is where all
    of it is hidden, for then there is nothing to fill it from. picture (1, 3, H, W): the photo."""
    solid = moved.alpha[0, 0] > FAINT
    known = surface or SurfaceFill.empty()
    if not bool((solid & (moved.correspondence.visible > 0.5)).any()):
        return moved, known
    found = filled(
        moved.colour,
        moved.alpha,
        moved.correspondence,
        clothes,
        surface=known,
        pure=True,
        photo=Photo.of(picture, clothes),
        progress=progress,
    )
    return replace(moved, colour=found.picture), found.surface


def _box(scene: Scene, margin: float) -> tuple[slice, slice]:
    """The rows and columns with all that is wanted, and what it may be filled from."""
    near = scene.wanted | scene.known
    sides = []
    for axis in (0, 1):
        line = scene.wanted.any(1 - axis)
        lines = torch.nonzero(line).flatten()
        among = torch.nonzero(near.any(1 - axis)).flatten()
        low = max(int(among[0]) - 2, int(lines[0]) - round(margin), 0)
        high = min(int(among[-1]) + 3, int(lines[-1]) + 1 + round(margin), len(line))
        sides.append(slice(min(low, int(lines[0])), max(high, int(lines[-1]) + 1)))
    return sides[0], sides[1]


def _cut(scene: Scene, box: tuple[slice, slice]) -> Scene:
    maps = {
        name: getattr(scene, name)[box] for name in ("solid", "wanted", "known", "source", "label", "layer")
    }
    maps["points"] = scene.points[box]
    maps |= {name: getattr(scene, name)[:, box[0], box[1]] for name in ("picture", "normal")}
    return replace(scene, **maps)


def _shown_before(scene: Scene, surface: SurfaceFill) -> tuple[torch.Tensor, torch.Tensor]:
    """(h, w) bool which wanted pixels show what was filled before, and (3, h, w) their colours: the detail of then on
    the smooth colours of now."""
    again, colour = torch.zeros_like(scene.wanted), torch.zeros_like(scene.picture)
    if len(surface):
        y, x = torch.nonzero(scene.wanted, as_tuple=True)
        values, there = surface.at(scene.points[y, x], scene.layer[y, x])
        again[y, x] = there
        smooth = _smooth(scene, scene.picture)
        colour[:, y, x] = (smooth[:, y, x] + values.T).clamp(0, 1)
        # Single pixels among fresh ones would be specks.
        again &= field.box_blur(again[None].float(), EDGE)[0] > MOSTLY
    return again, colour


def _made(
    scene: Scene,
    clothes: GarmentMap | None,
    options: FillOptions,
    network,
    texture: Textures,
    progress: Progress,
) -> torch.Tensor:
    """(3, h, w) the picture with what is still wanted filled."""
    if not bool(scene.wanted.any()):
        return scene.picture
    guess, rest = scene.picture, progress
    if options.colours == "autoencoder":
        if network is None:
            raise ValueError('colours "autoencoder" needs the network: models.autoencoder.shipped() gives it')
        guess, rest = (
            guessed(_unseen(scene, clothes), network, part(progress, 0, 0.4)),
            part(progress, 0.4, 1),
        )
    elif options.colours == "continued":
        guess = _unseen(scene, clothes).continued()
    guess = torch.where(scene.wanted, guess, scene.picture)
    if not options.texture:
        return guess
    label = torch.where(scene.wanted | scene.known, scene.label, -1)
    hole = Hole(guess, scene.wanted, scene.source, label, scene.stature, scene.known, texture)
    return patched(hole, rest, ALIKE if scene.dressed else None)


def _unseen(scene: Scene, clothes: GarmentMap | None) -> Unseen:
    there = scene.known | scene.wanted
    columns, rows = (torch.nonzero(there.any(axis)).flatten().float() for axis in (0, 1))
    region = scene.label if scene.dressed else torch.zeros_like(scene.label)
    return Unseen(
        scene.picture, scene.known, scene.wanted, region, fabrics(clothes, scene.label), scene.normal,
        (float(columns.median()), float(rows[0])), scene.stature,
    )  # fmt: skip


def _smooth(scene: Scene, picture: torch.Tensor) -> torch.Tensor:
    """(3, h, w) a picture's smooth colours, of each label and sheet by itself."""
    out, there = picture.clone(), scene.known | scene.wanted
    thing = torch.where(there, scene.label * len(LAYERS) + scene.layer, -1)
    for number in torch.unique(thing[scene.wanted]).tolist():
        own = thing == number
        rows, columns = span(own)
        smooth = smooth_colours(picture[:, rows, columns], own[rows, columns], scene.stature)
        out[:, rows, columns] = torch.where(own[rows, columns], smooth, out[:, rows, columns])
    return out


def _fresh(scene: Scene, made: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points (n, 3), layers (n,) and detail (n, 3) of what was filled now and is seen squarely enough to be shown from
    elsewhere."""
    y, x = torch.nonzero(scene.wanted & (scene.normal[2].abs() > SQUARE), as_tuple=True)
    detail = made - _smooth(scene, made)
    return scene.points[y, x], scene.layer[y, x], detail[:, y, x].T


def _laid(scene: Scene, made: torch.Tensor, soft: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    """(3, h, w) the picture with what was made in it; the person's soft edge beside it, which is partly background,
    changes by as much as the nearest pixel that was filled does, times its share."""
    made = _without_steps(scene, made)
    change = torch.where(scene.wanted, made - picture, 0)
    edge = (soft > FAINT) & ~scene.solid & (field.dilate(scene.wanted.float(), EDGE) > 0)
    if bool(edge.any()):
        near = field.box_blur(torch.cat((change, scene.wanted[None].float())), EDGE)
        change = torch.where(edge, soft * near[:3] / near[3:].clamp(min=1e-6), change)
    return torch.where(change != 0, (picture + change).clamp(0, 1), picture)


def _without_steps(scene: Scene, made: torch.Tensor) -> torch.Tensor:
    """(3, h, w) what was made, even across the lines at which one thing begins and another ends: those are drawn
    between whole pixels, which would be steps."""
    line = torch.zeros_like(scene.wanted)
    for axis in (0, 1):
        n = line.shape[axis] - 1
        parts = [(scene.label.narrow(axis, i, n), scene.wanted.narrow(axis, i, n)) for i in (0, 1)]
        other = (parts[0][0] != parts[1][0]) & (parts[0][0] >= 0) & (parts[1][0] >= 0)
        other &= parts[0][1] | parts[1][1]
        for i in (0, 1):
            line.narrow(axis, i, n).logical_or_(other)
    if not bool(line.any()):
        return made
    there = scene.solid.float()[None]
    even = torch.cat((made * there, there))
    for _ in range(2):
        even = field.box_blur(even, 1)
    near = scene.wanted & (field.dilate(line.float(), 1) > 0)
    return torch.where(near, even[:3] / even[3:].clamp(min=1e-6), made)
