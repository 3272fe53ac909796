"""A pose for each shape of picture, and how near the camera is."""

import pytest
import torch
from repose.pipelines.posing import retargeted
from repose.pipelines.repose import ReposeOptions
from repose.pipelines.sets.distances import DISTANCES, shot_box, shots
from repose.pipelines.sets.frames import best_pose, filling, formats_of, framed
from repose.pipelines.sets.listing import listed_poses

from ...geometry.people import CANVAS, draw, standing

POSES = "casual/contrapposto\nmascot/arms wide\ncatalogue/side left"


def test_shapes_as_written():
    assert formats_of(" 9:16, 4:5\n1:1 4:5 ") == [(9, 16), (4, 5), (1, 1)]


@pytest.mark.parametrize("text", ["", "9x16", "9:0", "0:9", "9:16:3", "1.5:1", "-1:2", "101:1"])
def test_what_is_no_shape(text):
    with pytest.raises(ValueError, match="is no shape|no shape is given"):
        formats_of(text)


def test_wide_poses_for_wide_frames_and_none_that_turns_away(reader):
    poses = listed_poses(POSES)
    chosen = {
        aspect: best_pose(reader.reading, poses, aspect)[0].name for aspect in ((9, 16), (1, 1), (16, 9))
    }
    assert chosen == {(9, 16): "casual/contrapposto", (1, 1): "mascot/arms wide", (16, 9): "mascot/arms wide"}
    wide = retargeted(reader.reading.skeleton, poses[1]).skeleton
    assert 0 < filling(reader.reading, wide, (9, 16)) < filling(reader.reading, wide, (1, 1)) <= 1


def test_each_shape_with_the_whole_figure(reader, drawn_photo):
    made = framed(drawn_photo, reader, listed_poses(POSES), [(9, 16), (16, 9)], ReposeOptions())
    assert len(reader.asked) == 1, "the photo is read once"
    assert [name for name, _ in made] == ["9x16/contrapposto", "16x9/arms wide"]
    for (_, one), ratio in zip(made, (9 / 16, 16 / 9), strict=True):
        height, width = one.picture.shape[-2:]
        assert width / height == pytest.approx(ratio, abs=0.01)
        points = one.target.project().points
        assert (points >= 0).all() and (points < [width, height]).all()
        border = torch.cat(
            [one.person[..., 0, :], one.person[..., -1, :], one.person[..., 0], one.person[..., -1]], -1
        )
        assert float(border.max()) == 0, "the figure touches no border"
    with pytest.raises(ValueError, match="no pose to choose from"):
        framed(drawn_photo, reader, [], [(1, 1)], ReposeOptions())


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_shot_ends_between_joints(distance):
    skeleton = standing()
    picture, matte = draw(skeleton)
    made = shots(picture, matte, [skeleton], distance, (4, 5))
    assert made.shape[3] / made.shape[2] == pytest.approx(0.8, abs=0.01)
    box = shot_box(skeleton, matte, distance)
    heights = {
        name: skeleton.project()[name][1]
        for name in ("nose", "left_shoulder", "left_hip", "left_knee", "left_ankle")
    }
    shown = {name for name, y in heights.items() if box.top <= y <= box.bottom}
    expected = {"close-up": 2, "half": 2, "three-quarter": 3, "full": 5}[distance]
    assert len(shown) == expected and {"nose", "left_shoulder"} <= shown


def test_a_shot_keeps_the_pictures_pixels():
    """What is cut out is the picture itself: nothing is scaled."""
    skeleton = standing()
    picture, matte = draw(skeleton)
    made = shots(picture, matte, [skeleton], "half", (1, 1))
    places = [picture[0, :, y, x] for y, x in ((200, 180), (150, 200), (180, 140))]
    flat = made[0].flatten(1).T
    for colour in places:
        assert (flat - colour).abs().amax(1).min() == 0


def test_a_shot_of_a_body_at_the_working_size():
    """A very large photo's skeleton is in working pixels: the shot is the same."""
    skeleton = standing()
    picture, matte = draw(skeleton)
    large, mask = (torch.nn.functional.interpolate(one, scale_factor=2) for one in (picture, matte))
    made, small = (
        shots(large, mask, [skeleton], "half", (4, 5)),
        shots(picture, matte, [skeleton], "half", (4, 5)),
    )
    assert made.shape[2] == pytest.approx(2 * small.shape[2], abs=3)


def test_what_is_no_shot():
    skeleton = standing()
    picture, matte = draw(skeleton)
    with pytest.raises(ValueError, match='the distance is "near"'):
        shots(picture, matte, [skeleton], "near", (1, 1))
    with pytest.raises(ValueError, match="mask is empty"):
        shots(picture, torch.zeros(1, 1, *CANVAS), [skeleton], "half", (1, 1))


def test_two_photos_are_told_and_none_is_left_out_in_silence(reader, drawn_photo):
    with pytest.raises(ValueError, match="2 photos, but one .*ImageFromBatch"):
        framed(drawn_photo.expand(2, -1, -1, -1), reader, listed_poses(POSES), [(1, 1)], ReposeOptions())
