"""Bodies with known truth for the skeleton's tests."""

import numpy as np
import pytest
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import Skeleton
from repose.pipelines.geometry.template import OFFSETS

CANVAS = (1300, 1000)


@pytest.fixture(scope="session")
def standard_body() -> Skeleton:
    """The standard body in the T of the rest pose: 1000 pixels and 1.7 m tall."""
    rotations = np.tile([1.0, 0.0, 0.0, 0.0], (142, 1))
    root = np.array([499.5, 620.0, 0.0])
    return Skeleton(OFFSETS * 1000, rotations, root, np.ones((142, 3)), CANVAS, 1.7 / 1000)


@pytest.fixture(scope="session")
def other_bodies(standard_body) -> dict[str, Skeleton]:
    """The same with other proportions: a child's large head, long legs, broad shoulders."""
    rng = np.random.default_rng(7)
    bodies = {"uneven": standard_body.offsets * rng.uniform(0.8, 1.25, (142, 1))}
    child = standard_body.offsets.copy() * 0.6
    child[5:133] *= 1.0
    child[:5] *= 1.5
    child[23:91] *= 1.5
    child[13:17] *= 0.85
    legs = standard_body.offsets.copy()
    legs[13:15] *= 1.2
    legs[11:13] *= 1.3
    legs[7:11] *= 0.9
    bodies |= {"child": child, "long thighs": legs}
    return {
        name: Skeleton(
            offsets, standard_body.rotations, standard_body.root, standard_body.confidence, CANVAS, 0.0017
        )
        for name, offsets in bodies.items()
    }


class ByName(dict):
    """By "folder/name", and by the bare name as `load_pose` takes it."""

    def __missing__(self, name):
        return next(body for full, body in self.items() if full.rpartition("/")[2] == name)


@pytest.fixture(scope="session")
def posed_bodies(standard_body) -> dict[str, Skeleton]:
    """The standard body in every pose of the library."""
    return ByName({name: retarget(standard_body, load_pose(name)) for name in pose_names()})


@pytest.fixture(scope="module")
def drawn():
    """A drawn person who stands: layout, picture (3, h, w) and matte (h, w) on its crop, bones, stature in pixels."""
    from repose.pipelines.geometry.layout import Layout
    from repose.pipelines.geometry.motion import body_height, bones

    from .people import draw, standing

    skeleton = standing()
    picture, matte = draw(skeleton)
    frame, tall = bones(skeleton), body_height(skeleton)
    layout = Layout.around(matte[0, 0], tall)
    return layout, layout.crop(picture[0]), layout.crop_mask(matte[0]), frame, tall
