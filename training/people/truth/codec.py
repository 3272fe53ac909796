"""One person's pictures and truth as small arrays, and back: what a stored person holds.

Everything but the pictures themselves lies in one .npz without pickle, deflated at the quickest level. Per view v:

    camera_v (18,)      rotation, position, focal, centre, size (h, w), exposure
    rgb                 not here: the PNG beside it
    plate_v, shadow_v   uint8 (3, H, W) sRGB and (H, W) of linear light
    box_v (4,)          y0, y1, x0, x1 round the person; alpha_v, clean_v: uint8, cut to it
    mask_v              packed bits (H, W): the n pixels whose centre the person covers; what follows is theirs alone
    albedo_v (3, n) uint8 sRGB; region_v, material_v (n,); depth_v (n,) uint16 between the two ends of range_v (2,);
    normal_v (3, n) int8; face_v (n,); barycentric_v (2, n) uint8; uv_v (2, n) uint16; shading_v (3, n) float16
    joints_v (133, 3), skeleton_v (142, 3) metres, world; turns_v (142, 3, 3) world orientations

and per source s and target t: xy_s_t (2, n) uint16, seen_s_t (n,) bits 1 inside, 2 visible, 4 whole, over the target's
n pixels. Shadow, alpha and barycentric are right to 1/510, colours to half a level of 255, uv to 1e-5, depth to
1/131,000 of its range, shading to 0.05 %, positions in the other picture to 1/43,000 of its longer side.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..scene import Camera, View
from .correspondence import Correspondence

LEVEL = 1
"""Of deflate: the quickest. Level 6 takes five times as long for 12 % less."""
AS_IT_IS = ("xy", "uv", "normal", "depth", "barycentric", "joints", "skeleton")
"""Arrays that deflate makes hardly smaller (by 11 % in all): they are stored as they are, in half the time."""
BEYOND = 1.0
"""Frames beyond the source's picture, on each side, in which a place outside it is still told apart."""
TOP = 65534
INSIDE, VISIBLE, WHOLE = 1, 2, 4


@dataclass(frozen=True, eq=False)
class Picture:
    """One view of a person: joints (133, 3) and skeleton (142, 3) world metres, NaN where there is none; turns
    (142, 3, 3) world orientations of the skeleton's joints."""

    view: View
    camera: Camera
    joints: Tensor
    skeleton: Tensor
    turns: Tensor


@dataclass(frozen=True, eq=False)
class Made:
    """A person in all pictures: record is plain JSON; correspondences by (source, target)."""

    record: Mapping[str, Any]
    pictures: tuple[Picture, ...]
    correspondences: Mapping[tuple[int, int], Correspondence]


def srgb_levels(linear: Tensor) -> Tensor:
    """Linear light in [0, 1] -> sRGB in levels of 255 (IEC 61966-2-1), not rounded."""
    linear = linear.clamp(0, 1)
    return 255 * torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.pow(1 / 2.4) - 0.055)


def srgb_bytes(linear: Tensor) -> Tensor:
    """Linear light in [0, 1] -> uint8 sRGB."""
    return (srgb_levels(linear) + 0.5).to(torch.uint8)


def linear_of(levels: Tensor) -> Tensor:
    """uint8 sRGB -> linear light, float32."""
    value = levels.float() / 255
    return torch.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055).pow(2.4))


def _bytes(values: Tensor) -> Tensor:
    return (values.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


def packed(made: Made) -> dict[str, np.ndarray]:
    """The arrays of a person, by the names of the module's docstring."""
    arrays: dict[str, Tensor] = {}
    places = [(picture.view.face >= 0).flatten().nonzero()[:, 0] for picture in made.pictures]
    for v, (picture, place) in enumerate(zip(made.pictures, places, strict=True)):
        arrays |= {f"{name}_{v}": value for name, value in _packed_view(picture, place).items()}
    for (s, t), truth in made.correspondences.items():
        arrays[f"xy_{s}_{t}"] = _fixed(truth.source_xy.flatten(0, 1)[places[t]], made.pictures[s].camera.size)
        inside, visible, whole = (
            flags.flatten()[places[t]].byte() for flags in (truth.inside, truth.visible, truth.whole)
        )
        arrays[f"seen_{s}_{t}"] = INSIDE * inside + VISIBLE * visible + WHOLE * whole
    return {name: value.cpu().numpy() for name, value in arrays.items()}


def _packed_view(picture: Picture, place: Tensor) -> dict[str, Tensor]:
    view, camera = picture.view, picture.camera
    mask = view.face >= 0
    top, bottom, left, right = _box(mask | (view.alpha > 0))

    def taken(values: Tensor) -> Tensor:
        return values.flatten(-2)[..., place]

    depth = taken(view.depth)
    low, high = (depth.min(), depth.max()) if len(depth) else (depth.new_zeros(()), depth.new_ones(()))
    return {
        "camera": _camera_row(camera, view.exposure),
        "box": torch.tensor([top, bottom, left, right]),
        "mask": torch.as_tensor(np.packbits(mask.cpu().numpy())),
        "plate": _bytes(view.plate),
        "shadow": _bytes(view.shadow),
        "alpha": _bytes(view.alpha[top:bottom, left:right]),
        "clean": _bytes(view.clean[:, top:bottom, left:right]),
        "albedo": srgb_bytes(taken(view.albedo)),
        "region": taken(view.region),
        "material": taken(view.material),
        "range": torch.stack([low, high]),
        "depth": _sixteen((depth - low) / (high - low).clamp_min(1e-6)),
        "normal": (taken(view.normal) * 127).round().to(torch.int8),
        "face": taken(view.face).int(),
        "barycentric": _bytes(taken(view.barycentric)),
        "uv": _sixteen(taken(view.uv).clamp(0, 1)),
        "shading": taken(view.shading).half(),
        "joints": picture.joints.float(),
        "skeleton": picture.skeleton.float(),
        "turns": picture.turns.float(),
    }


def _sixteen(share: Tensor) -> Tensor:
    """[0, 1] -> uint16."""
    return (share * TOP + 0.5).to(torch.int32).to(torch.uint16)


def _shares(values: np.ndarray) -> Tensor:
    return torch.as_tensor(values.astype(np.float32) / TOP)


def _fixed(xy: Tensor, size: tuple[int, int]) -> Tensor:
    """(n, 2) pixels -> (2, n) uint16: from BEYOND frames before the picture to as far behind it."""
    extent = xy.new_tensor([size[1], size[0]])
    return _sixteen((xy / extent + BEYOND).div(1 + 2 * BEYOND).clamp(0, 1)).T.contiguous()


def _camera_row(camera: Camera, exposure: float) -> Tensor:
    numbers = [camera.focal, *camera.centre, *camera.size, exposure]
    flat = torch.cat([camera.rotation.flatten(), camera.position]).double().cpu()
    return torch.cat([flat, torch.tensor(numbers, dtype=torch.float64)])


def _box(mask: Tensor) -> tuple[int, int, int, int]:
    """y0, y1, x0, x1 of the mask's bounding box; nothing: an empty box."""
    rows, columns = torch.nonzero(mask.any(1)).flatten(), torch.nonzero(mask.any(0)).flatten()
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def archive(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as the bytes of an .npz: the same arrays give the same bytes, whenever they are written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as file:
        for name, value in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980, whenever that is
            entry.compress_type = zipfile.ZIP_DEFLATED
            if name.split("_")[0] in AS_IT_IS:
                entry.compress_type = zipfile.ZIP_STORED
            raw = io.BytesIO()
            np.lib.format.write_array(raw, np.ascontiguousarray(value), allow_pickle=False)
            file.writestr(entry, raw.getvalue(), compresslevel=LEVEL)
    return buffer.getvalue()


def view_of(arrays: Mapping[str, np.ndarray], v: int, rgb: np.ndarray) -> Picture:
    """View v of stored arrays with its picture (H, W, 3) uint8 -> Picture, as it was made but for the rounding."""
    row = arrays[f"camera_{v}"]
    size = (int(row[15]), int(row[16]))
    camera = Camera(
        torch.as_tensor(row[:9].reshape(3, 3)).float(),
        torch.as_tensor(row[9:12]).float(),
        float(row[12]),
        (float(row[13]), float(row[14])),
        size,
    )
    joints, skeleton, turns = (
        torch.as_tensor(arrays[f"{name}_{v}"]) for name in ("joints", "skeleton", "turns")
    )
    return Picture(_view(arrays, v, rgb, size, float(row[17])), camera, joints, skeleton, turns)


def _view(
    arrays: Mapping[str, np.ndarray], v: int, rgb: np.ndarray, size: tuple[int, int], exposure: float
) -> View:
    def load(name: str) -> Tensor:
        return torch.as_tensor(arrays[f"{name}_{v}"])

    mask = mask_of(arrays, v, size)
    low, high = arrays[f"range_{v}"]
    picture = torch.as_tensor(rgb).permute(2, 0, 1) / 255
    plate, box = load("plate") / 255, arrays[f"box_{v}"]
    return View(
        rgb=picture,
        clean=_pasted(load("clean") / 255, box, _shadowed(plate, load("shadow") / 255, exposure)),
        plate=plate,
        shadow=load("shadow") / 255,
        alpha=_pasted(load("alpha") / 255, box, torch.zeros(size)),
        albedo=_spread(linear_of(load("albedo")), mask),
        region=_spread(load("region"), mask),
        material=_spread(load("material"), mask),
        depth=_spread(low + (high - low) * _shares(arrays[f"depth_{v}"]), mask),
        normal=_spread(load("normal") / 127, mask),
        face=_spread(load("face"), mask, -1),
        barycentric=_spread(load("barycentric") / 255, mask),
        uv=_spread(_shares(arrays[f"uv_{v}"]), mask),
        shading=_spread(load("shading").float(), mask),
        exposure=exposure,
    )


def _shadowed(plate: Tensor, shadow: Tensor, exposure: float) -> Tensor:
    """The plate under the person's shadow, which multiplies linear light before it is developed."""
    from ..render.render import developed, undeveloped

    return torch.where(shadow < 1, developed(undeveloped(plate, exposure) * shadow, exposure), plate)


def mask_of(arrays: Mapping[str, np.ndarray], v: int, size: tuple[int, int]) -> Tensor:
    """(H, W) bool: the pixels of view v whose centre the person covers."""
    bits = np.unpackbits(arrays[f"mask_{v}"], count=size[0] * size[1])
    return torch.as_tensor(bits.reshape(size).astype(bool))


def _pasted(inner: Tensor, box: np.ndarray, around: Tensor) -> Tensor:
    top, bottom, left, right = (int(b) for b in box)
    around = around.clone()
    around[..., top:bottom, left:right] = inner
    return around


def _spread(values: Tensor, mask: Tensor, empty: float = 0) -> Tensor:
    """(..., n) of the mask's pixels -> (..., H, W)."""
    full = torch.full((*values.shape[:-1], *mask.shape), empty, dtype=values.dtype)
    full[..., mask] = values
    return full


def correspondence_of(arrays: Mapping[str, np.ndarray], source: int, target: int) -> Correspondence:
    """The stored correspondence of a pair of views. Raises KeyError for a view that is not there."""
    size = tuple(int(n) for n in arrays[f"camera_{target}"][15:17])
    height, width = arrays[f"camera_{source}"][15:17]
    mask = mask_of(arrays, target, size)
    extent = torch.tensor([[width], [height]], dtype=torch.float32)
    share = _shares(arrays[f"xy_{source}_{target}"])
    xy = (share * (1 + 2 * BEYOND) - BEYOND) * extent
    flags = torch.as_tensor(arrays[f"seen_{source}_{target}"])
    inside, visible, whole = (_spread((flags & bit) > 0, mask, False) for bit in (INSIDE, VISIBLE, WHOLE))
    return Correspondence(_spread(xy, mask, torch.nan).permute(1, 2, 0), mask, inside, visible, whole)
