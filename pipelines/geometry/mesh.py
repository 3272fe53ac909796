"""A layer's closed sheet as triangles, on the cells of its grid."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .layer import Layer
from .rim import evened, open_edges, rim


@dataclass(frozen=True, eq=False)
class Mesh:
    """A layer's closed sheet: `rest` (V, 3) source pixels and depth, `weights` (V, P), `triangles` (T, 3).

    side (T,) int: 0 the front, 1 the back, 2 the rim that joins them along the outline; edge (T,) bool: of a sheet,
    what goes on beyond the rim and carries the soft edge; sheer (T,) bool: of strands.
    """

    rest: torch.Tensor
    weights: torch.Tensor
    triangles: torch.Tensor
    side: torch.Tensor
    edge: torch.Tensor
    sheer: torch.Tensor

    @property
    def front_depth(self) -> torch.Tensor:
        """(V, 1) how deep the front sheet lies, for its vertices and for those of the back behind them."""
        return self.rest[: len(self.rest) // 2, 2:].repeat(2, 1)


def mesh_of(layer: Layer) -> Mesh:
    """The layer's sheets, closed by a rim but for where cloth is open and where a piece was cut off."""
    row, column = torch.nonzero(layer.inside, as_tuple=True)
    x, y = (values[row, column] for values in layer.layout.cells(layer.fine))
    front = torch.stack((x, y, layer.front[row, column]), 1)
    back = torch.stack((x, y, layer.back[row, column] + 0.25), 1)
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
    sheer = torch.zeros_like(edge)
    if layer.sheer is not None:
        thin = layer.sheer[row, column].repeat(2)
        sheer = thin[torch.cat(parts)].all(1)
    return Mesh(torch.cat((front, back)), torch.cat((weights, weights)), torch.cat(parts), side, edge, sheer)


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


def facing(moved: torch.Tensor) -> torch.Tensor:
    """(V,) cosine between the view and the line from each vertex of a front sheet to that of the back behind it."""
    front, back = moved.chunk(2)
    through = F.normalize(back - front, dim=1)[:, 2]
    return torch.cat((through, through))


def thickness(corners: torch.Tensor) -> torch.Tensor:
    """(T,) the least height of triangles (T, 3, 2)."""
    a, b, c = corners.unbind(1)
    u, v = b - a, c - a
    area = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).abs()
    return area / torch.stack((u, v, c - b)).norm(dim=-1).amax(0).clamp(min=1e-6)


def normals(mesh: Mesh, moved: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
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


def on_cells(layer: Layer, mesh: Mesh, values: torch.Tensor) -> torch.Tensor:
    """(gh, gw) the mean of the values (T,) of a mesh's near triangles at each of a layer's cells."""
    near = mesh.side == 0
    corners, both = mesh.triangles[near].flatten(), torch.zeros(2, len(mesh.rest), device=values.device)
    ones = torch.ones_like(values[near])
    both.index_add_(1, corners, torch.stack((values[near], ones)).repeat_interleave(3, 1))
    cells = torch.zeros(layer.inside.shape, device=values.device)
    count = int(layer.inside.sum())
    cells[layer.inside] = (both[0] / both[1].clamp(min=1))[:count]
    return cells
