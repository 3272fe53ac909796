"""Many poses at once, and the files of a set: a list of poses, pictures with a manifest, a data set."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.preview import figures
from ..pipelines.sets.coco import Scene, free_folder, save_dataset
from ..pipelines.sets.listing import listed_poses, names_of
from ..pipelines.sets.saving import FORMATS, save_set, shots_of
from ..pipelines.sets.stickers import listed
from . import host, sockets

CATALOGUE = """catalogue/front
catalogue/three-quarter left
catalogue/three-quarter right
catalogue/side left
catalogue/back"""
"""What a list of poses starts with."""


class PoseSet(io.ComfyNode):
    """Several poses by their names."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePoseSet",
            display_name="Pose Set",
            category=f"{sockets.CATEGORY}/Pose",
            description="Several named poses at once: one photo in all of them. The names go along, for captions and"
            " files.",
            search_aliases=[
                "pose list",
                "pose batch",
                "multiple poses",
                "catalogue",
                "lookbook",
                "pose preset",
            ],
            inputs=[
                io.String.Input(
                    "poses",
                    multiline=True,
                    default=CATALOGUE,
                    tooltip="A pose a line, by its name in Pose Library: `catalogue/front`. `seated/*` takes all of a"
                    " folder, `mirrored` at the end swaps left and right, `hero = editorial/power stance` gives a pose"
                    " a name of your own, and what follows a # is a remark.",
                ),
            ],
            outputs=[
                sockets.Pose.Output(
                    "pose", tooltip="All of them, for repose_pose of Repose: a picture each."
                ),
                io.String.Output(
                    "names", tooltip="Their names, a line each: for Save Set and Contact Sheet."
                ),
                io.Image.Output("preview", tooltip="The poses on a body of ordinary proportions."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, poses: str) -> io.NodeOutput:
        found = listed_poses(poses, host.pose_folders())
        preview, names = figures(found, host.progress()), names_of(found)
        return io.NodeOutput(found, names, host.image_from_engine(preview), ui=host.shown(cls, preview))

    @classmethod
    def fingerprint_inputs(cls, poses: str) -> list:
        """Runs again when an artist's own pose was saved anew, or a folder of them got another one."""
        own = [path for folder in host.pose_folders() if folder.is_dir() for path in folder.rglob("*.json")]
        return [poses, *sorted((str(path), path.stat().st_mtime_ns) for path in own)]


class SaveSet(io.ComfyNode):
    """Pictures into files that a shop can take."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeSaveSet",
            display_name="Save Set",
            category=f"{sockets.CATEGORY}/Set",
            description="Saves pictures as SKU_pose, with a manifest beside them (JSON and CSV): pose, size, coverage,"
            " what the check found, seed, sha256. Pictures of the same SKU and photo are replaced by a later run; those"
            " of another photo never are.",
            search_aliases=["save image", "sku", "manifest", "csv", "export", "pim", "batch save", "ab test"],
            inputs=[
                io.Image.Input("image", tooltip="The pictures, of any sizes."),
                io.Image.Input("photo", tooltip="The photo that they were made from: its hash goes along."),
                io.String.Input(
                    "sku", default="",
                    tooltip="The article's number: how each name starts. Empty: a name of the photo's own, so that"
                    " another photo's pictures go beside it.",
                ),
                io.String.Input(
                    "folder", default="catalogue", tooltip="A folder in ComfyUI's output folder; it is made."
                ),
                io.Combo.Input(
                    "format", options=list(FORMATS), default="PNG",
                    tooltip="Of the files. A PNG keeps the workflow: drag it onto the page.",
                ),
                io.Int.Input(
                    "seed", default=0, min=0, max=2**32 - 1, tooltip="Noted in the manifest: that of Pose Variations.",
                    optional=True, force_input=True,
                ),
                io.String.Input(
                    "names", optional=True, force_input=True,
                    tooltip="A line for each picture, from Pose Set; numbers without it. What stands before a slash is"
                    " the group (the variant of a test).",
                ),
                io.Mask.Input("person", optional=True, tooltip="With `hidden`: the coverage is noted."),
                io.Mask.Input("hidden", optional=True, tooltip="What the photo never showed, from Repose."),
                sockets.Checks.Input("checks", optional=True, tooltip="From Photometric Check."),
            ],
            outputs=[
                io.String.Output("files", tooltip="The pictures that were written, one per line."),
                io.String.Output("manifest", tooltip="The manifest as JSON."),
            ],
            is_output_node=True,
            is_input_list=True,
        )  # fmt: skip

    @classmethod
    def execute(
        cls, image, photo, sku, folder, format, seed=None, names=None, person=None, hidden=None, checks=None
    ) -> io.NodeOutput:
        pictures = listed([host.image_with_alpha(one) for one in image])
        masks = [one and listed([host.mask_to_engine(mask) for mask in one]) for one in (person, hidden)]
        shots = shots_of(pictures, sockets.lines_of(names), *masks, sockets.flattened(checks))
        source, place = host.image_to_engine(photo[0]), host.folder_in_output(folder[0])
        texts = host.workflow_texts(cls)
        made = save_set(shots, sku[0], source, place, format[0], seed and seed[0], host.progress(), texts)
        written = "\n".join(map(str, made.files))
        return io.NodeOutput(written, made.manifest.json(), ui=host.saved(list(made.files), made.text()))


class SaveCoco(io.ComfyNode):
    """Reposed pictures as a data set."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeSaveCoco",
            display_name="Save COCO Dataset",
            category=f"{sockets.CATEGORY}/Set",
            description="Saves pictures with COCO annotations: 133 keypoints, the person's mask, a mask for each"
            " garment and limb. A landmark that the photo never showed is marked as hidden.",
            search_aliases=["coco", "dataset", "annotations", "training data", "keypoints json", "segmentation"],
            inputs=[
                io.Image.Input("image", tooltip="The pictures."),
                sockets.Skeleton.Input("target", tooltip="The people in them, from Repose or Retarget Pose."),
                io.Mask.Input("person", tooltip="Their masks, from Repose or Warp Body."),
                io.String.Input(
                    "folder", default="dataset",
                    tooltip="A new folder in ComfyUI's output folder; a second one is called dataset 2.",
                ),
                io.String.Input(
                    "names", optional=True, force_input=True, tooltip="A line for each picture; numbers without."
                ),
                io.Mask.Input("hidden", optional=True, tooltip="What the photo never showed."),
                sockets.Correspondence.Input("correspondence", optional=True, tooltip="With garments: their masks."),
                sockets.Garments.Input("garments", optional=True, tooltip="The photo's clothes."),
                io.Int.Input(
                    "seed", default=0, min=0, max=2**32 - 1, optional=True, force_input=True,
                    tooltip="Noted in the annotations.",
                ),
            ],
            outputs=[io.String.Output("files", tooltip="What was written, one per line; the annotations last.")],
            is_output_node=True,
        )  # fmt: skip

    @classmethod
    def execute(
        cls,
        image,
        target,
        person,
        folder,
        names=None,
        hidden=None,
        correspondence=None,
        garments=None,
        seed=None,
    ) -> io.NodeOutput:
        place = free_folder(host.folder_in_output(folder))
        people, unseen = host.mask_to_engine(person), host.mask_if_given(hidden)
        scene = Scene(target, people, unseen, correspondence, garments, seed)
        labels = sockets.lines_of([names or ""])
        files = save_dataset(host.image_to_engine(image), labels, place, scene, host.progress())
        text = f"{len(files) - 1} pictures and their annotations: {place}"
        return io.NodeOutput("\n".join(map(str, files)), ui=host.saved(files[:-1], text))
