"""A batch of photographed people, each moved into its own new pose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from .geometry.layers import Regions
from .geometry.skeleton import Skeleton
from .geometry.warp import Correspondence, Warped, warp

GREY = 0.5
"""What a person stands on where no background is given."""


@dataclass(frozen=True, eq=False)
class MovedPeople:
    """picture (B, 3, H, W); person, visible and hidden (B, 1, H, W), the two adding up to the first."""

    picture: torch.Tensor
    person: torch.Tensor
    visible: torch.Tensor
    hidden: torch.Tensor
    correspondences: list[Correspondence]


def moved_people(
    pictures: torch.Tensor,
    mattes: torch.Tensor,
    sources: Sequence[Skeleton],
    targets: Sequence[Skeleton],
    regions: Sequence[Regions] | None = None,
    backgrounds: torch.Tensor | None = None,
    progress: Callable[[float], None] | None = None,
) -> MovedPeople:
    """pictures (B, 3, H, W), mattes (B or 1, 1, H, W), backgrounds (B or 1, 3, H, W); skeletons and regions
    per picture, or one for all. ValueError, with both sizes or counts, for what does not fit together.
    """
    if backgrounds is None:
        backgrounds = torch.full_like(pictures[:1], GREY)
    count, size = len(pictures), tuple(pictures.shape[-2:])
    given = {
        "masks": mattes,
        "source skeletons": sources,
        "target skeletons": targets,
        "backgrounds": backgrounds,
    }
    given |= {} if regions is None else {"regions": regions}
    fitting = {what: _each(values, count, what) for what, values in given.items()}
    for what, found in _sizes(mattes, sources, targets, regions, backgrounds):
        if tuple(found) != size:
            raise ValueError(
                f"the picture has {size[1]} x {size[0]} pixels, the {what} {found[1]} x {found[0]}: make"
                " everything from the same picture"
            )
    moved = []
    for i in range(count):
        one = [fitting[what][i] for what in ("source skeletons", "target skeletons")]
        own = fitting["regions"][i] if regions is not None else None
        matte = fitting["masks"][i][None]
        moved.append(warp(pictures[i : i + 1], matte, *one, regions=own, progress=_part(progress, i, count)))
    return _together(moved, fitting["backgrounds"])


def _each(values: Sequence, count: int, what: str) -> Sequence:
    if len(values) not in (1, count):
        raise ValueError(f"{count} pictures, but {len(values)} {what}: connect one for all, or one for each")
    return values if len(values) == count else [values[0]] * count


def _sizes(mattes, sources, targets, regions, backgrounds) -> list[tuple[str, tuple[int, int]]]:
    """(what, (height, width)) of everything that must have the picture's size."""
    found = [("mask", mattes.shape[-2:]), ("background", backgrounds.shape[-2:])]
    found += [("source skeleton's canvas", skeleton.canvas) for skeleton in sources]
    found += [("target skeleton's canvas", skeleton.canvas) for skeleton in targets]
    return found + [("regions", one.hair.shape[-2:]) for one in regions or ()]


def _part(progress: Callable[[float], None] | None, index: int, count: int) -> Callable[[float], None] | None:
    return None if progress is None else lambda fraction: progress((index + fraction) / count)


def _together(moved: list[Warped], backgrounds: Sequence[torch.Tensor]) -> MovedPeople:
    pairs = zip(moved, backgrounds, strict=True)
    person = torch.cat([one.alpha for one in moved])
    hidden = torch.cat([one.hidden for one in moved])
    return MovedPeople(
        torch.cat([one.over(background[None]) for one, background in pairs]),
        person,
        (person - hidden).clamp(0, 1),
        hidden,
        [one.correspondence for one in moved],
    )
