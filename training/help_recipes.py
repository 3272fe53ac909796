"""What the help pages show of each node, made by running it on the demo's photo (openpeople's P001, MIT)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from types import SimpleNamespace
from typing import Any

PHOTO_HEIGHT = 1376
"""Of the photo, in pixels: half of its own."""

Panels = list[tuple[str, Any]]
"""Words and a picture: IMAGE (1, h, w, 3) or MASK (1, h, w)."""


class Bench:
    """The nodes, called as ComfyUI calls them, and what most recipes start from; each step is run once."""

    def __init__(self, nodes: Iterable[Any]):
        self.nodes = {node.GET_SCHEMA().node_id: node for node in nodes}

    def run(self, node_id: str, **inputs: Any) -> SimpleNamespace:
        """The node's outputs by their ids; widgets that are not named have their defaults."""
        import torch

        node = self.nodes[node_id]
        schema = node.GET_SCHEMA()
        given = {i.id: i.default for i in schema.inputs if getattr(i, "default", None) is not None} | inputs
        with torch.inference_mode():
            made = node.PREPARE_CLASS_CLONE(None).execute(**given)
        named = zip(schema.outputs, made.args, strict=True)
        return SimpleNamespace(**{out.id or out.display_name: value for out, value in named})

    @cached_property
    def photo(self):
        """IMAGE of the demo's photo."""
        from repose.pipelines.picture import read_picture

        from setup import demo

        return scaled(read_picture(demo.photo()), PHOTO_HEIGHT).movedim(1, -1)

    @cached_property
    def printed(self):
        """The photo with a slogan on the chest."""
        import numpy as np
        import torch
        from PIL import Image, ImageDraw, ImageFont

        picture = Image.fromarray((self.photo[0].numpy() * 255).round().astype("uint8"))
        x, y = (float(n) for n in self.keypoints.keypoints[0].points[[5, 6]].mean(0))
        pen = ImageDraw.Draw(picture)
        for text, down in (("STAND", 110), ("TALL", 165)):
            pen.text((x, y + down), text, fill=(40, 60, 120), font=ImageFont.load_default(54), anchor="mm")
        return torch.from_numpy(np.array(picture)).float()[None] / 255

    @cached_property
    def keypoints(self):
        return self.run("ReposeKeypoints", image=self.photo)

    @cached_property
    def garments(self):
        return self.run("ReposeGarmentSegmentation", image=self.photo, keypoints=self.keypoints.keypoints)

    @cached_property
    def room(self):
        return self.run("ReposeRestoreBackground", image=self.photo, mask=self.garments.person).image

    def pose(self, name: str):
        """A pose of the library."""
        return self.run("ReposePoseLibrary", pose=name)

    @cached_property
    def retargeted(self):
        pose = self.pose("hands/waving").pose
        return self.run("ReposeRetargetPose", keypoints=self.keypoints.keypoints, pose=pose)

    @cached_property
    def warped(self):
        clothes, way = self.garments, self.retargeted
        return self.run(
            "ReposeWarpBody", image=self.photo, mask=clothes.person, source=way.source, target=way.target,
            regions=clothes.regions, background=self.room, garments=clothes.garments,
        )  # fmt: skip

    @cached_property
    def moved(self) -> dict[str, Any]:
        """What most nodes behind the warp ask for."""
        names = ("person", "correspondence")
        return {name: getattr(self.warped, name) for name in names} | {"garments": self.garments.garments}

    @cached_property
    def filled(self):
        return self.run("ReposeOcclusionFill", image=self.warped.image, **self.moved)

    @cached_property
    def light(self):
        return self.run(
            "ReposeEstimateLight", image=self.photo, keypoints=self.keypoints.keypoints,
            garments=self.garments.garments,
        )  # fmt: skip

    @cached_property
    def lit(self):
        light = {"light": self.light.light, "surface": self.light.surface}
        return self.run("ReposeRelight", image=self.filled.image, **self.moved, **light)

    @cached_property
    def scene(self):
        """A warm evening: the room of the photo with other colours, and a floor."""
        import torch

        height, width = self.photo.shape[1:3]
        down = torch.linspace(0, 1, height)[:, None, None]
        sky, floor = torch.tensor([0.93, 0.62, 0.42]), torch.tensor([0.36, 0.25, 0.2])
        ground = torch.where(down > 0.72, floor * (1.4 - 0.5 * down), sky * (1 - 0.35 * down))
        return ground.expand(height, width, 3)[None].contiguous()


def _reposed(bench: Bench) -> Panels:
    poses = ("casual/contrapposto", "hands/waving", "movement/walking")
    made = [bench.run("ReposePhoto", image=bench.photo, pose=pose).image for pose in poses]
    return [("photo", bench.photo), *zip(poses, made, strict=True)]


def _override(bench: Bench) -> Panels:
    import torch

    mask = torch.zeros_like(bench.garments.person)
    x, y = (int(n) for n in bench.keypoints.keypoints[0].points[[11, 12]].mean(0))
    mask[:, y - 60 : y + 20, x - 90 : x + 90] = 1
    named = bench.run(
        "ReposeOverrideGarments", garments=bench.garments.garments, mask=mask, region="outer", how="add"
    )
    painted = bench.photo * (1 - 0.6 * mask[..., None]) + 0.6 * mask[..., None]
    after = bench.run("ReposeGarmentMask", garments=named.garments, region="outer").mask
    return [("as found", bench.garments.preview), ("painted", painted), ("now called outer", after)]


def _print_patches(bench: Bench) -> Panels:
    found = bench.run("ReposeRigidPatches", image=bench.printed, garments=bench.garments.garments)
    return [("photo with a print", bench.printed), ("patches", found.preview), ("rigid", found.rigid)]


def _checked(bench: Bench) -> Panels:
    wrong = bench.lit.image.clone()
    wrong[..., 0] = (wrong[..., 0] * 1.12).clamp(0, 1)
    wrong[..., 2] = wrong[..., 2] * 0.88
    rows = []
    for words, result in (("reposed", bench.lit.image), ("made too warm", wrong)):
        done = bench.run(
            "ReposePhotometricCheck", image=bench.photo, result=result, **bench.moved,
            light=bench.light.light, target=bench.retargeted.target,
        )  # fmt: skip
        rows += [(words, result), ("passed" if done.passed else "failed", done.heat_map)]
    return rows


def _upscaled(bench: Bench) -> Panels:
    """The reposed picture was made at half the photo's size."""
    from repose.pipelines.picture import read_picture

    from setup import demo

    whole = read_picture(demo.photo()).movedim(1, -1)
    done = bench.run(
        "ReposeReferenceUpscale", result=bench.warped.image, image=whole, size="photo",
        correspondence=bench.warped.correspondence, garments=bench.garments.garments,
    )  # fmt: skip
    plain = scaled(bench.warped.image.movedim(-1, 1), done.image.shape[1]).movedim(1, -1)
    frame = bench.retargeted.pose_keypoint[0]
    scale = done.image.shape[1] / frame["canvas_height"]
    x, y = (round(n * scale) for n in frame["people"][0]["pose_keypoints_2d"][:2])
    faces = [one[:, y - 130 : y + 130, x - 130 : x + 130] for one in (plain, done.image)]
    return [("only enlarged", faces[0]), ("with the photo's detail", faces[1])]


def _frames(bench: Bench) -> Panels:
    poses = bench.run("ReposePoseSet", poses="casual/contrapposto\nmascot/arms wide").pose
    made = bench.run("ReposeFillFrames", image=bench.photo, pose=poses, frames="9:16 1:1 16:9")
    return [("photo", bench.photo), *zip(made.names, made.image, strict=True)]


def _distances(bench: Bench) -> Panels:
    from repose.pipelines.sets.distances import DISTANCES

    given = {"image": bench.lit.image, "person": bench.warped.person, "target": bench.retargeted.target}
    return [(name, bench.run("ReposeCameraDistance", **given, distance=name).image) for name in DISTANCES]


def _from_picture(bench: Bench) -> Panels:
    stick = bench.run("ReposeDrawPose", pose=bench.retargeted.pose_keypoint).image
    read = bench.run("ReposePoseFromPicture", image=stick)
    other = bench.run("ReposePoseFromPicture", image=bench.photo)
    return [
        ("a skeleton", stick),
        ("its pose", read.preview),
        ("a photo", bench.photo),
        ("its pose", other.preview),
    ]


def _seated(bench: Bench) -> Panels:
    poses = ("seated/seated", "seated/on a stool front")
    rows = []
    for pose in poses:
        without = bench.run("ReposePhoto", image=bench.photo, pose=pose, seat=False)
        given = {"person": without.person, "target": without.target, "light": without.light}
        made = bench.run("ReposeSeat", image=without.image, pose=bench.pose(pose).pose, **given)
        rows += [(pose, without.image), ("with a seat", made.image)]
    return rows


def _sheet(bench: Bench) -> Panels:
    made = bench.run(
        "ReposeContactSheet", image=[bench.warped.image, bench.filled.image, bench.lit.image], photo=[bench.photo],
        columns=[4], height=[400], title=["Waving, step by step"], ground=["white"], rows=[""],
        captions=["moved\nfilled\nlit"],
    )  # fmt: skip
    return [("", made.image)]


def _several(name: str, output: str = "preview", **inputs: Any) -> Callable[[Bench], Panels]:
    """All pictures of a node's batch."""

    def panels(bench: Bench) -> Panels:
        given = {key: value(bench) if callable(value) else value for key, value in inputs.items()}
        made = getattr(bench.run(name, **given), output)
        return [("", made[i : i + 1]) for i in range(min(len(made), 5))]

    return panels


RECIPES: dict[str, Callable[[Bench], Panels]] = {
    "ReposePhoto": _reposed,
    "ReposeKeypoints": lambda b: [("photo", b.photo), ("133 points", b.keypoints.preview)],
    "ReposePersonMask": lambda b: [
        ("photo", b.photo),
        ("mask", b.run("ReposePersonMask", image=b.photo, keypoints=b.keypoints.keypoints).mask),
    ],
    "ReposeGarmentSegmentation": lambda b: [
        ("photo", b.photo),
        ("regions", b.garments.preview),
        ("upper", b.garments.upper),
        ("skin", b.garments.skin),
    ],
    "ReposeGarmentMask": lambda b: [
        ("regions", b.garments.preview),
        ("lower", b.run("ReposeGarmentMask", garments=b.garments.garments, region="lower").mask),
    ],
    "ReposeOverrideGarments": _override,
    "ReposePoseLibrary": lambda b: [
        (name, b.pose(name).preview)
        for name in ("casual/contrapposto", "editorial/power stance", "movement/jump", "seated/cross-legged")
    ],
    "ReposePoseFromPicture": _from_picture,
    "ReposePoseFile": _several("ReposePoseFile", file="example: walk.bvh", first=0, count=5, every=6),
    "ReposePoseVariations": _several(
        "ReposePoseVariations", pose=lambda b: b.pose("casual/contrapposto").pose, count=5, seed=1
    ),
    "ReposePoseSequence": _several(
        "ReposePoseSequence",
        start=lambda b: b.pose("casual/relaxed").pose,
        end=lambda b: b.pose("hands/waving").pose,
        frames=5,
    ),
    "ReposeRetargetPose": lambda b: [
        ("pose", b.pose("hands/waving").preview),
        ("photo", b.photo),
        ("the pose on this body", b.retargeted.preview),
    ],
    "ReposeCorrectSkeleton": lambda b: [
        ("before faint, after bright", b.run("ReposeCorrectSkeleton", figure=b.retargeted.target).preview)
    ],
    "ReposeDrawPose": lambda b: [
        ("reposed", b.lit.image),
        ("control picture", b.run("ReposeDrawPose", pose=b.retargeted.pose_keypoint).image),
    ],
    "ReposeMaterial": lambda b: [
        ("photo", b.photo),
        ("measured", b.run("ReposeMaterial", image=b.photo, garments=b.garments.garments).preview),
    ],
    "ReposeRigidPatches": _print_patches,
    "ReposeWarpBody": lambda b: [
        ("photo", b.photo),
        ("moved", b.warped.image),
        ("visible", b.warped.visible),
        ("hidden", b.warped.hidden),
    ],
    "ReposeRestoreBackground": lambda b: [("photo", b.photo), ("the room alone", b.room)],
    "ReposeOcclusionFill": lambda b: [
        ("from Warp Body", b.warped.image),
        ("filled", b.filled.image),
        ("where", b.filled.filled),
    ],
    "ReposeEstimateLight": lambda b: [("photo", b.photo), ("its light on two balls", b.light.preview)],
    "ReposeRelight": lambda b: [("as it was moved", b.filled.image), ("in the photo's light", b.lit.image)],
    "ReposeHarmonise": lambda b: [
        ("reposed", b.lit.image),
        ("scene", b.scene),
        (
            "in the scene",
            b.run(
                "ReposeHarmonise", image=b.lit.image, person=b.warped.person, scene=b.scene, light=b.light.light,
                correspondence=b.warped.correspondence, figure=b.retargeted.target,
            ).image,
        ),
    ],
    "ReposePhotometricCheck": _checked,
    "ReposeReframe": lambda b: [
        ("photo", b.photo),
        ("16:9", b.run("ReposeReframe", image=b.photo, mask=b.garments.person, frame="16:9").image),
    ],
    "ReposeVolumetricReposer": lambda b: [
        ("photo", b.photo),
        (
            "reposed by the network",
            b.run(
                "ReposeVolumetricReposer", image=b.photo, source=b.retargeted.source, target=b.retargeted.target,
                background=b.room,
            ).image,
        ),
    ],
    "ReposePoseConditioning": lambda b: list(
        vars(
            b.run(
                "ReposePoseConditioning", pose=b.retargeted.pose_keypoint,
                correspondence=b.warped.correspondence,
            )
        ).items()
    ),
    "ReposeReferenceUpscale": _upscaled,
    "ReposePoseSet": _several("ReposePoseSet"),
    "ReposeFillFrames": _frames,
    "ReposeCameraDistance": _distances,
    "ReposeContactSheet": _sheet,
    "ReposeSeat": _seated,
    "ReposeStickers": lambda b: [
        ("reposed", b.lit.image),
        ("sticker", b.run("ReposeStickers", image=b.lit.image, person=b.warped.person).stickers),
    ],
}  # fmt: skip
"""What is shown of a node; of any other the node itself, as the page draws it."""


def scaled(picture, height: int):
    """(1, C, h, w) at a height."""
    import torch.nn.functional as F

    width = max(1, round(picture.shape[-1] * height / picture.shape[-2]))
    return F.interpolate(picture, (height, width), mode="bilinear", antialias=True).clamp(0, 1)
