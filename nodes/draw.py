"""Poses as pictures: control pictures for ControlNets."""

from __future__ import annotations

import torch
from comfy_api.latest import io, ui

from ..pipelines.draw import draw_pose
from ..pipelines.geometry.formats.openpose import read_openpose
from . import host, sockets


class DrawPose(io.ComfyNode):
    """A pose in the colours that OpenPose ControlNets were trained on."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeDrawPose",
            display_name="Draw Pose",
            category=f"{sockets.CATEGORY}/Pose",
            description="Draws poses on black in the colours of OpenPose and DWPose, for a ControlNet.",
            search_aliases=["openpose", "dwpose", "skeleton", "control picture", "pose keypoints"],
            inputs=[
                io.MultiType.Input(
                    "pose",
                    [sockets.PoseKeypoint, sockets.Keypoints],
                    tooltip="Keypoints of this pack, of core's SDPose or of the controlnet_aux pack.",
                ),
                _side("width"),
                _side("height"),
                io.Boolean.Input(
                    "thick",
                    default=False,
                    tooltip="Thicker sticks for large pictures: ControlNets for SDXL lose thin limbs.",
                ),
                io.Boolean.Input("body", default=True, tooltip="Draw the body."),
                io.Boolean.Input("hands", default=True, tooltip="Draw the fingers."),
                io.Boolean.Input("face", default=True, tooltip="Draw the points of the face."),
            ],
            outputs=[io.Image.Output("image", tooltip="One control picture per pose of the batch.")],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, pose, width: int, height: int, thick: bool, body: bool, hands: bool, face: bool):
        parts = {"body": body, "hands": hands, "face": face}
        drawn = drawn_poses(pose, (height, width), thick, parts, host.progress())
        image = host.image_from_engine(drawn)
        return io.NodeOutput(image, ui=ui.PreviewImage(image, cls=cls))


def drawn_poses(pose, size: tuple[int, int], thick: bool, parts: dict[str, bool], tell) -> torch.Tensor:
    """(B, 3, H, W): one control picture per frame; a side of 0 takes the frame's own."""
    pictures = []
    for index, (people, canvas) in enumerate(frames := people_and_canvas(pose)):
        tell(index / len(frames))
        pictures.append(draw_pose(people, (size[0] or canvas[0], size[1] or canvas[1]), thick=thick, **parts))
    return _one_batch(pictures)


def people_and_canvas(pose: object) -> list[tuple[list[sockets.KeypointsValue], tuple[int, int]]]:
    """The people and the (height, width) of each picture, from either kind of socket."""
    given = pose if isinstance(pose, list) else [pose]
    if not given:
        raise ValueError("the pose is empty: connect keypoints of at least one picture")
    if all(isinstance(person, sockets.KeypointsValue) for person in given):
        return [([person], person.canvas) for person in given]
    people = read_openpose(given)
    canvases = [(int(frame["canvas_height"]), int(frame["canvas_width"])) for frame in given]
    return list(zip(people, canvases, strict=True))


def _one_batch(pictures: list[torch.Tensor]) -> torch.Tensor:
    sizes = {tuple(picture.shape[-2:]) for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"the poses have canvases of different sizes {sorted(sizes)}: set width and height")
    return torch.cat(pictures)


def _side(name: str) -> io.Input:
    return io.Int.Input(
        name,
        default=0,
        min=0,
        max=8192,
        step=8,
        tooltip=f"The control picture's {name} in pixels; 0 takes the one of the picture the pose came from.",
    )
