"""The cast shadow of a result, for the photometric check."""

import pytest
import torch
from repose.pipelines.checking import shadow_run

from ...geometry.people import draw, standing


def test_no_shadow_is_no_direction_and_another_size_is_named():
    skeleton = standing()
    figure, matte = draw(skeleton)
    plain = torch.full_like(figure, 0.7) * (1 - matte) + figure * matte
    assert shadow_run(plain, matte, skeleton) is None
    with pytest.raises(ValueError, match="connect the target"):
        shadow_run(plain[..., :100, :], matte[..., :100, :], skeleton)
