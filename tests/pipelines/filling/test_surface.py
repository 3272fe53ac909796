"""What is kept on the body's surface."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from repose.pipelines.filling.surface import SurfaceFill


def _sheet(seed: int, slope: float):
    """A slanted sheet of 30 x 30 points a pixel apart, and a smooth pattern on it."""
    y, x = torch.meshgrid(torch.arange(30.0), torch.arange(30.0), indexing="ij")
    offset = torch.rand(3, generator=torch.Generator().manual_seed(seed)) * 200 - 100
    points = torch.stack((x, y, slope * x), -1).reshape(-1, 3) + offset
    colour = torch.stack((x / 30, y / 30, 0.5 + 0 * x), -1).reshape(-1, 3)
    return points, torch.full((900,), 2), colour


@given(st.integers(0, 1000), st.floats(-1.0, 1.0))
def test_what_is_put_there_is_found_there(seed, slope):
    points, layer, colour = _sheet(seed, slope)
    surface = SurfaceFill.empty().with_points(points, layer, colour)
    inner = ((colour[:, :2] > 0.1) & (colour[:, :2] < 0.9)).all(1)
    found, known = surface.at(points + 0.3, layer)
    assert float(known[inner].float().mean()) > 0.95
    assert float((found - colour)[inner & known].abs().max()) < 0.08  # two of the points' 1/30
    assert not bool(surface.at(points + 50, layer)[1].any()), "elsewhere nothing is known"
    assert not bool(surface.at(points, layer + 1)[1].any()), "nor on another layer"


def test_the_first_stays_and_what_is_nowhere_is_left_out():
    points, layer, colour = _sheet(1, 0.0)
    surface = SurfaceFill.empty().with_points(points, layer, colour)
    again = surface.with_points(points, layer, 1 - colour)
    assert torch.equal(again.at(points, layer)[0], surface.at(points, layer)[0])
    assert len(again) == len(surface) > 800
    nowhere = torch.full((4, 3), torch.nan)
    assert len(surface.with_points(nowhere, layer[:4], colour[:4])) == len(surface)
    assert not bool(surface.at(nowhere, layer[:4])[1].any())
    assert len(SurfaceFill.empty()) == 0 and not bool(SurfaceFill.empty().at(points, layer)[1].any())
