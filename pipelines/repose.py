"""Put a photographed person into a new pose: the whole chain, from the photo and a pose to the reposed photo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import numpy as np
import torch

from .background import ON_PAPER, restore_background
from .batches import Progress, part
from .files import appearing
from .filling.fill import completed
from .filling.surface import SurfaceFill
from .framing import Box, Canvas, Framing, cut_sides, extended, posed_box
from .geometry.best_view import OtherView
from .geometry.garments import GarmentMap
from .geometry.library import load_pose, pose_names
from .geometry.lighting import LightField
from .geometry.retarget import Pose
from .geometry.skeleton import Skeleton
from .geometry.warped import Correspondence, Warped
from .light.photo import PhotoLight, light_of
from .light.relight import RelightOptions
from .light.shadows import Shadows, shadows_of
from .models import weights
from .native import moved_by, resized, shown, with_detail, working_size
from .picture import read_picture, write_picture
from .pose_files import read_pose_file
from .pose_pictures import people_in
from .posing import retargeted
from .read import Reader, Reading, load_reader
from .seat import DRAWN, DrawnSeat, seat_under

READING, DETAIL = 0.3, 0.9
"""Where in the progress the reading of a photo ends, and where bringing back a large one's detail starts."""

ENOUGH = 0.55
"""Coverage under which a result is more guess than photo, and the artist is told so."""

PLACES = ("source", "target")


@dataclass(frozen=True)
class ReposeOptions:
    """place    "source": the person stands where they stood; "target": where the pose's own picture has them
    person   which of several people, 0 = the largest
    framing  whether the frame may grow or change its shape; as it is by default
    relight  how far what moved is lit as the photo is; 0 leaves every pixel as it was photographed
    fill     whether what the photo never showed gets texture of what it shows of the same things
    seat     whether a pose of a chair or a stool gets a plain block to sit on
    """

    place: str = "source"
    person: int = 0
    framing: Framing = Framing()
    relight: RelightOptions = RelightOptions()
    fill: bool = True
    seat: bool = True

    def __post_init__(self):
        if self.place not in PLACES:
            raise ValueError(f'place is "{self.place}", expected one of {", ".join(PLACES)}')


@dataclass(frozen=True, eq=False)
class Reposed:
    """The result and what it was made of.

    picture (1, 3, H, W) sRGB; person, hidden (1, 1, H, W) the reposed person's matte and the share of it that the
    photo never showed; background (1, 3, h, w) the photo without the person and their shadows; target the posed
    skeleton; second the other photo that was used; canvas how the picture lies round the photo; light the photo's,
    where it was asked for; shadows those that the photo shows; surface what was filled of the body.
    """

    picture: torch.Tensor
    person: torch.Tensor
    hidden: torch.Tensor
    background: torch.Tensor
    correspondence: Correspondence
    source: Reading
    target: Skeleton
    notes: tuple[str, ...]
    second: OtherView | None = None
    canvas: Canvas = Canvas()
    light: PhotoLight | None = None
    shadows: Shadows | None = None
    surface: SurfaceFill = SurfaceFill.empty()

    @property
    def coverage(self) -> float:
        """In [0, 1], how much of the reposed person really comes from the photos."""
        return coverage(self.person, self.hidden)

    @property
    def garments(self) -> GarmentMap:
        """The photo's clothes; a map with nobody in it of a drawing."""
        known, matte = self.source.regions.garments, self.source.matte
        return known or GarmentMap(torch.zeros_like(matte, dtype=torch.uint8), torch.zeros_like(matte), matte)

    @property
    def field(self) -> LightField:
        """The photo's light; even light where it was not asked for."""
        return LightField.flat() if self.light is None else self.light.field

    def report(self) -> dict:
        """Plain numbers for a JSON file."""
        covered = self.coverage
        return {
            "keypoints": self.source.keypoints.source,
            "notes": list(self.notes),
            "size": list(self.picture.shape[-2:][::-1]),
            "person_pixels": int(self.person.sum()),
            "hidden_share": round(1 - covered, 4),
            "coverage": round(covered, 4),
            "source_points": np.round(self.source.keypoints.points, 2).tolist(),
            "light": None if self.light is None else self.light.field.report(),
            "target_points": np.round(self.target.project().points, 2).tolist(),
        }


def coverage(person: torch.Tensor, hidden: torch.Tensor) -> float:
    """In [0, 1], the share of the person's area that is not hidden; 1 where there is no person and so no guess."""
    return float(1 - hidden.sum() / person.sum()) if float(person.sum()) else 1.0


def thin(share: float) -> str:
    """What the artist is told of a coverage under ENOUGH; nothing otherwise."""
    if share >= ENOUGH:
        return ""
    return (
        f"only {share:.0%} of the person comes from the photo: go over the result with a checkpoint, where the hidden"
        " mask is white, or give a second photo from the other side"
    )


def repose(
    picture: torch.Tensor,
    reading: Reading,
    pose: Pose,
    options: ReposeOptions = ReposeOptions(),
    progress: Progress = None,
    background: torch.Tensor | None = None,
    rigid: torch.Tensor | None = None,
    second: OtherView | None = None,
    canvas: Canvas | None = None,
    light: PhotoLight | None = None,
    shadows: Shadows | None = None,
    surface: SurfaceFill | None = None,
) -> Reposed:
    """The person of `picture` (1, 3, H, W) in another pose, in the same picture; its background where it is known.

    rigid (1, 1, H, W) prints, logos, buttons; second the person from another side: see `geometry.warp`, `best_view`.
    canvas is the frame where it is known, else it follows from the pose and options.framing; light and shadows the
    photo's, where they are known; surface what an earlier pose filled of this body, which is shown again.
    """
    tell = progress or (lambda fraction: None)
    target, notes = retargeted(reading.skeleton, pose, options.place)
    if canvas is None:
        canvas = canvas_for([reading], [target], options.framing)
    target = canvas.moved(target)
    own = shadows or shadows_of(picture, reading.matte, reading.skeleton)
    if background is None:
        how = ON_PAPER if reading.skeleton.flat else None
        background = restore_background(own.lifted(picture), reading.matte, lambda f: tell(0.35 * f), how)
    room = extended(background, canvas, lambda f: tell(0.35 + 0.1 * f))
    moved = moved_by(
        picture,
        reading.matte,
        reading.skeleton,
        target,
        second,
        size=tuple(room.shape[-2:]),
        regions=reading.regions,
        progress=lambda f: tell(0.45 + 0.4 * f),
        rigid=rigid,
    )
    origin = canvas.left, canvas.top
    moved = replace(moved, correspondence=replace(moved.correspondence, origin=origin))
    if options.fill and not reading.skeleton.flat:
        clothes = None if reading.regions is None else reading.regions.garments
        moved, surface = completed(moved, clothes, surface, lambda f: tell(0.85 + 0.1 * f), picture)
    if light is None and options.relight.strength > 0:
        light = light_of(picture, reading.matte, reading.skeleton, reading.regions, own.key_direction)
    if light is not None:
        moved = light.on(moved, reading.regions, options.relight)
    field = None if light is None else light.field
    seat = seat_under(target, pose, moved.alpha, room, field) if options.seat else None
    result = _in_room(moved, room, own.on(canvas), picture, reading.matte, canvas, target, pose, seat)
    tell(1.0)
    return Reposed(
        result,
        moved.alpha,
        moved.hidden,
        background,
        moved.correspondence,
        reading,
        target,
        reading.keypoints.notes + notes + (() if seat is None else (DRAWN,)),
        second,
        canvas,
        light,
        own,
        surface or SurfaceFill.empty(),
    )


def _in_room(
    moved: Warped,
    room: torch.Tensor,
    shadows: Shadows,
    picture: torch.Tensor,
    matte: torch.Tensor,
    canvas: Canvas,
    target: Skeleton,
    pose: Pose,
    seat: DrawnSeat | None,
) -> torch.Tensor:
    """(1, 3, h, w) the moved person in the room, on the seat, under the shades of both; what did not move is the
    photo's."""
    solid = moved.alpha if seat is None else torch.maximum(moved.alpha, seat.matte.to(moved.alpha))
    shades = shadows.under(target, solid, pose.contacts)
    photo = shadows.changed(picture, matte, shades) if canvas == Canvas() else None
    room = shadows.laid(room, shades, canvas.laid(picture))
    result = moved.over(room, photo)
    return result if seat is None else seat.behind(result, moved.alpha, room)


def canvas_for(readings: Sequence[Reading], targets: Sequence[Skeleton], framing: Framing) -> Canvas:
    """One frame for people of photos of one size, each in a target pose of its own."""
    pairs = list(zip(readings, targets, strict=True))
    if framing == Framing() or not pairs:
        return Canvas()
    boxes = [posed_box(reading.matte, reading.skeleton, target) for reading, target in pairs]
    cut = {side for reading in readings for side in cut_sides(reading.matte)}
    return framing.canvas(readings[0].skeleton.canvas, reduce(Box.with_, boxes), tuple(cut))


def repose_picture(
    picture: torch.Tensor,
    reader: Reader,
    pose: Pose,
    options: ReposeOptions,
    progress: Progress = None,
    known: Reposed | None = None,
    rigid: torch.Tensor | None = None,
    second: OtherView | None = None,
    canvas: Canvas | None = None,
    reading: Reading | None = None,
) -> Reposed:
    """Read (1, 3, H, W) and repose the person in it, from one picture to another of the same size.

    known is an earlier result from the same picture: its reading and background are used again. rigid (1, 1, H, W)
    prints, logos, buttons; second the person from another side. canvas is the frame, and reading what `read_for` found,
    in working pixels, where they are known.

    Very large pictures are worked on at `native.working_size` and given the photo's detail back at the end: the
    reading, the target, the background and the correspondence are then in working pixels.
    """
    small = resized(picture, working_size(tuple(picture.shape[-2:])))
    room, light, shadows = (None,) * 3 if known is None else (known.background, known.light, known.shadows)
    if reading is None:
        reading = known.source if known else reader.read(small, options.person, part(progress, 0, READING))
    large = small is not picture
    marked = None if rigid is None else resized(rigid, tuple(small.shape[-2:]))
    most = part(progress, READING, DETAIL if large else 1)
    surface = None if known is None else known.surface
    reposed = repose(
        small, reading, pose, options, most, room, marked, second, canvas, light, shadows, surface
    )
    return _at_full_size(reposed, picture, small, part(progress, DETAIL, 1)) if large else reposed


def read_for(picture: torch.Tensor, reader: Reader, person: int) -> Reading:
    """What `repose_picture` reads of (1, 3, H, W), in working pixels."""
    return reader.read(resized(picture, working_size(tuple(picture.shape[-2:]))), person)


def _at_full_size(reposed: Reposed, photo: torch.Tensor, small: torch.Tensor, progress: Progress) -> Reposed:
    """The result of a picture that was worked on at a smaller size, with the photo's detail."""
    canvas, found = reposed.canvas, reposed.correspondence
    source = found.source
    if canvas != Canvas():
        wide = canvas.scaled(tuple(n / m for n, m in zip(photo.shape[-2:], small.shape[-2:], strict=True)))
        size = wide.size(tuple(photo.shape[-2:]))
        # Beyond the photo there is no detail: the enlarged result stands for it in both.
        known = wide.laid(torch.ones_like(photo[:, :1])) > 0
        photo = torch.where(known, wide.laid(photo), resized(reposed.picture, size))
        small = torch.where(
            canvas.laid(torch.ones_like(small[:, :1])) > 0, canvas.laid(small), reposed.picture
        )
        source = source + source.new_tensor([canvas.left, canvas.top])
    size = tuple(photo.shape[-2:])
    return replace(
        reposed,
        picture=with_detail(photo, small, reposed.picture, source, shown(found), progress),
        person=resized(reposed.person, size),
        hidden=resized(reposed.hidden, size),
    )


def other_view(picture: torch.Tensor, reader: Reader) -> OtherView:
    """The largest person of another photo (1, 3, h, w), read for what it shows better."""
    small = resized(picture, working_size(tuple(picture.shape[-2:])))
    found = reader.read(small)
    return OtherView(small, found.matte, found.skeleton, found.regions)


def pose_from(given: str, reader: Reader) -> Pose:
    """The pose that a name of the library, a pose file or a picture of somebody stands for."""
    listed = pose_names()
    if given in (*listed, *(name.rpartition("/")[2] for name in listed)):
        return load_pose(given)
    path = Path(given)
    if not path.is_file():
        names = ", ".join(listed)
        raise ValueError(f'"{given}" is neither a file nor one of the poses: {names}')
    return read_pose_file(
        path, most=1, read_people=lambda shown: people_in(shown, lambda: reader.keypoints.read)
    )[0]


def repose_file(
    photo: Path,
    pose: str,
    output: Path,
    report: Path | None = None,
    place: str = "source",
    models: Path = Path(),
) -> None:
    """Repose one photo from file to file; `models` is the folder of the weights.

    pose is a pose's name, a picture, or a pose file. The output has the photo's size. Nothing is written before
    everything is done. ValueError or WeightError says in one line what is wrong with what was given.
    """
    options = ReposeOptions(place)
    picture = read_picture(photo)
    reader = load_reader(lambda id: weights.find(id, [models]))
    reposed = repose_picture(picture, reader, pose_from(pose, reader), options)
    write_picture(reposed.picture, output)
    if report is not None:
        with appearing(Path(report)) as file:
            file.write_text(json.dumps(reposed.report(), indent=1), encoding="utf-8")
