"""The sides of a foot, which a photo from before shows edge-on."""

import torch
from repose.pipelines.geometry.foot import side_of_foot
from repose.pipelines.geometry.layout import Layout

CANVAS, SOLE, EDGE = (torch.tensor(c) for c in ((0.4, 0.35, 0.3), (0.9, 0.9, 0.85), (1.0, 1.0, 1.0)))


def test_a_shoe_has_its_sole_all_round_and_not_its_outlines_colour():
    matte = torch.zeros(120, 80)
    matte[20:100, 15:65] = 1
    layout = Layout.around(matte, 400)
    here = layout.crop(matte[None])[0]
    row = torch.arange(layout.size[0])[:, None].expand(layout.size)
    top, bottom = torch.nonzero(here.any(1)).flatten()[[0, -1]].tolist()
    sole = row > bottom - 24
    colour = torch.where(sole, SOLE[:, None, None], CANVAS[:, None, None])
    outline = here * (1 - torch.nn.functional.avg_pool2d(here[None], 5, 1, 2)[0].floor())
    colour = torch.where(outline > 0, EDGE[:, None, None], colour)
    laces = (row // 4 % 3 == 0) & (torch.arange(layout.size[1]) // 6 % 3 == 0) & ~sole
    colour = torch.where(laces & (here > 0), EDGE[:, None, None], colour)
    foot = torch.ones(layout.grid)
    made = side_of_foot(layout, torch.zeros_like(colour), colour, here, foot)
    upper, lower = row < bottom - 24 - 3 * layout.cell, row > bottom - 24 + 3 * layout.cell
    upper &= row > top + 2 * layout.cell
    assert float((made - CANVAS[:, None, None])[:, upper & (here > 0)].abs().max()) < 0.05
    assert float((made - SOLE[:, None, None])[:, lower & (here > 0)].abs().max()) < 0.05
    none = side_of_foot(layout, torch.zeros_like(colour), colour, here, torch.zeros(layout.grid))
    assert float(none.abs().max()) == 0
