"""BVH, the text format of motion capture: a hierarchy of joints with offsets, then one line of numbers per frame.

As Biovision's own files and every program since have it (Meredith & Maddock, "Motion Capture File Formats
Explained", University of Sheffield CS-01-11, 2001): rotations in degrees, in each joint's own order of channels,
the first named turned last: `R = R_first R_second R_third`. What the numbers mean for a body: bvh_pose.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .. import rotation

MOST_JOINTS = 1000
MOST_FRAMES = 100_000
"""Half an hour at 60 frames per second; what is read of them the caller bounds."""
LARGEST_NUMBER = 1e7
"""Centimetres or degrees: what is larger is a damaged file."""
NUMBERED = ("OFFSET", "CHANNELS")
STARTS = (*NUMBERED, "JOINT", "END")
AXES = {"X": 0, "Y": 1, "Z": 2}
CHANNELS = tuple(f"{axis}{kind}" for kind in ("position", "rotation") for axis in AXES)


@dataclass(frozen=True)
class Joint:
    """One joint: its parent's number or -1, offset (x, y, z) from it at rest, and the names of its channels.

    end  the offset of an end site below it, or None
    """

    name: str
    parent: int
    offset: tuple[float, float, float]
    channels: tuple[str, ...] = ()
    end: tuple[float, float, float] | None = None


@dataclass(frozen=True, eq=False)
class Motion:
    """A file: joints, parents first; values (frames, channels) in the order of the joints; seconds per frame.

    first, stride, total  which of the file's frames the values are
    """

    joints: tuple[Joint, ...]
    values: np.ndarray
    seconds: float
    first: int = 0
    stride: int = 1
    total: int = 0

    def offsets(self) -> np.ndarray:
        """(joints, 3) from each joint's parent, at rest."""
        return np.array([joint.offset for joint in self.joints], dtype=np.float64)

    def rest(self) -> np.ndarray:
        """(joints, 3) positions with all rotations zero, the root at the origin."""
        positions = np.zeros((len(self.joints), 3))
        for j, joint in enumerate(self.joints):
            if joint.parent >= 0:
                positions[j] = positions[joint.parent] + joint.offset
        return positions

    def local_rotations(self) -> np.ndarray:
        """(frames, joints, 3, 3)."""
        turns = np.tile(np.eye(3), (len(self.values), len(self.joints), 1, 1))
        column = 0
        for j, joint in enumerate(self.joints):
            for channel in joint.channels:
                if channel.endswith("rotation"):
                    axis = np.eye(3)[AXES[channel[0]]]
                    turns[:, j] = turns[:, j] @ rotation.about(axis, np.radians(self.values[:, column]))
                column += 1
        return turns

    def forward(self) -> tuple[np.ndarray, np.ndarray]:
        """(frames, joints, 3) positions, the root's channels left out, and (frames, joints, 3, 3) rotations, global."""
        turns = self.local_rotations()
        positions = np.zeros((*turns.shape[:2], 3))
        for j, joint in enumerate(self.joints):
            if joint.parent >= 0:
                positions[:, j] = positions[:, joint.parent] + turns[:, joint.parent] @ np.array(joint.offset)
                turns[:, j] = turns[:, joint.parent] @ turns[:, j]
        return positions, turns


def parse_bvh(text: str, first: int = 0, stride: int = 1, most: int = 600) -> Motion:
    """A BVH file's text -> its hierarchy and the frames first, first + stride, ..., at most `most` of them.

    Raises ValueError that begins with "line N:" for what is not as it should be.
    """
    if first < 0 or stride < 1 or most < 1:
        raise ValueError(f"frames from {first} in steps of {stride}, {most} of them: all must be positive")
    lines = _Lines(text)
    joints = _hierarchy(lines)
    total, seconds = _motion_header(lines)
    width = sum(len(joint.channels) for joint in joints)
    if width == 0:
        raise lines.error("no joint has CHANNELS: there is no motion in this file")
    values = _frames(lines, width, total, range(total)[first::stride][:most])
    if len(values) == 0:
        raise lines.error(f"frame {first} was asked for, the file has {total} (0 to {total - 1})")
    return Motion(joints, values, seconds, first, stride, total)


class _Lines:
    """The lines that are not empty, split into words, with their numbers."""

    def __init__(self, text: str):
        self.text, self.at, self.number = text, 0, 0

    def next(self) -> list[str]:
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            line, self.at = self.text[self.at : end], end + 1
            self.number += 1
            if not line.isspace() and line:
                return line.split()
        raise self.error("the file ends here, it is cut short")

    def error(self, message: str) -> ValueError:
        return ValueError(f"line {self.number}: {message}")

    def numbers(self, words: list[str], count: int, what: str) -> list[float]:
        if len(words) != count:
            raise self.error(f"{what} should have {count} numbers, found {len(words)}")
        try:
            values = [float(word) for word in words]
        except ValueError:
            raise self.error(f"{what} should be numbers, found {' '.join(words)[:60]!r}") from None
        if not all(abs(value) <= LARGEST_NUMBER for value in values):
            raise self.error(f"{what} should be finite numbers, found {' '.join(words)[:60]!r}")
        return values


def _words(lines: _Lines) -> Iterator[list[str]]:
    """Statements of the hierarchy, each brace one by itself, however the file breaks its lines."""
    while True:
        words = lines.next()
        row: list[str] = []
        for word in words:
            if word in "{}":
                if row:
                    yield row
                yield [word]
                row = []
            elif row and row[0].upper() in NUMBERED and word.upper() in STARTS:
                yield row
                row = [word]
            else:
                row.append(word)
        if row:
            yield row


def _hierarchy(lines: _Lines) -> tuple[Joint, ...]:
    if lines.next()[0].upper() != "HIERARCHY":
        raise lines.error('a BVH file begins with "HIERARCHY"')
    rows = _words(lines)
    reading = _Reading(lines)
    for row in rows:
        if not reading.take(row):
            return reading.finished()
    raise lines.error("the hierarchy does not end")


class _Reading:
    """The hierarchy while it is read: open joints on a stack, so that depth costs nothing."""

    def __init__(self, lines: _Lines):
        self.lines = lines
        self.names: list[str] = []
        self.parents: list[int] = []
        self.offsets: list[list[float] | None] = []
        self.channels: list[tuple[str, ...]] = []
        self.ends: dict[int, list[float]] = {}
        self.open: list[int] = []
        self.waiting: int | None = None

    def take(self, row: list[str]) -> bool:
        """One row; False at MOTION."""
        word = row[0].upper()
        if self.waiting is not None and word != "{":
            raise self.lines.error(f'expected "{{" after a joint, found {row[0][:40]!r}')
        if word in ("ROOT", "JOINT", "END"):
            self._open(word, " ".join(row[1:]))
        elif word == "{" and self.waiting is not None:
            self.open.append(self.waiting)
            self.waiting = None
        elif word == "}" and self.open:
            self.open.pop()
        elif word == "OFFSET" and self.open:
            self._offset(self.lines.numbers(row[1:], 3, "OFFSET"))
        elif word == "CHANNELS" and self.open and self.open[-1] >= 0:
            self.channels[self.open[-1]] = self._channels(row[1:])
        elif word == "MOTION" and not self.open:
            return False
        else:
            raise self.lines.error(f"{row[0][:40]!r} was not expected here")
        return True

    def _open(self, word: str, name: str) -> None:
        """Begins a joint or an end site, which waits for its brace."""
        if (word == "ROOT") == bool(self.open) or (word == "ROOT" and self.names):
            raise self.lines.error("a file has one ROOT, and JOINT and End Site inside it")
        if self.open and self.open[-1] < 0:
            raise self.lines.error("an End Site has nothing below it")
        if word == "END":
            self.waiting = -1 - self.open[-1]
            return
        if len(self.names) >= MOST_JOINTS:
            raise self.lines.error(f"more than {MOST_JOINTS} joints")
        self.waiting = len(self.names)
        self.names.append(name or f"joint {len(self.names)}")
        self.parents.append(self.open[-1] if self.open else -1)
        self.offsets.append(None)
        self.channels.append(())

    def _offset(self, values: list[float]) -> None:
        if self.open[-1] < 0:
            self.ends[-1 - self.open[-1]] = values
        else:
            self.offsets[self.open[-1]] = values

    def _channels(self, words: list[str]) -> tuple[str, ...]:
        known = {channel.lower(): channel for channel in CHANNELS}
        names = tuple(known.get(word.lower(), "") for word in words[1:])
        if not words or words[0] != str(len(names)) or "" in names or len(set(names)) != len(names):
            raise self.lines.error(
                f"CHANNELS should be a count and that many of {', '.join(CHANNELS)}, found {' '.join(words)[:80]!r}"
            )
        return names

    def finished(self) -> tuple[Joint, ...]:
        if not self.names or None in self.offsets:
            missing = self.names[self.offsets.index(None)] if None in self.offsets else "ROOT"
            raise self.lines.error(f"{missing[:40]} has no OFFSET" if self.names else "there is no ROOT")
        return tuple(
            Joint(name, parent, tuple(offset), channels, tuple(self.ends[j]) if j in self.ends else None)
            for j, (name, parent, offset, channels) in enumerate(
                zip(self.names, self.parents, self.offsets, self.channels, strict=True)
            )
        )


def _motion_header(lines: _Lines) -> tuple[int, float]:
    """Count of frames and seconds per frame."""
    row = " ".join(lines.next()).replace(":", " : ").split()
    if row[0].lower() != "frames" or row[-1:] == [":"] or not row[-1].isdecimal():
        raise lines.error(f'expected "Frames:" and their number, found {" ".join(row)[:60]!r}')
    total = int(row[-1][:12])
    if not 0 < total <= MOST_FRAMES:
        raise lines.error(f"{row[-1][:20]} frames are announced, expected 1 to {MOST_FRAMES}")
    row = " ".join(lines.next()).replace(":", " : ").split()
    if [word.lower() for word in row[:2]] != ["frame", "time"]:
        raise lines.error(f'expected "Frame Time:" and seconds, found {" ".join(row)[:60]!r}')
    return total, lines.numbers(row[3:], 1, "Frame Time")[0]


def _frames(lines: _Lines, width: int, total: int, wanted: range) -> np.ndarray:
    """(n, width) of the wanted frames; the others are passed over unread."""
    values = []
    for frame in range(wanted[-1] + 1 if wanted else 0):
        try:
            words = lines.next()
        except ValueError:
            raise lines.error(f"{total} frames are announced, the file ends after {frame}") from None
        if frame in wanted:
            values.append(lines.numbers(words, width, f"frame {frame}"))
    return np.array(values, dtype=np.float64).reshape(-1, width)


def bvh_text(motion: Motion) -> str:
    """The file of a motion: offsets and positions with 4 decimals, degrees with 6."""
    children = {
        j: [k for k, child in enumerate(motion.joints) if child.parent == j]
        for j in range(-1, len(motion.joints))
    }
    lines = ["HIERARCHY"]
    stack: list[tuple[int, str]] = [(0, "")]
    while stack:
        j, tabs = stack.pop()
        if j < 0:
            lines.append(tabs + "}")
            continue
        joint = motion.joints[j]
        lines += [f"{tabs}{'JOINT' if tabs else 'ROOT'} {joint.name}", tabs + "{"]
        lines.append(f"{tabs}\tOFFSET {_spaced(joint.offset, 4)}")
        lines.append(f"{tabs}\tCHANNELS {len(joint.channels)} {' '.join(joint.channels)}")
        if joint.end is not None:
            end = [
                f"{tabs}\tEnd Site",
                f"{tabs}\t{{",
                f"{tabs}\t\tOFFSET {_spaced(joint.end, 4)}",
                f"{tabs}\t}}",
            ]
            lines += end
        stack.append((-1, tabs))
        stack += [(child, tabs + "\t") for child in reversed(children[j])]
    lines += ["MOTION", f"Frames: {len(motion.values)}", f"Frame Time: {motion.seconds:.6f}"]
    return "\n".join(lines + [_spaced(row, 6) for row in motion.values]) + "\n"


def _spaced(values, decimals: int) -> str:
    return " ".join(f"{value + 0.0:.{decimals}f}" for value in values)


def euler_degrees(matrices: np.ndarray, order: str = "ZXY") -> np.ndarray:
    """(..., 3, 3) rotations -> (..., 3) degrees about three different axes with `R = R_first R_second R_third`.

    Where the second angle is 90 degrees first and third are one turn: it is given to the first.
    """
    i, j, k = (AXES[axis] for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    middle = np.arcsin(np.clip(sign * matrices[..., i, k], -1, 1))
    locked = np.abs(matrices[..., i, k]) > 1 - 1e-12
    first = np.where(
        locked,
        np.arctan2(sign * matrices[..., k, j], matrices[..., j, j]),
        np.arctan2(-sign * matrices[..., j, k], matrices[..., k, k]),
    )
    third = np.where(locked, 0.0, np.arctan2(-sign * matrices[..., i, j], matrices[..., i, i]))
    return np.degrees(np.stack([first, middle, third], axis=-1))
