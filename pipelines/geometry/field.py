"""Smooth fields on a pixel grid: diffusion, inflation and extrapolation inside a region.

All functions take (C, H, W) or (H, W) float tensors, run on any device and are deterministic.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def _resize(field: torch.Tensor, size: tuple[int, int], mode: str = "bilinear") -> torch.Tensor:
    align = {"align_corners": False} if mode == "bilinear" else {}
    return F.interpolate(field[None], size=size, mode=mode, **align)[0]


def _shifts(field: torch.Tensor) -> torch.Tensor:
    """(4, ..., H, W) the left, right, upper and lower neighbour of each pixel; borders repeat."""
    padded = F.pad(field[None], (1, 1, 1, 1), mode="replicate")[0]
    return torch.stack(
        (padded[..., 1:-1, :-2], padded[..., 1:-1, 2:], padded[..., :-2, 1:-1], padded[..., 2:, 1:-1])
    )


def neighbour_links(*, horizontal: torch.Tensor, vertical: torch.Tensor) -> torch.Tensor:
    """(4, H, W) conductances to the left, right, upper and lower neighbour.

    horizontal  (H, W-1) between (y, x) and (y, x+1);  vertical  (H-1, W) between (y, x) and (y+1, x)
    """
    left, right = F.pad(horizontal, (1, 0)), F.pad(horizontal, (0, 1))
    upper, lower = F.pad(vertical, (0, 0, 1, 0)), F.pad(vertical, (0, 0, 0, 1))
    return torch.stack((left, right, upper, lower))


def diffuse(
    field: torch.Tensor, links: torch.Tensor, steps: int, prior: torch.Tensor | None = None, pull: float = 0.0
) -> torch.Tensor:
    """Heat flow on the grid's graph: (C, H, W) after `steps` averaging steps with the neighbours.

    links  (4, H, W) conductances in [0, 1]; without a prior one step moves a quarter of the difference, so that
           the standard deviation of the blur is sqrt(steps / 2) cells where all links are 1.
    prior, pull  instead relax towards the harmonic field that is held to `prior` with weight `pull` (H, W or number).
    """
    total = links.sum(0)
    for _ in range(steps):
        flow = (_shifts(field) * links[:, None]).sum(0)
        if prior is None:
            field = field + 0.25 * (flow - total * field)
        else:
            field = (flow + pull * prior) / (total + pull).clamp(min=1e-6)
    return field


def extrapolate(field: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """(C, H, W) the field where weight (H, W) is 1, continued smoothly where it is 0 (push-pull pyramid).

    Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4: averages go up the pyramid, gaps are filled from
    above on the way down. With weight 0 everywhere the answer is 0.
    """
    height, width = weight.shape
    if height <= 2 or width <= 2:
        total = weight.sum()
        mean = (field * weight).sum((1, 2), keepdim=True) / total.clamp(min=1e-8)
        return torch.where(weight > 0, field, mean)
    size = ((height + 1) // 2, (width + 1) // 2)
    both = torch.cat((field * weight, weight[None]))
    odd = (0, width % 2, 0, height % 2)
    pooled = F.avg_pool2d(F.pad(both, odd)[None], 2)[0]
    coarse_weight = pooled[-1]
    coarse = pooled[:-1] / coarse_weight.clamp(min=1e-8)
    filled = extrapolate(coarse, (coarse_weight * 4).clamp(max=1))
    above = _resize(filled, (size[0] * 2, size[1] * 2))[:, :height, :width]
    return field * weight + above * (1 - weight)


def inflate(inside: torch.Tensor, sweeps: int = 40) -> torch.Tensor:
    """(H, W) height in cells of a balloon blown into the region `inside` (H, W bool).

    Solves laplacian(u) = -4 with u = 0 outside and returns sqrt(u): a disc becomes a hemisphere, a long strip of
    half-width r an elliptic cylinder of height r * sqrt(2). Multi-resolution Gauss-Seidel-free relaxation, coarse
    to fine, so that a figure of 200 cells needs some tens of sweeps a level.
    """
    levels = [inside.float()]
    while min(levels[-1].shape) > 12:
        levels.append(F.avg_pool2d(levels[-1][None, None], 2, ceil_mode=True)[0, 0])
    u = torch.zeros_like(levels[-1])
    for depth in range(len(levels) - 1, -1, -1):
        domain = (levels[depth] >= 0.5).float()
        if u.shape != domain.shape:
            u = _resize(u[None], domain.shape)[0]
        spacing = float(2**depth)
        for _ in range(sweeps if depth else sweeps // 2):
            padded = F.pad(u[None, None], (1, 1, 1, 1))[0, 0]
            around = padded[1:-1, :-2] + padded[1:-1, 2:] + padded[:-2, 1:-1] + padded[2:, 1:-1]
            u = domain * (around / 4 + spacing**2)
    return u.clamp(min=0).sqrt()


def dilate(mask: torch.Tensor, radius: int) -> torch.Tensor:
    """(H, W) maximum over a square of 2 radius + 1 cells, so masks grow by `radius`."""
    if radius < 1:
        return mask
    return _running_maximum(_running_maximum(mask.float(), radius).T, radius).T


def _running_maximum(values: torch.Tensor, radius: int) -> torch.Tensor:
    """(H, W) maximum over 2 radius + 1 cells of a column, by doubling: log2 of them steps, whatever the radius."""
    height, size = len(values), 2 * radius + 1
    most = F.pad(values, (0, 0, radius, radius), value=-torch.inf)
    wide = 1
    while 2 * wide <= size:
        most = torch.maximum(most[:-wide], most[wide:])
        wide *= 2
    if wide < size:
        most = torch.maximum(most[: wide - size], most[size - wide :])
    return most[:height]


def erode(mask: torch.Tensor, radius: int) -> torch.Tensor:
    """(H, W) minimum over a square of 2 radius + 1 cells, so masks shrink by `radius`."""
    return 1 - dilate(1 - mask.float(), radius)


def crisp(mask: torch.Tensor) -> torch.Tensor:
    """A mask upsampled from a grid, its border made a few pixels wide."""
    return (mask - 0.5).mul(4).add(0.5).clamp(0, 1)


def between(own: torch.Tensor, axis: int) -> torch.Tensor:
    """(H, W) bool: cells with own ones (H, W) bool, or themselves, on both sides along an axis."""
    return own.cummax(axis).values & own.flip(axis).cummax(axis).values.flip(axis)


def box_blur(field: torch.Tensor, radius: int) -> torch.Tensor:
    """(C, H, W) mean over a square of 2 radius + 1 pixels, smaller at the borders."""
    if radius < 1:
        return field
    height, width = field.shape[-2:]
    total = _running_sum(_running_sum(field, radius, -2), radius, -1)
    rows, columns = (_in_reach(n, radius, field) for n in (height, width))
    return total * (1 / rows)[:, None] * (1 / columns)


def _running_sum(values: torch.Tensor, radius: int, axis: int) -> torch.Tensor:
    """Sum over 2 radius + 1 values along an axis (-1 or -2), fewer at its ends: sums of 1, 2, 4... values, of which
    those are added that make up the window."""
    size, length = 2 * radius + 1, values.shape[axis]
    power = F.pad(values, (radius, radius) if axis == -1 else (0, 0, radius, radius))
    total, taken, wide = None, 0, 1
    while True:
        if size & wide:
            piece = power.narrow(axis, taken, length)
            total = piece if total is None else total + piece
            taken += wide
        if 2 * wide > size:
            return total
        rest = power.shape[axis] - wide
        power = power.narrow(axis, 0, rest) + power.narrow(axis, wide, rest)
        wide *= 2


def _in_reach(length: int, radius: int, like: torch.Tensor) -> torch.Tensor:
    """(length,) how many places of a line lie within `radius` of each."""
    place = torch.arange(length, device=like.device)
    return ((place + radius).clamp(max=length - 1) - (place - radius).clamp(min=0) + 1).to(like.dtype)


def flooded(seed: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """(K, h, w) bool: what of each region hangs together with its seed."""
    reached, region = (seed & region).float()[None], region.float()[None]
    while True:
        grown = reached
        for _ in range(8):
            grown = F.max_pool2d(grown, 3, 1, 1) * region
        if bool((grown == reached).all()):
            return reached[0] > 0
        reached = grown


def guided_filter(
    guide: torch.Tensor, field: torch.Tensor, radius: int, epsilon: float, stride: int = 1
) -> torch.Tensor:
    """(C, H, W) the field smoothed so that its edges follow the grey guide (H, W).

    He, Sun and Tang, "Guided Image Filtering", ECCV 2010, equations 5, 6 and 8, grey guide. With a stride the linear
    coefficients are found on a grid of every stride-th pixel: He and Sun, "Fast Guided Filter", 2015.
    """
    size = guide.shape
    if stride > 1:
        small = F.avg_pool2d(
            torch.cat((guide[None], field))[None], stride, ceil_mode=True, count_include_pad=False
        )[0]
    else:
        small = torch.cat((guide[None], field))
    count, low = len(field), small[0]
    means = box_blur(torch.cat((small, low[None] ** 2, small[1:] * low)), max(1, radius // stride))
    mean, mean_field, square, mean_product = (
        means[0],
        means[1 : 1 + count],
        means[1 + count],
        means[2 + count :],
    )
    slope = (mean_product - mean * mean_field) / (square - mean**2 + epsilon)
    both = box_blur(torch.cat((slope, mean_field - slope * mean)), max(1, radius // stride))
    both = both if stride == 1 else _resize(both, (low.shape[0] * stride, low.shape[1] * stride))
    both = both[:, : size[0], : size[1]]
    return both[:count] * guide + both[count:]


def sample(image: torch.Tensor, xy: torch.Tensor, mode: str = "bilinear") -> torch.Tensor:
    """(C, ...) values of (C, h, w) at pixel positions x, y (..., 2); beyond the border its nearest pixel."""
    size = xy.new_tensor([image.shape[-1], image.shape[-2]])
    grid = ((xy + 0.5) / size * 2 - 1).reshape(1, 1, -1, 2)
    values = F.grid_sample(image[None], grid, mode=mode, padding_mode="border", align_corners=False)
    return values.reshape(len(image), *xy.shape[:-1])


def nearest(known: torch.Tensor) -> torch.Tensor:
    """(2, H, W) float: rows and columns from each cell to the nearest cell where `known` (H, W) is true.

    Jump flooding (Rong and Tan, "Jump Flooding in GPU", I3D 2006), with one more pass at step 1; all zero where
    nothing is known.
    """
    height, width = known.shape
    row = torch.arange(height, device=known.device, dtype=torch.float32)[:, None].expand(height, width)
    column = torch.arange(width, device=known.device, dtype=torch.float32).expand(height, width)
    seed = torch.stack((row, column))
    distance = torch.where(known, 0.0, torch.inf)
    steps = [1]
    while steps[0] * 2 < max(height, width):
        steps.insert(0, steps[0] * 2)
    for step in (*steps, 1):
        for dy in (-step, 0, step):
            for dx in (-step, 0, step):
                if dy or dx:
                    _ask(seed, distance, row, column, dy, dx)
    offset = seed - torch.stack((row, column))
    return torch.where(torch.isinf(distance), 0.0, offset)


def _ask(seed, distance, row, column, dy: int, dx: int) -> None:
    """Take over the seed of the cell (dy, dx) away wherever it is nearer; seed (2, H, W) and distance are changed."""
    (height, width), infinite = distance.shape, torch.inf
    if abs(dy) >= height or abs(dx) >= width:
        return
    rows, columns = (slice(max(0, -d), min(n, n - d)) for d, n in ((dy, height), (dx, width)))
    there = (slice(rows.start + dy, rows.stop + dy), slice(columns.start + dx, columns.stop + dx))
    here, other = (rows, columns), seed[:, there[0], there[1]]
    away = (other[0] - row[here]).square() + (other[1] - column[here]).square()
    away = torch.where(torch.isinf(distance[there]), infinite, away)
    closer = away < distance[here]
    seed[:, rows, columns] = torch.where(closer, other, seed[:, rows, columns])
    distance[here] = torch.where(closer, away, distance[here])


def components(mask: torch.Tensor) -> tuple[torch.Tensor, int]:
    """(H, W) int64 numbers 0, 1, ... of the pieces that hang together (corners touch), -1 outside; and how many."""
    start = torch.arange(1, mask.numel() + 1, device=mask.device, dtype=torch.float64).reshape(mask.shape)
    label = torch.where(mask, start, 0)
    while True:
        grown = torch.where(mask, F.max_pool2d(label[None, None], 3, 1, 1)[0, 0], 0)
        if torch.equal(grown, label):
            break
        label = grown
    names, number = torch.unique(label, return_inverse=True)
    outside = int(bool((names == 0).any()))
    return number - outside, len(names) - outside
