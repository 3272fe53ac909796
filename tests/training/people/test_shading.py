import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.people.light import environments
from training.people.render import cameras, render, shading, solids
from training.people.scene import MATERIALS, Light

COTTON, SKIN = MATERIALS.index("cotton"), MATERIALS.index("skin")
BALL = solids.sphere(0.5, (0.0, -1.4, 0.0), 96, 192)
CAMERA = cameras.looking_at(torch.tensor([0.0, -1.4, 0.0]), 25.0, 12.0, 3.0, 340.0, (128, 128))


def drawn(light, sheet=None, exposure=1.0, room=None):
    vertices, faces = BALL
    figure = solids.figure(faces, sheet or solids.sheet((1.0, 1.0, 1.0)))
    return render.rendered(figure, vertices, CAMERA, light, room or solids.Room(), exposure)


def inner(view, width=3):
    """Pixels farther from the outline than `width`."""
    person = (view.alpha > 0.999).float()[None, None]
    return -torch.nn.functional.max_pool2d(-person, 2 * width + 1, 1, width)[0, 0] > 0


def sphere_directions(count=200_000):
    """Even directions over the sphere: a golden spiral."""
    i = torch.arange(count, dtype=torch.float64) + 0.5
    y, turn = 1 - 2 * i / count, math.pi * (1 + math.sqrt(5)) * i
    ring = (1 - y * y).sqrt()
    return torch.stack([ring * turn.cos(), y, ring * turn.sin()], 1)


def test_a_white_body_in_even_light_vanishes():
    view = drawn(solids.light(ambient=0.8)).view
    error = (view.shading - 0.8).abs().amax(0)[view.face >= 0].max()
    assert error < 1e-4, f"shading is off by {error:.5f} in a white furnace"


def test_even_radiance_is_pi_times_as_much_irradiance():
    normals = sphere_directions(50).float()
    light = solids.light(ambient=0.7)
    ones = torch.ones(len(normals))
    found = shading.diffuse(normals, torch.full((50,), COTTON), light, ones, ones)
    assert (found - 0.7).abs().max() < 1e-5


@given(st.lists(st.floats(-0.2, 0.2), min_size=8, max_size=8), st.integers(0, 49))
def test_harmonics_give_the_integral_of_what_arrives(terms, which):
    sh = torch.zeros(9, 3, dtype=torch.float64)
    sh[:, 0] = torch.tensor([4.0, *terms], dtype=torch.float64)
    light = Light(sh, torch.tensor([0.0, -1.0, 0.0]).double(), torch.zeros(3).double(), 0.01)
    normal, around = sphere_directions(50)[which], sphere_directions(40_000)
    radiance = environments.sh_basis(around) @ sh[:, 0]
    integral = (radiance * (around @ normal).clamp(min=0)).mean() * 4 * math.pi
    one = torch.ones(1).double()
    found = shading.diffuse(normal[None], torch.tensor([COTTON]), light, one, one)[0, 0] * math.pi
    assert float(found) == pytest.approx(float(integral), abs=2e-3)


def test_a_cosine_lobe_gives_its_irradiance():
    # Of L = max(0, cos t) the surface that faces it gets 2 pi / 3; order 2 holds all but 2.5 % of the peak.
    around = sphere_directions(100_000)
    lobe = around[:, 1].neg().clamp(min=0)
    sh = (environments.sh_basis(around) * lobe[:, None]).mean(0) * 4 * math.pi
    up = torch.tensor([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]).double()
    found = environments.irradiance(sh[:, None].expand(9, 3), up)[:, 0]
    exact = [float((lobe * (around @ n).clamp(min=0)).mean() * 4 * math.pi) for n in up]
    assert exact[0] == pytest.approx(2 * math.pi / 3, abs=1e-3)
    assert found.tolist() == pytest.approx(exact, abs=0.06)


@pytest.mark.parametrize("towards", [(-0.6, -1.0, -0.7), (0.9, -0.3, -0.5), (0.1, -1.0, -0.1)])
def test_the_key_is_found_again_from_the_truth(towards):
    light = solids.light(ambient=0.5, key=2.0, towards=towards)
    light.sh[1] = -0.4
    light.sh[3, 0] = 0.3
    view = drawn(light).view
    normals = torch.einsum("ij,ihw->jhw", CAMERA.rotation, view.normal)[:, view.face >= 0].T
    ambient = environments.irradiance(light.sh, normals) / math.pi
    key = (view.shading[:, view.face >= 0].T - ambient).mean(1)
    lighted = key > 0.15
    fitted = torch.linalg.lstsq(normals[lighted], key[lighted, None]).solution[:, 0]
    angle = math.degrees(math.acos(min(1.0, float(fitted @ light.key_direction / fitted.norm()))))
    assert angle < 1.0, f"the key is {angle:.2f} degrees off"
    assert float(fitted.norm()) == pytest.approx(2.0 / math.pi, rel=0.01)


def test_harmonics_are_found_again_from_the_truth():
    light = solids.light(ambient=1.0)
    light.sh[1:] = torch.linspace(-0.3, 0.3, 24).view(8, 3)
    turned = [(drawn(light).view, CAMERA)]
    for yaw in (120.0, 240.0):
        camera = cameras.looking_at(torch.tensor([0.0, -1.4, 0.0]), yaw, -10.0, 3.0, 340.0, (128, 128))
        vertices, faces = BALL
        figure = solids.figure(faces, solids.sheet((1.0, 1.0, 1.0)))
        turned.append((render.render(figure, vertices, camera, light, solids.Room(), 1.0), camera))
    normals = torch.cat(
        [torch.einsum("ij,ihw->jhw", c.rotation, v.normal)[:, v.face >= 0].T for v, c in turned]
    )
    values = torch.cat([v.shading[:, v.face >= 0].T for v, _ in turned])
    basis = environments.sh_basis(normals) * torch.tensor(environments.LAMBERT) / math.pi
    fitted = torch.linalg.lstsq(basis, values).solution
    assert (fitted - light.sh).abs().max() < 2e-3


def test_the_picture_is_albedo_times_shading_plus_highlight():
    light = solids.light(ambient=0.3, key=1.5)
    shot = drawn(light, solids.sheet((0.6, 0.3, 0.2), "leather", gloss=0.05, roughness=0.4), exposure=0.9)
    view = shot.view
    expected = render.developed(view.albedo * view.shading + shot.highlight, view.exposure)
    error = (expected - view.clean).abs().amax(0)[inner(view)].max()
    assert error < 2 / 255, f"{error * 255:.2f} / 255"
    assert shot.highlight.max() > 0.1


def test_the_highlight_lies_where_the_half_vector_is_the_normal():
    light = solids.light(ambient=0.0, key=1.0)
    shot = drawn(light, solids.sheet((0.0, 0.0, 0.0), "leather", gloss=0.05, roughness=0.2))
    place = int(shot.highlight[0].argmax())
    row, column = divmod(place, 128)
    normal = CAMERA.rotation.T @ shot.view.normal[:, row, column]
    ray = cameras.rays(CAMERA)[:, row, column]
    half = light.key_direction - ray / ray.norm()
    assert float(normal @ half / half.norm()) > math.cos(math.radians(1.5))
    assert drawn(light, solids.sheet((0.0, 0.0, 0.0), "cotton")).highlight.max() == 0


def test_skin_carries_red_past_the_terminator_and_is_lambert_where_it_faces_the_key():
    light = solids.light(ambient=0.0, key=math.pi)
    normals = torch.stack(
        [light.key_direction, torch.linalg.cross(light.key_direction, torch.tensor([1.0, 0, 0]))]
    )
    normals = normals / normals.norm(dim=1, keepdim=True)
    one = torch.ones(2)
    skin = shading.diffuse(normals, torch.tensor([SKIN, SKIN]), light, one, one)
    assert skin[0].tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert skin[1, 0] > skin[1, 1] > skin[1, 2] > 0


@given(st.floats(0, 3.5), st.floats(0.05, 4))
def test_development_has_its_inverse_and_never_clips(value, exposure):
    linear = torch.tensor([value / exposure])
    picture = render.developed(linear, exposure)
    assert 0 <= float(picture) < 1
    if float(picture) < 0.998:
        assert float(render.undeveloped(picture, exposure) * exposure) == pytest.approx(
            value, rel=2e-3, abs=1e-5
        )


def test_development_is_srgb_below_the_knee_and_smooth_at_it():
    known = torch.tensor([0.0, 0.002, 0.18, 0.5])
    assert render.developed(known, 1.0).tolist() == pytest.approx([0, 0.02584, 0.4614, 0.7354], abs=1e-4)
    near = render.developed(torch.tensor([render.KNEE - 1e-3, render.KNEE, render.KNEE + 1e-3]), 1.0)
    assert float((near[2] - near[1]) / (near[1] - near[0])) == pytest.approx(1.0, abs=0.02)
