"""The openpeople photos (MIT; nobody real) read as the pack reads them, with a plain garment map of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from pipelines.geometry.garments import GarmentMap
from pipelines.geometry.keypoints import Keypoints
from pipelines.picture import read_picture
from setup import registry
from setup.places import HOME

from ..evaluation.pairs import sized
from ..evaluation.reading import Reader
from .maps import plain_map

PEOPLE = tuple(f"P{number:03d}" for number in range(1, 11))
PICTURES = ("amateur_posture", "studio_posture", "amateur_selfie", "studio_portrait")
HEIGHT = 1536
PACKAGE = ("pypi", "openpeople", "0.1.2")


class Photo(NamedTuple):
    """picture (1, 3, H, W) HEIGHT pixels high, of `person` of PEOPLE, named by one of PICTURES."""

    person: str
    name: str
    picture: torch.Tensor
    garments: GarmentMap
    keypoints: Keypoints


def file(person: str, name: str) -> Path:
    """The photo's file, fetched once."""
    there = HOME / "photos" / "openpeople" / f"{person}-assets-{name}.jpg"
    member = f"openpeople/data/curated/{person}/assets/{name}.jpg"
    return (
        there
        if there.is_file()
        else registry.fetch(registry.Member(*PACKAGE, member, SHA256[person, name]), there)
    )


def photos(
    models: Path, people: tuple[str, ...] = PEOPLE, names: tuple[str, ...] = PICTURES
) -> Iterator[Photo]:
    """Photos one by one; models: the folder with repose/ in it."""
    reader = Reader(models)
    for person in people:
        for name in names:
            whole = read_picture(file(person, name))
            picture = sized(whole, (HEIGHT, round(whole.shape[-1] * HEIGHT / whole.shape[-2])))
            sight = reader.read(picture)
            yield Photo(person, name, picture, plain_map(sight.cut, sight.keypoints), sight.keypoints)


SHA256 = {
    ("P001", "amateur_posture"): "97375cb1c1cc5b6c365103eb1bef0f32597ffdff4d250c3fb6f5e44c271c64f7",
    ("P001", "studio_posture"): "9d6ca609b4e61283657c56c3a529f85ec58f190f17644a75f521a902e0d8be48",
    ("P001", "amateur_selfie"): "ba735d52e7d6e6747d1cd387846ca6a5506fbbe6abb7ce746b23fd72f5963d94",
    ("P001", "studio_portrait"): "5cd706f1057465b75f6038688b640d5b35770b9849b8bb7b03bf3222314e4b4c",
    ("P002", "amateur_posture"): "f2c788a8e6afc268403963c81434772fd532887dcc49b50668a34347e4a0665d",
    ("P002", "studio_posture"): "d853a4e60a651d441276e91fcc22ec03cf8f2abd20c44cf10a5e2c3d3e2061d1",
    ("P002", "amateur_selfie"): "0bb97e5194bfdbf82e7796b1360ebbdb72db6d647239d4de52770fbc4bb5f575",
    ("P002", "studio_portrait"): "93d17cce0ecd80af3161998c09845c67e82e0dac386e2622fe9a6aad0ee9711a",
    ("P003", "amateur_posture"): "40c9d2722fc1716540c9df6e11b094ddf3a77b650c24125f0bcf538645445e67",
    ("P003", "studio_posture"): "798f586f7b527d9e3547ea9b4d5969c5318677705ed81d92b55c038fbdd3d4f8",
    ("P003", "amateur_selfie"): "afe1232d204c78d09a686e05cc3ce127a70af0298f5da3edd4a57df44f294ec6",
    ("P003", "studio_portrait"): "a291ffffea8973ab24abf0aa51b7210ea7a7388c101710f577c65485e64fe92c",
    ("P004", "amateur_posture"): "03e88396ff7a27915259c995f2043f2d8ee736aad8a4e93be8356fb196dd50a3",
    ("P004", "studio_posture"): "fc95c86a409197175dbdcf52c5a8e97d37096ba1745349ad4dde1e8b47b6092c",
    ("P004", "amateur_selfie"): "d53d407053a6685f420e565fdff6c1dac1891fe98e8e6696123a1ef627832b1f",
    ("P004", "studio_portrait"): "c4901138c7bb834df1aa35b632a4b7527e69fd2ebc1b940be0c436481de4171a",
    ("P005", "amateur_posture"): "7c58289a927633de8498c2bfbeadf821ddca8c3856db1114cf5de6b3371c8850",
    ("P005", "studio_posture"): "2a2d508550b5c226dd0f72a18ae5c2395ec7582614c3e3e10ca17175c011b82e",
    ("P005", "amateur_selfie"): "7ee3010da303fb530e23a49bec856eb3b8cbb033094051f404e89b809e2f101f",
    ("P005", "studio_portrait"): "a28a57984e58413ad334c2ab9f1403903d1e17737e89319de5fc937062d4735c",
    ("P006", "amateur_posture"): "bf16030e03e049b8808c81316fb260c3c6b68c002ceac9b82ab0f713dfd7e961",
    ("P006", "studio_posture"): "c6d810333e8a1dcc223cc1fa84cc17c689cc4eed46c17246d3ae20c71bc571ff",
    ("P006", "amateur_selfie"): "a0c7159641d50448514fc43e8503dd76951c6f2c3a6e8f920dc5e48a9366b04f",
    ("P006", "studio_portrait"): "4984a75a1f8d5c7d3c91216cba511b49e67bb2773e3ae176a8f7b844dabeecd9",
    ("P007", "amateur_posture"): "c2515752b6a36a10623bbee47aec0015b83529607a3e05c3b43b6fa20dd6ee28",
    ("P007", "studio_posture"): "b1656779268d438014dd89e497e0d14b93a2d4dae94c292bc3b4dc969ffa692a",
    ("P007", "amateur_selfie"): "7092be65a59ceec2c31b444164bb88c01116e6795cddd89ec2fe5dc9623bac53",
    ("P007", "studio_portrait"): "385d036e3231c2573d129d5dc3f5ff8a15dc67842a0790d5e230d9b8cabb78e6",
    ("P008", "amateur_posture"): "a623dcb1d90e291d7f458e3693d85b2506dccce9eba7aa059cb5cd39e3fc4555",
    ("P008", "studio_posture"): "ac4c783981b656962f43e659ba15a91c3c6b261ed316518234bf2292771857ea",
    ("P008", "amateur_selfie"): "492834fc36a2f43b98071311f36502409df5f3dab1a1bda67d59b452ff7dbccc",
    ("P008", "studio_portrait"): "d10f2e3796f5c9a42ed87207a3b510f5559c5de7c7464328854f839011c7deca",
    ("P009", "amateur_posture"): "db0eb3f818757a6ca0490f3a91d681d9a609ce62a112dcf006d025fcec346ccb",
    ("P009", "studio_posture"): "12f84ef8f8a871c8a8f872ebe13ecc09b9aacb9bacdbea57e2480b834eaa3157",
    ("P009", "amateur_selfie"): "a054e606a679b94fc8817bf113deafa68b6bdd3d7078c1005f0e1cb7e5b8d8ab",
    ("P009", "studio_portrait"): "62b0945fd76e348f2efb497097c72d5c4e19ef8d529745bc1b51dd8d06c7e7d3",
    ("P010", "amateur_posture"): "92c72ae37c87cdbaaddb188920dd6ace808e314207e2e2ee9a0460d4b6f8f550",
    ("P010", "studio_posture"): "1dcff664ed64c2f68920a6a243ff10799c58779d3193627449f5622446dd6303",
    ("P010", "amateur_selfie"): "aa898df81613d90ffdad6684f31dedc81d8d1b86934d78ad2917f6cdd27f7430",
    ("P010", "studio_portrait"): "57b7e6d21272a5f468ee176fd4acb5c89f5949a945e5174fe12c81483246cc99",
}  # fmt: skip
"""Of each picture's file."""
