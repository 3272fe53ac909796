"""A list of poses as an artist writes it: a pose a line, whole folders, names of one's own."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..geometry.library import pose_names
from ..geometry.retarget import Pose
from ..pose_files import named_pose

MOST = 256
"""Poses of one list: the photos of a batch are kept in memory."""
COMMENT, NAMED, MIRRORED, ANY = "#", "=", " mirrored", "*"


def listed_poses(text: str, folders: Sequence[Path] = ()) -> list[Pose]:
    """The poses of a text, each under the name that the list gives it.

    A line is `catalogue/front`, `front = catalogue/front`, `seated/*` (all that match), and any of them with
    `mirrored` at its end; what follows a # is a remark. Poses of an artist's own lie in `folders`. ValueError with the
    line for what is no pose, for two of one name, and for none or more than MOST.
    """
    found: dict[str, Pose] = {}
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition(COMMENT)[0].strip()
        for name, pose in _line(said, number, folders) if said else ():
            if name in found:
                raise ValueError(
                    f'line {number}: "{name}" is there twice: give one of them another name, as in "{name} 2 = ..."'
                )
            found[name] = replace(pose, name=name)
    if not 1 <= len(found) <= MOST:
        raise ValueError(
            f"the list has {len(found)} poses, expected 1 to {MOST}: write one a line, as in catalogue/front"
        )
    return list(found.values())


def names_of(poses: Sequence[Pose]) -> str:
    """The poses' names, one a line: captions and file names."""
    return "\n".join(pose.name for pose in poses)


def _line(said: str, number: int, folders: Sequence[Path]) -> list[tuple[str, Pose]]:
    """The poses of one line by their names."""
    label, named, wanted = said.rpartition(NAMED)
    label, wanted = label.strip(), wanted.strip()
    mirrored = wanted.lower().endswith(MIRRORED)
    wanted = wanted[: -len(MIRRORED)].rstrip() if mirrored else wanted
    chosen = _chosen(wanted, number, folders)
    if named and (not label or len(chosen) > 1):
        raise ValueError(
            f'line {number}: "{said}" should give one pose a name, found {len(chosen)} poses and the name'
            f' "{label}": write NAME = POSE'
        )
    poses = [(name, named_pose(name, folders)) for name in chosen]
    return [
        (label or (name + MIRRORED if mirrored else name), pose.mirrored() if mirrored else pose)
        for name, pose in poses
    ]


def _chosen(wanted: str, number: int, folders: Sequence[Path]) -> list[str]:
    """The full names of poses that a line means."""
    there = pose_names(folders)
    if ANY in wanted:
        same = fnmatch.filter(there, wanted)
    else:
        same = [name for name in there if wanted in (name, name.rpartition("/")[2])]
        same = [wanted] if wanted in there else same
    if len(same) > 1 and ANY not in wanted:
        raise ValueError(f'line {number}: "{wanted}" may be {" or ".join(same)}: say which')
    if not same:
        like = difflib.get_close_matches(
            wanted, [*there, *(name.rpartition("/")[2] for name in there)], 3, 0.5
        )
        hint = f"did you mean {', '.join(like)}?" if like else "the list of Pose Library has all names"
        raise ValueError(f'line {number}: there is no pose "{wanted}"; {hint}')
    return same
