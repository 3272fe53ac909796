"""Making many people: what is missing, in one process or several, with progress; stopped at any time, nothing is lost.

A run asks for people 0 to count - 1; those that are complete are left as they are. Ctrl-C lets the people at work be
finished and leaves; the same command goes on from there.
"""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TextIO

from .dataset import complete, write

Encode = Callable[[int], dict[str, bytes]]
"""Number of a person -> its files (dataset.encoded)."""
Prepare = Callable[[], Encode]
"""Builds an Encode in the process that will use it; must be picklable (functools.partial of a module's function)."""

WAITING = 4
"""People per worker that are handed out ahead."""
QUIET = 10.0
"""Seconds between two lines of progress where the output is no terminal."""


@dataclass(eq=False)
class Progress:
    """Says how far a run has come. poses: pictures per person."""

    total: int
    poses: int
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    said: float = 0.0

    def step(self) -> None:
        """One more person is there."""
        self.done += 1
        now = time.monotonic()
        live = self.stream.isatty()
        if now - self.said < (0.2 if live else QUIET) and self.done < self.total:
            return
        self.said = now
        print(
            "\r" + self.line(now) if live else self.line(now),
            end="" if live else "\n",
            file=self.stream,
            flush=True,
        )
        if live and self.done == self.total:
            print(file=self.stream)

    def line(self, now: float) -> str:
        """What is shown, at a time of time.monotonic."""
        passed = max(now - self.began, 1e-9)
        left = (self.total - self.done) * passed / max(self.done, 1)
        rate = self.done * self.poses / passed
        return f"{self.done}/{self.total} people, {rate:.1f} images/s, {_span(left)} left   "


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def run(
    folder: Path, count: int, prepare: Prepare, workers: int, progress: Callable[[int], Progress]
) -> bool:
    """Make the people that are missing among the first `count`; False if Ctrl-C ended it early.

    progress: number of missing people -> what is told of each. Raises what making or writing raises (DiskFull among
    them), with a note saying which person it was; the others' folders are whole.
    """
    missing = [i for i in range(count) if not complete(folder, i)]
    told = progress(len(missing))
    try:
        for _ in (
            _alone(folder, missing, prepare) if workers <= 1 else _together(folder, missing, prepare, workers)
        ):
            told.step()
    except KeyboardInterrupt:
        return False
    return True


def _alone(folder: Path, missing: Iterable[int], prepare: Prepare) -> Iterator[int]:
    encode = prepare() if missing else None
    gc.freeze()  # as in _start
    for index in missing:
        yield _made(folder, index, encode)


def _made(folder: Path, index: int, encode: Encode) -> int:
    try:
        write(folder, index, encode(index))
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        error.add_note(f"while making person {index} of {folder}")
        raise
    return index


def _together(folder: Path, missing: list[int], prepare: Prepare, workers: int) -> Iterator[int]:
    """Each process makes whole people; a Ctrl-C reaches this one alone, which waits for those at work."""
    rest, context = iter(missing), get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(workers, context, _start, (prepare, stop)) as pool:
        try:
            waiting = {pool.submit(_work, folder, i) for i in islice(rest, WAITING * workers)}
            while waiting:
                ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
                    waiting |= {pool.submit(_work, folder, i) for i in islice(rest, 1)}
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


@dataclass(eq=False)
class _Worker:
    """What a process of its own needs: its Encode, and whether everything is being stopped."""

    encode: Encode
    stop: Event


_WORKER: list[_Worker] = []
"""This process' own, in a worker."""


def _start(prepare: Prepare, stop: Event) -> None:
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    _WORKER[:] = [_Worker(prepare(), stop)]
    gc.freeze()  # what is loaded stays: no need to look through it again and again


def _work(folder: Path, index: int) -> int:
    worker = _WORKER[0]
    return -1 if worker.stop.is_set() else _made(folder, index, worker.encode)
