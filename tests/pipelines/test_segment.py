"""The person's matte and parts: bad input, invariants, and the real networks on a real photo."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.keypoints import PRESENT
from repose.pipelines.keypoints import read_keypoints
from repose.pipelines.models.person_parts import CLASSES, RAMP, log_odds, ramp
from repose.pipelines.segment import load_segmenter, person_matte, segment_person


def test_votes_are_clipped_log_odds():
    assert log_odds(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx([-3, 0, 3])


def test_ramp_falls_only_where_there_is_more_behind():
    weights = ramp((256, 256), (False, True, False, False))
    assert weights[0].max() < 1 / RAMP and (weights[RAMP:] == 1).all()
    assert (ramp((256, 256), (False,) * 4) == 1).all()


def test_keypoints_must_fit_the_batch():
    with pytest.raises(ValueError, match="2 pictures, but keypoints for 1"):
        segment_person(torch.zeros(2, 3, 8, 8), None, [None])
    with pytest.raises(ValueError, match="empty"):
        segment_person(torch.zeros(0, 3, 8, 8), None)


@pytest.fixture(scope="module")
def person(photo) -> torch.Tensor:
    """A real photo of a standing person at half its size: 768 x 1376."""
    from PIL import Image

    whole = torch.from_numpy(np.array(Image.open(photo).convert("RGB"))).permute(2, 0, 1)[None].float() / 255
    return torch.nn.functional.avg_pool2d(whole, 2)


@pytest.fixture(scope="module")
def reader(weight_path):
    pytest.importorskip("ai_edge_litert")
    return load_segmenter(weight_path)


@pytest.fixture(scope="module")
def keypoints(weight_path, person):
    from repose.pipelines.models.wholebody import load_composite

    return read_keypoints(person, load_composite(weight_path))[0]


@pytest.fixture(scope="module")
def cut(reader, person, keypoints):
    return segment_person(person, reader, [keypoints])


def test_parts_add_up_to_the_matte(cut, person):
    height, width = person.shape[-2:]
    assert cut.matte.shape == (1, 1, height, width) and cut.parts.shape == (1, len(CLASSES), height, width)
    assert cut.foreground.shape == person.shape
    for maps in (cut.matte, cut.parts, cut.foreground):
        assert maps.dtype == torch.float32 and maps.min() >= 0 and maps.max() <= 1
    assert torch.allclose(cut.parts.sum(1), torch.ones(1, height, width), atol=1e-4)
    assert torch.allclose(cut.part(*CLASSES[1:]), cut.matte, atol=1e-4)
    with pytest.raises(ValueError, match="trousers"):
        cut.part("trousers")


def test_all_landmarks_are_inside_and_the_wall_is_not(cut, keypoints):
    seen = keypoints.points[keypoints.confidence >= PRESENT].round().astype(int)
    inside = cut.matte[0, 0].numpy()[seen[:, 1], seen[:, 0]]
    assert (inside > 0.9).mean() > 0.97, f"{(inside <= 0.9).sum()} landmarks are cut away"
    (x0, y0), x1 = seen.min(0), seen[:, 0].max()
    matte = cut.matte[0, 0]
    assert (
        matte[:, : max(0, x0 - 60)].max() == 0
        and matte[:, x1 + 60 :].max() == 0
        and matte[: y0 // 4].max() == 0
    )


def test_legs_and_arms_are_apart(cut, keypoints):
    """No web between the shins, nor between wrist and hip side: the matte has real gaps."""
    matte = cut.matte[0, 0].numpy()
    left, right = (
        keypoints[f"{side}_knee"] * 0.3 + keypoints[f"{side}_ankle"] * 0.7 for side in ("left", "right")
    )
    between = matte[int((left[1] + right[1]) / 2), int(right[0]) : int(left[0])]
    assert between.min() < 0.02


def test_one_person_in_one_piece_without_specks(cut):
    import cv2

    solid = (cut.matte[0, 0].numpy() > 0.5).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA])
    assert areas[:-1].sum() < 0.001 * areas[-1]
    soft = ((cut.matte > 0.02) & (cut.matte < 0.98)).float().mean() / cut.matte.mean()
    assert soft < 0.12, "a tight matte: little of it is half-transparent"


def test_parts_are_where_the_landmarks_say(cut, keypoints):
    parts = cut.parts[0].numpy()

    def most(point) -> str:
        x, y = np.round(point).astype(int)
        return CLASSES[parts[:, y, x].argmax()]

    middle = (keypoints["left_shoulder"] + keypoints["right_shoulder"] + 2 * keypoints["left_hip"]) / 4
    assert most(keypoints["nose"]) == "face_skin" and most(middle) == "clothes"
    assert most((keypoints["left_knee"] + keypoints["left_ankle"]) / 2) == "body_skin"


def test_without_keypoints_it_is_nearly_the_same(reader, person, cut):
    done = []
    alone = person_matte(person, reader, progress=done.append)
    shared = torch.minimum(alone, cut.matte).sum() / torch.maximum(alone, cut.matte).sum()
    assert done == [1.0] and shared > 0.93, f"overlap {shared:.2f}"


def test_the_old_background_is_gone_from_the_edge(cut, person):
    """On a new ground of the other extreme the edge must not keep the old wall's colour."""
    edge = ((cut.matte > 0.2) & (cut.matte < 0.8)).expand_as(person)
    wall = person[..., :40, :40].mean((2, 3), keepdim=True).expand_as(person)
    before = (person - wall)[edge].abs().mean()
    after = (cut.foreground - wall)[edge].abs().mean()
    assert after > 1.15 * before


def test_tiny_and_odd_pictures(reader):
    for size in ((64, 64), (1, 1), (9, 300)):
        result = segment_person(torch.rand(1, 3, *size), reader)
        assert result.matte.shape == (1, 1, *size) and result.matte.isfinite().all()
