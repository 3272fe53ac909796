"""Takes the person's silhouette apart: which pixel is trunk, which arm, which leg, and what lies under what.

A seeded random walk (Grady, "Random Walks for Image Segmentation", IEEE PAMI 2006) on a small grid: pixels near a
bone's axis are seeds of their layer, the rest is decided by the photo's own edges; then the borders are brought to
native resolution by a guided filter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from . import field
from .motion import FINGERTIPS, Bones
from .parts import INDEX, JOINS, LAYERS, PARTS, of_layer

GRID_ROWS = 192
"""Rows of the mesh grid over the person; the label grid is twice as fine."""


FINGER = 0.0075
"""Half-breadth of a finger and some flesh beside it as a fraction of stature: index finger breadth at the proximal
joint is about 20 mm on 1.75 m (NASA-STD-3000, volume I, hand anthropometry), widened by a third for the palm."""


@dataclass(frozen=True)
class Layout:
    """Where the working grids lie: a crop of the picture whose sides are multiples of two cells.

    corner (x, y) of the crop's first pixel, size (height, width) in pixels, cell pitch in pixels.
    Cell (i, j) of the grid is the mean of pixels [i cell, (i + 1) cell) x [j cell, (j + 1) cell): its centre lies at
    pixel corner + (j + 0.5) cell - 0.5.
    """

    corner: tuple[int, int]
    size: tuple[int, int]
    cell: int
    picture: tuple[int, int]
    device: torch.device

    @classmethod
    def around(cls, matte: torch.Tensor, tall: float) -> Layout:
        """The crop round a person's matte (H, W), with a margin."""
        rows, columns = (torch.nonzero(matte.amax(axis) > 0.5).squeeze(1) for axis in (1, 0))
        if len(rows) < 4 or len(columns) < 4:
            raise ValueError(
                "The person's mask is empty: give a mask that covers the person, or check the photo."
            )
        extent = int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
        cell = max(2, 2 * round(extent / GRID_ROWS / 2))
        margin = 4 * cell
        x0, y0 = int(columns[0]) - margin, int(rows[0]) - margin
        size = [
            -(-(int(last - first) + 1 + 2 * margin) // (2 * cell)) * 2 * cell
            for first, last in ((rows[0], rows[-1]), (columns[0], columns[-1]))
        ]
        return cls((x0, y0), tuple(size), cell, tuple(matte.shape), matte.device)

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the mesh grid."""
        return self.size[0] // self.cell, self.size[1] // self.cell

    def crop(self, image: torch.Tensor) -> torch.Tensor:
        """(C, h, w) the crop of (C, H, W); beyond the picture its border is repeated."""
        x0, y0 = self.corner
        height, width = self.picture
        y = torch.arange(y0, y0 + self.size[0], device=image.device).clamp(0, height - 1)
        x = torch.arange(x0, x0 + self.size[1], device=image.device).clamp(0, width - 1)
        return image[:, y][:, :, x]

    def cells(self, fine: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
        """x and y (gh, gw) of the cells' centres in picture pixels; fine = 2 for the label grid."""
        pitch = self.cell / fine
        y = (torch.arange(self.grid[0] * fine, device=self.device) + 0.5) * pitch - 0.5 + self.corner[1]
        x = (torch.arange(self.grid[1] * fine, device=self.device) + 0.5) * pitch - 0.5 + self.corner[0]
        return torch.meshgrid(x, y, indexing="xy")

    def to_grid(self, image: torch.Tensor, fine: int = 1) -> torch.Tensor:
        """(..., gh, gw) mean of each cell of a crop (..., h, w)."""
        pitch = self.cell // fine
        shape = image.shape
        pooled = F.avg_pool2d(image.reshape(-1, 1, *shape[-2:]), pitch)
        return pooled.reshape(*shape[:-2], *pooled.shape[-2:])

    def to_native(self, grid: torch.Tensor) -> torch.Tensor:
        """(C, h, w) bilinear."""
        return F.interpolate(grid[None], size=self.size, mode="bilinear", align_corners=False)[0]

    def capsule(self, start, end, fine: int = 1, clamp: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """Distance in pixels (gh, gw) to the segment's image and the fraction along it (gh, gw)."""
        x, y = self.cells(fine)
        dx, dy = float(end[0] - start[0]), float(end[1] - start[1])
        px, py = x - float(start[0]), y - float(start[1])
        along = (px * dx + py * dy) / max(dx * dx + dy * dy, 1e-6)
        if clamp:
            along = along.clamp(0, 1)
        return torch.hypot(px - along * dx, py - along * dy), along


@dataclass(frozen=True, eq=False)
class Masks:
    """Per layer on the native crop: `amodal` (h, w) its whole soft matte, `seen` (h, w) what of it the camera saw.

    owner (2gh, 2gw) number in LAYERS of the layer that is seen, on the label grid; skirt (2gh, 2gw) bool, the cells
    of a garment that hangs round both legs (they belong to the trunk);
    radii (P,) the parts' half-breadths in pixels, measured on this person.
    """

    amodal: dict[str, torch.Tensor]
    seen: dict[str, torch.Tensor]
    owner: torch.Tensor
    skirt: torch.Tensor
    radii: np.ndarray


def measured_radii(layout: Layout, matte: torch.Tensor, frame: Bones, tall: float) -> np.ndarray:
    """(P,) half-breadths in pixels: from each bone outward to the silhouette's border, the nearer side.

    matte (gh, gw) on the label grid. Clipped to [0.75, 1.8] of the body's own, so that a skirt is no thigh.
    """
    radii = np.array([part.radius * tall for part in PARTS])
    x0, y0 = layout.corner
    pitch = layout.cell / 2
    inside = matte.cpu().numpy() > 0.5
    for p, part in enumerate(PARTS):
        bone = (frame.end[p] - frame.start[p])[:2]
        length = np.hypot(*bone)
        if part.layer == "trunk" or not frame.present[p] or length < 2 * pitch:
            continue
        normal = np.array([-bone[1], bone[0]]) / length
        # A thigh's upper half hides between its neighbour, the hands and the shirt.
        first = 0.5 if part.name.endswith("thigh") else 0.2
        along = np.linspace(first, 0.85, 9)[:, None, None] * bone + frame.start[p][:2]
        reach = np.arange(0, 3 * radii[p], pitch / 2)
        widths = []
        for side in (-1, 1):
            ray = along + side * normal * reach[None, :, None]
            j, i = np.floor((ray[..., 0] + 0.5 - x0) / pitch), np.floor((ray[..., 1] + 0.5 - y0) / pitch)
            ok = (i >= 0) & (j >= 0) & (i < inside.shape[0]) & (j < inside.shape[1])
            hit = np.zeros(ok.shape, bool)
            hit[ok] = inside[i[ok].astype(int), j[ok].astype(int)]
            out = ~hit
            widths.append(np.where(out.any(1), reach[out.argmax(1)], reach[-1]))
        width = float(np.median(np.minimum(*widths)))
        radii[p] = np.clip(width, 0.75 * radii[p], 1.8 * radii[p])
    return radii


def _torso_distance(layout: Layout, frame: Bones, radii: np.ndarray, fine: int) -> torch.Tensor:
    """(gh, gw) signed pixels to the torso's outline: shoulders drawn in by an arm's radius, hips out by half a thigh's."""
    x, y = layout.cells(fine)
    points = []
    for side, flank in (("left", 1), ("right", -1)):
        shoulder = frame.start[INDEX[f"{side}_upper_arm"]][:2]
        hip = frame.start[INDEX[f"{side}_thigh"]][:2]
        points.append(
            (shoulder, radii[INDEX[f"{side}_upper_arm"]] * -0.9, hip, radii[INDEX[f"{side}_thigh"]] * 0.7)
        )
    (ls, li, lh, lo), (rs, ri, rh, ro) = points
    across, low = ls - rs, lh - rh
    across, low = across / max(np.hypot(*across), 1e-6), low / max(np.hypot(*low), 1e-6)
    quad = np.stack([rs - across * ri, ls + across * li, lh + low * lo, rh - low * ro])
    return _polygon_distance(x, y, quad)


def _polygon_distance(x: torch.Tensor, y: torch.Tensor, corners: np.ndarray) -> torch.Tensor:
    """(gh, gw) signed distance to a polygon (n, 2), negative inside."""
    inside = torch.zeros_like(x, dtype=torch.bool)
    distance = torch.full_like(x, float("inf"))
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, 0), strict=True):
        ax, ay, bx, by = float(ax), float(ay), float(bx), float(by)
        dx, dy = bx - ax, by - ay
        along = (((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-6)).clamp(0, 1)
        distance = torch.minimum(distance, torch.hypot(x - ax - along * dx, y - ay - along * dy))
        crosses = ((ay > y) != (by > y)) & (x < dx * (y - ay) / (dy if abs(dy) > 1e-9 else 1e-9) + ax)
        inside ^= crosses
    return torch.where(inside, -distance, distance)


def _costs(
    layout: Layout, frame: Bones, radii: np.ndarray, tall: float, skin: torch.Tensor | None
) -> dict[str, torch.Tensor]:
    """Per layer (2gh, 2gw): distance over radius, about 1 at the outline of the naked part, less inside."""
    costs = {}
    for name in LAYERS[1:]:
        present = [p for p in of_layer(name) if frame.present[p]]
        if present:
            each = [_limb_cost(layout, frame, radii, p, skin) for p in present]
            each += _finger_costs(layout, frame, name, tall)
            costs[name] = torch.stack(each).amin(0)
    torso = 1 + _torso_distance(layout, frame, radii, 2) / (0.035 * tall)
    upper = [
        layout.capsule(frame.start[p], frame.end[p], 2)[0] / float(radii[p])
        for p in (INDEX["neck"], INDEX["head"])
    ]
    costs["trunk"] = torch.stack([torso.clamp(min=0), *upper]).amin(0)
    return costs


def _finger_costs(layout: Layout, frame: Bones, name: str, tall: float) -> list[torch.Tensor]:
    return [layout.capsule(*segment, 2)[0] / (FINGER * tall) for segment in frame.fingers.get(name, ())]


def _limb_cost(
    layout: Layout, frame: Bones, radii: np.ndarray, part: int, skin: torch.Tensor | None, bins: int = 12
) -> torch.Tensor:
    """(2gh, 2gw) distance over radius; more where bare skin meets a dressed stretch of the limb or cloth a bare one.

    What a stretch of the limb is, its own axis tells: so a sleeve ends where the arm's axis turns to skin, and the
    shirt beside a bare arm is not the arm.
    """
    end = frame.end[part]
    if PARTS[part].name.endswith("hand") and len(frame.fingers[PARTS[part].layer]):
        end = frame.start[part] + (end - frame.start[part]) / FINGERTIPS  # the palm: the fingers speak for themselves
    distance, along = layout.capsule(frame.start[part], end, 2)
    cost = distance / float(radii[part])
    if skin is None or PARTS[part].name.endswith(("hand", "foot")):
        return cost
    stretch = (along * bins).long().clamp(max=bins - 1)
    core = (cost < 0.4).float()
    total = torch.zeros(bins, device=core.device).index_add_(0, stretch.flatten(), core.flatten())
    bare = torch.zeros(bins, device=core.device).index_add_(0, stretch.flatten(), (core * skin).flatten())
    expected = (bare / total.clamp(min=1))[stretch]
    return cost + 1.5 * ((skin - expected).abs() - 0.5).clamp(min=0)


def _in_front(layout: Layout, frame: Bones, name: str, tall: float) -> bool:
    """An arm counts as seen before the trunk unless it is clearly lifted behind it."""
    hand = INDEX[f"{name.split('_')[0]}_forearm"]
    trunk = frame.start[INDEX["spine"]][2]
    return float(frame.end[hand][2] - trunk) < 0.06 * tall


def _ordered(costs: dict[str, torch.Tensor], layout: Layout, frame: Bones, tall: float):
    """Costs with the occlusion order in: where an arm lies over something else, it is the arm that is seen."""
    costs = dict(costs)
    for name in ("left_arm", "right_arm"):
        if name not in costs:
            continue
        if _in_front(layout, frame, name, tall):
            covered = costs[name] < 1.15
            for other in ("trunk", "left_leg", "right_leg"):
                if other in costs:
                    costs[other] = torch.where(covered, costs[other].clamp(min=1.0), costs[other])
        else:
            costs[name] = torch.where(costs["trunk"] < 1, costs[name].clamp(min=1.2), costs[name])
    return costs


def _walk(costs: torch.Tensor, rgb: torch.Tensor, matte: torch.Tensor, steps: int = 100) -> torch.Tensor:
    """(K, h, w) probability of each layer: a random walk from the seeds along the photo's smooth places.

    Coarse to fine, so that the walk crosses wide doubtful bands in few steps.
    """
    prior = torch.softmax(-2.5 * costs.clamp(max=6) ** 2, 0)
    ranked = costs.sort(0).values
    margin = ranked[1] - ranked[0] if len(costs) > 1 else torch.ones_like(matte)
    sure = (ranked[0] < 0.55) & (margin > 0.45) & (matte > 0.5)
    start = prior
    if min(matte.shape) > 64:
        small = [F.avg_pool2d(field_[None], 2)[0] for field_ in (costs, rgb, matte[None])]
        start = F.interpolate(
            _walk(small[0], small[1], small[2][0], steps)[None], size=matte.shape, mode="bilinear"
        )[0]
        start = torch.where(sure, prior, start)
    pull = torch.where(sure, 1e3, 0.004)
    return field.diffuse(start, _links(rgb, matte), steps, prior, pull)


def _links(rgb: torch.Tensor, matte: torch.Tensor) -> torch.Tensor:
    """(4, h, w) how easily a walk steps to each neighbour: hardly across the photo's edges or out of the person."""
    step_x, step_y = (rgb[:, :, 1:] - rgb[:, :, :-1]).square().sum(0), (rgb[:, 1:] - rgb[:, :-1]).square().sum(0)
    inside = matte > 0.5
    both_x, both_y = inside[:, 1:] & inside[:, :-1], inside[1:] & inside[:-1]
    contrast = torch.cat((step_x[both_x], step_y[both_y]))
    scale = contrast.quantile(0.7).clamp(min=1e-5) if 0 < contrast.numel() < 2**24 else contrast.new_tensor(1e-3)
    inner = matte.clamp(min=0.02)
    return field.neighbour_links(
        horizontal=torch.exp(-step_x / scale).clamp(min=1e-3) * torch.minimum(inner[:, 1:], inner[:, :-1]),
        vertical=torch.exp(-step_y / scale).clamp(min=1e-3) * torch.minimum(inner[1:], inner[:-1]),
    )


@dataclass(frozen=True, eq=False)
class Regions:
    """What a segmentation saw, on the whole picture: `hair` and `skin` (of the body, without the face), each
    (1, 1, H, W) soft in [0, 1]; `foreground` (1, 3, H, W) the picture without the old background in the person's
    soft edge, where it was estimated."""

    hair: torch.Tensor
    skin: torch.Tensor
    foreground: torch.Tensor | None = None


def _skirt(
    layout: Layout, frame: Bones, matte: torch.Tensor, skin: torch.Tensor | None, tall: float
) -> torch.Tensor:
    """(2gh, 2gw) bool: the cells of a garment that hangs round both legs, empty when there is none.

    Row by row downwards from the hips: the space between the legs' axes is filled, and either by more than two legs
    could fill, or down to a hem with bare skin below it.
    """
    none = torch.zeros_like(matte, dtype=torch.bool)
    left, right = (INDEX[f"{side}_thigh"] for side in ("left", "right"))
    if not (frame.present[left] and frame.present[right]):
        return none
    x, y = layout.cells(2)
    inside = matte > 0.5
    axes = [_leg_axis(frame, side, y[:, 0]) for side in ("left", "right")]
    low, high = torch.minimum(*axes)[:, None], torch.maximum(*axes)[:, None]
    between = (x >= low) & (x <= high)
    filled = (inside & between).sum(1) >= 0.97 * between.sum(1).clamp(min=1)
    reach = float(PARTS[left].radius + PARTS[right].radius) * tall
    width = torch.where(inside, x, torch.nan)
    span = torch.nan_to_num(width, nan=-1e9).amax(1) - torch.nan_to_num(width, nan=1e9).amin(1)
    loose = ((high - low)[:, 0] > 1.3 * reach) | (span > 1.6 * ((high - low)[:, 0] + reach))
    bare = torch.zeros_like(filled)
    if skin is not None:
        legs = torch.stack([layout.capsule(frame.start[p], frame.end[p], 2)[0] for p in _leg_parts(frame)])
        core = (legs.amin(0) < 0.02 * tall) & inside
        bare = (skin * core).sum(1) > 0.5 * core.sum(1).clamp(min=1)
    hip = float((frame.start[left][1] + frame.start[right][1]) / 2)
    knee = float((frame.end[left][1] + frame.end[right][1]) / 2)
    rows = y[:, 0]
    if knee - hip < 0.08 * tall:  # seated: the legs do not hang below the hips
        return none
    below = rows > hip + 0.15 * (knee - hip)
    stop = below & (~filled | bare)
    hem = float(rows[stop][0]) if bool(stop.any()) else float(rows[-1])
    inner = below & (rows < hem)
    hemmed = bool((bare & below & (rows >= hem) & (rows < hem + 0.03 * tall)).any())
    share = float(loose[inner].float().mean()) if bool(inner.any()) else 0.0
    if hem < hip + 0.5 * (knee - hip) or not (share > 0.5 or hemmed):
        return none
    return inside & (y > hip) & (y < hem)


def _leg_parts(frame: Bones) -> list[int]:
    names = [f"{side}_{part}" for side in ("left", "right") for part in ("thigh", "shin")]
    return [INDEX[name] for name in names if frame.present[INDEX[name]]]


def _leg_axis(frame: Bones, side: str, rows: torch.Tensor) -> torch.Tensor:
    """(rows,) x of a leg's axis at each y: hip to knee to ankle, straight on beyond them."""
    thigh, shin = INDEX[f"{side}_thigh"], INDEX[f"{side}_shin"]
    points = [frame.start[thigh][:2], frame.end[thigh][:2]]
    if frame.present[shin]:
        points.append(frame.end[shin][:2])
    ys, xs = np.array([p[1] for p in points]), np.array([p[0] for p in points])
    order = np.argsort(ys)
    at = np.interp(rows.cpu().numpy(), ys[order], xs[order])
    return torch.as_tensor(at, dtype=torch.float32, device=rows.device)


def split(
    layout: Layout,
    picture: torch.Tensor,
    matte: torch.Tensor,
    frame: Bones,
    tall: float,
    hair: torch.Tensor | None = None,
    skin: torch.Tensor | None = None,
) -> Masks:
    """Layers of the person on the crop: picture (3, h, w), matte, hair and skin (h, w)."""
    small = layout.to_grid(matte, 2)
    skin = None if skin is None else layout.to_grid(skin, 2)
    radii = measured_radii(layout, small, frame, tall)
    plain = _costs(layout, frame, radii, tall, skin)
    skirt = _skirt(layout, frame, small, skin, tall)
    arms = [plain[name] for name in ("left_arm", "right_arm") if name in plain]
    if arms:
        skirt &= torch.stack(arms).amin(0) > 1.5
    if skin is not None:
        skirt &= skin < 0.5
    plain["trunk"] = torch.where(skirt, 0.0, plain["trunk"])
    if hair is not None:
        _favour_hair(plain, layout.to_grid(hair, 2))
    names = [name for name in LAYERS if name in plain]  # the trunk first
    costs = _ordered(plain, layout, frame, tall)
    for name in ("left_leg", "right_leg"):
        if name in costs:
            costs[name] = torch.where(skirt, costs[name].clamp(min=2.0), costs[name])
    walked = _walk(torch.stack([costs[name] for name in names]), layout.to_grid(picture, 2), small)
    share = _sharpened(layout, picture, walked)
    discs = {name: _joint_disc(layout, frame, radii, name) for name in names if name != "trunk"}
    amodal, seen = {}, {}
    owner = walked.argmax(0)
    closed = field.erode(field.dilate(small, 3), 3)  # with the gaps between the fingers filled
    whole = torch.maximum(matte, _crisp(layout.to_native(closed[None])[0]))
    reach = int(2.0 * float(radii[INDEX["left_hand"]]) / (layout.cell / 2))
    for k, name in enumerate(names):
        joined = torch.stack([share[k], *(d for n, d in discs.items() if "trunk" == name or n == name)]).amax(
            0
        )
        own = joined * matte
        hidden = _crisp(layout.to_native(_covered(names, k, plain, owner, reach)[None])[0]) * whole
        amodal[name] = torch.maximum(own, hidden)
        seen[name] = (own / amodal[name].clamp(min=1e-4)).clamp(0, 1)
    numbers = torch.as_tensor([LAYERS.index(name) for name in names], device=owner.device)
    return Masks(amodal, seen, numbers[owner], skirt, radii)


def _favour_hair(costs: dict[str, torch.Tensor], hair: torch.Tensor) -> None:
    """Hair belongs to the head, however far it falls."""
    costs["trunk"] = torch.where(hair > 0.5, costs["trunk"].clamp(max=0.3), costs["trunk"])
    for name in costs.keys() - {"trunk"}:
        costs[name] = torch.where(hair > 0.5, costs[name] + 1.0, costs[name])


def _sharpened(layout: Layout, picture: torch.Tensor, walked: torch.Tensor) -> torch.Tensor:
    """(K, h, w) shares at native resolution that follow the photo's edges and are soft over a pixel or two only."""
    grey = picture.mean(0)
    share = field.guided_filter(grey, layout.to_native(walked), max(2, layout.cell), 1e-3).clamp(0, 1)
    # On a border both layers keep 0.85, so that together (0.98) they let no background through.
    return (share / share.sum(0, keepdim=True).clamp(min=1e-6)).sub(0.5).mul(6).add(0.85).clamp(0, 1)


def _crisp(mask: torch.Tensor) -> torch.Tensor:
    """A mask upsampled from the grid, its border made a few pixels wide."""
    return (mask - 0.5).mul(4).add(0.5).clamp(0, 1)


def _joint_disc(layout: Layout, frame: Bones, radii: np.ndarray, name: str) -> torch.Tensor:
    """(h, w) 1 round the joint where a limb and the trunk are one surface."""
    limb = INDEX[JOINS[name][2]]
    distance, _ = layout.capsule(frame.start[limb], frame.start[limb] + 1e-3)
    return layout.to_native(((1.25 - distance / float(radii[limb])) * 8).clamp(0, 1)[None])[0]


def _covered(names: list[str], k: int, plain: dict, owner: torch.Tensor, reach: int) -> torch.Tensor:
    """(2gh, 2gw) 1 where layer k surely goes on although another layer is seen there.

    Under an arm or a hand it goes on as far as its own outline, drawn straight across, would (a closing by `reach`
    cells); a leg goes on under the trunk, which may be a shirt or a skirt, along its own bones.
    """
    own = (owner == k).float()
    bridged = (field.erode(field.dilate(own, reach), reach) > 0.5) & (plain[names[k]] < 1.2)
    if names[k].endswith("arm"):
        return torch.zeros_like(own)
    under_trunk = (owner == 0) & (plain[names[k]] < 0.8) & (k > 0)
    return ((owner != k) & (bridged | under_trunk)).float()
