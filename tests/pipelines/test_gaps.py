"""The gap between an arm and the body, which a network's small mask paints over."""

import numpy as np
import pytest
from repose.pipelines.gaps import beside_limbs, with_gaps
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import INDEX
from repose.pipelines.matte import Region

SIZE = (300, 200)
WALL, SHIRT, SKIN = (0.44, 0.45, 0.43), (0.86, 0.87, 0.9), (0.6, 0.4, 0.3)
JOINTS = {
    "left_shoulder": (120, 60), "right_shoulder": (80, 60), "left_hip": (115, 170), "right_hip": (85, 170),
    "left_elbow": (158, 120), "right_elbow": (42, 120), "left_wrist": (160, 180), "right_wrist": (40, 180),
}  # fmt: skip


@pytest.fixture
def person() -> Keypoints:
    points, confidence = np.zeros((133, 2), np.float32), np.zeros(133, np.float32)
    for name, place in JOINTS.items():
        points[INDEX[name]], confidence[INDEX[name]] = place, 1
    return Keypoints(points, confidence, np.ones(133, np.float32), SIZE)


def scene(gap: tuple[float, float, float], grain: float = 0.01):
    """(image, votes, gap (h, w) bool): a shirt between two arms, on the right with a gap of some colour, that no vote
    shows."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    trunk, arms = abs(x - 100) < 38, (abs(abs(x - 100) - 58) < 12)
    tall = (y > 50) & (y < 200)
    there = tall & (abs(x - 100) < 70)
    between = tall & (x >= 138) & (x <= 146) & (y > 90)
    image = np.broadcast_to(np.float32(WALL), (*SIZE, 3)).copy()
    image[tall & (abs(x - 100) < 47)] = SHIRT
    image[tall & trunk] = SHIRT
    image[tall & arms] = SKIN
    image[between] = gap
    image += np.random.default_rng(0).normal(0, grain, image.shape).astype(np.float32)
    votes = np.where(there, 7.0, -7.0).astype(np.float32)
    return image, votes, between


def opened(image, votes, person) -> np.ndarray:
    beside = beside_limbs(person, Region(0, 0, SIZE[1], SIZE[0], 1.0))
    return with_gaps(image, votes, beside, 2.5) < 0


@pytest.mark.parametrize("light", [1.0, 0.9])
def test_a_gap_opens_where_the_wall_shows_through_it_in_the_bodys_shade_too(person, light):
    image, votes, gap = scene(tuple(light * np.float32(WALL)))
    found = opened(image, votes, person)
    assert found[gap].mean() > 0.6
    assert found[~gap & (votes > 0)].mean() < 0.01


def test_cloth_and_skin_between_arm_and_body_stay(person):
    for colour in (SHIRT, SKIN, tuple(0.75 * np.float32(SHIRT))):
        image, votes, _ = scene(colour)
        assert not opened(image, votes, person)[votes > 0].any(), colour


def test_a_short_gap_at_the_flank_stays(person):
    image, votes, gap = scene(WALL)
    rows = np.arange(SIZE[0])[:, None]
    image = np.where((rows > 110)[..., None] & gap[..., None], np.float32(SHIRT), image)
    assert not opened(image, votes, person)[votes > 0].any()


def test_the_trunk_has_no_gap_whatever_its_colours(person):
    image, votes, _ = scene(SHIRT)
    image[100:140, 90:110] = WALL
    assert not opened(image, votes, person)[votes > 0].any()


def test_without_a_trunk_nobody_says_where_gaps_are(person):
    confidence = person.confidence.copy()
    confidence[INDEX["left_hip"]] = 0
    hidden = Keypoints(person.points, confidence, person.spread, SIZE)
    assert beside_limbs(hidden, Region(0, 0, SIZE[1], SIZE[0], 1.0)) is None
