"""Reference Upscale, with and without an upscale model of the artist's."""

from types import SimpleNamespace

import pytest
import torch

from ..pipelines.upscaling.scene import SIZE, SMALL, core, correlation, scene


@pytest.fixture(scope="module")
def woven():
    one = scene()
    images = {name: getattr(one, name).movedim(1, -1) for name in ("result", "photo")}
    return SimpleNamespace(scene=one, given={"result": images["result"], "image": images["photo"]})


@pytest.fixture(scope="module")
def network(comfyui, tmp_path_factory):
    """A network as Load Upscale Model gives it: RealESRGAN's compact kind, two layers deep, random, twice as large."""
    import comfy.model_patcher
    import comfy.utils
    from safetensors.torch import save_file
    from spandrel import ModelLoader

    layers = [torch.nn.Conv2d(3, 8, 3), torch.nn.PReLU(8), torch.nn.Conv2d(8, 8, 3), torch.nn.PReLU(8)]
    torch.manual_seed(0)
    made = torch.nn.Sequential(*layers, torch.nn.Conv2d(8, 12, 3))
    file = tmp_path_factory.mktemp("models") / "compact.safetensors"
    save_file({f"body.{name}": value for name, value in made.state_dict().items()}, file)
    found = ModelLoader().load_from_state_dict(comfy.utils.load_torch_file(str(file), safe_load=True)).eval()
    device = torch.device("cpu")
    found.patcher = comfy.model_patcher.CoreModelPatcher(found.model, device, device)
    return found


def test_the_photos_detail_at_the_photos_size(run, woven):
    out = run("ReposeReferenceUpscale", correspondence=[woven.scene.found], **woven.given)
    assert tuple(out.image.shape) == (1, *SIZE, 3) and tuple(out.detail.shape) == (1, *SMALL)
    assert correlation(out.image.movedim(-1, 1), woven.scene.truth, core(woven.scene)) > 0.9
    assert out.before.shape == out.after.shape and "of the person" in out.ui["text"][0]
    assert len(out.ui["images"]) == 1


def test_an_upscale_model_is_the_base(run, woven, network):
    given = {"correspondence": [woven.scene.found], "size": "2x", "detail": 0.0, **woven.given}
    made = run("ReposeReferenceUpscale", upscale_model=network, **given).image
    theirs = network(woven.scene.result).movedim(1, -1)
    assert float((made - theirs).abs().max()) < 1e-3, "twice as large is what the network makes"
    with_photo = run("ReposeReferenceUpscale", upscale_model=network, **{**given, "detail": 1.0}).image
    assert float((with_photo - made).abs().mean()) > 0.005


def test_alone_it_is_as_cores_own_node_makes_it(run, woven, network):
    from comfy_extras.nodes_upscale_model import ImageUpscaleWithModel

    theirs = ImageUpscaleWithModel.execute(network, woven.given["result"]).args[0]
    given = {"correspondence": [woven.scene.found], "size": "2x", "detail": 0.0, **woven.given}
    assert (
        float((run("ReposeReferenceUpscale", upscale_model=network, **given).image - theirs).abs().max())
        < 1 / 255
    )


def test_a_batch_and_a_size(run, woven):
    results = woven.given["result"].expand(2, -1, -1, -1)
    given = {"result": results, "image": woven.given["image"], "correspondence": [woven.scene.found] * 2}
    out = run("ReposeReferenceUpscale", size="2x", **given)
    assert tuple(out.image.shape) == (2, 2 * SMALL[0], 2 * SMALL[1], 3)
    assert torch.equal(out.image[0], out.image[1])


def test_a_model_of_the_wrong_channels_is_refused(run, woven):
    grey = SimpleNamespace(input_channels=1, output_channels=1, scale=2)
    with pytest.raises(ValueError, match="takes 1 channels and gives 1, expected 3 and 3"):
        run("ReposeReferenceUpscale", correspondence=[woven.scene.found], upscale_model=grey, **woven.given)


def test_a_photo_of_something_else_is_refused(run, woven):
    given = {**woven.given, "image": woven.given["image"][:, :, :200]}
    with pytest.raises(ValueError, match="the photo has 200 x 480 pixels"):
        run("ReposeReferenceUpscale", correspondence=[woven.scene.found], **given)


def test_too_large_is_refused(run, woven):
    with pytest.raises(ValueError, match="at most 8192 on a side"):
        run(
            "ReposeReferenceUpscale",
            correspondence=[woven.scene.found],
            size="megapixels",
            megapixels=64.0,
            **woven.given,
        )
