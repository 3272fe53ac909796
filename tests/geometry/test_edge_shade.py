"""Folds along an outline that is turned to the camera."""

import pytest
import torch
from repose.pipelines.geometry.edge_shade import fold_light, turned_share
from repose.pipelines.geometry.layer import Layer
from repose.pipelines.geometry.layout import Layout

CELL, GRID, STATURE = 4, (40, 30), 600.0
CLOTH = 0.85
ALL = torch.ones(GRID)


def layer_of(colour: torch.Tensor, matte: torch.Tensor | None = None) -> Layer:
    """A layer of (3, h, w) colours that the photo shows all over its (h, w) matte."""
    size = tuple(colour.shape[-2:])
    layout = Layout((0, 0), size, CELL, size, torch.device("cpu"))
    matte = torch.ones(size) if matte is None else matte
    cells = torch.ones(GRID, dtype=torch.bool)
    flat = torch.zeros(GRID)
    return Layer(
        "trunk", layout, matte, matte, matte, colour, colour, cells, cells, torch.zeros(17, *GRID), flat, flat
    )


def plain() -> torch.Tensor:
    return torch.full((3, GRID[0] * CELL, GRID[1] * CELL), CLOTH)


def test_plain_cloth_stays_as_it_is():
    assert float(fold_light(layer_of(plain()), STATURE, ALL).abs().max()) < 1e-6


def test_a_fold_beside_the_outline_becomes_as_bright_as_the_cloth():
    colour = plain()
    colour[:, 40:120, :12] = 0.5  # 12 of 120 pixels: three cells along the left outline
    added = fold_light(layer_of(colour), STATURE, ALL)
    inside = added[:, 12:28, :2]
    assert float((inside - (CLOTH - 0.5)).abs().max()) < 0.02
    assert float(added[:, :, 6:].abs().max()) < 1e-3 and float(added[:, :8].abs().max()) < 1e-3


def test_a_print_that_is_dark_all_along_the_row_and_stripes_stay():
    stripes = plain()
    stripes[:, :, (torch.arange(GRID[1] * CELL) // 8) % 2 == 0] = 0.3
    assert float(fold_light(layer_of(stripes), STATURE, ALL).abs().max()) < 1e-6
    lower = plain()
    lower[:, 80:] = 0.3  # trousers under a shirt
    assert float(fold_light(layer_of(lower), STATURE, ALL).abs().max()) < 0.02


def test_nothing_is_made_brighter_than_what_lies_beside_it():
    noise = torch.randn(plain().shape, generator=torch.Generator().manual_seed(0))
    colour = plain() + 0.03 * noise
    colour[:, 40:120, :10] = 0.45
    layer = layer_of(colour)
    evened = layer.layout.to_grid(colour) + fold_light(layer, STATURE, ALL)
    assert float(evened.max()) <= float(layer.layout.to_grid(colour).max()) + 1e-3


@pytest.mark.parametrize(("stretch", "share"), [(0.5, 0.0), (1.0, 0.0), (1.25, 0.0), (1.9, 1.0), (4.0, 1.0)])
def test_only_what_is_drawn_out_is_evened(stretch, share):
    assert float(turned_share(torch.tensor(stretch))) == pytest.approx(share)
    rising = turned_share(torch.linspace(1.25, 1.9, 9)).diff()
    assert bool((rising > 0).all())


def test_a_fold_goes_as_a_whole_though_half_of_it_is_turned():
    colour = plain()
    colour[:, 40:120, :16] = 0.5  # four cells
    turned = torch.zeros(GRID)
    turned[:, 0] = 1
    added = fold_light(layer_of(colour), STATURE, turned)
    assert float((added[:, 14:26, :3] - (CLOTH - 0.5)).abs().max()) < 0.02
    assert float(fold_light(layer_of(colour), STATURE, torch.zeros(GRID)).abs().max()) == 0


def test_a_fold_of_which_a_few_rows_cannot_be_told_has_no_gap():
    colour = plain()
    colour[:, 40:120, :12] = 0.5
    colour[:, 76:84, :24] = 0.5  # six cells from the outline: too broad for a fold
    added = fold_light(layer_of(colour), STATURE, ALL)[:, 12:28, 0]
    assert float((added - (CLOTH - 0.5)).abs().max()) < 0.03
