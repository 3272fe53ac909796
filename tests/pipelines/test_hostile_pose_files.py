"""Damaged and hostile pose files: an error with a message, in a second, in 200 MB."""

import json
import resource
import struct
import time
import zlib
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry.formats.bvh_pose import read_bvh, write_bvh
from repose.pipelines.geometry.formats.coco import coco_from_keypoints, read_coco
from repose.pipelines.geometry.formats.openpose import openpose_from_keypoints, read_openpose
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.library import PoseFileError, load_pose, pose_text
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton
from repose.pipelines.geometry.template import OFFSETS
from repose.pipelines.openpose_picture import keypoints_from_openpose_picture
from repose.pipelines.pose_files import read_keypoints_file, read_pose_file

SECONDS = 1.0
MEGABYTES = 200
CROWD = (512, 4050)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def person(seed: int = 0) -> Keypoints:
    points = np.random.default_rng(seed).uniform(20, 300, (133, 2))
    return Keypoints(points, np.ones(133), np.ones(133), (600, 400))


VALID = {
    "own.json": pose_text(load_pose("waving")),
    "openpose.json": json.dumps([openpose_from_keypoints([person(), person(1)])]),
    "coco.json": json.dumps(coco_from_keypoints([[person(), person(1)]])),
    "clip.bvh": write_bvh([load_pose("walking"), load_pose("front")]),
}


def refused_or_read(path) -> None:
    """Reads a file: a list of poses, or PoseFileError with the name in it; within the limits."""
    memory, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        assert all(np.isfinite(pose.rotations).all() for pose in read_pose_file(path, most=8))
    except PoseFileError as error:
        assert path.stem in str(error) and 0 < len(str(error)) < 600
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    assert time.process_time() - start < SECONDS and grown < MEGABYTES, f"{grown:.0f} MB more"


@pytest.mark.parametrize("name", VALID)
@QUICK
@given(data=st.data())
def test_cut_and_changed_files(tmp_path, name, data):
    """A valid file with its end cut off, stretches taken out or doubled, and bytes changed."""
    content = bytearray(VALID[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(content) - 1, 0)))
        how = data.draw(st.sampled_from(["cut", "out", "double", "change", "swap"]))
        length = data.draw(st.integers(1, 200))
        if how == "cut":
            del content[at:]
        elif how == "out":
            del content[at : at + length]
        elif how == "double":
            content[at:at] = content[at : at + length]
        elif how == "change":
            content[at : at + 1] = data.draw(st.binary(min_size=1, max_size=6))
        else:
            words = [
                b"NaN",
                b"1e308",
                b"-1e999",
                b"null",
                b"{}",
                b"[[]]",
                b'"\\u0000"',
                b"99999999999999999999",
                b"true",
            ]
            content[at : at + data.draw(st.integers(0, 8))] = data.draw(st.sampled_from(words))
    path = tmp_path / name
    path.write_bytes(bytes(content))
    refused_or_read(path)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("name", ["own.json", "openpose.json", "coco.json"])
@QUICK
@given(data=st.data())
def test_values_of_other_types(tmp_path, name, data):
    """A valid file with one value, wherever it lies, replaced by another of any type."""
    whole = json.loads(VALID[name])
    place = whole
    for _ in range(data.draw(st.integers(1, 6))):
        keys = list(place) if isinstance(place, dict) else list(range(min(len(place), 60)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
            place[key] = data.draw(values)
            break
        place = place[key]
    path = tmp_path / name
    path.write_text(json.dumps(whole))
    refused_or_read(path)


@QUICK
@given(frame=values)
def test_any_json_is_read_or_refused(frame):
    for data in (frame, {"people": frame, "canvas_width": 5, "canvas_height": 5}, {"annotations": frame}):
        for read in (read_openpose, read_coco):
            try:
                read(data)
            except ValueError as error:
                assert str(error)


@QUICK
@given(text=st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_no_clip(text):
    with pytest.raises(ValueError, match="line"):
        read_bvh("HIERARCHY\n" + text)


def hostile() -> dict[str, bytes]:
    """Files that are made to be large, deep or wrong."""
    numbers = ",".join(["0.5"] * 54)
    crowd = ",".join(['{"pose_keypoints_2d": [' + ",".join(f"{n % 97}" for n in range(54)) + "]}"] * 200)
    bvh = VALID["clip.bvh"]
    deep = "".join(f"JOINT j{n} {{ OFFSET 0 1 0 CHANNELS 0\n" for n in range(5000))
    return {
        "deep.json": b"[" * 4_000_000,
        "deep objects.json": b'{"a":' * 1_000_000,
        "many objects.json": b"[" + b"{}," * 2_000_000 + b"{}]",
        "many numbers.json": b'{"people": [{"pose_keypoints_2d": [' + b"0.1," * 1_500_000 + b"1]}]}",
        "long number.json": b'{"people": ' + b"9" * 1_000_000 + b"}",
        "long key.json": b'{"' + b"k" * 4_000_000 + b'": 1}',
        "long string.json": b'{"format": "' + b"x" * 4_000_000 + b'"}',
        "huge canvas.json": f'{{"people": [{{"pose_keypoints_2d": [{numbers}]}}], "canvas_width": 1e308,'
                            ' "canvas_height": 5}'.encode(),
        "duplicate keys.json": f'{{"people": [], "people": 3, "people": [{{"pose_keypoints_2d": [{numbers}]}}],'
                               ' "canvas_width": 9, "canvas_height": 9}'.encode(),
        "two hundred.json": f'{{"people": [{crowd}], "canvas_width": 100, "canvas_height": 100}}'.encode(),
        "lone surrogate.json": b'{"format": "repose-pose", "version": 1, "rotations": {"\\ud800": [1, 0, 0, 0]}}',
        "binary.json": bytes(range(256)) * 100,
        "wide.json": VALID["own.json"].encode("utf-16-le"),
        "half wide.json": b"\xff\xfe" + b"{" * 1001,
        "too large.json": b" " * (9 << 20),
        "announced.bvh": bvh.replace("Frames: 2", "Frames: 999999999").encode(),
        "endless.bvh": bvh.replace("Frames: 2", "Frames: 99999").encode() + b"\n" * 2_000_000,
        "many digits.bvh": bvh.replace("Frames: 2", "Frames: " + "9" * 100_000).encode(),
        "deep.bvh": f"HIERARCHY\nROOT r {{ OFFSET 0 0 0 CHANNELS 0\n{deep}".encode(),
        "no motion.bvh": bvh.partition("MOTION")[0].encode(),
        "one line.bvh": b"HIERARCHY " + b"JOINT " * 1_000_000,
        "long name.bvh": bvh.replace("Hips", "H" * 1_000_000).encode(),
        "braces.bvh": b"HIERARCHY\nROOT a\n" + b"{\n" * 500_000,
        "not numbers.bvh": bvh.replace("0.000000", "nan").encode(),
        "windows.bvh": bvh.replace("\n", "\r\n").encode(),
        "empty.bvh": b"",
        "bomb.png": png(30_000, 30_000),
        "large bomb.png": png(9_000, 9_000),
        "cut.png": png(64, 64)[:60],
        "header.png": png(64, 64)[:8],
        "noise.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        "noise.jpg": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20,
        "nothing.png": b"",
    }  # fmt: skip


def png(width: int, height: int) -> bytes:
    """A black picture that its file says is that large: a few kilobytes, whatever the size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    squeeze = zlib.compressobj(9)
    rows = (
        b"".join(squeeze.compress(bytes(3 * width + 1)) for _ in range(min(height, 2000))) + squeeze.flush()
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


HOSTILE = hostile()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(tmp_path, name):
    (tmp_path / name).write_bytes(HOSTILE[name])
    refused_or_read(tmp_path / name)


def test_two_hundred_people_are_read(tmp_path):
    path = tmp_path / "crowd.json"
    path.write_bytes(HOSTILE["two hundred.json"])
    (people,) = read_keypoints_file(path)
    assert len(people) == 200


@pytest.mark.parametrize("share", [0.002, 0.05, 0.3])
def test_pictures_of_palette_noise(share):
    """Black, strewn with single pixels, discs and squares of the palette: no skeleton, no hang."""
    rng = np.random.default_rng(0)
    hues = rng.integers(0, 18, (512, 512)) * 20
    colours = np.stack([np.abs((hues / 60 + shift) % 6 - 3) - 1 for shift in (0, 4, 2)], axis=-1).clip(0, 1)
    strewn = np.where(rng.random((512, 512, 1)) < share, colours, 0).astype(np.float32)
    blocks = np.kron(strewn[::9, ::9], np.ones((9, 9, 1)))[:512, :512].astype(np.float32)
    for pixels in (strewn, blocks):
        start = time.process_time()
        try:
            people = keypoints_from_openpose_picture(torch.from_numpy(pixels).permute(2, 0, 1)[None])
            assert all(np.isfinite(one.points).all() for one in people)
        except ValueError as error:
            assert "not an OpenPose skeleton" in str(error)
        assert time.process_time() - start < 3 * SECONDS


@pytest.mark.skipif(not find_spec("controlnet_aux"), reason="poses are drawn by controlnet-aux")
def test_two_hundred_drawn_people_are_read_in_time():
    from repose.pipelines.draw import draw_pose

    space = np.stack([OFFSETS[JOINT_INDEX[name]] for name in JOINTS])
    body = Skeleton(
        space, np.tile([1.0, 0, 0, 0], (len(JOINTS), 1)), np.zeros(3), np.ones((len(JOINTS), 3)), (9, 9), 1
    )
    one = body.with_rotations(load_pose("front").rotations).scaled(90, CROWD).project()
    confidence = np.where(np.arange(133) < 17, 1.0, 0.0)
    one = Keypoints(one.points, confidence, np.ones(133), CROWD)
    crowd = [one.moved(1.0, (50 + 100 * (n % 40), 50 + 100 * (n // 40)), CROWD) for n in range(200)]
    start = time.process_time()
    people = keypoints_from_openpose_picture(draw_pose(crowd, CROWD))
    assert time.process_time() - start < 12 * SECONDS and len(people) == 200
