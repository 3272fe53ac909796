"""Clothes as values: regions, materials, patches; and what the warp takes from them."""

import pytest
import torch
from repose.pipelines.geometry.cloth import Fabric
from repose.pipelines.geometry.garments import (
    GROUPS,
    NUMBER,
    REGIONS,
    GarmentMap,
    Material,
    Measured,
    Pattern,
    RigidPatch,
)
from repose.pipelines.geometry.layers import Regions
from repose.pipelines.geometry.nearness import keep_off
from repose.pipelines.geometry.rigid import all_rigid
from repose.pipelines.native import regions_at

SIZE = (8, 6)


def clothes(**more) -> GarmentMap:
    """Two rows of hair, three of an upper garment, three of a lower one; background in the first and last column; the
    second row of hair is half shirt."""
    labels = torch.zeros(1, 1, *SIZE, dtype=torch.uint8)
    for rows, name in ((slice(0, 2), "hair"), (slice(2, 5), "upper"), (slice(5, 8), "lower")):
        labels[..., rows, 1:5] = NUMBER[name]
    hair = (labels == NUMBER["hair"]).float()
    hair[..., 1, :] *= 0.5
    return GarmentMap(labels, hair, (labels > 0).float(), **more)


def test_every_region_has_a_group_and_a_number():
    assert len(set(REGIONS)) == len(REGIONS) and REGIONS[0] == "background"
    assert {name for names in GROUPS.values() for name in names} <= set(REGIONS)
    assert set(GROUPS["person"]) == set(REGIONS[1:])


def test_masks_are_soft_where_hair_is():
    found = clothes()
    assert found.present() == ("hair", "upper", "lower") and found.size == SIZE
    assert found.mask("hair")[0, 0, :, 2].tolist() == [1, 0.5, 0, 0, 0, 0, 0, 0]
    assert found.mask("clothes")[0, 0, :, 2].tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    assert found.mask("background")[0, 0, 3].tolist() == [1, 0, 0, 0, 0, 1]
    whole = found.mask("upper", "lower", "hair")
    assert float(whole.max()) <= 1 and float(whole[..., 0].max()) == 0


def test_an_unknown_region_is_named_with_what_there_is():
    with pytest.raises(ValueError, match="'trousers'.*lower"):
        clothes().mask("trousers")
    with pytest.raises(ValueError, match="'sleeve'"):
        clothes().material("sleeve")


def test_patches_make_one_mask():
    one = RigidPatch("print", "upper", (2, 2), torch.full((2, 3), 0.5))
    two = RigidPatch("button", "upper", (4, 3), torch.ones(1, 1))
    rigid = clothes(patches=(one, two)).rigid()
    assert rigid[0, 0, 2].tolist() == [0, 0, 0.5, 0.5, 0.5, 0]
    assert rigid[0, 0, 3].tolist() == [0, 0, 0.5, 0.5, 1, 0]
    assert float(rigid.sum()) == pytest.approx(3.5)


def test_at_another_size_periods_and_patches_go_along():
    cloth = Material("cotton", 0.9, pleats=Measured(0.1, 0.5), patterns=(Pattern(10.0, 0.3, 6.0, 0.9),))
    patch = RigidPatch("print", "upper", (2, 2), torch.ones(2, 2))
    found = clothes(materials={"upper": cloth}, patches=(patch,)).at_size((16, 12))
    assert found.size == (16, 12) and found.labels.dtype == torch.uint8
    assert torch.equal(found.labels[..., ::2, ::2], clothes().labels)
    assert (
        found.material("upper").patterns[0].period == 20 and found.material("upper").patterns[0].second == 12
    )
    assert found.material("upper").pleats.value == pytest.approx(0.05)
    assert found.patches[0].corner == (4, 4) and found.patches[0].mask.shape == (4, 4)
    assert float(found.rigid().sum()) == 16
    assert found.material("lower") == Material()
    gone = clothes(patches=(RigidPatch("button", "upper", (3, 3), torch.ones(1, 1)),)).at_size((2, 2))
    assert gone.patches == () and not gone.rigid().any()  # a button of a quarter of a pixel


def test_unknown_cloth_hangs_as_by_default_and_silk_falls_more_than_leather():
    assert Fabric.of(Material()) == Fabric()
    silk, cotton, leather = (
        Fabric.of(Material(stiffness=Measured(value, 1.0))) for value in (0.1, 0.43, 0.95)
    )
    assert silk.bending < cotton.bending < leather.bending <= 0.8
    assert cotton.bending == pytest.approx(Fabric().bending, abs=0.01)
    half = Fabric.of(Material(stiffness=Measured(0.95, 0.5)))
    assert half.bending == pytest.approx((leather.bending + Fabric().bending) / 2)


def test_trousers_are_no_arm():
    costs = {name: torch.ones(2, 2) for name in ("trunk", "left_arm", "left_leg")}
    keep_off(costs, torch.tensor([[1.0, 0.75], [0.5, 0.0]]))
    assert costs["left_arm"].tolist() == [[2.0, 1.5], [1.0, 1.0]]
    assert torch.equal(costs["trunk"], torch.ones(2, 2)) and torch.equal(costs["left_leg"], torch.ones(2, 2))


def test_the_artists_mask_and_the_garments_patches_are_both_rigid():
    patch = RigidPatch("print", "upper", (2, 2), torch.ones(1, 2))
    maps = torch.zeros(1, 1, *SIZE)
    known = Regions(maps, maps, None, clothes(patches=(patch,)))
    mask = maps.clone()
    mask[..., 4, 1] = 1
    assert all_rigid(None, None) is None
    assert all_rigid(mask, Regions(maps, maps, None, clothes())) is mask
    assert float(all_rigid(None, known).sum()) == 2
    assert float(all_rigid(mask, known).sum()) == 3


def test_very_large_photos_take_the_clothes_along():
    maps = torch.zeros(1, 1, *SIZE)
    assert regions_at(Regions(maps, maps, None, clothes()), (4, 3)).garments.size == (4, 3)
    assert regions_at(Regions(maps, maps), (4, 3)).garments is None
