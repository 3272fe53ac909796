"""Filling a hole with large pieces of the same picture, joined where they agree.

Each cell of the hole takes one of few offsets (`offsets`). The choice with the least visible seams is an energy on the
grid: how much a piece differs from what is known where it overlaps it, and two pieces from each other where they meet
(Kwatra et al., "Graphcut Textures", SIGGRAPH 2003; He and Sun, ECCV 2012). It is minimised by max-product belief
propagation with accelerated updates (Tappen and Freeman, ICCV 2003), first for blocks of cells, then for the seams
alone. What is left of a seam is closed in the gradient domain (`blended`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .blending import blended
from .fill import masked_blur, membrane
from .offsets import copies, likely_offsets, served

BLOCK, FINE = 6, 3
"""Cells on a side of the blocks that choose together: first, and along the seams."""
SPARSE = 2
"""Every how many cells pieces are compared where blocks choose."""
SWEEPS = (3, 2)
"""Rounds of messages down, up, right and left, for blocks and along the seams."""
PIECES = 20
"""Offsets that go on to the seams: the most used."""
CANDIDATES = 4
"""Pieces that a cell along a seam may choose from."""
EDGES = 3.0
"""Weight of a difference in the gradient of the brightness against one in colour: an edge that breaks is seen first."""
RIM = 2.0
"""Cells over which the known colours go on into the hole, for the slopes at its rim."""
SEAM = 0.004
"""Cost of a seam beside what it shows, in squared differences: keeps pieces large."""
LEVEL = 0.5
"""Cost per block of copying from another height, per picture height: by eye, on four gardens and parks, where what
stands at one height (leaves, a fence, a path) does at another only by chance."""
EXPECTED = 3.0
"""Weight of the difference in colour from what spans the hole from its rim (a membrane)."""
UNLIKE = 0.2
"""Difference from it beyond which another is no worse: a strong pattern is unlike it everywhere."""
UNKNOWN = 10.0
"""Cost of what leads to nothing known."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """The box round the hole: `hole` and `known` (h, w) bool, `features` (C, h, w); and what each of K offsets would
    copy to it: `taken` (K, C, h, w), `serves` (K, h, w) bool where that is known, `level` (K,) the cost of its height.
    """

    hole: torch.Tensor
    known: torch.Tensor
    features: torch.Tensor
    taken: torch.Tensor
    serves: torch.Tensor
    level: torch.Tensor


def _scene(features, hole, known, offsets, box: tuple[slice, slice], step: int = 1) -> _Scene:
    """What the offsets would copy to a box, at every so many cells of it."""
    box = tuple(slice(side.start, side.stop, step) for side in box)
    level = LEVEL * offsets[:, 0].abs() / hole.shape[0]
    taken, serves = copies(features, offsets, *box), served(known, offsets, *box)
    return _Scene(hole[box], known[box], features[:, box[0], box[1]], taken, serves, level)


def assemble(
    values: torch.Tensor,
    hole: torch.Tensor,
    whole: torch.Tensor,
    progress: Callable[[float], None] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The (C, h, w) picture with its hole filled, and (2, h, w) int64 shifts dy, dx to where each cell of the hole was
    taken from (0 outside, and where nothing served).

    hole   (h, w) bool, to be filled
    whole  (h, w) bool, cells that may be copied from
    """
    tell = progress or (lambda fraction: None)
    known = whole & ~hole
    box = _box(hole, BLOCK)
    offsets = likely_offsets(values, hole, known)
    tell(0.4)
    # What stands in the hole must not look like an edge at its rim.
    features = _features(torch.where(known, values, masked_blur(values, known, RIM)))
    used, blocks = _of_blocks(
        _scene(features, hole, known, offsets, box, SPARSE), BLOCK // SPARSE, len(values)
    )
    offsets = offsets[used]
    scene = _scene(features, hole, known, offsets, box)
    tell(0.7)
    label = _along_seams(scene, blocks)
    tell(0.9)
    filled = blended(values[:, box[0], box[1]], scene.taken[:, : len(values)], label, scene.hole)
    bare = scene.hole & ~scene.serves.gather(0, label[None])[0]
    picture = values.clone()
    picture[:, box[0], box[1]] = membrane(filled, bare)
    shifts = torch.zeros(2, *hole.shape, dtype=torch.long)
    shifts[:, box[0], box[1]] = torch.where(scene.hole & ~bare, offsets[label].movedim(-1, 0), 0)
    return picture, shifts


def _box(hole: torch.Tensor, margin: int) -> tuple[slice, slice]:
    """Rows and columns of the box round the hole, with a margin that is known."""
    sides = []
    for axis in (0, 1):
        lines = torch.nonzero(hole.any(1 - axis)).flatten()
        low, high = max(0, int(lines[0]) - margin), min(hole.shape[axis], int(lines[-1]) + 1 + margin)
        sides.append(slice(low, high))
    return sides[0], sides[1]


def _features(values: torch.Tensor) -> torch.Tensor:
    """(C + 2, h, w): the colours, and the slopes of the brightness by their weight."""
    brightness = values.mean(0, keepdim=True)
    padded = F.pad(brightness[None], (1, 1, 1, 1), mode="replicate")[0]
    across = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
    down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
    return torch.cat((values, EDGES * across, EDGES * down))


def _of_blocks(scene: _Scene, size: int, colours: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(L,) the labels that are used, and (n, m) int64 which of them each block of size x size cells takes."""
    points = _blocks(scene.taken, size)
    unary = _unary(scene, size) + EXPECTED * _unlike(scene, points, size, colours)
    inner = points @ points.mT
    square = inner.diagonal(dim1=-2, dim2=-1)
    apart = (square[..., :, None] + square[..., None, :] - 2 * inner).clamp_min(0) / size**2
    apart = apart + SEAM / 2 * (1 - torch.eye(len(scene.level)))
    inside = _pooled(scene.hole[None], size)[0] > 0
    belief = _solved(unary, apart[:, :-1] + apart[:, 1:], apart[:-1] + apart[1:], inside, SWEEPS[0])
    most_used = (
        belief.argmin(-1)[inside].bincount(minlength=belief.shape[-1]).argsort(descending=True, stable=True)
    )
    used = most_used[:PIECES].sort().values
    return used, belief[..., used].argmin(-1)


def _along_seams(scene: _Scene, blocks: torch.Tensor) -> torch.Tensor:
    """(h, w) int64 the label of each cell, chosen again among those of the blocks around it."""
    count, times = len(scene.level), BLOCK // FINE
    near = F.avg_pool2d(F.one_hot(blocks, count).movedim(-1, 0)[None].float(), 3, 1, 1)[0]
    share, listed = near.topk(min(CANDIDATES, count), dim=0)
    height, width = (-(-n // FINE) for n in scene.hole.shape)
    listed, share = (
        part.repeat_interleave(times, 1).repeat_interleave(times, 2)[:, :height, :width].movedim(0, -1)
        for part in (listed, share)
    )
    unary = _unary(scene, FINE).gather(2, listed) + UNKNOWN * (share == 0)
    points = _blocks(scene.taken, FINE)
    inside = _pooled(scene.hole[None], FINE)[0] > 0
    belief = _solved(unary, _apart(points, listed, 1), _apart(points, listed, 0), inside, SWEEPS[1])
    label = listed.gather(2, belief.argmin(-1, keepdim=True))[..., 0]
    return label.repeat_interleave(FINE, 0).repeat_interleave(FINE, 1)[
        : scene.hole.shape[0], : scene.hole.shape[1]
    ]


def _unlike(scene: _Scene, points: torch.Tensor, size: int, colours: int) -> torch.Tensor:
    """(n, m, K) squared difference of each label's mean colours from what spans the hole, at most `UNLIKE`."""
    known = scene.known.to(scene.features.dtype)
    cells = _pooled(known[None], size)
    mean = _pooled(scene.features[:colours] * known, size) / cells.clamp_min(1e-6)
    expected = membrane(mean, cells[0] == 0, vertical=0.1)
    shown = points.reshape(*points.shape[:3], -1, size * size)[..., :colours, :].mean(-1)
    return (shown - expected.movedim(0, -1)[..., None, :]).square().sum(-1).clamp_max(UNLIKE)


def _apart(points: torch.Tensor, listed: torch.Tensor, axis: int) -> torch.Tensor:
    """(n', m', L, L) cost of every label of a block beside every label of the next one along the axis."""
    size = listed.shape[axis] - 1
    first, second = (listed.narrow(axis, i, size) for i in (0, 1))
    total = SEAM * (first[..., :, None] != second[..., None, :])
    for i in (0, 1):
        here = points.narrow(axis, i, size)
        ends = [
            here.gather(2, which[..., None].expand(-1, -1, -1, here.shape[-1])) for which in (first, second)
        ]
        total = total + (ends[0][..., :, None, :] - ends[1][..., None, :, :]).square().sum(-1) / FINE**2
    return total


def _pooled(values: torch.Tensor, size: int) -> torch.Tensor:
    """(K, h / size, w / size) means over blocks, the last ones over what there is."""
    return F.avg_pool2d(values[:, None].float(), size, ceil_mode=True)[:, 0]


def _blocks(taken: torch.Tensor, size: int) -> torch.Tensor:
    """(n, m, K, C size size): what each label shows in each block."""
    labels, channels, height, width = taken.shape
    padded = F.pad(taken, (0, -width % size, 0, -height % size), mode="replicate")
    n, m = padded.shape[-2] // size, padded.shape[-1] // size
    parts = padded.reshape(labels, channels, n, size, m, size)
    return parts.permute(2, 4, 0, 1, 3, 5).reshape(n, m, labels, -1)


def _unary(scene: _Scene, size: int) -> torch.Tensor:
    """(n, m, K): how each label fits what is known in and around each block, what it leaves without a source, and
    whether it comes from another height."""
    both = scene.known & scene.serves
    error = (scene.taken - scene.features).square().sum(1) * both
    width = 2 * max(1, BLOCK // FINE // size) + 1
    amount, cells = (
        F.avg_pool2d(_pooled(part, size), width, 1, width // 2, count_include_pad=False)
        for part in (error, both)
    )
    fits = amount / cells.clamp_min(0.2)
    missing = _pooled(scene.hole & ~scene.serves, size)
    return (fits + UNKNOWN * missing + scene.level[:, None, None]).movedim(0, -1)


def _solved(unary, right, down, inside, sweeps: int) -> torch.Tensor:
    """(n, m, L) what each label of each block costs all in all; blocks outside the hole have no say.

    unary (n, m, L); right (n, m - 1, L, L) and down (n - 1, m, L, L): a block's label beside the next one's.
    """
    cost = torch.where(inside[..., None], unary, 0)
    pairs = {"down": (0, down), "up": (0, down.mT), "right": (1, right), "left": (1, right.mT)}
    messages = {way: torch.zeros_like(cost) for way in pairs}
    for _ in range(sweeps):
        for way, (axis, apart) in pairs.items():
            opposite = {"down": "up", "up": "down", "right": "left", "left": "right"}[way]
            others = sum(part for name, part in messages.items() if name not in (way, opposite))
            messages[way] = _passed(cost + others, apart, inside, axis, way in ("up", "left"))
    return cost + sum(messages.values())


def _passed(belief, apart, inside, axis: int, backwards: bool) -> torch.Tensor:
    """(n, m, L) messages from line to line along an axis; each takes the one before it along."""
    lines, between = belief.unbind(axis), apart.unbind(axis)
    joined = (inside.narrow(axis, 0, len(between)) & inside.narrow(axis, 1, len(between))).unbind(axis)
    out = [torch.zeros_like(lines[0])] * len(lines)
    order = range(len(between) - 1, -1, -1) if backwards else range(len(between))
    for i in order:
        before, after = (i + 1, i) if backwards else (i, i + 1)
        message = ((lines[before] + out[before])[..., :, None] + between[i]).amin(-2)
        out[after] = (message - message.amin(-1, keepdim=True)) * joined[i][..., None]
    return torch.stack(out, axis)
