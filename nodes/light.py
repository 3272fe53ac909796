"""The light of a photo: estimated, and put on what moved."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.geometry.lighting import described
from ..pipelines.light.batch import harmonised, photo_lights, relit_pictures
from ..pipelines.light.harmonise import HarmoniseOptions
from ..pipelines.light.preview import preview
from ..pipelines.light.relight import RelightOptions
from . import host, sockets


class EstimateLight(io.ComfyNode):
    """From where a person is lit, how warm, how hard."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeEstimateLight",
            display_name="Estimate Light",
            category=f"{sockets.CATEGORY}/Light",
            description="Reads the light on a person: where the key stands, its colour temperature, and how much light"
            " comes from all around. Where it cannot tell, it says so, and everything that uses it fades out.",
            search_aliases=[
                "relight",
                "lighting",
                "light direction",
                "spherical harmonics",
                "kelvin",
                "white balance",
            ],
            inputs=[
                io.Image.Input("image", tooltip="The photos."),
                sockets.Keypoints.Input("keypoints", tooltip="Their people, from Whole-Body Keypoints."),
                sockets.Garments.Input("garments", tooltip="Their clothes, from Garment Segmentation."),
                io.Image.Input(
                    "normals",
                    optional=True,
                    tooltip="A normal map of the photo (MoGe, Marigold and others: red right, green up, blue to the"
                    " camera) in place of the body's own volume.",
                ),
            ],
            outputs=[
                sockets.Light.Output("light", tooltip="For Relight and Photometric Check."),
                sockets.Surface.Output(
                    "surface", tooltip="The surface it was read from: Relight takes it for shadows."
                ),
                io.Image.Output("preview", tooltip="A white and a glossy ball in this light."),
                io.String.Output("report", tooltip="In words, a line for each picture."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, image, keypoints, garments, normals=None) -> io.NodeOutput:
        maps = host.image_if_given(normals)
        found = photo_lights(host.image_to_engine(image), keypoints, garments, maps, host.progress())
        lights = [one.field for one in found]
        text, balls = "\n".join(described(one) for one in lights), preview(lights)
        picture, ui = host.image_from_engine(balls), host.shown(cls, balls, text)
        return io.NodeOutput(lights, [one.surface for one in found], picture, text, ui=ui)


class Relight(io.ComfyNode):
    """The reposed person lit as the photo was."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeRelight",
            display_name="Relight",
            category=f"{sockets.CATEGORY}/Light",
            description="Lights what moved as the photo is lit: an arm that turns towards the light gets brighter, what"
            " turns away darker; limbs shade the body. What has not turned keeps its pixels.",
            search_aliases=["relight", "shading", "lighting", "match light", "shadow"],
            inputs=[
                io.Image.Input("image", tooltip="The reposed pictures, from Warp Body."),
                io.Mask.Input("person", tooltip="Where the person is in them, from Warp Body."),
                sockets.Correspondence.Input("correspondence", tooltip="From Warp Body."),
                sockets.Light.Input("light", tooltip="The photo's light, from Estimate Light."),
                sockets.Surface.Input(
                    "surface",
                    optional=True,
                    tooltip="From Estimate Light: the body's own shadows then move too.",
                ),
                sockets.Garments.Input(
                    "garments",
                    optional=True,
                    tooltip="The photo's clothes: highlights then move on what is glossy.",
                ),
                _share("strength", "Of everything; 0: the photo's own pixels."),
                _share("shadows", "Of the shadows that the body throws on itself."),
                _share("highlights", "Of what skin, satin and leather mirror."),
            ],
            outputs=[io.Image.Output("image", tooltip="The same pictures, lit.")],
        )

    @classmethod
    def execute(
        cls, image, person, correspondence, light, surface=None, garments=None, strength=1.0, shadows=1.0,
        highlights=1.0,
    ) -> io.NodeOutput:  # fmt: skip
        options, told = RelightOptions(strength, shadows, highlights), host.progress()
        pictures, people = host.image_to_engine(image), host.mask_to_engine(person)
        lit = relit_pictures(pictures, people, correspondence, light, surface, garments, options, told)
        return io.NodeOutput(host.image_from_engine(lit))


class Harmonise(io.ComfyNode):
    """A person in another scene, lit as it is."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeHarmonise",
            display_name="Harmonise with Scene",
            category=f"{sockets.CATEGORY}/Light",
            description="Puts a person in front of another background: lit from where that scene is lit and in its"
            " colour, without a rim of the old background, with shade under the feet.",
            search_aliases=[
                "change background",
                "composite",
                "relight",
                "match light",
                "colour match",
                "replace background",
            ],
            inputs=[
                io.Image.Input("image", tooltip="The person: reposed, or as photographed."),
                io.Mask.Input("person", tooltip="Where they are in it."),
                io.Image.Input("scene", tooltip="The new background; it fills the frame."),
                sockets.Light.Input("light", tooltip="On the person, from Estimate Light."),
                sockets.Light.Input(
                    "scene_light",
                    optional=True,
                    tooltip="In the scene, from Estimate Light on a picture of somebody who stands in it. Without it"
                    " only the scene's colour is matched.",
                ),
                sockets.Correspondence.Input(
                    "correspondence",
                    optional=True,
                    tooltip="Of a reposed person, from Warp Body: which way they face.",
                ),
                sockets.Surface.Input(
                    "surface", optional=True, tooltip="The same of a photo, from Estimate Light."
                ),
                sockets.Skeleton.Input(
                    "figure", optional=True, tooltip="Their skeleton in this picture: feet then get shade."
                ),
                io.Float.Input(
                    "strength", default=1.0, min=0.0, max=1.0, step=0.05, tooltip="Of the scene's light."
                ),
                io.Float.Input(
                    "exposure",
                    default=0.0,
                    min=-4.0,
                    max=4.0,
                    step=0.1,
                    tooltip="Brighter or darker, in stops.",
                ),
            ],
            outputs=[io.Image.Output("image", tooltip="The person in the scene.")],
        )

    @classmethod
    def execute(
        cls, image, person, scene, light, scene_light=None, correspondence=None, surface=None, figure=None,
        strength=1.0, exposure=0.0,
    ) -> io.NodeOutput:  # fmt: skip
        pictures, scenes = host.image_to_engine(image), host.image_to_engine(scene)
        people, options = host.mask_to_engine(person), HarmoniseOptions(strength, exposure)
        more = (correspondence, surface, scene_light, figure, options, host.progress())
        return io.NodeOutput(host.image_from_engine(harmonised(pictures, people, scenes, light, *more)))


def _share(name: str, tooltip: str) -> io.Input:
    return io.Float.Input(name, default=1.0, min=0.0, max=2.0, step=0.05, tooltip=tooltip)
