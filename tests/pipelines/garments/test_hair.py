"""Hair as a soft alpha, on drawn strands."""

import numpy as np
import pytest
import torch
from repose.pipelines.garments.hair import agreeing, hair_alpha
from repose.pipelines.geometry.garments import NUMBER
from repose.pipelines.matte import Region

HAIR, UPPER = NUMBER["hair"], NUMBER["upper"]


@pytest.fixture(scope="module")
def strands():
    """Dark hair down to row 80 on a white shirt, and strands of 3 pixels that go on for 12: picture, where they are."""
    image = np.full((160, 120, 3), 0.9, np.float32)
    hair = np.zeros((160, 120), bool)
    hair[:80, 20:100] = True
    for x in range(24, 96, 8):
        hair[80:92, x : x + 3] = True
    image[hair] = (0.12, 0.09, 0.08)
    image += np.random.default_rng(0).normal(0, 0.01, image.shape).astype(np.float32)
    return torch.from_numpy(image).permute(2, 0, 1)[None].clamp(0, 1), hair


def test_strands_and_the_gaps_between_them(strands):
    """The network's word is blurred over 8 pixels; the alpha follows the picture."""
    import cv2

    picture, hair = strands
    share = cv2.blur(np.float32(hair), (17, 17))
    labels = np.where(hair, HAIR, UPPER).astype(np.uint8)
    alpha = hair_alpha(share, labels, 4.0, Region(0, 0, 120, 160, 1.0), picture)
    between = np.zeros_like(hair)
    between[82:90, 24:96] = True
    assert alpha[between & hair].mean() > 0.75 and alpha[between & ~hair].mean() < 0.25
    assert alpha[:70, 30:90].min() > 0.95 and alpha[110:].max() < 0.05


def test_no_hair(strands):
    picture, hair = strands
    labels = np.full(hair.shape, UPPER, np.uint8)
    assert not hair_alpha(np.zeros(hair.shape), labels, 4.0, Region(0, 0, 120, 160, 1.0), picture).any()


def test_labels_agree_with_the_alpha():
    """Thin hair over a shirt is the shirt's, thick hair is hair's, and in the soft edge the person's share counts."""
    labels = np.full((1, 5), UPPER, np.uint8)
    labels[0, :3] = HAIR
    hair = np.float32([[0.9, 0.4, 0.2, 0.8, 0.0]])
    matte = np.float32([[1.0, 0.5, 1.0, 1.0, 1.0]])
    assert agreeing(labels, hair, matte).tolist() == [[HAIR, HAIR, UPPER, HAIR, UPPER]]
