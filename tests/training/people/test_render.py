import math
from dataclasses import replace

import pytest
import torch

from training.people.render import cameras, occlusion, render, solids
from training.people.scene import MATERIALS, REGIONS

SIZE = (96, 128)
CAMERA = cameras.looking_at(torch.tensor([0.0, -1.0, 0.0]), 0.0, 0.0, 3.0, 150.0, SIZE)
LIGHT = solids.light(ambient=0.6, key=1.5, radius=0.03)
BALL = solids.sphere(0.5, (0.0, -1.0, 0.0))
CLOTH = solids.sheet((0.5, 0.3, 0.2))
TRUTH = ("albedo", "region", "material", "depth", "normal", "face", "barycentric", "uv", "shading")


def ball(camera=CAMERA, sheet=CLOTH, **options):
    vertices, faces = BALL
    return render.rendered(solids.figure(faces, sheet), vertices, camera, LIGHT, solids.Room(), **options)


def test_a_ball_covers_what_its_cone_covers():
    alpha = ball().view.alpha
    expected = math.pi * 150.0**2 * 0.25 / (9 - 0.25)
    assert float(alpha.sum()) == pytest.approx(expected, rel=0.004), "pixels"


def test_shapes_and_kinds():
    view = ball().view
    for name, channels in {
        "rgb": 3,
        "clean": 3,
        "plate": 3,
        "albedo": 3,
        "normal": 3,
        "shading": 3,
        "uv": 2,
        "barycentric": 2,
    }.items():
        assert (
            getattr(view, name).shape == (channels, *SIZE) and getattr(view, name).dtype == torch.float32
        ), name
    for name, kind in {"shadow": torch.float32, "alpha": torch.float32, "depth": torch.float32, "region": torch.uint8,
                       "material": torch.uint8, "face": torch.int32}.items():  # fmt: skip
        assert getattr(view, name).shape == SIZE and getattr(view, name).dtype == kind, name
    assert isinstance(view.exposure, float)


def test_truth_is_of_the_surface_at_pixel_centres():
    view, (vertices, faces) = ball().view, BALL
    person = view.face >= 0
    first, second = view.barycentric[:, person]
    weights = torch.stack([first, second, 1 - first - second], 1)
    points = (vertices[faces[view.face[person].long()]] * weights[..., None]).sum(1)
    pixels, depth = cameras.project(CAMERA, points)
    rows, columns = person.nonzero(as_tuple=True)
    error = (pixels - torch.stack([columns, rows], 1)).abs().max()
    assert error < 2e-3, f"surface points are {error:.4f} px from their pixel's centre"
    assert (depth - view.depth[person]).abs().max() < 1e-4, "metres"
    normals = torch.nn.functional.normalize(points - torch.tensor([0.0, -1.0, 0.0]), dim=1)
    turn = (normals * (view.normal[:, person].T @ CAMERA.rotation)).sum(1).clamp(max=1)
    assert torch.rad2deg(turn.acos()).max() < 3.0, "degrees"
    assert (view.region[person] == REGIONS.index("upper")).all()
    assert (view.material[person] == MATERIALS.index("cotton")).all()
    for name in TRUTH:
        empty = -1 if name == "face" else 0
        assert (getattr(view, name)[..., ~person] == empty).all(), name


def test_normals_look_at_the_camera():
    view = ball().view
    away = (view.normal * cameras.rays(CAMERA)).sum(0)[view.face >= 0].max()
    assert away < 1e-3


def test_a_mirrored_scene_gives_the_mirrored_picture():
    # The tent is even around the pixel's centre: neither samples nor truth may lean to one side.
    light = solids.light(ambient=0.6)
    vertices, faces = solids.box((-0.3, -1.4, -0.3), (0.3, -0.6, 0.3))
    figure = solids.figure(faces, CLOTH)
    # Off the samples' grid, so that no edge meets one.
    camera = replace(CAMERA, centre=(63.5, 47.13))
    view = render.render(
        figure, vertices + torch.tensor([0.0, 0.0123, 0.0]), camera, light, solids.Room(), 1.0
    )
    flipped = view.clean.flip(-1)
    difference = (view.clean - flipped).abs().max()
    assert difference < 1e-3, f"{difference * 255:.1f} / 255"
    assert (view.alpha - view.alpha.flip(-1)).abs().max() < 1e-5


def test_half_a_pixel_of_cover_is_half_of_alpha():
    vertices, faces = solids.quad((-0.5 + 0.005, -1.5, 0.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    view = render.render(solids.figure(faces, CLOTH), vertices, CAMERA, LIGHT, solids.Room())
    # 0.02 m are a pixel: the left edge is at 63.5 - 25 + 0.25 px.
    row = view.alpha[48]
    assert row[37] == 0 and row[40] == 1
    assert float(row[38:40].sum()) == pytest.approx(39.5 - 38.75, abs=0.26)


@pytest.mark.parametrize("alpha, cover", [(0.1, 0.0), (0.4, 0.25), (0.6, 0.75), (0.9, 1.0)])
def test_cover_follows_the_sheets_alpha(alpha, cover):
    view = ball(sheet=replace(CLOTH, alpha=torch.full((4, 4), alpha))).view
    assert float(view.alpha[48, 64]) == pytest.approx(cover, abs=1e-6)


def test_a_hole_shows_what_is_behind_in_picture_and_truth():
    vertices, faces = solids.quad((-0.5, -1.5, -0.2), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    uv = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    hole = torch.ones(8, 8)
    hole[2:6, 2:6] = 0.0
    front = solids.figure(faces, replace(CLOTH, alpha=hole), uv, region="outer")
    back = vertices + torch.tensor([0.0, 0.0, 0.3])
    both = replace(
        front, faces=torch.cat([faces, faces + 4]), uv=front.uv.repeat(2, 1, 1), sheet=torch.tensor([0, 0, 1, 1]),
        region=torch.cat([front.region, front.region * 0 + 2]), two_sided=front.two_sided.repeat(2),
        sheets=(*front.sheets, CLOTH),
    )  # fmt: skip
    view = render.render(both, torch.cat([vertices, back]), CAMERA, LIGHT, solids.Room())
    assert int(view.face[48, 64]) >= 2 and int(view.region[48, 64]) == 2
    assert int(view.face[30, 46]) < 2


def test_what_a_hole_is_painted_with_does_not_fringe_its_edge():
    vertices, faces = solids.quad((-0.5, -1.5, 0.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    uv = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    painted = torch.full((3, 64, 64), 0.8)
    alpha = torch.ones(64, 64)
    painted[:, :, 20:41], alpha[:, 20:41] = 0.0, 0.0
    view = render.render(
        solids.figure(faces, replace(CLOTH, albedo=painted, alpha=alpha), uv),
        vertices,
        CAMERA,
        LIGHT,
        solids.Room(),
    )
    seen = view.albedo[0][view.face >= 0]
    assert 0.5 < len(seen) / 2500 < 0.8
    assert seen.min() > 0.75, f"albedo {seen.min():.2f} beside the hole, 0.8 on the sheet"


def test_a_normal_map_turns_normals_the_way_it_says():
    # A quad whose v runs down the picture and u to the right; the map leans to +u and against v (up).
    vertices, faces = solids.quad((-0.5, -1.5, 0.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    uv = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    leaning = torch.tensor([0.3, 0.4, math.sqrt(0.75)]).view(3, 1, 1).repeat(1, 4, 4)
    view = render.render(
        solids.figure(faces, replace(CLOTH, normal=leaning), uv), vertices, CAMERA, LIGHT, solids.Room()
    )
    assert view.normal[:, 48, 64].tolist() == pytest.approx([0.3, -0.4, -math.sqrt(0.75)], abs=1e-4)
    assert view.uv[:, 48, 64].tolist() == pytest.approx([0.51, 0.51], abs=0.02)


def test_fine_sheets_are_averaged_not_aliased():
    checks = (torch.arange(512)[:, None] + torch.arange(512)) % 2
    fine = replace(CLOTH, albedo=checks.float().expand(3, 512, 512).contiguous())
    vertices, faces = solids.quad((-0.5, -1.5, 0.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    uv = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    view = render.render(solids.figure(faces, fine, uv), vertices, CAMERA, LIGHT, solids.Room())
    assert (view.albedo[:, 30:60, 50:70] - 0.5).abs().max() < 0.01


def test_the_same_picture_twice_and_with_any_number_of_threads():
    first = ball().view
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        second = ball().view
    finally:
        torch.set_num_threads(threads)
    for name in ("clean", "shadow", "alpha", *TRUTH):
        assert torch.equal(getattr(first, name), getattr(second, name)), name


def test_every_tensor_is_made_where_the_scene_lies():
    # Whatever is made without naming a device lands on "meta" here and cannot meet the scene's tensors.
    vertices, faces = BALL
    worn = replace(CLOTH, alpha=torch.ones(4, 4), normal=torch.eye(3)[2].view(3, 1, 1).repeat(1, 4, 4))
    figure = solids.figure(faces, worn, two_sided=True, region="hair")
    whole = render.rendered(figure, vertices, CAMERA, LIGHT, solids.Room())
    occlusion._kernels.cache_clear()
    torch.set_default_device("meta")
    try:
        shot = render.rendered(figure, vertices, CAMERA, LIGHT, solids.Room())
        seen = render.visible(shot, vertices)
    finally:
        torch.set_default_device(None)
        occlusion._kernels.cache_clear()
    assert torch.equal(shot.view.clean, whole.view.clean)
    assert seen.device == vertices.device
    assert {getattr(shot.view, name).device.type for name in ("rgb", "shadow", *TRUTH)} == {"cpu"}


def nobody(view):
    empty = view.alpha.max() == 0 and view.face.max() == -1 and view.depth.max() == 0
    return bool(empty) and torch.isfinite(view.clean).all() and view.exposure > 0


def test_an_empty_figure_gives_the_plate():
    figure = solids.figure(torch.zeros(0, 3, dtype=torch.int64), CLOTH)
    view = render.render(figure, torch.zeros(0, 3), CAMERA, LIGHT, solids.Room())
    assert nobody(view) and torch.equal(view.clean, view.plate) and view.shadow.min() == 1


@pytest.mark.parametrize("shift", [(50.0, 0.0, 0.0), (0.0, 0.0, -20.0)], ids=["beside", "behind the camera"])
def test_a_person_out_of_view_gives_the_plate(shift):
    vertices, faces = BALL
    view = render.render(
        solids.figure(faces, CLOTH), vertices + torch.tensor(shift), CAMERA, LIGHT, solids.Room()
    )
    assert nobody(view)


def test_a_person_cut_by_the_frame_is_the_middle_of_the_whole():
    camera = replace(CAMERA, size=(40, 48), centre=(63.5 - 50, 47.5 - 20))
    whole, part = ball(exposure=1.0).view, ball(camera, exposure=1.0).view
    for name in TRUTH:
        a, b = getattr(whole, name)[..., 20:60, 50:98], getattr(part, name)
        assert (a.float() - b.float()).abs().max() < 2e-3 or name in ("face", "barycentric"), name
    assert (whole.clean[:, 20:60, 50:98] - part.clean).abs().max() < 2 / 255


def test_exposure_makes_a_white_person_white_and_keeps_dark_skin_dark():
    light, dark = (
        ball(sheet=solids.sheet((1.0, 1.0, 1.0))).view,
        ball(sheet=solids.sheet((0.05, 0.04, 0.03))).view,
    )
    assert light.exposure == pytest.approx(dark.exposure)
    assert 0.7 < float(light.clean[:, light.face >= 0].quantile(0.75)) < 0.95
    assert float(dark.clean[:, dark.face >= 0].quantile(0.75)) < 0.3


def test_a_glaring_background_does_not_eat_the_outline():
    vertices, faces = BALL
    view = render.render(
        solids.figure(faces, CLOTH), vertices, CAMERA, LIGHT, solids.Room(radiance=50.0), 1.0
    )
    half = (view.alpha > 0.35) & (view.alpha < 0.7)
    mixed = torch.einsum("c,chw->hw", torch.full((3,), 1 / 3), view.clean)[half]
    assert half.sum() > 20 and view.plate.min() > 0.999
    assert mixed.max() < 0.93, "edges in front of a lamp are as white as the lamp"


def test_bad_vertices_are_named():
    vertices, faces = BALL
    figure = solids.figure(faces, CLOTH)
    with pytest.raises(ValueError, match=r"4514 vertices.*\(100, 3\)"):
        render.render(figure, vertices[:100], CAMERA, LIGHT, solids.Room())
    with pytest.raises(ValueError, match="not finite.*pose"):
        render.render(figure, vertices * torch.nan, CAMERA, LIGHT, solids.Room())


def test_a_picture_knows_what_it_saw():
    shot, vertices = ball(), BALL[0]
    centre = torch.tensor([0.0, -1.0, 0.0])
    outward = torch.nn.functional.normalize(vertices - centre, dim=1)
    towards = torch.nn.functional.normalize(CAMERA.position - vertices, dim=1)
    facing = (outward * towards).sum(1)
    seen = render.visible(shot, vertices)
    assert seen[facing > 0.3].all() and not seen[facing < -0.15].any()
    assert not render.visible(shot, vertices, outward)[facing < 0].any()
    assert not render.visible(shot, vertices + torch.tensor([9.0, 0.0, 0.0])).any()
