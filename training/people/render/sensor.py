"""What a camera makes of a clean picture: exposure, white balance, blur, noise, sharpening, curves, JPEG.

Nothing moves: every step is centred on its pixel, so truth stays true. cv2 writes and reads the JPEG.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, pi

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..draws import Draw
from ..light.environments import LUMINANCE
from ..shades import encoded, linear

Step = tuple[Tensor, dict[str, float]]


def apply(
    picture: Tensor, generator: torch.Generator, strength: float = 1.0
) -> tuple[Tensor, dict[str, float]]:
    """(3, H, W) clean sRGB in [0, 1] -> (3, H, W) as a camera gives it, and what was done, by name.

    strength: 0 gives the picture itself, bit for bit; 1 an ordinary phone or web picture; 2 a bad one. Raises
    ValueError for a negative strength and for a picture of another shape.
    """
    if strength < 0:
        raise ValueError(f"strength {strength} is negative: give 0 (nothing) to about 2 (bad)")
    if picture.dim() != 3 or picture.shape[0] != 3:
        raise ValueError(f"a picture is (3, H, W), got {tuple(picture.shape)}")
    if strength == 0:
        return picture, {}
    draw = Draw(generator)
    record: dict[str, float] = {"strength": strength}
    light = linear(picture)
    for step in (_exposed, _balanced, _vignetted, _rescaled, _defocused, _moved, _noisy):
        light, done = step(light, draw, strength)
        record.update(done)
    srgb = encoded(light)
    for step in (_curved, _saturated, _sharpened, _compressed):
        srgb, done = step(srgb, draw, strength)
        record.update(done)
    return srgb.clamp(0, 1), record


def _exposed(light: Tensor, draw: Draw, strength: float) -> Step:
    stops = 0.25 * strength * max(-2.0, min(2.0, draw.normal()))
    return light * 2**stops, {"exposure_stops": stops}


def _balanced(light: Tensor, draw: Draw, strength: float) -> Step:
    """Gains of red and blue against green, with the brightness of grey kept."""
    warm, tint = (0.04 * strength * max(-2.5, min(2.5, draw.normal())) for _ in range(2))
    gains = torch.tensor([2.0 ** (warm + 0.3 * tint), 2.0 ** (-tint * 0.5), 2.0 ** (-warm + 0.3 * tint)])
    gains = (gains / (gains @ torch.tensor(LUMINANCE))).to(light)
    return light * gains[:, None, None], {"warmth_stops": warm, "tint_stops": tint}


def _vignetted(light: Tensor, draw: Draw, strength: float) -> Step:
    fall = 0.3 * strength * draw.between(0, 1) if draw.chance(0.4) else 0.0
    if fall == 0:
        return light, {}
    height, width = light.shape[1:]
    y = torch.linspace(-1, 1, height, device=light.device) * height / np.hypot(height, width)
    x = torch.linspace(-1, 1, width, device=light.device) * width / np.hypot(height, width)
    return light * (1 - fall * (y[:, None] ** 2 + x**2)), {"vignetting": fall}


def _rescaled(light: Tensor, draw: Draw, strength: float) -> Step:
    """Taken with fewer pixels and enlarged again, centres kept."""
    if not draw.chance(0.25 * min(strength, 2)):
        return light, {}
    scale = draw.between(max(1 - 0.4 * strength, 0.35), 1)
    size = tuple(light.shape[1:])
    # both sizes are given: a scale factor would shift the centres by what rounding leaves
    fewer = tuple(max(8, round(side * scale)) for side in size)
    small = F.interpolate(light[None], fewer, mode="bilinear", antialias=True)
    back = F.interpolate(small, size=size, mode="bicubic", antialias=False)[0]
    return back.clamp(min=0), {"rescaled": scale}


def _defocused(light: Tensor, draw: Draw, strength: float) -> Step:
    sigma = strength * draw.between(0.15, 0.75) * light.shape[1] ** 0.5 / 16
    reach = max(1, int(3 * sigma + 0.5))
    taps = [exp(-0.5 * (at / max(sigma, 1e-3)) ** 2) for at in range(-reach, reach + 1)]
    total = sum(taps)
    return _filtered(light, [tap / total for tap in taps]), {"blur_sigma": sigma}


def _filtered(picture: Tensor, taps: list[float]) -> Tensor:
    """(3, H, W) filtered by an odd number of taps down and across, edges repeated. Slices: for few taps faster than
    convolution."""
    reach, (height, width) = len(taps) // 2, picture.shape[1:]
    padded = F.pad(picture[None], (reach,) * 4, mode="replicate")[0]
    rows = sum(tap * padded[:, i : i + height] for i, tap in enumerate(taps))
    return sum(tap * rows[:, :, i : i + width] for i, tap in enumerate(taps))


def _moved(light: Tensor, draw: Draw, strength: float) -> Step:
    """A shaken hand, rarely: a centred line of blur."""
    if not draw.chance(0.06 * strength):
        return light, {}
    length = draw.between(1, 3.5) * strength * light.shape[1] / 256
    angle = draw.between(0, pi)
    reach = max(1, int(length / 2 + 1))
    at = torch.arange(-reach, reach + 1, dtype=torch.float32)
    y, x = torch.meshgrid(at, at, indexing="ij")
    direction = torch.tensor([np.cos(angle), np.sin(angle)], dtype=torch.float32)
    along = x * direction[0] + y * direction[1]
    across = y * direction[0] - x * direction[1]
    kernel = (length / 2 + 0.5 - along.abs()).clamp(0, 1) * (1 - across.abs()).clamp(min=0)
    kernel = (kernel / kernel.sum()).to(light)[None, None]
    padded = F.pad(light[:, None], (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(padded, kernel)[:, 0], {"motion_pixels": length, "motion_angle": angle}


def _noisy(light: Tensor, draw: Draw, strength: float) -> Step:
    """Shot noise of a full well of electrons and a read-out's: variance = light / electrons + read^2.

    Fewer electrons are a higher ISO; half of the noise is shared between neighbours, as after demosaicing.
    """
    electrons = draw.scale(1000, 25000) / strength**1.5
    read = draw.scale(0.0004, 0.0025) * strength
    grain = draw.bells(3, *light.shape[1:]).to(light)
    if draw.chance(0.5):
        soft = _filtered(grain, [1 / 3] * 3)
        grain = 0.55 * grain + 1.5 * soft
    noise = grain * (light.clamp(min=0) / electrons + read**2).sqrt()
    return (light + noise).clamp(min=0), {"electrons": electrons, "read_noise": read}


def _curved(srgb: Tensor, draw: Draw, strength: float) -> Step:
    """A contrast curve through black, middle and white."""
    amount = 0.12 * strength * draw.normal()
    amount = max(-0.3, min(0.45, amount + 0.06 * strength))
    smooth = srgb * srgb * (3 - 2 * srgb)
    return srgb + amount * (smooth - srgb), {"contrast": amount}


def _saturated(srgb: Tensor, draw: Draw, strength: float) -> Step:
    amount = max(0.5, 1 + 0.1 * strength * draw.normal())
    grey = (srgb * srgb.new_tensor(LUMINANCE)[:, None, None]).sum(0, keepdim=True)
    return (grey + (srgb - grey) * amount).clamp(0, 1), {"saturation": amount}


def _sharpened(srgb: Tensor, draw: Draw, strength: float) -> Step:
    if not draw.chance(0.6):
        return srgb, {}
    amount = draw.between(0, 0.7) * min(strength, 1.5)
    soft = _filtered(srgb, [1 / 3] * 3)
    return (srgb + amount * (srgb - soft)).clamp(0, 1), {"sharpening": amount}


def _compressed(srgb: Tensor, draw: Draw, strength: float) -> Step:
    """JPEG; now and then twice, as pictures on the web are."""
    import cv2

    quality = int(max(20, min(98, 96 - strength * abs(draw.normal()) * 16)))
    passes = 2 if draw.chance(0.1 * strength) else 1
    pixels = (srgb.detach().permute(1, 2, 0).flip(2) * 255 + 0.5).clamp(0, 255).byte().cpu().numpy()
    for _ in range(passes):
        _, code = cv2.imencode(".jpg", np.ascontiguousarray(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
        pixels = cv2.imdecode(code, cv2.IMREAD_COLOR)
    back = torch.from_numpy(np.ascontiguousarray(pixels[..., ::-1])).to(srgb.device).permute(2, 0, 1)
    return back.to(srgb.dtype) / 255, {"jpeg_quality": quality, "jpeg_passes": passes}


expose: Callable[..., tuple[Tensor, dict[str, float]]] = apply
"""The same by another name."""
