"""Contact sheets: many people small, or everything that is known of one person."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .codec import Picture, srgb_bytes
from .correspondence import Correspondence
from .dataset import Pair, People, Stored

GAP = 2
PAPER = 28
"""Grey level between the pictures."""
TRUTH = (
    "rgb", "clean", "plate", "shadow", "alpha", "region", "material", "depth", "normal", "uv", "albedo", "shading",
    "joints", "from A", "relit", "visible",
)  # fmt: skip
"""Columns of a truth sheet; the last three from the first picture: its albedo carried over, that albedo under this
picture's own light, and where it lies (from red, the source did not see it, to its place in the source)."""


def palette(count: int) -> Tensor:
    """(count, 3) uint8 colours that are easily told apart; the first is black."""
    hues = [
        colorsys.hsv_to_rgb(0.618 * i % 1, 0.55 + 0.4 * (i % 2), 0.95 - 0.25 * (i % 3 == 2))
        for i in range(count)
    ]
    colours = (torch.tensor(hues) * 255).byte()
    colours[0] = 0
    return colours


def grid(tiles: Sequence[Sequence[Tensor]]) -> np.ndarray:
    """Rows of (3, h, w) uint8 tiles of one size -> (H, W, 3) uint8 for a file; short rows are filled up."""
    height, width = tiles[0][0].shape[-2:]
    columns = max(map(len, tiles))
    sheet = np.full(
        (len(tiles) * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), PAPER, dtype=np.uint8
    )
    for r, row in enumerate(tiles):
        for c, tile in enumerate(row):
            y, x = GAP + r * (height + GAP), GAP + c * (width + GAP)
            sheet[y : y + height, x : x + width] = tile.permute(1, 2, 0).cpu().numpy()
    return sheet


def people_sheet(people: People, chosen: Sequence[int], tile: int, across: int = 4) -> np.ndarray:
    """The pictures of some people, `across` people in a row, each picture `tile` pixels."""
    strips = [[sized(levels(picture.view.rgb), tile) for picture in views(people[i])] for i in chosen]
    rows = [sum(strips[k : k + across], []) for k in range(0, len(strips), across)]
    return grid(rows)


def truth_sheet(person: Stored, tile: int) -> np.ndarray:
    """A row per picture of one person, a column per kind of truth (TRUTH)."""
    rows = []
    for v in range(len(person)):
        pair = person.pair(0, v) if v else None
        columns = truth_tiles(person[v], pair)
        rows.append([sized(columns[name], tile) for name in TRUTH if name in columns])
    return grid(rows)


def views(person: Stored) -> list[Picture]:
    """All pictures of a person."""
    return [person[v] for v in range(len(person))]


def truth_tiles(picture: Picture, pair: Pair | None) -> dict[str, Tensor]:
    """Name of TRUTH -> (3, H, W) uint8; what is of a pair only where there is one."""
    view = picture.view
    there = view.face >= 0
    near, far = (view.depth[there].min(), view.depth[there].max()) if there.any() else (0.0, 1.0)
    tiles = {name: levels(getattr(view, name)) for name in ("rgb", "clean", "plate")}
    tiles |= {name: levels(getattr(view, name)).expand(3, -1, -1) for name in ("shadow", "alpha")}
    tiles |= {
        name: palette(24)[getattr(view, name).long()].permute(2, 0, 1) for name in ("region", "material")
    }
    tiles["depth"] = levels((far - view.depth) / (far - near + 1e-6) * there).expand(3, -1, -1)
    tiles["normal"] = levels(
        (view.normal * view.normal.new_tensor([1, -1, -1])[:, None, None] / 2 + 0.5) * there
    )
    tiles["uv"] = levels(torch.cat([view.uv, 0.5 * there[None]]))
    tiles["albedo"], tiles["shading"] = srgb_bytes(view.albedo), srgb_bytes(view.shading * view.exposure)
    tiles["joints"] = marked(tiles["clean"] // 2, picture)
    if pair is not None:
        tiles |= pair_tiles(pair)
    return tiles


def pair_tiles(pair: Pair) -> dict[str, Tensor]:
    """The source's albedo at the target's pixels, black where it was not seen; the same under the target's light on the
    target's plate; and the place in the source as colour, red where hidden."""
    truth, target = pair.correspondence, pair.target.view
    brought = truth.bring(pair.source.view.albedo) * truth.visible
    lit = srgb_bytes(brought * target.shading * target.exposure)
    return {
        "from A": srgb_bytes(brought),
        "relit": torch.where(truth.visible, lit, levels(target.plate)),
        "visible": places(truth, pair.source.camera.size),
    }


def places(truth: Correspondence, size: tuple[int, int]) -> Tensor:
    """(3, H, W) uint8: x green, y blue where the source saw the point; red where it did not."""
    x, y = (
        (truth.source_xy.nan_to_num(0) / truth.source_xy.new_tensor([size[1], size[0]]))
        .clamp(0, 1)
        .unbind(-1)
    )
    seen = torch.stack([torch.zeros_like(x), x, y]) * truth.visible
    hidden = (truth.person & ~truth.visible).float()
    return levels(seen + torch.stack([hidden, 0 * hidden, 0 * hidden]))


def marked(tile: Tensor, picture: Picture) -> Tensor:
    """(3, H, W) uint8 with a bright pixel at each of the 133 landmarks."""
    from ..render.cameras import project

    xy, _ = project(picture.camera, picture.joints)
    height, width = tile.shape[-2:]
    x, y = xy.nan_to_num(-9).round().long().unbind(-1)
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    out = tile.clone()
    colours = palette(24)[1 + torch.arange(len(x))[inside] % 23]
    out[:, y[inside], x[inside]] = colours.T
    return out


def levels(values: Tensor) -> Tensor:
    """[0, 1] -> uint8."""
    return (values.clamp(0, 1) * 255 + 0.5).byte()


def sized(tile: Tensor, size: int) -> Tensor:
    """(3, H, W) uint8 -> (3, size, size); enlarged without smoothing."""
    if tile.shape[-1] == size:
        return tile
    values = tile[None].float()
    if tile.shape[-1] > size:
        shrunk = F.interpolate(values, (size, size), mode="bilinear", antialias=True, align_corners=False)
    else:
        shrunk = F.interpolate(values, (size, size), mode="nearest")
    return (shrunk[0] + 0.5).clamp(0, 255).byte()
