"""The picture itself: the person moved, and the room without them."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.moving import emptied_rooms, mean, moved_people, second_views, thinly_covered
from ..pipelines.read import dressed
from . import host, sockets


class WarpBody(io.ComfyNode):
    """The photo's own pixels, moved with the body."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeWarpBody",
            display_name="Warp Body",
            category=f"{sockets.CATEGORY}/Picture",
            description="Moves the person's own pixels into the new pose, as a volume with a front and a"
            " back. Nothing is invented where the photo shows it; what it does not show is marked as hidden.",
            search_aliases=["repose", "pose transfer", "body warp", "deform", "change pose", "puppet"],
            inputs=[
                io.Image.Input("image", tooltip="The photos."),
                io.Mask.Input("mask", tooltip="The person, from Person Mask or any other node."),
                sockets.Skeleton.Input("source", tooltip="The person as photographed, from Retarget Pose."),
                sockets.Skeleton.Input("target", tooltip="The person in the new pose, from Retarget Pose."),
                sockets.Regions.Input(
                    "regions",
                    optional=True,
                    tooltip="Hair and bare skin, from Person Mask: better hair and hems.",
                ),
                io.Image.Input(
                    "background",
                    optional=True,
                    tooltip="What the person is laid on, of the photo's size, from Restore Background."
                    " Mid-grey without it.",
                ),
                sockets.rigid_input(),
                io.Image.Input("second_image", optional=True, tooltip=f"{sockets.SECOND} Of any size."),
                io.Mask.Input(
                    "second_mask", optional=True, tooltip="The person in the second photo, from Person Mask."
                ),
                sockets.Skeleton.Input(
                    "second_source",
                    optional=True,
                    tooltip="The person as the second photo shows them: the source of another Retarget Pose.",
                ),
                sockets.Regions.Input(
                    "second_regions", optional=True, tooltip="Hair and bare skin of the second photo."
                ),
                sockets.Garments.Input(
                    "garments",
                    optional=True,
                    tooltip="The clothes, from Garment Segmentation, Material or Rigid Patches: prints stay in one"
                    " piece, patterns go on in step, skirts hang by their cloth's stiffness. Wins over regions.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The reposed person over the background."),
                io.Mask.Output("person", tooltip="The reposed person."),
                io.Mask.Output("visible", tooltip="The part of the reposed person that the photo shows."),
                io.Mask.Output(
                    "hidden", tooltip="The part that the photo never showed: a guess, to paint over."
                ),
                sockets.Correspondence.Output(
                    "correspondence", tooltip="For every pixel, where in the photo it comes from."
                ),
                sockets.coverage_output(),
            ],
        )

    @classmethod
    def execute(
        cls, image, mask, source, target, regions=None, background=None, rigid=None, second_image=None,
        second_mask=None, second_source=None, second_regions=None, garments=None,
    ) -> io.NodeOutput:  # fmt: skip
        pictures, rooms, others = (host.image_if_given(one) for one in (image, background, second_image))
        mattes, patches, other_mattes = (host.mask_if_given(one) for one in (mask, rigid, second_mask))
        seconds = second_views(others, other_mattes, second_source, second_regions)
        regions = dressed(regions, garments)
        told = host.progress()
        result = moved_people(pictures, mattes, source, target, regions, rooms, told, patches, seconds)
        host.say(thinly_covered(result.coverages))
        masks = [host.mask_from_engine(part) for part in (result.person, result.visible, result.hidden)]
        found = (result.correspondences, mean(result.coverages))
        return io.NodeOutput(host.image_from_engine(result.picture), *masks, *found)


class RestoreBackground(io.ComfyNode):
    """The room without the person."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeRestoreBackground",
            display_name="Restore Background",
            category=f"{sockets.CATEGORY}/Picture",
            description="Takes the person out: smooth backdrops are continued with the photo's own grain,"
            " textured ones rebuilt from the photo's own patches. It invents no objects.",
            search_aliases=["remove person", "inpaint background", "clean plate", "object removal"],
            inputs=[
                io.Image.Input("image", tooltip="The photos."),
                io.Mask.Input("mask", tooltip="What is to go; one for all photos, or one for each."),
            ],
            outputs=[io.Image.Output("image", tooltip="The photos without what the mask covers.")],
        )

    @classmethod
    def execute(cls, image, mask) -> io.NodeOutput:
        rooms = emptied_rooms(host.image_to_engine(image), host.mask_to_engine(mask), host.progress())
        return io.NodeOutput(host.image_from_engine(rooms))
