"""A face turns as far as the photo can show it."""

import numpy as np
import pytest
from repose.pipelines.geometry.camera import DOWN, FORWARD
from repose.pipelines.geometry.face_turn import possible_turn
from repose.pipelines.geometry.rotation import about, turn


def yaw(head) -> float:
    x, _, z = head @ FORWARD
    return float(np.degrees(np.arctan2(x, -z)))


def head(degrees: float) -> np.ndarray:
    return about(DOWN, -np.radians(degrees))


@pytest.mark.parametrize(("was", "wanted", "shown"), [
    (0, 30, 30), (0, -45, -45), (3, -20, -20),  # from the front it turns to either side
    (25, 50, 50), (-25, -70, -70),  # further towards what it shows
    (45, 0, 45), (-45, 10, -45), (60, -60, 60),  # its hidden half stays hidden
    (30, 180, 180), (-45, 150, 150), (170, 20, 20),  # the back of a head is hair
])  # fmt: skip
def test_the_hidden_half_of_a_face_stays_hidden(was, wanted, shown):
    assert yaw(head(was)) == pytest.approx(was, abs=1e-6)
    apart = (yaw(possible_turn(head(was), head(wanted))) - shown + 180) % 360 - 180
    assert apart == pytest.approx(0, abs=0.5)


def test_in_between_it_turns_a_part_of_the_way():
    assert 2 < yaw(possible_turn(head(12), head(0))) < 10


def test_nodding_and_tilting_go_on():
    wanted = head(0) @ turn(pitch=np.radians(15), roll=np.radians(10))
    found = possible_turn(head(45), wanted)
    assert (wanted @ FORWARD)[1] == pytest.approx((found @ FORWARD)[1], abs=1e-6)
