"""What the samples see of a figure: where they are, how they lie, and what their sheets say there."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor

from ..scene import MATERIALS, REGIONS, Figure
from .raster import Samples, Screen

HAIR = REGIONS.index("hair")
EYE, LIDS = MATERIALS.index("eye"), 0.7
"""How much of the surroundings an eye sees past its lids and lashes, which the mesh shows too coarsely."""
PUFF = 0.6
"""How far the normals of hair cards lean to what the whole head of hair would have: cards alone look like shingle."""
THRESHOLDS = (0.5, 0.25, 0.75, 0.5)
"""Alpha from which a sample is solid, by its row's and column's parity (odd odd, odd even, even odd, even even). The
pixel's tent weighs each of the four a quarter, so that coverage follows alpha; pixel centres are odd, odd."""
DEEPEST = 6
"""Halvings of a sheet at most."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The surface at S samples. Lengths in metres, world axes.

    face (S,); position (S, 3); smooth (S, 3) unit normals of the mesh, towards the camera; normal (S, 3) the same with
    the sheets' normal maps; towards (S, 3) unit, to the camera; uv (S, 2); albedo (S, 3) linear; opened (S,) how much
    of the surroundings the surface sees past the person's own limbs and the sheets' folds; material (S,) uint8; finish
    (S, 3): gloss, roughness, sheen.
    """

    face: Tensor
    position: Tensor
    smooth: Tensor
    normal: Tensor
    towards: Tensor
    uv: Tensor
    albedo: Tensor
    opened: Tensor
    material: Tensor
    finish: Tensor


def area_vectors(vertices: Tensor, faces: Tensor) -> Tensor:
    """(N, 3): each vertex's third of the faces around it, as area times outward normal, square metres.

    On CUDA the order of the sums, and so the last bit, may differ between runs unless
    torch.use_deterministic_algorithms is on.
    """
    first, second, third = (vertices.index_select(0, corner) for corner in faces.T)
    crossed = torch.linalg.cross(second - first, third - first) / 6
    vectors = torch.zeros_like(vertices)
    for corner in range(3):
        vectors.index_add_(0, faces[:, corner], crossed)
    return vectors


def vertex_normals(figure: Figure, vertices: Tensor, vectors: Tensor) -> Tensor:
    """(N, 3) unit normals; hair's lean away from the middle of the hair. vectors: see `area_vectors`."""
    normals = F.normalize(vectors, dim=1, eps=1e-12)
    hair = figure.region == HAIR
    if not hair.any():
        return normals
    worn = torch.zeros_like(vertices[:, 0], dtype=torch.bool)
    worn[figure.faces[hair].flatten()] = True
    strands = worn.nonzero()[:, 0]
    outward = F.normalize(vertices[strands] - vertices[strands].mean(0), dim=1)
    own = normals[strands]
    # Cards face either way: their own normal counts outwards.
    own = own * torch.where((own * outward).sum(1, keepdim=True) < 0, -1.0, 1.0)
    normals[strands] = F.normalize(torch.lerp(own, outward, PUFF), dim=1)
    return normals


def levels(figure: Figure, screen: Screen) -> list[int]:
    """Per sheet how often to halve it so that a sample meets about one texel, from its visible faces."""
    corners = screen.corners
    seen = _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).abs()
    uv = figure.uv[screen.face]
    worn = _cross(uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]).abs()
    sheet, count = figure.sheet[screen.face], len(figure.sheets)
    zeros = seen.new_zeros(count)
    texels = seen.new_tensor([s.albedo.shape[1] * s.albedo.shape[2] for s in figure.sheets])
    density = zeros.index_add(0, sheet, worn) * texels / zeros.index_add(0, sheet, seen).clamp(min=1e-9)
    return (0.5 * torch.log2(density.clamp(min=1e-9)) + 0.4).floor().clamp(0, DEEPEST).int().tolist()


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


_HALVED: WeakKeyDictionary[Figure, dict] = WeakKeyDictionary()
"""Halved sheets of figures still in use: a person's pictures share them."""


def _bled(albedo: Tensor, alpha: Tensor) -> Tensor:
    """(3, h, w), (h', w'): the colour beside a hole runs into it, lest what the hole was painted with fringe its
    edge."""
    size = tuple(albedo.shape[1:])
    if alpha.shape != size:
        alpha = F.interpolate(alpha[None, None], size=size, mode="bilinear", align_corners=False)[0, 0]
    block, solid = max(1, min(16, *size)), alpha.clamp(0.02, 1)
    weighed = F.avg_pool2d(torch.cat([albedo * solid, solid[None]])[None], block, ceil_mode=True)
    around = F.interpolate(weighed[:, :3] / weighed[:, 3:], size=size, mode="bilinear", align_corners=False)[
        0
    ]
    return torch.lerp(around, albedo, ((alpha - 0.1) / 0.5).clamp(0, 1))


def _halved(picture: Tensor, times: int) -> Tensor:
    """(h, w) or (c, h, w) -> (c, h, w) averaged over squares of 2^times texels."""
    picture = picture if picture.ndim == 3 else picture[None]
    scale = min(2**times, min(picture.shape[1:]))
    return F.avg_pool2d(picture[None], scale)[0] if scale > 1 else picture


@dataclass(frozen=True, eq=False)
class SheetReader:
    """A figure's sheets at the fineness that a view needs."""

    figure: Figure
    level: tuple[int, ...]

    def picture(self, sheet: int, part: str) -> Tensor | None:
        """(c, h, w): "albedo", "alpha", "normal" or "occlusion" of a sheet, halved as often as the view wants; None
        where the sheet has none. Kept for the figure's next picture."""
        kept = _HALVED.setdefault(self.figure, {})
        name = (sheet, part, self.level[sheet])
        if name not in kept:
            worn = self.figure.sheets[sheet]
            picture = getattr(worn, part)
            if part == "albedo" and worn.alpha is not None:
                picture = _bled(picture, worn.alpha)
            kept[name] = None if picture is None else _halved(picture, self.level[sheet])
        return kept[name]

    def cutout(self) -> Tensor:
        """(F,) bool: faces whose sheet has holes."""
        holes = torch.tensor(
            [s.alpha is not None for s in self.figure.sheets], device=self.figure.faces.device
        )
        return holes[self.figure.sheet]

    def coordinates(self, face: Tensor, weights: Tensor) -> Tensor:
        """(S,) faces, (S, 3) barycentrics -> uv (S, 2) in [0, 1]; what tiles is wrapped."""
        corners = self.figure.uv.flatten(1).index_select(0, face)
        one, two, three = (corners[:, i : i + 2] * weights[:, i // 2, None] for i in (0, 2, 4))
        uv = one + two + three
        return torch.where((uv - 0.5).abs() > 0.5, uv - uv.floor(), uv)

    def read(self, sheet: int, part: str, uv: Tensor) -> Tensor | None:
        """A part of a sheet at uv (S, 2) -> (S, c), bilinear between texel centres; None where it has none."""
        picture = self.picture(sheet, part)
        if picture is None:
            return None
        grid = (uv * 2 - 1)[None, None]
        found = F.grid_sample(picture[None], grid, padding_mode="border", align_corners=False)
        return found[0, :, 0].T

    def solid(self, face: Tensor, weights: Tensor, threshold: Tensor | float) -> Tensor:
        """(S,) bool: whether the sheets' alpha reaches the threshold (S,)."""
        uv, sheet = self.coordinates(face, weights), self.figure.sheet[face]
        alpha = torch.ones_like(uv[:, 0])
        for index, worn in enumerate(self.figure.sheets):
            if worn.alpha is not None:
                at = (sheet == index).nonzero()[:, 0]
                alpha[at] = self.read(index, "alpha", uv[at])[:, 0]
        return alpha >= threshold

    def casting(self) -> Tensor:
        """(F',) int64: the faces that cast shadows: all but those whose middle is a hole."""
        cutout = self.cutout()
        at = cutout.nonzero()[:, 0]
        middle = self.figure.uv.new_full((len(at), 3), 1 / 3)
        keep = ~cutout
        keep[at] = self.solid(at, middle, 0.4)
        return keep.nonzero()[:, 0]


def thresholds(place: Tensor, width: int) -> Tensor:
    """(S,): alpha from which a sample is solid, see THRESHOLDS."""
    table = torch.tensor(THRESHOLDS, device=place.device)
    row = torch.div(place, width, rounding_mode="floor")
    return table[(1 - row % 2) * 2 + (1 - (place - row * width) % 2)]


def surface(
    reader: SheetReader, samples: Samples, vertices: Tensor, normals: Tensor, opened: Tensor, eye: Tensor
) -> Surface:
    """Everything that the samples see. normals (N, 3): `vertex_normals`; opened (N,): of the vertices, past the
    person's limbs; eye (3,): the camera's position."""
    figure, face = reader.figure, samples.face
    corners = figure.faces.index_select(0, face)
    table = torch.cat([vertices, normals, opened[:, None]], 1)
    each = [table.index_select(0, corner) for corner in corners.T]
    first, second, third = (e * samples.weights[:, i, None] for i, e in enumerate(each))
    position, smooth, past_limbs = (first + second + third).split([3, 3, 1], 1)
    edges = each[1][:, :3] - each[0][:, :3], each[2][:, :3] - each[0][:, :3]
    towards = unit(eye - position)
    # Hair's normals are those of the whole head, whichever side of a card is seen.
    turns = figure.two_sided & (figure.region != HAIR)
    smooth = _facing(smooth, edges, towards, turns.index_select(0, face))
    uv = reader.coordinates(face, samples.weights)
    sheet = figure.sheet.index_select(0, face)
    albedo, normal, past_folds = _dressed(reader, face, sheet, uv, smooth, edges)
    material = torch.tensor([s.material for s in figure.sheets], dtype=torch.uint8, device=face.device)[sheet]
    finish = smooth.new_tensor([[s.gloss, s.roughness, s.sheen] for s in figure.sheets]).index_select(
        0, sheet
    )
    opened = past_limbs[:, 0] * past_folds * torch.where(material == EYE, LIDS, 1.0)
    return Surface(face, position, smooth, normal, towards, uv, albedo, opened, material, finish)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """(S, 3), (S, 3) -> (S,); written out, which is three times as fast as a sum over so short an axis."""
    (x, y, z), (u, v, w) = a.unbind(1), b.unbind(1)
    return x * u + y * v + z * w


def unit(vectors: Tensor) -> Tensor:
    """(S, 3) -> the same of length 1; zero stays zero."""
    return vectors * torch.rsqrt(dot(vectors, vectors).clamp(min=1e-24))[:, None]


def _facing(normal: Tensor, edges: tuple[Tensor, Tensor], towards: Tensor, two_sided: Tensor) -> Tensor:
    """Unit normals turned to the camera: the back of a two-sided face shows the other side; elsewhere a smooth normal
    that leans away at the outline is laid across the view."""
    at = two_sided.nonzero()[:, 0]
    plane = torch.linalg.cross(edges[0].index_select(0, at), edges[1].index_select(0, at))
    own = normal.index_select(0, at)
    behind = (dot(plane, towards.index_select(0, at)) < 0) & (dot(own, plane) > 0)
    normal = normal.index_copy(0, at, torch.where(behind[:, None], -own, own))
    return _across(unit(normal), towards)


def _across(normal: Tensor, towards: Tensor) -> Tensor:
    """What leans away from the camera -> across the view, by the shortest turn."""
    away = dot(normal, towards).clamp(max=0)[:, None]
    return unit(normal - away * towards)


def _tangents(figure: Figure, face: Tensor, one: Tensor, two: Tensor) -> tuple[Tensor, Tensor]:
    """(S, 3) metres per unit of u, and per unit of v upwards."""
    u0, v0, u1, v1, u2, v2 = figure.uv.flatten(1).index_select(0, face).unbind(1)
    du1, dv1, du2, dv2 = u1 - u0, v1 - v0, u2 - u0, v2 - v0
    area = du1 * dv2 - du2 * dv1
    scale = torch.where(area.abs() > 1e-14, 1 / area, 0.0)[:, None]
    across = (one * dv2[:, None] - two * dv1[:, None]) * scale
    return across, (one * du2[:, None] - two * du1[:, None]) * scale


def _dressed(
    reader: SheetReader, face: Tensor, sheet: Tensor, uv: Tensor, smooth: Tensor, edges: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Albedo (S, 3), normals (S, 3) and openness (S,) from the sheets."""
    albedo, normal, opened = torch.zeros_like(smooth), smooth.clone(), torch.ones_like(uv[:, 0])
    for index in range(len(reader.figure.sheets)):
        at = (sheet == index).nonzero()[:, 0]
        if len(at) == 0:
            continue
        there = uv.index_select(0, at)
        albedo[at] = reader.read(index, "albedo", there)
        if (bump := reader.read(index, "normal", there)) is not None:
            near, one, two = (t.index_select(0, at) for t in (smooth, *edges))
            normal[at] = _bumped(bump, near, *_tangents(reader.figure, face.index_select(0, at), one, two))
        if (folds := reader.read(index, "occlusion", there)) is not None:
            opened[at] = folds[:, 0]
    return albedo.clamp(0, 1), normal, opened


def _bumped(bump: Tensor, normal: Tensor, across: Tensor, along: Tensor) -> Tensor:
    """Tangent-space (n, 3) (along +u, against v, outwards) -> world, unit; the mesh's normal where uv is degenerate."""
    tangent = unit(across - dot(across, normal)[:, None] * normal)
    upwards = torch.linalg.cross(normal, tangent)
    upwards = upwards * torch.where(dot(upwards, along) < 0, -1.0, 1.0)[:, None]
    turned = bump[:, :1] * tangent + bump[:, 1:2] * upwards + bump[:, 2:] * normal
    return unit(turned)
