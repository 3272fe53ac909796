"""The heads in a diffusers UNet: attention processors for its self-attentions, for one sampling and then gone.

They take what any processor takes and nothing of diffusers is imported: a UNet is whatever has `attn_processors` and
`set_attn_processor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from .reference import Grid, Kept, Memory

SELF = "attn1.processor"
"""How the names of a UNet's self-attentions end; those to the words are attn2."""
SIDES = {"down_blocks": "input", "mid_block": "middle", "up_blocks": "output"}
"""diffusers' names for the blocks of `reference.BLOCKS`."""


class Mode(Enum):
    """What the processors do: nothing, keep what the photo has, or mix it into the picture."""

    OFF = 0
    WRITE = 1
    READ = 2


@dataclass(eq=False)
class Session:
    """One sampling: its memory, how many pictures it makes, and what the pass under way is: mode, and the latent's
    (height, width)."""

    memory: Memory
    batch: int
    mode: Mode = Mode.OFF
    size: Grid = (0, 0)

    @contextmanager
    def passing(self, mode: Mode, size: Grid) -> Iterator[None]:
        """For one pass of the network over latents of a size."""
        self.mode, self.size = mode, tuple(size)
        try:
            yield
        finally:
            self.mode = Mode.OFF

    def grid(self, tokens: int) -> Grid | None:
        """The size of a block with so many tokens: the latent's, halved as often as needed; None for no such block."""
        height, width = self.size
        while height * width > tokens:
            height, width = (height + 1) // 2, (width + 1) // 2
        return (height, width) if height * width == tokens else None


@dataclass(eq=False)
class Processor:
    """In place of one self-attention's own."""

    session: Session
    place: str

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *given,
        **named,
    ) -> Tensor:
        """(B, N, C) -> the same; attn is diffusers' Attention."""
        q, k, v = attn.to_q(hidden_states), attn.to_k(hidden_states), attn.to_v(hidden_states)
        split = (value.unflatten(2, (attn.heads, -1)).transpose(1, 2) for value in (q, k, v))
        own = F.scaled_dot_product_attention(*split, attn_mask=attention_mask).transpose(1, 2).flatten(2)
        session, grid = self.session, self.session.grid(q.shape[1])
        if session.mode is Mode.WRITE and grid:
            session.memory.keep(q.device, self.place, Kept(k, v, grid))
        elif session.mode is Mode.READ and grid:
            own = session.memory.mixed(self.place, q, own, grid, attn.heads, session.batch)
        return attn.to_out[1](attn.to_out[0](own))


@contextmanager
def attached(unet: Any, memory: Memory, batch: int) -> Iterator[Session]:
    """The heads on a UNet, in the blocks that the reference names; afterwards it is as it was, and the memory empty."""
    session, before = Session(memory, batch), dict(unet.attn_processors)
    blocks = memory.reference.blocks
    mine = {
        name: Processor(session, name)
        for name in before
        if name.endswith(SELF) and SIDES.get(name.split(".")[0]) in blocks
    }
    unet.set_attn_processor({**before, **mine})
    try:
        yield session
    finally:
        unet.set_attn_processor(before)
        memory.clear()
