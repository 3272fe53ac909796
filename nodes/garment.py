"""What is worn: regions of the clothes as a map, as masks, and by the artist's word."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.batches import common_count, each, for_everyone, share
from ..pipelines.garments.given import HOWS, overridden
from ..pipelines.garments.parse import GarmentOptions, garment_maps
from ..pipelines.garments.preview import labelled
from ..pipelines.geometry.garments import GROUPS, REGIONS, GarmentMap
from ..pipelines.read import regions_from
from . import clothes, host, networks, sockets

MASKS = (
    "person", "hair", "face", "skin", "clothes", "upper", "outer", "lower", "dress", "shoes", "accessories",
)  # fmt: skip
"""The groups that have an output of their own."""
CHOICES = [*GROUPS, *(name for name in REGIONS if name not in GROUPS)]
TOLD = {
    "person": "All of the person.", "hair": "Hair, following its strands.", "face": "The face's skin.",
    "skin": "All bare skin, the face too.", "clothes": "Everything worn, shoes and headwear too.",
    "upper": "Shirt, top, or a closed jacket.", "outer": "An open jacket, or a coat over trousers.",
    "lower": "Trousers, shorts or a skirt.", "dress": "A garment for the whole body.", "shoes": "Shoes and boots.",
    "accessories": "Headwear, bags, glasses, and what is none of the others.",
}  # fmt: skip


def told(maps: list[GarmentMap]) -> str:
    """Each map's regions and notes, one line per picture."""
    lines = [f"{', '.join(one.present()).replace('_', ' ') or 'nobody'}" for one in maps]
    notes = [note for one in maps for note in one.notes]
    return "\n".join([*lines, *dict.fromkeys(notes)])


class GarmentSegmentation(io.ComfyNode):
    """Which pixel of a person is hair, skin of which limb, and which garment."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeGarmentSegmentation",
            display_name="Garment Segmentation",
            category=f"{sockets.CATEGORY}/Clothes",
            description="Tells hair, face, the skin of each limb, upper and lower garment, open jacket, dress, shoes,"
            " headwear and bags apart, at the picture's own resolution.",
            search_aliases=[
                "clothes",
                "human parsing",
                "garment mask",
                "segformer",
                "fashion",
                "cloth segmentation",
            ],
            inputs=[
                io.Image.Input("image", tooltip="Pictures with a person in each."),
                clothes.backend_input(),
                sockets.Keypoints.Input(
                    "keypoints",
                    optional=True,
                    tooltip="Tell which person is meant. Without them the largest person of each picture is read.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Your own mask of the person, of any node: what is outside it stays untouched.",
                ),
            ],
            outputs=[
                sockets.Garments.Output("garments", tooltip="The map, for the other nodes of this pack."),
                sockets.Regions.Output("regions", tooltip="Hair and bare skin, which Warp Body can use."),
                *(io.Mask.Output(name, tooltip=TOLD[name]) for name in MASKS),
                io.Image.Output("preview", tooltip="The regions in colour, with a legend."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, image, backend: str, keypoints=None, mask=None) -> io.NodeOutput:
        pictures = for_everyone(host.image_to_engine(image), keypoints)
        people = clothes.people(pictures, keypoints)
        options, bar = GarmentOptions(clothes.network(backend), host.mask_if_given(mask)), host.progress()
        cut = networks.cut_out(pictures, people, share(bar, 0, 2))
        maps = garment_maps(pictures, people, cut, options, share(bar, 1, 2))
        regions = [regions_from(one, cut.foreground[i : i + 1]) for i, one in enumerate(maps)]
        preview = labelled(pictures, maps)
        masks = [sockets.mask_of(maps, name) for name in MASKS]
        shown = host.shown(cls, preview, told(maps))
        return io.NodeOutput(maps, regions, *masks, host.image_from_engine(preview), ui=shown)


class GarmentMask(io.ComfyNode):
    """One region, or a group of them, as a mask."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeGarmentMask",
            display_name="Garment Mask",
            category=f"{sockets.CATEGORY}/Clothes",
            description="Any region or group of a map of clothes as a mask: soft at hair and at the person's edge.",
            search_aliases=["clothes mask", "region mask", "select garment", "pick region"],
            inputs=[
                sockets.Garments.Input("garments", tooltip="From Garment Segmentation."),
                io.Combo.Input(
                    "region",
                    options=CHOICES,
                    default="clothes",
                    tooltip="Left and right are the person's own.",
                ),
                io.String.Input(
                    "and_also",
                    default="",
                    tooltip='More regions, with commas between them: "shoes, bag".',
                ),
            ],
            outputs=[io.Mask.Output("mask", tooltip="1 in the regions.")],
        )

    @classmethod
    def execute(cls, garments: sockets.GarmentsType, region: str, and_also: str = "") -> io.NodeOutput:
        more = [name.strip().lower().replace(" ", "_") for name in and_also.split(",") if name.strip()]
        return io.NodeOutput(sockets.mask_of(garments, region, *more))


class OverrideGarments(io.ComfyNode):
    """A mask of any node becomes a region."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeOverrideGarments",
            display_name="Override Garments",
            category=f"{sockets.CATEGORY}/Clothes",
            description="Your word wins: a mask painted, or made by SAM3 or any other node, becomes the region that"
            " you name. Chain several.",
            search_aliases=["sam", "sam3", "correct mask", "combine garments", "set region"],
            inputs=[
                sockets.Garments.Input(
                    "garments", tooltip="From Garment Segmentation, or from another of these."
                ),
                io.Mask.Input("mask", tooltip="Where it is, in the picture's proportions."),
                io.Combo.Input(
                    "region",
                    options=list(REGIONS),
                    default="upper",
                    tooltip="What the mask is. background takes it off the person.",
                ),
                io.Combo.Input(
                    "how",
                    options=list(HOWS),
                    default=HOWS[0],
                    tooltip="add: what was found of that region elsewhere stays. only: the mask is all of it.",
                ),
            ],
            outputs=[
                sockets.Garments.Output("garments", tooltip="The map with the mask in it."),
                sockets.Regions.Output("regions", tooltip="Its hair and bare skin, which Warp Body can use."),
            ],
        )

    @classmethod
    def execute(cls, garments: sockets.GarmentsType, mask, region: str, how: str) -> io.NodeOutput:
        masks = host.mask_to_engine(mask)
        count = common_count(maps=len(garments), masks=len(masks))
        pairs = zip(each(garments, count, "maps"), each(masks.split(1), count, "masks"), strict=True)
        maps = [overridden(one, given, region, how) for one, given in pairs]
        return io.NodeOutput(maps, [regions_from(one) for one in maps])
