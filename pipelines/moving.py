"""A batch of photographed people, each moved into its own new pose, and their rooms without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .background import restore_background
from .batches import Progress, common_count, each, share
from .geometry.layers import Regions
from .geometry.retarget import Pose
from .geometry.skeleton import Skeleton
from .geometry.warp import Correspondence, Warped
from .keypoints import describe
from .native import warped
from .read import Reader
from .repose import Reposed, ReposeOptions, repose_picture

GREY = 0.5
"""What a person stands on where no background is given."""
OWN_ROOM = 0.25
"""Share of what lies beside the person that is the photo's in its restored room: `background.KEPT_IN_VIEW` is more."""


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
    progress: Progress = None,
) -> MovedPeople:
    """pictures (B or 1, 3, H, W), mattes (B or 1, 1, H, W), backgrounds (B or 1, 3, H, W); skeletons and regions
    per picture, or one for all. ValueError, with both sizes or counts, for what does not fit together.
    """
    count = common_count(pictures=len(pictures), targets=len(targets))
    if backgrounds is None:
        backgrounds = torch.full_like(pictures[:1], GREY)
    _check_sizes(tuple(pictures.shape[-2:]), mattes, sources, targets, regions, backgrounds)
    masks, rooms = each(mattes, count, "masks"), each(backgrounds, count, "backgrounds")
    olds, news = each(sources, count, "source skeletons"), each(targets, count, "target skeletons")
    photos = each(pictures.split(1), count, "pictures")
    seen = [None] * count if regions is None else each(regions, count, "regions")
    moved = [
        warped(
            photos[i],
            masks[i][None],
            olds[i],
            news[i],
            regions=seen[i],
            progress=share(progress, i, count),
        )
        for i in range(count)
    ]
    return _together(moved, rooms, [_own(*one) for one in zip(photos, rooms, masks, strict=True)])


def _own(photo: torch.Tensor, room: torch.Tensor, matte: torch.Tensor) -> torch.Tensor | None:
    """The photo (1, 3, H, W) where the room (3, H, W) is the photo's own, restored: elsewhere nothing of it is kept."""
    beside = matte[0] < 0.05
    alike = (photo[0] - room).abs().amax(0) < 1 / 255
    return photo if float((alike & beside).sum()) > OWN_ROOM * float(beside.sum()) else None


def emptied_rooms(pictures: torch.Tensor, mattes: torch.Tensor, progress: Progress = None) -> torch.Tensor:
    """(B, 3, H, W): each picture, or the only one, without what its matte (B or 1, 1, H, W) covers."""
    count = common_count(pictures=len(pictures), masks=len(mattes))
    photos, masks = each(pictures.split(1), count, "pictures"), each(mattes, count, "masks")
    rooms = [restore_background(photos[i], masks[i][None], share(progress, i, count)) for i in range(count)]
    return torch.cat(rooms)


def reposed_people(
    pictures: torch.Tensor,
    reader: Reader,
    poses: Sequence[Pose],
    options: ReposeOptions,
    progress: Progress = None,
) -> list[Reposed]:
    """The whole chain on each of (B, 3, H, W) pictures: one pose for all, one picture in all poses, or one for each.

    One picture is read once, and its background restored once, whatever the number of poses.
    """
    count = common_count(pictures=len(pictures), poses=len(poses))
    photos, results = each(pictures.split(1), count, "pictures"), []
    for i, pose in enumerate(each(poses, count, "poses")):
        known = results[0] if results and len(pictures) == 1 else None
        results.append(repose_picture(photos[i], reader, pose, options, share(progress, i, count), known))
    return results


def report(results: Sequence[Reposed]) -> str:
    """What the artist should know, one line for each picture."""
    lines = []
    for one in results:
        share = f"{one.report()['hidden_share']:.0%} of the person is a guess"
        own = one.notes[len(one.source.keypoints.notes) :]  # `describe` tells those of the keypoints
        lines.append("; ".join((describe(one.source.keypoints), share, *own)))
    return "\n".join(lines)


def _check_sizes(size: tuple[int, int], mattes, sources, targets, regions, backgrounds) -> None:
    """Everything must have the picture's (height, width)."""
    found = [("mask", mattes.shape[-2:]), ("background", backgrounds.shape[-2:])]
    found += [("source skeleton's canvas", skeleton.canvas) for skeleton in sources]
    found += [("target skeleton's canvas", skeleton.canvas) for skeleton in targets]
    found += [("regions", one.hair.shape[-2:]) for one in regions or ()]
    for what, (height, width) in found:
        if (height, width) != size:
            raise ValueError(
                f"the picture has {size[1]} x {size[0]} pixels, the {what} {width} x {height}: make everything"
                " from the same picture"
            )


def _together(moved: list[Warped], backgrounds: Sequence[torch.Tensor], photos: Sequence) -> MovedPeople:
    """photos: per picture the photo whose restored room the background is, or None."""
    pairs = zip(moved, backgrounds, photos, strict=True)
    person = torch.cat([one.alpha for one in moved])
    hidden = torch.cat([one.hidden for one in moved])
    return MovedPeople(
        torch.cat([one.over(background[None], photo) for one, background, photo in pairs]),
        person,
        (person - hidden).clamp(0, 1),
        hidden,
        [one.correspondence for one in moved],
    )
