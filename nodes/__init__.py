"""The nodes: the only room of the pack that knows ComfyUI."""

from comfy_api.latest import ComfyExtension, io

from . import (
    boards,
    check,
    control,
    draw,
    fill,
    folders,
    frames,
    framing,
    garment,
    host,
    light,
    material,
    models,
    picture,
    pose,
    pose_files,
    pose_sampler,
    read,
    sample,
    seat,
    sets,
    skeleton,
    upscale,
    variations,
    volumetric,
    whole,
)

NODES: list[type[io.ComfyNode]] = [
    whole.Repose,
    models.Models,
    read.WholeBodyKeypoints,
    read.PersonMask,
    garment.GarmentSegmentation,
    garment.GarmentMask,
    garment.OverrideGarments,
    pose.PoseLibrary,
    pose.PoseFromPicture,
    pose_files.PoseFile,
    variations.PoseVariations,
    variations.PoseSequence,
    pose.RetargetPose,
    skeleton.CorrectSkeleton,
    pose_files.SavePose,
    draw.DrawPose,
    material.Material,
    material.RigidPatches,
    picture.WarpBody,
    picture.RestoreBackground,
    fill.OcclusionFill,
    framing.Reframe,
    light.EstimateLight,
    light.Relight,
    light.Harmonise,
    check.PhotometricCheck,
    volumetric.VolumetricReposer,
    sample.ReposeAttention,
    sample.ReposeLatent,
    control.PoseConditioning,
    pose_sampler.PoseConditionedSampler,
    pose_sampler.FaceAndHandPass,
    upscale.ReferenceUpscale,
    sets.PoseSet,
    frames.FillFrames,
    frames.CameraDistance,
    boards.ContactSheet,
    boards.Stickers,
    sets.SaveSet,
    sets.SaveCoco,
    folders.ReposeFolder,
    seat.Seat,
]
"""Every node of the pack, in the order of the menu. Their ids are for ever: tests/comfy/node_ids.txt."""


class ReposeExtension(ComfyExtension):
    """The pack, as ComfyUI asks for it."""

    async def on_load(self) -> None:
        host.register_models_folder()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return NODES
