import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from training.people.render import cameras, raster, solids

SIZE = (160, 160)
FRONT = cameras.looking_at(torch.tensor([0.0, -1.0, 0.0]), 0.0, 0.0, 3.0, 300.0, SIZE)


def one_sided(faces):
    return torch.zeros(len(faces), dtype=torch.bool)


def hits(corners, size=(64, 64)):
    """How often each sample is covered by triangles (M, 3, 2)."""
    corners = torch.as_tensor(corners, dtype=torch.float32)
    screen = raster.Screen(corners, torch.ones(corners.shape[:2]), torch.arange(len(corners)))
    runs = raster.spans(screen, size)
    run = torch.repeat_interleave(runs.count)
    ahead = torch.arange(len(run)) - (torch.cumsum(runs.count, 0) - runs.count)[run]
    return torch.bincount(runs.place[run] + ahead, minlength=size[0] * size[1]).view(size)


def test_a_sphere_has_the_depth_and_the_outline_that_geometry_says():
    radius, distance = 0.5, 3.0
    vertices, faces = solids.sphere(radius, (0.0, -1.0, 0.0), 160, 320)
    samples = raster.rasterise(FRONT, vertices, faces, one_sided(faces))
    rays = cameras.rays(FRONT).permute(1, 2, 0).double()
    a, b = rays.square().sum(-1), rays[..., 2] * distance
    inside = b**2 - a * (distance**2 - radius**2)
    depth = (b - inside.clamp(min=0).sqrt()) / a
    seen = samples.filled(torch.ones_like(samples.depth)) > 0
    expected = math.pi * 300.0**2 * radius**2 / (distance**2 - radius**2)
    assert abs(int(seen.sum()) - expected) < 0.004 * expected, (
        f"{int(seen.sum())} samples, {expected:.0f} by the cone"
    )
    clear = seen & (inside > 0.05)
    error = (samples.filled(samples.depth) - depth)[clear].abs().max()
    assert error < 3e-4, f"depth is off by {error * 1000:.2f} mm"


def test_a_slanted_plane_has_perspective_uv():
    vertices, faces = solids.quad((-1.5, -0.2, -1.2), (3.0, 0.0, 2.0), (0.0, -1.6, 0.6))
    samples = raster.rasterise(FRONT, vertices, faces, torch.ones(2, dtype=torch.bool))
    uv = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])[faces[samples.face]]
    uv = (uv * samples.weights[..., None]).sum(1).double()
    ray = cameras.rays(FRONT).flatten(1).T[samples.place].double()
    first, second = (vertices[i].double() - vertices[0].double() for i in (1, 3))
    away = vertices[0].double() - FRONT.position.double()
    # depth * ray = away + u first + v second
    system = torch.stack([-first.expand_as(ray), -second.expand_as(ray), ray], -1)
    u, v, depth = torch.linalg.solve(system, away.expand_as(ray)).unbind(-1)
    assert len(samples.place) > 5000
    assert (uv - torch.stack([u, v], -1)).abs().max() < 1e-4
    assert (samples.depth - depth).abs().max() < 1e-4, "metres"


@given(angle=st.floats(0, 6.3), spokes=st.integers(3, 24), x=st.floats(20, 44), y=st.floats(20, 44))
@settings(max_examples=60)
def test_a_fan_covers_its_disc_once_and_without_holes(angle, spokes, x, y):
    turns = angle + torch.arange(spokes) * (2 * math.pi / spokes)
    rim = torch.stack([x + 17 * turns.cos(), y + 17 * turns.sin()], 1)
    hub = torch.tensor([[x + 1.5, y - 2.25]]).expand_as(rim)
    found = hits(torch.stack([hub, rim, rim.roll(-1, 0)], 1))
    grid = torch.stack(torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="xy"), -1)
    edge, to = (rim.roll(-1, 0) - rim).double(), (grid[:, :, None] - rim).double()
    side = (edge[:, 0] * to[..., 1] - edge[:, 1] * to[..., 0]) / edge.norm(dim=1)
    inside, outside = (side > 1e-4).all(-1), (side < -1e-4).any(-1)
    assert (found[inside] == 1).all(), "a hole or a double hit within the fan"
    assert (found[outside] == 0).all(), "a hit outside the fan"


def test_samples_on_shared_edges_are_hit_once():
    # Corners and edges exactly on samples: the hardest case for a fill rule.
    square = torch.tensor([[10.0, 10.0], [30.0, 10.0], [30.0, 30.0], [10.0, 30.0]])
    found = hits(torch.stack([square[[0, 1, 2]], square[[0, 2, 3]]]))
    assert int(found.sum()) == 400 and int(found.max()) == 1
    around = hits(
        torch.stack(
            [torch.stack([torch.tensor([20.0, 20.0]), square[i], square[(i + 1) % 4]]) for i in range(4)]
        )
    )
    assert torch.equal(around, found)


@given(angle=st.floats(0, 1.57), side=st.floats(8, 30))
@settings(max_examples=40)
def test_a_turned_square_has_as_many_samples_as_its_area_on_average(angle, side):
    c, s = math.cos(angle) * side / 2, math.sin(angle) * side / 2
    square = torch.tensor([[c - s, s + c], [-s - c, c - s], [s - c, -c - s], [c + s, s - c]])
    area = 0.0
    for k in range(16):
        moved = square + torch.tensor([32 + (k % 4) / 4 + 0.03, 32 + (k // 4) / 4 + 0.07])
        area += float(hits(torch.stack([moved[[0, 1, 2]], moved[[0, 2, 3]]])).sum()) / 16
    assert area == pytest.approx(side**2, abs=0.6 * side), f"{area:.1f} samples for {side**2:.1f}"


def test_a_closed_sphere_has_no_holes():
    vertices, faces = solids.sphere(0.5, (0.0, -1.0, 0.0), 37, 53)
    samples = raster.rasterise(FRONT, vertices, faces, one_sided(faces))
    seen = samples.filled(torch.ones_like(samples.depth)) > 0
    for row in seen[seen.any(1)]:
        at = row.nonzero()[:, 0]
        assert len(at) == int(at[-1] - at[0]) + 1, "a hole inside the outline"


def test_the_nearest_wins_and_equal_depths_go_to_the_lower_face():
    near, faces = solids.quad((-0.3, -0.7, 0.0), (0.6, 0.0, 0.0), (0.0, -0.6, 0.0))
    far = near + torch.tensor([0.05, 0.0, 0.3])
    both = torch.cat([faces + 4, faces])
    samples = raster.rasterise(FRONT, torch.cat([near, far]), both, torch.ones(4, dtype=torch.bool))
    middle = samples.filled(samples.face, -1)[80, 80]
    assert int(middle) in (2, 3) and float(samples.filled(samples.depth)[80, 80]) == pytest.approx(
        3.0, abs=1e-5
    )
    twice = raster.rasterise(FRONT, near, torch.cat([faces, faces]), torch.ones(4, dtype=torch.bool))
    assert int(twice.face.max()) <= 1


def test_solids_face_outwards():
    for vertices, faces in (solids.sphere(1.0, (0.0, 0.0, 0.0)), solids.box((-1, -1, -1), (1, 1, 1))):
        assert torch.linalg.det(vertices[faces].double()).sum() > 0


def test_backs_are_seen_only_of_two_sided_faces():
    # first x second is +z, away from the camera: its back is seen.
    vertices, faces = solids.quad((-0.3, -1.3, 0.0), (0.6, 0.0, 0.0), (0.0, 0.6, 0.0))
    for turned, two_sided, seen in ((faces.flip(1), False, 3600), (faces, False, 0), (faces, True, 3600)):
        found = raster.rasterise(FRONT, vertices, turned, torch.full((2,), two_sided))
        assert len(found.place) == seen


def test_what_is_behind_or_through_the_camera_is_not_drawn():
    behind, faces = solids.sphere(0.3, (0.0, -1.0, -6.0))
    assert len(raster.rasterise(FRONT, behind, faces, one_sided(faces)).place) == 0
    through, faces = solids.quad((-0.3, -0.7, -5.0), (0.6, 0.0, 0.0), (0.0, -0.1, 6.0))
    found = raster.rasterise(FRONT, through, faces, torch.ones(2, dtype=torch.bool))
    assert torch.isfinite(found.depth).all()
    beside, faces = solids.sphere(0.3, (9.0, -1.0, 0.0))
    assert len(raster.rasterise(FRONT, beside, faces, one_sided(faces)).place) == 0


def test_no_faces_give_no_samples():
    found = raster.rasterise(
        FRONT, torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.int64), torch.zeros(0, dtype=torch.bool)
    )
    assert len(found.place) == 0 and found.filled(found.depth).shape == SIZE


def test_pieces_of_work_do_not_change_the_picture(monkeypatch):
    vertices, faces = solids.sphere(0.5, (0.1, -1.1, 0.0))
    whole = raster.rasterise(FRONT, vertices, faces, one_sided(faces))
    monkeypatch.setattr(raster, "CHUNK", 700)
    parts = raster.rasterise(FRONT, vertices, faces, one_sided(faces))
    assert torch.equal(whole.place, parts.place) and torch.equal(whole.face, parts.face)


def test_holes_let_what_is_behind_through():
    near, faces = solids.quad((-0.3, -0.7, 0.0), (0.6, 0.0, 0.0), (0.0, -0.6, 0.0))
    far = near + torch.tensor([0.0, 0.0, 0.3])
    screen = raster.on_screen(
        FRONT, torch.cat([near, far]), torch.cat([faces, faces + 4]), torch.ones(4, dtype=torch.bool)
    )
    left = raster.nearest_of(screen, SIZE, lambda face, place: place % 160 < 80, screen.face < 2)
    face = left.filled(left.face, -1)
    assert int(face[80, 70]) < 2 <= int(face[80, 90])


def test_parallel_light_sees_the_least_z():
    vertices, faces = solids.box((1.0, 1.0, 2.0), (2.0, 3.0, 5.0))
    depth = raster.depth_along(vertices, faces, torch.ones(len(faces), dtype=torch.bool), 10.0, (40, 40))
    assert depth[20, 15] == 2.0 and torch.isinf(depth[5, 5])
    assert int(torch.isfinite(depth).sum()) == 10 * 20
