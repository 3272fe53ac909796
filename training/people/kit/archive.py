"""The kit's file: a zip of kit.json, .npy arrays (never pickled) and pictures, written whole or not at all.

Geometry is kept in small integers: positions in steps of 1/100 mm, the basis in 3/100 mm per standard deviation, uv in
1/65535 and weights in 1/16384 (a garment's vertex then moves less than 0.01 mm).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .kit import FORMAT, Environment, Item, Kit, KitError, Landmarks, Skin, Texture
from .licences import admit
from .shapes import ShapeMap

STEP = 1e-5
BASIS_STEP = 3e-5
UV_STEP = 1 / 65535
WEIGHT_STEP = 1 / 16384
LAYERS = ("colour", "alpha", "normal", "occlusion")
ITEM_ARRAYS = ("faces", "uv", "binding", "weights", "offsets", "anchors", "spans", "hides")
WORDS = ("id", "licence", "author")


def write(kit: Kit, path: Path) -> Path:
    """Pack a kit into one file; every licence is checked once more. Raises LicenceRefused."""
    check(kit)
    partial = path.with_name(path.name + ".part")
    with zipfile.ZipFile(partial, "w") as file:
        described = {
            "format": FORMAT,
            "bone_labels": kit.bone_labels,
            "bone_parents": kit.bone_parents,
            "changes": kit.shape_map.changes,
            "groups": {name: len(group) for name, group in kit.groups.items()},
            "items": [_item_words(item) for item in kit.items.values()],
            "skins": [
                _words(skin, _skin_fields) | _textures({"": skin.texture}) for skin in kit.skins.values()
            ],
            "environments": [
                _words(e, _light_fields) | _light_pictures(e) for e in kit.environments.values()
            ],
        }
        _put(file, "kit.json", json.dumps(described).encode(), zipfile.ZIP_DEFLATED)
        for name, array in _arrays(kit).items():
            _put(file, f"arrays/{name}.npy", _npy(array), zipfile.ZIP_DEFLATED)
        for name, data in _pictures(kit).items():
            _put(file, name, data, zipfile.ZIP_STORED)
    os.replace(partial, path)
    return path


def check(kit: Kit) -> None:
    """Every part's licence, by name. Raises LicenceRefused."""
    for group in (kit.items, kit.skins, kit.environments):
        for part in group.values():
            admit(part.id, part.licence, part.author)


def read(path: Path) -> Kit:
    """The kit of a file. Raises KitError, or LicenceRefused for a part that is not admitted."""
    if not path.is_file():
        raise KitError(f"{path} is not there: make it with `python -m training.people pack --kit {path}`")
    try:
        with zipfile.ZipFile(path) as file:
            return _kit(file)
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, EOFError) as error:
        raise KitError(
            f"{path} is damaged ({error}): pack it anew with `python -m training.people pack`"
        ) from error


def _kit(file: zipfile.ZipFile) -> Kit:
    described = json.loads(file.read("kit.json"))
    if described.get("format") != FORMAT:
        raise KitError(
            f"{file.filename} has format {described.get('format')}, this code reads {FORMAT}: pack it anew"
        )
    for part in (*described["items"], *described["skins"], *described["environments"]):
        admit(part["id"], part["licence"], part["author"])
    array = {
        name[len("arrays/") : -len(".npy")]: np.lib.format.read_array(
            io.BytesIO(file.read(name)), allow_pickle=False
        )
        for name in file.namelist()
        if name.startswith("arrays/")
    }
    pictures = {name: file.read(name) for name in file.namelist() if name.startswith("pictures/")}
    shape_map = ShapeMap(
        _long(array["corners"]),
        tuple(described["changes"]),
        _float(array["matrix"]),
        _float(array["constant"]),
    )
    points = _float(array["mean"])
    components = _float(_joined(array["basis"]), BASIS_STEP).reshape(-1, *points.shape)
    vertices = len(array["weights"])
    return Kit(
        points[:vertices],
        components[:, :vertices],
        points[vertices:],
        components[:, vertices:],
        tuple(described["bone_labels"]),
        tuple(described["bone_parents"]),
        _float(array["weights"]),
        _long(array["bones"]),
        _long(array["faces"]),
        _float(array["uv"], UV_STEP),
        torch.from_numpy(array["regions"]),
        _groups(described["groups"], _long(array["groups"])),
        Landmarks(_long(array["landmark_indices"]), _float(array["landmark_weights"])),
        shape_map,
        _items(described["items"], array, pictures, vertices),
        {
            s["id"]: Skin(**_picked(s, _skin_fields), texture=_texture(s["textures"][""], pictures))
            for s in described["skins"]
        },
        {e["id"]: _environment(e, pictures) for e in described["environments"]},
    )


def _item_words(item: Item) -> dict[str, Any]:
    counts = {"faces": len(item.faces), "vertices": len(item.binding), "anchors": len(item.anchors)}
    return _words(item, _item_fields) | {"counts": counts} | _textures(item.textures)


_item_fields = (*WORDS, "kind", "source", "sexes", "layer", "region", "material", "two_sided", "skirt")
_skin_fields = (*WORDS, "sex", "age", "ethnicity", "underwear")
_light_fields = (*WORDS, "outdoor", "white", "stops")


def _words(part: Item | Skin | Environment, fields: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(part, name) for name in fields}


def _picked(words: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    return {name: words[name] for name in fields}


def _textures(textures: dict[str, Texture]) -> dict[str, Any]:
    return {
        "textures": {v: {n: _name(d) for n in LAYERS if (d := getattr(t, n))} for v, t in textures.items()}
    }


def _light_pictures(light: Environment) -> dict[str, str]:
    return {"base": _name(light.base), "gain": _name(light.gain)}


def _name(data: bytes) -> str:
    return f"pictures/{hashlib.sha256(data).hexdigest()[:20]}"


def _pictures(kit: Kit) -> dict[str, bytes]:
    textures = [t for item in kit.items.values() for t in item.textures.values()]
    textures += [skin.texture for skin in kit.skins.values()]
    found = [getattr(texture, layer) for texture in textures for layer in LAYERS]
    found += [data for light in kit.environments.values() for data in (light.base, light.gain)]
    return {_name(data): data for data in found if data}


def _arrays(kit: Kit) -> dict[str, np.ndarray]:
    components = torch.cat([kit.basis, kit.head_basis], dim=1)
    arrays = {
        "mean": torch.cat([kit.template, kit.head_template]).numpy(),
        "basis": _split(_rounded(components.reshape(len(components), -1), BASIS_STEP)),
        "matrix": kit.shape_map.matrix.numpy(),
        "constant": kit.shape_map.constant.numpy(),
        "corners": kit.shape_map.corners.numpy().astype(np.int8),
        "weights": kit.weights.numpy().astype(np.float32),
        "bones": kit.bones.numpy().astype(np.uint8),
        "faces": kit.faces.numpy().astype(np.uint16),
        "uv": _rounded(kit.uv, UV_STEP).astype(np.uint16),
        "regions": kit.regions.numpy(),
        "groups": torch.cat(list(kit.groups.values())).numpy().astype(np.uint16),
        "landmark_indices": kit.landmarks.indices.numpy().astype(np.uint16),
        "landmark_weights": kit.landmarks.weights.numpy().astype(np.float32),
    }
    items = list(kit.items.values())
    return arrays | {f"item_{name}": _stacked(items, name) for name in ITEM_ARRAYS}


def _stacked(items: Sequence[Item], name: str) -> np.ndarray:
    if name in ("hides", "spans"):
        every = torch.stack([getattr(item, name) for item in items]).numpy()
        return np.packbits(every, axis=1) if name == "hides" else every
    every = torch.cat([getattr(item, name) for item in items])
    steps = {"uv": (UV_STEP, np.uint16), "weights": (WEIGHT_STEP, np.int32), "offsets": (STEP, np.int32)}
    if name not in steps:
        return every.numpy().astype(np.uint16)
    step, kind = steps[name]
    return _rounded(every, step).astype(kind)


def _items(
    words: list[dict[str, Any]], array: dict[str, np.ndarray], pictures: dict[str, bytes], vertices: int
) -> dict[str, Item]:
    every = {
        "faces": _long(array["item_faces"]),
        "uv": _float(array["item_uv"], UV_STEP),
        "binding": _long(array["item_binding"]),
        "weights": _float(array["item_weights"], WEIGHT_STEP),
        "offsets": _float(array["item_offsets"], STEP),
        "anchors": _long(array["item_anchors"]),
    }
    counted = {"faces": "faces", "uv": "faces", "anchors": "anchors"}
    pieces = {
        name: values.split([w["counts"][counted.get(name, "vertices")] for w in words])
        for name, values in every.items()
    }
    hides = torch.from_numpy(np.unpackbits(array["item_hides"], axis=1, count=vertices).astype(bool))
    spans = _float(array["item_spans"])
    found = {}
    for i, word in enumerate(words):
        tensors = {name: values[i] for name, values in pieces.items()}
        textures = {variant: _texture(names, pictures) for variant, names in word["textures"].items()}
        fields = _picked(word, _item_fields) | {"sexes": tuple(word["sexes"])}
        found[word["id"]] = Item(**fields, **tensors, spans=spans[i], hides=hides[i], textures=textures)
    return found


def _texture(names: dict[str, str], pictures: dict[str, bytes]) -> Texture:
    return Texture(**{layer: pictures[name] for layer, name in names.items()})


def _environment(words: dict[str, Any], pictures: dict[str, bytes]) -> Environment:
    fields = _picked(words, _light_fields)
    return Environment(**fields, base=pictures[words["base"]], gain=pictures[words["gain"]])


def _groups(counts: dict[str, int], indices: Tensor) -> dict[str, Tensor]:
    return dict(zip(counts, indices.split(list(counts.values())), strict=True))


def _rounded(values: Tensor, step: float) -> np.ndarray:
    return np.rint(values.double().numpy() / step).astype(np.int64)


def _split(values: np.ndarray) -> np.ndarray:
    """(K, N) small integers as (2, K, N) bytes, low then high: the high bytes are nearly all alike and pack well."""
    words = values.astype("<i2")
    return np.stack([words.view(np.uint8)[:, ::2], words.view(np.uint8)[:, 1::2]])


def _joined(planes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(planes.transpose(1, 2, 0)).view("<i2")[..., 0]


def _long(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.int64))


def _float(values: np.ndarray, step: float = 1.0) -> Tensor:
    floats = values.astype(np.float32)
    return torch.from_numpy(floats if step == 1.0 else floats * np.float32(step))


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def _put(file: zipfile.ZipFile, name: str, data: bytes, method: int) -> None:
    # One date for all, so that the same kit is the same file.
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    file.writestr(entry, data, method, 9 if method == zipfile.ZIP_DEFLATED else None)
