"""What Repose Attention costs: a UNet of SDXL's depth and a fraction of its width, random weights, in ComfyUI.

    COMFYUI_PATH=... python training/benchmark_attention.py --size 1024 --width 64

Time does not depend on the values of the weights. Per step with guidance: plain, with the heads and the photo run at
every step, and at every second one; medians of alternating runs.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
DEPTHS = [0, 0, 2, 2, 10, 10]
"""Of SDXL's transformers, block by block on the way down."""
PERSON = 0.3
"""Of the picture's area that the person takes, a rectangle from top to bottom."""


def network(width: int, device: str):
    """SDXL's UNet with `width` channels instead of 320, as ComfyUI's MODEL."""
    import comfy.model_patcher
    import comfy.supported_models

    config = {
        "image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": width, "num_res_blocks": [2, 2, 2],
        "channel_mult": (1, 2, 4), "transformer_depth": DEPTHS, "transformer_depth_middle": 10,
        "transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10], "context_dim": 2048, "num_head_channels": 64,
        "use_spatial_transformer": True, "use_linear_in_transformer": True, "adm_in_channels": 2816,
        "num_classes": "sequential", "use_temporal_attention": False, "legacy": False, "dtype": torch.float32,
    }  # fmt: skip
    made = comfy.supported_models.SDXL(dict(config))
    made.unet_config = config
    made.set_inference_dtype(torch.float32 if device == "cpu" else torch.float16, None)
    model = made.get_model({}, "", device)
    for value in model.diffusion_model.parameters():
        torch.nn.init.normal_(value, 0, 0.02)
    return comfy.model_patcher.ModelPatcher(model, torch.device(device), torch.device("cpu"))


def person(size: int):
    """A correspondence and clothes: a person in the middle, upper half a shirt, lower half trousers, head of skin."""
    from repose.pipelines.geometry.garments import NUMBER, GarmentMap
    from repose.pipelines.geometry.warped import Correspondence

    y, x = torch.meshgrid(torch.arange(float(size)), torch.arange(float(size)), indexing="ij")
    inside = (x - size / 2).abs() < PERSON * size / 2
    whole, up = inside.float(), torch.tensor([0.0, 0, -1]) * inside[..., None]
    part = torch.where(inside, torch.where(y < size / 6, 4, torch.where(y < size / 2, 2, 6)), -1)
    names = ("face", "upper", "lower")
    label = sum(NUMBER[n] * ((y // (size / 6)).clamp(max=3).long() == i) for i, n in enumerate(names[:2]))
    label = torch.where(y >= size / 3, NUMBER["lower"], label) * inside
    place = torch.where(inside[..., None], torch.stack((x, y), -1), torch.nan)
    found = Correspondence(place, whole, whole, part, whole, up, up, torch.zeros_like(part))
    matte = whole[None, None]
    return found, GarmentMap(label[None, None].to(torch.uint8), torch.zeros_like(matte), matte)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--size", type=int, default=1024, help="pixels of the picture's side")
    options.add_argument("--width", type=int, default=64, help="channels; SDXL has 320")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--steps", type=int, default=2)
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = options.parse_args()
    sys.path[:0] = [os.environ["COMFYUI_PATH"], str(ROOT / "tests"), str(ROOT)]
    import comfy.cli_args

    comfy.cli_args.args.cpu = given.device == "cpu"
    import conftest  # noqa: F401  loads the pack as `repose`
    from repose.nodes.reference_attention import patched
    from repose.pipelines.attention.reference import Reference

    model, (found, clothes) = network(given.width, given.device), person(given.size)
    latent = torch.randn(1, 4, given.size // 8, given.size // 8)
    kinds = {"plain": model}
    for every in (1, 2):
        kinds[f"heads, photo every {every}"] = patched(
            model, Reference(latent, (found,), (clothes,), every=every)
        )
    for kind in kinds.values():
        sampled(kind, latent, 1)
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(given.runs):
        for name, kind in kinds.items():
            started = time.perf_counter()
            sampled(kind, latent, given.steps)
            times[name].append((time.perf_counter() - started) / given.steps)
    base = statistics.median(times["plain"])
    for name, values in times.items():
        print(
            f"{name}: {statistics.median(values):.2f} s a step, {statistics.median(values) / base:.2f} of plain"
        )
    if given.device == "cuda":
        print(f"most memory: {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB")
    else:
        print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


@torch.inference_mode()
def sampled(model, latent: torch.Tensor, steps: int) -> None:
    """So many guided steps."""
    import comfy.sample

    words = [[[torch.zeros(1, 77, 2048), {"pooled_output": torch.zeros(1, 1280)}]] for _ in range(2)]
    comfy.sample.sample(
        model, torch.randn_like(latent), steps, 5.0, "euler", "normal", *words, torch.zeros_like(latent),
        disable_pbar=True, seed=1,
    )  # fmt: skip


if __name__ == "__main__":
    main()
