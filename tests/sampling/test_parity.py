"""One network in ComfyUI and in diffusers: the same weights, noise and schedule give the same latent, heads and all."""

import pytest
import torch
from repose.pipelines.attention.heads import HeadOptions
from repose.pipelines.attention.reference import Reference
from repose.pipelines.sampling.options import SamplingOptions

from .networks import clothes, comfy_network, diffusers_network, identity, scheduler

pytest.importorskip("diffusers")
HEIGHT, WIDTH, STEPS, CFG = 8, 12, 4, 3.0
HEADS = HeadOptions(0.6, 0.5, 0.3)


@pytest.fixture(scope="module", params=["SD15", "SDXL"])
def pair(comfyui, request):
    """(kind, ComfyUI's MODEL, diffusers' UNet)."""
    model = comfy_network(request.param)
    return request.param, model, diffusers_network(model, request.param)


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def given(batch: int):
    """Latent, noise, share, words (2, T, 64) negative first, pooled (2, 1280): the same for both hosts."""
    share = torch.linspace(0, 1, WIDTH).expand(batch, 1, HEIGHT, WIDTH)
    latent = noise(1, batch, 4, HEIGHT, WIDTH) / 4
    return latent, noise(2, batch, 4, HEIGHT, WIDTH), share, noise(3, 2, 7, 64), noise(4, 2, 1280)


def reference(photos: int, model, every: int) -> Reference:
    sampling = model.get_model_object("model_sampling")
    start, end = (float(sampling.percent_to_sigma(share)) for share in (0.1, 0.9))
    shifts = [identity(64, shift=8 * i) for i in range(photos)]
    latent = noise(5, photos, 4, 8, 8)
    return Reference(latent, tuple(shifts), (clothes(),) * photos, HEADS, start, end, every, seed=7)


def in_comfyui(model, batch: int, looked, cfg: float = CFG) -> torch.Tensor:
    import comfy.sample
    from repose.nodes.reference_attention import patched
    from repose.nodes.sampling import _differential

    latent, first, share, words, pooled = given(batch)
    conds = [[[w[None], {"pooled_output": p[None]}]] for w, p in zip(words, pooled, strict=True)]
    model = _differential(model if looked is None else patched(model, looked))
    made = comfy.sample.sample(
        model, first, STEPS, cfg, "euler", "simple", conds[1], conds[0], model.model.process_latent_out(latent),
        noise_mask=share, disable_pbar=True, seed=1,
    )  # fmt: skip
    return model.model.process_latent_in(made)


def in_diffusers(kind: str, unet, batch: int, looked, cfg: float = CFG) -> torch.Tensor:
    from repose.pipelines.sampling.diffusion import DiffusersPainter, Words

    latent, first, share, words, pooled = given(batch)
    said = Words(words, pooled if kind == "SDXL" else None)
    painter = DiffusersPainter(unet, None, scheduler(), said, torch.device("cpu"), reference=looked)
    with torch.inference_mode():
        return painter.sampled(latent, first, share, SamplingOptions(steps=STEPS, cfg=cfg))


@pytest.mark.parametrize(("batch", "photos", "every"), [(1, 1, 1), (1, 1, 2), (2, 2, 1), (3, 1, 2)])
def test_both_hosts_give_the_same_latent(pair, batch, photos, every):
    kind, model, unet = pair
    looked = reference(photos, model, every)
    scaled = model.model.process_latent_in(looked.latent)
    theirs = in_comfyui(model, batch, looked)
    mine = in_diffusers(kind, unet, batch, Reference(**{**vars(looked), "latent": scaled}))
    assert torch.allclose(theirs, mine, atol=1e-4, rtol=0), (theirs - mine).abs().max()


@pytest.mark.parametrize("cfg", [CFG, 1.0])
def test_and_so_without_heads(pair, cfg):
    kind, model, unet = pair
    theirs, mine = in_comfyui(model, 2, None, cfg), in_diffusers(kind, unet, 2, None, cfg)
    assert torch.allclose(theirs, mine, atol=1e-4, rtol=0), (theirs - mine).abs().max()


def test_the_heads_change_the_latent_in_both(pair):
    kind, model, unet = pair
    looked = reference(1, model, 1)
    assert (in_comfyui(model, 1, looked) - in_comfyui(model, 1, None)).abs().max() > 1e-2
    assert (in_diffusers(kind, unet, 1, looked) - in_diffusers(kind, unet, 1, None)).abs().max() > 1e-2


def test_the_network_is_as_it_was_afterwards(pair):
    kind, model, unet = pair
    before = dict(unet.attn_processors)
    in_diffusers(kind, unet, 1, reference(1, model, 1))
    assert unet.attn_processors == before
