"""A network's pictures beside the truth, to look at."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image

from pipelines.models.reposer import VolumetricReposer

from .evaluate import test_pairs
from .pairs import Pairs, Placement, placed

TILE = 192


@torch.no_grad()
def sheet(network: VolumetricReposer, pairs: Pairs, count: int, out: Path) -> None:
    """Rows: source, true target, made, painted, mask, visible where the network believes the photo shows it, copied."""
    rows = []
    for one in test_pairs(pairs, count):
        raw = pairs.batch([one], network.config.size)
        batch = placed(raw, Placement.framed(raw))
        picture = batch.picture
        output = network(picture, batch.source, batch.target)
        tiles = [
            picture,
            batch.wanted,
            output.picture(picture),
            output.figure(picture),
            output.mask.sigmoid(),
        ]
        if output.flow is not None:
            place = (2 * output.flow.source - 1).permute(0, 2, 3, 1)
            tiles += [output.flow.visible.sigmoid(), F.grid_sample(picture, place, align_corners=False)]
        rows.append(torch.cat([t.expand(-1, 3, -1, -1) for t in tiles], 3))
    whole = torch.cat(rows, 2).clamp(0, 1)
    whole = F.interpolate(whole, scale_factor=TILE / network.config.size, mode="nearest")[0]
    out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((whole.permute(1, 2, 0) * 255 + 0.5).byte().numpy()).save(out)
