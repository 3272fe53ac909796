"""A person in another scene: its light, its colour, none of the old ground."""

import pytest
import torch
from repose.pipelines.geometry.colour import linear, luminance
from repose.pipelines.light.harmonise import HarmoniseOptions, covering, in_scene, scene_light, without_rim

from .scene import GARMENTS, PERSON, SURFACE, light, photographed

LEFT, RIGHT = light(-0.8, -0.3, -0.5), light(0.8, -0.3, -0.5)
SCENE = torch.full((1, 3, 160, 100), 0.4)
PLAIN = HarmoniseOptions(contact=False)


def sides(picture: torch.Tensor) -> float:
    """How much brighter the trunk's left flank is than its right one, as a logarithm of light."""
    trunk, (height, width) = GARMENTS.mask("upper")[0, 0] > 0.5, SURFACE.cover.shape
    columns = torch.arange(width).expand(height, width)
    bright = luminance(linear(picture[0]))
    left, right = (bright[trunk & part].median() for part in (columns < 80, columns > 120))
    return float((left / right).log())


def test_the_scenes_key_takes_the_place_of_the_photos():
    picture = photographed(LEFT)
    assert sides(picture) > 0.4
    there = in_scene(picture, PERSON, SURFACE, LEFT, SCENE, RIGHT, PLAIN)
    assert sides(there) < 0.1 * sides(picture)
    half = in_scene(picture, PERSON, SURFACE, LEFT, SCENE, RIGHT, HarmoniseOptions(0.5, contact=False))
    assert sides(there) < sides(half) < sides(picture)


def test_the_same_light_changes_nothing_on_the_person():
    picture = photographed(LEFT)
    there = in_scene(picture, PERSON, SURFACE, LEFT, SCENE, LEFT, PLAIN)
    inside = (PERSON > 0.5).expand_as(picture)
    assert float((there - picture)[inside].abs().max()) < 0.01
    assert torch.equal(there[~inside], torch.full_like(there, 0.4)[~inside])


def test_a_warm_scene_warms_and_an_empty_one_has_no_direction():
    warm = torch.tensor([0.8, 0.6, 0.35])[None, :, None, None].expand(1, 3, 160, 100)
    found = scene_light(warm)
    assert found.confidence == 0 and found.notes and found.kelvin < 6000
    picture = photographed(LEFT)
    there = in_scene(picture, PERSON, SURFACE, LEFT, warm, found, PLAIN)
    inside = PERSON[0, 0] > 0.5
    before, after = (linear(p[0])[:, inside].mean(1) for p in (picture, there))
    assert float(after[0] / after[2]) > 1.1 * float(before[0] / before[2])
    assert sides(there) == pytest.approx(sides(picture), abs=0.1), "from where, nobody knows: as it was"


def test_the_old_ground_leaves_the_soft_edge():
    """A red figure on green, its edge half of each."""
    person = torch.zeros(1, 1, 40, 40)
    person[..., 12:28, 12:28] = 1
    person[..., 11, 12:28] = 0.5
    red, green = (torch.tensor(c)[None, :, None, None] for c in ([0.8, 0.1, 0.1], [0.1, 0.8, 0.1]))
    picture = person * red + (1 - person) * green
    own = without_rim(picture, person)
    assert float(own[0, 1, 11, 20]) < 0.2 < 0.4 < float(picture[0, 1, 11, 20])
    assert torch.equal(own[..., 12:28, 12:28], picture[..., 12:28, 12:28])


def test_scenes_fill_the_frame():
    wide = torch.zeros(1, 3, 50, 200)
    wide[..., 75:125] = 1
    found = covering(wide, (100, 100))
    assert found.shape[-2:] == (100, 100) and float(found[..., 50].mean()) == 1 and float(found.mean()) > 0.95


def test_options_out_of_range():
    with pytest.raises(ValueError, match="strength is 2"):
        HarmoniseOptions(2)
    with pytest.raises(ValueError, match="exposure is 9 stops"):
        HarmoniseOptions(exposure=9)


def test_the_person_is_exposed_as_before():
    """Light from the side leaves the front darker, but no photographer would."""
    front = light(0.0, -0.2, -1.0)
    picture = photographed(front)
    there = in_scene(picture, PERSON, SURFACE, front, SCENE, RIGHT, PLAIN)
    inside = PERSON[0, 0] > 0.5
    before, after = (luminance(linear(p[0]))[inside].log().mean() for p in (picture, there))
    assert float(after) == pytest.approx(float(before), abs=0.1)
