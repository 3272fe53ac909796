"""Cloth round both legs: outside of them, no longer and no shorter than it is."""

import numpy as np
import pytest
import torch

from pipelines.geometry import rotation
from training.lifter.heldout import library_frames
from training.people.body.bodies import signed_alike, skinned
from training.people.body.volumes import CORE, LEGS, Volumes
from training.people.cloth import skirts
from training.people.cloth.skirts import COLUMNS, MARGIN, ROWS, Cage, Hanging, hangs

from .stick import limb_skin, rest_frames, stick_body, tube

MILLIMETRE = 1e-3


@pytest.fixture(scope="module")
def body():
    return stick_body()


@pytest.fixture(scope="module")
def worn(body):
    """A straight skirt of 22 cm radius from the waist to the knee: vertices, faces, weights, and its hanging."""
    vertices, faces = tube((0.0, -1.0, 0.0), (0.0, -0.5, 0.0), 0.22, rings=30, around=48)
    weights = torch.zeros(len(vertices), len(body.rig.segments))
    weights[:, body.rig.index("pelvis")] = 1
    hips = torch.stack([body.head("upperleg01.L"), body.head("upperleg01.R")])
    legs = Volumes.of(LEGS, body, *limb_skin(body))
    return vertices, faces, weights, Hanging.of(Cage.of(vertices, hips), body, legs, vertices)


def _posed(body, worn, frames, floor=1.0):
    vertices, _, weights, hanging = worn
    motion = body.moved(frames)
    table = signed_alike(body.rig, motion.table())
    carried, _ = skinned(vertices, weights, table)
    return hanging.posed(carried, motion, table, floor), motion, hanging


def test_a_tube_round_both_legs_hangs_and_trousers_do_not(body):
    skirt = tube((0.0, -1.0, 0.0), (0.0, -0.4, 0.0), 0.25)
    assert hangs(*skirt, hips=-0.9)
    left, faces = tube((0.12, -0.9, 0.0), (0.12, -0.1, 0.0), 0.08)
    right, _ = tube((-0.12, -0.9, 0.0), (-0.12, -0.1, 0.0), 0.08)
    assert not hangs(torch.cat([left, right]), torch.cat([faces, faces + len(left)]), hips=-0.9)


def test_shares_and_kernel_are_means(worn):
    cage = worn[3].cage
    assert torch.allclose(cage.shares.sum(1), torch.ones(len(cage.own)), atol=1e-5)
    assert torch.allclose(cage.kernel.sum(1), torch.ones(ROWS * COLUMNS), atol=1e-4)
    assert cage.cells.min() >= 0 and cage.cells.max() < ROWS * COLUMNS


def test_at_rest_it_stays_as_it_is(body, worn):
    moved, _, _ = _posed(body, worn, rest_frames(body))
    apart = (moved - worn[0]).norm(dim=1)
    assert apart.max() < 15 * MILLIMETRE, f"{apart.max() * 1000:.1f} mm"


@pytest.mark.parametrize(
    "name", ["movement/walking", "movement/running", "movement/dance lunge", "seated/seated"]
)
def test_no_leg_cuts_through(body, worn, name):
    moved, motion, hanging = _posed(body, worn, library_frames(name))
    low = moved[hanging.cage.own[hanging.cage.hung > 0.99]]
    inside = (hanging.legs.pushed(low, motion, 0.0) - low).norm(dim=1)
    assert inside.max() < 6 * MILLIMETRE, f"{inside.max() * 1000:.1f} mm inside a leg"


def test_it_does_not_split_between_striding_legs(body, worn):
    moved, _, hanging = _posed(body, worn, library_frames("movement/walking"))
    edges = worn[1][:, :2]
    before = (worn[0][edges[:, 0]] - worn[0][edges[:, 1]]).norm(dim=1)
    after = (moved[edges[:, 0]] - moved[edges[:, 1]]).norm(dim=1)
    stretch = (after / before).quantile(0.99)
    assert stretch < 1.6, f"stretched {stretch:.2f} times"


def test_strands_keep_their_length():
    nodes = torch.randn(ROWS, COLUMNS, 3, generator=torch.Generator().manual_seed(0))
    drop = torch.full((ROWS - 1, COLUMNS), 0.05)
    straight = skirts._strands(nodes, drop)
    assert torch.allclose((straight[1:] - straight[:-1]).norm(dim=-1), drop, atol=1e-5)
    assert torch.equal(straight[0], nodes[0])


def test_nothing_hangs_below_the_floor(body, worn):
    frames = library_frames("seated/on the floor")
    floor = -0.75
    moved, _, hanging = _posed(body, worn, frames, floor)
    low = moved[hanging.cage.own[hanging.cage.hung > 0.99], 1].max()
    assert low < floor + 30 * MILLIMETRE, f"{(low - floor) * 1000:.0f} mm below the floor"


def test_a_leaning_person_skirt_hangs_down(body, worn):
    lean = rotation.about([1.0, 0, 0], np.radians(20))
    frames = rest_frames(body)
    legs = ("hip", "knee", "ankle")
    frames = {j: f if j.endswith(legs) else lean @ f for j, f in frames.items()}
    moved, _, hanging = _posed(body, worn, frames)
    nodes = hanging.cage.nodes(moved)
    strand = torch.nn.functional.normalize((nodes[-1] - nodes[ROWS // 2]).mean(0), dim=0)
    assert strand[1] > np.cos(np.radians(12)), "the skirt leans with the trunk instead of hanging"


def test_a_tube_pushes_to_its_radius(body):
    legs = Volumes.of(LEGS, body, *limb_skin(body, 0.06))
    motion = body.moved(rest_frames(body))
    middle = (body.head("upperleg01.L") + body.head("lowerleg01.L")) / 2
    point = (middle + torch.tensor([0.01, 0.0, -0.02]))[None]
    out = legs.pushed(point, motion, MARGIN)
    assert abs(float((out[0] - middle)[[0, 2]].norm()) - 0.06 - MARGIN) < 3 * MILLIMETRE
    far = middle[None] + torch.tensor([[0.0, 0.0, -0.2]])
    assert torch.equal(legs.pushed(far, motion, MARGIN), far)


def test_the_core_reaches_from_crotch_to_crown(body):
    core = Volumes.of(CORE, body, *limb_skin(body))
    stop = core.start + core.frame[:, :, 0] * core.length[:, None]
    assert core.start[0, 1] > body.head("upperleg01.L")[1] and stop[-1, 1] < body.head("head")[1]
