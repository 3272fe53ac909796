"""Packs what is worn and grown: MakeHuman's proxies split into items, with their pictures; and the skins."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from ..scene import MATERIALS, REGIONS
from . import assets, pictures, proxies
from .assets import CLOTHES, Asset, SkinAsset
from .basemesh import BaseMesh
from .kit import Item, Skin, Texture
from .proxies import Proxy

Members = Callable[[Iterable[str]], dict[str, bytes]]
DATA = "package/public/data/"
REGION_OF = {
    "top": "upper", "bottom": "lower", "dress": "dress", "outer": "outer", "suit": "dress", "shoes": "shoes",
    "headwear": "headwear", "glasses": "accessory", "hair": "hair", "eyes": "face", "eyebrows": "face",
    "eyelashes": "face", "swimwear_top": "upper", "swimwear_bottom": "lower", "swimwear": "dress",
}  # fmt: skip
ON_HEAD = ("headwear", "glasses", "hair", "eyes", "eyebrows", "eyelashes")
PAIR = 0.02
"""Metres: what keeps this far from the middle on both sides is a pair."""


def items(mesh: BaseMesh, clothes: Members) -> dict[str, Item]:
    """Every item by id; a suit's parts as `<suit>.top` and `<suit>.bottom`."""
    meshes = _proxies(mesh, clothes)
    files = clothes({file for asset, proxy in meshes.items() for file in _files(asset, proxy)})
    found = {}
    for asset, proxy in meshes.items():
        textures = _textures(asset, proxy, files)
        for name, kind, material, piece in _pieces(asset, proxy, mesh):
            hangs = asset.skirt and not (asset.parts and kind == "top")
            part = replace(
                asset, kind=kind, material=material, skirt=hangs, two_sided=asset.two_sided or hangs
            )
            found[name] = _item(name, part, piece, mesh, textures)
    return found


def skins(clothes: Members) -> dict[str, Skin]:
    """Every skin by id."""
    files = {skin: f"{DATA}skins/{skin.folder}/textures/{skin.file}" for skin in assets.SKINS}
    read = clothes(files.values())
    return {skin.id: _skin(skin, read[file]) for skin, file in files.items()}


def _skin(skin: SkinAsset, data: bytes) -> Skin:
    age, ethnicity, sex = skin.traits
    colour = pictures.webp(Image.open(io.BytesIO(data)), "colour")
    return Skin(skin.id, "CC0-1.0", "MakeHuman team", sex, age, ethnicity, False, Texture(colour))


def _proxies(mesh: BaseMesh, clothes: Members) -> dict[Asset, Proxy]:
    files = {asset: f"{DATA}proxies/{asset.source}/{asset.id}.json" for asset in assets.ASSETS}
    read = clothes(files.values())
    return {asset: proxies.read(read[file], len(mesh.vertices)) for asset, file in files.items()}


def _files(asset: Asset, proxy: Proxy) -> Iterator[str]:
    for material in proxy.materials:
        for name in material.values():
            yield _path(asset, name)


def _path(asset: Asset, name: str) -> str:
    return posixpath.normpath(f"{DATA}proxies/{asset.source}/{name}")


def _textures(asset: Asset, proxy: Proxy, files: dict[str, bytes]) -> dict[str, Texture]:
    found = {}
    for material in proxy.materials:
        read = {layer: Image.open(io.BytesIO(files[_path(asset, name)])) for layer, name in material.items()}
        variant = posixpath.splitext(posixpath.basename(material["colour"]))[0]
        more = {layer: pictures.layer(read[layer], proxy.uv, layer) for layer in read if layer != "colour"}
        found[variant] = Texture(**pictures.layers(read["colour"], proxy.uv), **more)
    return found


def _pieces(asset: Asset, proxy: Proxy, mesh: BaseMesh) -> Iterator[tuple[str, str, str, Proxy]]:
    if not asset.parts:
        yield asset.id, asset.kind, asset.material, proxy
        return
    piece = proxy.islands() if asset.by_picture else proxy.pieces()
    owner = np.full(len(piece), -1)
    for i, (_, numbers, _) in enumerate(asset.parts):
        owner[np.isin(piece, numbers)] = i
    hides = _shared(proxy, owner, mesh)
    for i, (kind, _, material) in enumerate(asset.parts):
        yield f"{asset.id}.{kind}", kind, material, replace(proxy.part(owner == i), hides=hides == i)


def _shared(proxy: Proxy, owner: np.ndarray, mesh: BaseMesh) -> np.ndarray:
    """(V,): which part hides each base vertex that the whole hides: the one whose cloth is nearest; -1 none."""
    cloth = torch.from_numpy(proxy.fitted(mesh.vertices)[proxy.faces].mean(axis=1))
    hidden = np.flatnonzero(proxy.hides)
    distance = torch.cdist(torch.from_numpy(mesh.vertices[hidden]), cloth)
    found = np.full(len(proxy.hides), -1)
    found[hidden] = owner[distance.argmin(dim=1).numpy()]
    return found


def _item(name: str, asset: Asset, piece: Proxy, mesh: BaseMesh, textures: dict[str, Texture]) -> Item:
    anchors = _anchors(asset, piece, mesh)
    held = mesh.vertices[anchors]
    return Item(
        id=name,
        kind=asset.kind,
        source=f"{CLOTHES}: proxies/{asset.source}",
        licence=asset.licence,
        author=asset.author,
        sexes=asset.sexes,
        layer=asset.layer,
        region=REGIONS.index(REGION_OF[asset.kind]),
        material=MATERIALS.index(asset.material),
        two_sided=asset.two_sided,
        skirt=asset.skirt,
        faces=torch.from_numpy(piece.faces),
        uv=torch.from_numpy(piece.uv.astype(np.float32)),
        binding=torch.from_numpy(piece.binding),
        weights=torch.from_numpy(piece.weights.astype(np.float32)),
        offsets=torch.from_numpy(piece.offsets.astype(np.float32)),
        anchors=torch.from_numpy(anchors),
        spans=torch.from_numpy(np.ptp(held, axis=0).astype(np.float32)),
        hides=torch.from_numpy(piece.hides),
        textures=textures,
    )


def _anchors(asset: Asset, piece: Proxy, mesh: BaseMesh) -> np.ndarray:
    """Base vertices whose spans scale an item's offsets: the head for what it wears, else what the item is bound to;
    of a pair (shoes) the left one's, so that the stance does not count as width."""
    if asset.kind in ON_HEAD:
        return mesh.head
    bound = np.unique(piece.binding)
    x = mesh.vertices[bound, 0]
    return bound[x > 0] if np.abs(x).min() > PAIR else bound
