"""Patterns that repeat go on in step."""

import math

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.covering import layered_colour
from repose.pipelines.geometry.garments import NUMBER, GarmentMap, Material, Pattern
from repose.pipelines.geometry.hems import along_rows
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.patterns import Repeat, repeats
from repose.pipelines.geometry.trust import Contact

SIZE, CELL = (240, 160), 4


def layout() -> Layout:
    return Layout((0, 0), SIZE, CELL, SIZE, torch.device("cpu"))


def checks(period: float, angle: float) -> torch.Tensor:
    """(1, 3, H, W) a pattern of squares, a period between them both ways."""
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in SIZE), indexing="ij")
    c, s = math.cos(angle), math.sin(angle)
    along, across = (c * x + s * y) / period, (-s * x + c * y) / period
    dark = (torch.sin(2 * math.pi * along) > 0).float() + (torch.sin(2 * math.pi * across) > 0).float()
    return (0.85 - 0.3 * dark)[None, None].expand(1, 3, -1, -1).contiguous()


def clothes(material: Material) -> GarmentMap:
    labels = torch.full((1, 1, *SIZE), NUMBER["upper"], dtype=torch.uint8)
    return GarmentMap(labels, torch.zeros(1, 1, *SIZE), torch.ones(1, 1, *SIZE), {"upper": material})


CHECKED = Material("cotton", 1.0, patterns=(Pattern(18.0, 0.3, 18.0, 0.9),))


def test_stripes_are_in_step_along_their_lines_wherever_they_go():
    stripes = Repeat(torch.ones(2, 2, dtype=torch.bool), torch.tensor([[0.0, 1 / 20]]))
    found = stripes.in_step(torch.tensor([[13, 7], [-30, 31], [5, -58], [0, 40]]))
    assert found.tolist() == [[13, 0], [-30, 40], [5, -60], [0, 40]]


def test_checks_are_in_step_both_ways_and_change_by_half_a_period_at_most():
    (repeat,) = repeats(clothes(CHECKED), layout())
    shift = torch.as_tensor(np.random.default_rng(0).integers(-90, 90, (200, 2)))
    found = repeat.in_step(shift)
    phase = found.double() @ repeat.waves.double().T
    aside = (shift.double() @ torch.stack((-repeat.waves[:, 1], repeat.waves[:, 0])).double()).abs()
    told = 0.5 * math.sqrt(2) / 18 + 1e-3 + 0.0175 * aside  # whole pixels, and a degree
    assert bool(((phase - phase.round()).abs() < told).all())
    assert float((found - shift).double().norm(dim=1).max()) < 18 / math.sqrt(2) + 1


def test_only_sure_patterns_repeat():
    assert repeats(None, layout()) == ()
    assert repeats(clothes(Material("cotton", 1.0)), layout()) == ()
    unsure = Material(patterns=(Pattern(18.0, 0.3, 0.0, 0.2),))
    assert repeats(clothes(unsure), layout()) == ()
    (repeat,) = repeats(clothes(CHECKED), layout())
    assert bool(repeat.where.all()) and repeat.waves.shape == (2, 2)
    one = Material(patterns=(Pattern(18.0, math.pi / 2, 0.0, 0.9),))
    assert repeats(clothes(one), layout())[0].waves[0].tolist() == pytest.approx([0, 1 / 18], abs=1e-6)


def test_unknown_cells_are_as_the_nearest_on_their_row():
    cells = torch.tensor([[True, True, False, False, False], [False, False, False, False, False]])
    known = torch.tensor([[True, False, False, False, True], [True, True, False, False, True]])
    assert along_rows(cells, known).tolist() == [[True, True, True, False, False], [False] * 5]
    assert not along_rows(cells, torch.zeros_like(known)).any()


@pytest.mark.parametrize(("period", "angle"), [(18.0, 0.3), (26.0, 0.0)])
def test_a_check_goes_on_under_an_arm_as_it_was(period, angle):
    """A quarter of the sheet is hidden; with the pattern known what is made up there is the pattern itself."""
    picture = checks(period, angle)[0]
    own = torch.ones(SIZE)
    own[80:160, 60:160] = 0
    nothing = torch.zeros(SIZE)
    contact = Contact(own, 1 - own, nothing, torch.ones(SIZE), 400.0, False)
    material = Material(patterns=(Pattern(period, angle, period, 0.9),))

    def error(known: tuple[Repeat, ...]) -> float:
        made = layered_colour(layout(), picture, torch.ones(SIZE), contact, own > 0.5, True, repeats=known)
        inner = (slice(None), slice(90, 150), slice(75, 150))
        return float((made - picture)[inner].abs().mean())

    known, unknown = error(repeats(clothes(material), layout())), error(())
    assert known < 0.05 and known < 0.5 * unknown
