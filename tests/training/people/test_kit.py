import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from training.people.kit import archive, proxies
from training.people.kit.kit import Environment, Item, Kit, KitError, Landmarks, Skin, Texture
from training.people.kit.licences import LicenceRefused
from training.people.kit.shapes import ShapeMap, corner_indices

VERTICES = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, -1, 0], [0, 0, 1]])
QUIET = {"id": "x", "licence": "CC0-1.0", "author": "somebody"}


def _webp(colour, size=(8, 8)):
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "WEBP", lossless=True)
    return stream.getvalue()


def _item(**more):
    fields = dict(
        id="coat", kind="outer", source="test", licence="CC-BY-3.0", author="somebody", sexes=("female",), layer=3,
        region=9, material=4, two_sided=True, skirt=False,
        faces=torch.tensor([[0, 1, 2]]), uv=torch.tensor([[[0.0, 0], [1, 0], [0.5, 1]]]),
        binding=torch.tensor([[0, 1, 2], [1, 2, 3], [2, 3, 0]]),
        weights=torch.tensor([[0.5, 0.25, 0.25], [7.5, -3.25, -3.25], [1.0, 0, 0]]),
        offsets=torch.tensor([[0.01, 0, 0], [0, -0.02, 0], [0, 0, -0.3]]),
        anchors=torch.arange(4), spans=torch.ones(3), hides=torch.tensor([True, False, False, True]),
        textures={"plain": Texture(_webp("red"), alpha=_webp("white")), "blue": Texture(_webp("blue"))},
    )  # fmt: skip
    return Item(**fields | more)


def _kit(**items):
    environment = Environment(
        "sky", "CC0-1.0", "somebody", True, 0.5, _webp("white", (16, 8)), _webp("white", (16, 8)), 3.0
    )
    return Kit(
        VERTICES, torch.linspace(-0.2, 0.2, 24).reshape(2, 4, 3), VERTICES[:2], torch.zeros(2, 2, 3),
        ("root", "head"), (-1, 0), torch.eye(9)[:4], torch.zeros(4, 9, dtype=torch.int64),
        torch.tensor([[0, 1, 2], [1, 2, 3]]), torch.rand(2, 3, 2), torch.tensor([2, 3], dtype=torch.uint8),
        {"body": torch.arange(4), "joint-head": torch.tensor([3])},
        Landmarks(torch.zeros(133, 2, dtype=torch.int64), torch.full((133, 2), 0.5)),
        ShapeMap(torch.tensor([corner_indices(("male",))]), ("nose",), torch.rand(3, 2), torch.rand(2)),
        items or {"coat": _item()},
        {"pale": Skin("pale", "CC0-1.0", "somebody", "female", "young", "asian", False, Texture(_webp("pink")))},
        {"sky": environment},
    )  # fmt: skip


def test_a_kit_comes_back_as_it_was_packed(tmp_path):
    kit = _kit()
    back = Kit.load(archive.write(kit, tmp_path / "kit.zip"))
    assert torch.equal(back.template, kit.template)
    assert (back.basis - kit.basis).abs().max() <= archive.BASIS_STEP / 2 + 1e-7
    item, was = back.items["coat"], kit.items["coat"]
    assert (item.fitted(VERTICES) - was.fitted(VERTICES)).abs().max() < 5e-4
    assert torch.equal(item.faces, was.faces) and torch.equal(item.hides, was.hides)
    assert (item.sexes, item.variants, item.author) == (("female",), ("plain", "blue"), "somebody")
    assert torch.equal(back.groups["joint-head"], torch.tensor([3]))
    assert back.bone_labels == ("root", "head") and back.bone_parents == (-1, 0)


def test_the_same_kit_is_the_same_file(tmp_path):
    kit = _kit()
    first, again = (archive.write(kit, tmp_path / name).read_bytes() for name in ("a.zip", "b.zip"))
    assert first == again


def test_offsets_grow_with_the_body_and_bound_points_follow_it():
    item = _item()
    plain, grown = item.fitted(VERTICES), item.fitted(2 * VERTICES)
    assert torch.allclose(grown, 2 * plain)
    assert torch.allclose(item.fitted(VERTICES + 5) - 5, plain, atol=1e-5)
    assert torch.allclose(item.fitted(torch.stack([VERTICES, 2 * VERTICES]))[1], grown)


def test_pictures_are_decoded_by_variant():
    item = _item()
    assert item.albedo()[0, 0].tolist() == [255, 0, 0]
    assert item.albedo("blue")[0, 0].tolist() == [0, 0, 255]
    assert item.alpha().shape == (8, 8) and item.alpha().min() == 255
    assert item.alpha("blue") is None and item.normal() is None and item.occlusion() is None
    with pytest.raises(KitError, match="coat has no variant green; it has plain, blue"):
        item.albedo("green")


def test_radiance_is_the_base_times_the_gain_times_white():
    radiance = _kit().environments["sky"].radiance()
    assert radiance.shape == (3, 8, 16) and radiance.dtype == np.float32
    assert np.allclose(radiance, 0.5 * 2**3.0, rtol=1e-5)


def test_a_body_is_the_template_and_its_components():
    kit = _kit()
    vertices, heads = kit.body(torch.tensor([[1.0, 0.0], [0.0, -2.0]]))
    assert vertices.shape == (2, 4, 3) and heads.shape == (2, 2, 3)
    assert torch.allclose(vertices[1], kit.template - 2 * kit.basis[1])


def test_a_refused_licence_is_neither_packed_nor_loaded(tmp_path):
    with pytest.raises(LicenceRefused, match="cape has the licence AGPL3"):
        archive.write(_kit(cape=_item(id="cape", licence="AGPL3")), tmp_path / "kit.zip")
    assert not (tmp_path / "kit.zip").exists()
    path = archive.write(_kit(), tmp_path / "good.zip")
    words = zipfile.ZipFile(path).read("kit.json").replace(b"CC-BY-3.0", b"AGPL3")
    with pytest.raises(LicenceRefused, match="coat has the licence AGPL3"):
        Kit.load(_rewritten(path, tmp_path / "bad.zip", words))


def test_a_missing_or_damaged_file_is_named_with_the_next_step(tmp_path):
    with pytest.raises(KitError, match="none.zip is not there.*pack"):
        Kit.load(tmp_path / "none.zip")
    (tmp_path / "cut.zip").write_bytes(archive.write(_kit(), tmp_path / "kit.zip").read_bytes()[:900])
    with pytest.raises(KitError, match="cut.zip is damaged.*pack"):
        Kit.load(tmp_path / "cut.zip")
    path = _rewritten(tmp_path / "kit.zip", tmp_path / "old.zip", json.dumps({"format": 0}).encode())
    with pytest.raises(KitError, match="format 0, this code reads 1"):
        Kit.load(path)


def test_every_tensor_moves():
    kit = _kit().to("meta")
    assert kit.template.is_meta and kit.items["coat"].binding.is_meta and kit.landmarks.weights.is_meta
    assert kit.items["coat"].kind == "outer" and kit.shape_map.matrix.is_meta


def _rewritten(path, target, words):
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as sink:
        for name in source.namelist():
            sink.writestr(name, words if name == "kit.json" else source.read(name))
    return target


def _mesh(faces, uv_per_corner=None):
    faces = np.array(faces)
    uv = np.zeros((len(faces), 3, 2)) if uv_per_corner is None else np.array(uv_per_corner, dtype=float)
    count = faces.max() + 1
    binding = np.tile(np.arange(count)[:, None], (1, 3))
    return proxies.Proxy(
        faces, uv, binding, np.ones((count, 3)) / 3, np.zeros((count, 3)), np.zeros(9, bool), (), {}
    )


def test_pieces_are_what_hangs_together():
    mesh = _mesh([[0, 1, 2], [2, 3, 4], [5, 6, 7], [8, 7, 6]])
    assert mesh.pieces().tolist() == [0, 0, 1, 1]
    part = mesh.part(mesh.pieces() == 1)
    assert part.faces.tolist() == [[0, 1, 2], [3, 2, 1]] and part.binding[:, 0].tolist() == [5, 6, 7, 8]


def test_islands_are_what_hangs_together_in_the_picture():
    corners = [
        [[0, 0], [0.1, 0], [0, 0.1]],
        [[0.5, 0], [0.6, 0], [0.5, 0.1]],
        [[0.6, 0], [0.5, 0.1], [0.6, 0.1]],
    ]
    assert _mesh([[0, 1, 2], [0, 1, 3], [1, 3, 4]], corners).islands().tolist() == [0, 1, 1]


def test_a_proxy_is_read_from_three_js(tmp_path):
    quad_with_uv = proxies.QUAD | proxies.MATERIAL | proxies.CORNER_UV
    mesh = {
        "faces": [quad_with_uv, 0, 1, 2, 3, 0, 0, 1, 2, 3],
        "uvs": [[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]],
        "ref_vIdxs": [[0, 1, 2]] * 4,
        "weights": [[1, 0, 0]] * 4,
        "offsets": [[1.0, 2.0, 3.0]] * 4,
        "materials": [{"mapDiffuse": "textures/a.png"}],
        "metadata": {"deleteVerts": [0, 1, 0, 0, 0]},
    }
    proxy = proxies.read(json.dumps(mesh).encode(), 5)
    assert proxy.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert proxy.uv[0].tolist() == [[0, 1], [1, 1], [1, 0]]
    assert proxy.offsets[0].tolist() == pytest.approx([0.1, -0.2, -0.3])
    assert proxy.hides.tolist() == [False, True, False, False, False]
    assert proxy.materials == ({"colour": "textures/a.png"},)


def test_items_differ_only_where_told():
    assert replace(_item(), id="x").fitted(VERTICES).equal(_item().fitted(VERTICES))
