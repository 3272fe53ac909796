"""What the artist says: masks of any node that become regions, and win over what was found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

from ..geometry.garments import NUMBER, REGIONS, GarmentMap

ADD, ONLY = "add", "only"
"""The mask becomes the region; or besides, the region is nowhere else."""
HOWS = (ADD, ONLY)
SAME_SHAPE = 0.02
"""How much the proportions of a mask of another size may differ: rounding to whole pixels."""


def overridden(garments: GarmentMap, mask: torch.Tensor, region: str, how: str = ADD) -> GarmentMap:
    """The map in which mask (1, 1, h, w) in [0, 1] is `region`, one of REGIONS; "background" takes it off the person.

    A mask of another size in the same proportions is resized. ValueError for other proportions, an unknown region, or
    a mask that shows nothing.
    """
    if region not in NUMBER:
        raise ValueError(f"no region is called {region!r}; there are {', '.join(REGIONS)}")
    mask = fitted(mask, garments.size).to(garments.matte)
    inside = mask > 0.5
    if not bool(inside.any()):
        raise ValueError(
            f"the mask for {region!r} is empty: nothing in it is over 0.5; paint or choose another"
        )
    labels, matte, hair = garments.labels.clone(), garments.matte, garments.hair
    if how == ONLY:
        labels = _without(labels, NUMBER[region])
    matte = torch.minimum(matte, 1 - mask) if region == "background" else torch.maximum(matte, mask)
    soft = (mask > 0.02) & (labels == 0) & (region != "background")
    labels[inside | soft] = NUMBER[region]
    labels = torch.where(matte > 0, labels, 0)
    if region == "hair":
        hair = torch.maximum(hair * (how != ONLY), mask)
    else:
        hair = torch.minimum(hair, 1 - mask)
    return replace(garments, labels=labels, matte=matte, hair=torch.minimum(hair, matte))


def fitted(mask: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(1, 1, h, w) -> (1, 1, H, W); ValueError where the proportions differ."""
    height, width = mask.shape[-2:]
    if (height, width) == tuple(size):
        return mask
    if abs((width / height) / (size[1] / size[0]) - 1) > SAME_SHAPE:
        raise ValueError(
            f"the mask has {width} x {height} pixels, the picture {size[1]} x {size[0]}: not the same proportions;"
            " make the mask from this picture, or resize and crop it as the picture was"
        )
    return F.interpolate(mask, size, mode="bilinear", antialias=height > size[0]).clamp(0, 1)


def _without(labels: torch.Tensor, number: int) -> torch.Tensor:
    """(1, 1, H, W) with each pixel of a region as the nearest of the person's others."""
    import cv2

    plane = labels[0, 0].cpu().numpy()
    known = (plane != number) & (plane != 0)
    if not known.any():
        return labels
    _, places = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(places.max() + 1, np.uint8)
    table[places[known]] = plane[known]
    filled = np.where(plane == number, table[places], plane)
    return torch.from_numpy(filled)[None, None].to(labels)
