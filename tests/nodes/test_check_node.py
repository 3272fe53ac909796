"""Photometric Check."""

import pytest
import torch

from ..lit_figure import key_light, lit_figure


@pytest.fixture(scope="module")
def figure():
    return lit_figure()


def given(figure, results=None, **more):
    """What goes into the node; results a list of pictures (1, 3, H, W)."""
    picture = figure.picture.movedim(1, -1)
    shown = [figure.picture] if results is None else results
    return {
        "image": picture,
        "result": torch.cat(shown).movedim(1, -1),
        "person": figure.person[:, 0],
        "correspondence": [figure.found],
        "garments": [figure.garments],
        "light": [figure.light],
    } | more


def test_the_source_itself_passes_unchanged(run, figure):
    out = run("ReposePhotometricCheck", **given(figure), on_failure="stop the workflow")
    assert out.passed is True and out.score == pytest.approx(1, abs=1e-6)
    assert torch.equal(out.image, figure.picture.movedim(1, -1))
    grey = out.heat_map.amax(-1) - out.heat_map.amin(-1)
    assert out.heat_map.shape == (1, 360, 240, 3) and float(grey.max()) < 1e-6, (
        "no colour where nothing is wrong"
    )
    assert out.report.startswith("Photometric check passed") and out.ui["text"] == [out.report]


def test_a_failure_is_shown_and_the_picture_passed_on(run, figure, monkeypatch):
    from repose.nodes import host

    said = []
    monkeypatch.setattr(host, "say", said.append)
    bad = figure.times((1.1,) * 3, figure.on("left_upper_arm"))
    out = run("ReposePhotometricCheck", **given(figure, [bad]))
    assert out.passed is False and out.score < 0.5 and said == [out.report]
    assert "FAILED: limb brightness" in out.report
    assert torch.equal(out.image, bad.movedim(1, -1))
    arm = out.heat_map[0][figure.on("left_upper_arm")]
    assert float((arm.amax(-1) - arm.amin(-1) > 0.5).float().mean()) > 0.6


def test_a_failure_stops_the_workflow_with_the_report(run, figure):
    bad = figure.under(key_light(0.7, -0.5, -0.5))
    with pytest.raises(ValueError, match="Photometric check FAILED: light direction"):
        run("ReposePhotometricCheck", **given(figure, [bad]), on_failure="stop the workflow")


def test_a_batch_is_told_one_by_one(run, figure):
    bad = figure.times((1.1,) * 3, figure.on("left_upper_arm"))
    out = run("ReposePhotometricCheck", **given(figure, [figure.picture, bad]))
    assert (
        out.passed is False and out.image.shape == (2, 360, 240, 3) and out.heat_map.shape == (2, 360, 240, 3)
    )
    first, second = out.report.split("\n\n")
    assert (
        first.startswith("picture 1: Photometric check passed")
        and "picture 2: " in second
        and "FAILED" in second
    )
    with pytest.raises(ValueError, match="2 pictures, but 3 correspondences"):
        run("ReposePhotometricCheck", **given(figure, [bad, bad], correspondence=[figure.found] * 3))


def test_limits_are_the_widgets(run, figure):
    bad = figure.times((1.1,) * 3, figure.on("left_upper_arm"))
    assert run("ReposePhotometricCheck", **given(figure, [bad]), limb=15.0).passed is True


def test_without_a_light_it_is_estimated_from_what_was_photographed(run, figure, monkeypatch):
    from repose.pipelines import checking

    asked = []

    def estimated(picture, surface, garments):
        asked.append((picture, surface, garments))
        return figure.light

    monkeypatch.setattr(checking, "estimate_light", estimated)
    out = run("ReposePhotometricCheck", **given(figure, light=None))
    assert out.passed is True
    ((picture, surface, garments),) = asked
    inside = figure.person[0, 0] > 0
    torch.testing.assert_close(picture[0][:, inside], figure.picture[0][:, inside], atol=1e-4, rtol=0)
    assert torch.equal(garments.labels[0, 0][inside], figure.garments.labels[0, 0][inside])
    assert surface.canvas == (360, 240)


def test_the_hidden_mask_and_the_results_clothes(run, figure):
    new = figure.on("left_upper_arm") & (torch.arange(360)[:, None] > 135)
    pink = figure.times((1.25, 0.95, 1.05), new)
    more = {"hidden": new[None].float(), "result_garments": [figure.garments]}
    out = run("ReposePhotometricCheck", **given(figure, [pink], **more))
    assert "FAILED: new skin" in out.report
