"""The sides of a head that a photo shows edge-on: skin, ear, hairline and hair, without streaks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry import ear, head_side
from repose.pipelines.geometry.head_cut import HEAD
from repose.pipelines.geometry.head_side import DEPTHS, HEIGHTS
from repose.pipelines.geometry.motion import bones
from repose.pipelines.geometry.motion import motion as moving
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.strands import Grain
from repose.pipelines.geometry.volume import build
from repose.pipelines.geometry.warp import look

from .people import CANVAS, STATURE, standing
from .test_head import HAIR, SKIN, dressed, layer, turned, with_face


def cropped(skeleton):
    """The figure of `dressed` with hair that ends over the ears."""
    picture, matte, regions = dressed(skeleton)
    y, x = torch.meshgrid(*(torch.arange(n).float() for n in CANVAS), indexing="ij")
    (cx, cy, _), (_, neck, _) = (bones(skeleton).start[INDEX[name]].tolist() for name in ("head", "neck"))
    ends = y > cy - 0.022 * STATURE
    skull = ((x - cx) / 19) ** 2 + ((y - cy + 3) / 27) ** 2 < 1
    gone = (regions.hair > 0.5) & ends
    picture = torch.where(gone, torch.tensor(SKIN).reshape(1, 3, 1, 1), picture)
    matte = torch.where(gone & ~skull & (y < neck), 0.0, matte)
    return picture, matte, replace(regions, hair=torch.where(ends, 0.0, regions.hair))


@pytest.fixture(scope="module")
def bare():
    """A head whose hair ends over its ears, and its side."""
    skeleton = with_face(standing(), np.eye(3))
    picture, matte, regions = cropped(skeleton)
    volume = build(picture, matte, skeleton, regions)
    return skeleton, volume, layer(volume, HEAD).side


def at(side, height, depth, which=0):
    """The colour of a side's picture at a height over and a depth behind the middle of the ears, statures."""
    drawing = side.drawing
    row, column = (round(away / drawing.pitch) for away in (HEIGHTS[0] - height, depth - DEPTHS[0]))
    return drawing.pictures[0][which, :, row, column]


def near(colour, to, within=0.12):
    return float((colour - torch.tensor(to)).abs().max()) < within


def test_the_ear_is_as_large_as_ears_are_and_its_canal_is_dark():
    """About six centimetres on 1.75 m."""
    height, depth = torch.meshgrid(
        torch.linspace(0.03, -0.03, 241), torch.linspace(-0.02, 0.03, 201), indexing="ij"
    )
    shade, cover = ear.seen_at(height, depth)
    rows = torch.nonzero((cover > 0.5).any(1)).squeeze(1)
    assert 0.029 < float(len(rows)) * 0.06 / 240 < 0.037
    assert shade.shape == (3, 241, 201) and float(shade[1].min()) < 0.45 < 0.9 < float(shade[1].max())
    dark = shade[:, shade[1] == shade[1].min()][:, 0]
    assert dark[0] > dark[1] > dark[2]  # what is dark of an ear is red
    outside = cover == 0
    assert float((shade[:, outside & (height.abs() > 0.025)] - 1).abs().max()) == 0


def test_a_bare_cheek_goes_on_to_the_ear_and_hair_lies_behind_and_above_it(bare):
    _, _, side = bare
    for which in (0, 1):
        assert near(at(side, -0.02, -0.018, which), SKIN)  # under the ear, before it
        assert near(at(side, 0.05, 0.05, which), HAIR)
        assert near(at(side, 0.0, 0.05, which), HAIR)  # behind the ear
        assert near(at(side, -0.048, 0.03, which), SKIN)  # the nape
    shell, behind = at(side, 0.006, 0.0075), at(side, 0.006, 0.02)
    assert float(shell.mean()) > float(behind.mean()) + 0.3  # the ear stands before the hair


def test_hair_at_the_outline_hides_the_ear():
    skeleton = with_face(standing(), np.eye(3))
    picture, matte, regions = dressed(skeleton)
    y, x = torch.meshgrid(*(torch.arange(n).float() for n in CANVAS), indexing="ij")
    cx, cy, _ = bones(skeleton).start[INDEX["head"]].tolist()
    beside = ((x - cx).abs() > 11) & ((y - cy).abs() < 0.03 * STATURE) & (matte > 0.5)
    picture = torch.where(beside, torch.tensor(HAIR).reshape(1, 3, 1, 1), picture)
    regions = replace(regions, hair=torch.where(beside, 1.0, regions.hair))
    side = layer(build(picture, matte, skeleton, regions), HEAD).side
    for depth in (0.0, 0.01, 0.03):
        assert near(at(side, 0.0, depth), HAIR)


def test_where_cloth_lies_at_the_ears_there_is_no_ear_and_a_bald_head_has_no_hair():
    skeleton = with_face(standing(), np.eye(3))
    picture, matte, regions = cropped(skeleton)
    bald = replace(regions, hair=torch.zeros_like(regions.hair))
    x, y = (torch.arange(n).float() for n in reversed(CANVAS))
    cx, cy, _ = bones(skeleton).start[INDEX["head"]].tolist()
    round_face = (((x - cx) / 14) ** 2 + ((y[:, None] - cy - 4) / 18) ** 2 > 1) & (y[:, None] < cy + 25)
    for colour, ear_shows in ((SKIN, True), ((0.9, 0.9, 0.95), False)):
        dyed = torch.where(round_face & (matte > 0.5), torch.tensor(colour).reshape(1, 3, 1, 1), picture)
        side = layer(build(dyed, matte, skeleton, bald), HEAD).side
        assert near(at(side, 0.05, 0.05), colour) and near(at(side, 0.0, 0.05), colour)
        darkest = min(
            float(at(side, h, d).mean()) for h in (-0.004, -0.001, 0.002) for d in (0.0, 0.003, 0.006)
        )
        assert (darkest < 0.7 * float(at(side, -0.03, 0.0).mean())) is ear_shows


def test_a_side_that_the_photo_does_not_show_is_as_the_other_one(bare):
    _, _, side = bare
    known = side.drawing.known
    seen = known.place[:, 0] > 0.002
    of_one = replace(
        known,
        place=known.place[seen],
        colour=known.colour[:, seen],
        hair=known.hair[seen],
        strands=known.strands[seen],
        square=known.square[seen],
    )
    pictures, _ = replace(side.drawing, known=of_one).pictures
    assert torch.equal(pictures[0], pictures[1])
    assert float(pictures[1].flatten(1).amax(0).min()) > 0.1


def test_a_head_shows_its_side_when_it_is_turned_and_nothing_of_it_otherwise(bare, monkeypatch):
    skeleton, volume, _ = bare
    green = torch.tensor([0.0, 1.0, 0.0])[:, None]
    monkeypatch.setattr(head_side.HeadSide, "at", lambda self, points, *_: green.expand(3, len(points)))

    def share(target):
        shown = look(volume, moving(skeleton, target), CANVAS)
        head = (shown.correspondence.part == INDEX["head"]) & (shown.alpha[0, 0] > 0.9)
        return float(
            (shown.colour[0].permute(1, 2, 0)[head] - green[:, 0]).abs().amax(1).lt(0.3).float().mean()
        )

    assert share(skeleton) < 0.02
    assert share(turned(skeleton, yaw=80.0)) > 0.4


def test_from_the_side_a_cheek_is_of_one_piece(bare):
    """Before the ear skin varies less than a fiftieth up and down: the photo's last columns hold whatever lies at the
    outline."""
    _, _, side = bare
    rows = [at(side, height, -0.02) for height in np.linspace(-0.03, 0.005, 15)]
    assert float(torch.stack(rows).std(0).max()) < 0.02


def test_grain_is_as_strong_as_the_photos_and_lies_as_the_hair_does():
    generator = torch.Generator().manual_seed(3)
    across = torch.randn(1, 120, generator=generator).expand(120, 120)
    picture = (0.3 + 0.05 * across)[None].repeat(3, 1, 1)
    straight = Grain.of(picture, torch.ones(120, 120, dtype=torch.bool), 500.0)
    curls = 0.3 + 0.05 * torch.randn(1, 120, 120, generator=generator).repeat(3, 1, 1)
    curled = Grain.of(curls, torch.ones(120, 120, dtype=torch.bool), 500.0)
    assert straight.straight == 1.0 and curled.straight < 0.3
    assert straight.gain[0] == pytest.approx(0.05, rel=0.35)
    down = torch.stack((torch.zeros(90, 90), torch.ones(90, 90)))
    grown = straight.on(down, 500.0)
    assert float(grown.std()) == pytest.approx(straight.gain[0], rel=0.1)
    along, beside = (grown.diff(dim=axis).abs().mean() for axis in (1, 2))
    assert float(along) < 0.4 * float(beside)
    assert torch.equal(grown, straight.on(down, 500.0))
    flipped = straight.on(-down, 500.0)
    torch.testing.assert_close(flipped, grown, atol=1e-4, rtol=0)


def test_of_hardly_any_hair_there_is_no_grain():
    grain = Grain.of(torch.rand(3, 40, 40), torch.zeros(40, 40, dtype=torch.bool), 500.0)
    assert float(grain.on(torch.ones(2, 20, 20) / 2**0.5, 500.0).abs().max()) == 0
