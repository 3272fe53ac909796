"""The packed kit as it is: skipped where there is none."""

import pytest
import torch

from pipelines.geometry.landmarks import INDEX, LANDMARKS, MIRROR
from training.people.kit import assets
from training.people.kit.licences import ADMITTED
from training.people.scene import REGIONS

WOMAN = {"gender": 1.0, "age": 0.67}


@pytest.fixture(scope="module")
def woman(kit):
    return kit.body(kit.shape_coefficients(WOMAN))


def test_everything_of_the_table_is_packed(kit):
    packed = {item.split(".")[0] for item in kit.items}
    assert packed == {asset.id for asset in assets.ASSETS}
    assert set(kit.skins) == {skin.id for skin in assets.SKINS}
    assert set(kit.environments) == set(assets.INDOOR + assets.OUTDOOR)
    for part in (*kit.items.values(), *kit.skins.values(), *kit.environments.values()):
        assert part.licence in ADMITTED and part.author


def test_a_body_stands_on_the_floor_over_the_origin_and_faces_the_camera(kit, woman):
    vertices, heads = woman
    skin = vertices[kit.faces.unique()]
    assert skin[:, 1].max().item() == pytest.approx(0, abs=0.01)
    assert 1.5 < -skin[:, 1].min().item() < 1.9
    assert heads[kit.bone_labels.index("root"), [0, 2]].abs().max() < 1e-3
    points = kit.landmarks.of(vertices)
    assert points[INDEX["nose"], 2] < points[INDEX["left_ear"], 2]
    assert points[INDEX["left_shoulder"], 0] > 0 > points[INDEX["right_shoulder"], 0]


@pytest.mark.parametrize(
    "change, taller", [({"height": 0.7}, True), ({"age": 0.4}, False)], ids=["height", "a child"]
)
def test_phenotypes_do_what_they_say(kit, woman, change, taller):
    vertices, _ = kit.body(kit.shape_coefficients(WOMAN | change))
    assert (vertices[:, 1].min() < woman[0][:, 1].min() - 0.03).item() == taller


def test_skinning_is_whole_and_reaches_the_helpers(kit):
    assert kit.weights.sum(1) == pytest.approx(torch.ones(len(kit.weights)), abs=1e-5)
    assert kit.weights.min() >= 0 and kit.bones.max() < len(kit.bone_labels)
    legs = {kit.bone_labels[b] for b in kit.bones[kit.groups["helper-skirt"], 0].unique()}
    assert "upperleg01.L" in legs and "upperleg01.R" in legs


def test_landmarks_mirror_the_body(kit):
    points = kit.landmarks.of(kit.template)
    mirrored = points[list(MIRROR)] * torch.tensor([-1.0, 1, 1])
    worst = (mirrored - points).norm(dim=1).argmax()
    assert (mirrored - points).norm(dim=1).max() < 0.004, LANDMARKS[worst]


def test_the_face_is_in_order(kit, woman):
    face = kit.landmarks.of(woman[0])[23:91]
    assert (face[:17, 0].diff() > 0).all(), "jaw from the right ear to the left"
    assert (face[17:27, 0].diff() > 0).all(), "brows from the right to the left"
    assert (face[27:31, 1].diff() > 0).all(), "the nose downwards"
    assert face[37, 1] < face[41, 1] and face[44, 1] < face[46, 1], "upper lids above lower lids"
    assert face[48, 0] < face[51, 0] < face[54, 0] and face[51, 1] < face[62, 1] < face[57, 1]


def test_regions_are_on_their_side(kit, woman):
    middle = woman[0][kit.faces].mean(1)
    for region, sign in (
        ("left_arm_skin", 1),
        ("right_arm_skin", -1),
        ("left_leg_skin", 1),
        ("right_leg_skin", -1),
    ):
        mine = middle[kit.regions == REGIONS.index(region), 0]
        assert len(mine) > 400 and (mine * sign > -0.01).all(), region
    face = middle[kit.regions == REGIONS.index("face"), 1]
    assert face.max() < middle[kit.regions == REGIONS.index("left_arm_skin"), 1].min() + 0.15


@pytest.mark.parametrize("phenotype", [WOMAN, {"gender": 0.0, "weight": 1.0}, {"age": 0.33}], ids=str)
def test_items_stay_near_the_body_they_are_fitted_to(kit, phenotype):
    vertices, _ = kit.body(kit.shape_coefficients(phenotype))
    low, high = vertices.amin(0) - 0.25, vertices.amax(0) + 0.25
    for item in kit.items.values():
        fitted = item.fitted(vertices)
        assert ((fitted > low) & (fitted < high)).all(), item.id


def test_pictures_decode(kit):
    for item in kit.items.values():
        assert item.albedo().ndim == 3 and item.albedo().shape[2] == 3, item.id
        for plane in (item.alpha(), item.occlusion()):
            assert plane is None or plane.ndim == 2
    assert kit.items["long01"].alpha() is not None and kit.items["shoes01"].alpha() is None
    assert len(kit.items["fedora"].variants) == 3 and len(kit.items["Low-Poly"].variants) == 9


def test_the_sun_is_in_the_sky(kit):
    for name in ("sky", "park", "sunrise"):
        light = kit.environments[name].radiance().mean(axis=0)
        assert light.shape == (256, 512)
        assert light.argmax() // 512 < 128, name


def test_skirts_and_dresses_are_told(kit):
    skirts = {item.id for item in kit.items.values() if item.skirt}
    assert {"miniskirt", "JeansSkirt", "female_elegantsuit01.bottom", "F_Dress_03", "Coat"} <= skirts
    assert not {"female_elegantsuit01.top", "Tightjeans", "male_casualsuit01.bottom"} & skirts
