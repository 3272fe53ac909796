"""A garment that stands off a limb: below its hem one sees the limb, not a flap of cloth."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.garments import NUMBER
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.motion import Bones
from repose.pipelines.geometry.open_hems import OpenHems
from repose.pipelines.geometry.parts import INDEX, PARTS

CELL, GRID, TALL = 4, (40, 30), 480.0
THIGH, HEM = INDEX["left_thigh"], 18
WIDE, SLIM = slice(6, 24), slice(10, 20)
"""Columns of the shorts and of the leg; rows from HEM on are the leg."""


def hems(clothes: bool = True, slim: slice = SLIM) -> tuple[OpenHems | None, torch.Tensor]:
    """Of a left leg that hangs straight down, in shorts; and its cells (gh, gw) bool."""
    solid = torch.zeros(GRID, dtype=torch.bool)
    solid[2:HEM, WIDE], solid[HEM:38, slim] = True, True
    worn = torch.full(GRID, NUMBER["left_leg_skin"])
    worn[:HEM] = NUMBER["lower"]
    weights = torch.zeros(len(PARTS), *GRID)
    weights[THIGH] = 1
    start, end = np.zeros((len(PARTS), 3)), np.zeros((len(PARTS), 3))
    end[:, 1] = CELL * GRID[0]
    frame = Bones(start, end, np.tile(np.eye(3), (len(PARTS), 1, 1)), np.ones(len(PARTS), dtype=bool), {})
    size = tuple(CELL * n for n in GRID)
    layout = Layout((0, 0), size, CELL, size, torch.device("cpu"))
    return OpenHems.of(layout, "left_leg", solid, weights, worn if clothes else None, frame, TALL), solid


def seen(found: OpenHems, solid: torch.Tensor, turn: float = 0.0) -> torch.Tensor:
    """(gh, gw) pixels down from each cell to what the rim shows, the leg turned by `turn` radians about itself."""
    y, x = torch.nonzero(solid, as_tuple=True)
    n, points = len(y), torch.stack((x * 4.0 - 60, y * 4.0, torch.zeros(len(y))), 1)
    both = torch.cat((points, points + torch.tensor([0, 0, 40.0])))
    c, s = np.cos(turn), np.sin(turn)
    moved = both @ torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]]).float().T
    triangles = torch.stack((torch.arange(n), torch.arange(n), torch.arange(n) + n), 1)
    sides = torch.full((n,), 2)
    through = found.seen_through(solid, triangles, sides, moved, torch.zeros(n, dtype=torch.bool))
    out = torch.zeros(solid.shape)
    out[y, x] = through[:, 0, 1]
    return out


def test_below_an_open_hem_the_rim_shows_the_limb_and_along_the_garments_side_the_garment():
    found, solid = hems()
    down = seen(found, solid)
    corners = torch.zeros(GRID, dtype=torch.bool)
    corners[HEM - 1, WIDE] = True
    corners[HEM - 1, slice(SLIM.start, SLIM.stop)] = False
    assert bool((down[corners] >= CELL).all()), "cloth hangs below the hem"
    assert float(down[: HEM - 2].abs().max()) == 0, "the garment's side shows skin"
    reached = HEM - 1 + down[HEM - 1, 8] / CELL
    assert reached > HEM, "the hem's own shade is no skin"


@pytest.mark.parametrize("turn", (-1.2, 1.2))
def test_from_the_side_a_garment_is_cloth_down_to_its_hem(turn):
    found, solid = hems()
    assert float(seen(found, solid, turn).abs().max()) == 0
    assert float(seen(found, solid, turn / 6).abs().max()) > 0


def test_where_nothing_stands_off_or_nobody_knows_the_clothes_no_hem_is_open():
    assert hems(clothes=False)[0] is None
    found, _ = hems(slim=WIDE)
    assert found is None or not bool(found.along[: HEM - 1].any() or found.along[HEM:].any())
