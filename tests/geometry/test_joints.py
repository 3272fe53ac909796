"""Shoulders, feet and rims on their own."""

import numpy as np
import torch
from repose.pipelines.geometry import motion as motions
from repose.pipelines.geometry.foot import foot, heel
from repose.pipelines.geometry.joints import armpit, shoulder_share
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.parts import INDEX, PARTS
from repose.pipelines.geometry.rim import evened, open_edges, rim

from . import people


def laid_out():
    skeleton = people.standing()
    _, matte = people.draw(skeleton)
    return Layout.around(matte[0, 0], people.STATURE), motions.bones(skeleton)


def at(layout, values, place) -> float:
    x, y = layout.cells()
    return float(values.flatten()[torch.hypot(x - float(place[0]), y - float(place[1])).argmin()])


def test_the_arm_has_its_own_motion_below_the_shoulder_and_the_chest_its_own_above():
    layout, frame = laid_out()
    radius = PARTS[INDEX["left_upper_arm"]].radius * people.STATURE
    for side in ("left", "right"):
        share = shoulder_share(layout, frame, side, radius)
        joint, elbow = (getattr(frame, end)[INDEX[f"{side}_upper_arm"]][:2] for end in ("start", "end"))
        along = (elbow - joint) / np.linalg.norm(elbow - joint)
        assert float(share.min()) == 0 and float(share.max()) == 1
        assert at(layout, share, joint + 2.5 * radius * along) == 1
        assert at(layout, share, joint - 2 * radius * along) == 0
        assert abs(at(layout, share, joint) - 0.5) < 0.25
        # A raised arm takes the flank along further than the outside of the shoulder.
        inwards = armpit(frame, side)
        beside = np.array([-inwards[1], inwards[0]])
        beside *= np.sign(beside @ (frame.start[INDEX["chest"]][:2] - joint))
        flank = at(layout, share, joint + 1.5 * radius * inwards + 0.9 * radius * beside)
        outwards = np.array([along[1], -along[0]])
        outwards *= -np.sign(outwards @ beside)
        assert at(layout, share, joint + 0.9 * radius * (outwards - along)) < 0.1 < flank < 0.5


def test_the_armpit_lies_below_the_shoulder_and_inwards():
    _, frame = laid_out()
    for side in ("left", "right"):
        x, y = armpit(frame, side)
        inwards = np.sign(frame.start[INDEX["chest"]][0] - frame.start[INDEX[f"{side}_upper_arm"]][0])
        assert y > 0.8 and x * inwards > 0.3 and abs(np.hypot(x, y) - 1) < 1e-9


def test_a_foot_that_points_at_the_camera_is_as_long_as_a_foot():
    layout, frame = laid_out()
    part = INDEX["left_foot"]
    whole = torch.ones(layout.grid)
    near, far = foot(layout, part, whole > 0, whole, frame, people.STATURE)
    assert bool((near <= far).all())
    distance, _ = layout.capsule(frame.start[part], frame.end[part])
    own = distance < 0.02 * people.STATURE
    length = float(far[own].max() - near[own].min()) / people.STATURE
    assert 0.11 < length < 0.17, f"{length:.3f} of stature"  # 0.152, template.py
    behind = heel(frame, part, people.STATURE)[2] - frame.start[part][2]
    assert behind > 0.02 * people.STATURE
    assert float(far[own].max()) > float(frame.start[part][2]) + behind


def sheet(inside: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    from repose.pipelines.geometry.mesh import _faces_of

    row, column = torch.nonzero(inside, as_tuple=True)
    return torch.stack((column, row, 0 * row), 1).float(), _faces_of(inside)


def test_stairs_along_an_outline_become_a_slope():
    row, column = torch.meshgrid(torch.arange(30), torch.arange(30), indexing="ij")
    points, faces = sheet(2 * column - row > 10)
    edges = open_edges(faces)
    slope = torch.unique(edges)
    slope = slope[(points[slope, 1] > 5) & (points[slope, 1] < 24) & (points[slope, 0] < 20)]

    def uneven(of: torch.Tensor) -> float:
        off = (2 * of[slope, 0] - of[slope, 1]) / 5**0.5
        return float(off.std())

    smooth = evened(points, edges)
    assert uneven(smooth) < 0.4 * uneven(points)
    assert float((smooth - points).norm(dim=1)[slope].max()) < 0.5
    inner = torch.ones(len(points), dtype=torch.bool)
    inner[torch.unique(edges)] = False
    assert torch.equal(smooth[inner], points[inner])


def test_the_rim_closes_the_sheets():
    inside = torch.zeros(8, 9, dtype=torch.bool)
    inside[1:7, 1:5] = inside[3:5, 1:8] = True
    _, faces = sheet(inside)
    count = int(inside.sum())
    whole = torch.cat((faces, faces + count, rim(open_edges(faces), count)))
    assert len(open_edges(whole)) == 0
