"""What each thing looks like: an item and its colour, or a skin, as a sheet of scene.py."""

from __future__ import annotations

import torch
from torch import Tensor

from ..body import tints
from ..kit.kit import Item, Kit, Skin
from ..scene import MATERIALS, Sheet
from . import fabrics
from .outfits import Worn

FINISH = {
    "skin": (0.03, 0.5, 0.1), "hair": (0.05, 0.4, 0.0), "eye": (0.05, 0.1, 0.0), "cotton": (0.02, 0.85, 0.1),
    "denim": (0.02, 0.8, 0.1), "knit": (0.02, 0.9, 0.25), "wool": (0.02, 0.9, 0.3), "silk": (0.06, 0.35, 0.25),
    "leather": (0.05, 0.4, 0.0), "lace": (0.02, 0.8, 0.1), "sequin": (0.3, 0.25, 0.0), "synthetic": (0.04, 0.5, 0.05),
    "fur": (0.02, 0.95, 0.4), "metal": (0.6, 0.3, 0.0),
}  # fmt: skip
"""Material -> gloss, roughness, sheen. Gloss of about 0.04 is that of anything not metal (refractive index 1.5); the
rest is ours."""


def sheet(kit: Kit, worn: Worn, size: int = tints.TEXTURE) -> Sheet:
    """An item as it is worn, in pictures at most `size` texels wide. Hair and brows take a colour of tints.HAIR, the
    rest one of tints.PALETTE."""
    item = kit.items[worn.item]
    if worn.fabric:
        return _woven(kit, item, worn, size)
    albedo, alpha, normal, occlusion = tints.texture(item, worn.variant, size)
    if worn.colour is not None:
        table = tints.HAIR if item.kind in ("hair", "eyebrows", "eyelashes") else tints.PALETTE
        soft = 0.6 if item.kind == "hair" else 1.0
        albedo = tints.recoloured(albedo, alpha, albedo.new_tensor(table[worn.colour]), soft)
    occlusion = None if occlusion is None else occlusion.clamp(min=fabrics.OPEN)
    return _sheet(albedo, alpha, normal, occlusion, MATERIALS[item.material])


def sheer(sheet: Sheet) -> bool:
    """Whether one sees through a sheet of cloth."""
    return sheet.alpha is not None and MATERIALS[sheet.material] == "lace"


def _woven(kit: Kit, item: Item, worn: Worn, size: int) -> Sheet:
    """An item of a made fabric, by its seed."""
    made = fabrics.design(torch.Generator().manual_seed(worn.fabric), item.kind)
    return fabrics.sheet(fabrics.blank(item, kit.template, worn.variant, size), made)


def _sheet(
    albedo: Tensor, alpha: Tensor | None, normal: Tensor | None, occlusion: Tensor | None, material: str
) -> Sheet:
    return Sheet(albedo, alpha, normal, occlusion, MATERIALS.index(material), *FINISH[material])


def skin_sheet(
    skin: Skin, device: torch.device, tone: float, redness: float, size: int = tints.TEXTURE
) -> Sheet:
    """A skin of a tone: its mean luminance, linear."""
    return _sheet(tints.toned(skin, device, tone, redness, size), None, None, None, "skin")


def plain_sheet(colour: str, device: torch.device) -> Sheet:
    """One colour of tints.PALETTE, as cotton: what is worn below."""
    value = torch.tensor(tints.PALETTE[colour], device=device)
    return _sheet(value[:, None, None].expand(3, 4, 4).contiguous(), None, None, None, "cotton")
