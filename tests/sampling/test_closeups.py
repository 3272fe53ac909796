"""Closeups: which parts are worth one, windows that stay true, pieces that come back."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.framing import Box
from repose.pipelines.geometry.garments import NUMBER, GarmentMap
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.warped import Correspondence
from repose.pipelines.sampling.closeups import closeups, cut, pasted, scaled, vignette

HEIGHT, WIDTH = 240, 160


def person(shown: float = 1.0, head: int = 30) -> tuple[Correspondence, GarmentMap]:
    """Somebody whose face lies at (60.., 20..), 10 pixels further left in the photo; a right hand at (100, 120)."""
    y, x = torch.meshgrid(torch.arange(float(HEIGHT)), torch.arange(float(WIDTH)), indexing="ij")
    face = (x >= 60) & (x < 60 + head) & (y >= 20) & (y < 20 + head)
    hand = (x >= 100) & (x < 120) & (y >= 120) & (y < 144)
    part = torch.where(face, INDEX["head"], torch.where(hand, INDEX["right_hand"], -1))
    known = part >= 0
    place = torch.where(known[..., None], torch.stack((x - 10, y), -1), torch.nan)
    up = torch.tensor([0.0, 0, -1]) * known[..., None]
    visible = torch.where(face, shown, known.float())
    zero = torch.zeros_like(part)
    found = Correspondence(place, visible, known.float(), part, known.float(), up, up, zero, (HEIGHT, WIDTH))
    labels = torch.zeros(1, 1, HEIGHT, WIDTH, dtype=torch.uint8)
    labels[..., 20 : 20 + head, 50 : 50 + head] = NUMBER["face"]
    labels[..., 120:144, 90:110] = NUMBER["right_arm_skin"]
    matte = (labels > 0).float()
    return found, GarmentMap(labels, torch.zeros_like(matte), matte)


def test_face_and_hand_are_found_in_both_pictures():
    face, hand = closeups(*person())
    assert (face.name, hand.name) == ("face", "right_hand")
    for box, middle in ((face.target, (75, 35)), (face.source, (65, 35)), (hand.target, (110, 132))):
        centre = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        assert centre == pytest.approx(middle, abs=2) and box.right - box.left == box.bottom - box.top
    assert 50 <= face.target.right - face.target.left <= 60


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"shown": 0.2}, ["right_hand"]), ({"head": 100}, ["right_hand"]), ({"head": 8}, ["right_hand"])],
    ids=["hidden", "large enough", "too small"],
)
def test_what_is_hidden_large_or_tiny_gets_none(given, expected):
    assert [one.name for one in closeups(*person(**given))] == expected


def test_one_may_choose():
    assert [one.name for one in closeups(*person(), "hands")] == ["right_hand"]
    assert [one.name for one in closeups(*person(), "face")] == ["face"]
    with pytest.raises(ValueError, match='"feet" is no part to go over, expected one of face and hands'):
        closeups(*person(), "feet")


def test_a_second_photos_face_is_left_alone():
    found, clothes = person()
    found = replace(found, photo=torch.where(found.part == INDEX["head"], 1, 0))
    assert [one.name for one in closeups(found, clothes)] == ["right_hand"]


def test_windows_lead_into_each_other():
    """A pixel of the closeup comes from the same place of the photo, counted from the window's corner."""
    found, clothes = person()
    face = closeups(found, clothes)[0]
    window, worn = face.found(found), face.garments(clothes)
    x, y = 75 - int(face.target.left), 35 - int(face.target.top)
    assert window.source[y, x].tolist() == [65 - face.source.left, 35 - face.source.top]
    assert (
        worn.size == window.photo_size
        and worn.labels[0, 0][tuple(window.source[y, x].long().flip(0))] == NUMBER["face"]
    )


def test_at_the_frames_border_the_window_moves_inside():
    found, clothes = person()
    found = replace(found, part=found.part.roll((-20, -60), (0, 1)), source=found.source.roll((-20, -60), (0, 1)),
                    visible=found.visible.roll((-20, -60), (0, 1)))  # fmt: skip
    box = closeups(found, clothes, "face")[0].target
    assert (box.left, box.top) == (0, 0) and box.right <= WIDTH and box.bottom <= HEIGHT


def test_pasted_back_unchanged_is_nearly_the_picture_and_outside_exactly():
    across = torch.linspace(0, 9, WIDTH).sin() / 2 + 0.5
    picture = (across * torch.linspace(0, 1, HEIGHT)[:, None]).expand(1, 3, -1, -1)
    box = Box(40, 60, 100, 120)
    made = pasted(picture, cut(picture, box, (240, 240)), box, vignette((240, 240)))
    assert (made - picture).abs().max() < 0.01
    made[..., 60:120, 40:100] = picture[..., 60:120, 40:100]
    assert torch.equal(made, picture)


def test_a_vignette_is_whole_in_the_middle_and_nothing_at_the_border():
    shape = vignette((64, 96))[0, 0]
    assert shape[32, 48] == 1 and shape[0].max() < 0.01 and shape[:, 0].max() < 0.01
    assert torch.allclose(shape, shape.flip(0, 1), atol=1e-6)


def test_boxes_at_another_size():
    assert scaled(Box(10, 20, 30, 40), (100, 200), (200, 400)) == Box(20, 40, 60, 80)
