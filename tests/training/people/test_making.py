"""Whole people from the real kit: the same for the same seed, and their correspondence renders them."""

from dataclasses import replace

import pytest

from training.people.body.poses import turn_between
from training.people.truth import checking
from training.people.truth.checking import Agreement
from training.people.truth.codec import packed
from training.people.truth.correspondence import between
from training.people.truth.making import Session, Settings, Studio


@pytest.fixture(scope="module")
def session(kit):
    studio = Studio(kit, Settings(size=160, seed=3, poses=2, turns=((15.0, 30.0),)))
    session = Session(studio, studio.seed(0))
    shots = [session.shot(v) for v in range(2)]
    return session, shots


def test_a_person_stands_on_the_floor_in_the_picture(session):
    _, shots = session
    for picture, seen in shots:
        assert float(seen.vertices[seen.corners.unique(), 1].max()) < 1e-5
        covered = float((picture.view.face >= 0).float().mean())
        assert 0.03 < covered < 0.6, f"{covered:.2f} of the picture"
        assert picture.joints.shape == (133, 3) and picture.skeleton.shape == (142, 3)


def test_the_turn_is_the_one_asked_for(session):
    first, second = (stance.yaw for stance in session[0].stances)
    assert 15 <= turn_between(first, second) <= 30


def test_each_picture_is_rendered_from_the_other_within_two_levels(session):
    one, shots = session
    figure = one.person.figure
    views = [seen for _, seen in shots]
    found = {name: Agreement.of(errors) for name, errors in checking.checked(views, figure).items()}
    assert found["whole"].pixels > 1000 and found["whole"].mean < 0.5
    assert found["whole"].beyond < 0.02, str(found["whole"])
    assert found["visible"].beyond < 0.08, str(found["visible"])


def test_half_a_pixel_aside_does_not(session):
    one, shots = session
    figure = one.person.figure
    source, target = (seen for _, seen in shots)
    truth = between(source, target)
    aside = replace(truth, source_xy=truth.source_xy + 0.5)
    right, wrong = (Agreement.of(checking.by_surface(source, target, t, figure)) for t in (truth, aside))
    assert wrong.beyond > 2 * right.beyond and wrong.high > 2, f"{right}; {wrong}"


def test_the_carried_albedo_under_the_targets_light_is_the_target(session):
    """What training composes: the source's albedo times the target's shading, without highlights, is no brighter than
    the target before the sensor, and close to it where there is no highlight."""
    from training.people.render.render import developed

    _, shots = session
    (first, a), (second, b) = shots
    truth = between(a, b)
    made = developed(truth.bring(first.view.albedo) * second.view.shading, second.view.exposure)
    inner = truth.whole & (second.view.alpha > 0.999)
    error = (made - second.view.clean).abs().mean(0)[inner]
    assert float(error.median()) * 255 < 8, f"{float(error.median()) * 255:.1f} of 255"


def test_the_same_seed_gives_the_same_person(kit):
    settings = Settings(size=64, seed=5, poses=2)
    one, other = (packed(Studio(kit, settings).made(1)) for _ in range(2))
    assert one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)
    third = packed(Studio(kit, replace(settings, seed=6)).made(1))
    assert any(one[name].shape != third[name].shape or (one[name] != third[name]).any() for name in one)


@pytest.mark.parametrize("wrong", [{"size": 8}, {"poses": 0}, {"split": "both"}])
def test_bad_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        Settings(**wrong)


def test_who_wears_a_skirt_neither_sits_nor_kneels(kit):
    studio = Studio(kit, Settings(size=64, seed=9, poses=8))
    sessions = [Session(studio, studio.seed(i)) for i in range(8)]
    skirted = [one for one in sessions if any(kit.items[worn.item].skirt for worn in one.person.outfit.worn)]
    for one in skirted:
        assert not {stance.kind for stance in one.stances} & {"seated", "kneeling"}
    assert skirted
