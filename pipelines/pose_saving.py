"""Poses, skeletons and keypoints into files of every format."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from .correct import standard
from .geometry.keypoints import Keypoints
from .geometry.library import safe_name, save_pose
from .geometry.retarget import Pose, pose_of
from .geometry.skeleton import Skeleton
from .lift import pose_in
from .pose_files import write_keypoints_file, write_pose_file

Figure = Pose | Skeleton | Keypoints

MINE = "my poses"
SUFFIX = {
    "pose": ".json",
    "BVH": ".bvh",
    "OpenPose": ".json",
    "COCO-WholeBody": ".json",
    "OpenPose picture": ".png",
}
FORMATS = (MINE, *SUFFIX)
"""my poses: into the artist's own pose list; the others into the output folder."""


def save_figures(figures: Sequence[Figure], name: str, format: str, mine: Path, output: Path) -> list[Path]:
    """Writes figures and returns their files; nothing is overwritten: a second "walk" becomes "walk 2".

    BVH takes all figures as one clip, the JSON formats as one file with a frame each; pictures and poses of the
    artist's own list become one file each. Raises ValueError for an unknown format or an empty list.
    """
    if format not in FORMATS or not figures:
        raise ValueError(
            f"{len(figures)} poses as {format!r}: expected at least one, as {', '.join(FORMATS)}"
        )
    if format == MINE:
        return [save_pose(posed(one), mine, name) for one in figures]
    stem, suffix = safe_name(name), SUFFIX[format]
    if format in ("pose", "BVH"):
        return [write_pose_file([posed(one) for one in figures], free_path(output, stem, suffix))]
    people = [[keypoints_of(one)] for one in figures]
    if format == "OpenPose picture":
        return [write_keypoints_file([frame], free_path(output, stem, suffix)) for frame in people]
    kind = "coco" if format == "COCO-WholeBody" else "openpose"
    return [write_keypoints_file(people, free_path(output, stem, suffix), kind)]


def posed(figure: Figure) -> Pose:
    """The pose alone."""
    if isinstance(figure, Pose):
        return figure
    return pose_in(figure) if isinstance(figure, Keypoints) else pose_of(figure)


def keypoints_of(figure: Figure) -> Keypoints:
    """133 landmarks in a picture; a pose's on the standard body."""
    if isinstance(figure, Keypoints):
        return figure
    return (standard(figure) if isinstance(figure, Pose) else figure).project()


def free_path(folder: Path, stem: str, suffix: str) -> Path:
    """A file that is not there yet."""
    names = (stem if number == 1 else f"{stem} {number}" for number in count(1))
    return next(path for path in (Path(folder) / f"{name}{suffix}" for name in names) if not path.exists())
