"""Setting people down: the lowest point on the floor, and seats and feet on it together."""

import math

import pytest
import torch

from training.people.body.contact import lowered, settled


def sitter(gap: float, yaw: float) -> torch.Tensor:
    """(N, 3) a seat at 0 and feet 0.6 m ahead, a trunk above; the feet `gap` metres above the seat's level."""
    ahead = torch.tensor([math.sin(yaw), 0.0, -math.cos(yaw)])
    trunk = torch.stack([torch.tensor([0.0, -0.1 * i, 0.0]) + 0.08 * ahead for i in range(2, 11)])
    seat = torch.tensor([[0.0, 0.0, 0.0]])
    feet = 0.6 * ahead[None] + torch.tensor([[0.0, -gap, 0.0]])
    return torch.cat([seat, feet, trunk])


@pytest.mark.parametrize("lift", [0.0, 0.2])
def test_the_lowest_point_is_lifted_above_the_floor(lift):
    points = torch.randn((50, 3), generator=torch.Generator().manual_seed(1))
    assert (points + lowered(points, lift))[:, 1].max() == pytest.approx(-lift, abs=1e-6)


@pytest.mark.parametrize("yaw", [0.0, 1.0, -2.5])
@pytest.mark.parametrize("gap", [0.08, -0.08, 0.0])
def test_seat_and_feet_touch_the_floor_together(gap, yaw):
    points = sitter(gap, yaw)
    turn = settled(points, points[2:6].mean(0), yaw)
    level = (points @ turn.T)[:2, 1]
    assert abs(float(level[0] - level[1])) < 0.008, f"{level} m"
    assert torch.allclose(turn @ turn.T, torch.eye(3), atol=1e-6) and torch.linalg.det(turn) > 0


def test_who_would_have_to_be_tipped_far_is_left_alone():
    points = sitter(0.4, 0.0)
    assert torch.equal(settled(points, points[2:6].mean(0), 0.0), torch.eye(3))


def test_who_is_carried_by_nothing_is_left_alone():
    points = sitter(0.05, 0.0)
    assert torch.equal(settled(points, torch.tensor([0.0, -0.5, 0.9]), 0.0), torch.eye(3))
