"""What the heads are held against: reference-only attention, in which a picture's tokens look at their own keys and at
all of the photo's, without any correspondence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.attention.processors import SELF, Mode, Session
from pipelines.attention.reference import Kept, Memory
from pipelines.sampling.diffusion import DiffusersPainter


@dataclass(eq=False)
class Beside:
    """In place of one self-attention's own; as `processors.Processor`, but for what it does with the photo."""

    session: Session
    place: str

    def __call__(self, attn: Any, hidden_states: Tensor, *given, **named) -> Tensor:
        """(B, N, C) -> the same; attn is diffusers' Attention."""
        q, k, v = attn.to_q(hidden_states), attn.to_k(hidden_states), attn.to_v(hidden_states)
        session = self.session
        if session.mode is Mode.WRITE:
            session.memory.keep(q.device, self.place, Kept(k, v, session.grid(q.shape[1])))
        elif session.mode is Mode.READ:
            kept = session.memory.kept[q.device][self.place]
            k, v = (
                torch.cat((own, photo.expand(len(own), -1, -1)), 1)
                for own, photo in ((k, kept.keys), (v, kept.values))
            )
        split = (value.unflatten(2, (attn.heads, -1)).transpose(1, 2) for value in (q, k, v))
        found = F.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)
        return attn.to_out[1](attn.to_out[0](found))


class ReferenceOnly(DiffusersPainter):
    """The painter of one photo, with that in the place of the heads."""

    def _session(self, batch: int) -> AbstractContextManager[Session | None]:
        return _beside(self.unet, Session(Memory(self.reference), batch))


@contextmanager
def _beside(unet: Any, session: Session) -> Iterator[Session]:
    before = dict(unet.attn_processors)
    mine = {name: Beside(session, name) for name in before if name.endswith(SELF)}
    unet.set_attn_processor({**before, **mine})
    try:
        yield session
    finally:
        unet.set_attn_processor(before)
        session.memory.clear()
