"""A reposed picture as the fill needs it: what was never seen, what may be copied, and what belongs to what."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..geometry import field
from ..geometry.fill import grown
from ..geometry.garments import FABRICS, NUMBER, REGIONS, SKIN, GarmentMap
from ..geometry.microtexture import smooth_colours
from ..geometry.parts import INDEX, LAYER_OF, LAYERS
from ..geometry.patchwork import ENOUGH
from ..geometry.warped import Correspondence
from .labels import continued_labels

KEPT = ("head", "left_hand", "right_hand")
"""Parts that are left as the warp has them: a face is never made up, and hands are drawn by what knows hands."""
GROW = 0.004
"""Fraction of stature (7 mm on 1.75 m) by which the hole goes on into what was seen: there the old outline lies,
partly what was behind. By eye."""
CLEAR = 0.003
"""The same within which of another region or of the outline nothing is copied."""
SHADED = 0.008
"""The same of bare skin, somewhat more than is smoothed (microtexture.SMOOTH): it has no hem, and what is along its
outline is how it turns away from the light; copied inside, it would be stripes."""
FEW, EDGE = 0.05, 2
"""Share of hair from which on a pixel is not filled, nor are so many beside it: it is a strand's edge. By eye."""
STRAND = 0.1
"""Share of hair from which on there is some. By eye."""
SQUARE, STRETCHED = 0.35, 2.0
"""Cosine to the camera from which on a surface's detail may be copied (70 degrees), and how many times its area in the
photo it may be larger or smaller. By eye."""
MARK, RARE = 5.0, 0.04
"""How many times the median of the detail (what differs from the smooth colours) a mark is, and of how much of a region
at most: 5 medians are 3.4 standard deviations of a normal distribution. By eye."""
HEAD = 6.5
"""Heads to a stature, at least: who is cut off below is taller than what is seen of them (Drillis and Contini 1966
have 7.7 from the chin up; the part goes down into the neck)."""
TELLING = 0.05
"""Share of what is hidden that must be seen for it to tell what the rest is. By eye."""
SOLID = 0.95
"""Share of a pixel from which on it shows the person alone."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One reposed picture.

    picture  (3, h, w) sRGB; solid (h, w) bool, where it shows the person alone
    wanted   (h, w) bool: to be filled; known (h, w) bool: seen; source (h, w) bool: what of that may be copied
    label    (h, w) int64: garments.REGIONS' number where clothes are told, else a layer's; -1 where there is nobody
    layer    (h, w) int64 in parts.LAYERS, -1 where there is nobody
    points   (h, w, 3) where each lay in the photo: x, y and depth, NaN where unknown
    normal   (3, h, w)
    stature  of the person in pixels of this picture
    dressed  whether the labels are regions
    """

    picture: torch.Tensor
    solid: torch.Tensor
    wanted: torch.Tensor
    known: torch.Tensor
    source: torch.Tensor
    label: torch.Tensor
    layer: torch.Tensor
    points: torch.Tensor
    normal: torch.Tensor
    stature: float
    dressed: bool


def scene_of(
    picture: torch.Tensor,
    person: torch.Tensor,
    found: Correspondence,
    clothes: GarmentMap | None = None,
    hidden: torch.Tensor | None = None,
    least: float = SOLID,
) -> Scene:
    """picture (3, h, w) with the person (h, w) in [0, 1] in it; clothes those of the photo; hidden (h, w) in [0, 1]
    what was not seen, from the correspondence by default; least: share of a pixel from which on its colour is the
    person's. ValueError for other sizes, and where nothing of the person was seen."""
    _check(picture, person, found, hidden)
    part = found.part
    table = torch.tensor([*LAYER_OF, -1])
    layer = table[part]
    unseen = (1 - found.visible if hidden is None else hidden) > 0.5
    there = (layer >= 0) & (person > 0.02)
    solid = there & (person >= least)
    moving = there & ~torch.isin(part, torch.tensor([INDEX[name] for name in KEPT]))
    seen = solid & ~unseen
    if bool((solid & unseen).any()) and not bool(seen.any()):
        raise ValueError(
            f"all of the person's {int(solid.sum())} pixels are hidden: there is nothing to fill them from; give Warp"
            " Body a photo that shows more of the person, or a hidden mask that leaves some of it black"
        )
    stature = stature_of(found, part)
    wanted = solid & moving & unseen
    if clothes is not None:  # what shows a little of a strand keeps its colour
        shown = found.visible if hidden is None else 1 - hidden
        strands = solid & (shown > FEW) & _hair(found, clothes)
        moving &= field.dilate(strands.float(), EDGE) == 0
        wanted &= moving
    if not bool(wanted.any()):
        label, sure = torch.where(there, layer, -1), seen
    else:
        wanted |= _beside(wanted, solid & moving, layer, stature)
        label, sure = _labels(picture, found, clothes, seen, wanted, layer, stature)
    known = seen & sure & ~wanted & (label >= 0)
    points = _points(found)
    label = both_sides(label) if clothes is not None else label
    reach = max(1, round(CLEAR * stature))
    source = known & clear(label, reach) & _well_seen(found)
    if clothes is not None:
        apart = source & ~_stranded(found, clothes, label, max(1, round(SHADED * stature)))
        source = _where_enough(apart, source, wanted, label)
        source = _unshaded(source, wanted, label, stature)
        known = known & (source | ~_stranded(found, clothes, label, 1))
    if bool(wanted.any()):
        source &= field.dilate(_marks(picture, label, source, stature).float(), reach) == 0
    return Scene(
        picture, solid, wanted & (label >= 0), known, source, label, layer, points,
        found.normal.movedim(-1, 0), stature, clothes is not None,
    )  # fmt: skip


def _check(picture: torch.Tensor, person: torch.Tensor, found: Correspondence, hidden) -> None:
    size = tuple(picture.shape[-2:])
    others = {"person mask": person, "correspondence": found.part, "hidden mask": hidden}
    for name, its in others.items():
        if its is not None and tuple(its.shape[-2:]) != size:
            raise ValueError(
                f"the picture has {size[1]} x {size[0]} pixels, the {name} {its.shape[-1]} x {its.shape[-2]}: take"
                " all of them from the same Warp Body, and fill before you scale"
            )


def scale_of(found: Correspondence, part: torch.Tensor) -> float:
    """How many times as large as the photo the target picture shows the person, by what is seen in both."""
    flat = (part >= 0) & torch.isfinite(found.source[..., 1]) & (found.stretch > 0)
    return float(found.stretch[flat].median().sqrt().clamp(0.1, 10)) if bool(flat.any()) else 1.0


def stature_of(found: Correspondence, part: torch.Tensor) -> float:
    """Pixels, in the target picture: how tall the photo shows the person, at the scale of what is seen in both."""
    there = torch.isfinite(found.source[..., 1]) & (part >= 0)
    if not bool(there.any()):
        return 1.0
    heights = found.source[..., 1]
    tall = float(heights[there].max() - heights[there].min())
    head = there & (part == INDEX["head"])
    if bool(head.any()):
        tall = max(tall, HEAD * float(heights[head].max() - heights[head].min()))
    return max(16.0, tall * scale_of(found, part))


def _beside(wanted: torch.Tensor, open_: torch.Tensor, layer: torch.Tensor, stature: float) -> torch.Tensor:
    """(h, w) bool: what lies within GROW of what is wanted, on the same sheet."""
    reach = max(1, round(GROW * stature))
    near = torch.zeros_like(wanted)
    for number in torch.unique(layer[wanted]).tolist():
        here = layer == number
        near |= grown(wanted & here, reach) & here
    return near & open_ & ~wanted


def span(mask: torch.Tensor) -> tuple[slice, slice]:
    """Rows and columns of the box round a mask (h, w) that has a pixel."""
    lines = (torch.nonzero(mask.any(axis)).flatten() for axis in (1, 0))
    return tuple(slice(int(line[0]), int(line[-1]) + 1) for line in lines)


def _labels(
    picture: torch.Tensor,
    found: Correspondence,
    clothes: GarmentMap | None,
    seen,
    wanted,
    layer,
    stature: float,
) -> torch.Tensor:
    """(h, w) int64, -1 where there is nobody: what each pixel belongs to."""
    if clothes is None:
        return torch.where(seen | wanted, layer, -1), seen
    told = clothes.labels[0, 0].long()[_pixels(found, clothes)]
    possible = _possible()[layer, told] & torch.isfinite(found.source[..., 0])
    sure = seen & (told != NUMBER["background"]) & (found.photo == 0) & possible
    if not bool(sure.any()):
        return torch.where(seen | wanted, layer, -1), seen
    # Where hair hung on a sleeve it is now the sleeve or the hair: the colours tell.
    sure &= (told != NUMBER["hair"]) | ~wanted
    told_by = sure
    if int(sure.sum()) < TELLING * int(wanted.sum()):  # from behind: there lies what lies before it
        told_by = sure | (wanted & (told != NUMBER["background"]) & (found.photo == 0) & possible)
    # Another photo's pixels are seen, too, though nobody told what they show.
    return continued_labels(told, told_by, (seen & ~sure) | wanted, stature, picture, layer), sure | (
        found.photo > 0
    )


def _possible() -> torch.Tensor:
    """(L + 1, R) bool: which regions may lie on which layer; the skin of an arm on no other: there it is what the
    segmentation took the arm's edge for."""
    possible = torch.ones(len(LAYERS) + 1, len(REGIONS), dtype=torch.bool)
    for i, name in enumerate(LAYERS):
        for region in SKIN:
            limb = region.endswith(("arm_skin", "leg_skin"))
            possible[i, NUMBER[region]] = (
                region == f"{name}_skin" if limb else name == "trunk" or region != "face"
            )
    return possible


def _hair(found: Correspondence, clothes: GarmentMap) -> torch.Tensor:
    """(h, w) bool: what shows a place of the photo where there is hair, or a strand of it."""
    hair = clothes.hair[0, 0][_pixels(found, clothes)] > STRAND
    return hair & (found.photo == 0) & torch.isfinite(found.source[..., 0])


def _pixels(found: Correspondence, clothes: GarmentMap) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and column (h, w) int64 in the photo of what each pixel shows; of what shows nothing the first ones."""
    x, y = torch.nan_to_num(found.source).unbind(-1)
    row, column = (v.round().long().clamp(0, n - 1) for v, n in zip((y, x), clothes.size, strict=True))
    return row, column


def both_sides(label: torch.Tensor) -> torch.Tensor:
    """The labels with one for the skin of both arms, and one for that of both legs."""
    out = label.clone()
    for limb in ("arm", "leg"):
        out[label == NUMBER[f"right_{limb}_skin"]] = NUMBER[f"left_{limb}_skin"]
    return out


def _well_seen(found: Correspondence) -> torch.Tensor:
    """(h, w) bool: neither drawn out nor pressed together, and seen squarely enough: else its detail is streaks."""
    square = found.normal[..., 2].abs() > SQUARE
    return square & (found.stretch > 1 / STRETCHED) & (found.stretch < STRETCHED)


def clear(label: torch.Tensor, reach: int) -> torch.Tensor:
    """(h, w) bool: pixels with none of another label within so many."""
    most = field.dilate(label.float(), reach)
    least = -field.dilate(-label.float(), reach)
    return most == least


def _where_enough(
    better: torch.Tensor, source: torch.Tensor, wanted: torch.Tensor, label: torch.Tensor
) -> torch.Tensor:
    """(h, w) bool: of each label what is `better` copied, where that is enough for what of it is wanted, else all of
    the source; all (h, w) bool but the labels."""
    for number in torch.unique(label[wanted & (label >= 0)]).tolist():
        here = label == number
        if int((better & here).sum()) >= ENOUGH * int((wanted & here).sum()):
            source = torch.where(here, better, source)
    return source


def _unshaded(
    source: torch.Tensor, wanted: torch.Tensor, label: torch.Tensor, stature: float
) -> torch.Tensor:
    """(h, w) bool: of what may be copied (bool) no skin along its outline, where enough of it remains for what of it is
    wanted (h, w) bool."""
    bare = torch.isin(label, label.new_tensor([NUMBER[name] for name in SKIN]))
    inner = source & (~bare | clear(label, max(1, round(SHADED * stature))))
    return _where_enough(inner, source, wanted, label)


def _stranded(found: Correspondence, clothes: GarmentMap, label: torch.Tensor, reach: int) -> torch.Tensor:
    """(h, w) bool: where strands of hair lie on something else, and within so many pixels, where they throw a shade."""
    near = field.dilate(_hair(found, clothes).float(), reach) > 0
    return near & (label != NUMBER["hair"])


def _marks(picture: torch.Tensor, label: torch.Tensor, source: torch.Tensor, stature: float) -> torch.Tensor:
    """(h, w) bool: of what may be copied (bool) what is there once, a mole, a vein, an end of a fold: carried over
    a shin, they would be a row of stitches. What has many of them has a pattern, or hair, and keeps all."""
    odd = torch.zeros_like(source)
    for number in torch.unique(label[source]).tolist():
        own = source & (label == number)
        rows, columns = span(own)
        here, part = own[rows, columns], picture[:, rows, columns]
        detail = (part - smooth_colours(part, here, stature)).abs().amax(0)
        strong = here & (detail > MARK * float(detail[here].median()))
        if float(strong.sum()) < RARE * float(here.sum()):
            odd[rows, columns] |= strong
    return odd


def _points(found: Correspondence) -> torch.Tensor:
    deep = found.source_depth
    if deep is None:
        deep = torch.full_like(found.depth, torch.nan)
    # Another photo's places name no point of this one's surface.
    deep = torch.where(found.photo == 0, deep, torch.nan)
    return torch.cat((found.source, deep[..., None]), -1)


def fabrics(clothes: GarmentMap | None, label: torch.Tensor) -> torch.Tensor | None:
    """(h, w) int64 the fabric of each label's region, the number behind FABRICS where none is known."""
    if clothes is None:
        return None
    out = torch.full_like(label, len(FABRICS))
    for name, material in clothes.materials.items():
        if material.fabric in FABRICS:
            out[label == NUMBER[name]] = FABRICS.index(material.fabric)
    return out
