"""Letters for captions: a font of this machine that has all of them, and word of those that none has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont

NOBODYS = "\uffff"
"""A code point that Unicode keeps for no letter: what a font shows for it, it shows for every letter that it lacks."""
FILES = (".ttf", ".otf", ".ttc")
MOST = 1500
"""Font files that are opened at most: on a slow disk some seconds, and only where a letter is missing."""
WIDE = (
    "cjk",
    "unicode",
    "han",
    "msyh",
    "meiryo",
    "yugoth",
    "gothic",
    "pingfang",
    "hiragino",
    "wqy",
    "droid",
    "malgun",
)
"""Parts of the names of fonts that have many letters; these are tried first."""
TRIED = 32
"""Pixels at which letters are compared."""


def font_folders() -> list[Path]:
    """Where Linux, macOS and Windows keep fonts; folders that are not there are left out."""
    home = Path.home()
    places = [
        home / ".fonts", home / ".local/share/fonts", home / "Library/Fonts", Path("/usr/local/share/fonts"),
        Path("/usr/share/fonts"), Path("/System/Library/Fonts"), Path("/Library/Fonts"),
        Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts",
        Path(os.environ.get("LOCALAPPDATA", str(home))) / "Microsoft/Windows/Fonts",
    ]  # fmt: skip
    return [place for place in places if place.is_dir()]


def lettering(texts: tuple[str, ...], size: int) -> tuple[ImageFont.FreeTypeFont, str]:
    """A font of so many pixels for all of the texts, and the letters that neither it nor any other font here has.

    Pillow's own where that has every letter; else the first of this machine that has them all, else the one that
    lacks fewest.
    """
    from PIL import ImageFont

    wanted = "".join(sorted({letter for text in texts for letter in text if not letter.isspace()}))
    path, missing = _chosen(wanted, tuple(map(str, font_folders())))
    return (ImageFont.load_default(size) if path is None else ImageFont.truetype(path, size)), missing


@lru_cache(maxsize=64)
def _chosen(wanted: str, folders: tuple[str, ...]) -> tuple[str | None, str]:
    """The file of a font, None for Pillow's own, and what it lacks of the wanted letters."""
    from PIL import ImageFont

    best: tuple[str | None, str] = (None, lacking(ImageFont.load_default(TRIED), wanted))
    for path in _files(folders) if best[1] else ():
        try:
            found = lacking(ImageFont.truetype(path, TRIED), wanted)
        except (OSError, ValueError):  # not a font after all, or one of coloured pictures
            continue
        if len(found) < len(best[1]):
            best = (path, found)
        if not found:
            break
    return best


def lacking(font: ImageFont.FreeTypeFont, letters: str) -> str:
    """Those of the letters that a font does not have: it shows them as it shows a code point of nobody's."""
    nothing = _shape(font, NOBODYS)
    return "".join(letter for letter in letters if _shape(font, letter) == nothing)


def _shape(font: ImageFont.FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


def _files(folders: tuple[str, ...]) -> Iterator[str]:
    """Font files, those first that have many letters; within them regular ones first."""
    found = [path for folder in folders for path in Path(folder).rglob("*") if path.suffix.lower() in FILES]

    def rank(path: Path) -> tuple[bool, bool, str]:
        name = path.name.lower()
        return not any(part in name for part in WIDE), "bold" in name or "italic" in name, name

    return map(str, sorted(found, key=rank)[:MOST])
