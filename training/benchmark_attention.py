"""What Repose Attention costs: a UNet of SDXL's depth and a fraction of its width, random weights, in ComfyUI.

    COMFYUI_PATH=... python training/benchmark_attention.py --size 1024 --width 64
    COMFYUI_PATH=... python training/benchmark_attention.py --size 1024 --width 320 --count

Time does not depend on the values of the weights. Per step with guidance: plain, with a ControlNet, and with the heads
too, the photo run at every step or at every second one; medians of alternating runs. --count counts multiplications
and additions instead (twice as many floating point operations), which are the same on every machine.
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
KIND = {"cpu": torch.float32, "cuda": torch.float16, "meta": torch.float32}
PERSON = 0.3
"""Of the picture's area that the person takes, a rectangle from top to bottom."""


def shape(width: int, device: str) -> dict:
    """SDXL's UNet with `width` channels instead of 320."""
    return {
        "image_size": 32, "in_channels": 4, "model_channels": width, "num_res_blocks": [2, 2, 2],
        "channel_mult": (1, 2, 4), "transformer_depth": list(DEPTHS), "transformer_depth_middle": 10,
        "context_dim": 2048, "num_head_channels": 64, "use_spatial_transformer": True,
        "use_linear_in_transformer": True, "adm_in_channels": 2816, "num_classes": "sequential",
        "use_temporal_attention": False, "legacy": False, "dtype": KIND[device],
    }  # fmt: skip


def network(width: int, device: str):
    """As ComfyUI's MODEL."""
    import comfy.model_patcher
    import comfy.supported_models

    config = {
        **shape(width, device),
        "out_channels": 4,
        "transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10],
    }
    made = comfy.supported_models.SDXL(dict(config))
    made.unet_config = config
    made.set_inference_dtype(KIND[device], None)
    model = made.get_model({}, "", device)
    filled(model.diffusion_model)
    return comfy.model_patcher.ModelPatcher(model, torch.device(device), torch.device("cpu"))


def steered(width: int, device: str):
    """SDXL's ControlNet of the same width."""
    import comfy.cldm.cldm
    import comfy.ops

    made = comfy.cldm.cldm.ControlNet(
        hint_channels=3, operations=comfy.ops.manual_cast, **shape(width, device)
    )
    filled(made)
    return made


def control_net(width: int, device: str, size: int):
    """As ComfyUI's CONTROL_NET with a picture."""
    import comfy.controlnet

    net = comfy.controlnet.ControlNet(steered(width, device), load_device=torch.device(device))
    return net.set_cond_hint(torch.rand(1, 3, size, size), 0.7, (0.0, 1.0))


def filled(network) -> None:
    for value in network.parameters():
        torch.nn.init.normal_(value, 0, 0.02)


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
    options.add_argument("--count", action="store_true", help="count operations instead of seconds")
    given = options.parse_args()
    sys.path[:0] = [os.environ["COMFYUI_PATH"], str(ROOT / "tests"), str(ROOT)]
    import comfy.cli_args

    comfy.cli_args.args.cpu = given.device == "cpu"
    comfy.cli_args.args.use_pytorch_cross_attention = given.count
    import conftest  # noqa: F401  loads the pack as `repose`

    if given.count:
        cost = counted(given.width, given.size)
    else:
        cost = timed(kinds(given.width, given.size, given.device), given)
    unit = "e12 multiply-adds" if given.count else " s"
    for name, value in cost.items():
        base = value / cost["plain"], value / cost["with a ControlNet"]
        print(
            f"{name}: {value:.2f}{unit} a step, {base[0]:.2f} of plain, {base[1]:.2f} of that with a ControlNet"
        )
    if given.device == "cuda":
        print(f"most memory: {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB")
    else:
        print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def kinds(width: int, size: int, device: str) -> dict[str, tuple]:
    """(MODEL, CONTROL_NET) by what is measured."""
    from repose.nodes.reference_attention import patched
    from repose.pipelines.attention.reference import Reference

    model, net, (found, clothes) = network(width, device), control_net(width, device, size), person(size)
    latent = torch.randn(1, 4, size // 8, size // 8)
    made = {"plain": (model, None), "with a ControlNet": (model, net)}
    for every in (1, 2):
        heads = patched(model, Reference(latent, (found,), (clothes,), every=every))
        made[f"with heads too, photo every {every}"] = (heads, net)
    return made


def timed(kinds: dict, given) -> dict[str, float]:
    """Seconds a step."""
    latent = torch.randn(1, 4, given.size // 8, given.size // 8)
    for kind in kinds.values():
        sampled(*kind, latent, 1)
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(given.runs):
        for name, kind in kinds.items():
            started = time.perf_counter()
            sampled(*kind, latent, given.steps)
            times[name].append((time.perf_counter() - started) / given.steps)
    return {name: statistics.median(values) for name, values in times.items()}


def counted(width: int, size: int) -> dict[str, float]:
    """Millions of millions of multiplications, each with its addition, of a guided step; no number is computed: the
    networks, and what they are given, have shapes only."""
    from repose.pipelines.attention.heads import HeadOptions, biases, mixed
    from repose.pipelines.attention.tokens import tokens_of
    from torch.utils.flop_counter import FlopCounterMode

    found, clothes = person(size)
    net, control = (
        one.to("meta") for one in (network(width, "meta").model.diffusion_model, steered(width, "meta"))
    )
    side = size // 8

    def run(module, batch: int, **more) -> float:
        given = torch.empty(batch, 4, side, side), torch.empty(batch), torch.empty(batch, 77, 2048)
        x, times, words = (value.to("meta") for value in given)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(x, timesteps=times, context=words, y=torch.empty(batch, 2816, device="meta"), **more)
        return counter.get_total_flops() / 2e12

    def heads() -> float:
        total = 0.0
        for halved, blocks in ((2, 10), (4, 60)):  # transformers on both sides, and the middle's
            grid, channels = (side // halved,) * 2, width * halved
            known = biases(*tokens_of(found, clothes, grid, grid), HeadOptions())
            shapes = torch.empty(2, channels // 64, grid[0] * grid[1], 64, device="meta")
            there = {name: bias.to("meta") for name, bias in known.items()}
            with FlopCounterMode(display=False) as counter:
                mixed(*[shapes] * 4, there, HeadOptions().strengths)
            total += blocks * counter.get_total_flops() / 2e12
        return total

    plain, photo, looking = run(net, 2), run(net, 1), heads()
    guided = plain + run(control, 2, hint=torch.empty(2, 3, size, size, device="meta"))
    made = {"plain": plain, "with a ControlNet": guided}
    return made | {f"with heads too, photo every {n}": guided + looking + photo / n for n in (1, 2)}


@torch.no_grad()
def sampled(model, net, latent: torch.Tensor, steps: int) -> None:
    """So many guided steps."""
    import comfy.sample

    words = [[[torch.zeros(1, 77, 2048), {"pooled_output": torch.zeros(1, 1280)}]] for _ in range(2)]
    for word in words if net is not None else ():
        word[0][1].update(control=net, control_apply_to_uncond=False)
    comfy.sample.sample(
        model, torch.randn_like(latent), steps, 5.0, "euler", "normal", *words, torch.zeros_like(latent),
        disable_pbar=True, seed=1,
    )  # fmt: skip


if __name__ == "__main__":
    main()
