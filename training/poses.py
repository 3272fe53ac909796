"""Authors the pose library: `python training/poses.py` writes pipelines/geometry/poses/*.json.

Every pose is said as a photographer would (pose_authoring.py) and solved on the standard body. With --check
it prints, per pose, how far the centre of mass lies from the support (fractions of stature).
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if "repose" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "repose", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["repose"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["repose"])
sys.path.insert(0, str(Path(__file__).parent))

from pose_authoring import Arm, Foot, Stance, authored, centre_of_mass  # noqa: E402
from repose.pipelines.geometry.library import FOLDER, write_pose  # noqa: E402
from repose.pipelines.geometry.retarget import support  # noqa: E402

# Arms that hang as arms do: a little out, elbows never straight, the forearm to the front.
HANGING = Arm((0.13, 0.98, -0.06), (0.07, 0.97, 0.20))
HANGING_LOOSE = Arm((0.17, 0.97, -0.02), (0.04, 0.95, 0.28))

# On the hip: the wrist above and beside the hip joint, fingers to the front and down, palm to the body.
HIP = Arm((0.72, 0.62, -0.36), (-0.62, 0.60, 0.35), ((-0.45, 0.45, 0.75), (-0.85, 0.1, -0.45)),
          ("pelvis", (1.95, -1.35, -0.10)))  # fmt: skip
# In the hair: elbow up and out, fingers over the crown.
HAIR = Arm((0.80, -0.52, 0.20), (-0.65, -0.60, -0.25), ((-0.79, -0.58, -0.16), (-0.55, 0.72, 0.40)),
           ("head", (2.15, -0.45, 0.45)))  # fmt: skip
POCKET = Arm((0.34, 0.90, -0.28), (-0.16, 0.92, 0.30), ((-0.10, 0.95, 0.25), (-0.95, -0.10, -0.20)),
             ("pelvis", (2.05, 0.05, -0.25)))  # fmt: skip


def on(arm: Arm, side: str) -> Arm:
    """Contacts are said for the left side; the right side's are the mirror image."""
    if arm.touch is None or side == "left":
        return arm
    name, (x, y, z) = arm.touch
    return Arm(arm.upper, arm.fore, arm.hand, (name, (-x, y, z)))


THREE_QUARTER = Stance(
    "three-quarter left",
    pelvis=(0, 0, -4), chest=(-4, 1, 3), head=(-16, 3, 5),
    left_arm=HANGING, right_arm=HANGING_LOOSE,
    left_foot=Foot(0.02, 0.02, 6), right_foot=Foot(0.085, 0.075, 24, 0, 0, 20),
    weight="left", turn=33,
)  # fmt: skip
SIDE = Stance(
    "side left",
    pelvis=(0, 0, 0), chest=(-3, 2, 0), head=(-10, 3, 2),
    left_arm=Arm((0.10, 0.98, -0.12), (0.03, 0.96, 0.26)),
    right_arm=Arm((0.10, 0.98, 0.06), (0.02, 0.92, 0.38)),
    left_foot=Foot(0.045, -0.04, 8), right_foot=Foot(0.045, 0.06, 8),
    weight="left", turn=80,
)  # fmt: skip

STANCES = (
    Stance(
        "front",
        pelvis=(0, 0, 2.5), chest=(0, 0, -1.5), head=(0, 2, 3),
        left_arm=HANGING_LOOSE, right_arm=HANGING,
        left_foot=Foot(0.085, 0.035, 16), right_foot=Foot(0.05, 0.0, 10),
    ),
    THREE_QUARTER,
    THREE_QUARTER.mirrored("three-quarter right"),
    SIDE,
    SIDE.mirrored("side right"),
    Stance(
        "contrapposto",
        pelvis=(4, 0, 7), chest=(-4, 0, -5), head=(8, 3, 7),
        left_arm=HANGING_LOOSE, right_arm=on(HIP, "right"),
        left_foot=Foot(0.105, 0.085, 26, 0, 0, 18), right_foot=Foot(0.012, 0.0, 8),
        bend=5,
    ),
    Stance(
        "hands in hair",
        pelvis=(-3, 0, -6), chest=(3, -3, 4), head=(6, -4, -5),
        left_arm=HAIR, right_arm=on(HAIR, "right"),
        left_foot=Foot(0.012, 0.0, 8), right_foot=Foot(0.10, 0.07, 22, 0, 0, 10),
        weight="left", bend=5,
    ),
    Stance(
        "hand in hair",
        pelvis=(3, 0, 6), chest=(-4, -2, -4), head=(-9, -2, -6),
        left_arm=HAIR, right_arm=on(HIP, "right"),
        left_foot=Foot(0.105, 0.075, 24, 0, 0, 14), right_foot=Foot(0.012, 0.0, 8),
        bend=5,
    ),
    Stance(
        "hands on hips",
        pelvis=(-2, 0, -4), chest=(2, -1, 2), head=(-5, 1, -3),
        left_arm=HIP, right_arm=on(HIP, "right"),
        left_foot=Foot(0.045, 0.0, 12), right_foot=Foot(0.115, 0.045, 22),
        weight="left",
    ),
    Stance(
        "hand in pocket",
        pelvis=(6, 0, 4), chest=(2, 1, -3), head=(-8, 3, -4),
        left_arm=HANGING, right_arm=on(POCKET, "right"),
        left_foot=Foot(0.10, 0.055, 22), right_foot=Foot(0.025, 0.0, 10),
        turn=10,
    ),
    Stance(
        "arms crossed",
        pelvis=(2, 0, 3), chest=(0, 1, -2), head=(-4, 2, 4),
        left_arm=Arm((0.30, 0.90, 0.25), (-0.85, -0.05, 0.50), ((-0.85, -0.25, -0.10), (0.2, 0.1, -0.95)),
                     ("chest", (-0.24, 0.62, -0.92))),
        right_arm=Arm((0.30, 0.90, 0.28), (-0.85, -0.10, 0.50), ((-0.85, -0.35, -0.30), (0.3, 0.1, -0.9)),
                      ("chest", (0.30, 0.46, -1.18))),
        left_foot=Foot(0.085, 0.045, 20), right_foot=Foot(0.035, 0.0, 10),
    ),
    Stance(
        "waving",
        pelvis=(0, 0, 4), chest=(-3, 0, -4), head=(3, 1, 6),
        left_arm=Arm((0.82, 0.48, 0.28), (0.34, -0.92, 0.20), ((0.28, -0.95, 0.05), (0.05, 0.05, 1.0))),
        right_arm=HANGING,
        left_foot=Foot(0.09, 0.04, 20), right_foot=Foot(0.03, 0.0, 8),
    ),
    Stance(
        "walking",
        pelvis=(9, 2, 4), chest=(-8, 3, -3), head=(0, 2, 1),
        left_arm=Arm((0.16, 0.93, 0.33), (0.0, 0.80, 0.60)),
        right_arm=Arm((0.17, 0.90, -0.40), (0.10, 0.98, -0.12)),
        left_foot=Foot(0.03, -0.20, 6, 27, 0, 2), right_foot=Foot(0.012, 0.11, 5, -4),
        bend=6,
    ),
    Stance(
        "walking three-quarter",
        pelvis=(8, 2, 3), chest=(-7, 3, -2), head=(-20, 3, 3),
        left_arm=Arm((0.16, 0.93, 0.33), (0.0, 0.82, 0.57)),
        right_arm=Arm((0.17, 0.90, -0.40), (0.10, 0.98, -0.12)),
        left_foot=Foot(0.035, -0.215, 6, 28, 0, 2), right_foot=Foot(0.025, 0.125, 5, -5),
        bend=6, turn=48,
    ),
    Stance(
        "twirl",
        pelvis=(10, 0, 4), chest=(-8, -3, -3), head=(-18, -5, -6),
        left_arm=Arm((0.50, 0.82, 0.26), (0.62, 0.58, 0.52)),
        right_arm=Arm((0.55, 0.78, -0.36), (0.56, 0.80, 0.02)),
        left_foot=Foot(0.07, -0.10, 10, 50, 0, 4), right_foot=Foot(0.004, 0.02, 10, 12),
        bend=10, turn=-30,
    ),
    Stance(
        "casual lean",
        pelvis=(-6, -2, -5), chest=(-2, -4, 4), head=(8, 3, 6),
        left_arm=POCKET, right_arm=HANGING_LOOSE,
        left_foot=Foot(0.03, 0.01, 10), right_foot=Foot(-0.055, 0.085, 6, 0, 0, 12),
        weight="left", bend=6, turn=-12,
    ),
    Stance(
        "seated",
        pelvis=(0, -8, 0), chest=(-2, 4, 2), head=(-20, 2, 4),
        left_arm=Arm((0.16, 0.92, 0.30), (-0.20, 0.62, 0.75), ((-0.25, 0.40, 0.85), (0.0, 0.95, -0.35)),
                     ("left_hip", (0.25, 3.5, -1.25))),
        right_arm=Arm((0.20, 0.93, 0.24), (-0.22, 0.62, 0.75), ((-0.25, 0.40, 0.85), (0.0, 0.95, -0.35)),
                      ("right_hip", (-0.15, 3.1, -1.25))),
        left_foot=Foot(0.085, 0.235, 12, 0, 0, 14), right_foot=Foot(0.055, 0.20, 8, 0, 0, 8),
        height=0.285, turn=36,
    ),
    Stance(
        "relaxed",
        pelvis=(4, 0, -5), chest=(-5, 2, 3), head=(-10, 4, -6),
        left_arm=Arm((0.11, 0.99, -0.04), (0.00, 0.94, 0.34)),
        right_arm=Arm((0.18, 0.97, -0.10), (0.06, 0.97, 0.22)),
        left_foot=Foot(0.018, 0.0, 10), right_foot=Foot(0.10, 0.07, 26, 0, 0, 20),
        weight="left", bend=6, turn=-10,
    ),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="print the balance of every pose")
    arguments = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for stance in STANCES:
        pose, body = authored(stance)
        write_pose(pose, FOLDER / f"{stance.name}.json")
        if arguments.check:
            aside = (centre_of_mass(body) - support(body)) / 1000
            print(f"{stance.name:22s} centre of mass x {aside[0]:+.3f} z {aside[2]:+.3f}")


if __name__ == "__main__":
    main()
