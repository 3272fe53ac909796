"""The checkpoint over a reposed picture, in one box."""

from __future__ import annotations

import comfy.samplers
import torch
from comfy_api.latest import io

from ..pipelines.attention.heads import HeadOptions
from ..pipelines.sampling.closeups import WHAT
from ..pipelines.sampling.options import SamplingOptions
from ..pipelines.sampling.painting import closer, refined
from . import host, sockets
from .draw import drawn_poses
from .sampling import Checkpoint

DEFAULT = SamplingOptions()


class PoseConditionedSampler(io.ComfyNode):
    """Goes over a reposed picture with a checkpoint that looks at the photo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeSampler",
            display_name="Pose-Conditioned Sampler",
            category=f"{sockets.CATEGORY}/Sample",
            description="Paints what the photo never showed, and smooths what was stretched, with an SD1.5 or SDXL"
            " checkpoint that looks at the photo while it paints: Repose Attention, Repose Latent, Differential"
            " Diffusion, a ControlNet if one is connected, and the sampler, in one node.",
            search_aliases=[
                "ksampler",
                "repose with sdxl",
                "refine pose",
                "inpaint pose",
                "controlnet openpose",
            ],
            inputs=[
                *checkpoint_inputs(),
                io.Image.Input("image", tooltip="The photos that were reposed."),
                io.Image.Input(
                    "result", tooltip="The reposed pictures, filled: from Repose or Occlusion Fill."
                ),
                io.Mask.Input("person", tooltip="The reposed people, from the same node."),
                sockets.Correspondence.Input("correspondence", tooltip="From Repose or Warp Body."),
                sockets.Garments.Input("garments", tooltip="The photos' clothes."),
                *sampling_inputs(),
                fraction("seen", DEFAULT.seen, "How much of what the photo shows is painted anew."),
                fraction("unseen", DEFAULT.unseen, "How much of what it hid is."),
                fraction("background", DEFAULT.background, "How much of the background is.", advanced=True),
                *head_inputs(),
                io.ControlNet.Input(
                    "control_net",
                    optional=True,
                    tooltip="An OpenPose ControlNet of the checkpoint's family; for a union one, put core's Set Union"
                    " ControlNet Type before it. Needs *pose*.",
                ),
                sockets.PoseKeypoint.Input(
                    "pose", optional=True, tooltip="The new pose, from Repose: drawn for the ControlNet."
                ),
                fraction("control", DEFAULT.control, "Strength of the ControlNet.", optional=True),
                fraction(
                    "control_end",
                    DEFAULT.control_end,
                    "Share of the schedule at which the ControlNet ends.",
                    optional=True,
                    advanced=True,
                ),
                *sockets.fine_head_inputs(),
            ],
            outputs=[
                io.Image.Output("image", tooltip="For Face and Hand Pass or Reference Upscale."),
                io.Mask.Output("mask", tooltip="How much of each pixel was painted anew."),
            ],
        )

    @classmethod
    def execute(
        cls, model, vae, positive, negative, image, result, person, correspondence, garments, seed, steps, cfg,
        sampler, scheduler, megapixels, seen, unseen, background, textile, anatomy, light, control_net=None,
        pose=None, control=DEFAULT.control, control_end=DEFAULT.control_end, face=1.0, dropped=0.0,
    ) -> io.NodeOutput:  # fmt: skip
        heads = HeadOptions(textile, anatomy, light, face=face, dropped=dropped, seed=seed)
        options = SamplingOptions(
            heads, seen=seen, unseen=unseen, background=background, steps=steps,
            cfg=cfg, control=control, control_end=control_end, megapixels=megapixels, seed=seed,
        )  # fmt: skip
        pictures = host.image_to_engine(result)
        hints = _hints(control_net, pose, options.size(tuple(pictures.shape[-2:])))
        painter = Checkpoint(model, vae, positive, negative, sampler, scheduler, control_net)
        given = (pictures, host.image_to_engine(image), host.mask_to_engine(person))
        painted, share = refined(painter, *given, correspondence, garments, options, hints)
        return io.NodeOutput(host.image_from_engine(painted), host.mask_from_engine(share))


class FaceAndHandPass(io.ComfyNode):
    """Faces and hands once more, each by itself and enlarged."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeFaceAndHandPass",
            display_name="Face and Hand Pass",
            category=f"{sockets.CATEGORY}/Sample",
            description="Cuts face and hands out of the picture, enlarges each, goes over it with the same checkpoint"
            " while that looks at the photo's own face or hand, and lays it back softly. A person from head to foot"
            " needs it: there a face is a few cells of the latent.",
            search_aliases=["face detailer", "adetailer", "fix hands", "fix face", "face restore"],
            inputs=[
                *checkpoint_inputs(),
                io.Image.Input("image", tooltip="The photos that were reposed."),
                io.Image.Input("result", tooltip="From Pose-Conditioned Sampler."),
                io.Mask.Input("person", tooltip="The reposed people."),
                sockets.Correspondence.Input("correspondence", tooltip="From Repose or Warp Body."),
                sockets.Garments.Input("garments", tooltip="The photos' clothes."),
                *sampling_inputs(),
                io.Combo.Input(
                    "what", options=list(WHAT), default="face and hands", tooltip="What is gone over."
                ),
                fraction("strength", 0.35, "How much is painted anew."),
                *head_inputs(anatomy=0.8),
                *sockets.fine_head_inputs(),
            ],
            outputs=[
                io.Image.Output("image", tooltip="For Reference Upscale."),
                io.Mask.Output("mask", tooltip="Where something was laid back."),
            ],
        )

    @classmethod
    def execute(
        cls, model, vae, positive, negative, image, result, person, correspondence, garments, seed, steps, cfg,
        sampler, scheduler, megapixels, what, strength, textile, anatomy, light, face=1.0, dropped=0.0,
    ) -> io.NodeOutput:  # fmt: skip
        heads = HeadOptions(textile, anatomy, light, face=face, dropped=dropped, seed=seed)
        options = SamplingOptions(heads, steps=steps, cfg=cfg, megapixels=megapixels, seed=seed)
        painter = Checkpoint(model, vae, positive, negative, sampler, scheduler)
        given = (host.image_to_engine(result), host.image_to_engine(image), host.mask_to_engine(person))
        made = closer(painter, *given, correspondence, garments, options, what, strength)
        return io.NodeOutput(host.image_from_engine(made[0]), host.mask_from_engine(made[1]))


def _hints(control_net, pose, size: tuple[int, int]) -> torch.Tensor | None:
    """(B, 3, h, w) the new poses in the ControlNet's colours; None without one."""
    if control_net is None:
        return None
    if pose is None:
        raise ValueError(
            "a ControlNet is connected, but no pose: connect *pose_keypoint* of Repose to *pose*"
        )
    return drawn_poses(pose, size, True, {"body": True, "hands": True, "face": True}, host.progress())


def checkpoint_inputs() -> list[io.Input]:
    """What core's KSampler takes too."""
    return [
        io.Model.Input("model", tooltip="SD1.5 or SDXL, with LoRA, IPAdapter and others as you like."),
        io.Vae.Input("vae", tooltip="The checkpoint's."),
        io.Conditioning.Input("positive", tooltip="What is to be seen: the person, the clothes, the room."),
        io.Conditioning.Input("negative", tooltip="What is not."),
    ]


def sampling_inputs() -> list[io.Input]:
    """Seed, steps, guidance, sampler, size."""
    return [
        io.Int.Input(
            "seed", default=0, min=0, max=2**63 - 1, control_after_generate=True, tooltip="Of the noise."
        ),
        io.Int.Input("steps", default=DEFAULT.steps, min=1, max=200, tooltip="Steps of the sampler."),
        io.Float.Input(
            "cfg", default=DEFAULT.cfg, min=0.0, max=30.0, step=0.1, tooltip="Guidance by the words."
        ),
        io.Combo.Input(
            "sampler", options=comfy.samplers.KSampler.SAMPLERS, default="dpmpp_2m", tooltip="As in KSampler."
        ),
        io.Combo.Input(
            "scheduler",
            options=comfy.samplers.KSampler.SCHEDULERS,
            default="karras",
            tooltip="As in KSampler.",
        ),
        io.Float.Input(
            "megapixels",
            default=DEFAULT.megapixels,
            min=0.05,
            max=4.0,
            step=0.05,
            tooltip="At how many megapixels (of 1024 x 1024) the checkpoint paints: SDXL about 1, SD1.5 about 0.4."
            " Reference Upscale brings the picture back to the photo's size.",
        ),
    ]


def head_inputs(anatomy: float = DEFAULT.heads.anatomy) -> list[io.Input]:
    """How far the photo is looked at."""
    heads = DEFAULT.heads
    return [
        fraction("textile", heads.textile, "How far garments and hair are taken from the photo."),
        fraction("anatomy", anatomy, "How far skin, face and hair are taken from the same part."),
        fraction("light", heads.light, "How far everything is lit as what faces the same way."),
    ]


def fraction(name: str, default: float, says: str, **more) -> io.Input:
    """A number from 0 to 1."""
    return io.Float.Input(name, default=default, min=0.0, max=1.0, step=0.05, tooltip=says, **more)
