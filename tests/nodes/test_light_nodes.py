"""Estimate Light and Relight."""

import pytest
import torch

from ..pipelines.light.scene import GARMENTS, PERSON, SIZE, correspondence, light, photographed, turned


@pytest.fixture(scope="module")
def image():
    return photographed(light(-0.7, -0.4, -0.6)).movedim(1, -1)


@pytest.fixture(scope="module")
def normals():
    """The figure's normals as networks paint them: IMAGE (1, H, W, 3)."""
    from ..pipelines.light.scene import SURFACE

    x, y, z = SURFACE.normal
    return (torch.stack((x, -y, -z), -1)[None] + 1) / 2


@pytest.fixture(scope="module")
def keypoints():
    from ..geometry.people import standing

    return standing().scaled(0.5, SIZE).project()


def test_light_from_a_normal_map(run, image, normals, keypoints):
    out = run("ReposeEstimateLight", image=image, keypoints=[keypoints], garments=[GARMENTS], normals=normals)
    (found,) = out.light
    assert float(found.dominant[0]) < -0.2, "from the left"
    assert out.preview.ndim == 4 and out.preview.shape[-1] == 3 and float(out.preview.std()) > 0.1
    assert out.report in out.ui["text"][0] and "K" in out.report and len(out.surface) == 1


def test_relit_and_not(run, image):
    field = light(-0.7, -0.4, -0.6)
    given = {"image": image, "person": PERSON[:, 0], "light": [field]}
    same = run("ReposeRelight", correspondence=[correspondence()], **given)
    assert torch.equal(same.image, image)
    lit = run("ReposeRelight", correspondence=[correspondence(turned(30.0))], garments=[GARMENTS], **given)
    assert float((lit.image - image).abs().max()) > 0.03
    outside = PERSON[0, 0] == 0
    assert torch.equal(lit.image[0][outside], image[0][outside])
    off = run("ReposeRelight", correspondence=[correspondence(turned(30.0))], strength=0.0, **given)
    assert torch.equal(off.image, image)


def test_what_does_not_fit_is_named(run, image, normals, keypoints):
    with pytest.raises(ValueError, match="normal map 100 x 320: make everything"):
        run(
            "ReposeEstimateLight",
            image=image,
            keypoints=[keypoints],
            garments=[GARMENTS],
            normals=normals[:, :, :100],
        )
    with pytest.raises(ValueError, match="person mask"):
        small = PERSON[:, 0, :50]
        run(
            "ReposeRelight",
            image=image,
            person=small,
            correspondence=[correspondence()],
            light=[light(0, 0, -1)],
        )
    with pytest.raises(ValueError, match="2 pictures, but 3 lights"):
        run(
            "ReposeRelight",
            image=torch.cat([image] * 2),
            person=PERSON[:, 0],
            correspondence=[correspondence()] * 2,
            light=[light(0, 0, -1)] * 3,
        )


def test_in_another_scene(run, image):
    scene = torch.full((1, 100, 80, 3), 0.25)
    given = {"image": image, "person": PERSON[:, 0], "scene": scene, "light": [light(-0.7, -0.4, -0.6)]}
    out = run(
        "ReposeHarmonise", scene_light=[light(0.7, -0.4, -0.6)], correspondence=[correspondence()], **given
    )
    outside = PERSON[0, 0] == 0
    assert float((out.image[0][outside] - 0.25).abs().max()) < 1e-5
    assert float((out.image - image)[0][~outside].abs().mean()) > 0.02
    two = run("ReposeHarmonise", **(given | {"scene": torch.cat([scene] * 2)}))
    assert len(two.image) == 2, "one person in two scenes"
