"""Puts a person into another scene: lit as the scene is lit, no rim of the old background, shade under the feet."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ..geometry.colour import linear, luminance
from ..geometry.fill import masked_blur
from ..geometry.lighting import LightField
from ..geometry.skeleton import Skeleton
from ..native import resized
from ..shadow import cast_shadow
from .relight import HARDEST, brightened
from .surface import Surface

MOST = 0.9
"""Logarithm of the largest change of light by direction and colour, neared softly."""
EDGE = 0.97
"""Share of the person from which a pixel has no old background in it."""
REACH = (2.0, 6.0, 18.0)
"""Pixels, from fine to coarse, from which colours come to a soft edge: lashes first, then strands of hair."""
BRIGHT = 0.5
"""Share of a scene's pixels, the brightest ones, whose colour is taken for its light's: shadows have the sky's."""
UNSEEN = "nobody stands in the scene: only its colour is known, not from where it is lit"


@dataclass(frozen=True)
class HarmoniseOptions:
    """strength in [0, 1] of the new light; exposure in stops on top of it; contact: whether feet get shade."""

    strength: float = 1.0
    exposure: float = 0.0
    contact: bool = True

    def __post_init__(self):
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength is {self.strength}, expected between 0 and 1")
        if not -4 <= self.exposure <= 4:
            raise ValueError(f"exposure is {self.exposure} stops, expected between -4 and 4")


PLAINLY = HarmoniseOptions()


def scene_light(scene: torch.Tensor) -> LightField:
    """What an empty scene (1, 3, H, W) tells of its light: the colour of its brighter half, as the grey world has it
    (Buchsbaum, "A spatial processor model for object colour perception", 1980), half believed, and no direction."""
    small = linear(F.interpolate(scene, (64, 64), mode="area")[0])
    bright = luminance(small)
    least = bright.flatten().kthvalue(max(1, int((1 - BRIGHT) * bright.numel()))).values
    mean = small[:, bright >= least].mean(1).clamp(min=1e-4)
    hue = (mean / luminance(mean)).sqrt()
    return LightField.flat(0.8 * hue / luminance(hue), (UNSEEN,))


def in_scene(
    picture: torch.Tensor,
    person: torch.Tensor,
    surface: Surface | None,
    light: LightField,
    scene: torch.Tensor,
    there: LightField,
    options: HarmoniseOptions,
    figure: Skeleton | None = None,
) -> torch.Tensor:
    """(1, 3, H, W) the person (1, 1, H, W) of a picture (1, 3, H, W) in a scene (1, 3, h, w), which fills the frame.

    surface: which way the person faces; light: on the person in the picture; there: in the scene; figure: the person's
    skeleton, for the shade at their feet.
    """
    colour = without_rim(picture, person)
    change = _change(surface, light, there, options.strength) if surface is not None else None
    gain = torch.full_like(colour, 2.0**options.exposure)
    if change is not None:
        gain = gain * change.exp()
    elif options.strength > 0:
        ratio = (there.mean / light.mean.clamp(min=1e-4)).log()
        gain = gain * (options.strength * (ratio - ratio.mean()))[:, None, None].exp()
    lit = brightened(colour, gain)
    room = covering(scene, tuple(picture.shape[-2:]))
    if options.contact and figure is not None:
        shade = cast_shadow(picture, person, figure)
        room = shade.moved(room, picture, figure, own=False)
    return torch.lerp(room, lit, person)


def without_rim(picture: torch.Tensor, person: torch.Tensor) -> torch.Tensor:
    """(1, 3, H, W) the person's own colours, also where the soft edge had the old background in them."""
    whole = person[0, 0] >= EDGE
    if not bool(whole.any()) or bool((person >= EDGE).logical_or(person <= 0).all()):
        return picture
    # From the coarse to the fine: every edge pixel gets the nearest inner colours that reach it.
    own, _ = _from_inside(picture[0], whole, REACH[-1])
    for sigma in reversed(REACH[:-1]):
        finer, near = _from_inside(picture[0], whole, sigma)
        own = torch.where(near > 0.05, finer, own)
    # What of the pixel is the person's keeps its own detail.
    share = person[0]
    return torch.where(whole, picture[0], torch.lerp(own, picture[0], share.square() * 0.5))[None]


def _from_inside(
    picture: torch.Tensor, whole: torch.Tensor, sigma: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(3, h, w) the Gaussian mean of the picture's pixels where it is whole (h, w), the plain mean where none is in
    reach, and (1, h, w) how much of what is in reach is whole. By OpenCV: at 12 megapixels two seconds."""
    import cv2

    weight = whole.float()[None]
    size = 2 * max(1, round(3 * sigma)) + 1
    total = [
        torch.from_numpy(cv2.GaussianBlur(one.numpy(), (size, size), sigma, borderType=cv2.BORDER_CONSTANT))
        for one in (*(picture * weight).contiguous(), weight[0])
    ]
    near = total.pop()[None]
    mean = (picture * weight).sum((1, 2), keepdim=True) / weight.sum().clamp(min=1)
    return torch.where(near > 1e-4, torch.stack(total) / near.clamp(min=1e-4), mean), near


def covering(scene: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(1, 3, H, W) the scene's middle, as large as the frame (height, width)."""
    height, width = scene.shape[-2:]
    scale = max(size[0] / height, size[1] / width)
    whole = (max(size[0], round(height * scale)), max(size[1], round(width * scale)))
    wide = resized(scene, whole)
    top, left = (whole[0] - size[0]) // 2, (whole[1] - size[1]) // 2
    return wide[..., top : top + size[0], left : left + size[1]]


def _change(surface: Surface, light: LightField, there: LightField, strength: float) -> torch.Tensor | None:
    """(1, 3, H, W) logarithm of the new light over the old on each surface; where it comes from counts as far as both
    directions are known."""
    if strength == 0:
        return None
    sure = min(light.confidence, there.confidence)
    old, new = (one.softened(HARDEST).faded(sure) for one in (light, there))
    normal = surface.normal.permute(1, 2, 0)
    change = (new.shading(normal) / old.shading(normal).clamp(min=1e-4)).log().permute(2, 0, 1)
    known = (surface.normal != 0).any(0)
    if not bool(known.any()):
        return None
    # How bright the scene is, no light field says: a photographer would expose for the person there as here.
    change = change - luminance(change)[known].mean()
    change = strength * MOST * (change / MOST).tanh()
    even = masked_blur(change, known, max(2.0, 0.012 * max(surface.size)))
    return surface.spread(even)
