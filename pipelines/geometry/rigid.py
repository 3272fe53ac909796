"""Prints, logos and buttons: patches of the surface that move in one piece.

Cloth bends between the parts of a body; a print hardly does, and letters that bend look broken. So every patch gets the
one affine map that fits the moved surface under it best, its vertices are laid by that map, and the cloth round it
gives way smoothly. Because vertices are laid, not pixels, depth order, visibility, stretch and the photo's own
resolution come out of the same rasteriser as everything else: an arm that crosses a print covers it, no seam can show.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from . import field
from .layers import Regions
from .motion import Motion
from .volume import BodyVolume, Layer

GAP = 0.02
"""Fraction of stature (about 3.5 cm) by which parts of a mask may be apart and still be one patch: the words of a
slogan are one, the buttons of a shirt (7 to 10 cm apart) are not. By eye."""
SMALL = 0.03
"""Fraction of stature: patches of a smaller diameter (buttons, badges) turn and scale, but do not shear."""
LEAST = 8
"""Vertices from which on an affine map's six numbers are worth fitting."""
SEEN = 0.15
"""Share of a patch that must face the camera in the new pose."""
LARGE = 0.3
"""Fraction of stature: what has a larger diameter is a garment, no print on it (a chest is about 0.2 wide and high)."""
FLAT = 0.06
"""Root mean square of what an affine map leaves over, as a fraction of the patch's diameter, from which on the patch is
not one plane: it goes round the body, or over a joint. By eye, on slogans from a badge's size to the whole chest."""
STRETCH = (0.3, 1.5)
"""How much shorter and longer a print can get against the body's own change of scale: it is turned away by at most 72
degrees, or was photographed at up to 48 degrees and now faces the camera."""
STEEP = 3.0
"""Width of the margin in which the cloth gives way, over the largest shift in it: a smooth step is at most 1.5 times as
steep as a straight one, so that the cloth keeps at least half of its own spacing and nothing folds."""
MARGIN = (2.0, 24.0)
"""Cells: narrowest and widest such margin."""
TOGETHER = 0.01
"""Fraction of stature within which two layers still lie on each other, and both follow a patch."""
ROUNDS = 8
"""Reweightings of the robust fit; the map changes by less than a hundredth of a pixel after five."""


@dataclass(frozen=True, eq=False)
class Patches:
    """label (gh, gw) int64 on the mesh grid: the number of the patch that a vertex belongs to, -1 for none."""

    label: torch.Tensor
    count: int


def all_rigid(mask: torch.Tensor | None, regions: Regions | None) -> torch.Tensor | None:
    """(1, 1, H, W) the artist's mask and what the garments' own patches cover; None where neither says anything."""
    clothes = None if regions is None else regions.garments
    if clothes is None or not clothes.patches:
        return mask
    return clothes.rigid() if mask is None else torch.maximum(mask, clothes.rigid().to(mask))


@dataclass(frozen=True, eq=False)
class AffineMap:
    """x' = matrix (2, 2) @ x + offset (2,), pixels, float64."""

    matrix: torch.Tensor
    offset: torch.Tensor

    def apply(self, points: torch.Tensor) -> torch.Tensor:
        """(..., 2) the points where the map lays them."""
        return (points.to(self.matrix) @ self.matrix.T + self.offset).to(points.dtype)


def find_patches(volume: BodyVolume, mask: torch.Tensor) -> Patches:
    """The patches of a mask (1, 1, H, W) in [0, 1] of the picture that the volume was built from.

    What is not further apart than GAP is one patch, with what lies between its pieces.
    """
    (left, top), (height, width) = volume.corner, volume.photo.shape[-2:]
    crop = F.pad(
        mask, (-left, left + width - mask.shape[-1], -top, top + height - mask.shape[-2])
    )  # negative: cut away
    cells = F.max_pool2d(crop, volume.cell)[0, 0] > 0.5
    reach = max(1, round(GAP * volume.stature / volume.cell / 2))
    near = field.dilate(cells.float(), reach)
    label, count = field.components(near > 0)
    whole = (
        field.dilate(field.erode(near, reach), 1) > 0
    )  # + 1: all corners of every triangle that shows some
    return Patches(torch.where(whole, label, -1), count)


def fit(
    before: torch.Tensor, after: torch.Tensor, weight: torch.Tensor, similar: bool = False
) -> tuple[AffineMap, float]:
    """The map that takes points `before` (n, 2) onto `after` (n, 2), pixels, and what it leaves over.

    Weighted least squares, reweighted by 1 / (1 + (r / s)^2) (Cauchy's function; s is 1.5 times the median residual,
    and at least half a pixel), so that a fold or a wrong limb under a part of the patch does not shear it all.
    similar: only turned, scaled and moved. The residual is the weighted root mean square over all points.
    """
    before, after, weight = (values.double() for values in (before, after, weight))
    found, trust = None, torch.ones_like(weight)
    for _ in range(ROUNDS):
        found = (_similarity if similar else _affine)(before, after, weight * trust)
        residual = (found.apply(before) - after).norm(dim=1)
        scale = (1.5 * residual[weight > 0].median()).clamp(min=0.5)
        trust = 1 / (1 + (residual / scale) ** 2)
    return found, float(((weight * residual**2).sum() / weight.sum()).sqrt())


def _centred(points: torch.Tensor, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    middle = (weight[:, None] * points).sum(0) / weight.sum()
    return points - middle, middle


def _affine(before: torch.Tensor, after: torch.Tensor, weight: torch.Tensor) -> AffineMap:
    (a, at), (b, to) = _centred(before, weight), _centred(after, weight)
    spread = (weight[:, None] * a).T @ a
    ridge = 1e-9 * spread.diagonal().sum() * torch.eye(2).to(spread)  # all points on a line
    matrix = torch.linalg.solve(spread + ridge, (weight[:, None] * a).T @ b).T
    return AffineMap(matrix, to - matrix @ at)


def _similarity(before: torch.Tensor, after: torch.Tensor, weight: torch.Tensor) -> AffineMap:
    (a, at), (b, to) = _centred(before, weight), _centred(after, weight)
    total = (weight * (a * a).sum(1)).sum().clamp(min=1e-9)
    cosine = (weight * (a * b).sum(1)).sum() / total
    sine = (weight * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])).sum() / total
    matrix = torch.stack((torch.stack((cosine, -sine)), torch.stack((sine, cosine))))
    return AffineMap(matrix, to - matrix @ at)


def limited(found: AffineMap, middle: torch.Tensor, scale: float) -> AffineMap | None:
    """The map with its stretches inside STRETCH times `scale`, `middle` (2,) staying where it goes; None for a patch
    that is seen from behind or too much edge-on to be a print."""
    left, values, right = torch.linalg.svd(found.matrix)
    low, high = (bound * scale for bound in STRETCH)
    if float(torch.linalg.det(found.matrix)) <= 0 or float(values.min()) < low:
        return None
    matrix = left @ torch.diag(values.clamp(max=high)) @ right
    return AffineMap(matrix, found.apply(middle).to(matrix) - matrix @ middle.to(matrix))


@dataclass(frozen=True, eq=False)
class _Sheet:
    """The front of a layer on the mesh grid: `rest` and `moved` (2, gh, gw) pixels, 0 outside; `inside` (gh, gw) bool.

    All (gh, gw): `faces` the area that a unit of the photo has in the new picture, negative seen from behind; `seen`
    what of it the photo showed; `scale` by which its bones grow.
    """

    rest: torch.Tensor
    moved: torch.Tensor
    inside: torch.Tensor
    faces: torch.Tensor
    seen: torch.Tensor
    scale: torch.Tensor


def _sheet(volume: BodyVolume, layer: Layer, how: Motion) -> _Sheet:
    row, column = torch.nonzero(layer.inside, as_tuple=True)
    x, y = (values[row, column] for values in layer.layout.cells())
    rest = torch.stack((x, y, layer.front[row, column]), 1)
    weights = layer.weights[:, row, column].T
    moved = how.apply(rest, weights)
    flat = [_on_grid(points[:, :2].T, layer.inside) for points in (rest, moved)]
    scale = weights @ torch.as_tensor(how.scale, dtype=weights.dtype, device=weights.device)
    faces = _area(flat[1], layer.inside) / volume.cell**2
    own = (*flat, layer.inside, faces, layer.shown(), _on_grid(scale[None], layer.inside)[0])
    return _Sheet(*(volume.layout.laid(values, layer.layout) for values in own))


def _on_grid(values: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """(C, gh, gw) values (C, n) of the cells inside, row by row; 0 elsewhere."""
    grid = values.new_zeros(len(values), *inside.shape)
    grid[:, inside] = values
    return grid


def _area(moved: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """(gh, gw) signed area in square pixels of a cell, from the differences to the neighbours inside; 0 at the edge."""
    across, along = (torch.zeros_like(moved) for _ in range(2))
    across[:, :, 1:-1] = (moved[:, :, 2:] - moved[:, :, :-2]) / 2
    along[:, 1:-1] = (moved[:, 2:] - moved[:, :-2]) / 2
    area = across[0] * along[1] - across[1] * along[0]
    return area * field.erode(inside.float(), 1)


def shifts(volume: BodyVolume, how: Motion, patches: Patches) -> dict[str, torch.Tensor]:
    """By layer (2, gh, gw), on its own grid: pixels by which the motion's vertices go on, so that every patch moves in
    one piece.

    Layers that no patch touches are left out. A patch that the new pose does not show well enough, or that is not one
    plane there, moves as the cloth does.
    """
    # The head, on its finer grid, wears no prints.
    sheets = {layer.name: _sheet(volume, layer, how) for layer in volume.layers if layer.fine == 1}
    total: dict[str, torch.Tensor] = {}
    for number in range(patches.count):
        cells = patches.label == number
        if not bool(cells.any()):
            continue
        lead = max(sheets.values(), key=lambda sheet: float((sheet.seen * cells).sum()))
        laid = _laid(lead, cells, volume)
        if laid is None:
            continue
        shift = _shift(lead, cells, laid, volume)
        for name, sheet in sheets.items():
            mine = shift * (1 if sheet is lead else _following(sheet, lead, TOGETHER * volume.stature))
            total[name] = total[name] + mine * sheet.inside if name in total else mine * sheet.inside
    parts = {layer.name: layer.layout for layer in volume.layers}
    return {
        name: volume.layout.cut(shift, parts[name])
        for name, shift in total.items()
        if bool((shift != 0).any())
    }


def _laid(sheet: _Sheet, cells: torch.Tensor, volume: BodyVolume) -> AffineMap | None:
    """The map of one patch; None where it cannot move in one piece."""
    across = 2 * (float(cells.sum()) / torch.pi) ** 0.5 * volume.cell
    if across > LARGE * volume.stature:
        return None
    mine = cells & sheet.inside & (sheet.seen > 0.05)
    weight = sheet.seen[mine] * sheet.faces[mine].clamp(0, 2)
    if int((weight > 0).sum()) < 3 or float((weight > 0.05).sum()) < SEEN * float(cells.sum()):
        return None
    before, after = sheet.rest[:, mine].T, sheet.moved[:, mine].T
    similar = across < SMALL * volume.stature or int((weight > 0).sum()) < LEAST
    found, residual = fit(before, after, weight, similar)
    scale = float(sheet.scale[mine].median())
    if residual > FLAT * across * scale:
        return None
    return limited(found, _centred(before.double(), weight.double())[1], scale)


def _shift(sheet: _Sheet, cells: torch.Tensor, laid: AffineMap, volume: BodyVolume) -> torch.Tensor:
    """(2, gh, gw) from where the motion puts a sheet to where the patch has it: all of it on the patch, fading out in
    the cloth round it."""
    core = cells & sheet.inside
    wanted = laid.apply(sheet.rest.permute(1, 2, 0)).permute(2, 0, 1) - sheet.moved
    wide = STEEP * float(wanted[:, core].norm(dim=0).max()) / volume.cell
    distance = field.nearest(core).norm(dim=0)
    fade = 1 - (distance / min(max(wide, MARGIN[0]), MARGIN[1])).clamp(0, 1)
    spread = field.extrapolate(wanted * core, core.float())
    return torch.where(core, wanted, spread * fade * fade * (3 - 2 * fade))


def _following(sheet: _Sheet, lead: _Sheet, near: float) -> torch.Tensor:
    """(gh, gw) 1 where a layer lies on the patch's own within `near` pixels, 0 from twice that on."""
    both = sheet.inside & lead.inside
    if not bool(both.any()):
        return torch.zeros_like(sheet.faces)
    apart = (sheet.moved - lead.moved).norm(dim=0) * both
    apart = field.extrapolate(apart[None], both.float())[0]
    return (2 - apart / near).clamp(0, 1)
