"""Repose Attention and Repose Latent: small random UNets of the real classes, sampled by ComfyUI itself."""

import pytest
import torch
from repose.pipelines.geometry.warped import Correspondence

from ..sampling.networks import SIDE, Vae, clothes, comfy_network, identity


@pytest.fixture(scope="module", params=["SD15", "SDXL"])
def model(comfyui, request):
    return comfy_network(request.param)


@pytest.fixture(scope="module")
def plain(comfyui):
    return comfy_network()


def photo(seed: int = 0) -> torch.Tensor:
    return torch.rand(1, SIDE, SIDE, 3, generator=torch.Generator().manual_seed(seed))


def sampled(model, batch: int = 1, cfg: float = 3.0, steps: int = 3, side: int = 8, positive=None):
    """(batch, 4, side, side) by ComfyUI's sampler."""
    import comfy.sample

    words = torch.randn(2, 1, 7, 64, generator=torch.Generator().manual_seed(5))
    conds = [[[one, {"pooled_output": torch.zeros(1, 1280)}]] for one in words]
    latent = torch.zeros(batch, 4, side, side)
    noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(9))
    made = comfy.sample.sample(
        model,
        noise,
        steps,
        cfg,
        "euler",
        "normal",
        positive or conds[0],
        conds[1],
        latent,
        disable_pbar=True,
        seed=1,
    )
    return made / 50  # of the order of one: an untrained network leaves all the noise


def attentive(run, model, **changes):
    given = {
        "model": model, "vae": Vae(), "image": photo(), "correspondence": [identity()], "garments": [clothes()],
        "textile": 0.8, "anatomy": 0.0, "light": 0.0, "start": 0.0, "end": 1.0, "every": 1,
    }  # fmt: skip
    return run("ReposeAttention", **{**given, **changes}).model


def test_strength_nothing_is_the_model_bit_for_bit(run, model):
    off = attentive(run, model, textile=0.0)
    assert torch.equal(sampled(off), sampled(model))


@pytest.mark.parametrize("head", ["textile", "light"])
def test_a_head_changes_the_picture_and_the_model_stays(run, model, head):
    before = sampled(model)
    made = sampled(attentive(run, model, **{"textile": 0.0, head: 0.8}))
    assert torch.isfinite(made).all() and (made - before).abs().max() > 1e-3
    assert torch.equal(sampled(model), before)


def test_another_photo_gives_another_picture_and_the_same_one_the_same(run, plain):
    one, two = (sampled(attentive(run, plain, image=photo(seed))) for seed in (0, 1))
    assert (one - two).abs().max() > 1e-3
    assert torch.equal(one, sampled(attentive(run, plain)))


def test_rows_of_a_batch_do_not_depend_on_each_other(run, plain):
    """Two pictures of two photos: each as if it were alone, whatever is batched with it."""
    photos = torch.cat((photo(0), photo(1)))
    both = attentive(run, plain, image=photos, correspondence=[identity(), identity(shift=8)])
    alone = attentive(run, plain)
    made = sampled(both, batch=2)
    assert torch.allclose(made[0], sampled(alone, batch=2)[0], atol=1e-4)
    assert made.shape[0] == 2 and sampled(alone, batch=3).shape[0] == 3


def test_without_guidance_there_is_no_uncond_row(run, plain):
    assert torch.isfinite(sampled(attentive(run, plain), cfg=1.0)).all()


def test_conditions_that_run_apart_give_what_they_give_together(run, plain, monkeypatch):
    """With little memory ComfyUI runs cond and uncond in two calls: the photo is run once for both."""
    import comfy.model_base

    together = sampled(attentive(run, plain))
    monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *_, **__: float("inf"))
    assert torch.allclose(sampled(attentive(run, plain)), together, atol=1e-4)


@pytest.mark.parametrize(("every", "expected"), [(1, 3), (2, 2), (8, 1)])
def test_the_photo_is_run_every_so_many_steps(run, plain, every, expected):
    model, calls = attentive(run, plain, every=every), []

    def counted(executor, x, t, *given, **named):
        calls.append(len(x))
        return executor(x, t, *given, **named)

    model.add_wrapper_with_key("apply_model", "zz counted", counted)
    sampled(model)  # the photo is one row, the picture two: with and without words
    assert calls.count(1) == expected and calls.count(2) == 3


def test_outside_its_share_of_the_schedule_nothing_happens(run, plain):
    early, late = attentive(run, plain, start=0.0, end=0.0), attentive(run, plain, start=1.0, end=1.0)
    assert torch.equal(sampled(late), sampled(plain)) and torch.isfinite(sampled(early)).all()


def test_what_is_there_already_is_called_and_not_overwritten(run, plain):
    """An override, a list patch and another pack's replace patches are all still at work."""
    other, called = plain.clone(), {"override": 0, "attn1": 0, "attn2": 0, "replaced": 0}

    def override(attention, *given, **named):
        called["override"] += 1
        return attention(*given, **named)

    def patch(n, context, value, extra):
        called["attn1"] += 1
        return n, context, value

    def adapter(q, k, v, extra):
        called["attn2"] += 1
        return q * 0.9

    def perturbed(q, k, v, extra):
        called["replaced"] += 1
        return v

    other.model_options["transformer_options"]["optimized_attention_override"] = override
    other.set_model_attn1_patch(patch)
    other.set_model_attn2_replace(adapter, "output", 0)
    other.set_model_attn1_replace(perturbed, "middle", 0)
    made = sampled(attentive(run, other))
    assert torch.isfinite(made).all() and all(called.values())
    assert other.model_options["transformer_options"]["optimized_attention_override"] is override
    assert (made - sampled(other)).abs().max() > 1e-3


def test_two_of_them_in_a_row_both_look(run, plain):
    one = attentive(run, plain, textile=0.5)
    both = attentive(run, one, image=photo(3), textile=0.5)
    assert (sampled(both) - sampled(one)).abs().max() > 1e-4


def test_nothing_is_left_after_sampling_nor_after_an_error(run, plain):
    from repose.nodes.reference_attention import KEY

    model = attentive(run, plain)
    clean = sampled(model)

    def broken(executor, *given, **named):
        executor(*given, **named)
        raise RuntimeError("out of memory")

    bad = model.clone()
    bad.add_wrapper_with_key("apply_model", "aa broken", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        sampled(bad)
    for one in (model, bad):
        assert not [key for key in one.model_options["transformer_options"] if KEY in key]
    assert torch.equal(sampled(model), clean)


def test_a_condition_on_an_area_is_left_to_the_model(run, plain):
    """A cropped input has other tokens: it runs as without the node."""
    words = torch.randn(1, 7, 64, generator=torch.Generator().manual_seed(5))
    area = [[words, {"area": (4, 8, 0, 0), "strength": 1.0}]]
    model = attentive(run, plain)
    assert torch.isfinite(sampled(model, positive=area)).all()


def test_odd_sizes(run, plain):
    assert torch.isfinite(sampled(attentive(run, plain), side=10)).all()


def test_other_architectures_are_refused_with_what_to_use(run, plain):
    class Transformer(torch.nn.Module):
        pass

    other = plain.clone()
    other.model = type("Holder", (), {"diffusion_model": Transformer()})()
    with pytest.raises(ValueError, match="a Transformer: .*ReferenceLatent"):
        attentive(run, other)
    with pytest.raises(ValueError, match="9 channels .*expected 4"):
        attentive(run, comfy_network(in_channels=9))
    with pytest.raises(ValueError, match="SDXL's refiner.*load an SDXL or SD1.5 checkpoint"):
        attentive(run, comfy_network("SDXL", context_dim=1280))


def test_a_latent_that_repaints_what_was_hidden(run):
    found = identity()
    hidden = torch.where(torch.arange(SIDE)[None] < 32, 1.0, 0.0).expand(SIDE, SIDE)
    found = Correspondence(**{**vars(found), "visible": hidden})
    person = torch.ones(1, SIDE, SIDE)
    person[:, :16] = 0
    out = run(
        "ReposeLatent", image=photo(), vae=Vae(), correspondence=[found], person=person, seen=0.2, unseen=0.9
    )
    assert out.latent["samples"].shape == (1, 4, 8, 8) and out.latent["noise_mask"].shape == (
        1,
        1,
        SIDE,
        SIDE,
    )
    assert out.mask[0, 40, 10] == pytest.approx(0.2) and out.mask[0, 40, 50] == pytest.approx(0.9)
    assert out.mask[0, 5, 5] == 0
    with pytest.raises(ValueError, match="64 x 64 pixels, the correspondence 32 x 32"):
        run("ReposeLatent", image=photo(), vae=Vae(), correspondence=[identity(32)], person=person)
