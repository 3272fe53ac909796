"""Clothes outside of skin, whichever way meshes are wound; what they cover and hide."""

from types import SimpleNamespace

import pytest
import torch

from training.people.cloth import garments
from training.people.cloth.garments import GAP, Surface, neighbours_of, normals_of

MILLIMETRE = 1e-3


def _ball(radius=0.2, rings=24, around=48):
    """Vertices and faces of a closed ball, anticlockwise from outside in x right, y down, z away."""
    polar = torch.linspace(0, torch.pi, rings + 1)[1:-1]
    turn = torch.arange(around) / around * 2 * torch.pi
    level = polar.cos()[:, None].expand(-1, around)
    ring = torch.stack([polar.sin()[:, None] * turn.cos(), level, polar.sin()[:, None] * turn.sin()], -1)
    vertices = torch.cat([ring.reshape(-1, 3), torch.tensor([[0.0, 1, 0], [0, -1.0, 0]])]) * radius
    here = torch.arange((rings - 1) * around).view(rings - 1, around)
    a, b = here[:-1].flatten(), here[:-1].roll(-1, 1).flatten()
    c, d = here[1:].flatten(), here[1:].roll(-1, 1).flatten()
    top, bottom = torch.full((around,), len(ring) * around), torch.full((around,), len(ring) * around + 1)
    faces = [
        torch.stack([a, b, c], 1),
        torch.stack([b, d, c], 1),
        torch.stack([top, here[0].roll(-1), here[0]], 1),
    ]
    return vertices, torch.cat([*faces, torch.stack([bottom, here[-1], here[-1].roll(-1)], 1)])


@pytest.mark.parametrize("wound", [False, True], ids=["one way", "the other"])
def test_normals_point_outwards_however_faces_are_wound(wound):
    vertices, faces = _ball()
    normals = normals_of(vertices, faces.flip(1) if wound else faces)
    outwards = (normals * torch.nn.functional.normalize(vertices, dim=1)).sum(1)
    assert outwards.min() > 0.99


def test_neighbours_share_an_edge():
    faces = torch.tensor([[0, 1, 2], [1, 3, 2]])
    around = neighbours_of(faces, 5)
    assert [sorted(set(row.tolist()) - {i}) for i, row in enumerate(around)] == [
        [1, 2],
        [0, 2, 3],
        [0, 1, 3],
        [1, 2],
        [],
    ]


def test_the_nearest_skin_is_found_by_walking():
    vertices, faces = _ball()
    surface = Surface.of(vertices, faces)
    points = 1.1 * vertices[::7]
    start = torch.roll(torch.arange(len(vertices)), 3)[::7]
    assert (surface.nearest(points, start) == torch.arange(len(vertices))[::7]).float().mean() > 0.98


def test_shrinking_undoes_growing():
    vertices, faces = _ball()
    surface = Surface.of(vertices, faces)
    mask = vertices[:, 1] > 0.05
    assert (surface.grown(mask, 2) & ~mask).any() and (mask & ~surface.shrunk(mask, 2)).any()
    assert not (mask & ~surface.shrunk(surface.grown(mask, 2), 2)).any()


def _fit(vertices, faces, anchor, **more):
    item = SimpleNamespace(kind="top", faces=faces)
    return SimpleNamespace(
        item=item, anchor=anchor, cage=None, covers=torch.ones(len(vertices), dtype=torch.bool), **more
    )


def test_cloth_is_lifted_out_of_the_body():
    vertices, faces = _ball()
    normals = normals_of(vertices, faces)
    cloth = vertices + normals * torch.linspace(-0.01, 0.02, len(vertices))[:, None]
    fit = _fit(vertices, faces, torch.arange(len(vertices)))
    lifted = garments._lifted(cloth, vertices, normals, fit, torch.zeros(len(vertices)))
    height = ((lifted - vertices) * normals).sum(1)
    assert height.min() > GAP - 0.01 * MILLIMETRE
    assert ((lifted - cloth).norm(dim=1)[height > 3 * GAP] == 0).float().mean() > 0.9, (
        "what was outside has moved"
    )


def test_a_second_layer_lies_over_the_first():
    vertices, faces = _ball()
    normals = normals_of(vertices, faces)
    surface = Surface.of(vertices, faces)
    fit = _fit(vertices, faces, torch.arange(len(vertices)))
    none = torch.zeros(len(vertices))
    inner = garments._lifted(vertices + 0.01 * normals, vertices, normals, fit, none)
    thickness = garments._thickened(surface, none, inner, vertices, normals, fit)
    outer = garments._lifted(vertices + 0.005 * normals, vertices, normals, fit, thickness)
    assert ((outer - inner) * normals).sum(1).min() > 0.9 * GAP


def test_what_is_far_inside_is_another_side_and_stays():
    vertices, faces = _ball()
    normals = normals_of(vertices, faces)
    fit = _fit(vertices, faces, torch.arange(len(vertices)))
    through = vertices - 0.3 * normals
    assert torch.equal(garments._lifted(through, vertices, normals, fit, torch.zeros(len(vertices))), through)


def test_a_spread_push_is_nowhere_less():
    vertices, faces = _ball()
    lack = torch.zeros(len(vertices))
    lack[100] = 0.02
    spread = garments._spread(lack, faces)
    assert (spread >= lack).all() and (spread > 0).sum() > 10 and spread.max() == lack.max()


def test_an_unknown_item_is_named(kit):
    with pytest.raises(KeyError, match="no item spacesuit"):
        garments.wardrobe(kit).fit("spacesuit")


def test_clothes_of_the_kit_lie_outside_of_the_skin(kit):
    room = garments.wardrobe(kit)
    body, _ = kit.body(kit.shape_coefficients({"gender": 0.0, "weight": 0.9, "age": 0.7}))
    on = garments.dressed(room, body, ("male_casualsuit02.bottom", "male_casualsuit02.top"))
    normals = normals_of(body, kit.faces)
    for fit, placed in zip(on.fits, on.vertices, strict=True):
        height = ((placed - body[fit.anchor]) * normals[fit.anchor]).sum(1)
        inside = (height < GAP - MILLIMETRE) & (height > -garments.MOST)
        assert inside.float().mean() < 0.001, f"{fit.item.id}: {inside.float().mean():.2%} of it in the skin"


def test_what_is_closed_is_covered(kit):
    room = garments.wardrobe(kit)
    for name in ("male_casualsuit02.top", "Tightjeans", "shoes01"):
        fit = room.fit(name)
        own = fit.closed
        assert not (own & ~fit.covers).any() and fit.covers.sum() > 300


def test_hair_above_a_hats_brim_is_hidden():
    turn = torch.arange(32) / 32 * 2 * torch.pi
    rim = torch.stack([0.15 * turn.cos(), -1.6 + 0.02 * turn.cos(), 0.15 * turn.sin()], 1)
    crown = torch.stack([0.1 * turn.cos(), torch.full((32,), -1.75), 0.1 * turn.sin()], 1)
    hair = torch.tensor([[0.0, -1.7, 0.0], [0.0, -1.5, 0.05], [0.1, -1.595, 0.0], [-0.1, -1.595, 0.0]])
    hidden = garments._above_brim(hair, torch.cat([rim, crown]))
    assert hidden.tolist() == [True, False, True, False], "the brim is tilted: lower at the left"
