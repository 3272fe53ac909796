import numpy as np
import pytest
import torch

from training.people.kit import basis, packing
from training.people.kit.basemesh import Rig
from training.people.kit.shapes import ShapeMap, corner_indices
from training.people.scene import REGIONS

POINTS = 30


@pytest.fixture
def target():
    """Three macro targets and one local change of 30 random points."""
    corners = [corner_indices(names) for names in (("male", "old"), ("female", "young"), ("maxheight",))]
    generator = np.random.default_rng(1)
    moves = generator.normal(0, 0.1, (5, POINTS * 3)).astype(np.float32)
    unmapped = ShapeMap(torch.tensor(corners), ("hump",), torch.zeros(5, 0), torch.zeros(0))
    return basis.Targets(generator.normal(0, 1, (POINTS, 3)), moves, unmapped)


def _sampled(count):
    generator = np.random.default_rng(2)
    return [
        {"gender": generator.random(), "age": generator.random(), "height": generator.random(),
         "hump": generator.uniform(-1, 1)} for _ in range(count)
    ]  # fmt: skip


def _error(target, found, phenotype):
    true = target.base.ravel() + target.map.target_weights(phenotype).numpy() @ target.moves
    got = found.mean + np.tensordot(found.map.coefficients(phenotype).numpy(), found.components, 1)
    return np.abs(true.reshape(-1, 3) - got).max()


def test_with_all_components_every_body_is_met(target):
    found = basis.basis(target, _sampled(80), 5, np.linspace(1, 3, POINTS))
    assert max(_error(target, found, phenotype) for phenotype in _sampled(90)[80:]) < 1e-4


def test_coefficients_have_unit_deviation_and_fall_in_importance(target):
    people = _sampled(200)
    found = basis.basis(target, people, 4, np.ones(POINTS))
    coefficients = np.stack([found.map.coefficients(phenotype).numpy() for phenotype in people])
    assert coefficients.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-3)
    assert coefficients.std(axis=0) == pytest.approx(np.ones(4), abs=1e-3)
    size = np.abs(found.components).mean(axis=(1, 2))
    assert (np.diff(size) < 0).all()


def test_emphasis_buys_accuracy_where_it_is(target):
    few, people = 2, _sampled(100)
    weights = np.ones(POINTS)
    weights[:5] = 400
    errors = []
    for emphasis in (np.ones(POINTS), weights):
        found = basis.basis(target, people, few, emphasis)
        true = [target.base.ravel() + target.map.target_weights(p).numpy() @ target.moves for p in people]
        got = [
            found.mean + np.tensordot(found.map.coefficients(p).numpy(), found.components, 1) for p in people
        ]
        errors.append(
            np.mean([np.abs(t.reshape(-1, 3) - g)[:5].mean() for t, g in zip(true, got, strict=True)])
        )
    assert errors[1] < 0.85 * errors[0]


def test_the_same_seed_samples_the_same_people_within_range():
    first, again = (basis.people(20, np.random.default_rng(4)) for _ in range(2))
    assert first == again
    for person in first:
        assert sum(person[name] for name in basis.ETHNICITIES) == pytest.approx(1)
        assert all(-1 <= value <= 1 for value in person.values())


def test_a_face_has_the_region_of_the_bones_that_move_it():
    labels = ("root", "head", "upperarm01.L", "foot.R", "finger2-1.R")
    bones = np.array([[0], [1], [2], [3], [4], [4]])
    rig = Rig(labels, (-1, 0, 0, 0, 0), (), np.ones((6, 1)), bones)
    faces = np.array([[0, 0, 1], [1, 1, 0], [2, 2, 2], [3, 3, 0], [4, 5, 0]])
    names = [REGIONS[i] for i in packing.regions(rig, faces)]
    assert names == ["torso_skin", "face", "left_arm_skin", "right_leg_skin", "right_arm_skin"]
