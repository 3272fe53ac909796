"""The shipped workflows that make many pictures at once, said as columns of nodes: see workflow_pages.py."""

from __future__ import annotations

from workflow_pages import (
    AMBER,
    BLUE,
    CHECK,
    GREEN,
    PHOTO,
    PHOTO_GROUP,
    PURPLE,
    RED,
    WHOLE,
    Group,
    Node,
    checked,
)

REPOSE = {
    "pose": "casual/contrapposto",
    "place": "source",
    "person": 0,
    "frame": "keep",
    "relight": 1.0,
    "fill": True,
    "seat": True,
}
LIST = (
    "**A pose a line**, by its name in *Pose Library*. `seated/*` takes all of a folder, `mirrored` at the end swaps"
    " left and right, `hero = editorial/power stance` gives a name of your own. Poses that you saved are `mine/NAME`."
)
CATALOGUE = """front = catalogue/front
three-quarter left = catalogue/three-quarter left
three-quarter right = catalogue/three-quarter right
side = catalogue/side left
back = catalogue/back"""
FRAME_POSES = """casual/contrapposto
hands/hands on hips
editorial/power stance
hands/waving
mascot/presenting
mascot/arms wide
movement/dance lunge
seated/cross-legged"""
MASCOT_POSES = """mascot/*
hands/waving
hands/pointing
hands/hands on hips
hands/hand on hip
hands/thinking
casual/feet apart
catalogue/arms away
editorial/power stance
movement/dance step
movement/dance arms up
movement/jump"""
SEATED_POSES = """chair = seated/seated
chair, legs crossed = seated/legs crossed on a chair
stool = seated/on a stool front
floor = seated/cross-legged
wheelchair = seated/wheelchair
wheelchair, waving = seated/wheelchair waving"""
AB_POSES = """static/front = catalogue/front
static/relaxed = casual/relaxed
dynamic/contrapposto = casual/contrapposto
dynamic/walking = movement/walking"""
EDITORIAL_POSES = """power stance = editorial/power stance
crossed step = editorial/crossed step
hands in pockets = hands/hands in pockets"""
STYLING_POSES = """contrapposto = casual/contrapposto
hands on hips = hands/hands on hips
power stance = editorial/power stance
waving = hands/waving"""
WALK_POSES = """movement/walking
movement/walking passing
movement/walking mirrored
movement/walking passing mirrored"""
SOCIAL_POSES = """casual/contrapposto
hands/hands on hips
hands/waving"""
TRAINING_POSES = """casual/relaxed
hands/hand on hip"""
NAMES = {"names": "poses.names"}
SCALED = Node(
    "scaled",
    "ImageScaleToTotalPixels",
    (440, 130),
    {"upscale_method": "lanczos", "megapixels": 1.0, "resolution_steps": 1},
    {"image": "photo.IMAGE"},
)


def pose_set(poses: str, note: str = "", title: str = "2  Poses") -> Group:
    """The list of poses, and what to change in it."""
    node = Node("poses", "ReposePoseSet", (360, 760), {"poses": poses})
    return Group(title, PURPLE, f"{note}\n\n{LIST}" if note else LIST, (node,), 260)


def reposed(note: str, number: int = 3, photo: str = "photo.IMAGE", **values) -> Group:
    """One photo in all of the poses."""
    links = {"image": photo, "repose_pose": "poses.pose"}
    repose = Node("repose", "ReposePhoto", (340, 400), {**REPOSE, **values}, links)
    hidden = Node("hidden", "MaskPreview", (340, 420), links={"mask": "repose.hidden"}, title="Hidden")
    return Group(f"{number}  Repose", AMBER, note, (repose, hidden), 200)


def check_group(number: int = 4) -> Group:
    """The light of all pictures."""
    return Group(f"{number}  Check", GREEN, CHECK, (checked("repose", **WHOLE),), 220)


def save_set(sku: str, folder: str, image: str = "check.image", **links: str) -> Node:
    """Pictures with a manifest."""
    more = {"photo": "photo.IMAGE", "names": "poses.names", "checks": "check.checks"}
    more |= {"person": "repose.person", "hidden": "repose.hidden", **links}
    values = {"sku": sku, "folder": folder, "format": "PNG"}
    return Node("save", "ReposeSaveSet", (420, 640), values, {"image": image, **more})


def sheet(
    title: str, height: int = 512, columns: int = 0, ground: str = "white", rows: str = "", **links: str
) -> Node:
    """A board."""
    values = {"columns": columns, "height": height, "title": title, "ground": ground, "rows": rows}
    return Node("sheet", "ReposeContactSheet", (480, 640), values, links)


def save_sheet(prefix: str, images: str = "sheet.image", title: str = "Contact sheet") -> Node:
    """The board's file."""
    return Node("save_sheet", "SaveImage", (480, 420), {"filename_prefix": prefix}, {"images": images}, title)


BOARD = {"image": "check.image", "photo": "photo.IMAGE", "captions": "poses.names"}
MANIFEST = (
    "*Save Set* writes `SKU_pose` files into its folder of ComfyUI's output folder, with **manifest.json** and"
    " **manifest.csv** beside them: pose, size, coverage, what the check found, sha256. **Give each article its own"
    " sku**; without one the files are named after the photo. Run again, the pictures of this photo are replaced; those"
    " of another photo never are."
)

SET_WORKFLOWS = {
    "Catalogue set": (
        PHOTO_GROUP,
        pose_set(CATALOGUE, "Front, both three-quarter views, side, back."),
        reposed(
            "One photo in all poses; it is read once.\n\n*hidden* is what the photo never showed: of a side or a back"
            " that is much. **Have a photo from behind?** Connect it to *second_picture*."
        ),
        check_group(),
        Group("5  Files", RED, MANIFEST, (save_set("", "catalogue"),), 240),
        Group(
            "6  Contact sheet",
            BLUE,
            "All of them side by side, the photo first. *columns* 0 makes the sheet about as wide as high.",
            (sheet("Catalogue", columns=6, **BOARD), save_sheet("catalogue sheet")),
        ),
    ),
    "Aspect ratios": (
        PHOTO_GROUP,
        pose_set(FRAME_POSES, "The poses to choose from: some upright, some wide, some low."),
        Group(
            "3  Frames",
            AMBER,
            "*Fill Frames* takes for each shape the pose whose figure fills it best. The figure is never cut: where"
            " the photo has no room, its background goes on.\n\n**frames**: width to height, with blanks between.",
            (
                Node(
                    "repose",
                    "ReposeFillFrames",
                    (340, 260),
                    {"frames": "9:16 4:5 1:1 4:3 16:9", "person": 0},
                    {"image": "photo.IMAGE", "pose": "poses.pose"},
                ),
            ),
            220,
        ),
        check_group(),
        Group("5  Files", RED, MANIFEST, (save_set("", "aspect ratios", names="repose.names"),), 240),
        Group(
            "6  Contact sheet",
            BLUE,
            "All shapes side by side.",
            (
                sheet("", 360, 3, image="check.image", captions="repose.names"),
                save_sheet("aspect ratios sheet"),
            ),
        ),
    ),
    "Mascot variations": (
        Group(
            "1  Character",
            BLUE,
            "**Choose a drawn or rendered character** on a plain ground, whole, limbs apart. It is moved as a jointed"
            " paper figure, and keeps its own proportions. Photos of people work too.\n\n**First time?** Run *Repose"
            " Models*: it says which network is missing and where its file goes.\n\n*Scale Image to Total Pixels*"
            " brings it to the size of a sticker: twenty large pictures at once would fill the memory.",
            (PHOTO, SCALED, PHOTO_GROUP.nodes[1]),
            260,
        ),
        pose_set(MASCOT_POSES, "Twenty poses: the mascots' own, and those that are seen from the front."),
        reposed(
            "The frame grows where arms need room (*frame* extend). *hidden* stays empty for flat drawings.",
            photo="scaled.IMAGE",
            frame="extend",
        ),
        Group(
            "4  Check",
            GREEN,
            f"{CHECK}\n\nOf a drawing there is no light to compare: the report then says so.",
            (checked("repose", **WHOLE, image="scaled.IMAGE"),),
            240,
        ),
        Group(
            "5  Stickers",
            PURPLE,
            "Each figure cut out, in its own colours up to the edge, with a border if *border* is over 0.",
            (
                Node(
                    "stickers",
                    "ReposeStickers",
                    (420, 560),
                    {"size": 512, "border": 0.015, "colour": "#ffffff"},
                    {"image": "check.image", "person": "repose.person"},
                ),
                save_sheet("sticker sheet", "stickers.sheet", "Sticker sheet, with alpha"),
            ),
        ),
        Group(
            "6  Files",
            RED,
            "A transparent PNG for each sticker, and a manifest.",
            (save_set("", "mascot", "stickers.stickers", photo="scaled.IMAGE"),),
        ),
    ),
    "Seated poses": (
        PHOTO_GROUP,
        pose_set(SEATED_POSES, "On a chair, a stool, the floor, in a wheelchair: one garment, seated."),
        reposed(
            "The person sits down where they stood, on a plain block in the photo's light (*seat*). **The pack draws no"
            " chair and no wheelchair**: give the picture one with an edit model of yours, or lay the person on a photo"
            " of one (*Harmonise with Scene*) and switch *seat* off."
        ),
        check_group(),
        Group("5  Files", RED, MANIFEST, (save_set("", "seated"),), 240),
        Group(
            "6  Contact sheet",
            BLUE,
            "All of them side by side, the photo first.",
            (sheet("Seated", columns=7, **BOARD), save_sheet("seated sheet")),
        ),
    ),
    "Training data": (
        PHOTO_GROUP,
        pose_set(TRAINING_POSES, "The postures to vary."),
        Group(
            "3  Variations",
            GREEN,
            "*count* natural variations of each pose. **The same *seed* gives the same ones on every machine**; it is"
            " noted in the data set.",
            (
                Node(
                    "seed",
                    "PrimitiveInt",
                    (340, 110),
                    {"value": 1, "control_after_generate": "fixed"},
                    title="Seed",
                ),
                Node(
                    "variations",
                    "ReposePoseVariations",
                    (340, 480),
                    {"count": 4, "seed": 1, "control_after_generate": "fixed", "strength": 1.0},
                    {"pose": "poses.pose", "seed": "seed.INT"},
                ),
            ),
        ),
        Group(
            "4  Repose",
            AMBER,
            "Every variation of the photo's person.",
            (
                Node(
                    "repose",
                    "ReposePhoto",
                    (340, 400),
                    REPOSE,
                    {"image": "photo.IMAGE", "repose_pose": "variations.pose"},
                ),
            ),
        ),
        check_group(5),
        Group(
            "6  Data set",
            RED,
            "*Save COCO Dataset* writes a new folder: pictures, and **annotations.json** with 133 keypoints, the"
            " person's mask, and a mask for each garment and limb. A landmark that the photo never showed is marked as"
            " hidden (v = 1).\n\nTrain on photos whose licence and whose people allow it.",
            (
                Node(
                    "save",
                    "ReposeSaveCoco",
                    (480, 640),
                    {"folder": "dataset"},
                    {
                        "image": "check.image",
                        "target": "repose.target",
                        "person": "repose.person",
                        "hidden": "repose.hidden",
                        "correspondence": "repose.correspondence",
                        "garments": "repose.garments",
                        "seed": "seed.INT",
                        "names": "variations.names",
                    },
                ),
            ),
            240,
        ),
    ),
    "AB pose test": (
        PHOTO_GROUP,
        pose_set(
            AB_POSES,
            "What stands before the slash is the **variant** (*group* in the table): static against dynamic.",
        ),
        reposed(
            "All variants get **one frame** (*frame* 4:5) and the photo's light, so that the pose is all that differs.",
            frame="4:5",
        ),
        check_group(),
        Group(
            "5  Files",
            RED,
            "**manifest.csv** is the table for your experiment tool: *id* stays the same for the same SKU, pose and"
            f" photo, *group* is the variant.\n\n{MANIFEST}",
            (save_set("", "ab test"),),
            300,
        ),
        Group(
            "6  Contact sheet",
            BLUE,
            "All variants side by side.",
            (
                sheet("A/B pose test", columns=4, image="check.image", captions="poses.names"),
                save_sheet("ab test sheet"),
            ),
        ),
    ),
    "Styling preview": (
        PHOTO_GROUP,
        pose_set(STYLING_POSES, "Half a figure is enough, for poses of arms and trunk."),
        reposed(
            "What a photo does not show (legs, of half a figure) is not invented. **An arm that the photo's border cuts"
            " off, as the one that holds the camera, keeps its pose**; head, trunk and whole limbs move."
        ),
        check_group(),
        Group(
            "5  Board",
            RED,
            "The photo and all poses side by side.\n\n**The pack does no try-on**: it moves the clothes that are worn."
            " To see another garment, go over a picture with an edit model of yours (Qwen-Image-Edit and others are"
            " among ComfyUI's own templates), give it the garment's picture too, and lay the result here.",
            (
                sheet("Styling preview", columns=5, **BOARD),
                save_sheet("styling board", title="Board"),
            ),
            260,
        ),
    ),
}
