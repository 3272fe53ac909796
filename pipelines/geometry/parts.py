"""The body's rigid parts: which bone carries each, how thick it is, and which parts are cut from each other.

A *layer* is a set of parts that hang together as one sheet of surface. Layers are joined at shoulders and hips
and are cut from each other everywhere else, so that an arm can leave the torso that it rested on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A rigid part on the bone from joint `start` to joint `end`.

    radius  half-breadth as a fraction of stature. Neck, head, upper arm, forearm, thigh and shin: medians over the ten
            studio photos of the openpeople package, bare or in light clothes (training/measure_parts.py). The trunk's
            parts, hands and feet cannot be measured so (arms hang before them, fingers are apart): by eye.
    depth   half-depth over half-breadth of the cross-section; the trunk is flatter than it is wide
    turns   True where the skeleton's own rotation moves the part (trunk, head, feet); False for limbs, which keep
            towards the camera the side that the camera saw
    """

    name: str
    start: str
    end: str
    layer: str
    radius: float
    depth: float = 1.0
    turns: bool = False


def _limbs(side: str) -> tuple[Part, ...]:
    arm, leg = f"{side}_arm", f"{side}_leg"
    return (
        Part(f"{side}_upper_arm", f"{side}_shoulder", f"{side}_elbow", arm, 0.023, 0.8),
        Part(f"{side}_forearm", f"{side}_elbow", f"{side}_wrist", arm, 0.019, 0.8),
        Part(f"{side}_hand", f"{side}_wrist", f"{side}_middle_1", arm, 0.024, 0.5),
        Part(f"{side}_thigh", f"{side}_hip", f"{side}_knee", leg, 0.035),
        Part(f"{side}_shin", f"{side}_knee", f"{side}_ankle", leg, 0.018),
        Part(f"{side}_foot", f"{side}_ankle", f"{side}_big_toe", leg, 0.022, 0.8, True),
    )


PARTS = (
    Part("pelvis", "pelvis", "lumbar", "trunk", 0.095, 0.55, True),
    Part("spine", "thoracic", "chest", "trunk", 0.085, 0.55, True),
    Part("chest", "chest", "neck", "trunk", 0.095, 0.55, True),
    Part("neck", "neck", "head", "trunk", 0.034, 1.0, True),
    Part("head", "head", "crown", "trunk", 0.049, 0.95, True),
    *_limbs("left"),
    *_limbs("right"),
)

NAMES = tuple(part.name for part in PARTS)
INDEX = {name: i for i, name in enumerate(NAMES)}
LAYERS = ("trunk", "left_leg", "right_leg", "left_arm", "right_arm")
LAYER_OF = tuple(LAYERS.index(part.layer) for part in PARTS)
"""Number in LAYERS of each part's layer."""

# Where two layers are one surface: limb layer -> (joint, the part on the trunk's side, the part on the limb's side).
JOINS = {
    "left_arm": ("left_shoulder", "chest", "left_upper_arm"),
    "right_arm": ("right_shoulder", "chest", "right_upper_arm"),
    "left_leg": ("left_hip", "pelvis", "left_thigh"),
    "right_leg": ("right_hip", "pelvis", "right_thigh"),
}


def of_layer(layer: str) -> tuple[int, ...]:
    """Indices of the parts of a layer."""
    return tuple(i for i, part in enumerate(PARTS) if part.layer == layer)


assert len(INDEX) == len(PARTS) == 17
assert {part.layer for part in PARTS} == set(LAYERS) and set(JOINS) < set(LAYERS)
