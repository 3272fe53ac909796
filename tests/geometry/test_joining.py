"""Patches laid side by side without steps."""

import pytest
import torch
from repose.pipelines.geometry.joining import Pieces, joined


@pytest.mark.parametrize("seed", [0, 6, 11])
def test_pixels_that_hang_together_with_nothing_known_stay_where_they_are_laid(seed):
    """Seed 6 has a few of them with slopes that do not add up: they were 4000 high, and on a photo no numbers."""
    generator = torch.Generator().manual_seed(seed)
    known = torch.rand(12, 12, generator=generator) < 0.25
    target = ~known & (torch.rand(12, 12, generator=generator) < 0.7)
    y, x = torch.nonzero(target, as_tuple=True)
    seen = torch.nonzero(known)
    place = torch.full((2, 12, 12), -1)
    place[:, y, x] = seen[torch.randint(len(seen), (len(y),), generator=generator)].T
    detail = torch.randn(3, 12, 12, generator=generator) * 0.05 * known
    laid = torch.where(target, torch.randn(3, 12, 12, generator=generator) * 0.05, detail)
    found = joined(Pieces(target, known, known, place), detail, laid)
    assert float(found.abs().max()) < 1
    assert torch.equal(found[:, ~target], laid[:, ~target])
