"""Packs light from all around: HDRIs as a picture in sRGB and a gain in stops (a gain map), about 40 KB each."""

from __future__ import annotations

import base64
import importlib.util
import io
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from .assets import INDOOR, LIGHTS, OUTDOOR, AssetError
from .kit import Environment, decoded, linear

WHITE_PERCENTILE = 90.0
"""The luminance that sRGB white stands for: brighter texels are lamps, windows and sky, kept by the gain."""
SUN = 2000.0
"""Radiance that only the sun and bare lamps have."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Rec. ITU-R BT.709."""


def environments(lights: Callable[[Iterable[str]], dict[str, bytes]]) -> dict[str, Environment]:
    """Every HDRI of assets.INDOOR and OUTDOOR by name."""
    files = {name: f"package/hdri/{name}.exr.js" for name in INDOOR + OUTDOOR}
    read = lights(files.values())
    return {name: encode(name, radiance(read[file])) for name, file in files.items()}


def radiance(script: bytes) -> np.ndarray:
    """The (H, W, 3) float32 picture in a module that holds an EXR file in base64."""
    found = re.search(rb"base64,([A-Za-z0-9+/=]+)", script)
    if found is None:
        raise AssetError(f"no picture in base64 in a light of {LIGHTS}: delete its download and run again")
    return repaired(_exr(base64.b64decode(found[1])))


def repaired(light: np.ndarray) -> np.ndarray:
    """A sun without the marks of DWAB compression, which leaves it in one channel among black texels.

    Near texels above SUN that are of one colour, the brightest channel is kept as the strength, no less than around
    the sun, and the colour is that around it.
    """
    import cv2

    strength = light.max(axis=-1)
    sun = ((strength > SUN) & (light.min(axis=-1) < 0.1 * strength)).astype(np.uint8)
    if not sun.any():
        return light
    near = cv2.dilate(sun, np.ones((9, 9), np.uint8)).astype(bool)
    around = cv2.dilate(sun, np.ones((15, 15), np.uint8)).astype(bool) & ~near
    colour = light[around].mean(axis=0)
    strength = np.maximum(strength, np.median(strength[around]))
    return np.where(near[..., None], strength[..., None] * colour / colour.max(), light).astype(np.float32)


def encode(name: str, light: np.ndarray) -> Environment:
    """(H, W, 3) linear radiance -> what the kit keeps of it; Environment.radiance is the way back."""
    white = float(np.percentile(light @ LUMINANCE, WHITE_PERCENTILE))
    relative = light / white
    base = _lossy(_srgb(relative / np.maximum(relative.max(axis=-1, keepdims=True), 1)))
    # What WebP makes of a small sun is too dark: the gain is taken against the picture as it will be decoded.
    kept = np.maximum(linear(decoded(base, "RGB").astype(np.float32) / 255) @ LUMINANCE, 1e-4)
    stops = np.log2(np.maximum(relative @ LUMINANCE / kept, 1)) * (relative.max(axis=-1) > 1)
    most = max(float(stops.max()), 1.0)
    gain = _lossless(np.rint(stops * 255 / most).astype(np.uint8))
    return Environment(name, LIGHTS.licence, LIGHTS.author, name in OUTDOOR, white, base, gain, most)


def _srgb(linear: np.ndarray) -> np.ndarray:
    linear = np.clip(linear, 0, 1)
    coded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(coded * 255).astype(np.uint8)


def _lossy(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", quality=90, method=6)
    return stream.getvalue()


def _lossless(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def check_reader() -> None:
    """Raises AssetError where the lights' files cannot be read, before anything is fetched."""
    if importlib.util.find_spec("OpenEXR") is None:
        raise AssetError("reading the lights needs the package OpenEXR: pip install OpenEXR==3.5.3")


def _exr(data: bytes) -> np.ndarray:
    import OpenEXR

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "light.exr"
        file.write_bytes(data)
        channels = OpenEXR.File(str(file)).channels()
    pixels = channels["RGB"].pixels if "RGB" in channels else channels["RGBA"].pixels
    return np.nan_to_num(np.asarray(pixels, dtype=np.float32)[..., :3], posinf=65504.0).clip(0)
