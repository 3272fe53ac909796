"""The shipped workflows that go over a result with a checkpoint of the artist's."""

from __future__ import annotations

from workflow_pages import (
    AMBER,
    BLUE,
    GREEN,
    PHOTO_GROUP,
    PURPLE,
    RED,
    SAVE,
    WHOLE,
    Group,
    Model,
    Node,
    checked,
)

HUB = "https://huggingface.co"
CHECKPOINT = Model(
    "RealVisXL_V5.0_fp16.safetensors",
    f"{HUB}/SG161222/RealVisXL_V5.0/resolve/main/RealVisXL_V5.0_fp16.safetensors",
    "checkpoints",
)
CONTROL = Model(
    "controlnet-openpose-sdxl-1.0.safetensors",
    f"{HUB}/xinsir/controlnet-openpose-sdxl-1.0/resolve/main/diffusion_pytorch_model.safetensors",
    "controlnet",
)

SEED = {"seed": 0, "control_after_generate": "fixed"}
SAMPLER = {**SEED, "steps": 28, "cfg": 5.0, "sampler": "dpmpp_2m", "scheduler": "karras", "megapixels": 1.0}
PAINTER = {
    "model": "checkpoint.MODEL",
    "vae": "checkpoint.VAE",
    "positive": "positive.CONDITIONING",
    "negative": "negative.CONDITIONING",
    "image": "photo.IMAGE",
    "person": "repose.person",
    "correspondence": "repose.correspondence",
    "garments": "repose.garments",
}
POSITIVE = "photo of a person, natural skin, detailed hands, sharp fabric, even studio light"
NEGATIVE = "blurry, deformed hands, extra fingers, extra limbs, plastic skin, watermark, text"

SAMPLING_WORKFLOWS = {
    "Repose with SDXL": (
        PHOTO_GROUP,
        Group(
            "2  Pose",
            PURPLE,
            "**Pick a pose.** *Repose* moves the photo's own pixels into it and fills what the photo never showed. That"
            " picture is the start: the checkpoint goes over it, little where the photo shows the person, much where"
            " it is a guess.",
            (
                Node(
                    "repose",
                    "ReposePhoto",
                    (400, 300),
                    {
                        "pose": "casual/contrapposto", "place": "source", "person": 0, "frame": "keep",
                        "relight": 1.0, "fill": True,
                    },
                    {"image": "photo.IMAGE"},
                ),
                Node("moved", "PreviewImage", (400, 520), links={"images": "repose.image"}, title="Before"),
            ),
        ),
        Group(
            "3  Checkpoint",
            BLUE,
            "**RealVisXL_V5.0_fp16.safetensors** (6.9 GB, openrail++) into models/checkpoints, and xinsir's OpenPose"
            " ControlNet (2.5 GB, Apache-2.0) into models/controlnet: it is called *diffusion_pytorch_model* there,"
            " save it as **controlnet-openpose-sdxl-1.0.safetensors**. Any other SDXL checkpoint does, SD1.5 ones too"
            " (then a ControlNet for SD1.5, or none: Ctrl+B, and *megapixels* 0.4). LoRA, IPAdapter and others go"
            " between the checkpoint and the painting.\n\n**Say what is to be seen**: the person, the clothes, the"
            " room.",
            (
                Node(
                    "checkpoint",
                    "CheckpointLoaderSimple",
                    (400, 100),
                    {"ckpt_name": CHECKPOINT.name},
                    models=(CHECKPOINT,),
                ),
                Node(
                    "control",
                    "ControlNetLoader",
                    (400, 60),
                    {"control_net_name": CONTROL.name},
                    models=(CONTROL,),
                ),
                Node(
                    "positive",
                    "CLIPTextEncode",
                    (400, 180),
                    {"text": POSITIVE},
                    {"clip": "checkpoint.CLIP"},
                    "What is to be seen",
                ),
                Node(
                    "negative",
                    "CLIPTextEncode",
                    (400, 140),
                    {"text": NEGATIVE},
                    {"clip": "checkpoint.CLIP"},
                    "What is not",
                ),
            ),
            330,
        ),
        Group(
            "4  Paint",
            GREEN,
            "*Pose-Conditioned Sampler* paints while it looks at the photo: *textile*, *anatomy* and *light* say how"
            " far. *seen* is how much of what the photo shows is painted anew: 0 keeps every pixel, 0.3 joins old and"
            " new, over 0.6 the face begins to change.\n\n*Face and Hand Pass* does face and hands once more, enlarged;"
            " bypass it (Ctrl+B) where they are large already.",
            (
                Node(
                    "paint",
                    "ReposeSampler",
                    (400, 620),
                    {
                        **SAMPLER, "seen": 0.3, "unseen": 0.85, "background": 0.0, "textile": 0.6, "anatomy": 0.5,
                        "light": 0.2, "control": 0.7, "control_end": 0.8, "face": 1.0, "dropped": 0.0,
                    },
                    {
                        **PAINTER, "result": "repose.image", "control_net": "control.CONTROL_NET",
                        "pose": "repose.pose_keypoint",
                    },
                ),
                Node(
                    "closer",
                    "ReposeFaceAndHandPass",
                    (400, 520),
                    {
                        **SAMPLER, "what": "face and hands", "strength": 0.35, "textile": 0.6, "anatomy": 0.8,
                        "light": 0.2, "face": 1.0, "dropped": 0.0,
                    },
                    {**PAINTER, "result": "paint.image"},
                ),
            ),
            250,
        ),
        Group(
            "5  The photo's size",
            AMBER,
            "*Reference Upscale* brings the picture back to the photo's size, and the photo's own weave, prints and"
            " lashes where the result still agrees with it; what the checkpoint changed stays changed.",
            (
                Node(
                    "larger",
                    "ReposeReferenceUpscale",
                    (480, 560),
                    {"size": "photo", "megapixels": 12.0, "detail": 1.0, "grain": 1.0},
                    {
                        "result": "closer.image", "image": "photo.IMAGE",
                        "correspondence": "repose.correspondence", "garments": "repose.garments",
                    },
                ),
            ),
        ),
        Group(
            "6  Result",
            RED,
            "*Photometric Check* holds the light on the result against the photo's: red is what departs. A checkpoint"
            " can shift colours: if skin or garments fail, lower *seen* or *cfg*.",
            (
                checked("repose", result="larger.image", **WHOLE),
                Node("heat", "PreviewImage", (480, 320), links={"images": "check.heat_map"}, title="Heat map"),
                Node("save", "SaveImage", (480, 560), SAVE, {"images": "check.image"}, "Reposed photo"),
            ),
        ),
    ),
}  # fmt: skip
