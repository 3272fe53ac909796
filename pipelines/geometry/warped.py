"""What a warp gives: the moved person, and for every pixel of the new picture where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Correspondence:
    """For each pixel of the target picture, where in the source it comes from.

    source   (H, W, 2) float32 x, y in source pixels; NaN where there is no person
    visible  (H, W) in [0, 1]: 1 where the camera saw that point of the surface in the source
    stretch  (H, W) target area over source area of the surface round the point; 0 where there is no person
    part     (H, W) int64 index into `parts.PARTS`, -1 where there is no person
    depth    (H, W) pixels, away from the camera; NaN where there is no person
    normal   (H, W, 3) unit, camera frame, towards the camera (z < 0); 0 where there is no person
    source_normal  (H, W, 3) the same of the same point in the photo, or the normal itself where its colour is as it is
             lit now; 0 where there is no person
    photo    (H, W) int64, which photo `source` is a place in: 0 the first, 1 the second; 0 where there is no person
    photo_size  (height, width) in pixels of the first photo as `source` counts them; None where it was not noted
    origin   x, y in the target picture of the first photo's top-left pixel, where the two share a background
    source_depth  (H, W) pixels, how deep the same point lay in the photo: with `source` and the part's layer it names a
             point of the body's surface, whether the photo showed it or not; NaN where there is none, None if not known
    """

    source: torch.Tensor
    visible: torch.Tensor
    stretch: torch.Tensor
    part: torch.Tensor
    depth: torch.Tensor
    normal: torch.Tensor
    source_normal: torch.Tensor
    photo: torch.Tensor
    photo_size: tuple[int, int] | None = None
    origin: tuple[int, int] = (0, 0)
    source_depth: torch.Tensor | None = None


@dataclass(frozen=True, eq=False)
class Warped:
    """The moved person alone: colour (1, 3, H, W) sRGB, not multiplied by alpha (1, 1, H, W); `hidden` (1, 1, H, W)
    the share of alpha whose surface the source did not see; `unmoved` (1, 1, H, W) 1 where the photo's own pixel is
    right (0 all over where the new picture is no view of the photo's canvas)."""

    colour: torch.Tensor
    alpha: torch.Tensor
    hidden: torch.Tensor
    correspondence: Correspondence
    unmoved: torch.Tensor

    def over(self, background: torch.Tensor, photo: torch.Tensor | None = None) -> torch.Tensor:
        """(1, 3, H, W) the person on a background of the same size; with the photo whose restored background that is,
        what did not move is the photo's, bit for bit."""
        made = self.alpha * self.colour + (1 - self.alpha) * background
        if photo is None:
            return made
        return torch.where(self.unmoved == 1, photo, torch.lerp(made, photo, self.unmoved))
