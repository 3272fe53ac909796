"""Warp Body, Restore Background and Repose."""

import numpy as np
import pytest
import torch
from PIL import Image
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX


@pytest.fixture(scope="module")
def waving(drawn):
    return retarget(drawn.skeleton, load_pose("waving"))


def at(mask, skeleton, joint):
    """The mask's value at a joint."""
    x, y = skeleton.forward().positions[JOINT_INDEX[joint]][:2].round().astype(int)
    return float(mask[0, y, x])


def test_the_person_goes_where_the_target_is(run, drawn, waving):
    out = run("ReposeWarpBody", image=drawn.image, mask=drawn.mask, source=[drawn.skeleton], target=[waving])
    assert out.image.shape == (1, 480, 360, 3) and out.person.shape == (1, 480, 360)
    raised = max(("left_wrist", "right_wrist"), key=lambda j: -waving.forward().positions[JOINT_INDEX[j], 1])
    assert at(drawn.mask, waving, raised) == 0 and at(out.person, waving, raised) > 0.9
    torch.testing.assert_close(out.visible + out.hidden, out.person, atol=1e-5, rtol=0)
    assert out.image[0, 2, 2].tolist() == [0.5, 0.5, 0.5], "mid-grey without a background"
    assert out.correspondence[0].source.shape == (480, 360, 2)


def test_a_batch_of_five_on_one_background(run, drawn, waving):
    five = drawn.image.repeat(5, 1, 1, 1)
    rgba = torch.cat([five, torch.ones(5, 480, 360, 1)], -1).half()
    room = torch.zeros(1, 480, 360, 3)
    out = run(
        "ReposeWarpBody",
        image=rgba[:, ::2, ::2],
        mask=drawn.mask[:, ::2, ::2],
        source=[drawn.skeleton.scaled(0.5, (240, 180))],
        target=[waving.scaled(0.5, (240, 180))] * 5,
        background=room[:, ::2, ::2],
    )
    assert out.image.shape == (5, 240, 180, 3) and out.hidden.shape == (5, 240, 180)
    assert torch.equal(out.image[0], out.image[4]) and out.image[0, 2, 2].tolist() == [0, 0, 0]


def test_a_print_and_a_second_photo(run, drawn, waving):
    """One rigid mask and one second photo go with two pictures; coverage is the mean of what is seen of each."""
    x, y = drawn.skeleton.forward().positions[JOINT_INDEX["chest"]][:2].round().astype(int)
    rigid = torch.zeros_like(drawn.mask)
    rigid[:, y : y + 30, x - 15 : x + 15] = 1
    second = {"second_image": drawn.image, "second_mask": drawn.mask, "second_source": [drawn.skeleton]}
    given = {"image": drawn.image, "mask": drawn.mask, "source": [drawn.skeleton]}
    out = run("ReposeWarpBody", **given, target=[waving, drawn.skeleton], rigid=rigid, **second)
    shares = (out.visible.sum((1, 2)) / out.person.sum((1, 2))).tolist()
    assert out.coverage == pytest.approx(sum(shares) / 2, abs=1e-4) and 0.8 < out.coverage < 1
    assert out.image.shape == (2, 480, 360, 3)


def test_half_a_second_photo_is_told(run, drawn, waving):
    given = {"image": drawn.image, "mask": drawn.mask, "source": [drawn.skeleton], "target": [waving]}
    with pytest.raises(ValueError, match="connect second_mask and second_source too"):
        run("ReposeWarpBody", **given, second_image=drawn.image)
    second = {"second_mask": drawn.mask[:, :100], "second_source": [drawn.skeleton]}
    with pytest.raises(ValueError, match="the second picture has 360 x 480 pixels, the mask 360 x 100"):
        run("ReposeWarpBody", **given, second_image=drawn.image, **second)


def test_the_artist_is_told_when_little_of_the_photo_is_left(run, drawn, monkeypatch):
    from repose.nodes import host

    said = []
    monkeypatch.setattr(host, "say", said.append)
    back = retarget(drawn.skeleton, load_pose("catalogue/back"))
    given = {"image": drawn.image, "mask": drawn.mask, "source": [drawn.skeleton]}
    out = run("ReposeWarpBody", **given, target=[drawn.skeleton, back])
    assert out.coverage < 0.7 and "picture 2: only" in said[0] and "checkpoint" in said[0]
    assert "picture 1" not in said[0]


@pytest.mark.parametrize("what", ["mask", "target", "background", "rigid"])
def test_what_belongs_to_another_picture(run, drawn, waving, what):
    given = {"mask": drawn.mask, "target": [waving], "background": drawn.image}
    given |= {
        what: {
            "mask": drawn.mask[:, :100],
            "target": [waving.scaled(0.5, (240, 180))],
            "background": drawn.image[:, :100],
            "rigid": drawn.mask[:, :100],
        }[what]
    }
    with pytest.raises(ValueError, match=rf"the picture has 360 x 480 pixels, the {what}.* \d+ x \d+"):
        run("ReposeWarpBody", image=drawn.image, source=[drawn.skeleton], **given)


def test_counts_that_do_not_match(run, drawn, waving):
    three = drawn.image.repeat(3, 1, 1, 1)
    with pytest.raises(ValueError, match="3 pictures, 2 targets"):
        run("ReposeWarpBody", image=three, mask=drawn.mask, source=[drawn.skeleton], target=[waving] * 2)


def test_the_background_has_no_person(run, drawn):
    out = run("ReposeRestoreBackground", image=drawn.image.repeat(5, 1, 1, 1), mask=drawn.mask)
    assert out.image.shape == (5, 480, 360, 3)
    assert (out.image[0] - 0.5).abs().max() < 0.02, "a plain grey room comes out plain grey"


@pytest.mark.parametrize("node", ["ReposeWarpBody", "ReposeRestoreBackground"])
def test_an_empty_batch(run, drawn, node):
    given = {"source": [drawn.skeleton], "target": [drawn.skeleton]} if node == "ReposeWarpBody" else {}
    with pytest.raises(ValueError, match="the IMAGE is empty"):
        run(node, image=torch.zeros(0, 480, 360, 3), mask=drawn.mask, **given)


def test_the_whole_chain_on_a_photo(run, with_models, photo):
    """In one node: the library's pose, then a given one that wins; the progress goes up to the end."""
    import comfy.utils

    with Image.open(photo) as image:
        small = image.convert("RGB").resize((image.width // 4, image.height // 4))
    picture = torch.from_numpy(np.array(small))[None] / 255
    told = []
    comfy.utils.set_progress_bar_global_hook(lambda value, total, preview, node_id=None: told.append(value))
    try:
        mask = torch.zeros(picture.shape[:3])
        mask[
            :,
            picture.shape[1] // 4 : picture.shape[1] // 3,
            picture.shape[2] // 2 - 20 : picture.shape[2] // 2 + 20,
        ] = 1
        more = {"rigid": mask, "second_picture": picture.flip(2)}
        out = run("ReposePhoto", image=picture, pose="walking", repose_pose=[load_pose("waving")], **more)
    finally:
        comfy.utils.set_progress_bar_global_hook(None)
    assert out.image.shape == picture.shape and out.hidden.shape == picture.shape[:3]
    wrists = np.reshape(out.pose_keypoint[0]["people"][0]["pose_keypoints_2d"], (18, 3))[[4, 7], 1]
    assert abs(wrists[0] - wrists[1]) > 0.1 * picture.shape[1], "one hand is up: the given pose won"
    assert told == sorted(told) and told[-1] == 1000 and len(told) > 5
    assert 0.6 < out.coverage <= 1
