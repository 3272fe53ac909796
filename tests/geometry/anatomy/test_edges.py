"""Every edge of the skeleton has a direction, a length and a limit."""

import numpy as np
from repose.pipelines.geometry.anatomy.edges import edges
from repose.pipelines.geometry.anatomy.limits import LimitOptions


def test_edges_rebuild_the_body_in_their_order(standard_body):
    found = edges(standard_body)
    places = {"pelvis": standard_body.root}
    for edge in found:
        places[edge.child] = places[edge.parent] + edge.direction * edge.length
    rest = standard_body.forward().positions
    assert len(found) == 141 and np.allclose(list(places.values()), rest[[*map(_index, places)]])


def _index(name: str) -> int:
    from repose.pipelines.geometry.skeleton import JOINT_INDEX

    return JOINT_INDEX[name]


def test_limits_stand_on_the_edges_that_they_hold(standard_body):
    by_child = {edge.child: edge for edge in edges(standard_body)}
    for child, joint in (("left_wrist", "left_elbow"), ("right_ankle", "left_knee"), ("left_elbow", "left_shoulder"),
                         ("thoracic", "lumbar"), ("cervical", "neck"), ("right_index_3", "left_index_2")):  # fmt: skip
        assert by_child[child].limit.joint == joint
    assert by_child["left_hip"].limit is None, "the pelvis turns freely"
    straight = {edge.child: edge for edge in edges(standard_body, LimitOptions(elbow=180))}
    assert straight["left_wrist"].limit.cone != by_child["left_wrist"].limit.cone
