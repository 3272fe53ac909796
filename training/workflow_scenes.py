"""The shipped workflows of sets with other scenes or a movement, said as columns of nodes: see workflow_pages.py."""

from __future__ import annotations

from workflow_pages import (
    AMBER,
    BLUE,
    CHECK,
    GREEN,
    PHOTO,
    PHOTO_GROUP,
    PURPLE,
    READ,
    RED,
    Group,
    Node,
    checked,
    completed,
    warped,
)
from workflow_sets import (
    EDITORIAL_POSES,
    SOCIAL_POSES,
    WALK_POSES,
    check_group,
    pose_set,
    reposed,
    save_sheet,
    sheet,
)

SCENE_WORKFLOWS = {
    "Change background": (
        PHOTO_GROUP,
        Group(
            "2  New background",
            PURPLE,
            "**Choose the new background.** It fills the frame, its middle first.\n\nA picture of somebody who stands"
            " in that scene? Read its light with another *Estimate Light* and connect it to *scene_light*: the person"
            " is then lit from where the scene is lit.",
            (Node("scene", "LoadImage", (360, 420), PHOTO.values, title="Background"),),
            220,
        ),
        Group(
            "3  Read the person",
            GREEN,
            "*Garment Segmentation* cuts the person out, *Correct Skeleton* tells where the feet stand.\n\nTo repose as"
            " well, put *Repose* before all this.",
            (*READ,),
            180,
        ),
        Group(
            "4  Light and feet",
            AMBER,
            "From where the person is lit, and how they stand.",
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
                    "correct",
                    "ReposeCorrectSkeleton",
                    (340, 480),
                    {"elbow": 180.0, "knee": 180.0, "ground": False},
                    {"figure": "keypoints.keypoints", "image": "photo.IMAGE"},
                ),
            ),
        ),
        Group(
            "5  Into the scene",
            RED,
            "*Harmonise with Scene* brings the person into the scene's colour and light, without a rim of the old"
            " background, and with a shadow on the floor. *exposure* is in stops.\n\nThe light is changed on purpose"
            " here: *Photometric Check*, which holds it against the photo's, belongs before this step.",
            (
                Node(
                    "lit",
                    "ReposeHarmonise",
                    (340, 260),
                    {"strength": 1.0, "exposure": 0.0},
                    {
                        "image": "photo.IMAGE",
                        "person": "garments.person",
                        "scene": "scene.IMAGE",
                        "light": "light.light",
                        "surface": "light.surface",
                        "figure": "correct.skeleton",
                    },
                ),
                Node(
                    "save",
                    "SaveImage",
                    (480, 620),
                    {"filename_prefix": "background"},
                    {"images": "lit.image"},
                ),
            ),
            240,
        ),
    ),
    "Walk cycle": (
        Group(
            "1  Photo",
            BLUE,
            f"{PHOTO_GROUP.note}\n\n*Scale Image to Total Pixels* makes it as large as the video is to be.",
            (
                PHOTO,
                Node(
                    "scaled",
                    "ImageScaleToTotalPixels",
                    (440, 130),
                    {"upscale_method": "area", "megapixels": 1.0, "resolution_steps": 8},
                    {"image": "photo.IMAGE"},
                ),
                PHOTO_GROUP.nodes[1],
            ),
            200,
        ),
        Group(
            "2  Read the person",
            GREEN,
            "133 points, and the clothes.",
            (
                Node(
                    "keypoints",
                    "ReposeKeypoints",
                    (340, 480),
                    {"backend": "automatic", "person": 0, "runtime": "torch"},
                    {"image": "scaled.IMAGE"},
                ),
                Node(
                    "garments",
                    "ReposeGarmentSegmentation",
                    (340, 640),
                    {"backend": "default"},
                    {"image": "scaled.IMAGE", "keypoints": "keypoints.keypoints"},
                ),
            ),
        ),
        Group(
            "3  Movement",
            PURPLE,
            "**The key poses of a walk**, and *Pose Sequence* makes the frames between them, round to the first again:"
            " 4 keys of 6 frames are one second.\n\nMotion capture instead? Connect *Pose from File* to *pose* of"
            " *Retarget Pose*. *steady* keeps feet that stand where they are.",
            (
                Node("poses", "ReposePoseSet", (340, 420), {"poses": WALK_POSES}),
                Node(
                    "sequence",
                    "ReposePoseSequence",
                    (340, 420),
                    {"frames": 6, "ease": False, "loop": True},
                    {"start": "poses.pose"},
                ),
                Node(
                    "retarget",
                    "ReposeRetargetPose",
                    (340, 470),
                    {"place": "source", "limits": True, "steady": True},
                    {"keypoints": "keypoints.keypoints", "pose": "sequence.pose"},
                ),
            ),
            240,
        ),
        Group(
            "4  Move",
            AMBER,
            "Every frame is moved out of the one photo: the cloth's texture is the photo's in all of them. What the"
            " photo never showed is filled once and shown again (*Occlusion Fill*).",
            (
                Node(
                    "room",
                    "ReposeRestoreBackground",
                    (340, 60),
                    links={"image": "scaled.IMAGE", "mask": "garments.person"},
                ),
                warped((340, 230), "garments.garments", image="scaled.IMAGE"),
                completed("repose", "garments.garments", "scaled.IMAGE"),
            ),
            180,
        ),
        Group(
            "5  Check",
            GREEN,
            CHECK,
            (
                checked(
                    "warp",
                    image="scaled.IMAGE",
                    result="repose.image",
                    garments="garments.garments",
                    target="retarget.target",
                ),
            ),
            220,
        ),
        Group(
            "6  Video",
            RED,
            "Core's own nodes. **fps** 24: two steps a second, as people walk. The video loops without a jump.",
            (
                Node(
                    "video",
                    "CreateVideo",
                    (340, 120),
                    {"fps": 24.0, "bit_depth": 8},
                    {"images": "check.image"},
                ),
                Node(
                    "save",
                    "SaveVideo",
                    (480, 620),
                    {"filename_prefix": "video/walk", "format": "auto", "codec": "auto"},
                    {"video": "video.VIDEO"},
                ),
            ),
        ),
    ),
    "Social batch": (
        Group(
            "1  Photos",
            BLUE,
            "**Make a folder `hero shots` in ComfyUI's input folder and put your photos there**: one person in each, a"
            " file for each article; its name is the SKU.\n\n**First time?** Run *Repose Models*.",
            (PHOTO_GROUP.nodes[1],),
            200,
        ),
        pose_set(SOCIAL_POSES, "Three to five poses for every photo."),
        Group(
            "3  New backgrounds",
            GREEN,
            "**Choose two backgrounds**; they are taken in turn. To keep each photo's own, delete this group.",
            (
                Node("scene", "LoadImage", (360, 380), PHOTO.values, title="Background 1"),
                Node("other", "LoadImage", (360, 380), PHOTO.values, title="Background 2"),
                Node(
                    "scenes",
                    "ImageBatch",
                    (360, 60),
                    links={"image1": "scene.IMAGE", "image2": "other.IMAGE"},
                    title="Backgrounds",
                ),
            ),
        ),
        Group(
            "4  Batch",
            RED,
            "Every picture is checked and saved as it is made, into *folder* of ComfyUI's output folder, with"
            " **manifest.json** and **manifest.csv**.\n\n**Stopped? Run it again**: it makes only what is missing. What"
            " cannot be read or made is named in the report, and the rest goes on.",
            (
                Node(
                    "batch",
                    "ReposeFolder",
                    (480, 820),
                    {
                        "photos": "hero shots",
                        "folder": "social",
                        "longest": 1536,
                        "frame": "4:5",
                        "format": "JPEG",
                        "check": True,
                    },
                    {"pose": "poses.pose", "scenes": "scenes.IMAGE"},
                ),
                Node("report", "PreviewAny", (480, 240), links={"source": "batch.report"}, title="Report"),
            ),
            220,
        ),
    ),
    "Editorial board": (
        PHOTO_GROUP,
        pose_set(EDITORIAL_POSES, "Each of them is shown in each background, at each distance."),
        Group(
            "3  Backgrounds",
            GREEN,
            "**Choose two backgrounds.**",
            (
                Node("scene", "LoadImage", (360, 380), PHOTO.values, title="Background 1"),
                Node("other", "LoadImage", (360, 380), PHOTO.values, title="Background 2"),
            ),
            60,
        ),
        reposed("The frame grows where a pose needs room.", 4, frame="extend"),
        check_group(5),
        Group(
            "6  Into the scenes",
            PURPLE,
            "*Harmonise with Scene* brings the person into each background's colour and light.",
            tuple(
                Node(
                    f"in_{scene}",
                    "ReposeHarmonise",
                    (340, 260),
                    {"strength": 1.0, "exposure": 0.0},
                    {
                        "image": "check.image",
                        "person": "repose.person",
                        "scene": f"{scene}.IMAGE",
                        "light": "repose.light",
                        "correspondence": "repose.correspondence",
                        "figure": "repose.target",
                    },
                )
                for scene in ("scene", "other")
            ),
        ),
        Group(
            "7  Framing",
            AMBER,
            "*Camera Distance* cuts by the skeleton, between joints: *full*, *three-quarter*, *half*, *close-up*.",
            tuple(
                Node(
                    key,
                    "ReposeCameraDistance",
                    (340, 180),
                    {"distance": distance, "shape": "4:5"},
                    {"image": image, "person": "repose.person", "target": "repose.target"},
                )
                for key, distance, image in (
                    ("full", "full", "in_scene.image"),
                    ("near", "three-quarter", "in_other.image"),
                    ("close", "half", "check.image"),
                )
            ),
        ),
        Group(
            "8  Board",
            RED,
            "A row for each connected picture input; **rows** names them. The captions are the poses' names.",
            (
                sheet(
                    "Pre-visualisation",
                    420,
                    ground="light grey",
                    rows="background 1, full\nbackground 2, three-quarter\nas photographed, half",
                    image="full.image",
                    image_2="near.image",
                    image_3="close.image",
                    captions="poses.names",
                ),
                save_sheet("editorial board", title="Board"),
            ),
        ),
    ),
}
