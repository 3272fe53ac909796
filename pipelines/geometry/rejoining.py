"""Where two layers still lie against each other as the photo has them: there its own pixels show, shade and all."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import torch

from . import field
from .compositing import Slots
from .edge_shade import turned_share
from .head_cut import HEAD, MANE
from .layer import Layer
from .motion import Motion
from .parts import INDEX
from .trust import BESIDE, neighbours
from .view import UNSEEN_BEHIND, View
from .volume import BodyVolume

LEFT = 0.01
"""Fraction of stature (18 mm on 1.75 m) by which a neighbour must have moved to have left. By eye."""
TOGETHER = 1.0
"""Pixels of the photo: two layers that show points this near to each other at one place have not parted there."""
SHOWN = 0.25
"""Share of a point that the photo must show of one of two such layers: under hair it shows the hair."""
STRANDS = 0.1
"""Share of hair from which on a point shows hair. By eye."""
FAR = 0.1
"""Fraction of stature: points of a limb and of the trunk that were further apart in the photo did not cover each other:
less than from the flank to the other arm, more than an arm is broad. By eye."""
BELOW, LIES, TURNED = 0.05, 0.01, 0.85
"""Fractions of stature: as far beside what an arm has under hair hair may lie on it, about a sleeve's length below a
shoulder; by how much it lies before it then, more than compositing.MEETS; and the cosine of the arm's turn from which
on it does: from the side hair lies before and behind it. By eye."""
AXIS, SOFT = ("pelvis", "spine", "chest", "neck"), 0.05
"""The parts whose bones are a trunk's axis; and the fraction of stature by which an arm before it is brought forward at
most: about half a trunk's depth."""
NEAR = 0.02
"""Fraction of stature: layers whose points here were no further apart in the photo are still neighbours."""

SOME = 20.0
"""One over the share of a pixel that a neighbour must cover for a layer to go on under it: its soft border is enough,
or what is behind both would shine through there."""


def as_photographed(views: list[View], volume: BodyVolume, size: tuple[int, int]) -> list[View]:
    """The views with the photo's own pixels where what lies beside them has not left; there nothing is made up."""
    cell, names = max(2, volume.cell // 2), [layer.name for layer in volume.layers]
    moved = {n: displaced(v.source, v.index, v.seen, size, cell) for n, v in zip(names, views, strict=True)}
    out = []
    for layer, view in zip(volume.layers, views, strict=True):
        beside = [moved[n] for n in neighbours(layer.name, names)]
        if not beside:
            out.append(view)
            continue
        stays = unparted(view.source, view.index, sum(beside), size, cell, volume.stature)
        # What was seen edge-on shows, turned to the camera, the shade of its neighbour many times as broad.
        own = stays * (view.seen > 0.9) * (1 - turned_share(view.stretch))
        if layer.strands is not None and HEAD in moved:  # hair that lay on it shows while it still lies there
            lies = unparted(view.source, view.index, moved[HEAD], size, cell, volume.stature)
            own = own * torch.lerp(
                torch.ones_like(lies), lies, field.sample(layer.strands[None], layer.local(view.source))[0]
            )
        corner = view.source.new_tensor(volume.corner)
        photo = field.sample(volume.photo, view.source - corner, "bicubic").clamp(0, 1)
        made_up = 0.0
        if layer.made_up is not None:
            made_up = field.sample(layer.made_up[None], layer.local(view.source))[0] * (stays > 0)
        out.append(
            replace(
                view,
                colour=torch.lerp(view.colour, photo, own),
                alpha=view.alpha * (1 - made_up),
                parted=torch.lerp(view.parted, view.alpha, own) * (1 - made_up),
            )
        )
    return out


def rejoined(views: list[View], slots: Slots, volume: BodyVolume) -> list[View]:
    """The views as they were in the photo wherever two layers still lie side by side as they lay there.

    Where a layer has left its neighbour it ends at its border. Where the two are still near, both go on under each
    other, so that nothing shines through (but not where a third alone was, and has left: a wrist beside a hip); and
    where they have not parted at all, the photo's own pixels show: of two fronts one of which it shows, for two backs
    are no face, and what lies under hair is no hair.
    """
    corner = views[0].source.new_tensor(volume.corner)
    colours = [view.colour.clone() for view in views]
    alphas = [view.parted.clone() for view in views]
    for (a, one), (b, two) in combinations(enumerate(views), 2):
        other = slots.at(a, two.index)
        mine = torch.nonzero(other >= 0).squeeze(1)
        other = other[mine]
        apart = (two.source[mine] - one.source[other]).norm(dim=1)
        near = apart < NEAR * volume.stature
        mine, other, apart = mine[near], other[near], apart[near]
        for k, view, here, beside in ((a, one, other, two.parted[mine]), (b, two, mine, one.parted[other])):
            alphas[k][here] = alphas[k][here].maximum(_goes_on(view.parted[here], view.alpha[here], beside))
        same = (apart < TOGETHER) & two.front[mine] & one.front[other]
        same &= two.seen[mine].maximum(one.seen[other]) > SHOWN
        if not {volume.layers[a].name, volume.layers[b].name} & {HEAD, MANE}:
            same &= _bare(volume.layers[b], two.source[mine])
        mine, other = mine[same], other[same]
        photo = field.sample(volume.photo, two.source[mine] - corner, "bicubic").clamp(0, 1)
        colours[a][:, other], colours[b][:, mine] = photo, photo
    return [replace(view, colour=c, alpha=a) for view, c, a in zip(views, colours, alphas, strict=True)]


def _bare(layer: Layer, source: torch.Tensor) -> torch.Tensor:
    """(n,) bool: the points (n, 2) of the photo where no hair hangs before a layer: that shows with the head alone."""
    if layer.strands is None:
        return torch.ones_like(source[:, 0], dtype=torch.bool)
    return field.sample(layer.strands[None], layer.local(source))[0] < STRANDS


def _goes_on(parted: torch.Tensor, alpha: torch.Tensor, beside: torch.Tensor) -> torch.Tensor:
    """(n,) a layer's matte where a neighbour is near: all of it, `alpha` (n,), where the neighbour itself still is,
    `beside` (n,), and `parted` (n,) where only the places are near and neither layer is there any more."""
    return torch.lerp(parted, alpha, (SOME * beside).clamp(max=1))


def in_depth(views: list[View], slots: Slots, volume: BodyVolume) -> list[View]:
    """The views with far limbs behind the trunk where its surface is a guess.

    A guess gives way to what lay over it in the photo (compositing): the flank under the near arm to that arm. It must
    not to the far one, which lay far from it: there what is behind stays behind.
    """
    names = [layer.name for layer in volume.layers]
    if "trunk" not in names:
        return views
    a, out = names.index("trunk"), list(views)
    one = views[a]
    for b, name in enumerate(names):
        if not name.endswith(("arm", "leg")):
            continue
        two = views[b]
        other = slots.at(a, two.index)
        mine = torch.nonzero(other >= 0).squeeze(1)
        other = other[mine]
        apart = (two.source[mine] - one.source[other]).norm(dim=1)
        ahead = two.ahead[mine] if isinstance(two.ahead, torch.Tensor) else two.ahead
        behind = (two.depth[mine] - ahead > one.depth[other]) & (one.parted[other] > 0.5)
        depth = two.depth.clone()
        depth[mine[behind & (apart > FAR * volume.stature)]] += 2 * UNSEEN_BEHIND * volume.stature
        out[b] = replace(two, depth=depth)
    return out


def hair_on_arms(views: list[View], slots: Slots, volume: BodyVolume) -> list[View]:
    """The views with hair before the arms that it hangs on in the photo, and with what hangs behind the neck behind
    them, as far as they still are where they were: a sleeve, a guess under hair, comes out between strands otherwise,
    or the hair behind it does."""
    names, out = [layer.name for layer in volume.layers], list(views)
    for a, layer in enumerate(volume.layers):
        if not layer.name.endswith("arm") or layer.strands is None:
            continue
        hangs = (layer.strands > 0.5) & (layer.seen < 0.5) & (layer.matte > 0.5)
        if not bool(hangs.any()):
            continue
        under = field.dilate(hangs.float(), round(BELOW * volume.stature))
        for name, sign in ((HEAD, 1), (MANE, -1)):
            if name in names:
                h = names.index(name)
                other = slots.at(a, out[h].index)
                out[h] = _laid(out[h], views[a], other, (layer, under), sign, volume.stature)
    return out


def _laid(
    hair: View, arm: View, other: torch.Tensor, under: tuple[Layer, torch.Tensor], sign: int, stature: float
) -> View:
    """The hair before (sign 1) or behind (-1) an arm where both are near what they were, the arm within what was
    `under` (its layer, and (h, w) 1 there) hair; other (n,) the arm's entries at the hair's pixels, -1 for none."""
    mine = torch.nonzero(other >= 0).squeeze(1)
    other = other[mine]
    on = field.sample(under[1][None], under[0].local(arm.source[other]), "nearest")[0] > 0
    on &= (hair.source[mine] - arm.source[other]).norm(dim=1) < NEAR * stature
    on &= hair.front[mine] | (sign < 0)
    mine, other = mine[on], other[on]
    turned = (arm.normal[other] * arm.source_normal[other]).sum(1)
    if not len(mine) or float(turned.median()) < TURNED:
        return hair
    behind = sign * (hair.standing(stature)[mine] - arm.standing(stature)[other])
    ahead = torch.zeros_like(hair.depth) + hair.ahead
    ahead[mine] += sign * (behind + LIES * stature).clamp(min=0)
    return replace(hair, ahead=ahead)


def before_trunk(views: list[View], volume: BodyVolume, how: Motion, width: int) -> list[View]:
    """The views, of a picture so many pixels wide, with arms laid on the trunk where they lie before its middle."""
    arms = [i for i, layer in enumerate(volume.layers) if layer.name.endswith("arm")]
    out = list(views)
    for i in arms:
        lift = forward(views[i].depth, views[i].index // width, how, volume.stature)
        out[i] = replace(views[i], ahead=views[i].ahead + lift)
    return out


def forward(depth: torch.Tensor, row: torch.Tensor, how: Motion, stature: float) -> torch.Tensor:
    """(n,) pixels by which an arm's points of some depth (n,), in rows (n,) of the picture, are brought forward.

    A body is soft and its depth a guess: a forearm across the belly, by the lifting's error, lies with one half inside.
    So the nearer to the viewer it is than the trunk's own axis, the further before that it counts.
    """
    axis = how.target[[INDEX[part] for part in AXIS]]
    axis = axis[axis[:, 1].argsort()]
    middle = torch.as_tensor(np.interp(row.cpu().numpy(), axis[:, 1], axis[:, 2]), device=depth.device)
    beside = ((row - float(axis[0, 1])) / (SOFT * stature) + 1).clamp(0, 1)  # of a head nothing is known here
    return (middle.to(depth.dtype) - depth).clamp(0, SOFT * stature) * beside


def displaced(
    source: torch.Tensor, index: torch.Tensor, seen: torch.Tensor, size: tuple[int, int], cell: int
) -> torch.Tensor:
    """(3, ch, cw) sums over cells of `cell` pixels of a layer in the target picture: how far (x, y) its pixels lie from
    where the photo had them, times `seen`, and `seen`.

    source (n, 2) where its pixels come from, index (n,) where they are in the flattened target of `size`.
    """
    height, width = -(-size[0] // cell), -(-size[1] // cell)
    where = index // size[1] // cell * width + index % size[1] // cell
    out = torch.zeros(3, height * width, device=source.device)
    out.index_add_(
        1, where, torch.cat((_shift(source, index, size[1]), source.new_ones(1, len(source)))) * seen
    )
    return out.reshape(3, height, width)


def _shift(source: torch.Tensor, index: torch.Tensor, width: int) -> torch.Tensor:
    """(2, n) from where pixels come from to where they are."""
    return torch.stack((index % width, index // width)) - source.T


def unparted(
    source: torch.Tensor,
    index: torch.Tensor,
    neighbours: torch.Tensor,
    size: tuple[int, int],
    cell: int,
    stature: float,
) -> torch.Tensor:
    """(n,) in [0, 1]: 1 where the neighbours beside a layer's pixel have moved just as it has, 0 where they have left.

    neighbours (3, ch, cw) the sum of what `displaced` says of each.
    """
    reach = max(1, round(1.2 * BESIDE * stature / cell))
    # A square of weights that falls off, so that what is nearest counts most.
    around = field.box_blur(field.box_blur(neighbours, reach), 1) + 100 * field.box_blur(neighbours, 1)
    here = around[:, index // size[1] // cell, index % size[1] // cell]
    apart = (here[:2] / here[2].clamp(min=1e-9) - _shift(source, index, size[1])).square().sum(0).sqrt()
    limit = max(LEFT * stature, 2.0)
    return ((limit - apart) / (limit - 1)).clamp(0, 1) * (here[2] > 1e-6)
