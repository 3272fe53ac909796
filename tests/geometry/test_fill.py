"""The pieces of the background's filling, each against what it must give exactly."""

import torch
from repose.pipelines.geometry.fill import (
    covering_shifts,
    grown,
    masked_blur,
    membrane,
    shifted,
    smooth_surface,
)


def box(height: int, width: int, rows: slice, columns: slice) -> torch.Tensor:
    mask = torch.zeros(height, width, dtype=torch.bool)
    mask[rows, columns] = True
    return mask


def plane(height: int, width: int) -> torch.Tensor:
    down = torch.linspace(0, 0.4, height)[:, None]
    return (0.2 + down + torch.linspace(0, 0.3, width)[None]).expand(2, -1, -1).clone()


def test_membrane_over_a_plane_is_the_plane():
    hole = box(60, 50, slice(10, 45), slice(12, 40))
    spoilt = plane(60, 50).masked_fill(hole, 9.0)
    for vertical in (1.0, 0.1):
        assert (membrane(spoilt, hole, vertical) - plane(60, 50)).abs().max() < 1e-3


def test_membrane_leaves_the_known_cells():
    hole = box(40, 40, slice(10, 20), slice(0, 20))
    values = torch.rand(1, 40, 40, generator=torch.Generator().manual_seed(0))
    assert torch.equal(membrane(values, hole)[:, ~hole], values[:, ~hole])
    assert torch.equal(membrane(values, torch.zeros_like(hole)), values)


def test_a_membrane_does_not_go_on_to_where_it_is_cut_along_a_row():
    """Dark on the left and light on the right, a hole over the border: it stays where the cut is."""
    values = torch.where(torch.arange(40) < 20, 0.2, 0.8).expand(1, 30, -1).clone()
    hole = box(30, 40, slice(8, 20), slice(6, 34))
    spoilt, cut = values.masked_fill(hole, 9.0), torch.ones(30, 40)
    cut[:, 19] = 1e-4
    assert float((membrane(spoilt, hole, 1.0, along=cut) - values).abs().max()) < 0.01
    assert float((membrane(spoilt, hole, 1.0) - values).abs().max()) > 0.15


def test_surface_follows_a_falling_off_and_hardly_a_shadow():
    """A lamp's parabola is continued behind the person; a shadow of 0.3 bends it by a sixth of that."""
    x = torch.linspace(-1, 1, 60)
    falloff = (0.6 - 0.1 * x**2).expand(1, 80, -1).clone()
    known = ~box(80, 60, slice(10, 70), slice(22, 38))
    assert (smooth_surface(falloff, known) - falloff)[:, ~known].abs().max() < 0.01
    shadow = box(80, 60, slice(50, 56), slice(10, 20))
    assert (smooth_surface(falloff - 0.3 * shadow, known) - falloff)[:, ~known].abs().max() < 0.05


def test_masked_blur_does_not_see_the_hole():
    hole = box(30, 30, slice(10, 20), slice(10, 20))
    values = torch.full((1, 30, 30), 0.5).masked_fill(hole, 100.0)
    assert (masked_blur(values, ~hole, 2.0) - 0.5).abs().max() < 1e-5


def test_shifts_lead_to_sources_along_the_row():
    hole = box(40, 60, slice(5, 35), slice(25, 38))
    source = ~grown(hole, 2)
    shifts = covering_shifts(hole, source)
    y, x = torch.nonzero(hole, as_tuple=True)
    dy, dx = shifts[:, y, x]
    assert (dy == 0).all() and source[y + dy, x + dx].all()
    assert len(torch.unique(dx)) == 1, "a narrow hole is served in one piece"
    assert (shifts[:, ~hole] == 0).all()


def test_shifted_reads_from_dy_dx_and_not_around_the_corner():
    mask = box(4, 5, slice(1, 2), slice(3, 4))
    assert torch.nonzero(shifted(mask, 1, 2)).tolist() == [[0, 1]]
    assert not shifted(mask, 2, 0).any() and not shifted(mask, 9, 0).any()
