"""Drawn characters through the chain: their matte, their movement as flat layers, and photos that stay photos."""

import dataclasses

import cv2
import numpy as np
import pytest
import torch
from repose.pipelines.background import ON_PAPER, restore_background
from repose.pipelines.drawing import keypoints_from_drawing
from repose.pipelines.drawing_mask import drawing_matte, is_flat_coloured
from repose.pipelines.figures import ground_difference
from repose.pipelines.geometry.figures import cutout
from repose.pipelines.geometry.figures.cutout import move
from repose.pipelines.geometry.figures.outline import mended, outline_of, within
from repose.pipelines.geometry.figures.strokes import distance_inside, thinned
from repose.pipelines.geometry.keypoints import DRAWING, Keypoints
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.lift import embodied, lift
from repose.pipelines.people import NoPerson
from repose.pipelines.posing import retargeted
from repose.pipelines.read import DRAWN_NOTE, FLAT_NOTE, Reader, drawn_figure

from .. import characters
from ..geometry import people


def picture_of(name: str) -> torch.Tensor:
    return torch.from_numpy(characters.ALL[name]()).permute(2, 0, 1)[None].contiguous()


@pytest.fixture(scope="module", params=["mascot", "line drawing"])
def drawn(request):
    """A character read and separated: name, picture, matte, skeleton."""
    picture = picture_of(request.param)
    keypoints = keypoints_from_drawing(picture)[0]
    return request.param, picture, drawing_matte(picture, keypoints), embodied(keypoints)


@pytest.fixture(scope="module")
def line_drawing():
    picture = picture_of("line drawing")
    keypoints = keypoints_from_drawing(picture)[0]
    return picture, drawing_matte(picture, keypoints), embodied(keypoints)


def test_a_flat_cut_out_is_separated_to_the_pixel():
    picture = picture_of("mascot")
    coverage = (picture - 1).abs().amax(1, keepdim=True) > 0.05
    matte = drawing_matte(picture)
    inside = torch.from_numpy(distance_inside(coverage[0, 0].numpy())) > 2
    assert matte[0, 0][inside].min() > 0.9 and matte[0, 0][inside].mean() > 0.999
    outside = torch.from_numpy(distance_inside(~coverage[0, 0].numpy())) > 3
    assert float((matte[0, 0][outside] > 0.02).float().mean()) < 0.002


@pytest.mark.parametrize("ground", [(255, 255, 255), (120, 160, 130), (30, 30, 34)])
def test_any_flat_ground_will_do(ground):
    truth = drawing_matte(picture_of("mascot")) > 0.5
    picture = torch.from_numpy(characters.mascot(ground)).permute(2, 0, 1)[None]
    found = drawing_matte(picture) > 0.5
    assert float((found & truth).sum() / (found | truth).sum()) > 0.95


def test_an_outlined_figure_on_shaded_paper_is_solid(line_drawing):
    picture, matte, _ = line_drawing
    solid = matte[0, 0] > 0.99
    for x, y in (
        (240, 120),
        (240, 280),
        (205, 420),
        (240, 350),
    ):  # face, belly, leg, hem: all of them bare paper
        assert solid[y, x]
    assert float(matte[0, 0, :40].max()) < 0.02 and float(matte[0, 0, :, :30].max()) < 0.02
    assert ((matte > 0.05) & (matte < 0.95)).float().sum() > 100  # soft edges


def test_a_page_without_a_figure_has_no_matte():
    assert drawing_matte(torch.ones(1, 3, 200, 200)) is None


def test_the_meant_figure_of_two_is_separated():
    one = picture_of("mascot")
    both = torch.cat((one, one.flip(-1)), -1)
    people_ = keypoints_from_drawing(both)
    halves = [drawing_matte(both, who)[..., :480].mean() > 0.05 for who in people_]
    assert sorted(map(bool, halves)) == [False, True]


def breadth(picture: torch.Tensor, alpha: torch.Tensor) -> float:
    """Area of the ink over the length of its middle line, in pixels."""
    difference, _ = ground_difference(picture[0].permute(1, 2, 0).numpy())
    ink = (difference > 0.3) & (cv2.dilate((alpha[0, 0].numpy() > 0.5).astype(np.uint8), np.ones((3, 3))) > 0)
    return ink.sum() / thinned(ink).sum()


@pytest.mark.parametrize("pose", ["hands/waving", "mascot/happy jump"])
def test_lines_keep_their_breadth_and_the_outline_is_unbroken(line_drawing, pose):
    picture, matte, skeleton = line_drawing
    target, _ = retargeted(skeleton, load_pose(pose))
    person = move(picture, matte, skeleton, target)
    result = person.over(restore_background(picture, matte, options=ON_PAPER))
    assert breadth(result, person.alpha) == pytest.approx(breadth(picture, matte), rel=0.15)
    difference, _ = ground_difference(result[0].permute(1, 2, 0).numpy())
    shape = (person.alpha[0, 0].numpy() > 0.5).astype(np.uint8)
    border = (shape > 0) & (cv2.erode(shape, np.ones((3, 3))) == 0)
    near = cv2.dilate((difference > 0.25).astype(np.uint8), np.ones((9, 9))) > 0
    assert (border & near).sum() > 0.97 * border.sum()


def test_the_pose_it_was_drawn_in_leaves_it_as_it_is(drawn):
    _, picture, matte, skeleton = drawn
    person = move(picture, matte, skeleton, skeleton)
    assert float((person.alpha - matte).abs().mean()) < 0.004
    inside = (matte > 0.99).expand(-1, 3, -1, -1)
    off = (person.colour - picture).abs()[inside]
    assert float(off.mean()) < 0.01 and float(off.quantile(0.98)) < 0.02
    assert torch.equal(person.over(torch.zeros_like(picture), picture), picture)


def test_a_moved_figure_has_no_holes_and_no_strange_colours(drawn):
    name, picture, matte, skeleton = drawn
    person = move(picture, matte, skeleton, retargeted(skeleton, load_pose("mascot/arms wide"))[0])
    solid = (person.alpha[0, 0].numpy() > 0.5).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    assert stats[1:, 4].max() > 0.99 * solid.sum()
    assert solid.sum() == pytest.approx(float((matte > 0.5).sum()), rel=0.12)
    assert torch.isfinite(person.colour).all()
    assert person.correspondence.source.shape == (*picture.shape[-2:], 2)


def test_what_was_moved_over_bare_paper_leaves_no_seam(line_drawing):
    picture, matte, skeleton = line_drawing
    person = move(picture, matte, skeleton, retargeted(skeleton, load_pose("mascot/arms wide"))[0])
    paper = restore_background(picture, matte, options=ON_PAPER)
    blank = (person.alpha > 0.99) & (person.colour.amin(1, keepdim=True) > 0.5)
    assert int(blank.sum()) > 5000
    assert float((person.colour - paper).abs().mean(1, keepdim=True)[blank].mean()) < 0.02


def test_the_paper_is_restored_without_a_trace(line_drawing):
    picture, matte, _ = line_drawing
    paper = restore_background(picture, matte, options=ON_PAPER)
    away = torch.from_numpy(cv2.dilate((matte[0, 0].numpy() > 0.01).astype(np.uint8), np.ones((41, 41))) == 0)
    assert torch.equal(paper[0][:, away], picture[0][:, away])
    y, x = np.mgrid[:560, :480] / 560.0
    truth = torch.from_numpy((0.92 - 0.25 * x - 0.1 * y * y).astype(np.float32))
    hole = matte[0, 0] > 0.5
    assert float((paper[0].mean(0) - truth).abs()[hole].mean()) < 0.02
    assert float((paper[0].mean(0) - truth).abs()[hole].max()) < 0.09  # no ink is left


class Nobody:
    """A keypoint backend that sees nobody."""

    name, modules = "nobody", ()

    def read(self, picture, person=None):
        return []


class NoNetwork:
    """Stands for the segmentation networks: a drawing needs none."""

    body = None

    def read(self, *_):
        raise AssertionError("a network was asked")


def test_the_chain_reads_a_drawing_where_no_person_is_seen():
    reading = Reader(Nobody(), NoNetwork()).read(picture_of("mascot"))
    assert reading.keypoints.source == DRAWING and DRAWN_NOTE in reading.keypoints.notes
    assert reading.skeleton.flat
    assert 0.15 < float(reading.matte.mean()) < 0.5
    assert float(reading.regions.hair.max()) == 0 == float(reading.regions.skin.max())


def test_a_picture_with_nothing_in_it_is_still_told():
    with pytest.raises(NoPerson, match="picture 1"):
        Reader(Nobody(), NoNetwork()).read(torch.ones(1, 3, 200, 200))


class Sure:
    """A keypoint backend that sees a body well, wherever it looks."""

    name, modules = "sure", ()

    def read(self, picture, person=None):
        found = people.standing().project()
        return [dataclasses.replace(found, source="rtmpose-s", canvas=tuple(picture.shape[-2:]))]


def test_flat_colours_are_moved_flat_whoever_reads_them():
    reading = Reader(Sure(), NoNetwork()).read(picture_of("mascot"))
    assert reading.keypoints.source == DRAWING and FLAT_NOTE in reading.keypoints.notes
    assert reading.skeleton.flat


@pytest.mark.parametrize("name", ["mascot", "chibi", "anime", "dog"])
def test_flat_colours_are_told_from_a_photo(name):
    picture = picture_of(name)
    assert is_flat_coloured(picture)
    noisy = (picture + 0.01 * torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))).clamp(
        0, 1
    )
    assert not is_flat_coloured(noisy)


def test_photos_are_moved_as_before_bit_for_bit(monkeypatch):
    """A skeleton that is not flat goes to the one function that moved photos before, with all that was given."""
    source, target = people.standing(), people.standing("hands/waving")
    picture, matte = people.draw(source)
    given = []
    monkeypatch.setattr(cutout, "warp", lambda *args: given.append(args) or "moved")
    assert cutout.move(picture, matte, source, target, (480, 360), "regions", print) == "moved"
    assert given == [(picture, matte, source, target, (480, 360), "regions", print)]


def test_a_persons_keypoints_never_make_a_flat_body():
    found = people.standing().project()
    assert not embodied(found).flat
    for one, other in zip(embodied(found).forward(), lift(found).forward(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_person_who_is_seen_well_is_never_a_drawing():
    found: Keypoints = dataclasses.replace(people.standing().project(), source="rtmpose-s")
    assert drawn_figure(torch.full((1, 3, 480, 360), 0.9), found) is None


def test_an_outline_is_measured():
    picture = torch.ones(3, 200, 200)
    y, x = torch.meshgrid(torch.arange(200.0), torch.arange(200.0), indexing="ij")
    away = torch.hypot(x - 100, y - 100)
    picture[:, (away < 80) & (away >= 73)] = torch.tensor([0.2, 0.1, 0.3])[:, None]
    depth = torch.from_numpy(distance_inside((away < 80).numpy())).float()
    line = outline_of(picture, depth)
    assert line.width == pytest.approx(7, abs=1)
    torch.testing.assert_close(line.colour, torch.tensor([0.2, 0.1, 0.3]))
    assert outline_of(torch.ones(3, 200, 200), depth) is None


def test_distances_within_a_shape_are_exact_up_to_the_limit():
    mask = np.zeros((60, 70), bool)
    cv2.circle(mask.view(np.uint8), (33, 28), 22, 1, -1)
    truth = np.minimum(distance_inside(mask), 9)
    np.testing.assert_allclose(within(torch.from_numpy(mask), 9).numpy(), truth, atol=1e-4)


def test_cracks_are_mended_and_gaps_are_not():
    alpha = torch.ones(60, 60)
    alpha[:, 30] = 0
    colour, deep = torch.full((3, 60, 60), 0.4) * alpha, torch.full((60, 60), 20.0) * alpha
    fixed = mended(colour, alpha, deep, 2, 3.0)
    assert float(fixed[1][5:-5].min()) > 0.99
    torch.testing.assert_close(fixed[0][:, 30, 30], torch.full((3,), 0.4), atol=0.02, rtol=0)
    deep[:, 28:33] = 1.0  # borders that were drawn
    assert float(mended(colour, alpha, deep, 2, 3.0)[1][:, 30].max()) == 0
