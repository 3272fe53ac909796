"""The shipped workflows that go over a result with a checkpoint of the artist's."""

from __future__ import annotations

from workflow_pages import (
    AMBER,
    BLUE,
    GREEN,
    PHOTO,
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

COMFY = f"{HUB}/Comfy-Org"
EDIT = Model(
    "qwen_image_edit_2511_fp8mixed.safetensors",
    f"{COMFY}/Qwen-Image-Edit_ComfyUI/resolve/main/split_files/diffusion_models/qwen_image_edit_2511_fp8mixed.safetensors",
    "diffusion_models",
)
READS = Model(
    "qwen_2.5_vl_7b_fp8_scaled.safetensors",
    f"{COMFY}/HunyuanVideo_1.5_repackaged/resolve/main/split_files/text_encoders/qwen_2.5_vl_7b_fp8_scaled.safetensors",
    "text_encoders",
)
VAE = Model(
    "qwen_image_vae.safetensors",
    f"{COMFY}/Qwen-Image_ComfyUI/resolve/main/split_files/vae/qwen_image_vae.safetensors",
    "vae",
)
POSE = {
    "pose": "casual/contrapposto", "place": "source", "person": 0, "frame": "keep", "relight": 1.0, "fill": True,
    "seat": True,
}  # fmt: skip
MAP = {"width": 0, "height": 0, "thick": True, "body": True, "hands": True, "face": True}
SEES = {"clip": "clip.CLIP", "image1": "repose.image", "image2": "size.IMAGE", "image3": "map.image"}
TASK = (
    "Picture 1 is a draft of the person of picture 2 in the pose of picture 3. Make the draft a finished photo: keep"
    " its pose, framing, background and light; keep the face, hair, skin, clothes, prints and fabric of picture 2;"
    " repair smeared or missing parts."
)


def _references(condition: str) -> tuple[Node, ...]:
    """Draft, photo and pose map, one after the other, on a condition."""
    before, made = condition, []
    for number, latent in enumerate(("draft", "source", "sticks"), 1):
        links = {"conditioning": f"{before}.CONDITIONING", "latent": f"{latent}.LATENT"}
        before = f"{condition}{number}"
        made.append(Node(before, "ReferenceLatent", (300, 60), links=links))
    return tuple(made)


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
                    POSE,
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
    "Refine with an edit model": (
        Group(
            "1  Photo",
            BLUE,
            "**Choose a photo with one person in it**, best from head to foot. It is made as large as the edit model"
            " works; the photo itself comes back at the end.",
            (
                PHOTO,
                Node(
                    "size",
                    "ImageScaleToMaxDimension",
                    (440, 100),
                    {"upscale_method": "area", "largest_size": 1344},
                    {"image": "photo.IMAGE"},
                ),
                Node("models", "ReposeModels", (440, 620), {"what": "check"}),
            ),
        ),
        Group(
            "2  Pose",
            PURPLE,
            "**Pick a pose.** *Repose* makes the draft: right in its pose, the person's proportions, clothes and room."
            " The edit model gets it beside the photo and the pose map, and repairs what was a guess.",
            (
                Node("repose", "ReposePhoto", (400, 300), POSE, {"image": "size.IMAGE"}),
                Node("map", "ReposeDrawPose", (400, 470), MAP, {"pose": "repose.pose_keypoint"}, "Pose map"),
            ),
        ),
        Group(
            "3  Edit model",
            BLUE,
            "**Qwen-Image-Edit 2511** (Apache-2.0): 20 GB into models/diffusion_models, 9 GB into models/text_encoders,"
            " 0.3 GB into models/vae; missing files are listed when the workflow opens. It wants 24 GB of graphics"
            " memory, or patience.\n\nFLUX Kontext and others do too: load theirs, and a plain *CLIP Text Encode* in"
            " the place of the two text nodes; the photo reaches them by the same *Set Reference Latent*.",
            (
                Node("unet", "UNETLoader", (400, 90), {"unet_name": EDIT.name, "weight_dtype": "default"},
                     models=(EDIT,)),
                Node("clip", "CLIPLoader", (400, 120),
                     {"clip_name": READS.name, "type": "qwen_image", "device": "default"}, models=(READS,)),
                Node("vae", "VAELoader", (400, 60), {"vae_name": VAE.name}, models=(VAE,)),
                Node("shifted", "ModelSamplingAuraFlow", (400, 60), {"shift": 3.1}, {"model": "unet.MODEL"}),
                Node("normed", "CFGNorm", (400, 80), {"strength": 1.0, "pre_cfg": False}, {"model": "shifted.MODEL"}),
            ),
            280,
        ),
        Group(
            "4  What it sees",
            GREEN,
            "Picture 1 is the draft, picture 2 the photo, picture 3 the pose map. **Say what matters of the person and"
            " the clothes** at the end of the text.\n\nAll three reach the model at their own size: it neither shifts"
            " nor zooms.",
            (
                Node("positive", "TextEncodeQwenImageEditPlus", (400, 300), {"prompt": TASK}, SEES),
                Node("negative", "TextEncodeQwenImageEditPlus", (400, 160), {"prompt": ""}, SEES, "Nothing"),
                Node("draft", "VAEEncode", (400, 60), links={"pixels": "repose.image", "vae": "vae.VAE"}),
                Node("source", "VAEEncode", (400, 60), links={"pixels": "size.IMAGE", "vae": "vae.VAE"}),
                Node("sticks", "VAEEncode", (400, 60), links={"pixels": "map.image", "vae": "vae.VAE"}),
            ),
        ),
        Group(
            "5  Reference",
            GREEN,
            "*Set Reference Latent*, three times for what is wanted and three times for what is not.",
            (
                *_references("positive"),
                *_references("negative"),
            ),
        ),
        Group(
            "6  Paint",
            AMBER,
            "Only the person is taken from the edit model; the room keeps its pixels.\n\n*denoise* 1 paints all anew,"
            " 0.6 stays nearer to the draft.",
            (
                Node(
                    "paint",
                    "KSampler",
                    (400, 480),
                    {
                        **SEED, "steps": 40, "cfg": 3.0, "sampler_name": "euler", "scheduler": "simple",
                        "denoise": 1.0,
                    },
                    {
                        "model": "normed.patched_model", "positive": "positive3.CONDITIONING",
                        "negative": "negative3.CONDITIONING", "latent_image": "draft.LATENT",
                    },
                ),
                Node("decoded", "VAEDecode", (400, 60), links={"samples": "paint.LATENT", "vae": "vae.VAE"}),
                Node("grown", "GrowMask", (400, 90), {"expand": 24, "tapered_corners": True},
                     {"mask": "repose.person"}),
                Node("laid", "ImageCompositeMasked", (400, 140), {"x": 0, "y": 0, "resize_source": True},
                     {"destination": "repose.image", "source": "decoded.IMAGE", "mask": "grown.MASK"}),
            ),
        ),
        Group(
            "7  Result",
            RED,
            "*Photometric Check* holds the light on the result against the photo's: red is what departs.\n\n*Reference"
            " Upscale* brings the photo's size and its own detail back where the result still agrees with it.",
            (
                checked("repose", result="laid.IMAGE", image="size.IMAGE", **WHOLE),
                Node(
                    "larger",
                    "ReposeReferenceUpscale",
                    (480, 560),
                    {"size": "photo", "megapixels": 12.0, "detail": 1.0, "grain": 1.0},
                    {
                        "result": "check.image", "image": "photo.IMAGE", "correspondence": "repose.correspondence",
                        "garments": "repose.garments",
                    },
                ),
                Node("save", "SaveImage", (480, 560), SAVE, {"images": "larger.image"}, "Reposed photo"),
            ),
        ),
    ),
}  # fmt: skip
