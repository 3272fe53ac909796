"""The Python API on small random networks in diffusers' own formats, on a real photo and its real networks."""

import pytest
import torch
from repose.pipelines.picture import read_picture
from repose.pipelines.sampling.options import SamplingOptions
from repose.pipelines.sampling.pipeline import ReposePipeline

from .networks import comfy_network, diffusers_network, scheduler

diffusers = pytest.importorskip("diffusers")
transformers = pytest.importorskip("transformers")
FEW = SamplingOptions(steps=3, cfg=2.0, megapixels=0.03)


def text_encoder(kind: type, width: int = 32):
    config = transformers.CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        projection_dim=1280, eos_token_id=49407,
    )  # fmt: skip
    return kind(config).eval()


@pytest.fixture(scope="module")
def parts(comfyui) -> dict:
    """Of a small SDXL."""
    torch.manual_seed(3)
    model = comfy_network("SDXL")
    words = transformers.CLIPTokenizer.from_pretrained(
        str(comfyui / "comfy" / "sd1_tokenizer"), model_max_length=77
    )
    vae = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(32, 32, 32, 32), latent_channels=4, scaling_factor=0.13025,
    )  # fmt: skip
    return {
        "unet": diffusers_network(model, "SDXL"), "vae": vae.eval(), "scheduler": scheduler(),
        "text_encoder": text_encoder(transformers.CLIPTextModel),
        "text_encoder_2": text_encoder(transformers.CLIPTextModelWithProjection),
        "tokenizer": words, "tokenizer_2": words,
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(parts, tmp_path_factory):
    """The small SDXL, saved as diffusers saves."""
    place = tmp_path_factory.mktemp("diffusers") / "sdxl"
    diffusers.StableDiffusionXLPipeline(**parts).save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def picture(photo) -> torch.Tensor:
    """(1, 3, 459, 256) a person from head to foot."""
    return torch.nn.functional.interpolate(read_picture(photo), size=(459, 256), mode="area")


def test_from_a_folder_a_photo_in_two_poses(folder, parts, models, picture, tmp_path):
    torch.manual_seed(4)
    control = diffusers.ControlNetModel.from_unet(
        parts["unet"], conditioning_embedding_out_channels=(8, 8, 16, 16)
    )
    for layer in control.controlnet_down_blocks:  # they begin at zero: untrained, it would add nothing
        torch.nn.init.normal_(layer.weight, 0, 0.3)
    control.save_pretrained(tmp_path / "control")
    pipeline = ReposePipeline.from_pretrained(folder, models=models / "repose")
    guided = ReposePipeline.from_pretrained(folder, tmp_path / "control", models / "repose")
    told = []
    poses = ["casual/contrapposto", "catalogue/front"]
    made = pipeline(
        picture, poses, prompt="a person", options=FEW, callback=lambda *what: told.append(what[:2])
    )
    assert told == [(1, 3), (2, 3), (3, 3)] * 2 and len(made) == 2
    size = FEW.size((459, 256))
    for one in made:
        assert one.picture.shape == (1, 3, *size) and one.share.shape == (1, 1, *size)
        assert one.reposed.picture.shape == picture.shape
        kept = torch.nn.functional.max_pool2d((one.share > 0.02).float(), 33, 1, 16) == 0
        small = torch.nn.functional.interpolate(one.reposed.picture, size=size, mode="area")
        assert kept.any() and torch.equal(
            one.picture[kept.expand(1, 3, -1, -1)], small[kept.expand(1, 3, -1, -1)]
        )
    again = pipeline(picture, poses[0], prompt="a person", options=FEW)[0]
    assert torch.equal(again.picture, made[0].picture)
    other = guided(picture, poses[0], prompt="a person", options=FEW)[0]
    assert (other.picture - again.picture).abs().max() > 1e-3


def test_from_a_file_as_comfyui_has_it(folder, parts, comfyui, tmp_path):
    from safetensors.torch import save_file

    model = comfy_network("SDXL")
    weights = {f"model.diffusion_model.{k}": v for k, v in model.model.diffusion_model.state_dict().items()}
    weights["conditioner.embedders.1.model.logit_scale"] = torch.ones(1)
    save_file(weights, tmp_path / "small.safetensors")
    given = {name: parts[name] for name in ("vae", "text_encoder", "text_encoder_2")}
    made = ReposePipeline.from_single_file(tmp_path / "small.safetensors", config=str(folder), **given)
    mine = made.diffusion.unet.state_dict()
    assert isinstance(made.diffusion, diffusers.StableDiffusionXLPipeline)
    assert all(torch.equal(mine[name], value) for name, value in parts["unet"].state_dict().items())


def test_what_cannot_be_used_is_said(folder, parts, tmp_path):
    (tmp_path / "old.ckpt").write_bytes(b"")
    with pytest.raises(ValueError, match="old.ckpt is no .safetensors file"):
        ReposePipeline.from_single_file(tmp_path / "old.ckpt")
    with pytest.raises(ValueError, match="gone.safetensors is not there"):
        ReposePipeline.from_single_file(tmp_path / "gone.safetensors")
    with pytest.raises(ValueError, match="no networks to read a photo with: give `models`"):
        ReposePipeline.from_pretrained(folder)(torch.zeros(1, 3, 64, 64), "catalogue/front")
    small = diffusers.UNet2DConditionModel(
        cross_attention_dim=32, block_out_channels=(32, 32), norm_num_groups=8, attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D",) * 2, up_block_types=("CrossAttnUpBlock2D",) * 2,
    )  # fmt: skip
    control = diffusers.ControlNetModel.from_unet(small, conditioning_embedding_out_channels=(8, 8, 16, 16))
    pipeline = diffusers.StableDiffusionXLPipeline(**parts)
    with pytest.raises(ValueError, match="words of width 32, the checkpoint 64"):
        ReposePipeline(pipeline, control)
    inpainting = diffusers.UNet2DConditionModel(
        in_channels=9, cross_attention_dim=32, block_out_channels=(32, 32), norm_num_groups=8, attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D",) * 2, up_block_types=("CrossAttnUpBlock2D",) * 2,
    )  # fmt: skip
    with pytest.raises(ValueError, match="no inpainting checkpoint"):
        ReposePipeline(diffusers.StableDiffusionXLPipeline(**{**parts, "unet": inpainting}))
