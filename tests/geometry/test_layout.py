"""Parts of the crop round a person: what is cut out of it lies where it lay."""

import pytest
import torch
from repose.pipelines.geometry.layout import Layout

CELL = 4
WHOLE = Layout((10, 20), (96, 64), CELL, (300, 300), torch.device("cpu"))


def cells(rows: slice, columns: slice) -> torch.Tensor:
    mask = torch.zeros(WHOLE.grid, dtype=torch.bool)
    mask[rows, columns] = True
    return mask


@pytest.mark.parametrize("pitch", [1, CELL // 2, CELL])
def test_a_part_shows_what_the_whole_shows_there_on_every_grid(pitch):
    part = WHOLE.within(cells(slice(7, 11), slice(5, 8)), 2)
    x, y = torch.meshgrid(torch.arange(64 // pitch), torch.arange(96 // pitch), indexing="xy")
    both = torch.stack((x, y)) * pitch
    here = WHOLE.cut(both, part)
    left, top = here[:, 0, 0].tolist()
    assert (part.corner[0] - WHOLE.corner[0], part.corner[1] - WHOLE.corner[1]) == (left, top)
    assert here.shape == (2, part.size[0] // pitch, part.size[1] // pitch)
    back = WHOLE.laid(here, part)
    there = WHOLE.laid(torch.ones_like(here), part) > 0
    assert back.shape == both.shape and torch.equal(back[there], both[there])
    assert not bool(back[~there].any())


def test_a_part_has_its_margin_whole_label_cells_and_ends_with_the_crop():
    part = WHOLE.within(cells(slice(7, 11), slice(5, 8)), 2)
    assert part.corner == (10 + 2 * CELL, 20 + 4 * CELL) and part.size == (10 * CELL, 8 * CELL)
    assert WHOLE.within(cells(slice(0, 24), slice(0, 16)), 3) == WHOLE
    assert WHOLE.within(cells(slice(0, 0), slice(0, 0)), 3) == WHOLE
    x, y = part.cells()
    assert torch.equal(x, WHOLE.cut(WHOLE.cells()[0], part)) and torch.equal(
        y, WHOLE.cut(WHOLE.cells()[1], part)
    )
