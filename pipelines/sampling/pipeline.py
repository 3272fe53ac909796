"""The whole chain from Python, without ComfyUI: photo and pose in, the reposed photo out, gone over by a checkpoint.

    from repose.pipelines.sampling.pipeline import ReposePipeline

    pipeline = ReposePipeline.from_single_file("RealVisXL_V5.0_fp16.safetensors", controlnet=FOLDER, models=MODELS)
    pipeline.to("cuda")
    made = pipeline(read_picture(PHOTO), "casual/contrapposto", prompt="a woman in a red coat, studio")
    write_picture(made[0].picture, OUTPUT)

Needs diffusers and transformers, which the nodes do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..batches import each
from ..draw import draw_pose
from ..geometry.retarget import Pose
from ..models import weights
from ..native import resized
from ..picture import read_picture
from ..read import Reader, load_reader
from ..repose import Reposed, ReposeOptions, pose_from, repose_picture
from .diffusion import Callback, DiffusersPainter, Words
from .options import SamplingOptions
from .painting import closer, refined

SDXL = "conditioner.embedders.1."
"""How the names of SDXL's second text encoder begin in a checkpoint of one file; SD1.5 has one encoder only."""

DEFAULT, MOVED = SamplingOptions(), ReposeOptions()


@dataclass(frozen=True, eq=False)
class Refined:
    """picture (1, 3, h, w) gone over at the checkpoint's size; share (1, 1, h, w) how much of each pixel was painted
    anew; reposed what it was made from, at the photo's own size."""

    picture: Tensor
    share: Tensor
    reposed: Reposed


class ReposePipeline:
    """A diffusers pipeline of SD1.5 or SDXL, a ControlNet for poses or none, and the networks that read a photo."""

    def __init__(self, diffusion: Any, controlnet: Any = None, reader: Reader | None = None):
        """diffusion a StableDiffusionPipeline or StableDiffusionXLPipeline, controlnet a ControlNetModel; reader as
        `read.load_reader` gives it. ValueError for other networks."""
        name = type(diffusion.unet).__name__
        if getattr(diffusion.unet.config, "in_channels", 0) != 4 or not hasattr(
            diffusion.unet, "attn_processors"
        ):
            raise ValueError(
                f"the checkpoint's network is a {name} that does not paint 4 latent channels: expected SD1.5 or SDXL,"
                " and no inpainting checkpoint"
            )
        wide = diffusion.unet.config.cross_attention_dim
        if controlnet is not None and controlnet.config.cross_attention_dim != wide:
            raise ValueError(
                f"the ControlNet reads words of width {controlnet.config.cross_attention_dim}, the checkpoint"
                f" {wide}: they are of different families (SD1.5 has 768, SDXL 2048)"
            )
        self.diffusion, self.controlnet, self.reader = diffusion, controlnet, reader

    @classmethod
    def from_single_file(
        cls,
        checkpoint: Path | str,
        controlnet: Path | str | None = None,
        models: Path | str | None = None,
        dtype: torch.dtype = torch.float32,
        **given: Any,
    ) -> ReposePipeline:
        """A .safetensors file as ComfyUI loads it too. controlnet a file or a diffusers folder; models the folder of
        the pack's networks, as models/repose. given goes to diffusers: with `config`, a folder of a diffusers model of
        the same family, nothing is fetched; without it diffusers asks Hugging Face for the configuration.
        """
        import diffusers

        file = _safetensors(checkpoint)
        kind = "StableDiffusionXLPipeline" if _is_sdxl(file) else "StableDiffusionPipeline"
        if kind == "StableDiffusionPipeline":
            given = {"safety_checker": None, **given}
        made = getattr(diffusers, kind).from_single_file(str(file), torch_dtype=dtype, **given)
        return cls(made, _controlnet(controlnet, dtype), _reader(models))

    @classmethod
    def from_pretrained(
        cls,
        folder: Path | str,
        controlnet: Path | str | None = None,
        models: Path | str | None = None,
        dtype: torch.dtype = torch.float32,
        **given: Any,
    ) -> ReposePipeline:
        """A folder, or a name on Hugging Face, in diffusers' own format."""
        import diffusers

        made = diffusers.DiffusionPipeline.from_pretrained(
            str(folder), torch_dtype=dtype, use_safetensors=True, **given
        )
        return cls(made, _controlnet(controlnet, dtype), _reader(models))

    def to(self, device: torch.device | str) -> ReposePipeline:
        """All of the checkpoint on a device. Itself."""
        self.diffusion.to(device)
        if self.controlnet is not None:
            self.controlnet.to(device)
        return self

    def offload(self, device: torch.device | str = "cuda") -> ReposePipeline:
        """Each network on the device only while it runs: for cards with less memory than the checkpoint (needs
        accelerate). Itself."""
        self.diffusion.enable_model_cpu_offload(device=device)
        if self.controlnet is not None:
            self.controlnet.to(device)
        return self

    @torch.inference_mode()
    def __call__(
        self,
        image: Tensor | Path | str,
        pose: str | Pose | Sequence[str | Pose],
        prompt: str = "",
        negative_prompt: str = "",
        options: SamplingOptions = DEFAULT,
        geometry: ReposeOptions = MOVED,
        closeups: str | None = None,
        generator: torch.Generator | None = None,
        callback: Callback = None,
    ) -> list[Refined]:
        """One result for each photo, or for each pose of one photo, one after the other.

        image (B, 3, H, W) in [0, 1] or a file; pose a name of the library, a pose file or picture, or a Pose; closeups
        "face and hands", "face" or "hands" to go over those by themselves too; generator of the noise, else it is of
        options.seed. callback is told step, steps and latent, and may raise to cancel.
        """
        if self.reader is None:
            raise ValueError(
                "no networks to read a photo with: give `models`, the folder of the pack's networks"
            )
        pictures = image if isinstance(image, Tensor) else read_picture(Path(image))
        named = [pose] if isinstance(pose, str | Pose) else list(pose)
        poses = [pose_from(one, self.reader) if isinstance(one, str) else one for one in named]
        count = max(len(pictures), len(poses))
        painter = self._painter(prompt, negative_prompt, generator, callback)
        made: list[Refined] = []
        rows = zip(each(pictures.split(1), count, "photos"), each(poses, count, "poses"), strict=True)
        for picture, one in rows:
            known = made[-1].reposed if made and len(pictures) == 1 else None
            reposed = repose_picture(picture, self.reader, one, geometry, known=known)
            made.append(self._refined(painter, picture, reposed, options, closeups))
        return made

    def _refined(
        self, painter: DiffusersPainter, photo: Tensor, reposed: Reposed, options: SamplingOptions, closeups
    ) -> Refined:
        """One reposed picture gone over."""
        grid = tuple(reposed.correspondence.part.shape)
        result, person = resized(reposed.picture, grid), resized(reposed.person, grid)
        size, hints = options.size(grid), None
        if self.controlnet is not None:
            hints = draw_pose([reposed.target.project()], size, thick=True)
        given = ([reposed.correspondence], [reposed.garments], options)
        picture, share = refined(painter, result, photo, person, *given, hints)
        if closeups is not None:
            picture, more = closer(painter, picture, photo, person, *given, closeups)
            share = torch.maximum(share, more)
        return Refined(picture, share, reposed)

    def _painter(self, prompt: str, negative: str, generator, callback: Callback) -> DiffusersPainter:
        """The checkpoint with its words."""
        import diffusers

        own = self.diffusion.scheduler.config
        scheduler = diffusers.EulerDiscreteScheduler.from_config(
            own, prediction_type="sample", timestep_spacing="trailing", use_karras_sigmas=False
        )
        words = self._words(prompt, negative)
        kind = own.get("prediction_type", "epsilon")
        unet, vae = self.diffusion.unet, self.diffusion.vae
        device = self.diffusion._execution_device
        return DiffusersPainter(
            unet, vae, scheduler, words, device, kind, self.controlnet, callback, generator
        )

    def _words(self, prompt: str, negative: str) -> Words:
        """Of one prompt, by the checkpoint's own text encoders."""
        device = self.diffusion._execution_device
        given = {"device": device, "num_images_per_prompt": 1, "do_classifier_free_guidance": True}
        found = self.diffusion.encode_prompt(prompt, negative_prompt=negative, **given)
        positive, other, *pooled = found
        rows = torch.cat((other, positive))
        return Words(rows, torch.cat((pooled[1], pooled[0])) if len(pooled) == 2 else None)


def _safetensors(file: Path | str) -> Path:
    """ValueError for what is not a safetensors file that is there."""
    path = Path(file)
    if path.suffix.lower() != ".safetensors":
        raise ValueError(f"{path.name} is no .safetensors file: other formats can run code, convert it first")
    if not path.is_file():
        raise ValueError(f"{path} is not there: give the path of a .safetensors checkpoint")
    return path


def _is_sdxl(file: Path) -> bool:
    from safetensors import safe_open

    with safe_open(file, "pt") as opened:
        return any(name.startswith(SDXL) for name in opened.keys())


def _controlnet(given: Path | str | None, dtype: torch.dtype) -> Any:
    """diffusers' ControlNetModel of a file or a folder."""
    if given is None:
        return None
    import diffusers

    if Path(given).is_file():
        return diffusers.ControlNetModel.from_single_file(str(_safetensors(given)), torch_dtype=dtype)
    return diffusers.ControlNetModel.from_pretrained(str(given), torch_dtype=dtype, use_safetensors=True)


def _reader(models: Path | str | None) -> Reader | None:
    return None if models is None else load_reader(lambda id: weights.find(id, [Path(models)]))
