"""Everything the pack says to ComfyUI beside its schemas: layouts, progress, folders, devices and memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import comfy.cli_args
import comfy.model_management
import comfy.model_patcher
import comfy.utils
import folder_paths
import torch
from comfy_api.latest import ui
from comfy_execution.utils import get_executing_context

from ..pipelines.preview import smaller
from ..pipelines.upscaling.enlarging import Upscaler

MODELS_FOLDER = "repose"
MODEL_FILES = {".safetensors", ".onnx", ".tflite"}
PROGRESS_STEPS = 1000
"""ComfyUI counts progress in whole steps, the engine in fractions."""
PREVIEW_SIDE = 768
"""Longest side in pixels of the pictures shown on nodes: saving a preview at full size takes a second."""
ACTIVATIONS = 512 << 20
"""Bytes kept free for the largest network's activations (YOLOX-l at 640 x 640, RTMW-x on six crops)."""
UPSCALING = 384.0
"""Bytes of activations to a byte of the tile and scale: what core's own ImageUpscaleWithModel reckons with."""

_resident: dict[str, tuple[Hashable, Any, list[comfy.model_patcher.ModelPatcher]]] = {}


def register_models_folder() -> None:
    """Add models/repose to ComfyUI's folders; a folder of that name in extra_model_paths.yaml stays first.

    ComfyUI gives a new folder an empty set of extensions, which would list every file in it.
    """
    folder_paths.add_model_folder_path(MODELS_FOLDER, str(Path(folder_paths.models_dir) / MODELS_FOLDER))
    folders, extensions = folder_paths.folder_names_and_paths[MODELS_FOLDER]
    folder_paths.folder_names_and_paths[MODELS_FOLDER] = (folders, extensions | MODEL_FILES)


def models_folders() -> list[Path]:
    """Where networks are looked for, in this order: models/repose, then core's models/detection."""
    if (
        MODELS_FOLDER not in folder_paths.folder_names_and_paths
    ):  # a schema asked for before the start is over
        register_models_folder()
    names = (MODELS_FOLDER, "detection")
    return [Path(folder) for name in names for folder in folder_paths.get_folder_paths(name)]


def pose_folders() -> list[Path]:
    """Where artists keep poses of their own: user/default/repose/poses."""
    return [Path(folder_paths.get_user_directory()) / "default" / MODELS_FOLDER / "poses"]


def output_folder() -> Path:
    """Where results go."""
    return Path(folder_paths.get_output_directory())


def input_files(*suffixes: str) -> list[str]:
    """The names of the files in ComfyUI's input folder that end so, by name."""
    folder = Path(folder_paths.get_input_directory())
    found = (
        [path.name for path in folder.iterdir() if path.suffix.lower() in suffixes] if folder.is_dir() else []
    )
    return sorted(found, key=str.lower)


def input_file(name: str) -> Path:
    """A file of the input folder by its name; ValueError for what is not there, or lies outside."""
    folder = folder_paths.get_input_directory()
    path = Path(folder_paths.get_annotated_filepath(name))
    if not folder_paths.is_within_directory(folder, str(path)) or not path.is_file():
        raise ValueError(f"{name} is not a file in {folder}: put it there, press R, and choose it again")
    return path


def folder_in_input(name: str) -> Path:
    """A folder of ComfyUI's input folder by its name, "" for that itself; ValueError for one outside of it."""
    return _inside(folder_paths.get_input_directory(), name)


def folder_in_output(name: str) -> Path:
    """A folder of ComfyUI's output folder by its name, there or not; ValueError for one outside of it."""
    return _inside(folder_paths.get_output_directory(), name)


def _inside(folder: str, name: str) -> Path:
    path = Path(folder) / name.strip().strip("/\\")
    if not folder_paths.is_within_directory(folder, str(path)):
        raise ValueError(f"{name} leads out of {folder}: name a folder inside it")
    return path


def saved(files: list[Path], text: str = "") -> dict[str, Any]:
    """What a node shows that wrote picture files into the output folder: them, and a text beneath."""
    if text:
        say(text)
    output = output_folder().resolve()
    places = [path.resolve().relative_to(output) for path in files]
    shown = [
        {"filename": one.name, "subfolder": one.parent.as_posix().removeprefix("."), "type": "output"}
        for one in places
    ]
    return {"images": shown} | ({"text": [text]} if text else {})


def workflow_texts(cls: type) -> dict[str, str]:
    """What core's Save Image puts into a PNG, so that the page opens the graph of a picture that is dragged onto it:
    the prompt and the workflow as JSON, by their names; nothing under --disable-metadata, or outside a queue."""
    hidden = cls.hidden
    if comfy.cli_args.args.disable_metadata or not hidden:
        return {}
    told = {"prompt": hidden.prompt} if hidden.prompt else {}
    return {name: json.dumps(value) for name, value in {**told, **(hidden.extra_pnginfo or {})}.items()}


def image_with_alpha(image: torch.Tensor) -> torch.Tensor:
    """IMAGE (B, H, W, 1, 3 or 4) -> (B, 3 or 4, H, W): as `image_to_engine`, but transparency stays."""
    if image.ndim == 4 and image.shape[-1] == 4:
        return image.movedim(-1, 1).to("cpu", torch.float32).clamp(0, 1).contiguous()
    return image_to_engine(image)


def image_to_engine(image: torch.Tensor) -> torch.Tensor:
    """IMAGE (B, H, W, 1, 3 or 4) -> (B, 3, H, W) float32 in [0, 1]; an alpha channel is laid on white."""
    if image.ndim != 4 or image.shape[-1] not in (1, 3, 4):
        raise ValueError(f"an IMAGE has the shape (batch, height, width, 3), found {tuple(image.shape)}")
    if 0 in image.shape:
        raise ValueError(f"the IMAGE is empty: {tuple(image.shape)}; connect at least one picture")
    # To main memory: only networks run on the GPU, and with --gpu-only ComfyUI keeps pictures there.
    pixels = image.movedim(-1, 1).to("cpu", torch.float32)
    if pixels.shape[1] == 4:
        alpha = pixels[:, 3:]
        pixels = pixels[:, :3] * alpha + (1 - alpha)
    return pixels.expand(-1, 3, -1, -1).clamp(0, 1).contiguous()


def image_from_engine(pixels: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) -> IMAGE (B, H, W, 3), where and as ComfyUI keeps what lies between nodes."""
    return _between_nodes(pixels.movedim(1, -1).clamp(0, 1))


def mask_to_engine(mask: torch.Tensor) -> torch.Tensor:
    """MASK (H, W), (B, H, W) or (B, 1, H, W) -> (B, 1, H, W) float32 in [0, 1]."""
    if mask.ndim not in (2, 3, 4) or (mask.ndim == 4 and mask.shape[1] != 1) or 0 in mask.shape:
        raise ValueError(f"a MASK has the shape (batch, height, width), found {tuple(mask.shape)}")
    return mask.reshape(-1, 1, *mask.shape[-2:]).to("cpu", torch.float32).clamp(0, 1)


def image_if_given(image: torch.Tensor | None) -> torch.Tensor | None:
    """An optional IMAGE."""
    return None if image is None else image_to_engine(image)


def mask_if_given(mask: torch.Tensor | None) -> torch.Tensor | None:
    """An optional MASK."""
    return None if mask is None else mask_to_engine(mask)


def mask_from_engine(mask: torch.Tensor) -> torch.Tensor:
    """(B, 1, H, W) -> MASK (B, H, W)."""
    return _between_nodes(mask[:, 0].clamp(0, 1))


def progress() -> Callable[[float], None]:
    """The running node's progress bar as the engine wants it: told a fraction in [0, 1].

    It ends the run, by raising ComfyUI's own exception, when the artist has asked for that.
    """
    bar = comfy.utils.ProgressBar(PROGRESS_STEPS)

    def tell(fraction: float) -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        bar.update_absolute(round(fraction * PROGRESS_STEPS))

    return tell


def shown(
    cls: type, picture: torch.Tensor | None = None, text: str = "", side: int = PREVIEW_SIDE
) -> dict[str, Any]:
    """What a finished node shows: a picture (B, 3, H, W), its longer side at most `side`, and a text beneath it."""
    if text:
        say(text)
    result = {"text": [text]} if text else {}
    if picture is None:
        return result
    return result | ui.PreviewImage(image_from_engine(smaller(picture, side)), cls=cls).as_dict()


def say(text: str) -> None:
    """Write a text on the running node; without a server (in tests) nobody is there to read it."""
    if (context := get_executing_context()) is None:
        return
    from server import PromptServer

    PromptServer.instance.send_progress_text(text, context.node_id)


def resident(kind: str, key: Hashable, build: Callable[[], Any]) -> Any:
    """The loaded networks of one kind, on ComfyUI's device: those of the last run if the key is the same.

    Building them takes about a second, in every run of a graph. They are no hidden cache: each module of
    `build().modules` is under ComfyUI's memory management, which offloads it like any checkpoint, and a
    kind keeps its last networks only.
    """
    if _resident.get(kind, (None,))[0] != key:
        _resident.pop(kind, None)
        built = build()
        with_weights = [module for module in built.modules if next(module.parameters(), None) is not None]
        _resident[kind] = (key, built, [managed(module) for module in with_weights])
    _, built, patchers = _resident[kind]
    comfy.model_management.load_models_gpu(patchers, memory_required=ACTIVATIONS)
    return built


def upscaler(model: Any) -> Upscaler | None:
    """An UPSCALE_MODEL (spandrel's descriptor, as Load Upscale Model gives it) for the engine; None for none.
    ValueError for one that is not for colour pictures."""
    if model is None:
        return None
    channels = model.input_channels, model.output_channels
    if channels != (3, 3):
        raise ValueError(
            f"the upscale model takes {channels[0]} channels and gives {channels[1]}, expected 3 and 3: choose one for"
            " colour pictures (RealESRGAN and others) in Load Upscale Model"
        )

    def run(pixels: torch.Tensor) -> torch.Tensor:
        count = pixels[0, 0].numel() * 3 * pixels.element_size()
        wanted = count * max(model.scale, 1.0) * UPSCALING
        comfy.model_management.load_models_gpu([model.patcher], memory_required=wanted)
        return model(pixels.to(model.patcher.load_device)).to("cpu", torch.float32)

    return Upscaler(model.scale, run, _ran_out)


def _ran_out(error: Exception) -> bool:
    """Whether an error means that memory, the GPU's or the main one, was not enough."""
    management = comfy.model_management
    known = getattr(management, "is_oom", None)  # not in every version
    if isinstance(error, (MemoryError, management.OOM_EXCEPTION)) or "can't allocate memory" in str(error):
        return True
    return known is not None and known(error)


def device() -> torch.device:
    """Where ComfyUI wants networks to run."""
    return comfy.model_management.get_torch_device()


def managed(network: torch.nn.Module) -> comfy.model_patcher.ModelPatcher:
    """A network under ComfyUI's memory management; `load` it before it runs."""
    # By attribute: ComfyUI replaces CoreModelPatcher at start-up where it moves weights dynamically.
    return comfy.model_patcher.CoreModelPatcher(
        network, load_device=device(), offload_device=comfy.model_management.unet_offload_device()
    )


def load(patcher: comfy.model_patcher.ModelPatcher, memory_required: int = 0) -> torch.nn.Module:
    """The network on its device, with `memory_required` bytes kept free beside it for its activations."""
    comfy.model_management.load_models_gpu([patcher], memory_required=memory_required)
    return patcher.model


def _between_nodes(value: torch.Tensor) -> torch.Tensor:
    return value.to(
        comfy.model_management.intermediate_device(), comfy.model_management.intermediate_dtype()
    ).contiguous()


def tensors(path: Path) -> dict[str, torch.Tensor]:
    """A weight file's tensors by their names, through ComfyUI's own loader: tensors and nothing else is read."""
    return comfy.utils.load_torch_file(str(path), safe_load=True)
