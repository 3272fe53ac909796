"""One layer of the moved body as the camera sees it: which of its points lies at which pixel, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from .edge_shade import fold_light, turned_share
from .field import box_blur, dilate, erode, sample
from .hems import patterned
from .layer import Layer
from .mesh import Mesh, facing, mesh_of, normals, on_cells, thickness
from .motion import Motion
from .parts import INDEX, LAYERS
from .raster import Fragments, rasterise, with_ring, without_cracks
from .volume import BodyVolume

UNSEEN_BEHIND = 0.25
"""Fraction of stature by which a surface that lay under something else in the photo stands back: it is a guess, and
gives way to what was seen (a leg under a skirt to the skirt). A seen limb's far side is none: it hides as it is."""
RIM = 1.5
"""Pixels: a piece of the rim seen more edge-on than this is left out, or it would show as a row of single pixels."""
LIMBS, TURNED, DARK_EDGE = ("arm", "leg"), (1.05, 1.5), 0.004
"""Layers whose outline, where it was photographed edge-on and now is seen more squarely (its picture has grown by so
much), goes over into the colours of the far side; and the outline's breadth as a fraction of stature. By eye."""
DRAWN_OUT = (1.6, 2.6)
"""Stretch from which on a head's side, which was seen edge-on, shows what is drawn of it, and shows nothing else: a few
columns of pixels would be streaks. By eye."""
STREAKS = (2.2, 3.4)
"""Stretch from which on a surface that the photo shows edge-on begins to count as not seen, and is not: one pixel's
colour, drawn out over so many, is no detail. Not on feet: nothing but a shoe looks like that shoe. By eye."""
BARS = 0.006
"""Fraction of stature: half the breadth of what of a head's side was seen a little less edge-on than all round it, an
ear's upper and lower edge. By eye."""
HARDLY = 0.01
"""Share of a head up to which its drawn side is left out: of one that is not turned only the rim would show it."""
INWARDS, FINE, PLAIN = 3, 2, 0.04
"""Cells over which an outline's way inwards is evened; pixels over which colours are smooth, for folds would be swirls;
and how far weave is from that at most (sRGB): twice as much is a print or a border. By eye."""
FEET = [INDEX[f"{side}_foot"] for side in ("left", "right")]
RING, STEEP = 2, 2.0
"""Pixels beside a rim whose edge is softened, and how much steeper that is than a mean over five pixels would be: an
edge of about a pixel, as a lens draws it. Our choice, by eye."""
JUMP = 0.006
"""Fraction of stature (10 mm on 1.75 m) that neighbouring pixels of one surface lie apart at most, seen as steeply as
it still shows. By eye."""
FACING = 0.7
"""Cosine of the turn from which on a sheet, where it goes on beyond the rim, hides nothing solid: from the side it
would show as a dark line before the rim. Our choice, by eye."""
ARMS_AHEAD = 0.015
"""Fraction of stature by which an arm wins over a trunk of the same depth: a hand on the hip or the belly lies on it,
although its bone, by the lifting's error, may lie inside. Less than the trunk's half-depth, so that an arm behind the
back stays behind."""
HEAD_AHEAD = 0.025
"""The same for a skull over the neck that goes on in it: both are as wide at the jaw's angle. By eye."""


@dataclass(frozen=True, eq=False)
class View:
    """One layer as seen from the camera, inside `box` (y0, y1, x0, x1); flat arrays over its covered pixels.

    seen the share that the photo's camera saw; bare the same, where the far side of what it saw counts as seen;
    source_normal how the same points faced the camera in the photo, source_depth how deep they lay in it.
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
    source_normal: torch.Tensor
    photo: torch.Tensor
    ahead: torch.Tensor | float
    source_depth: torch.Tensor

    def standing(self, stature: float) -> torch.Tensor:
        """(n,) pixels: the depth by which a point is compared with other layers': a guess stands back."""
        return self.depth + (1 - self.bare) * (UNSEEN_BEHIND * stature) - self.ahead


def view_of(
    volume: BodyVolume, layer: Layer, how: Motion, size: tuple[int, int], shift: torch.Tensor | None = None
) -> View:
    mesh = mesh_of(layer)
    moved = how.apply(mesh.rest, mesh.weights)
    if layer.cloth is not None:
        moved = layer.cloth.hung(mesh.rest, moved, how)
    if shift is not None:  # front and back alike, so that the sheet stays closed
        moved[:, :2] += shift[:, layer.inside].T.repeat(2, 1)
    sheer = _sheer(mesh, moved)
    (top, left), hit = _rasterised(layer, mesh, moved, sheer, size)
    fragments = with_ring(hit)
    row, column = torch.nonzero(fragments.covered, as_tuple=True)
    index = (row + top) * size[1] + column + left
    triangle, weights = fragments.triangle[row, column], fragments.barycentric[row, column]
    corners = mesh.triangles[triangle]

    def at(values: torch.Tensor) -> torch.Tensor:
        return (values[corners] * weights[..., None]).sum(1)

    (normal, stretch), (rest, _) = normals(mesh, moved), normals(mesh, mesh.rest)
    photographed = _places(layer, mesh, moved, normal, triangle, weights)
    source, local = photographed[:, :2], layer.local(photographed[:, :2])
    both = sample(torch.stack((layer.matte, layer.parted)), local)
    both = torch.where(mesh.side[triangle] == 2, 1.0, both) * hit.covered[row, column]
    edge = _edge_of(hit.covered, mesh.side[triangle] == 2, row, column)
    own = torch.zeros_like(edge)
    own[row, column] = sheer[triangle].float()
    alpha, parted = (_softened(values, edge, row, column, own) for values in both)
    front = (mesh.side[triangle] == 0) & (normal[triangle, 2] < 0)
    photo, rear = sample(layer.colour, local, "bicubic").clamp(0, 1), sample(layer.rear, local)
    colour = torch.where(mesh.side[triangle] > 0, rear, photo)
    part = at(mesh.weights)
    feet, side = part[:, FEET].sum(1), torch.nonzero(mesh.side[triangle] == 2).squeeze(1)
    if len(side) and layer.name in LAYERS:
        deep = (photographed[side, 2] - at(mesh.front_depth)[side, 0]).clamp(min=0)
        there = _inwards(layer, local[side], deep)
        woven = (1 - feet[side]) * _grain(layer, there)  # of laces and toes it would be an emboss
        colour[:, side] = (colour[:, side] + woven).clamp(0, 1)
        if len(side) > HARDLY * len(row):
            colour[:, side] = _patterned(layer, volume.stature, colour[:, side], local[side], there)
    bare = sample(layer.seen[None], local)[0]
    grown = stretch / float(np.median(how.scale)) ** 2  # by its turn, not by the picture's scale
    colour = _turned_to_us(layer, mesh, volume.stature, colour, rear, grown, triangle, front, local)
    faces = mesh.side[triangle], grown[triangle], rest[triangle]
    colour, drawn = _with_side(layer, volume, colour, faces, front, photographed, hit.covered, row, column)
    if layer.cloth is not None:
        ahead = F.normalize(normal[triangle], dim=1)[:, 2]
        within = torch.where(mesh.side[triangle] < 2, ahead, 0).clamp(min=0)
        colour = colour * layer.cloth.shade(source[:, 1], within)
    colour = _without_steps(colour, source, hit.covered, (row, column), JUMP * volume.stature)
    return View(
        index,
        source,
        at(moved)[:, 2],
        colour,
        alpha,
        parted,
        bare * front * (1 - drawn) * (1 - (1 - feet) * turned_share(grown[triangle], STREAKS)),
        bare,
        front,
        part.argmax(1),
        stretch[triangle],
        F.normalize(torch.where(normal[triangle, 2:] > 0, -1, 1) * normal[triangle], dim=1),
        _photographed(mesh.side[triangle], rest[triangle], normal[triangle]),
        torch.zeros_like(index),
        _ahead(volume, layer, photographed, local),
        photographed[:, 2],
    )


def _places(
    layer: Layer,
    mesh: Mesh,
    moved: torch.Tensor,
    normal: torch.Tensor,
    triangle: torch.Tensor,
    weights: torch.Tensor,
) -> torch.Tensor:
    """(n, 3) where in the photo the points of triangles (n,), with weights (n, 3) of their corners, show: where they
    lie, but within an open hem on the limb. normal (T, 3) as they are moved."""
    places = mesh.rest[mesh.triangles[triangle]]
    if layer.hems is not None:
        behind = (mesh.side == 1) & (normal[:, 2] > 0)
        through = layer.hems.seen_through(layer.inside, mesh.triangles, mesh.side, moved, behind)[triangle]
        places = torch.cat((places[..., :2] + through, places[..., 2:]), -1)
    return (places * weights[..., None]).sum(1)


def _rasterised(
    layer: Layer, mesh: Mesh, moved: torch.Tensor, sheer: torch.Tensor, size: tuple[int, int]
) -> tuple[tuple[int, int], Fragments]:
    """Corner (y, x) of the part of a picture of `size` where a layer's mesh is, its vertices moved (V, 3), and what of
    it shows there; sheer (T,) bool, from `_sheer`."""
    wide = (thickness(moved[mesh.triangles][..., :2]) > RIM).int()
    edge = mesh.edge & (facing(moved)[mesh.triangles[:, 0]] < FACING)

    def solid(triangle: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        source = (mesh.rest[mesh.triangles[triangle]][..., :2] * weights[..., None]).sum(-2)
        value, firm = sample(torch.stack((layer.matte, layer.parted)), layer.local(source), "nearest")
        sheet = (value > 0.02).int() + ((firm > 0.9) & ~edge[triangle]).int()
        priority = torch.where(mesh.side[triangle] == 2, 2 * wide[triangle], sheet)
        return torch.where(sheer[triangle] & (mesh.side[triangle] > 0), 0, priority)

    (top, left), window = _window(moved, size)
    hit = rasterise(moved - moved.new_tensor([left, top, 0]), mesh.triangles, window, solid)
    return (top, left), without_cracks(hit)


def _sheer(mesh: Mesh, moved: torch.Tensor) -> torch.Tensor:
    """(T,) bool: the triangles of strands that are seen as the photo showed them, one sheet with gaps through which no
    far side shows. Turned aside they are a solid as all else, for the photo tells of no other strands."""
    front = mesh.sheer & (mesh.side == 0)
    if not bool(front.any()):
        return front
    normal = F.normalize(normals(mesh, moved)[0][front], dim=1)
    return mesh.sheer & (float(-normal[:, 2].median()) > FACING)


def _with_side(
    layer: Layer, volume: BodyVolume, colour: torch.Tensor, faces, front, photographed, covered, row, column
) -> tuple[torch.Tensor, torch.Tensor]:
    """(3, n) the colours (3, n) of points (n, 3) of the photographed surface, at pixels row, column (n,) of what is
    `covered` (h, w), with the side of a head drawn where one is turned to the camera, and (n,) in [0, 1] where that is:
    on the near sheet what was photographed edge-on and is drawn out now, on the rim and on the far sheet what faces
    sideways, and wherever a sheet shows its inside. faces: of each point's triangle which sheet it is of (as in
    `Mesh.side`), its stretch, and its normal in the photo."""
    if layer.side is None:
        return colour, torch.zeros_like(photographed[:, 0])
    of, stretch, rest = faces
    local = layer.local(photographed[:, :2])
    beyond = torch.where(of == 2, 1, layer.side.sideways(F.normalize(rest, dim=1)))
    edge_on = torch.where(of == 0, torch.where(front, turned_share(stretch, DRAWN_OUT), 1), beyond)
    share = layer.side.share(photographed, local, edge_on)
    drawn = _closed(share, covered, row, column, max(1, round(BARS * volume.stature)))
    if float(drawn.mean()) < HARDLY:  # it need not be drawn
        return colour, torch.zeros_like(drawn)
    return torch.lerp(colour, layer.side.at(photographed, local, drawn), drawn), drawn


def _turned_to_us(
    layer: Layer,
    mesh: Mesh,
    stature: float,
    colour: torch.Tensor,
    rear: torch.Tensor,
    stretch: torch.Tensor,
    triangle: torch.Tensor,
    front: torch.Tensor,
    local: torch.Tensor,
) -> torch.Tensor:
    """(3, n) the colours (3, n) of places `local` (n, 2), where they were photographed edge-on and now are seen more
    squarely as they look from there: a limb's dark outline goes over into the far side's colours `rear`, and the folds
    of a trunk's outline are as bright as its cloth. stretch (T,) of the triangles, of which the places are on
    `triangle` (n,); front (n,) bool: not the far side."""
    if layer.name.endswith(LIMBS):
        share = turned_share(stretch[triangle], TURNED) * sample(_outline(layer, stature), local)[0]
        colour = torch.lerp(colour, rear, share)
    if layer.name == "trunk":
        turned = on_cells(layer, mesh, turned_share(stretch))
        added = _at_cells(layer, fold_light(layer, stature, turned), local)
        colour = (colour + added * front).clamp(0, 1)
    return colour


def _edge_of(
    covered: torch.Tensor, rim: torch.Tensor, row: torch.Tensor, column: torch.Tensor
) -> torch.Tensor:
    """(h, w) over 0 round the rim (n,) bool of the pixels at row, column, and at the border of what is covered."""
    there = torch.zeros(covered.shape, device=covered.device)
    there[row, column] = (rim & covered[row, column]).float()
    return dilate(there, RING) + (1 - erode(covered.float(), 1))


def _closed(share: torch.Tensor, covered: torch.Tensor, row, column, reach: int) -> torch.Tensor:
    """(n,) shares (n,) of the pixels at row, column with what is lower over less than twice `reach` pixels filled (a
    grey closing), and even."""
    whole = torch.zeros(covered.shape, device=share.device)
    whole[row, column] = share
    there = covered.float()
    whole = erode(dilate(whole, reach).maximum(1 - there), reach) * there
    both = box_blur(torch.stack((whole, there)), max(1, reach // 3))
    return (both[0] / both[1].clamp(min=1e-6))[row, column].maximum(share)


def _without_steps(
    colour: torch.Tensor,
    points: torch.Tensor,
    covered: torch.Tensor,
    at: tuple[torch.Tensor, ...],
    jump: float,
) -> torch.Tensor:
    """(3, n) the colours (3, n) of the pixels at row, column (n,), those evened where the sheet hides a part of itself:
    there two neighbours show places (n, 2) of the photo further apart than `jump`, and the line between has steps."""
    place = torch.zeros(2, *covered.shape, device=colour.device)
    place[:, at[0], at[1]] = points.T
    line = torch.zeros_like(covered)
    for axis in (0, 1):
        n = covered.shape[axis] - 1
        both = covered.narrow(axis, 0, n) & covered.narrow(axis, 1, n)
        far = place.narrow(axis + 1, 0, n) - place.narrow(axis + 1, 1, n)
        far = both & (far.square().sum(0) > jump * jump)
        line.narrow(axis, 0, n).logical_or_(far)
        line.narrow(axis, 1, n).logical_or_(far)
    if not bool(line.any()):
        return colour
    whole = torch.zeros(4, *covered.shape, device=colour.device)
    whole[:, at[0], at[1]] = torch.cat((colour, torch.ones_like(colour[:1])))
    near = dilate(line.float(), 1)[at]
    even = box_blur(box_blur(whole, 1), 1)[:, at[0], at[1]]
    return torch.where(near > 0, even[:3] / even[3:].clamp(min=1e-6), colour)


def _photographed(side: torch.Tensor, rest: torch.Tensor, normal: torch.Tensor) -> torch.Tensor:
    """(n, 3) unit, how what shows faced the camera in the photo: normals at rest and after the motion (n, 3).

    The far side is drawn with the colours of the front at the same place, and so faced as that did; the rim has no
    surface in the photo: as if nothing of it had turned.
    """
    front = torch.cat((rest[:, :2], -rest[:, 2:].abs()), 1)
    turned = torch.where(normal[:, 2:] > 0, -1, 1) * normal
    return F.normalize(torch.where(side[:, None] == 2, turned, front), dim=1)


def _inwards(layer: Layer, local: torch.Tensor, deep: torch.Tensor) -> torch.Tensor:
    """(n, 2) the places on the layer's front that lie as far inwards of its outline, at places (n, 2), as the side's
    points lie behind the front, `deep` (n,) pixels: as if the cloth were mirrored there."""
    slope = box_blur(layer.layout.to_grid(layer.matte)[None], INWARDS)[0]
    slope = torch.stack((slope[1:-1, 2:] - slope[1:-1, :-2], slope[2:, 1:-1] - slope[:-2, 1:-1]))
    way = F.normalize(_at_cells(layer, F.pad(slope, (1, 1, 1, 1)), local), dim=0).T
    return local + way * deep[:, None]


def _at_cells(layer: Layer, cells: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """(C, n) values (C, gh, gw) of a layer's cells at places (n, 2) of its pixels."""
    return sample(cells, (places + 0.5) / layer.layout.cell - 0.5)


def _worn_at(layer: Layer, places: torch.Tensor) -> torch.Tensor:
    """(n,) the number of what is worn at places (n, 2) of a layer's pixels."""
    x, y = (places / layer.layout.cell).floor().long().unbind(1)
    return layer.worn[y.clamp(0, layer.worn.shape[0] - 1), x.clamp(0, layer.worn.shape[1] - 1)]


def _grain(layer: Layer, there: torch.Tensor) -> torch.Tensor:
    """(3, n) weave for a side that no photo shows, from the places `there` (n, 2) of a layer's front. Without it a side
    is streaks of the outline's single pixels."""
    detail = sample(layer.colour - box_blur(layer.colour, FINE), there)
    inside = (sample(layer.parted[None], there)[0] > 0.95) & (detail.abs().amax(0) < 2 * PLAIN)
    return detail.clamp(-PLAIN, PLAIN) * inside


def _patterned(
    layer: Layer, stature: float, colour: torch.Tensor, local: torch.Tensor, there: torch.Tensor
) -> torch.Tensor:
    """(3, n) a side's colours (3, n), at places `local` (n, 2) of a layer's outline, with the pattern that its front
    has at the places `there` (n, 2), where it is patterned all over."""
    pattern = patterned(layer.layout, layer.colour, layer.layout.to_grid(layer.matte), stature)
    share = _at_cells(layer, pattern[None], there)[0] * _at_cells(layer, pattern[None], local)[0]
    share = share * (sample(layer.parted[None], there)[0] > 0.95)
    if layer.worn is not None:  # below a sleeve's corner the way inwards leads up into the sleeve
        share = share * (_worn_at(layer, there) == _worn_at(layer, local))
    return torch.lerp(colour, sample(layer.colour, there).clamp(0, 1), share)


def _outline(layer: Layer, stature: float) -> torch.Tensor:
    """(1, h, w) 1 along a limb's outline, where its pixels are dark and partly what was behind it, 0 further in."""
    breadth = max(2, round(DARK_EDGE * stature))
    return 1 - box_blur(erode((layer.parted > 0.9).float(), breadth)[None], max(1, breadth // 2))


def _ahead(
    volume: BodyVolume, layer: Layer, photographed: torch.Tensor, local: torch.Tensor
) -> torch.Tensor | float:
    """Pixels by which a layer's points (n, 3), at (n, 2) of its crop, win over others of the same depth."""
    ahead = ARMS_AHEAD if layer.name.endswith("arm") else 0.0
    if layer.side is not None:
        ahead = HEAD_AHEAD * layer.side.ahead(photographed)
    # What is made up in its true place need not give way to what was seen, as other guesses must.
    maps = [values for values in (layer.made_up, layer.placed) if values is not None]
    made_up = sum(UNSEEN_BEHIND * sample(values[None], local)[0] for values in maps)
    return volume.stature * (ahead + made_up)


def _window(vertices: torch.Tensor, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Corner (y, x) and size of the part of a picture of `size` that the vertices lie in; at least one pixel."""
    limits = vertices.new_tensor([size[1] - 1, size[0] - 1])
    low = vertices[:, :2].amin(0).floor().clamp(min=0).minimum(limits)
    high = vertices[:, :2].amax(0).ceil().minimum(limits).maximum(low)
    (left, top), (right, bottom) = low.long().tolist(), high.long().tolist()
    return (top, left), (bottom - top + 1, right - left + 1)


def _softened(
    values: torch.Tensor, hard: torch.Tensor, row, column, sheer: torch.Tensor | None = None
) -> torch.Tensor:
    """(n,) the alphas (n,) of the covered pixels with dips one pixel wide filled (a grey closing): where a sheet turns
    over to its other side its soft edge is no outline. Where the edge is the mesh's own, `hard` (H, W) above 0, it
    slopes across the line that its steps follow. Of what is `sheer` (H, W) above 0 gaps and border are the strands'
    own."""
    alpha = torch.zeros(hard.shape, device=values.device)
    alpha[row, column] = values
    own = alpha
    alpha = alpha.maximum(erode(dilate(alpha, 1), 1))
    smooth = box_blur(box_blur(alpha[None], 1), 1)[0]
    slope = ((smooth - 0.5) * STEEP + 0.5).clamp(0, 1)
    soft = torch.where(hard > 0, slope, alpha)
    return (soft if sheer is None else torch.where(sheer > 0, own, soft))[row, column]
