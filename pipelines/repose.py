"""Put a photographed person into a new pose: the whole chain, from the photo and a pose to the reposed photo."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from .background import restore_background
from .batches import Progress, part
from .files import appearing
from .geometry.library import load_pose, pose_names
from .geometry.retarget import Pose
from .geometry.skeleton import Skeleton
from .geometry.warp import Correspondence, warp
from .models import weights
from .native import resized, with_detail, working_size
from .picture import read_picture, write_picture
from .pose_files import read_pose_file
from .pose_pictures import people_in
from .posing import retargeted
from .read import Reader, Reading, load_reader

READING, DETAIL = 0.3, 0.9
"""Where in the progress the reading of a photo ends, and where bringing back a large one's detail starts."""

PLACES = ("source", "target")


@dataclass(frozen=True)
class ReposeOptions:
    """place    "source": the person stands where they stood; "target": where the pose's own picture has them
    person   which of several people, 0 = the largest
    """

    place: str = "source"
    person: int = 0

    def __post_init__(self):
        if self.place not in PLACES:
            raise ValueError(f'place is "{self.place}", expected one of {", ".join(PLACES)}')


@dataclass(frozen=True, eq=False)
class Reposed:
    """The result and what it was made of.

    picture (1, 3, H, W) sRGB; person, hidden (1, 1, H, W) the reposed person's matte and the share of it that the
    photo never showed; background (1, 3, H, W) without the person; target the posed skeleton.
    """

    picture: torch.Tensor
    person: torch.Tensor
    hidden: torch.Tensor
    background: torch.Tensor
    correspondence: Correspondence
    source: Reading
    target: Skeleton
    notes: tuple[str, ...]

    def report(self) -> dict:
        """Plain numbers for a JSON file."""
        seen = self.person.sum()
        share = float(self.hidden.sum() / seen.clamp(min=1)) if float(seen) else 0.0
        return {
            "keypoints": self.source.keypoints.source,
            "notes": list(self.notes),
            "size": list(self.picture.shape[-2:][::-1]),
            "person_pixels": int(seen),
            "hidden_share": round(share, 4),
            "source_points": np.round(self.source.keypoints.points, 2).tolist(),
            "target_points": np.round(self.target.project().points, 2).tolist(),
        }


def repose(
    picture: torch.Tensor,
    reading: Reading,
    pose: Pose,
    options: ReposeOptions = ReposeOptions(),
    progress: Progress = None,
    background: torch.Tensor | None = None,
) -> Reposed:
    """The person of `picture` (1, 3, H, W) in another pose, in the same picture; its background where it is known."""
    tell = progress or (lambda fraction: None)
    target, notes = retargeted(reading.skeleton, pose, options.place)
    if background is None:
        background = restore_background(picture, reading.matte, lambda f: tell(0.45 * f))
    moved = warp(
        picture,
        reading.matte,
        reading.skeleton,
        target,
        regions=reading.regions,
        progress=lambda f: tell(0.45 + 0.5 * f),
    )
    result = moved.over(background, picture)
    tell(1.0)
    return Reposed(
        result,
        moved.alpha,
        moved.hidden,
        background,
        moved.correspondence,
        reading,
        target,
        reading.keypoints.notes + notes,
    )


def repose_picture(
    picture: torch.Tensor,
    reader: Reader,
    pose: Pose,
    options: ReposeOptions,
    progress: Progress = None,
    known: Reposed | None = None,
) -> Reposed:
    """Read (1, 3, H, W) and repose the person in it, from one picture to another of the same size.

    known is an earlier result from the same picture: its reading and background are used again.

    Very large pictures are worked on at `native.working_size` and given the photo's detail back at the end: the
    reading, the target, the background and the correspondence are then in working pixels.
    """
    small = resized(picture, working_size(tuple(picture.shape[-2:])))
    if known is None:
        reading, room = reader.read(small, options.person, part(progress, 0, READING)), None
    else:
        reading, room = known.source, known.background
    large = small is not picture
    reposed = repose(small, reading, pose, options, part(progress, READING, DETAIL if large else 1), room)
    if not large:
        return reposed
    found = reposed.correspondence
    size = tuple(picture.shape[-2:])
    return replace(
        reposed,
        picture=with_detail(
            picture, small, reposed.picture, found.source, found.visible, part(progress, DETAIL, 1)
        ),
        person=resized(reposed.person, size),
        hidden=resized(reposed.hidden, size),
    )


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
