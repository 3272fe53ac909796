"""Weights put into the network that they were trained for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def same_names(expected: Collection[str], found: Collection[str], what: str) -> None:
    """ValueError that names the first weight that is missing or not known; what: whose weights they should be."""
    wrong = set(expected) ^ set(found)
    if wrong:
        raise ValueError(f"these are not the {what}'s weights: {sorted(wrong)[0]} is missing or not known")


def loaded(network: Network, weights: Mapping[str, Tensor], what: str) -> Network:
    """The network with these weights, at float32, ready to answer. ValueError as `same_names`."""
    same_names(network.state_dict(), weights, what)
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    return network.eval()
