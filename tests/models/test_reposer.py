"""The network: its shapes, its parts' promises, its weights."""

import pytest
import torch
from repose.pipelines.models import reposer
from repose.pipelines.models.partial_conv import Inpainter
from repose.pipelines.models.reposer import ReposerConfig, VolumetricReposer

from ..geometry.whole_body import joints, turned

SMALL = {"size": 32, "volume": 16, "depth": 4, "width": 32, "blocks": 2, "fine": 8, "channels": 8}


@pytest.mark.parametrize("warp", [True, False])
@pytest.mark.parametrize("target", [True, False])
@pytest.mark.parametrize("copies", [True, False])
def test_every_variant_answers_and_learns(warp, target, copies):
    torch.manual_seed(0)
    network = VolumetricReposer(ReposerConfig(**SMALL, warp_3d=warp, target_3d=target, copies=copies))
    torch.nn.init.normal_(network.decoder.d2d[-1].weight, 0, 0.1)
    picture = torch.rand(2, 3, 32, 32)
    output = network(picture, joints().expand(2, -1, -1), turned(30).expand(2, -1, -1))
    made = output.picture(picture)
    assert made.shape == picture.shape and (output.flow is not None) == copies
    loss = made.square().mean() + (
        output.flow.source.square().mean() + output.flow.visible.mean() if copies else 0
    )
    loss.backward()
    still = [name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()]
    assert not still


def test_the_variants_have_the_same_weights():
    """So that the ablation compares warps and poses, and nothing else."""
    shapes = {
        tuple(
            (name, *value.shape)
            for name, value in VolumetricReposer(ReposerConfig(**SMALL, **change)).state_dict().items()
        )
        for change in ({}, {"warp_3d": False}, {"target_3d": False})
    }
    assert len(shapes) == 1


def test_untrained_places_are_those_of_the_pose():
    """Before any learning a pixel on a limb comes from where the limb was."""
    network = VolumetricReposer(ReposerConfig(**SMALL)).requires_grad_(False)
    target = joints() + torch.tensor([0.0625, 0, 0])  # one voxel to the right
    flow = network(torch.rand(1, 3, 32, 32), joints()[None], target[None]).flow
    y, x = int(0.4 * 32), int(0.5625 * 32)  # on the chest
    assert flow.source[0, 0, y, x] == pytest.approx((x + 0.5) / 32 - 0.0625, abs=0.01)
    assert flow.source[0, 1, y, x] == pytest.approx((y + 0.5) / 32, abs=0.01)


def test_the_flow_does_not_change_with_the_pictures_size():
    """The same network copies from a photo of any size: twice the pixels, the same places."""
    torch.manual_seed(1)
    network = VolumetricReposer(ReposerConfig(**SMALL)).requires_grad_(False)
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 4), (32, 32), mode="bilinear")
    output = network(picture, joints()[None], turned(20)[None])
    large = torch.nn.functional.interpolate(picture, (64, 64), mode="bilinear", align_corners=False)
    small = torch.nn.functional.interpolate(output.figure(large), (32, 32), mode="area")
    assert (small - output.figure(picture)).abs().mean() < 0.02


@pytest.mark.parametrize(
    ("change", "said"),
    [({"size": 48, "volume": 32}, "size is 48 and volume 32"), ({"width": 30}, "width is 30")],
)
def test_a_configuration_that_cannot_be_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        ReposerConfig(**{**SMALL, **change})


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"\(3, 40, 32\), expected \(3, 32, 32\)"):
        VolumetricReposer(ReposerConfig(**SMALL))(torch.rand(1, 3, 40, 32), joints()[None], joints()[None])


def test_wrong_weights_are_named():
    config = ReposerConfig(**SMALL)
    whole = VolumetricReposer(config).state_dict()
    name = "encoder.e2d.0.weight"
    with pytest.raises(ValueError, match=f"{name} is missing or not known"):
        reposer.load({k: v for k, v in whole.items() if k != name}, config)
    with pytest.raises(ValueError, match=f"{name} has shape"):
        reposer.load(whole | {name: whole[name][:4]}, config)
    with pytest.raises(ValueError, match="spare is missing or not known"):
        reposer.load(whole | {"spare": torch.zeros(1)}, config)
    assert reposer.load(whole, config).training is False


def test_the_inpainter_keeps_what_is_known_and_does_not_look_at_the_rest():
    torch.manual_seed(0)
    network = Inpainter().requires_grad_(False)
    picture, known = torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64)
    known[..., 20:40, 10:30] = 0
    other = torch.where(known > 0, picture, torch.rand_like(picture))
    one, two = network(picture, known), network(other, known)
    assert torch.equal(one, two) and torch.equal(one * known, picture * known)
    assert torch.isfinite(network(picture, torch.zeros_like(known))).all()
