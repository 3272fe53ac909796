"""Trainings that can be stopped at any time and go on where they were."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn


class Resumable:
    """What trains: `run`, a frozen record with `plain()`; `step`; and what PARTS name, networks and optimisers with a
    state of their own. OPTION is the option that names another checkpoint."""

    PARTS: ClassVar[tuple[str, ...]]
    OPTION: ClassVar[str]
    run: Any
    step: int

    def state(self) -> dict[str, Any]:
        """All that the run needs to go on."""
        parts = {name: getattr(self, name).state_dict() for name in self.PARTS}
        return {"run": self.run.plain(), "step": self.step} | parts

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a state of the same run. ValueError where it is another's."""
        other = [name for name, value in self.run.plain().items() if state["run"].get(name) != value]
        if other:
            raise ValueError(
                f"the checkpoint is of another run: {other[0]} {state['run'].get(other[0])!r} there, "
                f"{self.run.plain()[other[0]]!r} asked: give another {self.OPTION}"
            )
        for name in self.PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]

    def save(self, path: Path) -> None:
        """The state in a file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        torch.save(self.state(), part)
        os.replace(part, path)


def state_of(path: Path, device: str = "cpu") -> dict[str, Any]:
    """What `save` wrote. ValueError for a file that is damaged or something else."""
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as problem:
        raise ValueError(f"{path} cannot be read: remove it, and the training begins anew") from problem
    if not isinstance(state, dict) or not {"run", "step"} <= state.keys():
        raise ValueError(f"{path} is no checkpoint of a training: give another file")
    return state


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    """The moving average of a network's weights, of which `keep` stays."""
    for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
        slow.lerp_(fast, 1 - keep)
