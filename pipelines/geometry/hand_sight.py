"""What the camera sees of a hand's solid: sphere tracing along the rays of a small window of the picture.

Hart, "Sphere tracing: a geometric method for the antialiased ray tracing of implicit surfaces", The Visual
Computer 1996: from the camera's side, each ray goes on by as much as the surface is away. Weak perspective:
the rays are parallel to z. The outline is taken from the solid's image, exact at every pixel; depth, normals
and the shade between fingers are smooth and are found on a grid that is as fine as a hand needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .hand_shape import Hand, Pieces

FINE = 56
"""Rays along a hand: a finger is then about five rays broad, and smooth between them."""
STEPS, NEAR, CAREFUL = 20, 0.004, 0.95
"""Most steps of a ray, where it has arrived (in hand lengths), and what share of the distance it steps: the
smooth union is a little less far away than it says."""
OCCLUSION = ((0.04, 0.45), (0.09, 0.30), (0.18, 0.15))
"""How far from the surface (in hand lengths) it is looked for what shades it, and the weights (after Evans,
"Fast Approximations for Global Illumination on Dynamic Scenes", SIGGRAPH course 2006); by eye."""
DARKEST = 0.3
"""The least light between fingers: skin passes light on. By eye."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A hand in a window of the picture whose first pixel is `corner` (x, y); all (h, w) or (h, w, 3).

    outline  signed distance in pixels to the outline, negative inside
    depth    z of the surface, pixels;  normal unit, out of the hand;  open in (0, 1] how much light reaches
    a place piece    number of the piece that is seen
    """

    corner: tuple[int, int]
    outline: torch.Tensor
    depth: torch.Tensor
    normal: torch.Tensor
    open: torch.Tensor
    piece: torch.Tensor

    @property
    def cover(self) -> torch.Tensor:
        """(h, w) share of each pixel that the hand covers."""
        return (0.5 - self.outline).clamp(0, 1)

    def pixels(self) -> torch.Tensor:
        """(h, w, 2) x, y of the window's pixels."""
        height, width = self.outline.shape
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        return (torch.stack((x, y), -1) + torch.tensor(self.corner)).to(self.outline)


def window(hand: Hand, size: tuple[int, int], margin: float = 2.0) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 of the pixels of a picture of `size` (height, width) that a hand may touch; None where
    it lies outside."""
    left, top, right, bottom = hand.box()
    x0, y0 = max(0, int(left - margin)), max(0, int(top - margin))
    x1, y1 = min(size[1], int(right + margin) + 2), min(size[0], int(bottom + margin) + 2)
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def see(hand: Hand, box: tuple[int, int, int, int], device: torch.device) -> Sight:
    """The hand in the window x0, y0, x1, y1."""
    x0, y0, x1, y1 = box
    height, width = y1 - y0, x1 - x0
    pitch = max(1.0, hand.length / FINE)
    coarse = tuple(max(2, int(-(-n // pitch))) for n in (height, width))
    rays = _centres(box, coarse, device)
    flat = hand.flat(device)
    outline = flat.distance(rays.reshape(-1, 2)).reshape(coarse)
    near = outline < 2 * pitch
    fields, piece = _traced(hand, rays[near])
    grid = torch.zeros(6, *coarse, device=device)
    grid[:, near] = torch.cat((fields, torch.ones_like(fields[:1])))
    numbers = torch.zeros(coarse, dtype=torch.int64, device=device)
    numbers[near] = piece
    smooth = _enlarged(torch.cat((grid, outline[None])), (height, width), "bilinear")
    outline, smooth = smooth[6], smooth[:5] / smooth[5].clamp(min=1e-3)
    edge = outline.abs() < 2 * pitch + 1
    outline[edge] = flat.distance(_centres(box, (height, width), device)[edge])
    normal = F.normalize(smooth[1:4].permute(1, 2, 0), dim=-1)
    piece = _enlarged(numbers[None].float(), (height, width), "nearest-exact")[0].long()
    return Sight((x0, y0), outline, smooth[0], normal, smooth[4], piece)


def _centres(box: tuple[int, int, int, int], cells: tuple[int, int], device: torch.device) -> torch.Tensor:
    """(rows, columns, 2) x, y of the centres of the cells that a window is cut into."""
    x0, y0, x1, y1 = box
    y, x = (
        (torch.arange(n, device=device) + 0.5) * ((last - first) / n) - 0.5 + first
        for n, first, last in zip(cells, (y0, x0), (y1, x1), strict=True)
    )
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def _enlarged(grid: torch.Tensor, size: tuple[int, int], mode: str) -> torch.Tensor:
    align = {"align_corners": False} if mode == "bilinear" else {}
    return F.interpolate(grid[None], size, mode=mode, **align)[0]


def _traced(hand: Hand, rays: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(5, n) depth, normal and openness, (n,) piece at rays (n, 2)."""
    solid = hand.solid(rays.device)
    points = _arrived(solid, rays)
    piece = solid.nearest(points)
    normal = _normals(solid, points)
    openness = torch.ones(len(points), device=rays.device)
    for far, weight in OCCLUSION:
        reach = far * solid.length
        free = solid.distance(points + reach * normal) / reach
        openness = openness - weight * (1 - free).clamp(0, 1)
    return torch.cat((points[:, 2:].T, normal.T, openness.clamp(min=DARKEST)[None])), piece


def _arrived(solid: Pieces, rays: torch.Tensor) -> torch.Tensor:
    """(n, 3) where each ray meets the solid first, or where it passes it most closely."""
    ends = torch.stack((solid.start, solid.start + solid.step))[..., 2]
    first = float((ends.amin(0) - solid.radii.amax(1)).min() + solid.middle[2])
    last = float((ends.amax(0) + solid.radii.amax(1)).max() + solid.middle[2])
    z = torch.full((len(rays),), first, device=rays.device)
    best, at = torch.full_like(z, torch.inf), z.clone()
    going = torch.arange(len(rays), device=rays.device)
    for _ in range(STEPS):
        away = solid.distance(torch.cat((rays[going], z[going, None]), 1))
        closer = away < best[going]
        best[going[closer]], at[going[closer]] = away[closer], z[going[closer]]
        z[going] += CAREFUL * away.clamp(min=NEAR * solid.length)
        going = going[(away > NEAR * solid.length) & (z[going] < last)]
        if len(going) == 0:
            break
    return torch.cat((rays, at[:, None]), 1)


def _normals(solid: Pieces, points: torch.Tensor) -> torch.Tensor:
    """(n, 3) the distance's gradient, from the four corners of a small tetrahedron."""
    corners = points.new_tensor([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]])
    size = 0.006 * solid.length
    slopes = [corner * solid.distance(points + size * corner)[:, None] for corner in corners]
    return F.normalize(torch.stack(slopes).sum(0), dim=1)
