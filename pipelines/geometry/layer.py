"""One sheet of the body."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Layer:
    """One sheet of the body.

    On the native crop: `matte` (h, w) soft coverage with what is covered included, `parted` (h, w) the same without the
    hem by which it goes on under its neighbours, `seen` (h, w) the share of it that
    the camera saw, `colour` (3, h, w) sRGB, `rear` (3, h, w) the guess for the side that faces away.
    On the mesh grid: `inside` (gh, gw) bool with a margin for the soft edge, `solid` (gh, gw) bool without, `weights`
    (P, gh, gw) skinning weights, `front` and `back` (gh, gw) z of the surface towards the camera and away from it, in
    pixels. fine: how many times smaller these cells are than the body's.
    """

    name: str
    matte: torch.Tensor
    parted: torch.Tensor
    seen: torch.Tensor
    colour: torch.Tensor
    rear: torch.Tensor
    inside: torch.Tensor
    solid: torch.Tensor
    weights: torch.Tensor
    front: torch.Tensor
    back: torch.Tensor
    fine: int = 1
