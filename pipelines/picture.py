"""Picture files: read one as the engine's tensor, write one so that it is whole or not there at all."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from .files import appearing

LARGEST_MEGAPIXELS = 64
"""A float32 RGB picture of 64 million pixels takes 768 MB, and the chain holds a few at once under 4 GB."""

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_SAVE_OPTIONS = {
    # The fastest level that still predicts rows: level 9 takes five times as long for 2 % less.
    "PNG": {"compress_level": 4},
    # 4:4:4 at 95: the coloured edges of prints survive.
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
}
_SIXTEEN_BIT_GREY = ("I;16", "I;16B", "I;16L", "I;16N", "I")
# What Pillow's decoders raise on a damaged file, besides OSError.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, zlib.error)


class PictureError(ValueError):
    """A picture file that cannot be read or written; one line that names the file and the next step."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as read from a file, upright.

    pixels  (1, 3, H, W) float32 in [0, 1], sRGB-encoded, transparency laid on white
    alpha   (1, 1, H, W) float32 in [0, 1], or None where the file has no transparency
    notes   what the reader should tell the artist ("16 bits per channel were read as 8")
    """

    pixels: torch.Tensor
    alpha: torch.Tensor | None = None
    notes: tuple[str, ...] = ()


def read_picture(path: str | os.PathLike) -> torch.Tensor:
    """(1, 3, H, W) float32 in [0, 1]: see `read_picture_and_alpha`."""
    return read_picture_and_alpha(path).pixels


def read_picture_and_alpha(path: str | os.PathLike) -> Picture:
    """Read any file that Pillow knows, turned upright by its EXIF orientation; the first frame of many.

    Grey at 16 bits keeps its depth; RGB at 16 bits is read as 8 (Pillow holds no deeper RGB) and says so.
    Embedded colour profiles are not applied: the numbers are taken as sRGB.
    Raises PictureError for what is missing, not a picture, truncated, or over `LARGEST_MEGAPIXELS`.
    """
    path = Path(path)
    try:
        with Image.open(path) as image:
            _check_size(path, image)
            notes = _notes(image)
            image.load()
            pixels, alpha = _to_tensors(path, ImageOps.exif_transpose(image))
    except FileNotFoundError:
        raise PictureError(f"{path}: there is no such file; check the name") from None
    except IsADirectoryError:
        raise PictureError(f"{path}: this is a folder; name a picture inside it") from None
    except UnidentifiedImageError:
        raise PictureError(f"{path}: not a picture that can be read; use PNG, JPEG, WebP or TIFF") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{path}: over {LARGEST_MEGAPIXELS} megapixels; make it smaller first") from None
    except PictureError:
        raise
    except _DAMAGE as damage:
        reason = str(damage).splitlines()[0] if str(damage) else type(damage).__name__
        raise PictureError(f"{path}: damaged or cut short ({reason}); export or copy it again") from damage
    return Picture(pixels, alpha, notes)


def write_picture(
    picture: torch.Tensor, path: str | os.PathLike, texts: Mapping[str, str] | None = None
) -> Path:
    """Write (1, C, H, W) or (C, H, W) float in [0, 1], C = 1, 3 or 4, as PNG, JPEG or WebP by the suffix.

    texts go into a PNG by their names, and are left out of the others.

    The file appears whole or not at all: it is written beside its place and renamed. Missing folders are
    made. Raises PictureError for an unknown suffix, a wrong shape, values that are no numbers, or a folder
    that cannot be written.
    """
    path = Path(path)
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise PictureError(f"{path}: cannot write {path.suffix or 'no suffix'!r}; use {', '.join(FORMATS)}")
    image = _to_image(path, picture, kind)
    try:
        with appearing(path) as unfinished:
            more = {"pnginfo": _pnginfo(texts)} if texts and kind == "PNG" else {}
            image.save(unfinished, format=kind, **_SAVE_OPTIONS[kind], **more)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PictureError(f"{path}: cannot be written ({reason}); choose another folder") from error
    return path


def _pnginfo(texts: Mapping[str, str]) -> PngInfo:
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    return info


def _check_size(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if width * height > LARGEST_MEGAPIXELS * 1_000_000:
        raise PictureError(
            f"{path}: {width}x{height} is {width * height / 1e6:.0f} megapixels, the most is"
            f" {LARGEST_MEGAPIXELS}; make it smaller first"
        )


def _notes(image: Image.Image) -> tuple[str, ...]:
    notes = []
    if image.mode in ("RGB", "RGBA") and any(";16" in str(tile) for tile in image.tile):
        notes.append("16 bits per channel were read as 8")
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"the first of {image.n_frames} frames was read")
    return tuple(notes)


def _to_tensors(path: Path, image: Image.Image) -> tuple[torch.Tensor, torch.Tensor | None]:
    """(1, 3, H, W) pixels, and (1, 1, H, W) alpha or None."""
    if image.mode in _SIXTEEN_BIT_GREY or image.mode == "F":
        return _deep_grey(path, image).expand(-1, 3, -1, -1).contiguous(), None
    if not image.has_transparency_data:
        return _bytes_to_float(image.convert("RGB")), None
    channels = _bytes_to_float(image.convert("RGBA"))
    alpha = channels[:, 3:].clone()
    pixels = channels[:, :3].mul_(alpha).add_(1 - alpha)
    return pixels.contiguous(), alpha


def _deep_grey(path: Path, image: Image.Image) -> torch.Tensor:
    """(1, 1, H, W) in [0, 1] of a 16-bit or floating-point grey picture."""
    grey = torch.from_numpy(np.array(image, dtype=np.float32))[None, None]
    if image.mode != "F":
        grey = grey / 65535
    if not (torch.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1):
        raise PictureError(
            f"{path}: values from {grey.min():g} to {grey.max():g} of full scale are not a picture's;"
            " export it as 8 or 16 bits"
        )
    return grey


def _bytes_to_float(image: Image.Image) -> torch.Tensor:
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    return pixels.to(torch.float32, memory_format=torch.contiguous_format).div_(255)


def _to_image(path: Path, picture: torch.Tensor, kind: str) -> Image.Image:
    pixels = picture[0] if picture.ndim == 4 and picture.shape[0] == 1 else picture
    if pixels.ndim != 3 or pixels.shape[0] not in (1, 3, 4) or 0 in pixels.shape:
        raise PictureError(
            f"{path}: cannot write a tensor of shape {tuple(picture.shape)}; expected (1, 3, H, W)"
        )
    if kind == "JPEG" and pixels.shape[0] == 4:
        raise PictureError(f"{path}: JPEG has no transparency; write a PNG or three channels")
    if not torch.isfinite(pixels).all():
        raise PictureError(f"{path}: the picture holds values that are not numbers; nothing was written")
    values = pixels.detach().to("cpu", torch.float32).clamp(0, 1).mul(255).round_().to(torch.uint8)
    return Image.fromarray(values.permute(1, 2, 0).squeeze(2).contiguous().numpy())
