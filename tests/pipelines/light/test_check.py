"""The photometric check on a figure whose light is known: it passes what is the same, and says what is not."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.geometry.lighting import LightField
from repose.pipelines.geometry.temperature import planckian
from repose.pipelines.light.check import check
from repose.pipelines.light.findings import Finding, Thresholds

from ...lit_figure import key_light, lit_figure

NAMES = (
    "light direction", "ambient to direct", "colour temperature", "tint", "limb brightness", "new skin",
    "garment colour", "shadow direction",
)  # fmt: skip


@pytest.fixture(scope="module")
def figure():
    return lit_figure()


def checked(figure, result=None, found=None, **more):
    given = {"garments": figure.garments, "light": figure.light} | more
    result = figure.picture if result is None else result
    return check(figure.picture, result, figure.person, found or figure.found, **given)


def failed(found) -> list[str]:
    return [one.name for one in found.told if not one.passed]


def warmed(figure, kelvin):
    gain = planckian(6504.0 + kelvin) / planckian(6504.0)
    return figure.times(tuple(gain.tolist()), figure.found.part >= 0)


def test_the_source_itself_passes_with_score_one_and_no_heat(figure):
    found = checked(figure)
    assert tuple(one.name for one in found.findings) == NAMES
    assert found.passed and found.score == pytest.approx(1, abs=1e-6)
    assert found.heat.shape == (1, 1, 360, 240) and float(found.heat.max()) == 0
    told = [one.name for one in found.told]
    assert told == [name for name in NAMES if name not in ("new skin", "shadow direction")]
    assert all(one.value == pytest.approx(0, abs=1e-3) for one in found.told)


def test_a_brighter_picture_of_the_same_light_passes(figure):
    """Exposure is no light."""
    found = checked(figure, figure.times((0.8, 0.8, 0.8), figure.found.part >= 0))
    assert found.passed and float(found.heat.max()) < 0.01


def test_mirrored_light(figure):
    found = checked(figure, figure.under(key_light(0.7, -0.5, -0.5)))
    assert "light direction" in failed(found) and not found.passed and found.score < 0.2
    # Between the two keys lie 89 degrees; the fit is held to the least turn that explains the picture.
    assert 60 < found["light direction"].value < 120


@pytest.mark.parametrize(("kelvin", "word", "mired"), [(800, "cooler", 16.8), (-800, "warmer", 21.6)])
def test_800_kelvin(figure, kelvin, word, mired):
    found = checked(figure, warmed(figure, kelvin))
    assert failed(found) == ["colour temperature"]
    assert found["colour temperature"].value == pytest.approx(mired, rel=0.1)
    assert f"{word}: 6507 K" in found["colour temperature"].words
    assert found["tint"].value < 0.001


def test_green_light(figure):
    found = checked(figure, figure.times((0.97, 1.05, 0.97), figure.found.part >= 0))
    assert "tint" in failed(found) and "greener" in found["tint"].words


@pytest.mark.parametrize(
    ("part", "gain", "says"),
    [
        ("left_upper_arm", 1.1, ("the left arm is", "brighter than")),
        ("right_upper_arm", 0.9, ("the right arm is", "darker than")),
        ("chest", 0.9, ("the trunk is", "darker than")),
    ],
)
def test_a_limb_of_another_brightness(figure, part, gain, says):
    found = checked(figure, figure.times((gain,) * 3, figure.on(part)))
    assert failed(found) == ["limb brightness"] and all(
        word in found["limb brightness"].words for word in says
    )
    assert found["limb brightness"].value == pytest.approx(10, abs=1.5)
    hot = found.heat > 0.5
    assert float(hot[0, 0][figure.on(part)].float().mean()) > 0.6, "but for its rim"
    assert float(hot[0, 0][~figure.on(part)].float().mean()) < 0.002, "but for pixels that two pieces share"


def test_what_the_light_explains_is_no_failure(figure):
    """The figure turned under its light: the shading changes with the normals, and that is right."""
    c, s = torch.cos(torch.tensor(0.7)), torch.sin(torch.tensor(0.7))
    turn = torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    before = figure.found.normal @ turn.T
    facing = before[..., 2] < -0.05
    found = replace(figure.found, source_normal=before, visible=figure.found.visible * facing)
    shade = figure.light.shading(before).permute(2, 0, 1)
    photo = torch.where(figure.person > 0, _encoded(figure.albedo * shade), figure.picture)
    right = check(photo, figure.picture, figure.person, found, figure.light, figure.garments)
    assert right.passed and right.score > 0.9
    # Carried without being lit anew, the same pixels are wrong.
    kept = check(photo, photo, figure.person, found, figure.light, figure.garments)
    assert "light direction" in failed(kept)


def _encoded(light):
    from repose.pipelines.geometry.colour import encoded

    return encoded(light)[None].clamp(0, 1)


def half_of_an_arm(figure):
    return figure.on("left_upper_arm") & (torch.arange(360)[:, None] > 135)


def test_new_skin(figure):
    new = half_of_an_arm(figure)
    same = checked(figure, found=figure.hiding(new))
    assert same["new skin"].passed and same["new skin"].value < 0.5 and same.passed
    pink = checked(figure, figure.times((1.25, 0.95, 1.05), new), figure.hiding(new))
    assert failed(pink) == ["new skin"] and "left arm" in pink["new skin"].words
    assert pink["new skin"].value > 6 and float(pink.heat[0, 0][new].median()) > 0.5


def test_new_skin_by_the_hidden_mask(figure):
    new = half_of_an_arm(figure)
    mask = new[None, None].float()
    pink = checked(figure, figure.times((1.25, 0.95, 1.05), new), hidden=mask)
    assert failed(pink) == ["new skin"]


def test_a_garment_of_another_colour(figure):
    found = checked(figure, figure.times((1.5, 0.95, 0.8), figure.on("chest")))
    assert "garment colour" in failed(found) and "upper" in found["garment colour"].words


@pytest.mark.parametrize(
    ("run", "passes"),
    [((0.9, -0.2), True), ((-0.9, -0.2), False), ((0.7, 0.0, 0.5), True), ((-0.7, 0.0, 0.5), False)],
)
def test_the_side_of_the_shadow(figure, run, passes):
    """The light comes from the left: the shadow falls to the right."""
    found = checked(figure, shadow=torch.tensor(run))
    assert found["shadow direction"].passed is passes and found.passed is passes


def test_a_shadow_without_a_side(figure):
    above = replace(figure, light=key_light(0.0, -1.0, -0.1))
    assert checked(above, shadow=torch.tensor([1.0, 0.0]))["shadow direction"].passed is None
    assert checked(figure, shadow=torch.zeros(2))["shadow direction"].passed is None
    with pytest.raises(ValueError, match="two or three numbers"):
        checked(figure, shadow=torch.zeros(4))


def test_thresholds_move_the_verdict(figure):
    bright = figure.times((1.1,) * 3, figure.on("left_upper_arm"))
    assert not checked(figure, bright).passed
    assert checked(figure, bright, thresholds=Thresholds(limb=15)).passed
    cool = warmed(figure, 800)
    assert checked(figure, cool, thresholds=Thresholds(temperature=30)).passed
    little = warmed(figure, 100)
    assert checked(figure, little).passed
    assert not checked(figure, little, thresholds=Thresholds(temperature=0.5, doubt=0)).passed


def test_a_light_that_is_hardly_known_judges_no_direction(figure):
    vague = replace(figure, light=replace(figure.light, confidence=0.1))
    found = checked(vague, figure.under(key_light(0.7, -0.5, -0.5)))
    for name in ("light direction", "ambient to direct"):
        assert found[name].passed is None and "no clear direction" in found[name].words
    flat = replace(figure, light=LightField.flat())
    assert checked(flat)["light direction"].passed is None


def test_an_empty_mask_checks_nothing_and_does_not_pass(figure):
    found = check(figure.picture, figure.picture, torch.zeros_like(figure.person), figure.found, figure.light)
    assert found.told == () and not found.passed and found.score == 0 and float(found.heat.max()) == 0
    assert "NOT CHECKED" in found.text()


def test_everything_hidden(figure):
    found = checked(figure, found=figure.hiding(figure.found.part >= 0))
    assert found.told == () and not found.passed
    assert found["light direction"].words == "too little of the photo's surface is seen"


def test_no_clothes_known(figure):
    found = checked(figure, garments=None)
    assert found.passed and found["new skin"].passed is None and found["garment colour"].passed is None


def test_places_that_are_nowhere(figure):
    """NaN inside the person is left out, and spoils nothing beside it."""
    rows = (torch.arange(360)[:, None] // 20 % 3 == 0)[..., None]
    source = torch.where(rows, torch.nan, figure.found.source)
    found = checked(figure, found=replace(figure.found, source=source, normal=figure.found.normal * ~rows))
    assert found.passed and torch.isfinite(found.heat).all() and float(found.heat.max()) < 0.01


def test_other_sizes(figure):
    """A result twice as large is judged as it is; one of another shape is refused with both sizes."""
    large = torch.nn.functional.interpolate(figure.picture, scale_factor=2, mode="bilinear")
    found = checked(figure, large)
    assert found.passed and found.heat.shape == (1, 1, 720, 480)
    with pytest.raises(ValueError, match=r"the result has 240 x 240 pixels, the correspondence 240 x 360"):
        checked(figure, figure.picture[..., :240, :])
    with pytest.raises(ValueError, match="the person mask has 240 x 240"):
        check(figure.picture, figure.picture, figure.person[..., :240, :], figure.found, figure.light)


def test_a_few_pixels_of_misalignment_pass(figure):
    """A checkpoint shifts things a little."""
    assert checked(figure, figure.picture.roll((1, 2), (-2, -1))).passed


def test_the_report(figure):
    found = checked(figure, figure.times((1.1,) * 3, figure.on("left_upper_arm")))
    text, plain = found.text(), found.report()
    assert text.startswith("Photometric check FAILED: limb brightness (score 0.")
    assert "FAIL  limb brightness: " in text and "  --  new skin: not told, " in text
    assert plain["passed"] is False and plain["score"] == pytest.approx(found.score, abs=1e-3)
    assert [one["name"] for one in plain["findings"]] == list(NAMES)


@pytest.mark.parametrize(("value", "score"), [(0.0, 1.0), (2.0, 0.8), (4.0, 0.5), (8.0, 0.2), (None, 1.0)])
def test_the_score_of_a_finding(value, score):
    assert Finding("x", "", value, 4.0).score == pytest.approx(score)


def test_limits_have_ranges():
    with pytest.raises(ValueError, match="the limit of skin is -1, expected between 0 and 100"):
        Thresholds(skin=-1)
