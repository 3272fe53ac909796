"""Arms that a pose would sink into the body are turned out of it, others left alone."""

import numpy as np
import pytest

from pipelines.geometry import rotation
from training.lifter.heldout import library_frames
from training.people.body.arms import PROBES, clear
from training.people.body.volumes import CORE, LEGS, Volumes

from .stick import limb_skin, rest_frames, stick_body


@pytest.fixture(scope="module")
def body():
    return stick_body()


@pytest.fixture(scope="module")
def solids(body):
    return Volumes.of((*CORE, *LEGS), body, *limb_skin(body))


def _deepest(body, motion, solids, side):
    probes = motion.heads[[body.rig.index(side + name) for name in PROBES]]
    thick = probes.new_tensor(list(PROBES.values()))
    return float((solids.pushed(probes, motion, thick) - probes).norm(dim=1).max())


def test_a_free_arm_stays(body, solids):
    motion = body.moved(library_frames("mascot/arms wide"))
    assert clear(body, motion, solids) is motion


def test_an_arm_in_the_trunk_comes_out(body, solids):
    frames = rest_frames(body)
    inwards = rotation.about([0, 0, 1.0], np.radians(65))
    arm = ("shoulder", "elbow", "wrist", "_1", "_2", "_3")
    frames = {j: inwards @ f if j.startswith("left_") and j.endswith(arm) else f for j, f in frames.items()}
    motion = body.moved(frames)
    before = _deepest(body, motion, solids, "left_")
    freed = clear(body, motion, solids)
    assert before > 0.03
    assert _deepest(body, freed, solids, "left_") < before / 3
    right = body.rig.index("right_wrist")
    assert (freed.heads[right] - motion.heads[right]).norm() < 1e-6
    assert (
        freed.heads[body.rig.index("left_shoulder")] - motion.heads[body.rig.index("left_shoulder")]
    ).norm() < 1e-6


def test_the_arm_keeps_its_shape(body, solids):
    frames = library_frames("hands/hands on hips")
    motion = body.moved(frames)
    freed = clear(body, motion, solids)
    for a, b in (
        ("left_shoulder", "left_elbow"),
        ("left_elbow", "left_wrist"),
        ("right_wrist", "right_index_1"),
    ):
        i, j = body.rig.index(a), body.rig.index(b)
        assert (
            abs((freed.heads[i] - freed.heads[j]).norm() - (motion.heads[i] - motion.heads[j]).norm()) < 1e-5
        )
