"""Plates against the camera's own geometry and the light's own arithmetic."""

from math import pi

import pytest
import torch

from training.people.draws import Draw
from training.people.light import environments as around
from training.people.light import lights
from training.people.place import backdrops
from training.people.place.finishes import FINISHES, METRES, SIZE, TEXEL, Tile, finish
from training.people.place.places import Painted, Walled
from training.people.render.cameras import project
from training.people.scene import Camera


def camera(yaw=0.0, pitch=0.1, distance=4.0, size=48):
    """Looks at a point a metre above the floor."""
    turn = torch.linalg.inv(around.turn(yaw))
    c, s = float(torch.cos(torch.tensor(pitch))), float(torch.sin(torch.tensor(pitch)))
    tilt = torch.tensor([[1.0, 0, 0], [0, c, -s], [0, s, c]])
    rotation = tilt @ turn
    position = torch.tensor([0.0, -1.0, 0.0]) - distance * rotation[2]
    return Camera(rotation, position, size * 1.4, ((size - 1) / 2,) * 2, (size, size))


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def made(kind, seed=0, light="softbox"):
    return backdrops.sample(lights.sample(None, seeded(seed), light), seeded(seed + 1), kind)


def bare(kind="room", light="sun", **changes):
    """A room of one albedo, without corners or pools of light."""
    albedo = torch.tensor([0.5, 0.4, 0.3])
    paint = Painted(
        Tile.of(albedo[:, None, None].expand(3, SIZE, SIZE).contiguous()), (0.0, 0.0), 0.3, torch.ones(3)
    )
    values = dict(
        light=lights.sample(None, seeded(4), light).light, kind=kind, half=(3.0, 2.0), yaw=0.2, bend=0.0, ceiling=None,
        skirting=None, floor=paint, wall=paint, pool=(0.0, 0.0, 1e3, 1.0), corner=0.0,
    )  # fmt: skip
    return Walled(**(values | changes)), albedo


@pytest.mark.parametrize("kind", backdrops.KINDS)
def test_every_kind_gives_light_and_the_same_again(kind):
    light = "overcast" if kind in ("environment", "street") else "softbox"
    plates = [made(kind, 3, light).plate(camera()) for _ in range(2)]
    assert plates[0].shape == (3, 48, 48)
    assert bool(torch.isfinite(plates[0]).all()) and float(plates[0].min()) >= 0
    assert torch.equal(*plates)
    assert float(plates[0].max()) > 0.02


@pytest.mark.parametrize("kind", ["environment", "sweep", "room", "street"])
@pytest.mark.parametrize("yaw", [0.0, 0.7])
def test_points_lie_where_the_camera_sees_them(kind, yaw):
    seen, view = made(kind, 2).seen(camera(yaw)), camera(yaw)
    at, depth = project(view, seen.points.permute(1, 2, 0)[seen.receives])
    rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    expected = torch.stack((columns, rows), -1)[seen.receives]
    assert bool(seen.receives.any()) and float(depth.min()) > 0
    assert float((at - expected).abs().max()) < 0.02, "pixels"


def test_horizon_is_where_a_level_camera_looks():
    seen = made("environment", 0, "overcast").seen(camera(pitch=0.0))
    assert not bool(seen.receives[:24].any()) and bool(seen.receives[26:].all())
    assert torch.allclose(seen.points[1][seen.receives], torch.tensor(0.0), atol=1e-4)


@pytest.mark.parametrize("kind", ["room", "street"])
def test_receivers_are_the_planes_that_are_seen(kind):
    backdrop = made(kind, 5)
    seen = backdrop.seen(camera(0.4))
    points, normals = (plane.permute(1, 2, 0)[seen.receives] for plane in (seen.points, seen.normals))
    off = [
        ((points - torch.tensor(plane.point)) @ torch.tensor(plane.normal)).abs()
        + 10 * (normals - torch.tensor(plane.normal)).norm(dim=1)
        for plane in backdrop.receivers
    ]
    assert float(torch.stack(off).amin(0).max()) < 2e-3, "metres"


@pytest.mark.parametrize("kind", ["sweep", "room", "environment"])
def test_normals_face_the_camera(kind):
    view = camera(0.3)
    seen = made(kind, 7).seen(view)
    towards = view.position[:, None, None] - seen.points
    assert bool(((towards * seen.normals).sum(0) > -1e-3)[seen.receives].all())
    assert torch.allclose(seen.normals.norm(dim=0), torch.tensor(1.0), atol=1e-3)


def test_radiance_is_albedo_times_irradiance_over_pi():
    backdrop, albedo = bare()
    seen = backdrop.seen(camera())
    lit = lights.irradiance(backdrop.light, seen.normals.permute(1, 2, 0)).permute(2, 0, 1)
    assert torch.allclose(seen.radiance, albedo[:, None, None] * lit / pi, rtol=1e-3, atol=1e-5)


def test_two_cameras_see_the_same_place():
    """A sweep's colours seen by one camera, found again by projecting its points into another."""
    backdrop, _ = bare("sweep", "window", half=(3.0, 3.0), bend=1.0, yaw=0.0, pool=(0.5, 0.2, 2.0, 0.4))
    first, view = backdrop.seen(camera(0.0)), camera(0.5)
    second = backdrop.seen(view)
    at, _ = project(view, first.points.permute(1, 2, 0))
    inside = ((at > 1) & (at < 46)).all(-1)
    grid = (at / 47 * 2 - 1)[None]
    again = torch.nn.functional.grid_sample(second.radiance[None], grid, align_corners=True)[0]
    back = torch.nn.functional.grid_sample(second.points[None], grid, align_corners=True)[0]
    same = inside & ((back - first.points).norm(dim=0) < 0.05)
    assert int(same.sum()) > 300
    assert float(((again - first.radiance) / first.radiance)[:, same].abs().median()) < 0.01


def test_sweep_has_no_seam():
    """Brightness from pixel to pixel, as a share of the brightest: a smooth bend against a sharp one."""

    def steepest(bend):
        backdrop, _ = bare("sweep", "window", half=(3.0, 3.0), bend=bend, yaw=0.0)
        column = backdrop.plate(camera(size=192))[1, :, 96]
        return float((column[1:] - column[:-1]).abs().max() / column.max())

    assert steepest(1.2) < 0.04
    assert steepest(0.01) > 0.2


def test_room_seam_is_darker():
    lit, dark = (bare(corner=corner)[0].plate(camera()) for corner in (0.0, 0.5))
    assert float((dark / lit).min()) < 0.75 and float((dark / lit).max()) > 0.95


def test_cut_out_is_white_at_any_exposure_and_takes_no_shadow():
    for seed in range(8):
        setting = lights.sample(None, seeded(seed), "flat")
        seen = backdrops.sample(setting, seeded(seed), "plain").seen(camera())
        assert not bool(seen.receives.any())
        assert float(seen.radiance.std((1, 2)).max()) == 0
    whites = [
        float(backdrops.sample(lights.sample(None, seeded(s), "flat"), seeded(s), "plain").radiance.min()) > 4
        for s in range(20)
    ]
    assert 5 < sum(whites) < 19


def test_ground_takes_the_colour_of_the_surroundings():
    setting = lights.sample(None, seeded(3), "overcast")
    seen = backdrops.sample(setting, seeded(3), "environment").seen(camera(pitch=0.5, distance=3))
    near = seen.receives & (seen.points.norm(dim=0) < 2)
    ratio = seen.radiance[:, near].mean(1) / setting.ground
    assert bool(((ratio > 0.6) & (ratio < 1.6)).all()), ratio


@pytest.mark.parametrize("name", list(FINISHES))
def test_finishes_repeat_and_keep_their_mean(name):
    tile = finish(name, Draw(seeded(0)))
    at = torch.rand(500, generator=seeded(1)) * METRES
    fine, far = torch.full_like(at, TEXEL / 2), torch.full_like(at, 100.0)
    here, there = tile.at(at, at * 0.7, fine), tile.at(at + METRES, at * 0.7 - METRES, fine)
    assert torch.allclose(here, there, atol=0.02)
    assert torch.allclose(tile.at(at, at, far), tile.mean[:, None].expand(3, 500), atol=0.12)
    assert float(here.min()) >= 0 and float(here.max()) <= 0.95


def test_unknown_names_are_refused():
    setting = lights.sample(None, seeded(0), "flat")
    with pytest.raises(ValueError, match="unknown backdrop moon.*sweep"):
        backdrops.sample(setting, seeded(0), "moon")
    with pytest.raises(ValueError, match="unknown finish lava.*concrete"):
        finish("lava", Draw(seeded(0)))
