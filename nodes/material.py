"""What clothes are made of, and what on them must stay in one piece."""

from __future__ import annotations

import json
from pathlib import Path

from comfy_api.latest import io

from ..pipelines.garments import batch, opinion, swatches, text
from ..pipelines.garments.cloth import WORN
from ..pipelines.garments.override import Override
from ..pipelines.geometry.garments import FABRICS, UNKNOWN
from ..pipelines.models import fabrics
from ..pipelines.preview import one_size
from . import host, sockets

MEASURED, NOBODY, AUTOMATIC, OFF = "as measured", "none", "automatic", "off"


class Material(io.ComfyNode):
    """The cloth of every garment, measured or said."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeMaterial",
            display_name="Material",
            category=f"{sockets.CATEGORY}/Clothes",
            description="Measures of what each garment is made: fabric, stiffness, gloss, sheerness, pleats, and the"
            " pattern's period and direction. What you set wins; connect several one after another for several"
            " regions.",
            search_aliases=[
                "fabric",
                "cloth",
                "texture",
                "stripes",
                "check",
                "pattern",
                "leather",
                "denim",
                "knit",
            ],
            inputs=[
                io.Image.Input("image", tooltip="The pictures that the garments were read from."),
                sockets.Garments.Input("garments", tooltip="From Garment Segmentation, or another Material."),
                io.Combo.Input(
                    "region",
                    options=[NOBODY, *WORN],
                    default=NOBODY,
                    tooltip="The garment that the values below are about; none: everything as measured.",
                ),
                io.Combo.Input(
                    "fabric",
                    options=[MEASURED, *FABRICS, UNKNOWN],
                    default=MEASURED,
                    tooltip="Of what it is made. silk: satin too; lace: what one sees through; sequin: metallic.",
                ),
                *(_share_input(name, says) for name, says in SHARES.items()),
                *_pattern_inputs(),
                io.Combo.Input(
                    "second_opinion",
                    options=[NOBODY, *_clip_folders()],
                    default=NOBODY,
                    tooltip="A CLIP network of yours that looks at the fabrics too: a Hugging Face folder with"
                    " config.json, model.safetensors and tokenizer in models/repose; press R.",
                ),
            ],
            outputs=[
                sockets.Garments.Output("garments", tooltip="The same garments with their materials."),
                io.Image.Output("preview", tooltip="A swatch of every garment with what was measured on it."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, image, garments, region, fabric, stiffness, gloss, sheerness, pleats, period, direction, second_opinion
    ) -> io.NodeOutput:  # fmt: skip
        pictures = host.image_to_engine(image)
        word = _word(region, fabric, (stiffness, gloss, sheerness), pleats, period, direction)
        found = batch.materials(pictures, garments, _reader(second_opinion), word, host.progress())
        pairs = batch.paired(pictures, found)
        preview = one_size([swatches.swatches(picture, one) for picture, one in pairs])
        shown = host.shown(cls, preview, "\n\n".join(map(swatches.told, found)))
        return io.NodeOutput(found, host.image_from_engine(preview), ui=shown)


SHARES = {
    "stiffness": "0 falls like silk, 1 stands like leather",
    "gloss": "0 matt, 1 mirrors",
    "sheerness": "0 covers, 1 shows the skin",
}


def _share_input(name: str, says: str) -> io.Input:
    return io.Float.Input(
        name, default=-1.0, min=-1.0, max=1.0, step=0.01, tooltip=f"{says}; -1: as measured."
    )


def _pattern_inputs() -> list[io.Input]:
    """What repeats along a hem or over the cloth."""
    return [
        io.Float.Input(
            "pleats",
            default=-1.0,
            min=-1.0,
            max=50.0,
            step=0.1,
            tooltip="Pleats or ruffles per 100 pixels along the hem; -1: as measured.",
        ),
        io.Float.Input(
            "period",
            default=-1.0,
            min=-1.0,
            max=1000.0,
            step=0.5,
            tooltip="Pixels from one stripe or check to the next; 0: no pattern, -1: as measured.",
        ),
        io.Float.Input(
            "direction",
            default=90.0,
            min=0.0,
            max=180.0,
            step=1.0,
            tooltip="Degrees across the lines: 0 upright stripes, 90 level ones. Goes with the period.",
        ),
    ]


def _word(
    region: str, fabric: str, shares: tuple[float, ...], pleats: float, period: float, direction: float
) -> Override | None:
    """What the widgets say; negative numbers say nothing."""
    if region == NOBODY:
        return None
    said = [None if value < 0 else value for value in (*shares, pleats, period)]
    hem = None if said[3] is None else said[3] / 100
    return Override(region, None if fabric == MEASURED else fabric, *said[:3], hem, said[4], direction)


def _clip_folders() -> list[str]:
    """Folders below the models folders that hold a CLIP for transformers, by name."""
    return [folder.name for folder in _clips()]


def _clips() -> list[Path]:
    configs = [path for root in host.models_folders() if root.is_dir() for path in root.glob("*/config.json")]
    return [path.parent for path in sorted(configs) if _is_clip(path)]


def _is_clip(config: Path) -> bool:
    try:
        return json.loads(config.read_text(encoding="utf-8")).get("model_type") == "clip"
    except (OSError, ValueError, AttributeError):
        return False


def _reader(name: str):
    """The pack's own network, with the named CLIP beside it."""
    if name == NOBODY:
        return fabrics.fabric
    folders = {folder.name: folder for folder in _clips()}
    if name not in folders:
        raise ValueError(
            f"there is no CLIP folder {name} in {host.models_folders()[0]}: press R and choose again"
        )
    clip = opinion.load_clip(folders[name])
    return lambda crops: opinion.agreed(fabrics.fabric(crops), clip(crops))


class RigidPatches(io.ComfyNode):
    """Prints, text, buttons: what must not bend."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeRigidPatches",
            display_name="Rigid Patches",
            category=f"{sockets.CATEGORY}/Clothes",
            description="Finds what on the clothes must stay in one piece when the body moves: prints, logos, text,"
            " rows of buttons, buckles. Connect rigid to Warp Body.",
            search_aliases=["logo", "print", "slogan", "text", "button", "keep text readable"],
            inputs=[
                io.Image.Input("image", tooltip="The pictures that the garments were read from."),
                sockets.Garments.Input("garments", tooltip="From Garment Segmentation or Material."),
                io.Float.Input(
                    "confidence",
                    default=0.45,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How sure a patch must be. Lower finds fainter prints, and now and then a seam.",
                ),
                io.Combo.Input(
                    "text_detector",
                    options=[AUTOMATIC, OFF],
                    default=AUTOMATIC,
                    tooltip="automatic: rapidocr looks for text too where the package rapidocr-onnxruntime is"
                    " installed; nothing is installed for you.",
                ),
                io.Mask.Input(
                    "painted",
                    optional=True,
                    tooltip="What else is rigid: painted by you, one mask for all or one each.",
                ),
            ],
            outputs=[
                sockets.Garments.Output("garments", tooltip="The same garments with their rigid patches."),
                io.Mask.Output("rigid", tooltip="All patches, for Warp Body and Repose."),
                io.Image.Output("preview", tooltip="The patches over the darkened picture, by kind."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, image, garments, confidence, text_detector, painted=None) -> io.NodeOutput:
        pictures, mask = host.image_to_engine(image), host.mask_if_given(painted)
        detector = text.rapid() if text_detector == AUTOMATIC else None
        found = batch.patches(pictures, garments, confidence, detector, mask, host.progress())
        views = [
            swatches.patches_over_picture(picture, one) for picture, one in batch.paired(pictures, found)
        ]
        rigid = host.mask_from_engine(batch.rigid_masks(found))
        shown = host.shown(cls, one_size(views), "\n".join(map(swatches.told_patches, found)))
        return io.NodeOutput(found, rigid, host.image_from_engine(one_size(views)), ui=shown)
