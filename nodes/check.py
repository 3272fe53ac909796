"""Does the result stand in the light of its photo?"""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.checking import checked_people
from ..pipelines.light.findings import HIGHEST, Thresholds
from . import host, sockets

SHOW, STOP = "show", "stop the workflow"
LIMITS = {
    "direction": (0.5, "Degrees between the light on the photo and on the result."),
    "contrast": (0.01, "How much stronger or weaker the key may be against all other light: 0.2 is a fifth."),
    "temperature": (0.5, "Mired that the light may get warmer or cooler: at 6500 K, 10 mired are about 420 K."),
    "tint": (0.0005, "Duv that the light may get greener or pinker: 0.003 is just seen."),
    "limb": (0.5, "Per cent that an arm, a leg, trunk or head may be brighter or darker than the light explains."),
    "skin": (0.5, "CIEDE2000 between newly shown skin and what the photo showed of that limb: 1 is just seen."),
    "garment": (0.5, "CIEDE2000 of a garment between photo and result."),
    "doubt": (0.1, "How much of what the picture itself leaves in doubt is added to each limit: 0 is strict, and fails"
              " pictures with deep shade; 1 hardly ever fails a true picture."),
}  # fmt: skip
"""Step and meaning of each threshold."""


def limit_inputs() -> list[io.Input]:
    """The thresholds of the check, at their defaults."""
    default = Thresholds()
    return [
        io.Float.Input(
            name, default=getattr(default, name), min=0.0, max=HIGHEST[name], step=step, tooltip=says
        )
        for name, (step, says) in LIMITS.items()
    ]


class PhotometricCheck(io.ComfyNode):
    """Compares the light of a result with that of its photo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePhotometricCheck",
            display_name="Photometric Check",
            category=f"{sockets.CATEGORY}/Check",
            description="Does the person of the result stand in the light of the photo? It compares the light's"
            " direction, contrast and colour, the brightness of each limb, new skin with known skin, and each garment."
            " Put it before Save Image.",
            search_aliases=["light check", "quality check", "relight check", "delta e", "colour check"],
            inputs=[
                io.Image.Input("image", tooltip="The photos that the results were made from."),
                io.Image.Input("result", tooltip="The reposed pictures, of Warp Body or of any later step."),
                io.Mask.Input("person", tooltip="The reposed person, from Warp Body."),
                sockets.Correspondence.Input("correspondence", tooltip="From Warp Body."),
                io.Combo.Input(
                    "on_failure",
                    options=[SHOW, STOP],
                    default=SHOW,
                    tooltip="show: the report says what is wrong; stop the workflow: nothing after this node runs.",
                ),
                *limit_inputs(),
                sockets.Garments.Input(
                    "garments",
                    optional=True,
                    tooltip="The photos' clothes, from Garment Segmentation: for skin and garments.",
                ),
                io.Mask.Input(
                    "hidden",
                    optional=True,
                    tooltip="What the photo never showed, from Warp Body, if more than that is painted over.",
                ),
                sockets.Light.Input(
                    "light", optional=True, tooltip="The photos' light; estimated from the person without it."
                ),
                sockets.Garments.Input(
                    "result_garments",
                    optional=True,
                    tooltip="The results' clothes, from another Garment Segmentation: finds more of the new skin.",
                ),
                sockets.Skeleton.Input(
                    "target",
                    optional=True,
                    tooltip="The skeleton of the result, from Retarget Pose: its cast shadow is then held against the"
                    " light.",
                ),
                io.Float.Input(
                    "shadow",
                    default=Thresholds().shadow,
                    min=0.0,
                    max=HIGHEST["shadow"],
                    step=1.0,
                    optional=True,
                    tooltip="Degrees on the floor between the cast shadow and where the light leads to expect it.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The results, unchanged."),
                io.Image.Output(
                    "heat_map", tooltip="Where they depart from the photo's light: yellow to red."
                ),
                io.Boolean.Output(
                    "passed", tooltip="Whether everything that can be told is within its limit."
                ),
                io.Float.Output(
                    "score", tooltip="1: no difference; over a half: passed. The worst of the batch."
                ),
                io.String.Output("report", tooltip="Every measure with its value and limit."),
                sockets.Checks.Output("checks", tooltip="The same for each picture, for Save Set."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, image, result, person, correspondence, on_failure, direction, contrast, temperature, tint, limb, skin,
        garment, doubt, garments=None, hidden=None, light=None, result_garments=None, target=None, shadow=60.0,
    ) -> io.NodeOutput:  # fmt: skip
        limits = Thresholds(direction, contrast, temperature, tint, limb, skin, garment, shadow, doubt)
        pictures, results = host.image_to_engine(image), host.image_to_engine(result)
        masks = host.mask_to_engine(person), host.mask_if_given(hidden)
        found = checked_people(
            pictures, results, masks[0], correspondence, garments, masks[1], light, result_garments, limits,
            host.progress(), target,
        )  # fmt: skip
        heat, text = found.heat_maps(), found.text()
        shown = host.shown(cls, heat, text)
        found = found.stopped() if on_failure == STOP else found
        values = (found.passed, found.score, text, list(found.checks))
        return io.NodeOutput(result, host.image_from_engine(heat), *values, ui=shown)
