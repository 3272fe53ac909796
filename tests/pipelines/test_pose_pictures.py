"""Which reader a picture gets: colours, networks or strokes."""

import numpy as np
import pytest
import torch
from repose.pipelines.draw import draw_pose
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.people import NoPerson, Who
from repose.pipelines.pose_pictures import people_in, people_in_pictures

from ..geometry import people
from ..geometry.drawn import stick_on_paper


@pytest.fixture(scope="module")
def skeleton():
    body = people.standing()
    return body, draw_pose([body.project()], (480, 360))


@pytest.fixture(scope="module")
def stick():
    """A stick figure on white paper."""
    return torch.from_numpy(stick_on_paper()).permute(2, 0, 1)[None].float() / 255


class Networks:
    """Networks that see `found`, and remember that they were asked."""

    def __init__(self, *found: Keypoints):
        self.found, self.asked = list(found), 0

    def __call__(self):
        self.asked += 1
        return lambda picture: self.found


def test_a_skeleton_is_read_by_its_colours_without_networks(skeleton):
    body, picture = skeleton
    networks = Networks()
    (found,) = people_in(picture, networks)
    assert networks.asked == 0
    apart = np.linalg.norm(found.points[5:17] - body.project().points[5:17], axis=1)
    assert apart.max() < 1.5, "pixels"


def test_a_photo_is_read_by_the_networks(skeleton):
    picture, _ = people.draw(skeleton[0])
    networks = Networks(skeleton[0].project())
    assert people_in(picture, networks) == networks.found and networks.asked == 1


def test_a_stick_figure_that_no_network_sees_is_read_by_its_strokes(stick):
    (found,) = people_in(stick, Networks())
    assert found.source == "drawing" and found["right_wrist"][1] < found["right_shoulder"][1]
    assert people_in(stick, Networks(), kind="photo") == []


def test_what_is_asked_for_is_done(stick, skeleton):
    networks = Networks(skeleton[0].project())
    assert people_in(stick, networks, kind="drawing")[0].source == "drawing" and networks.asked == 0
    cut_out = (stick.amin(1, keepdim=True) < 0.5).float()
    assert people_in(stick, networks, mask=cut_out)[0].source == "drawing" and networks.asked == 0


def test_nobody_anywhere_is_told_with_the_pictures_number(stick):
    empty = torch.full_like(stick, 0.5)
    with pytest.raises(NoPerson, match=r"no person was found in picture 2 \(400 x 600\)"):
        people_in_pictures(torch.cat([stick, empty]), Networks())
    with pytest.raises(ValueError, match='kind is "painting"'):
        people_in_pictures(stick, Networks(), "painting")


def test_each_picture_gives_its_people_in_turn(stick, skeleton):
    done = []
    two = people_in_pictures(
        torch.cat([stick, stick.flip(-1)]), Networks(), who=Who(-1), progress=done.append
    )
    assert len(two) == 2 and done == [0.5, 1.0]
