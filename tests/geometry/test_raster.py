"""The z-buffer against literal triangles."""

import torch
from repose.pipelines.geometry.raster import rasterise, with_ring, without_cracks


def grid(x0, y0, columns, rows, step, z):
    """A flat sheet of (rows x columns) cells at depth z."""
    y, x = torch.meshgrid(torch.arange(rows + 1), torch.arange(columns + 1), indexing="ij")
    vertices = torch.stack((x0 + x * step, y0 + y * step, torch.full_like(x, z)), -1).reshape(-1, 3).float()
    number = torch.arange(len(vertices)).reshape(rows + 1, columns + 1)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    faces = [torch.stack(corners, -1).reshape(-1, 3) for corners in ((a, b, c), (b, d, c))]
    return vertices, torch.cat(faces)


def test_a_sheet_covers_exactly_its_pixels_and_interpolates_exactly():
    vertices, triangles = grid(2, 3, 4, 5, 7, 0)
    seen = rasterise(vertices, triangles, (50, 40))
    expected = torch.zeros(50, 40, dtype=torch.bool)
    expected[3 : 3 + 35 + 1, 2 : 2 + 28 + 1] = True
    assert torch.equal(seen.covered, expected)
    at = seen.interpolate(triangles, vertices)
    y, x = torch.nonzero(seen.covered, as_tuple=True)
    assert torch.allclose(at[y, x, 0], x.float(), atol=1e-4) and torch.allclose(
        at[y, x, 1], y.float(), atol=1e-4
    )


def test_the_nearer_sheet_hides_the_other():
    near, faces = grid(5, 5, 2, 2, 5, -3)
    far, other = grid(0, 0, 4, 4, 5, 8)
    seen = rasterise(torch.cat((far, near)), torch.cat((other, faces + len(far))), (21, 21))
    depth = seen.interpolate(torch.cat((other, faces + len(far))), torch.cat((far, near)))[..., 2]
    assert torch.allclose(depth[5:16, 5:16], torch.tensor(-3.0)) and float(depth[0, 0]) == 8


def test_a_hole_in_the_nearer_sheet_shows_the_other_and_a_soft_edge_gives_way():
    near, faces = grid(0, 0, 1, 1, 20, -3)
    far, other = grid(0, 0, 1, 1, 20, 8)
    triangles = torch.cat((other, faces + 4))
    for state in (0, 1):
        seen = rasterise(
            torch.cat((far, near)),
            triangles,
            (21, 21),
            lambda number, weights, s=state: torch.where(number >= 2, s, 2),
        )
        assert bool((seen.triangle < 2).all()), state


def test_what_lies_outside_the_picture_is_cut_off():
    vertices, triangles = grid(-30, -30, 20, 20, 4, 0)
    seen = rasterise(vertices, triangles, (16, 16))
    assert bool(seen.covered.all())
    assert not bool(rasterise(vertices + 500, triangles, (16, 16)).covered.any())


def test_degenerate_triangles_show_nothing():
    vertices = torch.tensor([[2.0, 2, 0], [8, 8, 0], [5, 5, 0], [3, 3, 0]])
    assert not bool(rasterise(vertices, torch.tensor([[0, 1, 2], [3, 3, 3]]), (10, 10)).covered.any())


def test_a_large_triangle_spans_many_size_classes():
    vertices = torch.tensor([[0.0, 0, 0], [300, 0, 0], [0, 200, 0]])
    covered = rasterise(vertices, torch.tensor([[0, 1, 2]]), (200, 300)).covered.sum()
    assert abs(int(covered) - 300 * 200 / 2) < 300


def test_a_crack_of_one_pixel_is_closed_and_a_gap_of_two_is_not():
    corners = [
        (0, 0),
        (4, 0),
        (4, 9),
        (0, 9),
        (6, 0),
        (10, 0),
        (10, 9),
        (6, 9),
        (13, 0),
        (16, 0),
        (16, 9),
        (13, 9),
    ]
    vertices = torch.tensor([[*xy, 1.0] for xy in corners])
    triangles = torch.tensor([[i, i + 1, i + 2] for i in (0, 4, 8)] + [[i, i + 2, i + 3] for i in (0, 4, 8)])
    found = rasterise(vertices, triangles, (10, 20))
    closed = without_cracks(found)
    assert not found.covered[:, 5].any() and closed.covered[:, 5].all()
    assert not closed.covered[:, 11:13].any() and not closed.covered[:, 17:].any()
    assert torch.equal(closed.triangle[:, 5], found.triangle[:, 4])
    assert torch.equal(closed.triangle[found.covered], found.triangle[found.covered])


def test_a_ring_shows_what_is_beside_it_and_does_not_reach_round_the_picture():
    vertices = torch.tensor([[-0.5, 2, 1.0], [3, 2, 1.0], [3, 5, 1.0], [-0.5, 5, 1.0]])
    found = rasterise(vertices, torch.tensor([[0, 1, 2], [0, 2, 3]]), (8, 9))
    ringed = with_ring(found)
    assert int(found.covered.sum()) == 16 and int(ringed.covered.sum()) == 16 + 4 + 4 + 4
    assert not bool(ringed.covered[:, 5:].any()), "nothing comes in from the other border"
    assert torch.equal(ringed.triangle[2:6, 4], found.triangle[2:6, 3])
    assert torch.equal(ringed.barycentric[found.covered], found.barycentric[found.covered])
