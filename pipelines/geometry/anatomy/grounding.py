"""Small repairs of how a body stands: a knee that falls to the side, a foot that floats, a weight beside the
feet.

Each repair is tried and kept only when it takes its finding away, brings no other, and every limit still
holds: so a second run finds nothing left that it could do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .. import rotation
from ..contacts import PELVIS, Contact, reached
from ..skeleton import JOINT_INDEX, Skeleton, local_rotations
from .balance import COLLAPSE, Balance, Finding, balance, collapsed
from .limits import TOLERANCE, LimitOptions, excess

SWIVELS = np.radians(np.arange(1.0, 61.0))
"""Turns of a leg about the line from hip to ankle that are tried for a knee, the smallest first."""
SWAY = 0.15
"""Share of the stature by which the pelvis may sway to bring the weight over the feet: more is another pose."""
SWAYS = 6
SPARE = 0.5
"""Degrees by which a swayed leg stays inside its knee's inner angle."""


def grounded_body(
    skeleton: Skeleton,
    options: LimitOptions,
    contacts: Sequence[Contact] = (),
    free: np.ndarray | None = None,
) -> tuple[Skeleton, tuple[tuple[Finding, float], ...]]:
    """The body with every finding of `balance` repaired that a small change repairs; each finding with its
    value afterwards. A repair that would turn a joint that is not `free` (J,) is none."""
    free = np.ones(len(skeleton.rotations), dtype=bool) if free is None else free
    before = balance(skeleton, contacts)
    now, tried = before, True
    while tried:
        tried = False
        for finding in now.findings:
            for repair in _REPAIRS[finding.limit](skeleton, now, finding, options):
                repair = _same_bits(skeleton, repair)
                if (repair.rotations != skeleton.rotations).any(axis=1)[~free].any():
                    continue
                after = balance(repair, contacts)
                if _better(now, after, finding) and _no_worse(skeleton, repair, options):
                    skeleton, now, tried = repair, after, True
                    break
            if tried:
                break
    left = {(one.joint, one.limit): one.value for one in now.findings}
    values = ((one, left.get((one.joint, one.limit), _measured(now, one))) for one in before.findings)
    return skeleton, tuple(values)


def _same_bits(before: Skeleton, after: Skeleton) -> Skeleton:
    """Rotations that only rounding changed get their old bits back."""
    same = 1 - np.abs((before.rotations * after.rotations).sum(axis=1)) < 1e-14
    return after.with_rotations(np.where(same[:, None], before.rotations, after.rotations))


def _better(now: Balance, after: Balance, finding: Finding) -> bool:
    left = {(one.joint, one.limit) for one in after.findings}
    return (finding.joint, finding.limit) not in left and len(after.findings) < len(now.findings)


def _no_worse(before: Skeleton, after: Skeleton, options: LimitOptions) -> bool:
    """No joint leaves its range, and none that was outside goes further."""
    old, new = (np.maximum(excess(one.rotations, options), 0.0) for one in (before, after))
    return bool((new <= old + TOLERANCE).all())


def _measured(now: Balance, finding: Finding) -> float:
    """The finding's own quantity where it is no longer one."""
    left = finding.joint.startswith("left_")
    if finding.joint.endswith("knee"):
        return abs(now.collapse[0 if left else 1])
    if finding.joint == PELVIS:
        return now.outside * now.stature
    return now.clearance[0 if left else 1] * now.stature


def _straightened(
    skeleton: Skeleton, now: Balance, finding: Finding, options: LimitOptions
) -> list[Skeleton]:
    """The leg turned about the line from hip to ankle, so that hip, ankle and foot stay, as little as is
    needed."""
    side = finding.joint.removesuffix("knee")
    joints = [JOINT_INDEX[side + name] for name in ("hip", "knee")]
    posed = skeleton.forward()
    axis = posed.positions[JOINT_INDEX[f"{side}ankle"]] - posed.positions[joints[0]]
    for angle in np.ravel([SWIVELS, -SWIVELS], order="F"):
        globals_ = posed.rotations.copy()
        globals_[joints] = rotation.about(axis, angle) @ globals_[joints]
        turned = skeleton.with_rotations(local_rotations(globals_))
        if abs(collapsed(turned.forward(), side)) < COLLAPSE:
            return [turned]
    return []


def _levelled(skeleton: Skeleton, now: Balance, finding: Finding, options: LimitOptions) -> list[Skeleton]:
    """Both feet brought to the middle between them, or else the lower one up to the higher one (a leg can
    always bend)."""
    side = finding.joint.removesuffix("ankle")
    other = "right_" if side == "left_" else "left_"
    at = skeleton.forward().positions
    step = np.array([0.0, finding.value, 0.0])
    ends = {name: at[JOINT_INDEX[f"{name}ankle"]] for name in (side, other)}
    both = reached(skeleton, f"{side}ankle", ends[side] + step / 2)
    both = reached(both, f"{other}ankle", ends[other] - step / 2)
    return [both, reached(skeleton, f"{other}ankle", ends[other] - step)]


def _swayed(skeleton: Skeleton, now: Balance, finding: Finding, options: LimitOptions) -> list[Skeleton]:
    """The pelvis moved over the feet, which stay where they are; the legs follow."""
    if now.mode != "standing" or now.outside > SWAY:
        return []
    at = skeleton.forward().positions
    ends = {name: at[JOINT_INDEX[name]] for name in ("left_ankle", "right_ankle")}
    body, report = skeleton, now
    for _ in range(SWAYS):
        step = report.pressure - report.mass
        body = body.moved([step[0], 0.0, step[2]])
        body = body.moved([0.0, _lowering(body, ends, options), 0.0])
        for name, end in ends.items():
            body = reached(body, name, end)
        report = balance(body)
        if not any(one.limit == finding.limit for one in report.findings):
            return [body]
    return []


def _lowering(body: Skeleton, ends: dict[str, np.ndarray], options: LimitOptions) -> float:
    """Pixels by which the pelvis must come down for both legs to reach their ankles without opening the knee
    too far."""
    at, most = body.forward().positions, 0.0
    for name, end in ends.items():
        hip, knee = (at[JOINT_INDEX[name.replace("ankle", part)]] for part in ("hip", "knee"))
        thigh, shank = np.linalg.norm(knee - hip), body.length(name)
        longest = np.sqrt(thigh**2 + shank**2 - 2 * thigh * shank * np.cos(np.radians(options.knee - SPARE)))
        aside = np.linalg.norm((end - hip)[[0, 2]])
        most = max(most, end[1] - hip[1] - np.sqrt(max(longest**2 - aside**2, 0.0)))
    return most


_REPAIRS: dict[str, Callable[[Skeleton, Balance, Finding, LimitOptions], list[Skeleton]]] = {
    "falls inwards": _straightened,
    "falls outwards": _straightened,
    "foot floats": _levelled,
    "weight beyond support": _swayed,
}
