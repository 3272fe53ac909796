"""Filling a hole in a smooth picture: a fitted surface, a membrane, and shifts that bring real grain.

All on the working grid: values (C, h, w) float, masks (h, w) bool, lengths in cells, x right and y down.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def masked_blur(values: torch.Tensor, known: torch.Tensor, sigma: float) -> torch.Tensor:
    """(C, h, w): Gaussian mean over the known cells only; the plain mean where none is in reach.

    Normalised convolution: Knutsson and Westin, "Normalized and differential convolution", CVPR 1993.
    """
    weight = known.to(values.dtype)[None]
    total = gaussian(values * weight, sigma)
    share = gaussian(weight, sigma)
    mean = (values * weight).sum((1, 2), keepdim=True) / weight.sum().clamp_min(1)
    return torch.where(share > 1e-4, total / share.clamp_min(1e-4), mean)


def gaussian(values: torch.Tensor, sigma: float) -> torch.Tensor:
    """(C, h, w) blurred by sigma cells; outside the grid counts as zero."""
    return blurred_rows(blurred_rows(values, sigma).transpose(1, 2), sigma).transpose(1, 2)


def blurred_rows(values: torch.Tensor, sigma: float) -> torch.Tensor:
    """(C, h, w) blurred along x by sigma cells; outside the grid counts as zero."""
    radius = max(1, round(3 * sigma))
    steps = torch.arange(-radius, radius + 1, dtype=values.dtype, device=values.device)
    kernel = torch.exp(-0.5 * (steps / sigma) ** 2)
    kernel = kernel / kernel.sum()
    return F.conv2d(values[:, None], kernel.view(1, 1, 1, -1), padding=(0, radius))[:, 0]


def grown(mask: torch.Tensor, radius: int) -> torch.Tensor:
    """(h, w) bool: the mask grown by a square of `radius` cells on each side."""
    if radius <= 0:
        return mask
    wide = F.max_pool2d(mask[None, None].float(), (1, 2 * radius + 1), 1, (0, radius))
    return F.max_pool2d(wide, (2 * radius + 1, 1), 1, (radius, 0))[0, 0] > 0


def smooth_surface(values: torch.Tensor, known: torch.Tensor, knots: int = 24) -> torch.Tensor:
    """(C, h, w): a parabola in x per row whose coefficients change smoothly down the rows.

    The shape of a lit backdrop: falling off to both sides, with the sweep from wall to floor as a change
    down the rows. Fitted to the known cells by iteratively reweighted least squares (Huber), so that a
    shadow or a fringe of hair does not bend it.
    """
    channels, height, width = values.shape
    x = torch.linspace(-1, 1, width, dtype=torch.float64)
    powers = torch.stack([torch.ones_like(x), x, x * x - 1 / 3])
    knots = min(knots, height)
    place = torch.linspace(0, knots - 1, height, dtype=torch.float64)
    hats = (1 - (place[:, None] - torch.arange(knots)).abs()).clamp_min(0)
    penalty = _surface_penalty(knots)
    weight = known.double().cpu().expand(channels, -1, -1)
    data = values.double().cpu()
    for _ in range(4):
        moments = torch.einsum("chw,iw,jw->chij", weight, powers, powers)
        normal = torch.einsum("chij,hk,hl->ckilj", moments, hats, hats).reshape(channels, 3 * knots, -1)
        right = torch.einsum("chw,iw,hk->cki", weight * data, powers, hats).reshape(channels, -1, 1)
        cells = weight.sum((1, 2)).clamp_min(1)[:, None, None]
        found = torch.linalg.solve(normal / cells + penalty, right / cells).reshape(channels, knots, 3)
        surface = torch.einsum("cki,hk,iw->chw", found, hats, powers)
        error = (data - surface).abs()
        scale = 1.5 * error[:, known.cpu()].median(dim=1).values.clamp_min(1e-4)[:, None, None]
        weight = known.double().cpu() * (scale / error.clamp_min(1e-12)).clamp_max(1)
    return surface.to(values)


def _surface_penalty(knots: int) -> torch.Tensor:
    """(3 knots, 3 knots): second differences of every coefficient down the rows, and a little ridge that
    keeps slope and curvature small where rows have no data on one side."""
    second = torch.zeros(max(knots - 2, 0), knots, dtype=torch.float64)
    for row in range(knots - 2):
        second[row, row : row + 3] = torch.tensor([1.0, -2.0, 1.0])
    smooth = second.T @ second
    per_power = [1e-4 * smooth + ridge * torch.eye(knots) for ridge in (1e-9, 1e-4, 5e-4)]
    penalty = torch.zeros(knots, 3, knots, 3, dtype=torch.float64)
    for power, block in enumerate(per_power):
        penalty[:, power, :, power] = block
    return penalty.reshape(3 * knots, 3 * knots)


def membrane(
    values: torch.Tensor,
    hole: torch.Tensor,
    vertical: float | torch.Tensor = 0.1,
    rounds: int = 50,
    along: torch.Tensor | None = None,
) -> torch.Tensor:
    """(C, h, w): the values with the hole spanned by a membrane (Laplace's equation) fixed at its rim.

    vertical  stiffness between rows over the stiffness along a row: under 1, what runs across the picture (a
              skirting board, a horizon) goes on through the hole; or (h, w) that of each cell to the one below it.
    along     (h, w) stiffness of each cell to the one on its right, 1 by default
    Conjugate gradients from a start made on a grid half as fine; the picture's border is free.
    """
    if not isinstance(vertical, torch.Tensor):
        vertical = values.new_full(hole.shape, vertical)
    stiff = torch.stack((vertical, torch.ones_like(vertical) if along is None else along))
    return _membrane(values, hole, stiff, rounds)


def _membrane(values: torch.Tensor, hole: torch.Tensor, stiff: torch.Tensor, rounds: int) -> torch.Tensor:
    """(C, h, w) as `membrane`; stiff (2, h, w) of each cell to the one below it and to the one on its right."""
    if not hole.any():
        return values
    height, width = hole.shape
    start = torch.where(hole, values[:, ~hole].mean(1)[:, None, None], values)
    if min(height, width) >= 16:
        coarse, coarse_hole = halved(values, hole)
        if not coarse_hole.all():
            softest = -F.max_pool2d(-stiff, 2, ceil_mode=True)
            coarse = _membrane(coarse, coarse_hole, softest, rounds)
            size = (height, width)
            wide = F.interpolate(coarse[None], size, mode="bilinear", align_corners=False)[0]
            start = torch.where(hole, wide, values)
    rows, columns = _box(hole)
    solution = start.clone()
    solution[:, rows, columns] = _conjugate_gradients(
        start[:, rows, columns], hole[rows, columns], stiff[:, rows, columns], rounds
    )
    return solution


def _box(mask: torch.Tensor) -> tuple[slice, slice]:
    """Rows and columns of the box around the mask and one cell more, its fixed rim."""
    rows, columns = (torch.nonzero(mask.any(axis)).flatten() for axis in (1, 0))
    return tuple(slice(max(0, int(side[0]) - 1), int(side[-1]) + 2) for side in (rows, columns))


def halved(values: torch.Tensor, hole: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and hole at half the size, means over known cells; a coarse cell is hole if all of it is."""
    known = (~hole).to(values.dtype)[None]
    pool = {"kernel_size": 2, "stride": 2, "ceil_mode": True}
    share = F.avg_pool2d(known[None], **pool)[0]
    mean = F.avg_pool2d((values * known)[None], **pool)[0] / share.clamp_min(1e-6)
    return mean, share[0] == 0


def _conjugate_gradients(start: torch.Tensor, hole: torch.Tensor, stiff: torch.Tensor, rounds: int):
    inside = hole.to(start.dtype)
    ones = torch.ones_like(start[:1])
    degree = _neighbours(ones, stiff)

    def stiffness(u):
        return inside * (degree * u - _neighbours(u, stiff))

    solution = start
    residual = -stiffness(solution)
    direction = residual
    energy = (residual * residual).sum((1, 2), keepdim=True)
    # A broad error e over n cells leaves a residual of e / n^2 only: 1e-7 stands for 0.001 over 100 cells.
    settled = 1e-14 * inside.sum()
    for _ in range(rounds):
        if energy.max() < settled:
            break
        pushed = stiffness(direction)
        step = energy / (direction * pushed).sum((1, 2), keepdim=True).clamp_min(1e-20)
        solution = solution + step * direction
        residual = residual - step * pushed
        fresh = (residual * residual).sum((1, 2), keepdim=True)
        direction = residual + fresh / energy.clamp_min(1e-20) * direction
        energy = fresh
    return solution


def _neighbours(u: torch.Tensor, stiff: torch.Tensor) -> torch.Tensor:
    """Sum of the four neighbours, each times the stiffness (2, h, w) towards it, none beyond the border."""
    vertical, along = stiff
    total = torch.zeros_like(u)
    total[:, :, 1:] += along[:, :-1] * u[:, :, :-1]
    total[:, :, :-1] += along[:, :-1] * u[:, :, 1:]
    total[:, 1:] += vertical[:-1] * u[:, :-1]
    total[:, :-1] += vertical[:-1] * u[:, 1:]
    return total


def covering_shifts(
    hole: torch.Tensor, source: torch.Tensor, pieces: int = 32, level: float | None = None
) -> torch.Tensor:
    """(2, h, w) int64 dy, dx: for each hole cell the way to a source cell, in few large pieces.

    Greedy: each time the shift that serves most of what is still open. Shifts along the row are preferred
    (what runs across the picture stays at its height; over `level` rows, a fiftieth of all, that counts), and short
    ones. Cells that none serves keep (0, 0).
    """
    height, width = hole.shape
    size = (2 * height, 2 * width)
    dy = torch.fft.fftfreq(size[0], 1 / size[0], device=hole.device)[:, None]
    dx = torch.fft.fftfreq(size[1], 1 / size[1], device=hole.device)[None]
    liking = torch.exp(-dy.abs() / (level or 0.02 * height)) * (1 - 0.3 * dx.abs() / width).clamp_min(0)
    sources = torch.fft.rfft2(source.float(), size)
    shifts = torch.zeros(2, height, width, dtype=torch.long, device=hole.device)
    still_open = hole.clone()
    for _ in range(pieces):
        served = torch.fft.irfft2(torch.fft.rfft2(still_open.float(), size).conj() * sources, size)
        best = int((served.round() * liking).argmax())
        down, right = int(dy.flatten()[best // size[1]]), int(dx.flatten()[best % size[1]])
        taken = still_open & shifted(source, down, right)
        if not taken.any():
            break
        shifts[0][taken], shifts[1][taken] = down, right
        still_open &= ~taken
    return shifts


def shifted(mask: torch.Tensor, dy: int, dx: int) -> torch.Tensor:
    """(h, w) bool whose cell (y, x) is the mask's (y + dy, x + dx); False beyond the border."""
    height, width = mask.shape
    moved = torch.zeros_like(mask)
    rows = slice(max(0, -dy), min(height, height - dy))
    columns = slice(max(0, -dx), min(width, width - dx))
    from_rows = slice(rows.start + dy, rows.stop + dy)
    from_columns = slice(columns.start + dx, columns.stop + dx)
    if rows.start < rows.stop and columns.start < columns.stop:
        moved[rows, columns] = mask[from_rows, from_columns]
    return moved
