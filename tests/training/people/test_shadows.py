import math

import pytest
import torch

from training.people.render import cameras, occlusion, render, solids

SIZE = (160, 160)
ABOVE = cameras.looking_at(torch.tensor([0.6, 0.0, 0.6]), 0.0, 89.0, 6.0, 300.0, SIZE)
BLOCK = solids.box((-0.2, -1.0, -0.2), (0.2, -0.001, 0.2), 20)


def shadow(light, mesh=BLOCK, camera=ABOVE, room=None):
    vertices, faces = mesh
    figure = solids.figure(faces, solids.sheet((0.5, 0.5, 0.5)))
    return render.render(figure, vertices, camera, light, room or solids.Room(), 1.0).shadow


def at(picture, x, z, camera=ABOVE, y=0.0):
    """The picture's value over a place of the floor, metres."""
    pixel, _ = cameras.project(camera, torch.tensor([x, y, z]))
    column, row = pixel.round().long().tolist()
    return float(picture[row, column])


def test_a_box_throws_its_shadow_where_geometry_says():
    # Light from -x and -z, 45 degrees high along each: the top edge at height 1 lands 1 m towards +x and +z.
    found = shadow(solids.light(ambient=0.0, key=1.0, towards=(-1.0, -1.0, -1.0), radius=0.001))
    for x, z, expected in (
        (0.6, 0.6, 0.0), (1.15, 1.15, 0.0), (1.25, 1.25, 1.0), (0.9, 0.4, 1.0), (0.7, 0.4, 0.0), (-0.4, -0.4, 1.0),
    ):  # fmt: skip
        assert at(found, x, z) == pytest.approx(expected, abs=0.02), f"floor at x {x}, z {z} metres"


def test_the_shadows_outline_is_where_it_should_be():
    found = shadow(solids.light(ambient=0.0, key=1.0, towards=(-1.0, -1.0, -1.0), radius=0.001))
    rays = cameras.rays(ABOVE)
    points = ABOVE.position[:, None, None] - ABOVE.position[1] / rays[1] * rays
    x, z = points[0], points[2]
    # The shadow is the union of the top, moved 0 to 1 m along (1, 1): |x - z| < 0.4 and both between -0.2 and 1.2.
    margin = torch.stack([0.4 - (x - z).abs(), x + 0.2, z + 0.2, 1.2 - x, 1.2 - z]).amin(0)
    # The map has texels of 1 cm, 1.7 cm long on this floor, and the picture pixels of 2 cm.
    inside, outside = (margin > 0.045) & ((x > 0.25) | (z > 0.25)), margin < -0.045
    assert found[inside].max() < 0.02, "light within the shadow"
    assert found[outside].min() > 0.98, "shadow outside the shadow"


def test_a_wall_takes_the_shadow_too():
    camera = cameras.looking_at(torch.tensor([0.0, -1.0, 1.0]), 0.0, 0.0, 6.0, 300.0, SIZE)
    light = solids.light(ambient=0.0, key=1.0, towards=(-1.0, -0.25, -1.0), radius=0.001)
    found = shadow(light, camera=camera, room=solids.Room(wall=1.0))
    # From the middle of the box 1 m to the wall: 1 m towards +x and 0.25 m down.
    assert at(found, 1.0, 1.0, camera, y=-0.4) == pytest.approx(0.0, abs=0.02)
    assert at(found, 1.0, 1.0, camera, y=-0.9) == pytest.approx(1.0, abs=0.02)
    assert at(found, -1.0, 1.0, camera, y=-0.4) == 1.0


def test_a_larger_key_throws_softer_shadows_that_soften_with_distance():
    def width(radius):
        found = shadow(solids.light(ambient=0.0, key=1.0, towards=(-1.0, -1.0, -1.0), radius=radius))
        return int(((found > 0.1) & (found < 0.9)).sum())

    assert width(0.15) > 2 * width(0.03) > 2 * width(0.001)
    found = shadow(solids.light(ambient=0.0, key=1.0, towards=(-1.0, -1.0, 0.0), radius=0.08))
    soft = (found > 0.1) & (found < 0.9)
    near, far = (int(soft[:, int(c) - 3 : int(c) + 3].sum()) for c in (_column(0.3), _column(1.0)))
    assert far > 1.5 * near, f"{near} soft pixels at the foot, {far} at the top's shadow"


def _column(x):
    return cameras.project(ABOVE, torch.tensor([x, 0.0, 0.0]))[0][0]


def test_the_factor_is_what_light_is_left():
    # A surface under ambient radiance 1 gets pi, from the key 2 cos: the shadow leaves pi / (pi + 2 cos).
    light = solids.light(ambient=1.0, key=2.0, towards=(-1.0, -1.0, -1.0), radius=0.001)
    found = shadow(light)
    left = math.pi / (math.pi + 2.0 / math.sqrt(3))
    open_sky = 1 - (1 - at(found, 1.1, 1.1)) / (1 - left)
    assert abs(open_sky) < 0.1, "the far end of the shadow"
    assert found.min() >= 0 and found.max() <= 1


def test_no_key_no_cast_shadow_but_contact():
    found = shadow(solids.light(ambient=1.0))
    assert at(found, 0.24, 0.0) < 0.75 < 0.9 < at(found, 1.2, 0.0)
    assert at(found, 0.24, 0.0) < at(found, 0.35, 0.0) < at(found, 0.6, 0.0)


def test_the_body_shadows_itself():
    vertices, faces = solids.sphere(0.3, (0.0, -0.31, 0.0))
    roof, roof_faces = solids.box((-0.8, -1.6, -0.8), (0.8, -1.5, 0.8))
    figure = solids.figure(torch.cat([faces, roof_faces + len(vertices)]), solids.sheet((0.5, 0.5, 0.5)))
    light = solids.light(ambient=0.0, key=1.0, towards=(0.0, -1.0, -0.1))
    camera = cameras.looking_at(torch.tensor([0.0, -0.31, 0.0]), 0.0, 10.0, 3.0, 300.0, SIZE)
    view = render.render(figure, torch.cat([vertices, roof]), camera, light, solids.Room(), 1.0)
    assert view.shading[:, (view.face >= 0) & (view.face < len(faces))].max() < 0.01
    alone = render.render(solids.figure(faces, figure.sheets[0]), vertices, camera, light, solids.Room(), 1.0)
    assert alone.shading.max() > 0.3


@pytest.mark.parametrize("towards", [(0.0, -1.0, -0.1), (-0.9, -0.3, -0.4), (0.3, -0.5, 0.9)])
def test_a_convex_body_does_not_shadow_what_faces_the_key(towards):
    vertices, faces = solids.sphere(0.5, (0.0, -1.0, 0.0))
    light = solids.light(ambient=0.0, key=math.pi, towards=towards, radius=0.05)
    camera = cameras.looking_at(torch.tensor([0.0, -1.0, 0.0]), 20.0, 20.0, 3.0, 300.0, SIZE)
    view = render.render(
        solids.figure(faces, solids.sheet((1.0, 1.0, 1.0))), vertices, camera, light, solids.Room(), 1.0
    )
    normals = torch.einsum("ij,ihw->jhw", camera.rotation, view.normal)
    cosine = torch.einsum("chw,c->hw", normals, light.key_direction)
    error = (view.shading[0] - cosine.clamp(min=0)).abs()[(view.face >= 0) & ((cosine > 0.12) | (cosine < 0))]
    assert error.max() < 0.03, f"acne or leaks of {error.max():.3f}"


def test_convex_bodies_are_open_and_a_gap_between_two_is_not():
    ball, _ = solids.sphere(0.3, (0.0, -1.0, 0.0), 64, 128)
    normals = torch.nn.functional.normalize(ball - torch.tensor([0.0, -1.0, 0.0]), dim=1)
    assert occlusion.Volume.of(ball).openness(ball, normals).min() == 1.0
    pair = torch.cat([ball, ball + torch.tensor([0.66, 0.0, 0.0])])
    found = occlusion.Volume.of(pair).openness(ball, normals)
    gap, back = normals[:, 0] > 0.95, normals[:, 0] < -0.5
    assert found[gap].max() < 0.85 and found[gap].mean() < 0.75 and found[back].min() == 1.0


def test_a_plate_hides_of_the_sky_what_its_form_factor_says():
    # A disc of radius r at height h over a floor point hides r^2 / (r^2 + h^2) (Howell, A catalog of radiation heat
    # transfer configuration factors, section B-5, unit element to coaxial disc).
    radius, height = 0.35, 0.75
    turn = torch.rand(20_000, generator=torch.Generator().manual_seed(0)) * 2 * math.pi
    away = radius * torch.rand(20_000, generator=torch.Generator().manual_seed(1)).sqrt()
    disc = torch.stack([away * turn.cos(), torch.full_like(away, -height), away * turn.sin()], 1)
    up = torch.tensor([0.0, -1.0, 0.0])
    found = occlusion.Footprint.of(disc, up, 0.0).at(torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
    exact = radius**2 / (radius**2 + height**2) * occlusion.MOST_HIDDEN
    assert float(found[0]) == pytest.approx(exact, rel=0.25)
    assert found[1] < 0.3 * found[0]


def test_a_steep_surface_does_not_shadow_itself_within_a_penumbra():
    # Light from straight above; a board 60 degrees steep; over it a plate that ends at x = 0 hides half of a wide key.
    board, faces = solids.quad((-0.6, -0.4, 0.1), (0.0, -0.7, 0.4), (1.2, 0.0, 0.0))
    plate, plate_faces = solids.box((-0.9, -1.9, -0.5), (0.0, -1.85, 1.0))
    figure = solids.figure(torch.cat([faces, plate_faces + 4]), solids.sheet((1.0, 1.0, 1.0)), two_sided=True)
    light = solids.light(ambient=0.0, key=math.pi, towards=(0.0, -1.0, -0.001), radius=0.1)
    camera = cameras.looking_at(torch.tensor([0.0, -0.75, 0.3]), 0.0, 20.0, 4.0, 300.0, SIZE)
    view = render.render(figure, torch.cat([board, plate]), camera, light, solids.Room(), 1.0)
    lighted = view.shading[0, 80] / math.cos(math.atan2(0.7, 0.4))
    row = lighted[view.face[80] >= 0]
    middle = float(row[len(row) // 2 - 2 : len(row) // 2 + 2].mean())
    assert row[-1] == pytest.approx(1.0, abs=0.01) and row[0] < 0.01
    assert middle == pytest.approx(0.5, abs=0.12)
