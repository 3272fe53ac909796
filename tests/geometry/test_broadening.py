"""Figures of lines get the breadth that their lines leave out, and keep their angles."""

import numpy as np
from repose.pipelines.geometry.broadening import broadened
from repose.pipelines.geometry.landmarks import INDEX
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.lifting import lift
from repose.pipelines.geometry.retarget import pose_of, retarget, turn_of_trunk

ARM = ("shoulder", "elbow", "wrist")
LEG = ("hip", "knee", "ankle")


def stick(keypoints):
    """The same figure as lines: each limb moved so that it starts in the middle."""
    from dataclasses import replace

    points = keypoints.points.copy()
    for names in (ARM, LEG):
        roots = [INDEX[f"{side}_{names[0]}"] for side in ("left", "right")]
        middle = keypoints.points[roots].mean(axis=0)
        for side, root in zip(("left", "right"), roots, strict=True):
            limb = [INDEX[f"{side}_{name}"] for name in names]
            points[limb] += middle - keypoints.points[root]
    confidence = np.where(np.arange(133) < 17, 0.9, 0)
    return replace(keypoints, points=points, confidence=confidence, world=None, source="drawing")


def test_a_stick_figure_faces_the_viewer_and_keeps_its_angles(posed_bodies, standard_body):
    source = retarget(standard_body, load_pose("front"))
    for name in ("front", "waving", "dance lunge"):
        drawn = stick(next(body for full, body in posed_bodies.items() if full.endswith(name)).project())
        wide = broadened(drawn)
        for names in (ARM, LEG):
            for a, b in zip(names, names[1:], strict=False):
                for side in ("left_", "right_"):
                    assert np.allclose(
                        wide[side + b] - wide[side + a], drawn[side + b] - drawn[side + a], atol=1e-3
                    )
        turn = turn_of_trunk(source, pose_of(lift(wide)))
        assert np.degrees(turn) < 30, f"{name}: the trunk turns by {np.degrees(turn):.0f} degrees"


def test_a_figure_with_breadth_is_left_alone(posed_bodies):
    keypoints = posed_bodies["contrapposto"].project()
    assert np.array_equal(broadened(keypoints).points, keypoints.points)


def test_a_figure_without_a_trunk_is_left_alone(posed_bodies):
    from dataclasses import replace

    keypoints = posed_bodies["contrapposto"].project()
    confidence = keypoints.confidence.copy()
    confidence[INDEX["left_hip"]] = 0
    half = replace(keypoints, confidence=confidence)
    assert broadened(half) is half
