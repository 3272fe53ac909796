"""What is laid out to look at or to send: boards with captions, stickers."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.sets.board import GROUNDS, BoardOptions, board, captioned, unwritten
from ..pipelines.sets.stickers import StickerOptions, listed, sheet_of, stickers
from . import host, sockets


class ContactSheet(io.ComfyNode):
    """Pictures side by side, each with its caption."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeContactSheet",
            display_name="Contact Sheet",
            category=f"{sockets.CATEGORY}/Set",
            description="Lays pictures of any sizes out on one sheet, each with a caption: a contact sheet, a mood"
            " board, a comparison. Nothing is cut.",
            search_aliases=["grid", "board", "collage", "comparison", "image grid", "montage", "moodboard"],
            inputs=[
                io.Image.Input("image", tooltip="The pictures; of several inputs, each is a row."),
                io.Int.Input(
                    "columns", default=0, min=0, max=40, tooltip="Pictures in a row. 0: by themselves."
                ),
                io.Int.Input("height", default=512, min=64, max=2048, step=8, tooltip="Of a picture, in pixels."),
                io.String.Input("title", default="", tooltip="Above all."),
                io.Combo.Input("ground", options=list(GROUNDS), default="white", tooltip="Between the pictures."),
                io.String.Input(
                    "rows", multiline=True, default="",
                    tooltip="A name for each connected image input, added to its captions; may stay empty.",
                ),
                io.String.Input(
                    "captions", optional=True, force_input=True,
                    tooltip="A line for each picture, from Pose Set; or for those of one input, used for every input.",
                ),
                io.Image.Input("photo", optional=True, tooltip="Shown first."),
                *(
                    io.Image.Input(f"image_{i}", optional=True, tooltip="More pictures: another row.")
                    for i in (2, 3, 4)
                ),
            ],
            outputs=[io.Image.Output("image", tooltip="The sheet; with an alpha channel if it is transparent.")],
            is_output_node=True,
            is_input_list=True,
        )  # fmt: skip

    @classmethod
    def execute(
        cls, image, columns, height, title, ground, rows, captions=None, photo=None, image_2=None, image_3=None,
        image_4=None,
    ) -> io.NodeOutput:  # fmt: skip
        given = [one for one in (image, image_2, image_3, image_4) if one]
        groups = [listed([host.image_with_alpha(batch) for batch in one]) for one in given]
        first = listed([host.image_to_engine(one) for one in photo]) if photo else []
        texts = captioned(groups, sockets.lines_of(captions), sockets.lines_of(rows), len(first))
        across = columns[0] or (len(groups[0]) if len(groups) > 1 and not first else 0)
        options = BoardOptions(across, height[0], title[0], ground[0])
        made = board([*first, *sum(groups, [])], texts, options, host.progress())
        made = made if ground[0] == "transparent" else made[:, :3]
        told = unwritten(texts, title[0])
        return io.NodeOutput(host.image_from_engine(made), ui=host.shown(cls, made[:, :3], told))


class Stickers(io.ComfyNode):
    """Figures cut out, and all of them on a transparent sheet."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeStickers",
            display_name="Stickers",
            category=f"{sockets.CATEGORY}/Set",
            description="Cuts figures out as stickers of one size, without the old background at their edges, with a"
            " plain border if wanted; and lays all of them on one transparent sheet.",
            search_aliases=["sticker", "cut out", "remove background", "alpha", "transparent", "emote", "emoji"],
            inputs=[
                io.Image.Input("image", tooltip="The pictures, from Repose."),
                io.Mask.Input("person", tooltip="The figures in them, from Repose."),
                io.Int.Input("size", default=512, min=64, max=2048, step=8, tooltip="A sticker's side in pixels."),
                io.Float.Input(
                    "border", default=0.015, min=0.0, max=0.1, step=0.005,
                    tooltip="Of the border round a figure, as a share of the size. 0: none.",
                ),
                io.Color.Input("colour", default="#ffffff", tooltip="Of the border."),
            ],
            outputs=[
                io.Image.Output("stickers", tooltip="One each, with an alpha channel: for Save Set."),
                io.Image.Output("sheet", tooltip="All of them, with an alpha channel: for Save Image."),
                io.Mask.Output("mask", tooltip="Where each sticker is."),
            ],
            is_output_node=True,
        )  # fmt: skip

    @classmethod
    def execute(cls, image, person, size, border, colour) -> io.NodeOutput:
        options = StickerOptions.of(size, border, colour)
        made = stickers(host.image_to_engine(image), host.mask_to_engine(person), options, host.progress())
        sheet = sheet_of(made)
        outputs = (host.image_from_engine(made), host.image_from_engine(sheet))
        return io.NodeOutput(*outputs, host.mask_from_engine(made[:, 3:]), ui=host.shown(cls, sheet))
