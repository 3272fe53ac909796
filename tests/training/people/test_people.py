"""People of the kit: the same by seed, decently dressed, whole; splits that share nothing they need not share."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from training.lifter.heldout import library_frames
from training.people.body.identities import AGES, Identity
from training.people.body.people import Person
from training.people.cloth import outfits
from training.people.cloth.outfits import ADULT, EVERYDAY, HELD_OUT, Outfit, Wearer, Worn
from training.people.draws import Draw
from training.people.scene import MATERIALS, REGIONS

FRONT = "catalogue/front"
SHARED = {"Coat", "glasses", "Low-Poly"}
"""Items of which the kit has one."""


def _outfits(kit, split, count=120):
    for seed in range(count):
        draw = Draw(torch.Generator().manual_seed(seed))
        identity = Identity.sampled(kit, split, draw)
        yield (
            identity,
            outfits.sampled(kit, Wearer(identity.sex, identity.age, identity.ethnicity), split, draw),
        )


def test_shares_of_ages_make_a_whole():
    assert abs(sum(AGES.values()) - 1) < 1e-9


def test_an_unknown_split_is_refused(kit):
    with pytest.raises(ValueError, match='no split "dev"'):
        Person.sample(kit, 0, "dev")


def test_everybody_is_dressed(kit):
    for _, outfit in _outfits(kit, "train"):
        kinds = [kit.items[worn.item].kind for worn in outfit.worn]
        assert "shoes" in kinds and "eyes" in kinds
        assert {"dress", "suit"} & set(kinds) or {"top", "bottom"} <= set(kinds), kinds
        assert not any(kind.startswith("swimwear") for kind in kinds)


def test_the_young_wear_everyday_clothes(kit):
    cloth = ("top", "bottom", "dress", "suit", "outer", "shoes", "headwear")
    young = [o for split in ("train", "test") for i, o in _outfits(kit, split) if i.age < ADULT]
    assert len(young) > 20
    for outfit in young:
        assert all(w.item in EVERYDAY for w in outfit.worn if kit.items[w.item].kind in cloth)


def test_splits_share_no_skin_and_no_garment_but_single_ones(kit):
    worn = {s: {w.item for _, o in _outfits(kit, s) for w in o.worn} for s in ("train", "test")}
    skins = {s: {i.skin for i, _ in _outfits(kit, s)} for s in ("train", "test")}
    assert worn["train"] & worn["test"] <= SHARED
    assert not skins["train"] & skins["test"]
    assert not worn["train"] & HELD_OUT and len(worn["test"] & HELD_OUT) > 12


def test_what_is_held_out_exists(kit):
    assert HELD_OUT <= set(kit.items) | set(kit.skins)
    assert EVERYDAY <= set(kit.items)


@pytest.fixture(scope="module")
def person(kit):
    return Person.sample(kit, 3)


def test_a_seed_is_a_person(kit, person):
    again = Person.sample(kit, 3)
    assert again.record() == person.record()
    assert torch.equal(again.figure.faces, person.figure.faces)
    assert torch.equal(again.figure.sheets[0].albedo, person.figure.sheets[0].albedo)
    frames = library_frames(FRONT)
    assert torch.equal(again.posed(frames).vertices, person.posed(frames).vertices)
    assert Person.sample(kit, 4).record() != person.record()
    assert Person.sample(kit, 3, "test").record() != person.record()


def test_a_figure_is_whole(person):
    figure, count = person.figure, len(person.posed(library_frames(FRONT)).vertices)
    faces = len(figure.faces)
    assert figure.faces.min() >= 0 and figure.faces.max() < count
    assert figure.uv.shape == (faces, 3, 2) and figure.two_sided.shape == (faces,)
    assert (
        figure.region.dtype == torch.uint8 and figure.region.max() < len(REGIONS) and figure.region.min() > 0
    )
    assert figure.sheet.max() < len(figure.sheets)
    for sheet in figure.sheets:
        assert sheet.albedo.shape[0] == 3 and 0 <= sheet.albedo.min() and sheet.albedo.max() <= 1
        assert 0 < sheet.material < len(MATERIALS)


def test_left_is_left(person):
    """In the pack's T, seen from the front, the left arm's skin lies at positive x."""
    frames = {joint: np.eye(3) for joint in library_frames(FRONT)}
    posed, figure = person.posed(frames), person.figure
    for side, sign in (("left", 1), ("right", -1)):
        own = figure.region == REGIONS.index(f"{side}_arm_skin")
        assert (posed.vertices[figure.faces[own]].mean(1)[:, 0] * sign > 0).all()


def test_joints_lie_in_the_body(person):
    posed = person.posed(library_frames(FRONT)).grounded()
    assert posed.joints.shape == (133, 3) and posed.skeleton_joints.shape == (142, 3)
    low, high = posed.vertices.amin(0) - 0.03, posed.vertices.amax(0) + 0.03
    assert ((posed.joints > low) & (posed.joints < high)).all()
    assert abs(float(posed.vertices[:, 1].max())) < 1e-5
    nose, ankle = posed.joints[0], posed.joints[15]
    assert nose[1] < -0.8 and -0.3 < ankle[1] < 0, "the head is up and the feet are down"


def test_a_bad_pose_is_refused(person):
    frames = library_frames(FRONT)
    del frames["head"]
    with pytest.raises(KeyError, match="head"):
        person.posed(frames)


JEANS = ("shoes01", "male_casualsuit02.bottom", "male_casualsuit02.top", "Low-Poly")
SKIRT = ("shoes01", "female_elegantsuit01.top", "miniskirt", "Low-Poly")


def _dressed_in(kit, names, seed=5):
    identity = Identity.sampled(kit, "train", Draw(torch.Generator().manual_seed(seed)))
    return Person.made(kit, identity, Outfit(tuple(Worn(name) for name in names)))


def test_skin_under_trousers_is_not_there(kit):
    person = _dressed_in(kit, JEANS)
    figure, posed = person.figure, person.posed(library_frames(FRONT))
    legs = torch.tensor([REGIONS.index(f"{side}_leg_skin") for side in ("left", "right")], dtype=torch.uint8)
    shown = torch.isin(figure.region, legs)
    knee = posed.joints[13:15, 1].mean()
    between = posed.vertices[figure.faces[shown]].mean(1)[:, 1] - knee
    assert (between.abs() < 0.15).sum() == 0, "skin is left at the knees, under trousers"


def test_under_a_skirt_there_is_a_slip(kit):
    person = _dressed_in(kit, SKIRT)
    figure = person.figure
    slip = figure.sheet == 1
    assert slip.sum() > 200 and (figure.region[slip] == REGIONS.index("lower")).all()
    assert len(person.moving.hanging) == 1


def test_arms_of_a_wide_person_stay_outside(kit):
    """Hands on the hips of a heavy person: the pose as taken differs, and its joints lie where it says."""
    identity = Identity.sampled(kit, "train", Draw(torch.Generator().manual_seed(5)))
    wide = replace(identity, phenotype=identity.phenotype | {"weight": 1.0, "age": 0.7, "muscle": 0.3})
    person = Person.made(kit, wide, Outfit(tuple(Worn(name) for name in JEANS)))
    frames = library_frames("hands/hands on hips")
    posed = person.posed(frames)
    assert np.abs(posed.frames["left_shoulder"] - frames["left_shoulder"]).max() > 0.02
    assert np.abs(posed.frames["left_knee"] - frames["left_knee"]).max() < 1e-5
    again = person.posed(posed.frames)
    assert (again.vertices - posed.vertices).norm(dim=1).max() < 0.02, "a pose as taken is taken as it is"
