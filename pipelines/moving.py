"""A batch of photographed people, each moved into its own new pose, and their rooms without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .background import restore_background
from .batches import Progress, common_count, each, part, share, told
from .framing import Framing
from .geometry.best_view import OtherView
from .geometry.layers import Regions
from .geometry.retarget import Pose
from .geometry.skeleton import Skeleton
from .geometry.warped import Correspondence, Warped
from .keypoints import describe
from .light.shadows import shadows_of
from .native import warped
from .posing import retargeted
from .read import Reader
from .repose import (
    Reposed,
    ReposeOptions,
    canvas_for,
    coverage,
    other_view,
    read_for,
    repose_picture,
    thin,
)

GREY = 0.5
"""What a person stands on where no background is given."""
READ = 0.2
"""Where in the progress the reading of all photos ends that get one frame."""
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

    @property
    def coverages(self) -> list[float]:
        """Per picture in [0, 1], how much of the person really comes from the photo."""
        return [coverage(*one) for one in zip(self.person, self.hidden, strict=True)]


def moved_people(
    pictures: torch.Tensor,
    mattes: torch.Tensor,
    sources: Sequence[Skeleton],
    targets: Sequence[Skeleton],
    regions: Sequence[Regions] | None = None,
    backgrounds: torch.Tensor | None = None,
    progress: Progress = None,
    rigid: torch.Tensor | None = None,
    seconds: Sequence[OtherView] | None = None,
) -> MovedPeople:
    """pictures (B or 1, 3, H, W), mattes (B or 1, 1, H, W), backgrounds (B or 1, 3, H, W); skeletons and regions
    per picture, or one for all; rigid (B or 1, 1, H, W) prints, logos, buttons; seconds other photos of the people, of
    any size. On backgrounds that are given, the shadows go with the person. ValueError, with both sizes or
    counts, for what does not fit together.
    """
    count = common_count(pictures=len(pictures), targets=len(targets))
    shaded = backgrounds is not None
    if backgrounds is None:
        backgrounds = torch.full_like(pictures[:1], GREY)
    _check_sizes(tuple(pictures.shape[-2:]), mattes, sources, targets, regions, backgrounds, rigid)
    masks, rooms = each(mattes, count, "masks"), each(backgrounds, count, "backgrounds")
    olds, news = each(sources, count, "source skeletons"), each(targets, count, "target skeletons")
    photos = each(pictures.split(1), count, "pictures")
    seen = [None] * count if regions is None else each(regions, count, "regions")
    patches = [None] * count if rigid is None else each(rigid.split(1), count, "rigid masks")
    others = [None] * count if seconds is None else each(seconds, count, "second pictures")
    moved = [
        warped(
            photos[i],
            masks[i][None],
            olds[i],
            news[i],
            regions=seen[i],
            progress=share(progress, i, count),
            rigid=patches[i],
            second=others[i],
        )
        for i in range(count)
    ]
    own = [_own(*one) for one in zip(photos, rooms, masks, strict=True)]
    if shaded:
        different = 1 if len(pictures) == len(mattes) == len(sources) == 1 else count
        found = [shadows_of(photos[i], masks[i][None], olds[i]) for i in range(different)]
        shadows = each(found, count, "shadows")
        shades = [shadows[i].under(news[i], moved[i].alpha) for i in range(count)]
        rooms = [
            shadows[i].moved(
                rooms[i][None], photos[i], masks[i][None], news[i], shades[i], own[i] is not None
            )[0]
            for i in range(count)
        ]
        own = [
            None if own[i] is None else shadows[i].changed(photos[i], masks[i][None], shades[i])
            for i in range(count)
        ]
    return _together(moved, rooms, own)


def _own(photo: torch.Tensor, room: torch.Tensor, matte: torch.Tensor) -> torch.Tensor | None:
    """The photo (1, 3, H, W) where the room (3, H, W) is the photo's own, restored: elsewhere nothing of it is kept."""
    beside = matte[0] < 0.05
    alike = (photo[0] - room).abs().amax(0) < 1 / 255
    return photo if float((alike & beside).sum()) > OWN_ROOM * float(beside.sum()) else None


def second_views(
    pictures: torch.Tensor | None,
    mattes: torch.Tensor | None,
    skeletons: Sequence[Skeleton] | None,
    regions: Sequence[Regions] | None = None,
) -> list[OtherView] | None:
    """Second photos (B, 3, h, w), mattes (B or 1, 1, h, w), skeletons and regions put together; None for none at all.
    ValueError for one without the others, and for other sizes than the photos'."""
    given = {"second_image": pictures, "second_mask": mattes, "second_source": skeletons}
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == 3:
        return None
    if missing:
        raise ValueError(f"a second photo needs {', '.join(given)}: connect {' and '.join(missing)} too")
    count = len(pictures)
    _check_sizes(tuple(pictures.shape[-2:]), mattes, skeletons, (), regions, pictures, what="second picture")
    masks, bodies = each(mattes, count, "second masks"), each(skeletons, count, "second skeletons")
    seen = [None] * count if regions is None else each(regions, count, "second regions")
    return [OtherView(pictures[i : i + 1], masks[i][None], bodies[i], seen[i]) for i in range(count)]


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
    rigid: torch.Tensor | None = None,
    seconds: torch.Tensor | None = None,
) -> list[Reposed]:
    """The whole chain on each of (B, 3, H, W) pictures: one pose for all, one picture in all poses, or one for each.

    One picture is read once, and its background restored once, whatever the number of poses. rigid (B or 1, 1, H, W)
    prints, logos, buttons; seconds (B or 1, 3, h, w) the people from another side, each read once. All get one frame.
    """
    count = common_count(pictures=len(pictures), poses=len(poses))
    photos, wanted = each(pictures.split(1), count, "pictures"), each(poses, count, "poses")
    if rigid is not None:
        _check_size("rigid mask", rigid.shape[-2:], tuple(pictures.shape[-2:]))
    patches = [None] * count if rigid is None else each(rigid.split(1), count, "rigid masks")
    views = [None] if seconds is None else [other_view(one, reader) for one in seconds.split(1)]
    views = each(views, count, "second pictures")
    readings, canvas, rest = [None] * count, None, progress
    if options.framing != Framing() and count > 1:
        found = [
            read_for(photo, reader, options.person)
            for photo in told(pictures.split(1), part(progress, 0, READ))
        ]
        readings, rest = each(found, count, "readings"), part(progress, READ, 1)
        targets = [retargeted(r.skeleton, p, options.place)[0] for r, p in zip(readings, wanted, strict=True)]
        canvas = canvas_for(readings, targets, options.framing)
    results = []
    for i, pose in enumerate(wanted):
        known = results[0] if results and len(pictures) == 1 else None
        now = share(rest, i, count)
        more = (patches[i], views[i], canvas, readings[i])
        results.append(repose_picture(photos[i], reader, pose, options, now, known, *more))
    return results


def report(results: Sequence[Reposed]) -> str:
    """What the artist should know, one line for each picture."""
    lines = []
    for one in results:
        share = thin(one.coverage) or f"{1 - one.coverage:.0%} of the person is a guess"
        own = one.notes[len(one.source.keypoints.notes) :]  # `describe` tells those of the keypoints
        lines.append("; ".join((describe(one.source.keypoints), share, *own)))
    return "\n".join(lines)


def thinly_covered(shares: Sequence[float]) -> str:
    """A line for each picture of which the photo shows too little."""
    lines = [(i, thin(share)) for i, share in enumerate(shares, 1)]
    return "\n".join(f"picture {i}: {line}" for i, line in lines if line)


def mean(shares: Sequence[float]) -> float:
    """The mean coverage of a batch."""
    return sum(shares) / len(shares)


def _check_sizes(
    size: tuple[int, int], mattes, sources, targets, regions, backgrounds, rigid=None, what="picture"
) -> None:
    """Everything must have the picture's (height, width)."""
    found = [("mask", mattes.shape[-2:]), ("background", backgrounds.shape[-2:])]
    found += [("source skeleton's canvas", skeleton.canvas) for skeleton in sources]
    found += [("target skeleton's canvas", skeleton.canvas) for skeleton in targets]
    found += [("garments" if one.garments else "regions", one.hair.shape[-2:]) for one in regions or ()]
    found += [] if rigid is None else [("rigid mask", rigid.shape[-2:])]
    for name, its in found:
        _check_size(name, its, size, what)


def _check_size(name: str, found: tuple[int, int], size: tuple[int, int], what: str = "picture") -> None:
    if tuple(found) != size:
        raise ValueError(
            f"the {what} has {size[1]} x {size[0]} pixels, the {name} {found[1]} x {found[0]}: make everything"
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
