"""A folder of photos in, a folder of pictures out."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.framing import FRAMES, Framing
from ..pipelines.repose import ReposeOptions
from ..pipelines.sets.folder import LARGEST_SIDE, BatchOptions, photos_in, repose_folder
from ..pipelines.sets.saving import FORMATS
from . import host, networks, sockets

SHOWN = 64
"""Pictures that the node shows of a batch: the page loads each of them."""


class ReposeFolder(io.ComfyNode):
    """Every photo of a folder in every pose; it goes on where it stopped."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeFolder",
            display_name="Repose Folder",
            category=f"{sockets.CATEGORY}/Set",
            description="Every photo of a folder in every pose of a list, saved as it is made, with a manifest (JSON,"
            " CSV). Stopped and run again, it makes only what is missing; what cannot be read or made is named in the"
            " manifest, and the rest goes on.",
            search_aliases=["batch", "folder", "directory", "bulk", "load images", "social media", "resume"],
            inputs=[
                io.String.Input(
                    "photos", default="hero shots",
                    tooltip="A folder in ComfyUI's input folder. A file's name without its suffix is the SKU.",
                ),
                sockets.Pose.Input("pose", tooltip="The poses, from Pose Set."),
                io.String.Input("folder", default="social", tooltip="A folder in the output folder; it is made."),
                io.Int.Input(
                    "longest", default=1536, min=64, max=LARGEST_SIDE, step=8,
                    tooltip="Pixels of a photo's longer side at most.",
                ),
                io.Combo.Input(
                    "frame", options=list(FRAMES), default="keep",
                    tooltip="keep: the photo's. extend: larger where the pose needs room. Or a shape, width to height.",
                ),
                io.Combo.Input("format", options=list(FORMATS), default="JPEG", tooltip="Of the files."),
                io.Boolean.Input(
                    "check", default=True,
                    tooltip="Compare each picture's light with its photo's and note in the manifest what departs.",
                ),
                io.Image.Input("scenes", optional=True, tooltip="New backgrounds, taken in turn."),
            ],
            outputs=[
                io.String.Output("files", tooltip="Every picture that is finished, one per line."),
                io.String.Output("manifest", tooltip="The manifest as JSON."),
                io.String.Output("report", tooltip="What was made, what failed and why."),
            ],
            is_output_node=True,
        )  # fmt: skip

    @classmethod
    def fingerprint_inputs(cls, **_) -> float:
        """Never the same: files come and go, and what is there is not made again."""
        return float("nan")

    @classmethod
    def execute(cls, photos, pose, folder, longest, frame, format, check, scenes=None) -> io.NodeOutput:
        found, place = photos_in(host.folder_in_input(photos)), host.folder_in_output(folder)
        rooms = () if scenes is None else tuple(host.image_to_engine(scenes).split(1))
        how = ReposeOptions(framing=Framing.named(frame))
        options = BatchOptions(how, longest, format, rooms, check=check)
        batch = repose_folder(found, pose, place, networks.reader, options, host.progress())
        files, text = list(batch.files), batch.text()
        return io.NodeOutput(
            "\n".join(map(str, files)), batch.manifest.json(), text, ui=host.saved(files[:SHOWN], text)
        )
