"""The correspondence against a ray caster of our own: a two-bone tube, bent two ways, seen by two cameras."""

import math
from types import SimpleNamespace

import pytest
import torch

from training.people.scene import Camera, Figure
from training.people.truth.correspondence import between, seen

RINGS, ROUND = 24, 20
SIZE = 96


def tube(bend: float, turn: float) -> torch.Tensor:
    """(N, 3) a tube of radius 12 cm along y, its upper half bent by `bend` degrees, all of it turned about y."""
    height = torch.linspace(0, -1.2, RINGS)[:, None]
    way = torch.arange(ROUND) * (2 * math.pi / ROUND)
    radius = torch.where((height > -1.19) & (height < -0.01), 0.12, 0.02)
    ring = torch.stack([radius * way.cos(), height.expand(-1, ROUND), radius * way.sin()], -1).reshape(-1, 3)
    share = ((-ring[:, 1] - 0.5) / 0.2).clamp(0, 1) * math.radians(bend)
    y, z = ring[:, 1] + 0.6, ring[:, 2]
    bent = torch.stack(
        [ring[:, 0], y * share.cos() - z * share.sin() - 0.6, y * share.sin() + z * share.cos()], -1
    )
    a = math.radians(turn)
    about = torch.tensor([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    return bent @ about.T


def figure() -> Figure:
    ring, step = torch.arange(RINGS - 1)[:, None] * ROUND, torch.arange(ROUND)
    a, b = (ring + step).flatten(), (ring + (step + 1) % ROUND).flatten()
    faces = torch.cat([torch.stack([a, b, b + ROUND], -1), torch.stack([a, b + ROUND, a + ROUND], -1)])
    n = len(faces)
    flat = torch.zeros(n, dtype=torch.int64)
    return Figure(faces, torch.zeros(n, 3, 2), flat, flat.byte(), flat.bool(), ())


def camera(aside: float = 0.0, focal: float = 150.0) -> Camera:
    return Camera(
        torch.eye(3), torch.tensor([aside, -0.6, -2.2]), focal, ((SIZE - 1) / 2, SIZE / 2), (SIZE, SIZE)
    )


def cast(vertices, faces, origin, directions):
    """Rays (n, 3) from an origin against all triangles (Moller & Trumbore, 1997): depth (n,), face (n,), corner
    weights (n, 3); depth infinite where nothing is hit."""
    corners = vertices[faces]
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = torch.linalg.cross(directions[:, None], e2[None])
    determinant = (p * e1).sum(-1)
    determinant = torch.where(determinant.abs() < 1e-14, torch.inf, determinant)
    from_corner = origin - corners[:, 0]
    u = (p * from_corner).sum(-1) / determinant
    q = torch.linalg.cross(from_corner, e1)
    v = (directions[:, None] * q).sum(-1) / determinant
    t = (e2 * q).sum(-1) / determinant
    hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (t > 1e-6)
    t, face = torch.where(hit, t, torch.inf).min(1)
    row = torch.arange(len(t))
    weights = torch.stack([1 - u[row, face] - v[row, face], u[row, face], v[row, face]], -1)
    return t, torch.where(t.isinf(), -1, face), weights


def colours(points: torch.Tensor) -> torch.Tensor:
    """(..., 3) of the tube at rest -> (..., 3): a smooth pattern, waves of a metre and more."""
    x, y, z = points.unbind(-1)
    return torch.stack([0.5 + 0.4 * (5 * x).sin(), 0.5 + 0.4 * (6 * y).cos(), 0.5 + 0.4 * (5 * z).sin()], -1)


def looked(vertices, rest, faces, cam):
    """The truth maps of a view that the correspondence reads, and albedo, as the renderer gives them."""
    height, width = cam.size
    y, x = torch.meshgrid(torch.arange(height).double(), torch.arange(width).double(), indexing="ij")
    rays = torch.stack(
        [(x - cam.centre[0]) / cam.focal, (y - cam.centre[1]) / cam.focal, torch.ones_like(x)], -1
    )
    depth, face, weights = cast(vertices.double(), faces, cam.position.double(), rays.reshape(-1, 3))
    there = (face >= 0)[:, None]
    albedo = colours((rest[faces[face.clamp_min(0)]] * weights[..., None]).sum(1)) * there
    shape = (height, width)
    return SimpleNamespace(
        face=face.reshape(shape).int(),
        barycentric=(weights[:, :2] * there).T.reshape(2, *shape).float(),
        depth=torch.where(there[:, 0], depth, 0.0).reshape(shape).float(),
        albedo=albedo.T.reshape(3, *shape).float(),
    )


@pytest.fixture(scope="module")
def pair():
    body, rest = figure(), tube(0, 0)
    found = {}
    for name, bend, turn, cam in (("a", 10, 0, camera()), ("b", 60, 35, camera(0.15, 165.0))):
        vertices = tube(bend, turn)
        view = looked(vertices, rest, body.faces, cam)
        found[name] = seen(body, vertices, cam, view)
    return body, found["a"], found["b"]


def difference(truth, one, other) -> torch.Tensor:
    """(n,) 8-bit levels between the carried and the target's albedo where all four pixels show the point."""
    levels = (truth.bring(one.view.albedo) - other.view.albedo).abs().amax(0) * 255
    return levels[truth.whole]


def test_the_source_renders_the_target(pair):
    body, a, b = pair
    for one, other in ((a, b), (b, a)):
        truth = between(one, other)
        levels = difference(truth, one, other)
        assert truth.whole.sum() > 0.3 * truth.person.sum()
        assert levels.mean() < 0.5 and (levels < 2).float().mean() > 0.97, f"mean {levels.mean()} of 255"


@pytest.mark.parametrize("wrong", ["flipped", "half a pixel", "swapped"])
def test_a_wrong_correspondence_does_not(pair, wrong):
    body, a, b = pair
    truth = between(a, b)
    moved = truth.source_xy.clone()
    if wrong == "flipped":
        moved[..., 0] = SIZE - 1 - moved[..., 0]
    elif wrong == "half a pixel":
        moved += 0.5
    else:
        moved = moved.flip(-1)
    levels = difference(SimpleNamespace(bring=_moved(truth, moved).bring, whole=truth.whole), a, b)
    assert levels.mean() > 2


def _moved(truth, source_xy):
    from dataclasses import replace

    return replace(truth, source_xy=source_xy)


def test_a_view_of_itself_is_the_identity(pair):
    body, a, _ = pair
    truth = between(a, a)
    y, x = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    error = (truth.source_xy - torch.stack([x, y], -1))[truth.person].abs().max()
    assert error < 2e-3, f"{error} px"
    assert truth.visible[truth.person].all() and not truth.visible[~truth.person].any()
    assert torch.isnan(truth.source_xy[~truth.person]).all()


def test_visible_is_what_a_ray_from_the_source_meets_first(pair):
    body, a, b = pair
    truth = between(a, b)
    row, column = torch.nonzero(truth.person, as_tuple=True)
    share = b.view.barycentric[:, row, column]
    share = torch.stack([share[0], share[1], 1 - share[0] - share[1]], -1)
    points = (a.vertices[body.faces[b.view.face[row, column].long()]] * share[..., None]).sum(1).double()
    way = points - a.camera.position.double()
    reach, *_ = cast(a.vertices.double(), body.faces, a.camera.position.double(), way)
    met = reach > 1 - 1e-4
    told = truth.visible[row, column]
    assert 0.35 < met.double().mean() < 0.95
    wrong = (met != told).double().mean()
    assert wrong < 0.02, f"{wrong:.3f} of the pixels differ from the ray caster"
    # all that differ lie within a pixel of an outline of what the source shows
    assert (met & ~told & ~near_an_edge(a, truth)[row, column]).sum() <= 2
    assert (~met & truth.whole[row, column]).double().mean() < 0.004


def near_an_edge(source, truth):
    """(H, W) bool: within 1.5 pixels of where the source's depth jumps or the person ends."""
    face = source.view.face
    depth = torch.where(face >= 0, source.view.depth, 9.0)[None, None]
    pool = torch.nn.functional.max_pool2d
    jumps = (pool(depth, 5, 1, 2) + pool(-depth, 5, 1, 2))[0, 0] > 0.06
    xy = truth.source_xy.nan_to_num(0).round().long().clamp(0, SIZE - 1)
    return jumps[xy[..., 1], xy[..., 0]]


def test_what_is_outside_the_source_is_not_visible(pair):
    body, a, b = pair
    cut = Camera(a.camera.rotation, a.camera.position, a.camera.focal, a.camera.centre, (50, SIZE))
    rest = tube(0, 0)
    small = seen(body, a.vertices, cut, looked(a.vertices, rest, body.faces, cut))
    truth = between(small, b)
    outside = truth.person & (truth.source_xy[..., 1] > 49.5)
    assert outside.sum() > 100 and not truth.inside[outside].any() and not truth.visible[outside].any()


def test_scores(pair):
    body, a, b = pair
    truth = between(a, b)
    perfect = truth.scored(truth.source_xy, truth.visible.float())
    assert perfect.median == perfect.missing == 0 and perfect.iou == 1
    shifted = truth.scored(truth.source_xy + torch.tensor([3.0, 4.0]), truth.person.float())
    assert shifted.median == pytest.approx(5, abs=1e-4) and shifted.iou < 0.95
    nothing = truth.scored(torch.full_like(truth.source_xy, torch.nan), torch.zeros(SIZE, SIZE))
    assert nothing.missing == 1 and math.isnan(nothing.median) and nothing.iou == 0
    with pytest.raises(ValueError, match="one size"):
        truth.scored(truth.source_xy[:5], truth.visible.float())
