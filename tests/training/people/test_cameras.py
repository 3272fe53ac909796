import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.people.render import cameras

SIZE = (256, 192)
PERSON = torch.tensor([[x, y, z] for x in (-0.3, 0.3) for y in (-1.75, -0.9, 0.0) for z in (-0.15, 0.15)])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_target_is_in_the_middle_and_a_decimetre_is_as_long_as_it_should_be():
    target = torch.tensor([0.0, -0.9, 0.0])
    camera = cameras.looking_at(target, yaw=0.0, pitch=0.0, distance=3.0, focal=600.0, size=SIZE)
    pixel, depth = cameras.project(camera, target + torch.tensor([0.1, 0.05, 0.0]))
    assert pixel.tolist() == pytest.approx([95.5 + 20, 127.5 + 10], abs=1e-3)
    assert float(depth) == pytest.approx(3.0, abs=1e-5)


@pytest.mark.parametrize("yaw, pitch, where", [(0, 0, (0, -1, -2)), (90, 0, (2, -1, 0)), (0, 90, (0, -3, 0))],
                         ids=["before", "at the person's left", "above"])  # fmt: skip
def test_yaw_and_pitch_walk_where_they_say(yaw, pitch, where):
    camera = cameras.looking_at(torch.tensor([0.0, -1.0, 0.0]), yaw, pitch, 2.0, 500.0, SIZE)
    assert camera.position.tolist() == pytest.approx(where, abs=1e-5)


@given(yaw=st.floats(-180, 180), pitch=st.floats(-60, 60), roll=st.floats(-30, 30))
def test_rays_meet_the_pixels_they_are_of(yaw, pitch, roll):
    camera = cameras.looking_at(torch.tensor([0.1, -1.0, 0.2]), yaw, pitch, 3.0, 300.0, (24, 16), roll)
    points = camera.position + (2.5 * cameras.rays(camera)).permute(1, 2, 0)
    pixels, depth = cameras.project(camera, points)
    rows, columns = torch.meshgrid(torch.arange(24.0), torch.arange(16.0), indexing="ij")
    error = (pixels - torch.stack([columns, rows], -1)).abs().max()
    assert error < 2e-3, f"rays miss their pixels by {error:.4f} px"
    assert (depth - 2.5).abs().max() < 1e-5
    assert (camera.rotation @ camera.rotation.T - torch.eye(3)).abs().max() < 1e-5


def test_samples_of_odd_place_are_pixel_centres():
    camera = cameras.looking_at(torch.zeros(3), 20.0, 10.0, 3.0, 300.0, SIZE)
    grid = cameras.supersampled(camera)
    pixels, _ = cameras.project(camera, PERSON)
    samples, _ = cameras.project(grid, PERSON)
    assert grid.size == (513, 385)
    assert (samples - (2 * pixels + 1)).abs().max() < 1e-3


def test_scaling_keeps_the_corners():
    camera = cameras.looking_at(torch.zeros(3), 20.0, 10.0, 3.0, 300.0, SIZE)
    double = cameras.scaled(camera, 2.0)
    a, _ = cameras.project(camera, PERSON)
    b, _ = cameras.project(double, PERSON)
    assert double.size == (512, 384)
    assert ((a + 0.5) * 2 - (b + 0.5)).abs().max() < 1e-3


@given(yaw=st.floats(-180, 180), pitch=st.floats(-30, 40), roll=st.floats(-10, 10), mm=st.floats(35, 85))
def test_a_framed_person_touches_the_margin_and_does_not_cross_it(yaw, pitch, roll, mm):
    camera = cameras.framing(PERSON, yaw, pitch, cameras.focal_pixels(mm, SIZE), SIZE, 0.1, roll)
    pixels, depth = cameras.project(camera, PERSON)
    share = (pixels + 0.5) / torch.tensor([192.0, 256.0])
    assert (depth > 0).all()
    assert share.min() > 0.0999 and share.max() < 0.9001
    reach = torch.minimum(share.amin(0) - 0.1, 0.9 - share.amax(0)).abs().min()
    assert reach < 1e-3, f"{reach:.4f} of the frame is left free"


def test_a_part_of_a_person_is_its_top():
    half = cameras.upper_part(PERSON, "half")
    assert len(half) == 4 and half[:, 1].max() == -1.75
    with pytest.raises(ValueError, match="'legs'.*whole, three_quarter, half"):
        cameras.upper_part(PERSON, "legs")


def test_sampled_framings_repeat_by_seed_and_differ_between_seeds():
    assert cameras.sample(generator(3), 5) == cameras.sample(generator(3), 5)
    assert cameras.sample(generator(3), 5) != cameras.sample(generator(4), 5)
    assert len(cameras.sample(generator(), 1)) == 1
    assert {f.yaw for f in cameras.sample(generator(), 4, yaw=33.0)} == {33.0}


@pytest.mark.parametrize("seed", range(6))
def test_no_sampled_camera_stands_under_the_floor_and_all_see_the_part(seed):
    for framing in cameras.sample(generator(seed), 6):
        camera = framing.camera(PERSON, SIZE)
        assert camera.position[1] <= -cameras.LOWEST, framing
        pixels, _ = cameras.project(camera, cameras.upper_part(PERSON, framing.part))
        assert pixels.min() > 0 and (pixels < torch.tensor([192.0, 256.0])).all()


def test_focal_lengths_are_35_mm_equivalents():
    focal = cameras.focal_pixels(cameras.DIAGONAL, (300, 400))
    assert focal == pytest.approx(500.0)
    assert math.isclose(cameras.DIAGONAL, 43.2666, abs_tol=1e-4)
