"""Whole-Body Keypoints and Person Mask."""

import numpy as np
import pytest
import torch
from PIL import Image
from repose.pipelines.geometry.formats.openpose import openpose_from_keypoints
from repose.pipelines.keypoints import NoPerson
from repose.pipelines.models import weights
from repose.pipelines.models.weights import WeightDamaged, WeightMissing


def fractions(frame):
    """The same frame as other producers write it: parts of the canvas."""
    size = np.array([frame["canvas_width"], frame["canvas_height"], 1])
    people = [
        {key: (np.reshape(values, (-1, 3)) / size).flatten().tolist() for key, values in person.items()}
        for person in frame["people"]
    ]
    return {**frame, "people": people}


@pytest.mark.parametrize("written", [lambda frame: frame, fractions], ids=["absolute", "normalised"])
def test_given_points_are_taken_as_they_are(run, drawn, no_models, written):
    frame = openpose_from_keypoints([drawn.keypoints])
    out = run("ReposeKeypoints", image=drawn.image, pose_keypoint=[written(frame)])
    seen = drawn.keypoints.confidence > 0
    np.testing.assert_allclose(out.keypoints[0].points[seen], drawn.keypoints.points[seen], atol=1e-2)
    assert out.pose_keypoint[0]["canvas_width"] == 360 and out.preview.shape == (1, 480, 360, 3)
    assert "POSE_KEYPOINT" in out.ui["text"][0]


def test_given_points_of_a_smaller_copy(run, drawn, no_models):
    frame = openpose_from_keypoints([drawn.keypoints.moved(0.5, (-0.25, -0.25), (240, 180))])
    found = run("ReposeKeypoints", image=drawn.image, pose_keypoint=[frame]).keypoints[0]
    assert found.canvas == (480, 360)
    np.testing.assert_allclose(found["left_knee"], drawn.keypoints["left_knee"], atol=1e-2)


def test_given_points_of_another_picture(run, drawn, no_models):
    frame = {**openpose_from_keypoints([drawn.keypoints]), "canvas_width": 900}
    with pytest.raises(ValueError, match="canvas of 900 x 480, the picture has 360 x 480"):
        run("ReposeKeypoints", image=drawn.image, pose_keypoint=[frame])
    with pytest.raises(ValueError, match="2 pictures, but 1 pose frames"):
        run("ReposeKeypoints", image=drawn.image.repeat(2, 1, 1, 1), pose_keypoint=[frame])


@pytest.mark.parametrize(
    ("node", "file"),
    [
        ("ReposeKeypoints", "yolox_tiny"),
        ("ReposePersonMask", "selfie_multiclass"),
        ("ReposePhoto", "yolox_tiny"),
    ],
)
def test_without_networks_one_message_names_file_size_and_folder(run, drawn, no_models, node, file):
    with pytest.raises(WeightMissing, match=rf"{file}.* is missing .* MB, Apache-2.0.*") as missing:
        run(node, image=drawn.image)
    assert str(no_models) in str(missing.value)


@pytest.mark.parametrize("node", ["ReposeKeypoints", "ReposePersonMask", "ReposePhoto"])
def test_an_empty_batch(run, node):
    with pytest.raises(ValueError, match="the IMAGE is empty"):
        run(node, image=torch.zeros(0, 64, 64, 3))


def test_an_unknown_backend_file(run, drawn, no_models):
    with pytest.raises(ValueError, match="rtmw-none.onnx is in none of"):
        run("ReposeKeypoints", image=drawn.image, backend="rtmw-none.onnx")


def test_whole_body_files_are_offered(no_models):
    from repose.nodes import networks

    no_models.mkdir(parents=True)
    for name in ("rtmw-l-384x288.safetensors", "dw-ll_ucoco_384.onnx", "yolox_l.onnx", "sam_3d.safetensors"):
        (no_models / name).touch()
    assert networks.backend_input().options == [
        "automatic", "composite", "drawing (by its strokes)", "dw-ll_ucoco_384.onnx", "rtmw-l-384x288.safetensors",
    ]  # fmt: skip


def test_openpose_is_offered_where_its_file_is(run, drawn, no_models):
    """It is never taken without being asked for, and a file that is not one is named."""
    from repose.nodes import networks

    no_models.mkdir(parents=True)
    for name in ("hand_pose_model.pth", "facenet.pth"):
        (no_models / name).touch()
    assert networks.backend_input().options == ["automatic", "composite", "drawing (by its strokes)"]
    with pytest.raises(WeightMissing, match="body_pose_model.pth is missing .*non-commercial") as missing:
        run("ReposeKeypoints", image=drawn.image, backend="openpose (controlnet-aux)")
    assert "download" not in str(missing.value) and "lllyasviel/Annotators" in str(missing.value)
    (no_models / "body_pose_model.pth").write_bytes(b"not a network")
    assert networks.backend_input().options == [
        "automatic",
        "composite",
        "drawing (by its strokes)",
        "openpose (controlnet-aux)",
    ]
    with pytest.raises(WeightMissing, match="yolox_tiny"):
        run("ReposeKeypoints", image=drawn.image)
    with pytest.raises(WeightDamaged, match="body_pose_model.pth does not hold tensors"):
        run("ReposeKeypoints", image=drawn.image, backend="openpose (controlnet-aux)")


def test_openpose_runs_under_comfyui(run, drawn, no_models):
    """With random weights it finds nobody, on ComfyUI's device and under its memory management."""
    from repose.nodes import host, networks
    from repose.pipelines import openpose

    no_models.mkdir(parents=True)
    with torch.device("meta"):
        shapes = openpose._code("model").bodypose_model().state_dict()
    tensors = {name.partition(".")[2]: torch.zeros(1).expand(one.shape) for name, one in shapes.items()}
    torch.save(tensors, no_models / "body_pose_model.pth")
    with pytest.raises(NoPerson):
        run("ReposeKeypoints", image=drawn.image, backend=networks.OPENPOSE)
    backend = networks.keypoints(networks.OPENPOSE)
    assert backend is networks.keypoints(networks.OPENPOSE) and len(backend.notes) == 2
    assert next(backend.modules[0].parameters()).device.type == host.device().type


@pytest.fixture(scope="module")
def photographed(photo):
    """The photo as IMAGE at a third of its size."""
    with Image.open(photo) as image:
        small = image.convert("RGB").resize((image.width // 3, image.height // 3))
    return torch.from_numpy(np.array(small))[None] / 255


def test_a_photo(run, with_models, photographed):
    """A batch, transparency, half precision; the mask and the points agree."""
    two = torch.cat([photographed, photographed.flip(2)])
    transparent = torch.cat([two, torch.ones(*two.shape[:-1], 1)], -1).half()
    out = run("ReposeKeypoints", image=transparent)
    assert len(out.keypoints) == 2 and out.preview.shape[:3] == two.shape[:3]
    assert "cpu" in out.ui["text"][0]
    # A mirror swaps the sides: the left wrist of one lies where the right wrist of the other does.
    plain, mirrored = out.keypoints[0], out.keypoints[1].mirrored()
    body = plain.points[:17] - mirrored.points[:17]
    assert np.median(np.linalg.norm(body, axis=1)) < 3
    cut = run("ReposePersonMask", image=transparent, keypoints=out.keypoints)
    assert cut.mask.shape == two.shape[:3] and len(cut.regions) == 2
    x, y = plain["left_knee"].round().astype(int)
    assert cut.mask[0, y, x] == 1 and cut.mask[0, 5, 5] == 0


def test_nobody_there(run, with_models):
    with pytest.raises(NoPerson, match=r"no person was found in picture 1 \(96 x 128\)"):
        run("ReposeKeypoints", image=torch.full((1, 128, 96, 3), 0.5))


def test_no_third_person(run, with_models, photographed):
    with pytest.raises(NoPerson, match="shows fewer than 3 people"):
        run("ReposeKeypoints", image=photographed, person=2)


def test_an_rtmw_file_takes_the_composites_place(comfyui, no_models, models):
    """A small random network of the family, with a real detector and without the composite's other files."""
    from repose.nodes import networks
    from repose.pipelines.models.rtmpose import Architecture, RtmPose, Stage
    from safetensors.torch import save_file

    shapes = ((8, 1, False), (16, 2, False), (32, 2, False), (64, 1, True))
    stages = tuple(Stage(*shape, True) for shape in shapes)
    sizes = {"keypoints": 133, "kernel": 7, "hidden": 16, "attention": 8, "expanded": 32, "bins": (192, 256)}
    network = RtmPose(Architecture(stem=(4, 4, 8), stages=stages, neck_blocks=2, two_scale=True, **sizes))
    no_models.mkdir(parents=True)
    save_file(network.state_dict(), str(no_models / "rtmw-l-384x288.safetensors"))
    detector = weights.weight("yolox-tiny").file
    (no_models / detector).symlink_to(models / "repose" / detector)
    backend = networks.keypoints()
    assert backend.name == "rtmw-l-384x288" and backend is networks.keypoints("rtmw-l-384x288.safetensors")
    assert [weight.id for weight in networks.lacking()] == ["selfie-multiclass"]


def test_the_networks_stay_loaded_between_runs(comfyui, with_models):
    from repose.nodes import networks

    assert networks.keypoints() is networks.keypoints()


def test_everyone_in_one_photo_goes_through_the_chain(run, with_models, photo):
    """Two people side by side: each is read, cut out and moved in a picture of their own."""
    import torch.nn.functional as F
    from repose.pipelines.geometry.library import load_pose
    from repose.pipelines.picture import read_picture

    one = F.interpolate(read_picture(photo), (720, 402), mode="area")
    image = torch.cat(
        [one, F.interpolate(F.pad(one, (0, 0, 180, 0), mode="replicate"), (720, 402))], -1
    ).movedim(1, -1)
    read = run("ReposeKeypoints", image=image, person=-1)
    assert len(read.keypoints) == 2 and read.preview.shape[0] == 2
    mask = run("ReposePersonMask", image=image, keypoints=read.keypoints)
    assert mask.mask.shape[0] == 2 and float((mask.mask[0] * mask.mask[1]).sum()) < 0.02 * float(
        mask.mask.sum()
    )
    posed = run("ReposeRetargetPose", keypoints=read.keypoints, pose=[load_pose("waving")])
    room = run("ReposeRestoreBackground", image=image, mask=mask.mask)
    moved = run(
        "ReposeWarpBody",
        image=image,
        mask=mask.mask,
        source=posed.source,
        target=posed.target,
        background=room.image,
    )
    assert moved.image.shape == (2, *image.shape[1:])
    left, right = (one.project()["left_wrist"][0] for one in posed.target)
    assert abs(left - right) > 200, "each waves where they stand"
