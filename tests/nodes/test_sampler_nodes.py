"""Pose-Conditioned Sampler, Face and Hand Pass, Pose Conditioning: small random UNets, sampled by ComfyUI itself."""

from types import SimpleNamespace

import pytest
import torch

from ..sampling.networks import SIDE, Vae, clothes, comfy_network, identity
from ..sampling.test_closeups import HEIGHT, WIDTH
from ..sampling.test_closeups import person as somebody

MEGAPIXELS = 0.05  # more than 128 x 128, less than 256 x 256


@pytest.fixture(scope="module", params=["SD15", "SDXL"])
def model(comfyui, request):
    return comfy_network(request.param)


@pytest.fixture(scope="module")
def plain(comfyui):
    return comfy_network()


def words(seed: int) -> list:
    rows = torch.randn(1, 7, 64, generator=torch.Generator().manual_seed(seed))
    return [[rows, {"pooled_output": torch.zeros(1, 1280)}]]


def picture(*size: int, batch: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.rand(batch, *size, 3, generator=torch.Generator().manual_seed(seed))


def body() -> torch.Tensor:
    """The right half of the frame."""
    mask = torch.zeros(1, SIDE, SIDE)
    mask[..., SIDE // 2 :] = 1
    return mask


def checkpoint(model) -> dict:
    return {
        "model": model, "vae": Vae(), "positive": words(1), "negative": words(2), "steps": 2, "cfg": 2.0,
        "sampler": "euler", "scheduler": "simple", "megapixels": MEGAPIXELS,
    }  # fmt: skip


def gone_over(run, model, **changes):
    given = {
        **checkpoint(model), "image": picture(SIDE, SIDE), "result": picture(SIDE, SIDE, seed=1), "person": body(),
        "correspondence": [identity()], "garments": [clothes()], "seen": 0.9,
    }  # fmt: skip
    return run("ReposeSampler", **{**given, **changes})


def enlarged(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return torch.nn.functional.interpolate(image.movedim(-1, 1), size=size, mode="bilinear").movedim(1, -1)


def test_the_person_is_painted_and_the_room_keeps_its_pixels(run, model):
    made = gone_over(run, model)
    height, width = made.image.shape[1:3]
    assert height == width and height % 16 == 0 and made.mask.shape == (1, height, width)
    before = enlarged(picture(SIDE, SIDE, seed=1), (height, width))
    assert torch.equal(made.image[:, :, : width // 2 - 24], before[:, :, : width // 2 - 24])
    assert (made.image - before)[:, :, width // 2 + 16 :].abs().mean() > 0.05
    assert made.mask[0, height // 2, -8] == pytest.approx(0.9) and made.mask[0, 0, 0] == 0


def test_seeds_and_photos_count(run, plain):
    one, same = gone_over(run, plain).image, gone_over(run, plain).image
    assert torch.equal(one, same)
    for other in ({"seed": 1}, {"image": picture(SIDE, SIDE, seed=7)}, {"positive": words(9)}):
        assert (gone_over(run, plain, **other).image - one).abs().max() > 1e-3, other


def test_a_large_photo_is_looked_at_no_larger_than_what_is_painted(run, plain):
    """A camera's photo at its own size would take the attention's memory many times over."""
    sizes = []

    class Noting(Vae):
        def encode(self, image):
            sizes.append(tuple(image.shape[1:3]))
            return super().encode(image)

    large = enlarged(picture(SIDE, SIDE), (1024, 1024))
    made = gone_over(run, plain, vae=Noting(), image=large)
    assert sizes == [tuple(made.image.shape[1:3])] * 2


def test_nothing_to_paint_is_the_picture(run, plain):
    made = gone_over(run, plain, seen=0.0, unseen=0.0)
    assert torch.equal(made.image, enlarged(picture(SIDE, SIDE, seed=1), tuple(made.image.shape[1:3])))


def test_batches(run, plain):
    """Two results of one photo; each is as if it were alone but for the noise."""
    both = picture(SIDE, SIDE, batch=2, seed=1)
    made = gone_over(
        run, plain, result=both, person=body().expand(2, -1, -1), correspondence=[identity()] * 2
    )
    alone = gone_over(run, plain, result=both[:1])
    assert made.image.shape[0] == made.mask.shape[0] == 2
    assert torch.allclose(made.image[:1], alone.image, atol=1e-3)


class Control:
    """As much of a ControlNet as is asked: records what it is given."""

    def __init__(self, width: int | None = None, log: list | None = None):
        self.control_model = torch.nn.ModuleDict()
        if width:
            inner = torch.nn.ModuleDict({"to_k": torch.nn.Linear(width, 4, bias=False)})
            self.control_model = torch.nn.ModuleDict({"attn2": inner})
        self.log, self.before = [] if log is None else log, None

    def copy(self):
        return Control(None, self.log)

    def set_cond_hint(self, hint, strength, reach, vae=None):
        self.log.append((tuple(hint.shape), strength, reach))
        return self

    def set_previous_controlnet(self, before):
        self.before = before
        return self


def test_a_control_net_goes_before_what_is_there_and_both_conditions_share_it(comfyui, plain):
    from repose.nodes.sampling import Checkpoint
    from repose.pipelines.sampling.options import SamplingOptions

    first, net, log = Control(), Control(64), []
    net.log = log
    positive = [[words(1)[0][0], {"control": first, "kept": 1}]]
    given = Checkpoint(plain, Vae(), positive, words(2), control_net=net)
    made = given.controlled(torch.rand(1, 3, 64, 64), SamplingOptions(control=0.4, control_end=0.6))
    mine = made.positive[0][1]["control"]
    assert mine.before is first and made.positive[0][1]["kept"] == 1
    assert made.negative[0][1]["control"].before is None and log == [((1, 3, 64, 64), 0.4, (0.0, 0.6))] * 2
    assert positive[0][1]["control"] is first and not made.positive[0][1]["control_apply_to_uncond"]
    plainly = Checkpoint(plain, Vae(), words(1), words(2), control_net=net)
    both = plainly.controlled(torch.rand(1, 3, 64, 64), SamplingOptions())
    assert both.positive[0][1]["control"] is both.negative[0][1]["control"]
    assert plainly.controlled(torch.rand(1, 3, 64, 64), SamplingOptions(control=0.0)) is plainly


def test_what_does_not_fit_is_said(run, plain):
    with pytest.raises(ValueError, match="a ControlNet is connected, but no pose: connect .*pose_keypoint"):
        gone_over(run, plain, control_net=Control(64))
    people = [{"people": [], "canvas_width": SIDE, "canvas_height": SIDE}]
    with pytest.raises(ValueError, match="the ControlNet is for SDXL models, the checkpoint is width 64"):
        gone_over(run, plain, control_net=Control(2048), pose=people)
    with pytest.raises(ValueError, match="64 x 64 pixels, the correspondence 32 x 32"):
        gone_over(run, plain, correspondence=[identity(32)])
    with pytest.raises(ValueError, match="9 channels .*expected 4"):
        gone_over(run, comfy_network(in_channels=9))
    broken = SimpleNamespace(encode=Vae().encode, decode=lambda latent: Vae().decode(latent) * float("nan"))
    with pytest.raises(ValueError, match="not-a-number .*fp32-vae"):
        gone_over(run, plain, vae=broken)


def test_an_artists_own_differential_diffusion_is_left_in_place(run, plain):
    own = plain.clone()
    called = []

    def mine(sigma, share, extra_options):
        called.append(float(sigma[0]))
        return share

    own.set_model_denoise_mask_function(mine)
    gone_over(run, own)
    assert len(called) == 2


def test_faces_and_hands_are_painted_and_the_rest_is_kept(run, plain):
    found, worn = somebody()
    photo, result = picture(HEIGHT, WIDTH), picture(HEIGHT, WIDTH, seed=1)
    mask = (found.part >= 0).float()[None]
    given = {
        **checkpoint(plain), "image": photo, "result": result, "person": mask, "correspondence": [found],
        "garments": [worn], "strength": 0.9,
    }  # fmt: skip
    made = run("ReposeFaceAndHandPass", **given)
    assert made.image.shape == result.shape and made.mask.shape == (1, HEIGHT, WIDTH)
    changed = (made.image - result).abs().amax(-1)[0]
    assert changed[30:40, 70:80].mean() > 0.02 and changed[126:138, 105:115].mean() > 0.02
    assert (changed[200:] == 0).all() and (changed[:, :30] == 0).all()
    only = run("ReposeFaceAndHandPass", **{**given, "what": "face"})
    assert (
        torch.equal(only.image[:, 100:], result[:, 100:])
        and only.mask[0, 132, 110] == 0 < only.mask[0, 35, 75]
    )
    none = run(
        "ReposeFaceAndHandPass",
        **{**given, "correspondence": [somebody(shown=0.0, head=8)[0]], "what": "face"},
    )
    assert torch.equal(none.image, result) and none.mask.sum() == 0


def test_a_result_of_another_size_than_its_correspondence(run, plain):
    found, worn = somebody()
    result = picture(HEIGHT // 2, WIDTH // 2, seed=1)
    made = run(
        "ReposeFaceAndHandPass", **checkpoint(plain), image=picture(HEIGHT * 2, WIDTH * 2), result=result,
        person=(found.part >= 0).float()[None], correspondence=[found], garments=[worn], what="face",
    )  # fmt: skip
    changed = (made.image - result).abs().amax(-1)[0]
    assert (
        made.image.shape == result.shape and changed[15:20, 35:40].mean() > 0.01 and (changed[60:] == 0).all()
    )


def test_control_pictures_of_the_size_of_the_correspondence(run, drawn):
    found, _ = somebody()
    frames = [{"people": [], "canvas_width": WIDTH, "canvas_height": HEIGHT}]
    made = run("ReposePoseConditioning", pose=frames, correspondence=[found], thick=True)
    for one in (made.pose_picture, made.depth, made.normal):
        assert one.shape == (1, HEIGHT, WIDTH, 3)
    assert (
        made.normal[0, 35, 75].tolist() == pytest.approx([0.5, 0.5, 1.0]) and made.depth[0, 0, 0].sum() == 0
    )
