"""Many pairs through every method, in as many processes as wanted, resumable."""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.models.weights import WeightError
from setup.places import Trouble, say

from . import cache, revision, score
from .pairs import Pair
from .reading import Reader
from .revision import Revision


@dataclass(frozen=True)
class Plan:
    """How to run. models: the folder that holds repose/; the rest as in score.Scorer."""

    models: Path
    workers: int = 1
    fresh: bool = False
    given: bool = False
    before: Revision | None = None
    learned: bool = False


_scorer: score.Scorer | None = None


def as_worker() -> None:
    """One thread, and an end when the process that asked for the work has ended, however it did."""
    score.one_thread()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _begin(plan: Plan) -> None:
    global _scorer
    as_worker()
    cache.engine_code()  # of the sources as they were loaded; who edits them meanwhile changes the next run
    _scorer = score.Scorer(Reader(plan.models), plan.fresh, plan.given, plan.before, plan.learned)


def _scored(pair: Pair) -> dict[str, Any]:
    """One pair; a pair that cannot be read is told as a result, so that one picture does not end a long run."""
    started = time.perf_counter()
    try:
        result = _scorer.score(pair)
    except WeightError as missing:
        raise Trouble(str(missing), "python run.py weights") from missing
    except (ValueError, OSError) as error:
        return {"name": pair.name, "error": f"{type(error).__name__}: {error}"}
    return result | {"took": time.perf_counter() - started}


def evaluate(pairs: Sequence[Pair], plan: Plan) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The results in the pairs' order, and what could not be read."""
    if plan.before is not None:
        _let_before_make(pairs, plan)
    order = {pair.name: i for i, pair in enumerate(pairs)}
    done, failed = [], []
    for i, result in enumerate(_all(pairs, plan), 1):
        (failed if "error" in result else done).append(result)
        say(f"[evaluation] {i}/{len(pairs)} {_line(result)}")
    return sorted(done, key=lambda result: order[result["name"]]), failed


def _all(pairs: Sequence[Pair], plan: Plan) -> Iterator[dict[str, Any]]:
    if plan.workers <= 1:
        _begin(plan)
        yield from map(_scored, pairs)
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(plan.workers, context, _begin, (plan,)) as pool:
        waiting = [pool.submit(_scored, pair) for pair in pairs]
        try:
            for finished in as_completed(waiting):
                yield finished.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _let_before_make(pairs: Iterable[Pair], plan: Plan) -> None:
    reader, readable = Reader(plan.models), []
    for pair in pairs:
        try:
            readable.append(tuple(reader.read(picture) for picture in pair.pictures()))
        except ValueError as error:
            say(f"[evaluation] {pair.name}: {error}")
    revision.make(plan.before, readable, plan.models, plan.workers)


def _line(result: dict[str, Any]) -> str:
    if "error" in result:
        return f"{result['name']}: {result['error']}"
    ours = result["methods"]["ours"]
    value = ours.get("person_lpips", math.nan)
    told = f"person LPIPS {value:.3f}" if "error" not in ours else ours["error"]
    return f"{result['name']}: turn {result['turn']:.0f}, {told} ({result['took']:.1f} s)"
