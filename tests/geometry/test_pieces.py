"""A hole filled with pieces of the same picture: where they come from, how they are chosen and joined."""

import pytest
import torch
from repose.pipelines.geometry.blending import blended
from repose.pipelines.geometry.fill import grown
from repose.pipelines.geometry.offsets import copies, likely_offsets, served
from repose.pipelines.geometry.pieces import assemble


def box(height: int, width: int, rows: slice, columns: slice) -> torch.Tensor:
    mask = torch.zeros(height, width, dtype=torch.bool)
    mask[rows, columns] = True
    return mask


def wallpaper(height: int, width: int, period: int = 24) -> torch.Tensor:
    """(3, h, w) random tiles of period x period that repeat."""
    tile = torch.rand(3, period, period, generator=torch.Generator().manual_seed(0))
    return tile.repeat(1, -(-height // period), -(-width // period))[:, :height, :width]


@pytest.mark.parametrize("size", [(96, 120), (160, 200)])
def test_wallpaper_goes_on_through_the_hole(size):
    """What repeats is found again: the hole comes back exactly, and from whole periods away."""
    clean = wallpaper(*size)
    hole = box(*size, slice(30, 66), slice(40, 60))
    picture, shifts = assemble(clean.masked_fill(hole, 0.0), hole, torch.ones_like(hole))
    assert (picture - clean).abs().max() < 1e-3
    assert (shifts[:, hole] % 24 == 0).all() and (shifts[:, hole] != 0).any(0).all()


def test_what_is_copied_is_known():
    hole = box(60, 80, slice(12, 48), slice(25, 45))
    whole = torch.ones_like(hole)
    whole[:, :10] = False
    values = torch.rand(3, 60, 80, generator=torch.Generator().manual_seed(0))
    picture, shifts = assemble(values, hole, whole)
    assert torch.equal(picture[:, ~hole], values[:, ~hole]) and torch.isfinite(picture).all()
    y, x = torch.nonzero(hole, as_tuple=True)
    dy, dx = shifts[:, y, x]
    moved = (dy != 0) | (dx != 0)
    assert moved.float().mean() > 0.9
    assert (whole & ~hole)[(y + dy)[moved], (x + dx)[moved]].all()
    assert (shifts[:, ~hole] == 0).all()


def test_a_hole_with_nothing_to_copy_is_spanned():
    """A ring of three known cells: no piece fits whole, and the colours go on all the same."""
    hole = box(30, 30, slice(3, 27), slice(3, 27))
    picture, _ = assemble(torch.full((3, 30, 30), 0.4).masked_fill(hole, 9.0), hole, torch.ones_like(hole))
    assert (picture - 0.4).abs().max() < 0.01


def test_a_hole_at_the_border_is_filled_from_inside():
    clean = wallpaper(96, 120)
    hole = box(96, 120, slice(0, 96), slice(90, 120))
    picture, _ = assemble(clean.masked_fill(hole, 0.0), hole, torch.ones_like(hole))
    assert (picture - clean)[:, :, 90:].abs().mean() < 0.02


def test_offsets_lead_out_of_the_hole():
    hole = box(96, 120, slice(30, 66), slice(40, 60))
    offsets = likely_offsets(wallpaper(96, 120), hole, ~hole)
    assert len(torch.unique(offsets, dim=0)) == len(offsets)
    leads = served(~hole, offsets, slice(0, 96), slice(0, 120))
    assert leads.any(0)[hole].all(), "each cell of the hole can be copied from somewhere"


def test_copies_read_at_the_offset_and_repeat_the_border():
    values = torch.arange(12.0).reshape(1, 3, 4)
    taken = copies(values, torch.tensor([[1, 1], [0, 3]]), slice(0, 3), slice(0, 4, 2))
    assert taken[0, 0].tolist() == [[5, 7], [9, 11], [9, 11]]
    assert taken[1, 0].tolist() == [[3, 3], [7, 7], [11, 11]]


def test_a_piece_of_another_brightness_takes_that_of_its_place():
    """0.05 darker everywhere: that is light, and evened out; the rim decides."""
    clean = wallpaper(60, 60)
    hole = box(60, 60, slice(20, 40), slice(20, 40))
    label = torch.zeros(60, 60, dtype=torch.long)
    filled = blended(clean, (clean - 0.05)[None], label, hole)
    assert torch.equal(filled[:, ~hole], clean[:, ~hole])
    assert (filled - clean)[:, hole].abs().max() < 0.02


def test_an_edge_between_pieces_is_not_smeared():
    """Two pieces that differ by 0.8 keep their own colours beside their seam."""
    hole = box(60, 60, slice(10, 50), slice(10, 50))
    here = torch.zeros(1, 60, 60)
    here[:, :, 30:] = 0.8
    label = (torch.arange(60) >= 30).long().expand(60, 60).contiguous()
    taken = torch.stack((torch.zeros(1, 60, 60), torch.full((1, 60, 60), 0.8)))
    filled = blended(here.masked_fill(hole, 0.5), taken, label, hole)
    assert (filled - here)[:, hole].abs().max() < 0.05
    assert not grown(hole, 1).all()
