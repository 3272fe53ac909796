"""How far off brightness is, whatever the exposure."""

import pytest
import torch

from pipelines.geometry.colour import encoded
from training.light.relit import brightness_error

BOTH = torch.ones(60, 60, dtype=torch.bool)


def test_exposure_does_not_count_and_shade_does():
    light = torch.full((3, 60, 60), 0.2)
    assert brightness_error(encoded(light), encoded(2 * light), BOTH) == pytest.approx(0, abs=1e-5)
    shaded = light.clone()
    shaded[..., :30] *= 0.5
    assert brightness_error(encoded(shaded), encoded(light), BOTH) > 0.25
