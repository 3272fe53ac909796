"""What is known of every attention token of the new picture and of the photo: where, which garment, which part, facing
where.

A token is a cell of the picture: h x w of them, row by row. Places are in cells of the photo's own token grid, (0, 0)
the centre of its top-left cell, so that a Gaussian's width is in tokens whatever the picture's size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..geometry.field import sample
from ..geometry.garments import REGIONS, GarmentMap
from ..geometry.parts import PARTS
from ..geometry.warped import Correspondence

FINE = 4
"""Samples per token and direction, of which its region and part are the commonest."""
NOBODY = -1


@dataclass(frozen=True, eq=False)
class Tokens:
    """size (h, w); of N = h w tokens: place (N, 2) x, y in the photo's token grid; region (N,) int64 number of REGIONS;
    part (N,) int64 index into PARTS, NOBODY where no part is known; normal (N, 3) unit towards the camera, 0 where not
    known; seen (N,) in [0, 1], how much of it the photo shows."""

    size: tuple[int, int]
    place: Tensor
    region: Tensor
    part: Tensor
    normal: Tensor
    seen: Tensor

    def __len__(self) -> int:
        return self.size[0] * self.size[1]

    def seen_at(self, kept: Tensor) -> Tokens:
        """The same with nothing known of the tokens where kept (N,) is false: no head takes those."""
        return replace(
            self,
            region=torch.where(kept, self.region, 0),
            part=torch.where(kept, self.part, NOBODY),
            normal=torch.where(kept[:, None], self.normal, 0.0),
        )


def tokens_of(
    found: Correspondence, garments: GarmentMap, target: tuple[int, int], source: tuple[int, int]
) -> tuple[Tokens, Tokens]:
    """Tokens of the new picture (h, w = target) and of its photo (source). ValueError where the clothes are of another
    picture than the one that `found` leads into, or that is a second photo's."""
    fine = _fine(found, target)
    height, width = garments.labels.shape[-2:]
    inside = _within(fine["place"], (height, width))
    labels = sample(garments.labels[0].float(), torch.nan_to_num(fine["place"]), "nearest")[0].long()
    known = (fine["part"] >= 0) & inside
    labels = torch.where(known, labels, 0)
    scale = fine["place"].new_tensor([source[1] / width, source[0] / height])
    place = (fine["place"] + 0.5) * scale - 0.5
    visible = torch.where(known, fine["visible"], 0.0)
    new = Tokens(
        target,
        _mean(torch.nan_to_num(place), visible, target),
        _commonest(labels, len(REGIONS), target),
        _commonest(fine["part"] + 1, len(PARTS) + 1, target) - 1,
        F.normalize(_mean(fine["normal"], known.float(), target), dim=-1),
        _pooled(visible[None], target)[0],
    )
    return new, _of_photo(place, fine, visible, garments, source)


def _of_photo(place: Tensor, fine: dict[str, Tensor], visible: Tensor, garments: GarmentMap, size) -> Tokens:
    """The photo's tokens: clothes from its map, parts and normals from the pixels of the new picture that it shows."""
    height, width = size
    count = height * width
    cell = place.nan_to_num(0).round().long()
    x, y = cell[..., 0].clamp(0, width - 1), cell[..., 1].clamp(0, height - 1)
    shown = visible > 0.5
    index = (y * width + x)[shown]
    votes = torch.zeros(count, len(PARTS)).index_put_(
        (index, fine["part"][shown]), torch.ones(len(index)), accumulate=True
    )
    normal = torch.zeros(count, 3).index_add_(0, index, fine["source_normal"][shown])
    rows, columns = (torch.arange(n, dtype=torch.float32) for n in size)
    v, u = torch.meshgrid(rows, columns, indexing="ij")
    labels = F.interpolate(garments.labels.float(), [FINE * n for n in size], mode="nearest")[0, 0].long()
    return Tokens(
        size,
        torch.stack((u, v), -1).reshape(-1, 2),
        _commonest(labels, len(REGIONS), size),
        torch.where(votes.sum(1) > 0, votes.argmax(1), NOBODY),
        F.normalize(normal, dim=-1),
        torch.ones(count),
    )


def _fine(found: Correspondence, size: tuple[int, int]) -> dict[str, Tensor]:
    """The correspondence at FINE samples per token and direction, taken at their middles."""
    height, width = found.part.shape
    rows, columns = (
        (((torch.arange(FINE * n) + 0.5) * whole / (FINE * n)).long()).clamp(max=whole - 1)
        for n, whole in zip(size, (height, width), strict=True)
    )
    second = found.photo[rows][:, columns] > 0
    values = {
        name: getattr(found, name)[rows][:, columns].cpu()
        for name in ("part", "visible", "normal", "source_normal")
    }
    values["place"] = found.source[rows][:, columns].cpu()
    values["visible"] = torch.where(second.cpu() | values["place"].isnan().any(-1), 0.0, values["visible"])
    return values


def _within(place: Tensor, size: tuple[int, int]) -> Tensor:
    limit = place.new_tensor([size[1], size[0]]) - 0.5
    return ((place >= -0.5) & (place <= limit)).all(-1)


def _pooled(values: Tensor, size: tuple[int, int]) -> Tensor:
    """(C, FINE h, FINE w) -> (C, h w) means."""
    return F.avg_pool2d(values[None], FINE)[0].reshape(len(values), -1)


def _mean(values: Tensor, weight: Tensor, size: tuple[int, int]) -> Tensor:
    """(FINE h, FINE w, C) -> (h w, C): the mean by weight, 0 where there is none."""
    summed = _pooled((values * weight[..., None]).permute(2, 0, 1), size)
    return (summed / _pooled(weight[None], size).clamp_min(1e-6)).T


def _commonest(labels: Tensor, count: int, size: tuple[int, int]) -> Tensor:
    """(h w,) the most frequent of each token's labels (FINE h, FINE w)."""
    cells = labels.reshape(size[0], FINE, size[1], FINE).transpose(1, 2).reshape(-1, FINE * FINE)
    votes = torch.zeros(len(cells), count).scatter_add_(1, cells, torch.ones(cells.shape))
    return votes.argmax(1)
