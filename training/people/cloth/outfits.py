"""What somebody wears: clothes that go together, shoes, hats, glasses, hair and face, by name and colour.

Everybody is decently covered. Children and the young wear everyday clothes: long enough, loose enough.
The test split has garments, hair and skins of its own (HELD_OUT) where the kit has several of a kind; the coat,
the glasses and the eyes are shared, and differ by colour and fabric only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from ..body.tints import HAIR, LEATHER, PALETTE, hair_colour
from ..draws import Draw
from ..kit.kit import Item, Kit

SPLITS = ("train", "test")
HELD_OUT = frozenset(
    """male_casualsuit03.top male_casualsuit03.bottom male_worksuit01.top male_worksuit01.bottom
    female_casualsuit02.top female_elegantsuit01.top male_casualsuit06.top male_casualsuit06.bottom Tank_Top_01
    female_elegantsuit01.bottom male_elegantsuit01.bottom Sleeveless Tightjeans JeansSkirt F_Dress_02 F_Dress_03 shoes03
    WinterBoots fedora fedora_cocked bob02 short02 ponytail01 eyebrow003 eyebrow007 eyebrow011 eyelashes03
    young_caucasian_female_2 young_caucasian_male_2 middleage_african_male old_asian_female middleage_african_female
    middleage_asian_male old_caucasian_male""".split()
)
"""Items and skins of the test split alone."""
ONE_OF_A_KIND = ("outer", "glasses", "eyes")
"""Kinds of which the kit has one item, which both splits wear. Of other kinds a split has its own or none."""
ADULT = 0.6
"""Phenotype age below which somebody counts as young here: about 20 (0.67 is 25, 0.33 eleven)."""
EVERYDAY = frozenset(
    """male_casualsuit01.top male_casualsuit01.bottom
    male_casualsuit02.top male_casualsuit03.top male_casualsuit04.top male_casualsuit05.top
    male_casualsuit06.top female_casualsuit01.top female_casualsuit02.top male_worksuit01.top male_casualsuit02.bottom
    male_casualsuit03.bottom male_casualsuit04.bottom male_casualsuit05.bottom male_casualsuit06.bottom
    male_worksuit01.bottom female_casualsuit01.bottom shoes01 shoes02 shoes04 shoes05 shoes06 shoes03 Fishing_Hat_01
    WinterBoots F_Dress_02""".split()
)
"""What the young wear, whoever they are."""
ANYBODY = frozenset(
    """female_casualsuit01.top female_casualsuit02.top female_casualsuit01.bottom female_sportsuit01.bottom long01
    short03 bob02 ponytail01""".split()
)
"""Items tagged for women that suit men as well."""
LEFT_OUT = frozenset({"female_sportsuit01.top"})
"""Too little of a top by itself."""
RARE = frozenset(
    """female_casualsuit02.bottom TubeTop F_Dress_04 ShortJeans miniskirt TubeDress spaghetti-top male_worksuit01.top
    male_worksuit01.bottom""".split()
)
"""Worn now and then: what covers little, and dungarees."""
LONG_TOPS = frozenset({"Asymmetric_Tunic_and_Sash", "male_casualsuit05.top", "male_elegantsuit01.top"})
"""Tops never tucked in and never under a coat, as skirts are: two that hang would cut through each other."""
PAIRED = {
    "male_worksuit01.top": "male_worksuit01.bottom",
    "male_casualsuit01.top": "male_casualsuit01.bottom",
}
"""Tops with nothing where their own bottom covers them."""
BIBS = frozenset({"male_worksuit01.bottom"})
"""Bottoms with a bib, which goes over any top."""
SHORT_HAIR = frozenset({"short01", "short02", "short03", "short04", "bob02"})
"""Hair that goes under a hat."""


@dataclass(frozen=True)
class Worn:
    """One item and its look: a variant of its own pictures, or a colour (a name of PALETTE or HAIR), or a fabric's
    seed.

    fabric: 0 for none; else what seeds the generator of a made fabric.
    """

    item: str
    variant: str | None = None
    colour: str | None = None
    fabric: int = 0


@dataclass(frozen=True)
class Outfit:
    """From the innermost out: clothes, then face (eyes, brows, lashes), hair, glasses, hat."""

    worn: tuple[Worn, ...]
    underclothes: str = field(default="charcoal")

    def record(self) -> dict:
        """Plain values for a file."""
        return asdict(self)


@dataclass(frozen=True)
class Wearer:
    """Who is dressed: sex "female" or "male" of the body, phenotype age in [0, 1], ethnicity of the most
    ancestors."""

    sex: str
    age: float
    ethnicity: str


@dataclass(frozen=True)
class Closet:
    """What a wearer may take from a kit, by kind."""

    kit: Kit
    wearer: Wearer
    split: str
    draw: Draw

    def options(self, *kinds: str) -> list[Item]:
        """The items of some kinds that suit, the split's own; everybody's of ONE_OF_A_KIND."""
        found: list[Item] = []
        for kind in kinds:
            every = self.kit.of_kind(kind)
            own = [item for item in every if (item.id in HELD_OUT) == (self.split == "test")]
            found += [item for item in own or (every if kind in ONE_OF_A_KIND else ()) if self._suits(item)]
        return found

    def take(self, *kinds: str, only: frozenset[str] | None = None) -> Item | None:
        """One of them, rarer where it covers little or is tagged for the other sex; None where there is none."""
        found = [item for item in self.options(*kinds) if only is None or item.id in only]
        return self.draw.weighed({item: self._wish(item) for item in found}) if found else None

    def _wish(self, item: Item) -> float:
        return 0.4 if item.id in RARE or self.wearer.sex not in item.sexes else 1.0

    def _suits(self, item: Item) -> bool:
        if item.id in LEFT_OUT:
            return False
        dressing = item.kind in ("top", "bottom", "dress", "outer", "suit", "shoes", "headwear")
        if dressing and self.wearer.age < ADULT:
            return item.id in EVERYDAY and (self.wearer.sex == "female" or item.kind != "dress")
        if self.wearer.sex in item.sexes:
            return True
        borrowed = (
            "male" in item.sexes
            and item.kind in ("top", "bottom", "shoes", "hair")
            and item.id != "male_casualsuit05.top"
        )
        return borrowed if self.wearer.sex == "female" else item.id in ANYBODY


def sampled(kit: Kit, wearer: Wearer, split: str, draw: Draw) -> Outfit:
    """An outfit for somebody. Raises ValueError for a split that does not exist."""
    if split not in SPLITS:
        raise ValueError(f'there is no split "{split}"; there are {", ".join(SPLITS)}')
    closet = Closet(kit, wearer, split, draw)
    colour = hair_colour(draw, wearer.ethnicity, wearer.age)
    clothes = _clothes(closet)
    head = _head(closet, colour, any(worn.item == "Coat" for worn in clothes))
    return Outfit((*clothes, *head), draw.pick(("charcoal", "black", "navy", "grey", "beige", "white")))


def _clothes(closet: Closet) -> list[Worn]:
    draw = closet.draw
    shoes = closet.take("shoes")
    boots = shoes is not None and shoes.id == "WinterBoots"
    shod = [_shod(shoes, draw)] if shoes is not None else []
    whole = closet.take("dress", "suit") if draw.chance(_share_of_wholes(closet)) else None
    inner = _two_pieces(closet) if whole is None else [_dyed(whole, draw)]
    outer = closet.take("outer") if draw.chance(0.15) else None
    hangs = any(worn.item in LONG_TOPS or closet.kit.items[worn.item].skirt for worn in inner)
    if outer is not None and not hangs:
        inner.append(_dyed(outer, draw))
    return [*inner, *shod] if boots else [*shod, *inner]


def _share_of_wholes(closet: Closet) -> float:
    """How often a dress (or the suit made in one piece) is worn."""
    return 0.3 if closet.wearer.sex == "female" else 0.07


def _two_pieces(closet: Closet) -> list[Worn]:
    """Bottom and top, the top outside; tucked in now and then, and always into a skirt."""
    top, bottom = closet.take("top"), closet.take("bottom")
    if top is None or bottom is None:
        raise ValueError(f"the kit has no top and bottom for {closet.wearer}; pack it whole")
    bottom = closet.kit.items.get(PAIRED.get(top.id, ""), bottom)
    if top.id in LONG_TOPS and bottom.skirt:
        trousers = frozenset(item.id for item in closet.options("bottom") if not item.skirt)
        bottom = closet.take("bottom", only=trousers) or bottom
    pair = [_dyed(bottom, closet.draw), _dyed(top, closet.draw)]
    tucked = (
        bottom.skirt or bottom.id in BIBS or (top.id not in {*LONG_TOPS, *PAIRED} and closet.draw.chance(0.2))
    )
    return pair[::-1] if tucked else pair


def _dyed(item: Item, draw: Draw) -> Worn:
    """A garment as it came, in another colour, or of another fabric."""
    how = draw.weighed({"own": 0.25, "colour": 0.15, "fabric": 0.0 if item.kind == "suit" else 0.6})
    colour = draw.pick(tuple(PALETTE)) if how == "colour" else None
    seed = int(draw.between(1, 2**31)) if how == "fabric" else 0
    return Worn(item.id, draw.pick(item.variants), colour, seed)


def _shod(item: Item, draw: Draw) -> Worn:
    return Worn(item.id, draw.pick(item.variants), draw.pick(LEATHER) if draw.chance(0.6) else None)


def _head(closet: Closet, colour: str, warm: bool) -> list[Worn]:
    """Eyes, brows, lashes, hair, glasses and hat."""
    draw = closet.draw
    dark = closet.wearer.ethnicity != "caucasian"
    found = [_eyes(closet, dark)]
    brow = colour if colour in HAIR and not draw.chance(0.3) else "dark brown"
    for kind, dye in (("eyebrows", brow), ("eyelashes", "black")):
        item = closet.take(kind)
        found += [Worn(item.id, None, dye)] if item is not None else []
    hat = closet.take("headwear") if draw.chance(0.2 if warm else 0.12) else None
    found += _hair(closet, colour, hat is not None)
    if draw.chance(0.14) and (glasses := closet.take("glasses")):
        found.append(Worn(glasses.id))
    return [*found, Worn(hat.id, draw.pick(hat.variants), _hat_colour(draw))] if hat is not None else found


def _hat_colour(draw: Draw) -> str | None:
    return draw.pick(tuple(PALETTE)) if draw.chance(0.5) else None


def _eyes(closet: Closet, dark: bool) -> Worn:
    item = closet.take("eyes")
    if item is None:
        raise ValueError("the kit has no eyes; pack it whole")
    brown = {name: 1.0 for name in item.variants if "brown" in name}
    others = {name: 0.0 if dark else 0.25 for name in item.variants if "brown" not in name}
    return Worn(item.id, closet.draw.weighed(brown | others))


def _hair(closet: Closet, colour: str, covered: bool) -> list[Worn]:
    """Hair; sometimes none on a man."""
    old_man = closet.wearer.sex == "male" and closet.wearer.age >= ADULT
    if closet.draw.chance(0.12 if old_man else 0.0):
        return []
    item = closet.take("hair", only=SHORT_HAIR if covered else None) or closet.take("hair")
    return [Worn(item.id, None, colour)] if item is not None else []
