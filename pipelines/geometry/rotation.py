"""Rotations in numpy float64: quaternions (w, x, y, z), 3x3 matrices, and the fits that make them.

Everything is batched over leading dimensions `...`. Conventions: camera.py.
"""

import numpy as np

IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])


def unit(vector: np.ndarray, fallback=None) -> np.ndarray:
    """(..., n) -> the same direction with length 1; `fallback` (zeros by default) where the length is 0."""
    vector = np.asarray(vector, dtype=np.float64)
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    zero = length < 1e-12
    other = np.zeros_like(vector) if fallback is None else np.broadcast_to(fallback, vector.shape)
    return np.where(zero, other, vector / np.where(zero, 1.0, length))


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., 4), (..., 4) -> a b: first b, then a, as with matrices."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    aw, ax, ay, az = (a[..., i] for i in range(4))
    bw, bx, by, bz = (b[..., i] for i in range(4))
    product = np.empty(np.broadcast_shapes(a.shape, b.shape))
    product[..., 0] = aw * bw - ax * bx - ay * by - az * bz
    product[..., 1] = aw * bx + ax * bw + ay * bz - az * by
    product[..., 2] = aw * by - ax * bz + ay * bw + az * bx
    product[..., 3] = aw * bz + ax * by - ay * bx + az * bw
    return product


def inverse(quaternion: np.ndarray) -> np.ndarray:
    """(..., 4) unit quaternion -> the opposite rotation."""
    return np.asarray(quaternion, dtype=np.float64) * [1.0, -1.0, -1.0, -1.0]


def matrix_from_quaternion(quaternion: np.ndarray) -> np.ndarray:
    """(..., 4) -> (..., 3, 3). The quaternion is normalised first."""
    quaternion = unit(quaternion, IDENTITY)
    w, x, y, z = (quaternion[..., i] for i in range(4))
    matrix = np.empty((*quaternion.shape[:-1], 3, 3))
    matrix[..., 0, 0] = 1 - 2 * (y * y + z * z)
    matrix[..., 0, 1] = 2 * (x * y - w * z)
    matrix[..., 0, 2] = 2 * (x * z + w * y)
    matrix[..., 1, 0] = 2 * (x * y + w * z)
    matrix[..., 1, 1] = 1 - 2 * (x * x + z * z)
    matrix[..., 1, 2] = 2 * (y * z - w * x)
    matrix[..., 2, 0] = 2 * (x * z - w * y)
    matrix[..., 2, 1] = 2 * (y * z + w * x)
    matrix[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return matrix


def quaternion_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotation -> (..., 4) with w >= 0.

    Each of the four candidates is exact where its own component is large: take the largest
    (Shepperd, "Quaternion from rotation matrix", J. Guidance and Control 1, 1978).
    """
    m = np.asarray(matrix, dtype=np.float64)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    wx, wy, wz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    xy, xz, yz = m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0], m[..., 1, 2] + m[..., 2, 1]
    candidates = np.stack(
        [
            np.stack([1 + xx + yy + zz, wx, wy, wz], axis=-1),
            np.stack([wx, 1 + xx - yy - zz, xy, xz], axis=-1),
            np.stack([wy, xy, 1 - xx + yy - zz, yz], axis=-1),
            np.stack([wz, xz, yz, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(np.diagonal(candidates, axis1=-2, axis2=-1), axis=-1)
    chosen = np.take_along_axis(candidates, best[..., None, None], axis=-2)[..., 0, :]
    return unit(np.where(chosen[..., :1] < 0, -chosen, chosen), IDENTITY)


def about(axis: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
    """(..., 3) axis, (...) radians -> (..., 3, 3): the right-handed turn about the axis."""
    axis = unit(axis)
    half = np.asarray(angle, dtype=np.float64)[..., None] / 2
    vector = np.sin(half) * axis
    cosine = np.broadcast_to(np.cos(half), (*vector.shape[:-1], 1))
    return matrix_from_quaternion(np.concatenate([cosine, vector], axis=-1))


def between(start: np.ndarray, end: np.ndarray, fallback=(0.0, 0.0, 1.0)) -> np.ndarray:
    """(3,), (3,) directions -> (3, 3): the shortest turn that takes start to end.

    Opposite directions have no shortest turn: they turn half a circle about the part of `fallback` that is
    perpendicular to start. A zero vector turns nothing.
    """
    start, end = unit(start), unit(end)
    cosine = float(start @ end)
    if not start.any() or not end.any():
        return np.eye(3)
    axis = np.cross(start, end)
    if cosine < 0 and np.linalg.norm(axis) < 1e-9:
        return about(frame(start, fallback)[:, 1], np.pi)
    return about(axis, np.arctan2(np.linalg.norm(axis), cosine))


def frame(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(3,) x axis kept exactly, (3,) y axis made perpendicular to it -> (3, 3) with columns x, y, z.

    Where y is (nearly) parallel to x, the camera's axis least parallel to x stands in for it.
    """
    x = unit(x, [1.0, 0.0, 0.0])
    rest = np.asarray(y, dtype=np.float64) - x * (x @ np.asarray(y))
    if np.linalg.norm(rest) < 1e-9 * max(1.0, np.linalg.norm(y)):
        y = np.eye(3)[int(np.argmin(np.abs(x)))]
        rest = y - x * (x @ y)
    y = unit(rest)
    y = unit(y - x * (x @ y))  # again: near x the first difference loses its digits
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def kabsch(rest: np.ndarray, observed: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """(n, 3), (n, 3), (n,) -> (3, 3): the rotation R that minimises sum w |observed - R rest|^2.

    Both sets are taken as vectors from a common origin. Kabsch, Acta Cryst. A32, 1976; the determinant's sign
    is fixed as in Umeyama, PAMI 13(4), 1991, so that a mirror image never comes out.
    """
    weights = np.ones(len(rest)) if weights is None else np.asarray(weights, dtype=np.float64)
    u, _, vt = np.linalg.svd((np.asarray(observed) * weights[:, None]).T @ np.asarray(rest))
    sign = np.sign(np.linalg.det(u @ vt)) or 1.0
    return u @ np.diag([1.0, 1.0, sign]) @ vt


def slerp(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """(..., 4), (..., 4) -> the rotation a given share of the shortest way from a to b."""
    cosine = np.sum(np.asarray(a) * b, axis=-1, keepdims=True)
    b = np.where(cosine < 0, -np.asarray(b), b)
    angle = np.arccos(np.clip(np.abs(cosine), 0.0, 1.0))
    sine = np.where(angle < 1e-9, 1.0, np.sin(angle))
    near = angle < 1e-9
    first = np.where(near, 1 - share, np.sin((1 - share) * angle) / sine)
    second = np.where(near, share, np.sin(share * angle) / sine)
    return unit(first * a + second * b, IDENTITY)


def turn(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """Radians -> (3, 3), as a person would say it, seen from inside the person.

    yaw > 0 turns to the person's left, pitch > 0 bows forward, roll > 0 tilts to the person's left side;
    roll first, then pitch, then yaw.
    """
    return (
        about(np.array([0.0, 1.0, 0.0]), -yaw)
        @ about(np.array([1.0, 0.0, 0.0]), pitch)
        @ about(np.array([0.0, 0.0, 1.0]), roll)
    )


def angle_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., 3), (..., 3) directions -> (...) radians in [0, pi], accurate at both ends."""
    return np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), np.sum(np.asarray(a) * b, axis=-1))


def signed_angle(a: np.ndarray, b: np.ndarray, axis: np.ndarray) -> float:
    """(3,), (3,) seen along (3,) axis -> radians in (-pi, pi] that turn a to b about the axis."""
    axis = unit(axis)
    a, b = a - axis * (axis @ a), b - axis * (axis @ b)
    return float(np.arctan2(axis @ np.cross(a, b), a @ b))
