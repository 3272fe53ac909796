"""The shipped workflows, said as columns of nodes; workflows.py writes them as ComfyUI saves them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Model:
    """A file that a node loads, for the page's download dialog: name, address, folder of models/."""

    name: str
    url: str
    directory: str


@dataclass(frozen=True)
class Node:
    """type, size (width, height), widget values by name, links as {input: "key.output"}, models that it loads."""

    key: str
    type: str
    size: tuple[int, int]
    values: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    title: str = ""
    models: tuple[Model, ...] = ()


@dataclass(frozen=True)
class Group:
    """A titled column of nodes, a note first."""

    title: str
    colour: str
    note: str
    nodes: tuple[Node, ...]
    note_height: int = 150


BLUE, GREEN, PURPLE, AMBER, RED = "#3f789e", "#3f7e4e", "#6f4e8e", "#a1793a", "#9e4f4f"

PHOTO = Node("photo", "LoadImage", (440, 520), {"image": "example.png", "upload": "image"})
SAVE = {"filename_prefix": "repose"}

DRAW = {"width": 0, "height": 0, "thick": False, "body": True, "hands": True, "face": True}

PHOTO_GROUP = Group(
    "1  Photo",
    BLUE,
    "**Choose a photo with one person in it**, best from head to foot. The example picture that comes with ComfyUI"
    " shows nobody: replace it.\n\n**First time?** Run *Repose Models* (below): it says which network is missing and"
    " where its file goes.",
    (PHOTO, Node("models", "ReposeModels", (440, 620), {"what": "check"})),
)

READ = (
    Node(
        "keypoints",
        "ReposeKeypoints",
        (340, 480),
        {"backend": "automatic", "person": 0, "runtime": "torch"},
        {"image": "photo.IMAGE"},
    ),
    Node(
        "garments",
        "ReposeGarmentSegmentation",
        (340, 640),
        {"backend": "default"},
        {"image": "photo.IMAGE", "keypoints": "keypoints.keypoints"},
    ),
)


def warped(size: tuple[int, int], garments: str, image: str | None = "photo.IMAGE") -> Node:
    """Warp Body behind nodes with the usual keys; image None where a subgraph's own socket gives it."""
    links = {
        "mask": "garments.person",
        "source": "retarget.source",
        "target": "retarget.target",
        "regions": "garments.regions",
        "background": "room.image",
        "garments": garments,
    }
    return Node("warp", "ReposeWarpBody", size, links=links if image is None else {"image": image} | links)


def completed(key: str, garments: str, photo: str | None) -> Node:
    """Occlusion Fill behind `warped`; photo None: of a blueprint, which gives it to the node itself."""
    links = {
        "image": "warp.image",
        "person": "warp.person",
        "correspondence": "warp.correspondence",
        "garments": garments,
    }
    links |= {} if photo is None else {"photo": photo}
    return Node(key, "ReposeOcclusionFill", (340, 180), {"colours": "warp"}, links)


LIMITS = {
    "on_failure": "show",
    "direction": 12.0,
    "contrast": 0.2,
    "temperature": 6.0,
    "tint": 0.003,
    "limb": 3.0,
    "skin": 4.5,
    "garment": 5.0,
    "doubt": 1.0,
    "shadow": 60.0,
}


def checked(origin: str, **links: str) -> Node:
    """Photometric Check on what a node `origin` made of the photo."""
    own = {name: f"{origin}.{name}" for name in ("person", "correspondence")}
    given = {"image": "photo.IMAGE", "result": f"{origin}.image", **own, **links}
    return Node("check", "ReposePhotometricCheck", (360, 620), LIMITS, given)


WHOLE = {"garments": "repose.garments", "light": "repose.light", "target": "repose.target"}
CHECK = (
    "*Photometric Check* holds the light on the result against the photo's: red is what departs, the report says by"
    " how much. A failure is shown and the picture saved all the same; *on_failure* can stop the workflow instead."
)

WORKFLOWS = {
    "Pose from a picture": (
        PHOTO_GROUP,
        Group(
            "2  Pose picture",
            PURPLE,
            "**Choose a picture in the wanted pose**: a photo, a mannequin, a stick figure, a drawing, or an OpenPose"
            " skeleton. *kind* automatic tells them apart.\n\nA BVH clip or a JSON file? Put it into ComfyUI's input"
            " folder and use *Pose from File* instead.",
            (
                Node("picture", "LoadImage", (360, 420), PHOTO.values, title="Pose picture"),
                Node(
                    "pose",
                    "ReposePoseFromPicture",
                    (360, 520),
                    {"person": 0, "mirror": False, "kind": "automatic"},
                    {"image": "picture.IMAGE"},
                ),
            ),
            180,
        ),
        Group(
            "3  Make it possible",
            GREEN,
            "*Correct Skeleton* brings the pose inside what joints can do, by the smallest change, and says what it"
            " changed. Before is faint, after is bright.\n\n*Save Pose* writes the pose for other programs;"
            " its format *my poses* keeps it in your own pose list instead: press R to see it there.",
            (
                Node(
                    "correct",
                    "ReposeCorrectSkeleton",
                    (360, 560),
                    {"elbow": 170.0, "knee": 170.0, "ground": True},
                    {"figure": "pose.pose"},
                ),
                Node("report", "PreviewAny", (360, 200), links={"source": "correct.report"}, title="Report"),
                Node(
                    "keep",
                    "ReposeSavePose",
                    (360, 130),
                    {"name": "from a picture", "format": "OpenPose"},
                    {"figure": "correct.pose"},
                ),
            ),
            180,
        ),
        Group(
            "4  Repose",
            AMBER,
            "*Repose* puts the person of the photo into the pose: angles from the pose picture, every bone's length"
            " from the person. *Draw Pose* makes the control picture for a diffusion model.",
            (
                Node(
                    "repose",
                    "ReposePhoto",
                    (360, 300),
                    {
                        "pose": "casual/contrapposto",
                        "place": "source",
                        "person": 0,
                        "frame": "keep",
                        "relight": 1.0,
                        "fill": True,
                        "seat": True,
                    },
                    {"image": "photo.IMAGE", "repose_pose": "correct.pose"},
                ),
                Node("draw", "ReposeDrawPose", (360, 470), DRAW, {"pose": "repose.pose_keypoint"}),
            ),
        ),
        Group(
            "5  Result",
            RED,
            f"Saved into ComfyUI's output folder.\n\n{CHECK}",
            (
                checked("repose", **WHOLE),
                Node("save", "SaveImage", (480, 620), SAVE, {"images": "check.image"}, "Reposed photo"),
            ),
            180,
        ),
    ),
    "Pose variations": (
        PHOTO_GROUP,
        Group(
            "2  Poses",
            PURPLE,
            "*Pose Variations* takes the same posture a second and a third time, as people do between two frames of a"
            " session. *seed* changes them, *strength* how far they go.\n\n*Pose Sequence* makes the frames between two"
            " poses, *Pose from File* reads motion capture.",
            (
                Node(
                    "pose", "ReposePoseLibrary", (340, 420), {"pose": "casual/contrapposto", "mirror": False}
                ),
                Node("other", "ReposePoseLibrary", (340, 420), {"pose": "hands/waving", "mirror": False}),
                Node(
                    "clip",
                    "ReposePoseFile",
                    (340, 540),
                    {
                        "file": "example: walk.bvh",
                        "first": 0,
                        "count": 4,
                        "every": 6,
                        "person": 0,
                        "mirror": False,
                    },
                ),
            ),
            180,
        ),
        Group(
            "3  Variations",
            GREEN,
            "One photo, several poses: connect all of them to *repose_pose* of *Repose*. The photo is read once.",
            (
                Node(
                    "variations",
                    "ReposePoseVariations",
                    (340, 480),
                    {"count": 3, "seed": 1, "control_after_generate": "fixed", "strength": 1.0},
                    {"pose": "pose.pose"},
                ),
                Node(
                    "sequence",
                    "ReposePoseSequence",
                    (340, 460),
                    {"frames": 4, "ease": True, "loop": False},
                    {"start": "pose.pose", "end": "other.pose"},
                ),
            ),
        ),
        Group(
            "4  Repose",
            AMBER,
            "Connect *Pose Sequence* or *Pose from File* instead of *Pose Variations* to *repose_pose* for the"
            " frames of a movement.",
            (
                Node(
                    "repose",
                    "ReposePhoto",
                    (340, 300),
                    {
                        "pose": "casual/contrapposto",
                        "place": "source",
                        "person": 0,
                        "frame": "keep",
                        "relight": 1.0,
                        "fill": True,
                        "seat": True,
                    },
                    {"image": "photo.IMAGE", "repose_pose": "variations.pose"},
                ),
            ),
        ),
        Group(
            "5  Result",
            RED,
            f"Saved into ComfyUI's output folder, a picture for each variation.\n\n{CHECK}",
            (
                checked("repose", **WHOLE),
                Node("save", "SaveImage", (480, 620), SAVE, {"images": "check.image"}, "Reposed photos"),
            ),
            180,
        ),
    ),
    "Prints and patterns": (
        PHOTO_GROUP,
        Group(
            "2  Read the person",
            GREEN,
            "*Whole-Body Keypoints* finds 133 points, *Garment Segmentation* tells the clothes apart. Something named"
            " wrongly? Paint a mask and connect *Override Garments* behind it.",
            READ,
        ),
        Group(
            "3  Know the clothes",
            BLUE,
            "*Material* measures cloth and patterns: choose a region and set what you know better. *Rigid Patches*"
            " finds prints, text and buttons, which then move in one piece; connect a painted mask for what it misses.",
            (
                Node(
                    "material",
                    "ReposeMaterial",
                    (360, 620),
                    {
                        "region": "none",
                        "fabric": "as measured",
                        "stiffness": -1.0,
                        "gloss": -1.0,
                        "sheerness": -1.0,
                        "pleats": -1.0,
                        "period": -1.0,
                        "direction": 90.0,
                        "second_opinion": "none",
                    },
                    {"image": "photo.IMAGE", "garments": "garments.garments"},
                ),
                Node(
                    "patches",
                    "ReposeRigidPatches",
                    (360, 480),
                    {"confidence": 0.45, "text_detector": "automatic"},
                    {"image": "photo.IMAGE", "garments": "material.garments"},
                ),
            ),
        ),
        Group(
            "4  Pose and move",
            AMBER,
            "**Pick a pose.** *Warp Body* moves the photo's own pixels: patches stay as they are, stripes and checks go"
            " on in step under an arm that leaves.",
            (
                Node("pose", "ReposePoseLibrary", (340, 420), {"pose": "hands/waving", "mirror": False}),
                Node(
                    "retarget",
                    "ReposeRetargetPose",
                    (340, 420),
                    {"place": "source", "limits": True, "steady": False},
                    {"keypoints": "keypoints.keypoints", "pose": "pose.pose"},
                ),
                Node(
                    "room",
                    "ReposeRestoreBackground",
                    (340, 60),
                    links={"image": "photo.IMAGE", "mask": "garments.person"},
                ),
                warped((340, 190), "patches.garments"),
            ),
        ),
        Group(
            "5  Result",
            RED,
            f"Saved into ComfyUI's output folder.\n\n{CHECK}",
            (
                checked("warp", garments="patches.garments", target="retarget.target"),
                Node("save", "SaveImage", (480, 620), SAVE, {"images": "check.image"}, "Reposed photo"),
            ),
            180,
        ),
    ),
    "Repose a photo": (
        PHOTO_GROUP,
        Group(
            "2  Read the person",
            GREEN,
            "*Whole-Body Keypoints* finds 133 points; the node says which network read them and on what"
            " device.\n\nSeveral people? *person* 0 is the largest.\n\n*Garment Segmentation* cuts the person out and"
            " tells hair, skin and clothes apart.",
            (replace(READ[0], size=(340, 520)), READ[1]),
        ),
        Group(
            "3  Pose",
            PURPLE,
            "**Pick a pose.** Or delete *Pose Library* and connect *Pose from Picture*, which takes the pose"
            " of somebody in another picture.\n\n*Retarget Pose* takes the angles from the pose and every"
            " bone's length from the person.",
            (
                Node(
                    "pose", "ReposePoseLibrary", (340, 470), {"pose": "casual/contrapposto", "mirror": False}
                ),
                Node(
                    "retarget",
                    "ReposeRetargetPose",
                    (340, 470),
                    {"place": "source", "limits": True, "steady": False},
                    {"keypoints": "keypoints.keypoints", "pose": "pose.pose"},
                ),
            ),
        ),
        Group(
            "4  Move",
            AMBER,
            "*Restore Background* takes the person out of the room. *Warp Body* moves the photo's own pixels"
            " into the new pose.\n\n*hidden* is what the photo never showed: a guess, and the mask for an"
            " inpainting of your own.",
            (
                Node(
                    "room",
                    "ReposeRestoreBackground",
                    (340, 60),
                    links={"image": "photo.IMAGE", "mask": "garments.person"},
                ),
                warped((340, 170), "garments.garments"),
                Node("hidden", "MaskPreview", (340, 420), links={"mask": "warp.hidden"}, title="Hidden"),
            ),
        ),
        Group(
            "5  Light",
            GREEN,
            "*Estimate Light* reads from where the person is lit: the balls are lit the same. *Relight* lights what"
            " turned; *strength* 0 leaves it as it was. *Seat* puts a plain block under who sits. A normal map of"
            " another network (MoGe) makes the estimate better: connect it to *normals*.",
            (
                Node(
                    "light",
                    "ReposeEstimateLight",
                    (340, 420),
                    links={
                        "image": "photo.IMAGE",
                        "keypoints": "keypoints.keypoints",
                        "garments": "garments.garments",
                    },
                ),
                Node(
                    "lit",
                    "ReposeRelight",
                    (340, 240),
                    {"strength": 1.0, "shadows": 1.0, "highlights": 1.0},
                    {
                        "image": "warp.image",
                        "person": "warp.person",
                        "correspondence": "warp.correspondence",
                        "light": "light.light",
                        "surface": "light.surface",
                        "garments": "garments.garments",
                    },
                ),
                Node(
                    "seat",
                    "ReposeSeat",
                    (340, 120),
                    links={
                        "image": "lit.image",
                        "person": "warp.person",
                        "target": "retarget.target",
                        "pose": "pose.pose",
                        "light": "light.light",
                    },
                ),
                Node(
                    "heat", "PreviewImage", (340, 420), links={"images": "check.heat_map"}, title="Heat map"
                ),
            ),
            180,
        ),
        Group(
            "6  Result",
            RED,
            f"The reposed photo is saved into ComfyUI's output folder.\n\n{CHECK}\n\n*Draw Pose* makes the control"
            " picture of the new pose, for going over the result with a diffusion model and an OpenPose"
            " ControlNet.",
            (
                checked(
                    "warp",
                    result="seat.image",
                    garments="garments.garments",
                    light="light.light",
                    target="retarget.target",
                ),
                Node("save", "SaveImage", (480, 620), SAVE, {"images": "check.image"}, "Reposed photo"),
                Node(
                    "draw",
                    "ReposeDrawPose",
                    (480, 470),
                    DRAW,
                    {"pose": "retarget.pose_keypoint"},
                ),
            ),
            240,
        ),
        Group(
            "7  Larger",
            BLUE,
            "*Reference Upscale* enlarges the result and puts the photo's own weave, prints and lashes back where the"
            " photo shows them; what a diffusion model has changed stays. *size* photo: as large as the photo.\n\nHave"
            " an upscale model (RealESRGAN)? Connect *Load Upscale Model* to *upscale_model*. The node shows a part at"
            " its own size, without the photo and with it; *before* and *after* go to *Compare Images*.",
            (
                Node(
                    "larger",
                    "ReposeReferenceUpscale",
                    (480, 560),
                    {"size": "4K", "megapixels": 12.0, "detail": 1.0, "grain": 1.0},
                    {
                        "result": "check.image",
                        "image": "photo.IMAGE",
                        "correspondence": "warp.correspondence",
                        "garments": "garments.garments",
                    },
                ),
                Node(
                    "save_larger",
                    "SaveImage",
                    (480, 420),
                    {"filename_prefix": "repose 4K"},
                    {"images": "larger.image"},
                    "Larger",
                ),
            ),
            240,
        ),
    ),
    "Repose in one node": (
        PHOTO_GROUP,
        Group(
            "2  Repose",
            PURPLE,
            "**Pick a pose**, or connect a picture of somebody in the wanted pose to *pose_picture*.\n\nThe"
            " workflow *Repose a photo* has the same steps one by one.",
            (
                Node(
                    "repose",
                    "ReposePhoto",
                    (340, 300),
                    {
                        "pose": "movement/walking",
                        "place": "source",
                        "person": 0,
                        "frame": "keep",
                        "relight": 1.0,
                        "fill": True,
                        "seat": True,
                    },
                    {"image": "photo.IMAGE"},
                ),
                Node("hidden", "MaskPreview", (340, 420), links={"mask": "repose.hidden"}, title="Hidden"),
            ),
        ),
        Group(
            "3  Result",
            RED,
            "Saved into ComfyUI's output folder. *Hidden*, on the left, is what the photo never showed: a"
            f" guess.\n\n{CHECK}",
            (
                checked("repose", **WHOLE),
                Node("save", "SaveImage", (480, 620), SAVE, {"images": "check.image"}, "Reposed photo"),
            ),
            180,
        ),
    ),
}
