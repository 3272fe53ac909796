"""Looks at the moved body again: the reposed picture, and for every pixel of it where it comes from.

Each layer of the volume is a closed sheet (front and back). It is moved, rasterised through a z-buffer of its own,
and the layers are laid over each other by depth with their soft mattes, so that hair and edges stay soft.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import torch
import torch.nn.functional as F

from .field import box_blur, dilate, erode, sample
from .hands import Shown, laid, posed_hands
from .layers import Regions
from .motion import Motion, motion
from .raster import Fragments, rasterise, without_cracks
from .rejoining import displaced, unparted
from .rigid import Patches, find_patches, shifts
from .rim import evened, open_edges, rim
from .skeleton import Skeleton
from .trust import neighbours
from .unmoved import photo_kept
from .volume import BodyVolume, Layer, build

Progress = Callable[[float], None]

UNSEEN_BEHIND = 0.25
"""Fraction of stature by which a surface that lay under something else in the photo stands back: it is a guess, and
gives way to what was seen (a leg under a skirt to the skirt). A seen limb's far side is none: it hides as it is."""
TOGETHER = 1.0
"""Pixels of the photo: two layers that show points this near to each other at one place have not parted there."""
SHOWN = 0.25
"""Share of a point that the photo must show of one of two such layers: under hair it shows the hair."""
NEAR = 0.02
"""Fraction of stature: layers whose points here were no further apart in the photo are still neighbours."""
RIM = 1.5
"""Pixels: a piece of the rim seen more edge-on than this is left out, or it would show as a row of single pixels."""
FACING = 0.7
"""Cosine of the turn from which on a sheet, where it goes on beyond the rim, hides nothing solid: from the side it
would show as a dark line before the rim. Our choice, by eye."""
ARMS_AHEAD = 0.015
"""Fraction of stature by which an arm wins over a trunk of the same depth: a hand on the hip or the belly lies on it,
although its bone, by the lifting's error, may lie inside. Less than the trunk's half-depth, so that an arm behind the
back stays behind."""


@dataclass(frozen=True, eq=False)
class Correspondence:
    """For each pixel of the target picture, where in the source it comes from.

    source   (H, W, 2) float32 x, y in source pixels; NaN where there is no person
    visible  (H, W) in [0, 1]: 1 where the camera saw that point of the surface in the source
    stretch  (H, W) target area over source area of the surface round the point; 0 where there is no person
    part     (H, W) int64 index into `parts.PARTS`, -1 where there is no person
    depth    (H, W) pixels, away from the camera; NaN where there is no person
    normal   (H, W, 3) unit, camera frame, towards the camera (z < 0); 0 where there is no person
    photo    (H, W) int64, which photo `source` is a place in: 0 the first, 1 the second; 0 where there is no person
    """

    source: torch.Tensor
    visible: torch.Tensor
    stretch: torch.Tensor
    part: torch.Tensor
    depth: torch.Tensor
    normal: torch.Tensor
    photo: torch.Tensor


@dataclass(frozen=True, eq=False)
class Warped:
    """The moved person alone: colour (1, 3, H, W) sRGB, not multiplied by alpha (1, 1, H, W); `hidden` (1, 1, H, W)
    the share of alpha whose surface the source did not see; `unmoved` (1, 1, H, W) 1 where the photo's own pixel is
    right (0 all over where the new picture is no view of the photo's canvas)."""

    colour: torch.Tensor
    alpha: torch.Tensor
    hidden: torch.Tensor
    correspondence: Correspondence
    unmoved: torch.Tensor

    def over(self, background: torch.Tensor, photo: torch.Tensor | None = None) -> torch.Tensor:
        """(1, 3, H, W) the person on a background of the same size; with the photo whose restored background that is,
        what did not move is the photo's, bit for bit."""
        made = self.alpha * self.colour + (1 - self.alpha) * background
        if photo is None:
            return made
        return torch.where(self.unmoved == 1, photo, torch.lerp(made, photo, self.unmoved))


@dataclass(frozen=True, eq=False)
class _Mesh:
    """A layer's closed sheet: `rest` (V, 3) source pixels and depth, `weights` (V, P), `triangles` (T, 3).

    side (T,) int: 0 the front, 1 the back, 2 the rim that joins them along the outline; edge (T,) bool: of a sheet,
    what goes on beyond the rim and carries the soft edge.
    """

    rest: torch.Tensor
    weights: torch.Tensor
    triangles: torch.Tensor
    side: torch.Tensor
    edge: torch.Tensor


def _mesh(volume: BodyVolume, layer: Layer) -> _Mesh:
    row, column = torch.nonzero(layer.inside, as_tuple=True)
    pitch = volume.cell / layer.fine
    x = (column + 0.5) * pitch - 0.5 + volume.corner[0]
    y = (row + 0.5) * pitch - 0.5 + volume.corner[1]
    front = torch.stack((x.float(), y.float(), layer.front[row, column]), 1)
    back = torch.stack((x.float(), y.float(), layer.back[row, column] + 0.25), 1)
    weights = layer.weights[:, row, column].T
    faces = _faces_of(layer.inside)
    solid = layer.solid[row, column]
    outline = open_edges(faces[solid[faces].all(1)])
    if layer.cut is not None:  # a sheet that was cut off is open there
        outline = outline[~layer.cut[row, column][outline].any(1)]
    front, back = evened(front, outline), evened(back, outline)
    sides = rim(outline, len(front))
    if layer.cloth is not None:
        sides = sides[~layer.cloth.opens(*front[:, :2].T)[sides % len(front)].all(1)]
    parts = (faces, faces + len(front), sides)
    side = torch.cat([torch.full((len(part),), i, device=faces.device) for i, part in enumerate(parts)])
    beyond = solid[faces].any(1) & ~solid[faces].all(1)
    edge = torch.cat((beyond, beyond, torch.zeros_like(parts[2][:, 0], dtype=torch.bool)))
    return _Mesh(torch.cat((front, back)), torch.cat((weights, weights)), torch.cat(parts), side, edge)


def _faces_of(inside: torch.Tensor) -> torch.Tensor:
    """(T, 3) two triangles for every 2 x 2 block of cells inside, as far as their corners are; vertices numbered by
    row."""
    number = inside.long().flatten().cumsum(0).reshape(inside.shape) - 1
    corners = [(number[i], inside[i]) for i in ((slice(0, -1), slice(0, -1)), (slice(0, -1), slice(1, None)))]
    corners += [
        (number[i], inside[i]) for i in ((slice(1, None), slice(0, -1)), (slice(1, None), slice(1, None)))
    ]
    a, b, c, d = corners
    return torch.cat(
        [
            torch.stack([n for n, _ in three], -1)[three[0][1] & three[1][1] & three[2][1]]
            for three in ((a, b, c), (b, d, c))
        ]
    )


@dataclass(frozen=True, eq=False)
class _View:
    """One layer as seen from the camera, inside `box` (y0, y1, x0, x1); flat arrays over its covered pixels.

    seen the share that the photo's camera saw; bare the same, where the far side of what it saw counts as seen.
    """

    index: torch.Tensor
    source: torch.Tensor
    depth: torch.Tensor
    colour: torch.Tensor
    alpha: torch.Tensor
    parted: torch.Tensor
    seen: torch.Tensor
    bare: torch.Tensor
    front: torch.Tensor
    part: torch.Tensor
    stretch: torch.Tensor
    normal: torch.Tensor
    photo: torch.Tensor
    ahead: torch.Tensor | float


def _view(
    volume: BodyVolume, layer: Layer, how: Motion, size: tuple[int, int], shift: torch.Tensor | None = None
) -> _View:
    mesh = _mesh(volume, layer)
    moved = how.apply(mesh.rest, mesh.weights)
    if layer.cloth is not None:
        moved = layer.cloth.hung(mesh.rest, moved, how)
    if shift is not None:  # front and back alike, so that the sheet stays closed
        moved[:, :2] += shift[:, layer.inside].T.repeat(2, 1)
    corner = mesh.rest.new_tensor(volume.corner)
    matte = layer.matte
    wide = (_thickness(moved[mesh.triangles][..., :2]) > RIM).int()
    edge = mesh.edge & (_facing(moved)[mesh.triangles[:, 0]] < FACING)

    def solid(triangle: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        source = (mesh.rest[mesh.triangles[triangle]][..., :2] * weights[..., None]).sum(-2)
        value = sample(matte[None], source - corner, "nearest")[0]
        sheet = (value > 0.02).int() + ((value > 0.9) & ~edge[triangle]).int()
        return torch.where(mesh.side[triangle] == 2, 2 * wide[triangle], sheet)

    (top, left), window = _window(moved, size)
    fragments = without_cracks(
        rasterise(moved - moved.new_tensor([left, top, 0]), mesh.triangles, window, solid)
    )
    row, column = torch.nonzero(fragments.covered, as_tuple=True)
    index = (row + top) * size[1] + column + left
    triangle, weights = fragments.triangle[row, column], fragments.barycentric[row, column]
    corners = mesh.triangles[triangle]

    def at(values: torch.Tensor) -> torch.Tensor:
        return (values[corners] * weights[..., None]).sum(1)

    source = at(mesh.rest)[:, :2]
    local = source - corner
    normal, stretch = _faces(mesh, moved)
    both = sample(torch.stack((matte, layer.parted)), local) * _coverage(fragments)[row, column]
    both = torch.where(mesh.side[triangle] == 2, 1.0, both)
    alpha, parted = (_without_seams(values, fragments.covered, row, column) for values in both)
    front = (mesh.side[triangle] == 0) & (normal[triangle, 2] < 0)
    colour = torch.where(
        mesh.side[triangle] > 0,
        sample(layer.rear, local),
        sample(layer.colour, local, "bicubic").clamp(0, 1),
    )
    if layer.cloth is not None:
        ahead = F.normalize(normal[triangle], dim=1)[:, 2]
        within = torch.where(mesh.side[triangle] < 2, ahead, 0).clamp(min=0)
        colour = colour * layer.cloth.shade(source[:, 1], within)
    bare = sample(layer.seen[None], local)[0]
    return _View(
        index,
        source,
        at(moved)[:, 2],
        colour,
        alpha,
        parted,
        bare * front,
        bare,
        front,
        at(mesh.weights).argmax(1),
        stretch[triangle],
        F.normalize(torch.where(normal[triangle, 2:] > 0, -1, 1) * normal[triangle], dim=1),
        torch.zeros_like(index),
        _ahead(volume, layer, local),
    )


def _ahead(volume: BodyVolume, layer: Layer, local: torch.Tensor) -> torch.Tensor | float:
    """Pixels by which a layer's points (n, 2) on the crop win over others of the same depth."""
    arm = ARMS_AHEAD if layer.name.endswith("arm") else 0.0
    # What is made up in its true place need not give way to what was seen, as other guesses must.
    maps = [values for values in (layer.made_up, layer.placed) if values is not None]
    made_up = sum(UNSEEN_BEHIND * sample(values[None], local)[0] for values in maps)
    return volume.stature * (arm + made_up)


def _window(vertices: torch.Tensor, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Corner (y, x) and size of the part of a picture of `size` that the vertices lie in; at least one pixel."""
    limits = vertices.new_tensor([size[1] - 1, size[0] - 1])
    low = vertices[:, :2].amin(0).floor().clamp(min=0).minimum(limits)
    high = vertices[:, :2].amax(0).ceil().minimum(limits).maximum(low)
    (left, top), (right, bottom) = low.long().tolist(), high.long().tolist()
    return (top, left), (bottom - top + 1, right - left + 1)


def _facing(moved: torch.Tensor) -> torch.Tensor:
    """(V,) cosine between the view and the line from each vertex of a front sheet to that of the back behind it."""
    front, back = moved.chunk(2)
    through = F.normalize(back - front, dim=1)[:, 2]
    return torch.cat((through, through))


def _thickness(corners: torch.Tensor) -> torch.Tensor:
    """(T,) the least height of triangles (T, 3, 2)."""
    a, b, c = corners.unbind(1)
    u, v = b - a, c - a
    area = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).abs()
    return area / torch.stack((u, v, c - b)).norm(dim=-1).amax(0).clamp(min=1e-6)


def _faces(mesh: _Mesh, moved: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(T, 3) the triangles' outward normals (z < 0 faces the camera; the rim's sign is arbitrary), (T,) image area
    ratio, 0 on the rim, which has no area in the source."""
    a, b, c = moved[mesh.triangles].unbind(1)
    normal = torch.linalg.cross(b - a, c - a)
    p, q, r = mesh.rest[mesh.triangles][..., :2].unbind(1)
    u, v = q - p, r - p
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    towards = -torch.sign(area)[:, None]  # at rest every front triangle faces the camera
    towards = torch.where(mesh.side[:, None] == 1, -towards, towards)
    stretch = torch.where(mesh.side == 2, 0, normal[:, 2].abs() / area.abs().clamp(min=1e-6))
    return normal * towards, stretch


def _without_seams(values: torch.Tensor, covered: torch.Tensor, row, column) -> torch.Tensor:
    """(n,) the alphas of the covered pixels with dips one pixel wide filled (a grey closing): where a sheet turns over
    to its other side its soft edge is no outline."""
    alpha = torch.zeros(covered.shape, device=values.device)
    alpha[row, column] = values
    return erode(dilate(alpha, 1), 1)[row, column].maximum(values)


def _coverage(fragments: Fragments) -> torch.Tensor:
    """(H, W) the mesh's own edge, softened over a pixel so that turned contours are not jagged."""
    covered = fragments.covered.float()
    return ((box_blur(covered[None], 1)[0] - 0.5) * 2.5 + 0.5).clamp(0, 1) * covered


def warp(
    picture: torch.Tensor,
    matte: torch.Tensor,
    source: Skeleton,
    target: Skeleton,
    size: tuple[int, int] | None = None,
    regions: Regions | None = None,
    progress: Progress | None = None,
    rigid: torch.Tensor | None = None,
) -> Warped:
    """Move a photographed person into the target skeleton.

    picture (1, 3, H, W) sRGB in [0, 1]; matte (1, 1, H, W) the person's soft matte; source, target: skeletons of the
    same person in source pixels and in pixels of a target picture of `size` (height, width; the source's by default).
    rigid (1, 1, H, W): prints, logos, buttons; each piece of that mask keeps its shape (rigid.py).
    """
    volume = build(picture, matte, source, regions)
    if progress:
        progress(0.5)
    how = motion(source, target)
    patches = None if rigid is None else find_patches(volume, rigid)
    moved = look(volume, how, size or tuple(picture.shape[-2:]), progress, patches)
    return replace(moved, unmoved=photo_kept(moved.correspondence, moved.alpha, matte, how))


def look(
    volume: BodyVolume,
    how: Motion,
    size: tuple[int, int],
    progress: Progress | None = None,
    patches: Patches | None = None,
) -> Warped:
    """The volume after the motion, its patches in one piece, composited front to back into a picture of `size`."""
    kept, hands = posed_hands(volume.hands, how, volume.corner, size)
    views, slot = layer_views(volume, how, size, progress, patches, kept)
    if hands:
        names = [layer.name for layer in volume.layers]
        views += [
            _view_of_hand(hand, names.index(name), views, slot, volume.stature)
            for name, hand in hands.items()
        ]
        slot = _slots(views, size)
    return _composite(views, slot, size, UNSEEN_BEHIND * volume.stature)


def _view_of_hand(hand: Shown, own: int, views: list[_View], slot: torch.Tensor, stature: float) -> _View:
    """A hand that was drawn anew, as a view beside those of the layers, `views[own]` its arm's."""
    unseen = UNSEEN_BEHIND * stature
    standing = [view.depth + (1 - view.bare) * unseen - view.ahead for view in views]
    far = laid(hand, ARMS_AHEAD * stature, own, standing, slot)
    return _View(
        hand.index,
        hand.source,
        hand.depth,
        hand.colour,
        alpha=hand.alpha,
        parted=hand.alpha,
        seen=hand.seen,
        bare=hand.seen,
        front=torch.ones_like(hand.index, dtype=torch.bool),
        part=hand.part,
        stretch=torch.ones_like(hand.depth),
        normal=hand.normal,
        photo=torch.zeros_like(hand.index),
        ahead=hand.depth + (1 - hand.seen) * unseen - far,
    )


def layer_views(
    volume: BodyVolume,
    how: Motion,
    size: tuple[int, int],
    progress: Progress | None = None,
    patches: Patches | None = None,
    kept: dict[str, torch.Tensor] | None = None,
) -> tuple[list[_View], torch.Tensor]:
    """Each layer after the motion as the camera sees it, joined where they still lie side by side; and `_slots`.

    kept: of layers by name the share (h, w) that goes along, where a piece (a hand) is drawn anew instead.
    """
    shift = {} if patches is None else shifts(volume, how, patches)
    views = []
    for i, layer in enumerate(volume.layers):
        if kept and layer.name in kept:
            layer = layer.kept(kept[layer.name], volume.cell)
        views.append(_view(volume, layer, how, size, shift.get(layer.name)))
        if progress:
            progress(0.5 + 0.5 * (i + 1) / len(volume.layers))
    views = _unparted(views, volume, size)
    slot = _slots(views, size)
    return _rejoined(views, slot, volume), slot


def composited(views: list[_View], size: tuple[int, int], stature: float) -> Warped:
    """Layers that need not be of one volume, laid over each other front to back."""
    return _composite(views, _slots(views, size), size, UNSEEN_BEHIND * stature)


def _unparted(views: list[_View], volume: BodyVolume, size: tuple[int, int]) -> list[_View]:
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
        own = stays * (view.seen > 0.9)
        local = view.source - view.source.new_tensor(volume.corner)
        photo = sample(volume.photo, local, "bicubic").clamp(0, 1)
        made_up = 0.0 if layer.made_up is None else sample(layer.made_up[None], local)[0] * (stays > 0)
        out.append(
            replace(
                view,
                colour=torch.lerp(view.colour, photo, own),
                alpha=view.alpha * (1 - made_up),
                parted=torch.lerp(view.parted, view.alpha, own) * (1 - made_up),
            )
        )
    return out


def _slots(views: list[_View], size: tuple[int, int]) -> torch.Tensor:
    """(K, H W) int64: which of a view's entries lies at each pixel, -1 for none."""
    slot = torch.full((len(views), size[0] * size[1]), -1, dtype=torch.int64, device=views[0].index.device)
    for k, view in enumerate(views):
        slot[k, view.index] = torch.arange(len(view.index), device=slot.device)
    return slot


def _rejoined(views: list[_View], slot: torch.Tensor, volume: BodyVolume) -> list[_View]:
    """The views as they were in the photo wherever two layers still lie side by side as they lay there.

    Where a layer has left its neighbour it ends at its border. Where the two are still near, both go on under each
    other, so that nothing shines through; and where they have not parted at all, the photo's own pixels show: of two
    fronts one of which it shows, for two backs are no face, and what lies under hair is no hair.
    """
    corner = views[0].source.new_tensor(volume.corner)
    colours = [view.colour.clone() for view in views]
    alphas = [view.parted.clone() for view in views]
    for (a, one), (b, two) in combinations(enumerate(views), 2):
        mine = torch.nonzero(slot[a, two.index] >= 0).squeeze(1)
        other = slot[a, two.index[mine]]
        apart = (two.source[mine] - one.source[other]).norm(dim=1)
        near = apart < NEAR * volume.stature
        mine, other, apart = mine[near], other[near], apart[near]
        alphas[a][other], alphas[b][mine] = one.alpha[other], two.alpha[mine]
        same = (apart < TOGETHER) & two.front[mine] & one.front[other]
        same &= two.seen[mine].maximum(one.seen[other]) > SHOWN
        mine, other = mine[same], other[same]
        photo = sample(volume.photo, two.source[mine] - corner, "bicubic").clamp(0, 1)
        colours[a][:, other], colours[b][:, mine] = photo, photo
    return [replace(view, colour=c, alpha=a) for view, c, a in zip(views, colours, alphas, strict=True)]


def _composite(views: list[_View], slot: torch.Tensor, size: tuple[int, int], behind: float) -> Warped:
    height, width = size
    device, count = views[0].depth.device, height * width
    far = torch.full((len(views), count), float("inf"), device=device)
    for k, view in enumerate(views):
        far[k, view.index] = view.depth + (1 - view.bare) * behind - view.ahead
    where = torch.nonzero((slot >= 0).any(0)).squeeze(1)
    order = far[:, where].argsort(dim=0, stable=True)
    slot = slot[:, where]
    room = torch.ones(len(where), device=device)
    colour = torch.zeros(3, len(where), device=device)
    seen = torch.zeros(len(where), device=device)
    best = torch.zeros(len(where), device=device)
    fields = {
        "source": torch.full((len(where), 2), float("nan"), device=device),
        "depth": torch.full((len(where),), float("nan"), device=device),
        "stretch": torch.zeros(len(where), device=device),
        "part": torch.full((len(where),), -1, dtype=torch.int64, device=device),
        "normal": torch.zeros(len(where), 3, device=device),
        "photo": torch.zeros(len(where), dtype=torch.int64, device=device),
    }
    for rank in range(len(views)):
        for k, view in enumerate(views):
            mine = torch.nonzero((order[rank] == k) & (slot[k] >= 0)).squeeze(1)
            item = slot[k, mine]
            share = room[mine] * view.alpha[item]
            colour[:, mine] += share * view.colour[:, item]
            seen[mine] += share * view.seen[item]
            room[mine] -= share
            leads = share > best[mine]
            best[mine[leads]] = share[leads]
            for name, value in fields.items():
                value[mine[leads]] = getattr(view, name)[item[leads]]
    alpha = 1 - room
    safe = alpha.clamp(min=1e-4)

    def spread(values: torch.Tensor, empty: float = 0) -> torch.Tensor:
        flat = torch.full((count, *values.shape[1:]), empty, dtype=values.dtype, device=device)
        flat[where] = values
        return flat.reshape(height, width, *values.shape[1:])

    return Warped(
        spread((colour / safe).T).permute(2, 0, 1)[None].clamp(0, 1),
        spread(alpha)[None, None],
        spread(alpha - seen)[None, None].clamp(0, 1),
        Correspondence(
            spread(fields["source"], float("nan")),
            spread(seen / safe),
            spread(fields["stretch"]),
            spread(fields["part"], -1),
            spread(fields["depth"], float("nan")),
            spread(fields["normal"]),
            spread(fields["photo"]),
        ),
        torch.zeros(1, 1, height, width, device=device),
    )
