"""What no photo shows of a body's side has the weave of its front, and strands of hair leave with the hair."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.motion import motion
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.view import PLAIN, _grain_inwards, view_of
from repose.pipelines.geometry.volume import build

from . import people


@pytest.fixture(scope="module")
def woven():
    """The drawn person in clothes with a weave of two brightnesses, pixel by pixel."""
    skeleton = people.standing()
    picture, matte = people.draw(skeleton)
    weave = torch.rand(people.CANVAS, generator=torch.Generator().manual_seed(0)) > 0.5
    picture = 0.5 + 0.03 * (weave.float() * 2 - 1).expand(1, 3, -1, -1)
    return skeleton, build(picture * matte + 0.9 * (1 - matte), matte, skeleton)


def test_a_side_has_the_weave_of_the_front(woven):
    skeleton, volume = woven
    trunk = next(layer for layer in volume.layers if layer.name == "trunk")
    how = motion(skeleton, retarget(skeleton, load_pose("movement/walking side")))
    seen = view_of(volume, trunk, how, people.CANVAS)
    side = (seen.stretch == 0) & (seen.alpha > 0.9)
    assert int(side.sum()) > 500
    grey = torch.full(people.CANVAS, float("nan")).flatten()
    grey[seen.index[side]] = seen.colour.mean(0)[side]
    along = grey.reshape(people.CANVAS).diff(dim=1).abs()
    # The photo's own differs by 0.03 from pixel to pixel; streaks of the outline by nothing.
    assert float(along[~along.isnan()].mean()) > 0.01


def test_the_grain_of_a_side_is_small_and_none_outside(woven):
    _, volume = woven
    trunk = next(layer for layer in volume.layers if layer.name == "trunk")
    y, x = torch.nonzero(trunk.parted > 0.99, as_tuple=True)
    local = torch.stack((x, y), 1)[::7].float()
    grain = _grain_inwards(trunk, local, torch.zeros(len(local)))
    assert float(grain.abs().max()) <= PLAIN and float(grain.abs().mean()) > 0.005
    printed = replace(trunk, colour=trunk.colour * (torch.arange(trunk.colour.shape[2]) % 2))
    assert float(_grain_inwards(printed, local, torch.zeros(len(local))).abs().max()) == 0
    outside = torch.zeros(1, 2)
    assert float(_grain_inwards(trunk, outside, torch.zeros(1)).abs().max()) == 0
