"""Something to sit on: where it stands, how it is seen, and what it leaves alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.colour import encoded, linear
from repose.pipelines.geometry.contacts import stated_ground
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.lighting import LightField
from repose.pipelines.geometry.retarget import retarget, stature
from repose.pipelines.geometry.seat import seat_of
from repose.pipelines.geometry.skeleton import JOINT_INDEX
from repose.pipelines.seat import drawn as drawn_seat
from repose.pipelines.seat import seated_pictures

from ..geometry.people import CANVAS, draw, standing

CHAIRS = [name for name in pose_names() if load_pose(name).seat in ("chair", "stool")]
LIGHT = LightField.flat(torch.full((3,), 0.4))


def posed(name: str):
    """The standing body in a pose of the library, and the pose."""
    pose = load_pose(name)
    return retarget(standing(), pose), pose


@pytest.fixture(scope="module")
def sitting():
    """A drawn person in a room, seated: skeleton, pose, matte, picture."""
    target, pose = posed("seated/seated")
    figure, matte = draw(target)
    return target, pose, matte, torch.lerp(torch.full((1, 3, *CANVAS), 0.5), figure, matte)


@pytest.mark.parametrize("name", [name for name in pose_names() if name not in CHAIRS])
def test_who_does_not_sit_on_a_chair_gets_none(name):
    assert seat_of(*posed(name)) is None


def test_a_drawing_and_a_figure_without_thighs_get_none():
    target, pose = posed("seated/seated")
    assert seat_of(target, pose) is not None
    assert seat_of(replace(target, flat=True), pose) is None
    unknown = target.confidence.copy()
    unknown[JOINT_INDEX["left_knee"]] = 0
    assert seat_of(replace(target, confidence=unknown), pose) is None


@pytest.mark.parametrize("name", CHAIRS)
@pytest.mark.parametrize("mirrored", (False, True))
def test_a_block_stands_on_the_floor_under_the_hips_and_behind_the_shins(name, mirrored):
    pose = load_pose(name)
    pose = pose.mirrored() if mirrored else pose
    target = retarget(standing(), pose)
    seat = seat_of(target, pose)
    tall, at = stature(target), target.forward().positions
    block = seat.blocks[0]
    hips = (at[JOINT_INDEX["left_hip"]] + at[JOINT_INDEX["right_hip"]]) / 2
    assert block.bottom == pytest.approx(stated_ground(target, pose.contacts))
    assert 0.02 * tall < block.top - hips[1] < 0.08 * tall
    own = np.abs((hips[[0, 2]] - block.middle) @ block.axes.T)
    assert (own < block.half).all(), "the hips are over the block"
    for side in ("left", "right"):
        knee, ankle = (at[JOINT_INDEX[f"{side}_{n}"]] for n in ("knee", "ankle"))
        for share in (0.5, 0.75, 1.0):
            shin = knee + share * (ankle - knee)
            ahead = float((shin[[0, 2]] - block.middle) @ block.axes[1])
            assert shin[1] < block.top or ahead > block.half[1], f"the {side} shin is in the block"


def test_feet_on_a_footrest_have_a_block_of_their_own_and_feet_on_the_floor_none():
    assert len(seat_of(*posed("seated/seated")).blocks) == 1
    target, pose = posed("seated/on a stool front")
    seat = seat_of(target, pose)
    step = seat.blocks[1]
    soles = [target.forward().positions[JOINT_INDEX[f"{side}_heel"], 1] for side in ("left", "right")]
    assert len(seat.blocks) == 2 and step.bottom == seat.floor
    assert abs(step.top - max(soles)) < 0.03 * stature(target)


def test_the_seat_is_seen_where_it_stands(sitting):
    target, pose, matte, _ = sitting
    drawn = drawn_seat(seat_of(target, pose), matte, LIGHT)
    rows, columns = torch.nonzero(drawn.matte[0, 0] > 0.5, as_tuple=True)
    tall, at = stature(target), target.forward().positions
    hip, floor = at[JOINT_INDEX["pelvis"]], stated_ground(target, pose.contacts)
    assert abs(float(rows.max()) - floor) < 0.03 * tall and abs(float(rows.min()) - hip[1]) < 0.08 * tall
    assert float(columns.min()) < hip[0] < float(columns.max())
    assert 0.2 * tall < float(columns.max() - columns.min()) < 0.4 * tall


def test_sides_of_a_block_are_lit_as_they_face_the_light(sitting):
    target, pose, matte, _ = sitting
    nobody, seat = torch.zeros_like(matte), seat_of(target, pose)
    lit = replace(LIGHT, key_colour=torch.full((3,), 0.8), confidence=1.0)
    from_above = replace(lit, key_direction=torch.tensor([0.0, -1.0, 0.0]))
    from_the_front = replace(lit, key_direction=torch.tensor([0.0, 0.0, -1.0]))
    colours = [drawn_seat(seat, nobody, light).colour[:, :, :, :] for light in (from_above, from_the_front)]
    cover = drawn_seat(seat, nobody, LIGHT).cover[0, 0] == 1
    top = int(torch.nonzero(cover.any(1))[0]) + 1
    middle = top + int(0.5 * cover.any(1).sum())
    for row, brighter in ((top, 0), (middle, 1)):
        column = int(torch.nonzero(cover[row]).float().mean())
        here = [float(colour[0, 1, row, column]) for colour in colours]
        assert here[brighter] > 1.2 * here[1 - brighter]


def test_nothing_of_the_person_changes_and_edges_are_exact(sitting):
    target, pose, matte, picture = sitting
    drawn = drawn_seat(seat_of(target, pose), matte, LIGHT)
    room = torch.full_like(picture, 0.5)
    made = drawn.behind(picture, matte, room)
    assert torch.equal(made[(matte == 1).expand_as(made)], picture[(matte == 1).expand_as(made)])
    y0, y1, x0, x1 = drawn.window
    there = (..., slice(y0, y1), slice(x0, x1))
    scene = room.clone()
    light = torch.lerp(linear(room[there]) * drawn.shade, drawn.colour, drawn.cover)
    scene[there] = encoded(light)
    figure, _ = draw(target)
    assert float((made - torch.lerp(scene, figure, matte)).abs().max()) < 5e-4, (
        "what a thousandth of shade would change"
    )
    beyond = torch.ones_like(matte, dtype=torch.bool)
    beyond[there] = False
    assert torch.equal(made[beyond.expand_as(made)], picture[beyond.expand_as(made)])


def test_an_unknown_background_is_what_lies_beside_the_person(sitting):
    target, pose, matte, picture = sitting
    drawn = drawn_seat(seat_of(target, pose), matte, LIGHT)
    known, guessed = drawn.behind(picture, matte, torch.full_like(picture, 0.5)), drawn.behind(picture, matte)
    assert float((known - guessed).abs().max()) < 0.02


def test_the_floor_is_darkest_at_the_foot_of_the_block(sitting):
    target, pose, matte, _ = sitting
    drawn = drawn_seat(seat_of(target, pose), matte, LIGHT)
    shade, cover = drawn.shade[0, 0], drawn.cover[0, 0]
    foot = int(torch.nonzero((cover > 0.5).any(1))[-1])
    column = int(torch.nonzero(cover[foot] > 0.5).float().mean())
    below = shade[foot + 2 :, column]
    assert float(below[0]) < 0.75 and bool((below.diff() >= -1e-6).all()) and float(below[-1]) > 0.9
    assert float(shade.min()) > 0.3 and float(shade.max()) <= 1


def test_a_cut_out_on_white_gets_a_seat_and_no_shade(sitting):
    target, pose, matte, _ = sitting
    drawn = drawn_seat(seat_of(target, pose), matte, LIGHT)
    for level, shaded in ((0.9, True), (1.0, False)):
        paper = torch.full((1, 3, *CANVAS), level)
        changed = (drawn.behind(paper, matte, paper) - paper).abs().amax(1, keepdim=True) > 0.02
        assert bool(changed[drawn.matte > 0.5].any())
        assert bool((changed & (drawn.matte == 0) & (matte == 0)).any()) == shaded


def test_a_seat_out_of_the_picture_is_none(sitting):
    target, pose, matte, _ = sitting
    away = seat_of(target.moved([0.0, 20.0 * CANVAS[0]]), pose)
    assert drawn_seat(away, matte, LIGHT) is None


def test_a_batch_passes_through_who_stands(sitting):
    target, pose, matte, picture = sitting
    stood, stands = posed("catalogue/front")
    both, mattes = seated_pictures(picture.expand(2, -1, -1, -1), matte, [target, stood], [pose, stands])
    assert both.shape == (2, 3, *CANVAS) and mattes.shape == (2, 1, *CANVAS)
    assert torch.equal(both[1], picture[0]) and float(mattes[1].max()) == 0
    assert float(mattes[0].max()) == 1 and not torch.equal(both[0], picture[0])


def test_without_a_light_the_room_says_how_bright_it_is(sitting):
    target, pose, matte, _ = sitting
    levels = []
    for level in (0.05, 0.3, 0.5):
        picture = torch.full((1, 3, *CANVAS), level)
        made, mattes = seated_pictures(picture, torch.zeros_like(matte), [target], [pose])
        levels.append(float(linear(made)[(mattes == 1).expand_as(made)].mean() / linear(picture).mean()))
    assert all(2 < brighter < 6 for brighter in levels), "white in a grey room, and no lamp in a dark one"
    assert levels[0] == pytest.approx(levels[1], rel=0.05)


def test_a_very_large_pictures_skeleton_may_be_of_its_working_size(sitting):
    target, pose, matte, picture = sitting
    large = [
        torch.nn.functional.interpolate(one, scale_factor=2.0, mode="nearest") for one in (picture, matte)
    ]
    (small,) = seated_pictures(picture, matte, [target], [pose])[1].split(1)
    (wide,) = seated_pictures(*large, [target], [pose])[1].split(1)
    assert float((torch.nn.functional.avg_pool2d(wide, 2) - small).abs().mean()) < 0.002


def test_what_is_of_another_size_is_named(sitting):
    target, pose, matte, picture = sitting
    with pytest.raises(ValueError, match=r"person mask 10 x 10: connect the mask of this picture"):
        seated_pictures(picture, matte[..., :10, :10], [target], [pose])
    with pytest.raises(ValueError, match=r"figure's canvas 40 x 30: connect the target"):
        seated_pictures(picture, matte, [replace(target, canvas=(30, 40))], [pose])
    with pytest.raises(ValueError, match="1 pictures, but 2 poses"):
        seated_pictures(picture, matte, [target], [pose, pose])
