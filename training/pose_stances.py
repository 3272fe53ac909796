"""The library's poses as a photographer would say them (pose_authoring.py), in the order of the list."""

from __future__ import annotations

from pose_authoring import Arm, Foot, Stance

# Arms that hang as arms do: a little out, elbows never straight, the forearm to the front.
HANGING = Arm((0.13, 0.98, -0.06), (0.07, 0.97, 0.20))
LOOSE = Arm((0.17, 0.97, -0.02), (0.04, 0.95, 0.28))
CLOSE = Arm((0.10, 0.98, -0.12), (0.03, 0.96, 0.26))

# On the hip: the wrist above and beside the hip joint, fingers to the front and down, palm to the body.
HIP = Arm((0.72, 0.62, -0.36), (-0.62, 0.60, 0.35), ((-0.45, 0.45, 0.75), (-0.85, 0.1, -0.45)),
          ("pelvis", (1.95, -1.35, -0.10)))  # fmt: skip
# In the hair: elbow up and out, fingers over the crown.
HAIR = Arm((0.80, -0.52, 0.20), (-0.65, -0.60, -0.25), ((-0.79, -0.58, -0.16), (-0.55, 0.72, 0.40)),
           ("head", (2.15, -0.45, 0.45)))  # fmt: skip
POCKET = Arm((0.34, 0.90, -0.28), (-0.16, 0.92, 0.30), ((-0.10, 0.95, 0.25), (-0.95, -0.10, -0.20)),
             ("pelvis", (2.05, 0.05, -0.25)))  # fmt: skip
# Walking arms swing against the legs.
SWING_FORWARD = Arm((0.16, 0.93, 0.33), (0.0, 0.80, 0.60))
SWING_BACK = Arm((0.17, 0.90, -0.40), (0.10, 0.98, -0.12))
# Hands folded before the lap, one in the other.
FOLDED = Arm(
    (0.22, 0.95, 0.10), (-0.45, 0.82, 0.36), None, ("pelvis", (0.75, -0.35, -1.75)), (12, 5, 25), "soft"
)
# On a thigh while seated.
THIGH = Arm(
    (0.16, 0.92, 0.30), (-0.10, 0.62, 0.75), None, ("left_hip", (0.10, 3.3, -1.25)), (-18, 0, 62), "soft"
)
# On the rims of a wheelchair.
RIM = Arm((0.30, 0.88, -0.36), (0.10, 0.78, 0.60), None, None, (0, 8, 10), "curled")

FRONT = Stance(
    "catalogue/front",
    pelvis=(0, 0, 2.5), chest=(0, 0, -1.5), head=(0, 2, 3),
    left_arm=LOOSE, right_arm=HANGING,
    left_foot=Foot(0.085, 0.035, 16), right_foot=Foot(0.05, 0.0, 10),
)  # fmt: skip
THREE_QUARTER = Stance(
    "catalogue/three-quarter left",
    pelvis=(0, 0, -4), chest=(-4, 1, 3), head=(-16, 3, 5),
    left_arm=HANGING, right_arm=LOOSE,
    left_foot=Foot(0.02, 0.02, 6), right_foot=Foot(0.085, 0.075, 24, 0, 0, 20),
    weight="left", turn=33,
)  # fmt: skip
SIDE = Stance(
    "catalogue/side left",
    pelvis=(0, 0, 0), chest=(-3, 2, 0), head=(-10, 3, 2),
    left_arm=CLOSE, right_arm=Arm((0.10, 0.98, 0.06), (0.02, 0.92, 0.38)),
    left_foot=Foot(0.045, -0.03, 8), right_foot=Foot(0.045, 0.06, 8),
    weight="left", turn=80,
)  # fmt: skip
BACK = Stance(
    "catalogue/back",
    pelvis=(0, 0, -3), chest=(2, 0, 2), head=(4, 3, -2),
    left_arm=HANGING, right_arm=LOOSE,
    left_foot=Foot(0.03, 0.0, 10), right_foot=Foot(0.085, 0.03, 16),
    weight="left", turn=176,
)  # fmt: skip
BACK_QUARTER = Stance(
    "catalogue/back three-quarter left",
    pelvis=(0, 0, 3), chest=(-3, 0, -3), head=(-24, 2, -3),
    left_arm=LOOSE, right_arm=HANGING,
    left_foot=Foot(0.085, 0.05, 18), right_foot=Foot(0.025, 0.0, 8),
    turn=140,
)  # fmt: skip

CATALOGUE = (
    FRONT,
    THREE_QUARTER,
    THREE_QUARTER.mirrored("catalogue/three-quarter right"),
    SIDE,
    SIDE.mirrored("catalogue/side right"),
    BACK,
    BACK_QUARTER,
    BACK_QUARTER.mirrored("catalogue/back three-quarter right"),
    Stance(
        "catalogue/arms away",
        pelvis=(0, 0, 1.5), chest=(0, 0, -1), head=(0, 2, 2),
        left_arm=Arm((0.52, 0.84, 0.04), (0.44, 0.86, 0.24)), right_arm=Arm((0.50, 0.86, 0.02), (0.42, 0.88, 0.22)),
        left_foot=Foot(0.095, 0.01, 14), right_foot=Foot(0.07, 0.0, 12),
    ),
)  # fmt: skip

CASUAL = (
    Stance(
        "casual/contrapposto",
        pelvis=(4, 0, 7), chest=(-4, 0, -5), head=(8, 3, 7),
        left_arm=LOOSE, right_arm=HIP,
        left_foot=Foot(0.105, 0.085, 26, 0, 0, 18), right_foot=Foot(0.012, 0.0, 8),
    ),
    Stance(
        "casual/relaxed",
        pelvis=(4, 0, -5), chest=(-5, 2, 3), head=(-10, 4, -6),
        left_arm=Arm((0.11, 0.99, -0.04), (0.00, 0.94, 0.34)),
        right_arm=Arm((0.18, 0.97, -0.10), (0.06, 0.97, 0.22)),
        left_foot=Foot(0.018, 0.0, 10), right_foot=Foot(0.10, 0.07, 26, 0, 0, 20),
        weight="left", turn=-10,
    ),
    Stance(
        "casual/casual lean",
        pelvis=(-6, -2, -5), chest=(-2, -4, 4), head=(8, 3, 6),
        left_arm=POCKET, right_arm=LOOSE,
        left_foot=Foot(0.022, -0.03, 10), right_foot=Foot(-0.030, 0.035, 6, 0, 0, 10),
        weight="left", turn=-12,
    ),
    Stance(
        "casual/feet apart",
        pelvis=(-3, 0, 0.5), chest=(3, 1, 0.5), head=(-4, 1, -3),
        left_arm=HANGING, right_arm=Arm((0.20, 0.97, 0.04), (0.02, 0.93, 0.36)),
        left_foot=Foot(0.125, 0.02, 20), right_foot=Foot(0.125, 0.0, 16),
        turn=6,
    ),
    Stance(
        "casual/legs crossed",
        pelvis=(3, 0, 4), chest=(-4, 1, -4), head=(9, 3, 3),
        left_arm=LOOSE, right_arm=CLOSE,
        left_foot=Foot(-0.055, 0.055, 10, 0, 0, 4), right_foot=Foot(0.0, -0.02, 12),
        turn=-8,
    ),
    Stance(
        "casual/looking aside",
        pelvis=(-8, 0, 5), chest=(-4, 1, -4), head=(44, 2, -3),
        left_arm=LOOSE, right_arm=POCKET,
        left_foot=Foot(0.10, 0.06, 22, 0, 0, 14), right_foot=Foot(0.015, 0.0, 8),
        turn=-14,
    ),
    Stance(
        "casual/hands folded",
        pelvis=(2, 0, -4), chest=(-3, 1, 3), head=(-7, 4, -4),
        left_arm=FOLDED, right_arm=Arm((0.22, 0.95, 0.12), (-0.45, 0.82, 0.36), None,
                                       ("pelvis", (0.55, -0.15, -2.15)), (14, 5, 30), "soft"),
        left_foot=Foot(0.02, 0.0, 10), right_foot=Foot(0.08, 0.055, 20, 0, 0, 14),
        weight="left",
    ),
    Stance(
        "casual/hands behind the back",
        pelvis=(-3, 0, 4), chest=(3, -2, -3), head=(-8, 2, 4),
        left_arm=Arm((0.20, 0.93, -0.36), (-0.55, 0.83, -0.10), None, ("pelvis", (1.1, 0.0, 1.4)), (5, 0, 20),
                     "soft"),
        right_arm=Arm((0.20, 0.93, -0.36), (-0.55, 0.83, -0.10), None, ("pelvis", (1.25, 0.36, 1.34)),
                      (5, 0, 20), "soft"),
        left_foot=Foot(0.085, 0.04, 18), right_foot=Foot(0.03, 0.0, 10),
        turn=14,
    ),
)  # fmt: skip

HANDS = (
    Stance(
        "hands/hand on hip",
        pelvis=(-4, 0, -6), chest=(5, 0, 5), head=(-8, 2, -5),
        left_arm=HIP, right_arm=HANGING,
        left_foot=Foot(0.012, 0.0, 8), right_foot=Foot(0.10, 0.06, 24, 0, 0, 16),
        weight="left", turn=8,
    ),
    Stance(
        "hands/hands on hips",
        pelvis=(-2, 0, -4), chest=(2, -1, 2), head=(-5, 1, -3),
        left_arm=HIP, right_arm=HIP,
        left_foot=Foot(0.045, 0.0, 12), right_foot=Foot(0.115, 0.045, 22),
        weight="left",
    ),
    Stance(
        "hands/hand in pocket",
        pelvis=(6, 0, 4), chest=(2, 1, -3), head=(-8, 3, -4),
        left_arm=HANGING, right_arm=POCKET,
        left_foot=Foot(0.10, 0.055, 22), right_foot=Foot(0.025, 0.0, 10),
        turn=10,
    ),
    Stance(
        "hands/hands in pockets",
        pelvis=(-3, 0, -4), chest=(2, 2, 3), head=(6, 3, 4),
        left_arm=POCKET, right_arm=POCKET,
        left_foot=Foot(0.03, 0.0, 12), right_foot=Foot(0.10, 0.04, 24),
        weight="left", turn=-8,
    ),
    Stance(
        "hands/hand in hair",
        pelvis=(3, 0, 6), chest=(-4, -2, -4), head=(-9, -2, -6),
        left_arm=HAIR, right_arm=HIP,
        left_foot=Foot(0.105, 0.075, 24, 0, 0, 14), right_foot=Foot(0.012, 0.0, 8),
    ),
    Stance(
        "hands/hands in hair",
        pelvis=(-3, 0, -6), chest=(3, -3, 4), head=(6, -4, -5),
        left_arm=HAIR, right_arm=HAIR,
        left_foot=Foot(0.012, 0.0, 8), right_foot=Foot(0.10, 0.07, 22, 0, 0, 10),
        weight="left",
    ),
    Stance(
        "hands/arms crossed",
        pelvis=(2, 0, 3), chest=(0, 1, -2), head=(-4, 2, 4),
        left_arm=Arm((0.30, 0.90, 0.25), (-0.85, -0.05, 0.50), ((-0.85, -0.25, -0.10), (0.2, 0.1, -0.95)),
                     ("chest", (-0.24, 0.62, -0.92))),
        right_arm=Arm((0.30, 0.90, 0.28), (-0.85, -0.10, 0.50), ((-0.85, -0.35, -0.30), (0.3, 0.1, -0.9)),
                      ("chest", (-0.30, 0.46, -1.18))),
        left_foot=Foot(0.085, 0.045, 20), right_foot=Foot(0.035, 0.0, 10),
    ),
    Stance(
        "hands/thinking",
        pelvis=(-3, 0, -4), chest=(3, 3, 2), head=(4, 8, 6),
        left_arm=Arm((0.10, 0.88, 0.46), (-0.36, -0.88, 0.30), None, ("head", (0.45, 3.45, -1.75)),
                     (-8, 4, -35), "curled"),
        right_arm=Arm((0.24, 0.95, 0.18), (-0.88, 0.05, 0.46), None, ("chest", (-0.55, 1.0, -1.05)),
                      (6, 0, -20), "soft"),
        left_foot=Foot(0.02, 0.0, 10), right_foot=Foot(0.09, 0.05, 22, 0, 0, 14),
        weight="left", turn=-10,
    ),
    Stance(
        "hands/waving",
        pelvis=(0, 0, 4), chest=(-3, 0, -4), head=(3, 1, 6),
        left_arm=Arm((0.82, 0.48, 0.28), (0.34, -0.92, 0.20), ((0.28, -0.95, 0.05), (0.05, 0.05, 1.0)), None,
                     None, "open"),
        right_arm=HANGING,
        left_foot=Foot(0.09, 0.04, 20), right_foot=Foot(0.03, 0.0, 8),
    ),
    Stance(
        "hands/pointing",
        pelvis=(3, 0, -4), chest=(6, 0, 3), head=(24, 1, -3),
        left_arm=Arm((0.88, 0.20, 0.38), (0.90, -0.02, 0.44), None, None, (0, 0, 0), "pointing"), right_arm=HANGING,
        left_foot=Foot(0.03, 0.0, 14), right_foot=Foot(0.09, 0.03, 16),
        weight="left", turn=-12,
    ),
    Stance(
        "hands/holding a bag",
        pelvis=(3, 0, 5), chest=(-4, 0, -2), head=(9, 2, 3),
        left_arm=Arm((0.22, 0.97, 0.02), (-0.06, 0.99, 0.16), None, None, (0, 0, 0), "holding"), right_arm=HANGING,
        left_foot=Foot(0.09, 0.06, 22, 0, 0, 12), right_foot=Foot(0.015, 0.0, 8),
        turn=-14,
    ),
    Stance(
        "hands/bag on the shoulder",
        pelvis=(-4, 0, -5), chest=(3, 1, 4), head=(-9, 3, -4),
        left_arm=Arm((0.34, 0.93, -0.10), (-0.40, -0.62, 0.67), None, ("chest", (1.05, -0.72, -1.10)),
                     (14, 0, 10), "holding"),
        right_arm=LOOSE,
        left_foot=Foot(0.015, 0.0, 8), right_foot=Foot(0.095, 0.06, 22, 0, 0, 14),
        weight="left", turn=12,
    ),
    Stance(
        "hands/bag in the crook of the arm",
        pelvis=(4, 0, 4), chest=(-2, 0, -4), head=(10, 2, 5),
        left_arm=Arm((0.20, 0.97, 0.10), (-0.30, -0.05, 0.95), None, None, (-6, 4, -15),
                     "curled"), right_arm=HANGING,
        left_foot=Foot(0.09, 0.07, 20, 0, 0, 10), right_foot=Foot(0.015, 0.0, 8),
        turn=-16,
    ),
    Stance(
        "hands/hand at the collar",
        pelvis=(3, 0, 5), chest=(-4, 0, -3), head=(-10, 0, -4),
        left_arm=Arm((0.50, 0.84, 0.22), (-0.62, -0.62, 0.48), None, ("chest", (0.62, -0.45, -1.05)),
                     (10, 0, 0), "curled"),
        right_arm=POCKET,
        left_foot=Foot(0.095, 0.06, 22, 0, 0, 12), right_foot=Foot(0.02, 0.0, 8),
        turn=8,
    ),
    Stance(
        "hands/tucking the hair",
        pelvis=(-3, 0, -5), chest=(3, 0, 4), head=(6, 0, -7),
        left_arm=Arm((0.88, -0.30, 0.36), (-0.65, -0.60, -0.25), None, ("head", (1.95, 0.55, -0.1)),
                     (14, 0, -10), "soft"),
        right_arm=HANGING,
        left_foot=Foot(0.015, 0.0, 8), right_foot=Foot(0.10, 0.06, 22, 0, 0, 12),
        weight="left",
    ),
    Stance(
        "hands/phone in hand",
        pelvis=(2, 0, 4), chest=(-2, 3, -3), head=(8, 17, 2),
        left_arm=Arm((0.16, 0.97, 0.16), (-0.28, -0.42, 0.86), None, None, (10, 0, -50),
                     "curled"), right_arm=POCKET,
        left_foot=Foot(0.09, 0.05, 20), right_foot=Foot(0.025, 0.0, 10),
        turn=-10,
    ),
)  # fmt: skip

MOVEMENT = (
    Stance(
        "movement/walking",
        pelvis=(9, 2, 4), chest=(-8, 3, -3), head=(0, 2, 1),
        left_arm=SWING_FORWARD, right_arm=SWING_BACK,
        left_foot=Foot(0.03, -0.20, 6, 27, 0, 2), right_foot=Foot(0.012, 0.11, 5, -4),
    ),
    Stance(
        "movement/walking passing",
        pelvis=(0, 2, 4), chest=(0, 2, -2), head=(0, 2, 1),
        left_arm=Arm((0.13, 0.98, 0.04), (0.02, 0.95, 0.30)),
        right_arm=Arm((0.14, 0.98, -0.10), (0.07, 0.98, 0.16)),
        left_foot=Foot(0.035, -0.055, 6, 34, 0.045, 2), right_foot=Foot(-0.012, 0.0, 5),
    ),
    Stance(
        "movement/walking three-quarter",
        pelvis=(8, 2, 3), chest=(-7, 3, -2), head=(-20, 3, 3),
        left_arm=SWING_FORWARD, right_arm=SWING_BACK,
        left_foot=Foot(0.035, -0.215, 6, 28, 0, 2), right_foot=Foot(0.025, 0.125, 5, -5),
        turn=48,
    ),
    Stance(
        "movement/walking away",
        pelvis=(-8, 2, -4), chest=(7, 2, 3), head=(-4, 1, -2),
        left_arm=SWING_BACK, right_arm=SWING_FORWARD,
        left_foot=Foot(0.012, 0.11, 5, -4), right_foot=Foot(0.03, -0.20, 6, 27, 0, 2),
        weight="left", turn=172,
    ),
    Stance(
        "movement/walking side",
        pelvis=(-9, 2, -3), chest=(8, 3, 2), head=(-4, 2, 0),
        left_arm=SWING_BACK, right_arm=SWING_FORWARD,
        left_foot=Foot(0.03, 0.13, 5, -8), right_foot=Foot(0.03, -0.20, 6, 30, 0, 2),
        weight="left", turn=78,
    ),
    Stance(
        "movement/strolling",
        pelvis=(-7, 1, -5), chest=(6, 1, 4), head=(-6, 2, -3),
        left_arm=POCKET, right_arm=Arm((0.17, 0.95, 0.22), (0.0, 0.86, 0.50)),
        left_foot=Foot(0.008, 0.08, 6, -2), right_foot=Foot(0.03, -0.15, 8, 22, 0, 4),
        weight="left", turn=-16,
    ),
    Stance(
        "movement/twirl",
        pelvis=(10, 0, 4), chest=(-8, -3, -3), head=(-18, -5, -6),
        left_arm=Arm((0.50, 0.82, 0.26), (0.62, 0.58, 0.52)),
        right_arm=Arm((0.55, 0.78, -0.36), (0.56, 0.80, 0.02)),
        left_foot=Foot(0.07, -0.10, 10, 50, 0, 4), right_foot=Foot(0.004, 0.02, 10, 12),
        bend=12, turn=-30,
    ),
    Stance(
        "movement/running",
        pelvis=(-14, 8, 0), chest=(14, 12, 0), head=(0, -2, 0),
        left_arm=Arm((0.28, 0.62, -0.73), (0.10, 0.66, 0.74), None, None, (0, 0, 0), "curled"),
        right_arm=Arm((0.22, 0.90, 0.36), (-0.35, -0.42, 0.84), None, None, (0, 0, 0), "curled"),
        left_foot=Foot(0.03, 0.12, 4, 12, 0.16, 2), right_foot=Foot(0.02, -0.17, 4, 44, 0, 0),
        bend=14, turn=40,
    ),
    Stance(
        "movement/jump",
        pelvis=(4, -4, 0), chest=(-4, -6, 0), head=(-4, -5, 3),
        left_arm=Arm((0.86, -0.44, 0.26), (0.40, -0.90, 0.16), None, None, (-4, 0, 0), "open"),
        right_arm=Arm((0.90, -0.34, 0.26), (0.46, -0.86, 0.20), None, None, (-4, 0, 0), "open"),
        left_foot=Foot(0.09, -0.14, 10, 55, 0.19, 10), right_foot=Foot(0.05, 0.02, 10, 34, 0.12, 6),
        height=0.575, turn=14, seat="",
    ),
    Stance(
        "movement/dance step",
        pelvis=(8, 0, 8), chest=(-8, 0, -8), head=(6, 1, 8),
        left_arm=Arm((0.62, 0.70, 0.36), (0.30, -0.60, 0.74), None, None, (-6, 0, 0), "soft"),
        right_arm=Arm((0.56, 0.78, -0.28), (0.36, 0.90, 0.25), None, None, (-10, 0, 20), "soft"),
        left_foot=Foot(0.16, 0.05, 30, 24, 0, 30), right_foot=Foot(0.005, 0.0, 12),
        bend=16, turn=-14,
    ),
    Stance(
        "movement/dance arms up",
        pelvis=(-5, 0, -8), chest=(6, -4, 8), head=(-8, -8, 6),
        left_arm=Arm((0.80, -0.52, 0.28), (-0.42, -0.88, 0.22), None, None, (-10, 0, 20), "soft"),
        right_arm=Arm((0.90, -0.16, 0.40), (-0.16, -0.96, 0.24), None, None, (-6, 0, 10), "soft"),
        left_foot=Foot(0.005, 0.0, 10), right_foot=Foot(0.12, 0.05, 28, 26, 0, 24),
        weight="left", bend=14, turn=10,
    ),
    Stance(
        "movement/dance lunge",
        pelvis=(12, 2, 0), chest=(-6, 2, -5), head=(14, 0, 4),
        left_arm=Arm((0.90, 0.12, 0.30), (0.90, 0.00, 0.55), None, None, (-6, 0, 0), "soft"),
        right_arm=Arm((0.86, 0.10, -0.10), (0.90, 0.06, 0.34), None, None, (-10, 0, 0), "soft"),
        left_foot=Foot(0.075, 0.02, 36, 0, 0, 42), right_foot=Foot(0.33, 0.0, 24, 0, 0, 10),
        weight="left", bend=64, turn=-10,
    ),
    Stance(
        "movement/dance on one leg",
        pelvis=(0, -2, 5), chest=(-4, -3, -4), head=(-10, -3, -4),
        left_arm=Arm((0.80, 0.30, 0.44), (0.62, 0.10, 0.76), None, None, (-6, 0, 10), "soft"),
        right_arm=Arm((0.84, -0.42, 0.32), (-0.18, -0.93, 0.32), None, None, (-8, 0, 10), "soft"),
        left_foot=Foot(0.03, 0.015, 40, 52, 0.225, 52), right_foot=Foot(-0.026, -0.010, 14),
        turn=16,
    ),
)  # fmt: skip

SEATED = (
    Stance(
        "seated/seated",
        pelvis=(0, -8, 0), chest=(-2, 4, 2), head=(-20, 2, 4),
        left_arm=THIGH, right_arm=Arm((0.20, 0.93, 0.24), (-0.22, 0.62, 0.75), None,
                                      ("left_hip", (0.15, 3.0, -1.25)), (-18, 0, 62), "soft"),
        left_foot=Foot(0.085, 0.235, 12, 0, 0, 14), right_foot=Foot(0.055, 0.20, 8, 0, 0, 8),
        height=0.285, turn=36, seat="chair",
    ),
    Stance(
        "seated/legs crossed on a chair",
        pelvis=(4, -8, 2), chest=(-4, 4, -2), head=(-10, 2, 4),
        left_arm=Arm((0.14, 0.92, 0.34), (-0.40, 0.52, 0.75), None, ("left_hip", (-0.25, 3.5, -1.15)),
                     (-14, 0, 58), "soft"),
        right_arm=Arm((0.20, 0.92, 0.30), (-0.38, 0.55, 0.74), None, ("left_hip", (-0.75, 2.4, -1.75)),
                      (-10, 0, 55), "soft"),
        left_foot=Foot(-0.085, 0.325, 0, 0, 0.135, -16, 0, (-28, 4, 0)), right_foot=Foot(0.025, 0.21, 4, 0, 0, 0),
        height=0.285, turn=26, seat="chair",
    ),
    Stance(
        "seated/leaning forward",
        pelvis=(0, 14, 0), chest=(0, 26, 0), head=(-4, -4, 3),
        left_arm=Arm((0.30, 0.80, 0.52), (-0.60, 0.25, 0.75), None, ("left_hip", (-0.85, 5.0, -1.3)),
                     (0, 0, 20), "soft"),
        right_arm=Arm((0.30, 0.80, 0.52), (-0.60, 0.25, 0.75), None, ("left_hip", (-0.95, 4.7, -1.1)),
                      (0, 0, 20), "soft"),
        left_foot=Foot(0.125, 0.20, 16, 0, 0, 22), right_foot=Foot(0.115, 0.16, 14, 0, 0, 20),
        height=0.285, turn=-14, seat="chair",
    ),
    Stance(
        "seated/on a stool",
        pelvis=(3, 0, 0), chest=(-4, 3, 0), head=(-8, 2, 4),
        left_arm=THIGH, right_arm=Arm((0.18, 0.94, 0.20), (-0.14, 0.66, 0.72), None,
                                      ("left_hip", (0.0, 1.9, -1.3)), (-18, 0, 60), "soft"),
        left_foot=Foot(0.06, 0.17, 14, 0, 0.13, 18), right_foot=Foot(0.085, 0.165, 12, 0, 0, 16),
        height=0.405, turn=24, seat="stool",
    ),
    Stance(
        "seated/on a stool front",
        pelvis=(0, 0, 2), chest=(0, 2, -2), head=(4, 2, -5),
        left_arm=Arm((0.18, 0.93, 0.30), (-0.42, 0.60, 0.68), None, ("left_hip", (-0.75, 2.1, -1.25)),
                     (-10, 5, 45), "soft"),
        right_arm=Arm((0.18, 0.93, 0.30), (-0.42, 0.60, 0.68), None, ("left_hip", (-0.75, 2.3, -1.6)),
                      (-10, 5, 45), "soft"),
        left_foot=Foot(0.075, 0.19, 16, 0, 0.115, 18), right_foot=Foot(0.06, 0.20, 12, 0, 0.115, 12),
        height=0.405, seat="stool",
    ),
    Stance(
        "seated/cross-legged",
        pelvis=(0, -22, 0), chest=(0, 3, 1), head=(4, 1, -3),
        left_arm=Arm((0.26, 0.90, 0.34), (0.06, 0.55, 0.83), None, ("left_knee", (0.0, -0.2, -0.9)),
                     (20, 0, 45), "soft"),
        right_arm=Arm((0.26, 0.90, 0.34), (0.06, 0.55, 0.83), None, ("left_knee", (0.0, -0.3, -0.9)),
                      (20, 0, 45), "soft"),
        left_foot=Foot(0.025, 0.235, 0, 0, 0.0, 56, 54, (-30, 28, 0)),
        right_foot=Foot(0.030, 0.275, 0, 0, 0.0, 60, 50, (-30, 28, 0)),
        height=0.085, turn=10, seat="floor",
    ),
    Stance(
        "seated/on the floor",
        pelvis=(0, -16, 0), chest=(-4, -10, 0), head=(-14, 2, 4),
        left_arm=Arm((0.22, 0.84, -0.50), (0.12, 0.96, -0.26), None, None, (-62, 0, 0), "flat"),
        right_arm=Arm((0.20, 0.88, 0.34), (-0.16, 0.40, 0.90), None, ("left_knee", (0.0, -0.3, -1.1)),
                      (30, 0, 50), "soft"),
        left_foot=Foot(0.045, 0.478, 8, -62, 0, 8, 80), right_foot=Foot(0.06, 0.215, 8, 0, 0, 6, 80),
        height=0.060, turn=48, seat="floor",
    ),
    Stance(
        "seated/knees up",
        pelvis=(0, -16, 0), chest=(0, 8, 0), head=(-10, -2, 5),
        left_arm=Arm((0.22, 0.78, 0.58), (-0.42, 0.30, 0.85), None, ("left_knee", (-0.9, 0.9, -1.3)),
                     (8, 0, 40), "soft"),
        right_arm=Arm((0.22, 0.78, 0.58), (-0.42, 0.30, 0.85), None, ("left_knee", (-0.9, 1.2, -1.5)),
                      (8, 0, 40), "soft"),
        left_foot=Foot(0.05, 0.265, 8, 0, 0, 6, 80), right_foot=Foot(0.045, 0.30, 6, 0, 0, 4, 80),
        height=0.060, turn=34, seat="floor",
    ),
    Stance(
        "seated/wheelchair",
        pelvis=(0, -4, 0), chest=(0, 2, 1), head=(-3, 2, 3),
        left_arm=THIGH, right_arm=Arm((0.18, 0.93, 0.26), (-0.14, 0.64, 0.74), None,
                                      ("left_hip", (0.05, 3.0, -1.25)), (-18, 0, 62), "soft"),
        left_foot=Foot(0.06, 0.245, 8, 0, 0.03, 6), right_foot=Foot(0.055, 0.24, 6, 0, 0.03, 6),
        height=0.305, turn=14, seat="wheelchair",
    ),
    Stance(
        "seated/wheelchair hands on the rims",
        pelvis=(0, 2, 0), chest=(-3, 10, 0), head=(-10, -4, 3),
        left_arm=RIM, right_arm=Arm((0.30, 0.92, -0.22), (0.10, 0.66, 0.74), None, None, (0, 8, 10), "curled"),
        left_foot=Foot(0.055, 0.245, 6, 0, 0.03, 4), right_foot=Foot(0.055, 0.24, 6, 0, 0.03, 4),
        height=0.305, turn=40, seat="wheelchair",
    ),
    Stance(
        "seated/wheelchair waving",
        pelvis=(0, -4, 0), chest=(-4, 1, -4), head=(6, 1, 6),
        left_arm=Arm((0.80, 0.50, 0.32), (0.34, -0.92, 0.20), ((0.28, -0.95, 0.05), (0.05, 0.05, 1.0)), None,
                     None, "open"),
        right_arm=Arm((0.24, 0.93, -0.14), (-0.02, 0.74, 0.67), None, None, (0, 8, 10), "curled"),
        left_foot=Foot(0.06, 0.245, 8, 0, 0.03, 6), right_foot=Foot(0.055, 0.24, 6, 0, 0.03, 6),
        height=0.305, turn=-18, seat="wheelchair",
    ),
)  # fmt: skip

EDITORIAL = (
    Stance(
        "editorial/over the shoulder",
        pelvis=(-4, 0, 6), chest=(-22, 0, -5), head=(-86, 3, 4),
        left_arm=HANGING, right_arm=HIP,
        left_foot=Foot(0.09, 0.05, 18, 0, 0, 10), right_foot=Foot(0.015, 0.0, 8),
        turn=158,
    ),
    Stance(
        "editorial/power stance",
        pelvis=(0, 0, -1), chest=(4, -3, 1), head=(-6, -2, -3),
        left_arm=HIP, right_arm=Arm((0.26, 0.96, 0.02), (0.12, 0.96, 0.24)),
        left_foot=Foot(0.15, 0.03, 24, 0, 0, 20), right_foot=Foot(0.145, -0.01, 20, 0, 0, 16),
        turn=-8,
    ),
    Stance(
        "editorial/arm overhead",
        pelvis=(4, 0, 8), chest=(-5, -4, -9), head=(-14, -4, -8),
        left_arm=Arm((0.52, -0.84, 0.12), (-0.80, -0.56, -0.10), None, ("head", (1.35, -2.0, 0.25)),
                     (20, 0, -10), "soft"),
        right_arm=Arm((0.24, 0.96, -0.12), (0.02, 0.96, 0.28), None, None, (-8, 0, 10), "soft"),
        left_foot=Foot(0.085, 0.08, 22, 0, 0, 10), right_foot=Foot(0.0, 0.0, 8),
        turn=12,
    ),
    Stance(
        "editorial/crossed step",
        pelvis=(8, 0, 8), chest=(-8, -2, -6), head=(10, 1, 5),
        left_arm=HANGING, right_arm=HIP,
        left_foot=Foot(-0.050, 0.13, 8, 0, 0, 0), right_foot=Foot(0.004, -0.04, 14),
        turn=-22,
    ),
    Stance(
        "editorial/leaning back",
        pelvis=(-6, -8, -4), chest=(-4, -16, 4), head=(16, 6, -4),
        left_arm=POCKET, right_arm=POCKET,
        left_foot=Foot(0.035, -0.05, 12), right_foot=Foot(0.08, 0.10, 20, 0, 0, 14),
        weight="left", turn=-34,
    ),
    Stance(
        "editorial/arms framing the face",
        pelvis=(-3, 0, -6), chest=(4, -2, 5), head=(-4, 0, -6),
        left_arm=Arm((0.66, -0.66, 0.34), (-0.55, -0.72, -0.40), None, ("head", (1.9, -1.1, 0.4)), (0, 0, -10),
                     "soft"),
        right_arm=Arm((0.40, 0.62, 0.66), (-0.42, -0.86, 0.20), None, ("head", (1.10, 2.3, -1.15)),
                      (-10, 0, -30), "soft"),
        left_foot=Foot(0.012, 0.0, 8), right_foot=Foot(0.10, 0.07, 22, 0, 0, 12),
        weight="left", turn=10,
    ),
    Stance(
        "editorial/profile with a bent leg",
        pelvis=(0, -2, 0), chest=(-6, -5, 0), head=(-14, -4, 3),
        left_arm=Arm((0.14, 0.96, -0.24), (0.06, 0.98, 0.06)), right_arm=Arm((0.14, 0.98, 0.05), (0.0, 0.92, 0.38)),
        left_foot=Foot(0.04, -0.015, 6), right_foot=Foot(0.02, 0.05, 6, 36, 0, 2),
        weight="left", turn=68,
    ),
)  # fmt: skip

MASCOT = (
    Stance(
        "mascot/thumbs up",
        pelvis=(0, 0, 4), chest=(-4, -2, -4), head=(6, 0, 8),
        left_arm=Arm((0.42, 0.82, 0.40), (0.06, -0.66, 0.75), None, None, (0, -8, -10), "thumbs up"), right_arm=HIP,
        left_foot=Foot(0.10, 0.03, 22), right_foot=Foot(0.05, 0.0, 14),
    ),
    Stance(
        "mascot/arms wide",
        pelvis=(0, -1, 1), chest=(0, -5, -2), head=(0, -3, 5),
        left_arm=Arm((0.92, -0.10, 0.36), (0.88, -0.36, 0.32), None, None, (-12, 0, -45), "open"),
        right_arm=Arm((0.92, -0.04, 0.38), (0.88, -0.30, 0.36), None, None, (-12, 0, -45), "open"),
        left_foot=Foot(0.10, 0.02, 22), right_foot=Foot(0.08, 0.0, 18),
    ),
    Stance(
        "mascot/cheering",
        pelvis=(0, -1, -3), chest=(0, -6, 3), head=(0, -8, -4),
        left_arm=Arm((0.88, -0.34, 0.32), (0.16, -0.95, 0.24), None, None, (0, 0, 0), "fist"),
        right_arm=Arm((0.90, -0.22, 0.36), (0.20, -0.94, 0.26), None, None, (0, 0, 0), "fist"),
        left_foot=Foot(0.06, 0.0, 18), right_foot=Foot(0.13, 0.03, 26, 0, 0, 20),
        weight="left",
    ),
    Stance(
        "mascot/big wave",
        pelvis=(0, 0, 6), chest=(0, 0, 0), head=(4, 0, 10),
        left_arm=Arm((0.88, -0.22, 0.36), (0.38, -0.88, 0.26), ((0.32, -0.94, 0.05), (0.05, 0.05, 1.0)), None,
                     None, "open"),
        right_arm=Arm((0.36, 0.92, 0.08), (0.24, 0.92, 0.30), None, None, (-20, 0, 10), "open"),
        left_foot=Foot(0.11, 0.03, 26), right_foot=Foot(0.04, 0.0, 14),
    ),
    Stance(
        "mascot/bowing",
        pelvis=(0, 30, 0), chest=(0, 52, 0), head=(0, 44, 0),
        left_arm=Arm((0.14, 0.98, 0.04), (0.04, 0.97, 0.24)), right_arm=Arm((0.14, 0.98, 0.04), (0.04, 0.97, 0.24)),
        left_foot=Foot(0.045, 0.085, 10), right_foot=Foot(0.045, 0.085, 10),
        turn=35,
    ),
    Stance(
        "mascot/presenting",
        pelvis=(-4, 0, -4), chest=(6, -2, 5), head=(-14, 0, -6),
        left_arm=Arm((0.70, 0.66, 0.26), (0.78, -0.20, 0.60), None, None, (-10, 0, -62), "flat"), right_arm=HIP,
        left_foot=Foot(0.03, 0.0, 14), right_foot=Foot(0.11, 0.05, 26, 0, 0, 18),
        weight="left", turn=-6,
    ),
    Stance(
        "mascot/happy run",
        pelvis=(-10, 4, 0), chest=(10, 4, 4), head=(0, -6, 6),
        left_arm=Arm((0.55, 0.50, -0.67), (0.62, 0.64, 0.45), None, None, (-10, 0, 0), "open"),
        right_arm=Arm((0.60, -0.50, 0.62), (0.30, -0.86, 0.40), None, None, (-6, 0, 0), "open"),
        left_foot=Foot(0.05, 0.13, 8, 8, 0.15, 6), right_foot=Foot(0.02, -0.13, 6, 40, 0, 2),
        bend=16, turn=26,
    ),
    Stance(
        "mascot/happy jump",
        pelvis=(0, -4, 0), chest=(0, -8, 0), head=(0, -6, 4),
        left_arm=Arm((0.92, -0.26, 0.28), (0.80, -0.54, 0.26), None, None, (-6, 0, -20), "open"),
        right_arm=Arm((0.92, -0.26, 0.28), (0.80, -0.54, 0.26), None, None, (-6, 0, -20), "open"),
        left_foot=Foot(0.16, -0.04, 20, 40, 0.16, 34), right_foot=Foot(0.15, -0.06, 20, 44, 0.18, 34),
        height=0.57, seat="",
    ),
    Stance(
        "mascot/hero",
        pelvis=(-2, 0, 0), chest=(-5, -6, 0), head=(-8, -6, 2),
        left_arm=Arm((0.74, 0.62, -0.26), (-0.66, 0.64, 0.34), None, ("pelvis", (2.1, -1.2, -0.15)),
                     (30, 0, 40), "fist"),
        right_arm=Arm((0.74, 0.62, -0.26), (-0.66, 0.64, 0.34), None, ("pelvis", (2.1, -1.2, -0.15)),
                      (30, 0, 40), "fist"),
        left_foot=Foot(0.12, 0.02, 26, 0, 0, 20), right_foot=Foot(0.12, 0.0, 24, 0, 0, 20),
        turn=-12,
    ),
)  # fmt: skip

STANCES = (*CATALOGUE, *CASUAL, *HANDS, *MOVEMENT, *SEATED, *EDITORIAL, *MASCOT)
