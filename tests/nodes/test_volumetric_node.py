"""Volumetric Reposer."""

import pytest


def test_it_reposes_a_drawn_person(run, drawn):
    from ..geometry.people import standing

    posed = standing("casual/contrapposto")
    out = run("ReposeVolumetricReposer", image=drawn.image, source=[drawn.skeleton], target=[posed])
    assert (
        out.image.shape == drawn.image.shape and out.person.shape == drawn.image.shape[:3] == out.hidden.shape
    )
    assert float(out.person.max()) > 0.9 and out.prediction.shape == (1, 128, 128, 3)
    assert float((out.hidden - out.person).max()) <= 0


def test_a_skeleton_of_another_picture_is_named(run, drawn):
    with pytest.raises(ValueError, match="connect the skeleton of this picture"):
        run(
            "ReposeVolumetricReposer",
            image=drawn.image[:, :100],
            source=[drawn.skeleton],
            target=[drawn.skeleton],
        )
