"""Smooth fields: what they keep, what they fill, how high a balloon stands."""

import pytest
import torch
from repose.pipelines.geometry import field


def disc(size: int, radius: float) -> torch.Tensor:
    axis = torch.arange(size) - (size - 1) / 2
    return torch.hypot(axis[:, None], axis[None]) < radius


def test_a_disc_inflates_to_a_hemisphere():
    height = field.inflate(disc(129, 48), sweeps=200)
    assert height[64, 64] == pytest.approx(48, rel=0.05)
    assert height[64, 64 + 24] == pytest.approx((48**2 - 24**2) ** 0.5, rel=0.06)


def test_a_long_strip_inflates_to_root_two_of_its_half_width():
    strip = torch.zeros(256, 64, dtype=torch.bool)
    strip[:, 22:42] = True
    # u = 0 at the centre of the first cell outside: the half-width is 10.5 cells
    assert field.inflate(strip, sweeps=200)[128, 31] == pytest.approx(10.5 * 2**0.5, rel=0.05)


def test_nothing_stands_outside():
    inside = disc(65, 20)
    assert float(field.inflate(inside)[~inside].max()) == 0


def test_extrapolation_keeps_what_is_known_and_fills_the_rest():
    known = torch.zeros(40, 56)
    known[:, :20] = 1
    ramp = torch.linspace(0, 1, 56).expand(3, 40, 56)
    filled = field.extrapolate(ramp, known)
    assert torch.equal(filled[:, :, :20], ramp[:, :, :20])
    assert float(filled[:, :, 20:].min()) > 0.1 and float(filled.max()) <= 1


def test_extrapolation_of_a_constant_is_the_constant_wherever_it_is_known():
    known = (torch.rand(37, 53, generator=torch.Generator().manual_seed(3)) > 0.97).float()
    assert torch.allclose(
        field.extrapolate(torch.full((1, 37, 53), 0.6), known), torch.tensor(0.6), atol=1e-5
    )


def test_diffusion_does_not_cross_a_cut_and_keeps_the_sum():
    links = field.neighbour_links(horizontal=torch.ones(16, 15), vertical=torch.ones(15, 16))
    links[0, :, 8] = links[1, :, 7] = 0
    heat = torch.zeros(1, 16, 16)
    heat[0, 8, 4] = 1
    spread = field.diffuse(heat, links, steps=200)
    assert float(spread[..., 8:].abs().max()) == 0
    assert float(spread.sum()) == pytest.approx(1, abs=1e-5)


def test_diffusion_blurs_by_the_stated_deviation():
    links = field.neighbour_links(horizontal=torch.ones(101, 100), vertical=torch.ones(100, 101))
    heat = torch.zeros(1, 101, 101)
    heat[0, 50, 50] = 1
    spread = field.diffuse(heat, links, steps=50)[0]
    axis = torch.arange(101.0) - 50
    assert float((spread.sum(0) * axis**2).sum()) ** 0.5 == pytest.approx((50 / 2) ** 0.5, rel=0.01)


def test_guided_filter_returns_its_guide():
    guide = torch.rand(32, 32, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(field.guided_filter(guide, guide[None], 3, 1e-8)[0], guide, atol=1e-3)


@pytest.mark.parametrize("radius", [1, 3])
def test_dilation_and_erosion_undo_each_other_on_a_square(radius):
    square = torch.zeros(30, 30)
    square[10:20, 10:20] = 1
    assert torch.equal(field.erode(field.dilate(square, radius), radius), square)
    assert float(field.dilate(square, radius).sum()) == (10 + 2 * radius) ** 2


def test_nearest_agrees_with_trying_every_cell():
    known = torch.rand(31, 45, generator=torch.Generator().manual_seed(5)) > 0.98
    offset = field.nearest(known)
    at = torch.nonzero(known).float()
    rows, columns = torch.meshgrid(torch.arange(31.0), torch.arange(45.0), indexing="ij")
    here = torch.stack((rows, columns), -1).reshape(-1, 2)
    exact = torch.cdist(here, at).amin(1).reshape(31, 45)
    assert float((offset.norm(dim=0) - exact).abs().max()) < 1.0  # jump flooding errs by less than a cell
    found = (here.T.reshape(2, 31, 45) + offset).long()
    assert bool(known[found[0], found[1]].all())
    assert float(field.nearest(torch.zeros(5, 7, dtype=torch.bool)).abs().max()) == 0


@pytest.mark.parametrize("radius", [0, 1, 2, 5, 30])
def test_box_means_are_those_of_the_pixels_in_reach(radius):
    values = torch.rand(2, 13, 17, generator=torch.Generator().manual_seed(radius))
    found = field.box_blur(values, radius)
    for y, x in ((0, 0), (6, 8), (12, 16), (12, 3)):
        near = values[:, max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
        assert torch.allclose(found[:, y, x], near.mean((1, 2)), atol=1e-6)


def test_a_flood_goes_as_far_as_its_region_hangs_together():
    rows = ["##.#####", "#..#...#", "##.#.###", "...#...."]
    region = torch.tensor([[cell == "." for cell in row] for row in rows])
    seed = torch.zeros_like(region)
    seed[0, 2] = True
    reached = field.flooded(torch.stack((seed, ~seed)), torch.stack((region, region)))
    assert int(reached[0].sum()) == 7 and not reached[0][:, 3:].any()
    assert torch.equal(reached[1], region)


def test_components_touch_at_corners_and_are_counted():
    mask = torch.tensor([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 0, 1]]).bool()
    label, count = field.components(mask)
    assert count == 4 and bool((label[~mask] == -1).all())
    assert label[0, 0] == label[1, 1] != label[0, 3] == label[1, 3] and label[3, 0] == label[3, 1]
    assert (
        field.components(torch.ones(3, 3).bool())[1] == 1
        and field.components(torch.zeros(3, 3).bool())[1] == 0
    )


def test_between_own_cells_along_an_axis_lies_what_has_them_on_both_sides():
    own = torch.tensor([[0, 1, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0]]) > 0
    along = torch.tensor([[0, 1, 1, 1, 1, 0], [0, 0, 0, 1, 0, 0]]) > 0
    assert torch.equal(field.between(own, 1), along) and torch.equal(field.between(own.T, 0), along.T)
    assert torch.equal(field.between(own, 0), own)


def test_a_crisp_mask_keeps_its_half_and_slopes_four_times_as_fast():
    assert torch.allclose(
        field.crisp(torch.tensor([0.0, 0.45, 0.5, 0.6, 1.0])), torch.tensor([0.0, 0.3, 0.5, 0.9, 1.0])
    )
