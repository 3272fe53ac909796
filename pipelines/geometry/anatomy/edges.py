"""The skeleton's edges: from a joint to the next, which way and how long at rest, and how far it may turn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..rotation import unit
from ..skeleton import JOINT_INDEX, JOINTS, ORDER, PARENT, Skeleton
from .limits import DEFAULT, LimitOptions
from .ranges import Range, ranges


class Edge(NamedTuple):
    """parent and child by name; direction (3,) at rest in the parent's frame; length in pixels; limit, the range in
    which the parent's rotation turns the edge, written for the left side, None where it turns freely (the pelvis) or
    not at all by itself."""

    parent: str
    child: str
    direction: np.ndarray
    length: float
    limit: Range | None


def edges(skeleton: Skeleton, options: LimitOptions = DEFAULT) -> tuple[Edge, ...]:
    """Every edge, in the order of evaluation: what leads to a joint stands before what leaves it."""
    limits = {one.joint: one for one in ranges(options.elbow, options.knee)}
    return tuple(
        Edge(
            JOINTS[PARENT[j]],
            JOINTS[j],
            unit(skeleton.offsets[j]),
            float(np.linalg.norm(skeleton.offsets[j])),
            limits.get(JOINTS[PARENT[j]].replace("right_", "left_")),
        )
        for j in ORDER
        if j != JOINT_INDEX["pelvis"]
    )
