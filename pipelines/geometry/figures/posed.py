"""A flat figure in a pose: two-legged or four-legged, standing where the pose has it stand."""

from __future__ import annotations

from ..contacts import GROUND
from ..planting import standard
from ..retarget import Place, Pose, placed, retarget
from ..skeleton import Skeleton
from .plane import assembled, directed, order, trunk_length, turns, turns_away
from .quadruped import airborne, is_four_legged, lowest_foot, swung

RISE = 0.25
"""Height of an animal's jump in trunk lengths; a person's is stated in lengths of the leg, which animals have short."""
TURNED = "a drawing has no back: the pose was turned round to face the viewer"
ANIMAL = "a four-legged figure: arms and legs of the pose swing its front and hind legs"


def posed_flat(source: Skeleton, pose: Pose, place: Place = "source") -> Skeleton:
    """The flat figure `source` in the pose (retarget.retarget says where it stands)."""
    body, animal = directed(source, pose), is_four_legged(source)
    turned = swung(source, body, pose) if animal else turns(source, body)
    posed = assembled(source, turned, order(body.forward(), trunk_length(body)))
    stands = placed(posed, source, pose, place, [c for c in pose.contacts if c.on == GROUND])
    if not animal or place == "target":
        return stands
    lifted = RISE * trunk_length(source) if airborne(body, pose.contacts) else 0.0
    return stands.moved([0.0, lowest_foot(source) - lowest_foot(stands) - lifted])


def flat_notes(source: Skeleton, pose: Pose) -> tuple[str, ...]:
    """What the artist should know of it."""
    away = turns_away(retarget(standard(source.rotations), pose))
    return (TURNED,) * away + (ANIMAL,) * is_four_legged(source)
