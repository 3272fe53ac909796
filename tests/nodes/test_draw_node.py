"""Draw Pose, called as ComfyUI calls it."""

import numpy as np
import pytest
from repose.pipelines.geometry.keypoints import Keypoints


@pytest.fixture(scope="module")
def draw(comfyui):
    from repose.nodes.draw import DrawPose

    def run(pose, width=0, height=0, thick=False, body=True, hands=True, face=True):
        cls = DrawPose.PREPARE_CLASS_CLONE(None)
        return cls.execute(pose, width, height, thick, body, hands, face)[0]

    return run


def frame(width=64, height=96, people=1):
    """A shoulder line from (16, 48) to (48, 48)."""
    points = np.zeros((18, 3))
    points[2], points[5] = (16, 48, 1), (48, 48, 1)
    person = {"pose_keypoints_2d": points.flatten().tolist()}
    return {"canvas_width": width, "canvas_height": height, "people": [person] * people}


def person(canvas):
    points = np.random.default_rng(0).uniform(8, 56, (133, 2))
    return Keypoints(points, np.ones(133), np.ones(133), canvas)


def test_a_batch_of_frames(draw):
    image = draw([frame(), frame(), frame(people=0)])
    assert image.shape == (3, 96, 64, 3)
    assert image[0].max() > 0.5 and image[0, 48, 32].max() > 0 and image[2].max() == 0


def test_the_packs_own_keypoints(draw):
    assert draw([person((64, 64)), person((64, 64))]).shape == (2, 64, 64, 3)


def test_size(draw):
    assert draw([frame()], width=128, height=192).shape == (1, 192, 128, 3)


def test_different_canvases_need_a_size(draw):
    with pytest.raises(ValueError, match="canvases of different sizes .* set width and height"):
        draw([frame(), frame(width=128)])


def test_an_empty_batch(draw):
    with pytest.raises(ValueError, match="the pose is empty"):
        draw([])


@pytest.mark.parametrize("pose", ["text", [{"no": "frame"}], [1]])
def test_what_is_no_pose(draw, pose):
    with pytest.raises(ValueError, match="not POSE_KEYPOINT"):
        draw(pose)
