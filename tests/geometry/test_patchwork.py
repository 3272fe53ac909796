"""Texture put together from patches."""

import math

import torch
from repose.pipelines.geometry.joining import Pieces, joined
from repose.pipelines.geometry.microtexture import smooth_colours
from repose.pipelines.geometry.patchwork import Hole, patched

SIZE = (160, 120)


def _grid():
    return torch.meshgrid(*(torch.arange(float(n)) for n in SIZE), indexing="ij")


def _hole(picture, wanted, label=None, source=None, stature=160.0):
    label = torch.zeros(SIZE, dtype=torch.long) if label is None else label
    return Hole(picture, wanted, ~wanted if source is None else source, label, stature)


def _limb():
    y, x = _grid()
    return (x - 60 + 0.3 * (y - 80)).abs() < 9


def test_outside_the_hole_nothing_changes_and_the_same_input_gives_the_same():
    picture = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(1))
    wanted = _limb()
    one, two = patched(_hole(picture, wanted)), patched(_hole(picture, wanted))
    assert torch.equal(one[:, ~wanted], picture[:, ~wanted])
    assert not torch.equal(one[:, wanted], picture[:, wanted])
    assert torch.equal(one, two)
    nothing = torch.zeros_like(wanted)
    assert torch.equal(patched(_hole(picture, nothing)), picture)


def test_stripes_go_on_in_step():
    y, x = _grid()
    stripes = (0.5 + 0.2 * torch.sin(2 * math.pi * y / 6)).expand(3, -1, -1)
    wanted = _limb()
    guess = torch.where(wanted, 0.5, stripes)
    made = patched(_hole(guess, wanted, stature=300.0))
    before, after = ((v - stripes).abs()[:, wanted].mean() for v in (guess, made))
    assert float(before) > 0.1 and float(after) < 0.02, (float(before), float(after))


def test_grain_is_as_strong_as_it_is_beside():
    grain = 0.5 + 0.06 * torch.randn(3, *SIZE, generator=torch.Generator().manual_seed(2))
    wanted = _limb()
    made = patched(_hole(torch.where(wanted, 0.5, grain), wanted, stature=400.0))
    there, beside = (made[:, mask].std() for mask in (wanted, ~wanted))
    assert 0.75 < float(there / beside) < 1.25


def test_nothing_goes_from_one_cloth_to_another():
    y, x = _grid()
    label = (x > 60).long()
    noisy = 0.5 + 0.1 * torch.randn(3, *SIZE, generator=torch.Generator().manual_seed(3))
    picture = torch.where(label == 0, noisy, 0.7)
    wanted = ((y - 80).abs() < 12) & ((x - 60).abs() < 40)
    made = patched(_hole(torch.where(wanted & (label == 0), 0.5, picture), wanted, label))
    plain, rough = wanted & (x > 61), wanted & (x < 60)
    assert float((made - 0.7)[:, plain].abs().max()) < 1e-3, "the plain cloth stays plain"
    assert float(made[:, rough].std()) > 0.05, "the rough one is rough"


def test_of_too_little_nothing_is_copied():
    picture = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(4))
    wanted = _limb()
    source = torch.zeros_like(wanted)
    source[:6, :6] = True
    assert torch.equal(patched(_hole(picture, wanted, source=source)), picture)


def test_slivers_and_holes_at_the_frame():
    picture = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(5))
    wanted = torch.zeros(SIZE, dtype=torch.bool)
    wanted[40, 3:90], wanted[:, 0], wanted[-5:, -30:] = True, True, True
    made = patched(_hole(picture, wanted))
    assert torch.isfinite(made).all() and torch.equal(made[:, ~wanted], picture[:, ~wanted])


def test_smooth_colours_of_a_plain_cloth_are_its_colour_up_to_the_border():
    there = _limb()
    smooth = smooth_colours(torch.full((3, *SIZE), 0.3), there, 1000.0)
    assert float((smooth[:, there] - 0.3).abs().max()) < 1e-5


def test_a_step_at_the_rim_is_closed_and_an_edge_is_kept():
    y, x = _grid()
    target = (x > 40) & (x < 80)
    known = ~target
    detail = (0.02 * torch.sin(x)).expand(3, -1, -1) * known
    place = torch.stack((y, x - 40)).long()  # 40 pixels to the left, which is 0.7 radians out of step
    place = torch.where(target, place, -1)
    filled = torch.where(target, detail.roll(40, -1) + 0.05, detail)
    made = joined(Pieces(target, known, known, place), detail, filled)
    wrong = (filled - detail)[:, :, 41].mean() - (filled - detail)[:, :, 40].mean()
    steps = [(v[:, :, 41] - v[:, :, 40]).abs().mean() for v in (filled, made)]
    assert float(wrong) > 0.02 and float(steps[1]) < 0.03 < 0.05 < float(steps[0]) + 0.02
    far = torch.where(target, filled + 0.5, detail)
    kept = joined(Pieces(target, known, known, place), detail, far)
    assert float((kept - detail)[:, 80, 60].mean()) > 0.4, "what is as different as that is something else"


def test_two_cloths_whose_border_was_told_a_little_off_do_not_fade_into_each_other():
    """The guess has the border two pixels lower than the labels; colours are smoothed over six pixels and more."""
    y, x = _grid()
    wanted = (x > 60) & (x < 100)
    label = torch.where(y < 80, 8, 10)
    picture = torch.where(y < torch.where(wanted, 82.0, 80.0), 0.8, 0.2).expand(3, -1, -1)
    made = patched(_hole(picture, wanted, label, stature=1000.0))[0, :, 70:90]
    assert float((made[:80] - 0.8).abs().max()) < 0.05 and float((made[80:] - 0.2).abs().max()) < 0.05
