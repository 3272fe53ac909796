"""Tokens out of a correspondence: places, garments, parts and normals on both sides."""

import pytest
import torch
from repose.pipelines.attention.tokens import NOBODY, tokens_of
from repose.pipelines.geometry.garments import NUMBER, GarmentMap
from repose.pipelines.geometry.parts import INDEX as PART
from repose.pipelines.geometry.warped import Correspondence

HEIGHT, WIDTH = 64, 48


def moved(shift: int = 0, photo: int = 0) -> Correspondence:
    """A person on the columns 8 to 40, above a chest and below a thigh, `shift` pixels to the right of where they were
    photographed; they face right above and the camera below."""
    y, x = torch.meshgrid(torch.arange(float(HEIGHT)), torch.arange(float(WIDTH)), indexing="ij")
    there = (x >= 8 + shift) & (x < 40 + shift)
    upper = y < 32
    place = torch.where(there[..., None], torch.stack((x - shift, y), -1), torch.nan)
    part = torch.where(there, torch.where(upper, PART["chest"], PART["left_thigh"]), -1)
    normal = (
        torch.where(upper[..., None], torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 0, -1]))
        * there[..., None]
    )
    whole = there.float()
    return Correspondence(place, whole, whole, part, whole, normal, normal, torch.full_like(part, photo))


def clothes() -> GarmentMap:
    labels = torch.zeros(1, 1, HEIGHT, WIDTH, dtype=torch.uint8)
    labels[..., :32, 8:40], labels[..., 32:, 8:40] = NUMBER["upper"], NUMBER["lower"]
    matte = (labels > 0).float()
    return GarmentMap(labels, torch.zeros_like(matte), matte)


def test_who_stays_looks_at_themselves():
    new, old = tokens_of(moved(), clothes(), (16, 12), (16, 12))
    inside = new.region > 0
    assert len(new) == len(old) == 192 and inside.sum() == 16 * 8
    assert torch.allclose(new.place[inside], old.place[inside], atol=0.13)  # samples lie on pixels
    for name in ("region", "part"):
        assert torch.equal(getattr(new, name), getattr(old, name))
    assert torch.allclose(new.normal, old.normal, atol=1e-5) and torch.equal(new.seen > 0.5, inside)


def test_who_moved_looks_at_where_they_were():
    """Eight pixels to the right are two tokens."""
    new, old = tokens_of(moved(8), clothes(), (16, 12), (16, 12))
    inside = new.seen > 0.9
    own = torch.stack((torch.arange(192) % 12, torch.arange(192) // 12), 1).float()
    assert torch.allclose(new.place[inside], own[inside] - torch.tensor([2.0, 0]), atol=0.13)
    assert set(new.region[inside].tolist()) == {NUMBER["upper"], NUMBER["lower"]}
    shown = old.part != NOBODY
    assert torch.equal(old.region[shown] > 0, torch.ones_like(shown[shown]))


def test_the_photo_may_have_another_grid():
    new, old = tokens_of(moved(), clothes(), (8, 6), (16, 12))
    inside = new.region > 0
    assert old.size == (16, 12) and new.place[inside].max() <= 15.01
    middle = new.place.reshape(8, 6, 2)[4, 3]
    assert torch.allclose(middle, torch.tensor([6.5, 8.5]), atol=0.2)


def test_what_a_second_photo_shows_is_not_seen_in_this_one():
    new, old = tokens_of(moved(photo=1), clothes(), (16, 12), (16, 12))
    assert new.seen.sum() == 0 and (old.part == NOBODY).all()


def test_another_photos_clothes_lie_outside():
    """A correspondence that leads beyond the clothes' picture tells nothing there."""
    small = GarmentMap(*(value[..., :40, :] for value in (clothes().labels, clothes().hair, clothes().matte)))
    new, _ = tokens_of(moved(), small, (16, 12), (16, 12))
    assert (new.region.reshape(16, 12)[11:] == 0).all() and (new.seen.reshape(16, 12)[11:] == 0).all()


@pytest.mark.parametrize("grid", [(1, 1), (3, 5)])
def test_any_grid(grid):
    new, old = tokens_of(moved(), clothes(), grid, grid)
    assert len(new) == grid[0] * grid[1] == len(old) and torch.isfinite(new.place).all()
