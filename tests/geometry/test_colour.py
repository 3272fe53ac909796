"""sRGB and the light it stands for."""

import pytest
import torch
from repose.pipelines.geometry.colour import encoded, lab, linear, luminance


def test_the_curve_of_srgb_and_back():
    """Literals of IEC 61966-2-1: half of the code is 21.4 % of the light."""
    codes = torch.tensor([0.0, 0.04045, 0.5, 1.0])
    assert linear(codes).tolist() == pytest.approx([0.0, 0.0031308, 0.21404, 1.0], abs=1e-5)
    ramp = torch.linspace(0, 1, 256)
    assert torch.allclose(encoded(linear(ramp)), ramp, atol=1e-5)
    assert float(encoded(torch.tensor(2.0))) > 1.3, "light over white is kept"


def test_white_is_one_and_neutral():
    white = torch.ones(1, 3, 1, 1)
    assert float(luminance(white[0])) == pytest.approx(1.0)
    assert lab(white).flatten().tolist() == pytest.approx([100.0, 0.0, 0.0], abs=0.02)
