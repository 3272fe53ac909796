"""Quaternions, matrices and fits: round trips and known turns."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from repose.pipelines.geometry import rotation

numbers = st.floats(-10, 10, allow_nan=False)
vectors = arrays(np.float64, 3, elements=numbers).filter(lambda v: np.linalg.norm(v) > 1e-3)
quaternions = (
    arrays(np.float64, 4, elements=numbers).filter(lambda q: np.linalg.norm(q) > 1e-3).map(rotation.unit)
)


def degrees_apart(a, b):
    """The angle between two rotation matrices."""
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(a - b) / np.sqrt(8), 0, 1)))


@given(quaternions)
def test_quaternion_to_matrix_and_back(quaternion):
    back = rotation.quaternion_from_matrix(rotation.matrix_from_quaternion(quaternion))
    assert min(np.abs(back - quaternion).max(), np.abs(back + quaternion).max()) < 1e-9


@given(quaternions, quaternions)
def test_product_of_quaternions_is_product_of_matrices(a, b):
    product = rotation.matrix_from_quaternion(rotation.multiply(a, b))
    assert np.allclose(
        product, rotation.matrix_from_quaternion(a) @ rotation.matrix_from_quaternion(b), atol=1e-9
    )


@given(quaternions)
def test_inverse_undoes(quaternion):
    assert np.allclose(rotation.multiply(quaternion, rotation.inverse(quaternion)), [1, 0, 0, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ({"yaw": 90}, [0, 0, -1], [1, 0, 0]),
        ({"pitch": 90}, [0, -1, 0], [0, 0, -1]),
        ({"roll": 90}, [0, -1, 0], [1, 0, 0]),
    ],
    ids=["yaw turns the face to the person's left", "pitch bows forward", "roll tilts to the person's left"],
)
def test_turns_as_a_person_says_them(words, start, end):
    turn = rotation.turn(**{name: np.radians(value) for name, value in words.items()})
    assert np.allclose(turn @ start, end, atol=1e-12)


def test_quarter_turn_about_z_takes_x_to_y():
    assert np.allclose(rotation.about([0, 0, 2], np.pi / 2) @ [1, 0, 0], [0, 1, 0])


@given(vectors, vectors)
def test_between_takes_start_to_end(start, end):
    turn = rotation.between(start, end)
    assert np.allclose(turn @ rotation.unit(start), rotation.unit(end), atol=1e-7)
    assert np.isclose(np.linalg.det(turn), 1)


def test_between_opposite_directions_turns_about_the_fallback():
    turn = rotation.between([1, 0, 0], [-1, 0, 0], fallback=(0, 1, 0))
    assert np.allclose(turn, np.diag([-1, 1, -1]), atol=1e-9)


@example(np.array([3.0, 8.42987e-08, 8.42987e-08]), np.array([3.0, 0, 0]))
@given(vectors, vectors)
def test_frame_keeps_its_x_axis_and_is_a_rotation(x, y):
    made = rotation.frame(x, y)
    assert np.allclose(made[:, 0], rotation.unit(x)) and np.allclose(made.T @ made, np.eye(3), atol=1e-9)
    assert np.isclose(np.linalg.det(made), 1)


@given(quaternions, st.integers(0, 2**31))
def test_kabsch_finds_the_rotation(quaternion, seed):
    turn = rotation.matrix_from_quaternion(quaternion)
    rest = np.random.default_rng(seed).normal(size=(6, 3))
    assert degrees_apart(rotation.kabsch(rest, rest @ turn.T), turn) < 1e-5


def test_kabsch_never_mirrors():
    rest = np.random.default_rng(0).normal(size=(6, 3))
    assert np.isclose(np.linalg.det(rotation.kabsch(rest, rest * [-1, 1, 1])), 1)


def test_slerp_half_way_of_ninety_degrees_is_forty_five():
    start, end = [1, 0, 0, 0], rotation.quaternion_from_matrix(rotation.about([0, 1, 0], np.pi / 2))
    half = rotation.matrix_from_quaternion(rotation.slerp(start, end, 0.5))
    assert degrees_apart(half, rotation.about([0, 1, 0], np.pi / 4)) < 1e-6


@given(vectors, st.floats(-3, 3))
def test_signed_angle_reads_a_turn_back(axis, angle):
    start = rotation.frame(axis, [0.3, 0.5, 0.8])[:, 1]
    assert np.isclose(
        rotation.signed_angle(start, rotation.about(axis, angle) @ start, axis), angle, atol=1e-7
    )
