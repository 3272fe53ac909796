"""Cloth that hangs: the cage, its fall, and a drawn person in a pleated skirt."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.cage import COLUMNS, ROWS, Embedding, Tube
from repose.pipelines.geometry.cloth import Fabric, Hanging
from repose.pipelines.geometry.drapery import Drapery
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.motion import bones, motion
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skirt import find_skirt
from repose.pipelines.geometry.volume import build
from repose.pipelines.geometry.warp import look, warp

from . import people

PLEATS = 14


@pytest.fixture(scope="module")
def skeleton():
    return people.standing()


@pytest.fixture(scope="module")
def tube(skeleton):
    """A bell from the hips to below the knees."""
    frame = bones(skeleton)
    hip, knee = frame.start[INDEX["left_thigh"]], frame.end[INDEX["left_thigh"]]
    height = torch.linspace(float(hip[1]) - 8, float(knee[1]) + 20, ROWS)
    down = torch.linspace(0, 1, ROWS)
    middle = torch.tensor([180.0, float(hip[2])]).expand(ROWS, 2)
    return Tube(height, middle, torch.stack((40 + 25 * down, 28 + 22 * down), 1))


@pytest.fixture(scope="module")
def skirted(skeleton):
    """Picture and matte of the drawn person in a bell with PLEATS light and as many dark pleats across its front."""
    picture, matte = people.draw(skeleton)
    y, x = torch.meshgrid(*(torch.arange(n).float() for n in people.CANVAS), indexing="ij")
    frame = bones(skeleton)
    hip, knee = (frame.start[INDEX["left_thigh"]][1], frame.end[INDEX["left_thigh"]][1])
    down = (y - float(hip)) / float(knee - hip)
    across = beside(skeleton, x, y)
    bell = ((across.abs() < 1) & (down > -0.1) & (down < 1.2)).float()
    pleats = 0.5 + 0.3 * torch.sign(torch.sin(across * torch.pi * PLEATS))
    return picture * (1 - bell) + bell * pleats, matte.maximum(bell)


def beside(skeleton, x, y):
    """Where on the bell x, y are: -1 and 1 at its outlines."""
    frame = bones(skeleton)
    hip, knee = (frame.start[INDEX["left_thigh"]][1], frame.end[INDEX["left_thigh"]][1])
    return (x - 180) / ((0.09 + 0.07 * (y - float(hip)) / float(knee - hip)) * people.STATURE)


def length_round(ring):
    return float((ring.roll(-1, 0) - ring).norm(dim=-1).sum())


@pytest.mark.parametrize("name", ["bending", "stiffness"])
def test_a_fabric_out_of_range_is_named(name):
    with pytest.raises(ValueError, match=f"Fabric.{name} is 1.5"):
        Fabric(**{name: 1.5})


def test_what_rides_on_a_cage_moves_as_the_cage_does(tube):
    generator = torch.Generator().manual_seed(3)
    row = torch.rand(200, generator=generator) * (ROWS - 1)
    column = torch.rand(200, generator=generator) * COLUMNS
    points = torch.randn(200, 3, generator=generator) * 40 + torch.tensor([180.0, 300.0, 0.0])
    riding = Embedding.of(tube.nodes, row, column, points)
    assert float((riding.carried(tube.nodes) - points).abs().max()) < 1e-3
    c, s = np.cos(0.7), np.sin(0.7)
    turn = torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]], dtype=torch.float32)
    shift = torch.tensor([5.0, -3.0, 11.0])
    moved = riding.carried(tube.nodes @ turn.T + shift)
    assert float((moved - (points @ turn.T + shift)).abs().max()) < 1e-2


def test_cloth_that_nothing_moves_stays_where_the_photo_has_it(skeleton, tube):
    hanging = Hanging.of(tube.nodes, bones(skeleton), people.STATURE, Fabric())
    assert float((hanging.posed(motion(skeleton, skeleton)) - tube.nodes).abs().max()) < 0.05


@pytest.mark.parametrize(
    "pose",
    ["movement/walking", "movement/walking side", "movement/dance lunge", "seated/seated", "movement/jump"],
)
def test_legs_stay_inside_the_cloth_and_its_hem_a_whole_ring(skeleton, tube, pose):
    hanging = Hanging.of(tube.nodes, bones(skeleton), people.STATURE, Fabric())
    how = motion(skeleton, retarget(skeleton, load_pose(pose)))
    nodes = hanging.posed(how)
    found, _ = hanging.legs.moved(how).gaps(nodes.reshape(-1, 3))
    through = (hanging.gap - found).reshape(ROWS, COLUMNS, 4)[4:]
    assert float(through.max()) < 0.02 * people.STATURE, f"a leg is {float(through.max()):.1f} px through"
    strands = (nodes[1:] - nodes[:-1]).norm(dim=-1).sum(0) / (tube.nodes[1:] - tube.nodes[:-1]).norm(
        dim=-1
    ).sum(0)
    assert float(strands.max()) < 1.2, "a strand is longer than its cloth"
    assert length_round(nodes[-1]) < 1.8 * length_round(tube.nodes[-1])
    sides = (nodes[-1].roll(-1, 0) - nodes[-1]).norm(dim=-1)
    assert float(sides.max()) < 0.1 * length_round(nodes[-1]), "the hem is torn"


def test_cloth_falls_the_same_every_time(skeleton, tube):
    hanging = Hanging.of(tube.nodes, bones(skeleton), people.STATURE, Fabric())
    how = motion(skeleton, retarget(skeleton, load_pose("movement/dance lunge")))
    assert torch.equal(hanging.posed(how), hanging.posed(how))


def test_a_skirt_in_the_same_pose_is_the_photo(skeleton, skirted):
    picture, matte = skirted
    moved = warp(picture, matte, skeleton, skeleton)
    error = (moved.over(picture) - picture).abs().mean(1)[0][matte[0, 0] > 0.99]
    assert float(error.mean()) < 1 / 255 and float(error.quantile(0.99)) < 0.03


@pytest.mark.parametrize("pose", ["movement/walking", "casual/contrapposto", "movement/dance lunge"])
def test_pleats_keep_their_number(skeleton, skirted, pose):
    """On the three quarters of the front that no turn of the hips hides."""
    volume = build(*skirted, skeleton)
    trunk = next(layer for layer in volume.layers if layer.name == "trunk")
    assert trunk.cloth is not None
    target = retarget(skeleton, load_pose(pose))
    moved = look(volume, motion(skeleton, target), people.CANVAS)
    hips = bones(target).start[[INDEX["left_thigh"], INDEX["right_thigh"]]][:, 1].mean()
    row = int(hips + 0.2 * people.STATURE)  # below the hands
    x, y = moved.correspondence.source[row].unbind(-1)
    shown = beside(skeleton, x, y).abs() < 0.75  # NaN, where nobody is, is not
    changes = edges(moved.colour[0, :, row][:, shown].mean(0))
    assert abs(changes - 0.75 * 2 * PLEATS) <= 2, f"{changes / 2:g} pleats of {0.75 * PLEATS:g}"


def edges(brightness):
    """How often it changes from light to dark or back."""
    light = brightness > 0.5
    return int((light[1:] != light[:-1]).sum())


def test_between_the_legs_of_a_lunge_there_is_cloth(skeleton, skirted):
    target = retarget(skeleton, load_pose("movement/dance lunge"))
    moved = warp(*skirted, skeleton, target)
    frame = bones(target)
    left, right = (
        frame.start[INDEX[f"{side}_thigh"]] * 0.35 + frame.end[INDEX[f"{side}_thigh"]] * 0.65
        for side in ("left", "right")
    )
    y = int((left[1] + right[1]) / 2)
    across = moved.alpha[0, 0, y, int(min(left[0], right[0])) : int(max(left[0], right[0]))]
    assert float(across.min()) > 0.9


def test_who_wears_trousers_never_meets_cloth(skeleton, monkeypatch):
    """Without a skirt nothing of this is run, so that nothing of it can change a pixel."""

    def refuse(*_):
        raise AssertionError("cloth was asked for")

    for name in ("of", "hung", "opened", "opens", "shade"):
        monkeypatch.setattr(Drapery, name, refuse)
    picture, matte = people.draw(skeleton)
    volume = build(picture, matte, skeleton)
    assert all(layer.cloth is None for layer in volume.layers)
    look(volume, motion(skeleton, retarget(skeleton, load_pose("movement/walking"))), people.CANVAS)


def test_shorts_are_told_from_a_skirt_by_their_seam(skeleton):
    """The same closed outline over bare legs, once plain and once with a dark line down its middle."""
    picture, matte = people.draw(skeleton)
    frame, tall = bones(skeleton), people.STATURE
    layout = Layout.around(matte[0, 0], tall)
    x, y = layout.cells(2)
    hip, knee = (frame.start[INDEX["left_thigh"]], frame.end[INDEX["left_thigh"]])
    down = (y - float(hip[1])) / float(knee[1] - hip[1])
    cloth = ((x - 180).abs() < 0.085 * tall) & (down > -0.1) & (down < 0.6)
    legs = ((x - 180).abs() < 0.08 * tall) & ((x - 180).abs() > 0.01 * tall) & (down >= 0.6) & (down < 1.5)
    inside = layout.to_grid(layout.crop_mask(matte[0]), 2).maximum((cloth | legs).float())
    skin = ((inside > 0.5) & (down > 0.6)).float()
    plain = torch.full_like(x, 0.7)
    seamed = torch.where((x - 180).abs() < 2.5, 0.3, plain)
    assert bool(find_skirt(layout, frame, inside, skin, tall, plain).any())
    assert not bool(find_skirt(layout, frame, inside, skin, tall, seamed).any())


def test_a_skirt_hangs_when_its_hem_is_seen_though_the_knees_are_not(skeleton, skirted):
    """A photo cut off below the hem of a short skirt, and one cut off inside it."""
    picture, matte = skirted
    frame = bones(skeleton)
    hip, knee = (frame.start[INDEX["left_thigh"]][1], frame.end[INDEX["left_thigh"]][1])
    hem = int(hip + 0.75 * (knee - hip))
    bare, _ = people.draw(skeleton)
    _, legs = people.draw(skeleton)
    y = torch.arange(people.CANVAS[0])[:, None]
    picture, matte = torch.where(y < hem, picture, bare), torch.where(y < hem, matte, legs)
    for bottom, hangs in ((int(knee) - 4, True), (hem - 8, False)):
        volume = build(picture[..., :bottom, :], matte[..., :bottom, :], skeleton)
        trunk = next(layer for layer in volume.layers if layer.name == "trunk")
        assert (trunk.cloth is not None) == hangs, bottom
