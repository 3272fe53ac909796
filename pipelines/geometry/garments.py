"""What a person wears: where, of what, and which of it must stay rigid. Plain values that every later step reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F

REGIONS = (
    "background", "hair", "face", "torso_skin", "left_arm_skin", "right_arm_skin", "left_leg_skin", "right_leg_skin",
    "upper", "outer", "lower", "dress", "shoes", "headwear", "bag", "accessory", "other",
)  # fmt: skip
"""Regions by their number in a label map. Left and right are the person's; an arm's skin has the hand, a leg's the
foot."""
NUMBER = {name: number for number, name in enumerate(REGIONS)}

SKIN = ("face", "torso_skin", "left_arm_skin", "right_arm_skin", "left_leg_skin", "right_leg_skin")
CLOTHES = ("upper", "outer", "lower", "dress", "shoes", "headwear")
GROUPS: dict[str, tuple[str, ...]] = {
    "hair": ("hair",), "face": ("face",), "skin": SKIN, "clothes": CLOTHES,
    "upper": ("upper",), "outer": ("outer",), "lower": ("lower",), "dress": ("dress",), "shoes": ("shoes",),
    "accessories": ("headwear", "bag", "accessory", "other"), "person": REGIONS[1:],
}  # fmt: skip
"""Regions that artists pick together."""

FABRICS = (
    "cotton", "denim", "knit", "wool", "silk", "leather", "lace", "sequin", "synthetic", "fur",
)  # fmt: skip
"""Materials by name: silk stands for satin too, lace for what one sees through, sequin for what is metallic."""
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Measured:
    """A number and how far to trust it, in [0, 1]; confidence 0: not measured, the value is a default."""

    value: float
    confidence: float = 0.0


@dataclass(frozen=True)
class Pattern:
    """A print or weave that repeats, as it lies in the photo.

    period       pixels from one repeat to the next, across the lines
    orientation  radians in [0, pi): the direction across the lines, from +x towards +y (down)
    second       the other direction's period in pixels, for checks and dots; 0 for stripes
    """

    period: float
    orientation: float
    second: float = 0.0
    confidence: float = 0.0


@dataclass(frozen=True)
class Material:
    """One region's cloth as physics.

    fabric     one of FABRICS, or UNKNOWN; `confidence` in [0, 1] goes with it
    stiffness  0 falls like silk, 1 stands like leather
    gloss      0 matt, 1 mirrors
    sheerness  0 covers, 1 shows the skin
    pleats     pleats or ruffles per pixel along the hem, 0 for none
    patterns   the strongest repeat first; none for plain cloth
    """

    fabric: str = UNKNOWN
    confidence: float = 0.0
    stiffness: Measured = Measured(0.4)
    gloss: Measured = Measured(0.1)
    sheerness: Measured = Measured(0.0)
    pleats: Measured = Measured(0.0)
    patterns: tuple[Pattern, ...] = ()

    def scaled(self, scale: float) -> Material:
        """The same cloth in a picture `scale` times as large."""
        periods = (
            replace(one, period=scale * one.period, second=scale * one.second) for one in self.patterns
        )
        return replace(
            self, pleats=replace(self.pleats, value=self.pleats.value / scale), patterns=tuple(periods)
        )


@dataclass(frozen=True, eq=False)
class RigidPatch:
    """What sits on the cloth in one piece.

    kind    print, text, button, zip, buckle, pocket
    region  one of REGIONS: what it sits on
    mask    (h, w) float32 in [0, 1], on the picture from `corner` (x, y) on
    """

    kind: str
    region: str
    corner: tuple[int, int]
    mask: torch.Tensor
    confidence: float = 1.0

    def at_size(self, old: tuple[int, int], new: tuple[int, int]) -> RigidPatch:
        """The same patch where its picture has the size `new` (height, width) instead of `old`."""
        (x, y), (h, w) = self.corner, self.mask.shape
        down, right = new[0] / old[0], new[1] / old[1]
        left, top = round(x * right), round(y * down)
        size = round((y + h) * down) - top, round((x + w) * right) - left
        if min(size) < 1:
            return replace(self, corner=(left, top), mask=self.mask.new_zeros(0, 0))
        return replace(self, corner=(left, top), mask=_resized(self.mask[None, None], size)[0, 0])


@dataclass(frozen=True, eq=False)
class GarmentMap:
    """One person's clothes in one picture.

    labels     (1, 1, H, W) uint8, numbers of REGIONS
    hair       (1, 1, H, W) float32: how much of the pixel is hair
    matte      (1, 1, H, W) float32: how much of the pixel is the person
    materials  by region; a region without one is unknown
    patches    what stays rigid
    notes      what the artist should know, in words
    """

    labels: torch.Tensor
    hair: torch.Tensor
    matte: torch.Tensor
    materials: Mapping[str, Material] = field(default_factory=dict)
    patches: tuple[RigidPatch, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return tuple(self.labels.shape[-2:])

    def mask(self, *names: str) -> torch.Tensor:
        """(1, 1, H, W) float32: 1 in the regions or GROUPS named, soft at hair and at the person's edge. ValueError
        lists the names when one is unknown."""
        numbers = {NUMBER[one] for name in names for one in _members(name)}
        table = torch.tensor(
            [float(number in numbers) for number in range(len(REGIONS))], device=self.labels.device
        )
        hard = table[self.labels.long()]
        hair = self.hair if NUMBER["hair"] in numbers else torch.zeros_like(self.hair)
        dressed = torch.where(self.labels == NUMBER["hair"], 0.0, hard)
        soft = dressed * (1 - self.hair).clamp(0, 1) + hair
        inside = NUMBER["background"] not in numbers
        return torch.minimum(soft, self.matte) if inside else torch.maximum(soft, 1 - self.matte)

    def at_size(self, size: tuple[int, int]) -> GarmentMap:
        """The same clothes in the same picture at another size (height, width): periods in pixels go along."""
        if tuple(size) == self.size:
            return self
        scale = size[0] / self.size[0]
        labels = F.interpolate(self.labels.float(), size, mode="nearest").to(self.labels.dtype)
        hair, matte = (_resized(mask, size) for mask in (self.hair, self.matte))
        materials = {name: one.scaled(scale) for name, one in self.materials.items()}
        patches = (patch.at_size(self.size, size) for patch in self.patches)
        kept = tuple(patch for patch in patches if min(patch.mask.shape) > 0)
        return replace(self, labels=labels, hair=hair, matte=matte, materials=materials, patches=kept)

    def present(self) -> tuple[str, ...]:
        """The regions that have a pixel, in the order of REGIONS, background left out."""
        counts = torch.bincount(self.labels.flatten().long(), minlength=len(REGIONS))
        return tuple(name for name, count in zip(REGIONS[1:], counts[1:].tolist(), strict=True) if count)

    def material(self, region: str) -> Material:
        """What a region is made of; a Material without knowledge where nothing was measured."""
        _members(region)
        return self.materials.get(region, Material())

    def rigid(self) -> torch.Tensor:
        """(1, 1, H, W) float32: all patches as one mask."""
        whole = torch.zeros_like(self.matte)
        for patch in self.patches:
            (x, y), (h, w) = patch.corner, patch.mask.shape
            window = whole[0, 0, y : y + h, x : x + w]
            torch.maximum(window, patch.mask.to(window), out=window)
        return whole

    def with_materials(self, materials: Mapping[str, Material]) -> GarmentMap:
        """The same map with these materials instead of its own."""
        return replace(self, materials=dict(materials))

    def with_patches(self, patches: tuple[RigidPatch, ...]) -> GarmentMap:
        """The same map with these rigid patches instead of its own."""
        return replace(self, patches=tuple(patches))


def _resized(mask: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(1, 1, h, w) a soft mask at another size, pixels averaged where it gets smaller."""
    if size[0] < mask.shape[-2]:
        return F.interpolate(mask, size, mode="area")
    return F.interpolate(mask, size, mode="bilinear", align_corners=False)


def _members(name: str) -> tuple[str, ...]:
    if name in GROUPS:
        return GROUPS[name]
    if name in NUMBER:
        return (name,)
    raise ValueError(
        f"no region is called {name!r}; there are {', '.join(dict.fromkeys((*GROUPS, *REGIONS)))}"
    )
