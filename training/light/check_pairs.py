"""Pairs of pictures that must pass the photometric check, and failures made of them on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F

from pipelines.geometry.colour import delta_e_2000, encoded, lab, linear
from pipelines.geometry.garments import CLOTHES, NUMBER, GarmentMap
from pipelines.geometry.lighting import LightField
from pipelines.geometry.parts import INDEX, PARTS
from pipelines.geometry.temperature import planckian
from pipelines.geometry.warped import Correspondence
from pipelines.light.compared import LIMBS
from pipelines.light.measures import SKIN_OF
from training.people.render.render import developed, undeveloped
from training.people.render.sensor import apply
from training.people.truth.dataset import People, Stored

from .sets import camera_light

SKIN_SHIFT, CLOTH_SHIFT = 6.0, 8.0
"""CIEDE2000 by which hidden skin and a garment are tinted on purpose."""
FEW = 150
"""Pixels of skin or a garment under which a failure is not made: nobody would see it."""
FEW_OF_LIMB = 700
"""The same of a limb, of which the borders do not count."""
SIDEWAYS = 0.38
"""x of the key, and of the shadow, from which its mirror image lies 45 degrees away or more: else it is hardly another
light."""


@dataclass(frozen=True, eq=False)
class LitPair:
    """source and result (1, 3, H, W) sRGB of one person; found from the result to the source; garments and shown of the
    source and the result; light of the source; shadow (3,) where the result's shadow runs, camera frame, or None."""

    name: str
    source: torch.Tensor
    result: torch.Tensor
    person: torch.Tensor
    found: Correspondence
    garments: GarmentMap
    shown: GarmentMap | None
    light: LightField
    shadow: torch.Tensor | None = None


def synthetic_pairs(folder: Path, count: int, own_camera: bool = False) -> Iterator[LitPair]:
    """Pairs of views of synthetic people with the truth about everything, `count` of them, one or two of a person.

    Both pictures as one camera gives them, with the source's exposure and white balance: what a reposed picture should
    look like. own_camera: as each view's own camera gave them, which a repose never has.
    """
    people = People(folder)
    made = 0
    for round_ in range(4):
        for i in range(len(people)):
            views = len(people[i])
            s, t = round_ % views, (round_ + 1 + i % (views - 1)) % views
            if s == t:
                continue
            yield synthetic_pair(people[i], s, t, own_camera)
            made += 1
            if made == count:
                return


def synthetic_pair(person: Stored, s: int, t: int, own_camera: bool = False) -> LitPair:
    """One pair of views of a stored person."""
    pair = person.pair(s, t)
    source, target, truth = pair.source, pair.target, pair.correspondence
    if own_camera:
        pictures = (source.view.rgb, target.view.rgb)
    else:
        exposure = source.view.exposure
        again = developed(undeveloped(target.view.clean, target.view.exposure), exposure)
        seed = int(person.path.name) * 16 + s
        pictures = (_taken(source.view.clean, seed), _taken(again, seed))
    normal = target.view.normal
    there = truth.person & (normal.norm(dim=0) > 0.5)
    old = F.normalize(_nearest(source.view.normal, truth.source_xy), dim=0)
    found = Correspondence(
        torch.where(there[..., None], truth.source_xy, torch.nan),
        (truth.visible & there).float(),
        _stretch(truth.source_xy, there),
        torch.where(there, parts_of(target), -1),
        torch.where(there, target.view.depth, torch.nan),
        (F.normalize(normal, dim=0) * there).permute(1, 2, 0),
        (torch.where(truth.visible, old, F.normalize(normal, dim=0)) * there).permute(1, 2, 0),
        torch.zeros(there.shape, dtype=torch.int64),
    )
    # Each camera has its own frame: the light is given in the source's, the target's normals are turned into it.
    to_source = source.camera.rotation @ target.camera.rotation.T
    light = camera_light(person.record, source.camera.rotation)
    found = replace(found, normal=found.normal @ to_source.T)
    key = light.key_direction if light.key_share > 0.1 else None
    shadow = None if key is None else _floor_run(camera_light(person.record, target.camera.rotation))
    return LitPair(
        f"{person.path.name}-{s}-{t}",
        pictures[0][None].float(),
        pictures[1][None].float(),
        target.view.alpha[None, None].float(),
        found,
        _clothes(source.view),
        _clothes(target.view),
        light,
        shadow,
    )


def itself(person: Stored, s: int) -> LitPair:
    """A view of a stored person against itself."""
    shot = person[s]
    there = (shot.view.face >= 0) & (shot.view.normal.norm(dim=0) > 0.5)
    y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in there.shape), indexing="ij")
    normal = (F.normalize(shot.view.normal, dim=0) * there).permute(1, 2, 0)
    found = Correspondence(
        torch.where(there[..., None], torch.stack((x, y), -1), torch.nan),
        there.float(),
        there.float(),
        torch.where(there, parts_of(shot), -1),
        torch.where(there, shot.view.depth, torch.nan),
        normal,
        normal,
        torch.zeros(there.shape, dtype=torch.int64),
    )
    light, picture = camera_light(person.record, shot.camera.rotation), shot.view.rgb[None].float()
    shadow = _floor_run(light) if light.key_share > 0.1 else None
    alpha, worn = shot.view.alpha[None, None].float(), _clothes(shot.view)
    return LitPair(f"{person.path.name}-{s}", picture, picture, alpha, found, worn, worn, light, shadow)


def _taken(clean: torch.Tensor, seed: int) -> torch.Tensor:
    return apply(clean, torch.Generator().manual_seed(seed))[0]


def _nearest(values: torch.Tensor, xy: torch.Tensor) -> torch.Tensor:
    height, width = values.shape[-2:]
    place = torch.nan_to_num(xy).round().long()
    return values[:, place[..., 1].clamp(0, height - 1), place[..., 0].clamp(0, width - 1)]


def _stretch(xy: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """(H, W) target area over source area."""
    down, right = (torch.gradient(torch.nan_to_num(xy), dim=axis)[0] for axis in (0, 1))
    area = (down[..., 0] * right[..., 1] - down[..., 1] * right[..., 0]).abs()
    return torch.where(there, 1 / area.clamp(min=0.02), 0.0).clamp(max=50)


def _clothes(view) -> GarmentMap:
    labels, alpha = view.region[None, None].to(torch.uint8), view.alpha[None, None].float()
    return GarmentMap(labels, (labels == NUMBER["hair"]).float() * alpha, alpha)


def _floor_run(light: LightField) -> torch.Tensor:
    """(3,) where shadows run on a level floor, camera frame."""
    away = -light.key_direction
    return F.normalize(away * away.new_tensor([1.0, 0.0, 1.0]), dim=0)


def parts_of(picture) -> torch.Tensor:
    """(H, W) int64 index into PARTS: the bone nearest to each pixel's surface, over its radius."""
    camera, view = picture.camera, picture.view
    points = ((picture.joints - camera.position) @ camera.rotation.T).float()
    mid = {
        "hips": points[[11, 12]].mean(0),
        "shoulders": points[[5, 6]].mean(0),
        "ears": points[[3, 4]].mean(0),
    }
    up = mid["shoulders"] - mid["hips"]
    crown = mid["ears"] + 0.3 * up * 0.5
    ends = {
        "pelvis": (mid["hips"], mid["hips"] + 0.25 * up), "spine": (mid["hips"] + 0.3 * up, mid["hips"] + 0.6 * up),
        "chest": (mid["hips"] + 0.65 * up, mid["shoulders"]), "neck": (mid["shoulders"], mid["ears"] - 0.12 * up),
        "head": (mid["ears"] - 0.1 * up, crown),
    }  # fmt: skip
    for side, (shoulder, elbow, wrist, hip, knee, ankle, toe, finger) in {
        "left": (5, 7, 9, 11, 13, 15, 17, 100),
        "right": (6, 8, 10, 12, 14, 16, 20, 121),
    }.items():
        for name, a, b in (
            ("upper_arm", shoulder, elbow), ("forearm", elbow, wrist), ("hand", wrist, finger), ("thigh", hip, knee),
            ("shin", knee, ankle), ("foot", ankle, toe),
        ):  # fmt: skip
            ends[f"{side}_{name}"] = (points[a], points[b])
    height, width = view.depth.shape
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    z = view.depth
    surface = torch.stack(
        ((x - camera.centre[0]) / camera.focal * z, (y - camera.centre[1]) / camera.focal * z, z), -1
    )
    best = torch.full((height, width), torch.inf)
    part = torch.zeros((height, width), dtype=torch.int64)
    for one in PARTS:
        a, b = ends[one.name]
        if not bool(torch.isfinite(torch.cat((a, b))).all()):
            continue
        along = b - a
        share = ((surface - a) @ along / along.square().sum().clamp(min=1e-9)).clamp(0, 1)
        away = (surface - a - share[..., None] * along).norm(dim=-1) / one.radius
        nearer = away < best
        best, part = torch.where(nearer, away, best), torch.where(nearer, INDEX[one.name], part)
    return part


def failures(pair: LitPair) -> dict[str, LitPair]:
    """By name; those that the pair does not allow are left out."""
    made = {
        "mirrored light": _mirrored(pair),
        "+800 K": _warmed(pair, 800),
        "-800 K": _warmed(pair, -800),
        "arm +10 %": _brightened(pair, "arm", 1.1),
        "arm +10 % sRGB": _brightened(pair, "arm", 1.1, True),
        "trunk -10 %": _brightened(pair, "trunk", 0.9),
        "trunk -10 % sRGB": _brightened(pair, "trunk", 0.9, True),
        "hidden skin 6 dE": _tinted_skin(pair),
        "garment 8 dE": _tinted_garment(pair),
        "shadow's wrong side": _wrong_shadow(pair),
    }
    return {name: one for name, one in made.items() if one is not None}


def _times(pair: LitPair, gain: torch.Tensor, mask: torch.Tensor) -> LitPair:
    """The result with its linear light multiplied by gain (3, H, W) or (3, 1, 1) in the mask (H, W)."""
    mixed = 1 + (gain - 1) * mask
    return replace(pair, result=encoded(linear(pair.result) * mixed).clamp(0, 1))


def _mirrored(pair: LitPair) -> LitPair | None:
    light = pair.light
    if light.key_share < 0.2 or light.confidence < 0.3 or abs(float(light.key_direction[0])) < SIDEWAYS:
        return None
    odd = light.sh.new_tensor([1, 1, 1, -1, -1, 1, 1, -1, 1])[:, None]  # x, xy and xz change sign
    other = replace(
        light, sh=light.sh * odd, key_direction=light.key_direction * light.sh.new_tensor([-1.0, 1.0, 1.0])
    )
    normal = pair.found.normal
    gain = (other.shading(normal) / light.shading(normal).clamp(min=1e-3)).clamp(0.1, 10)
    return _times(pair, gain.permute(2, 0, 1), (pair.found.part >= 0) * pair.person[0, 0])


def _warmed(pair: LitPair, kelvin: float) -> LitPair:
    """Balanced for daylight, then lit by so much more or less."""
    old = pair.light.kelvin
    gain = (planckian(old + kelvin) / planckian(old).clamp(min=0.02))[:, None, None]
    return _times(pair, gain, pair.person[0, 0])


def _brightened(pair: LitPair, what: str, gain: float, of_values: bool = False) -> LitPair | None:
    limbs = ("left arm", "right arm") if what == "arm" else ("trunk",)
    seen = pair.found.visible > 0.5
    places = [torch.isin(pair.found.part, torch.tensor([INDEX[n] for n in LIMBS[limb]])) for limb in limbs]
    here = max(places, key=lambda one: int((one & seen).sum()))
    if int((here & seen).sum()) < FEW_OF_LIMB:
        return None
    mask = here * pair.person[0, 0]
    if of_values:
        return replace(pair, result=(pair.result * (1 + (gain - 1) * mask)).clamp(0, 1))
    return _times(pair, torch.full((3, 1, 1), gain), mask)


def _tint(colour: torch.Tensor, shift: float) -> torch.Tensor:
    """(3, 1, 1) gains of linear light that change a colour (3,) by `shift` CIEDE2000 towards red, about as bright."""
    low, high = 0.0, 1.0
    base = lab(encoded(colour).clamp(0, 1)[None, :, None, None])[0, :, 0, 0]
    for _ in range(30):
        middle = (low + high) / 2
        gain = torch.tensor([1 + middle, 1 - 0.28 * middle, 1 - 0.2 * middle])
        changed = lab(encoded(colour * gain).clamp(0, 1)[None, :, None, None])[0, :, 0, 0]
        low, high = (middle, high) if float(delta_e_2000(base, changed)) < shift else (low, middle)
    return gain[:, None, None]


def _tinted(pair: LitPair, mask: torch.Tensor, shift: float) -> LitPair | None:
    if int((mask > 0.5).sum()) < FEW:
        return None
    colour = linear(pair.result)[0][:, mask > 0.5].median(1).values
    return _times(pair, _tint(colour, shift), mask * pair.person[0, 0])


def _tinted_skin(pair: LitPair) -> LitPair | None:
    if pair.shown is None:
        return None
    labels, seen = pair.shown.labels[0, 0].long(), pair.found.visible > 0.5
    chosen = torch.zeros_like(seen)
    for limb, names in LIMBS.items():
        own = torch.isin(labels, torch.tensor([NUMBER[name] for name in SKIN_OF[limb]]))
        own = own & torch.isin(pair.found.part, torch.tensor([INDEX[name] for name in names]))
        if min(int((own & seen).sum()), int((own & ~seen).sum())) >= FEW:
            chosen = chosen | (own & ~seen)
    return _tinted(pair, chosen.float(), SKIN_SHIFT)


def _tinted_garment(pair: LitPair) -> LitPair | None:
    known = pair.shown
    if known is None:
        return None
    labels = known.labels[0, 0].long()
    seen = pair.found.visible > 0.5
    counts = {name: int(((labels == NUMBER[name]) & seen).sum()) for name in CLOTHES}
    name = max(counts, key=counts.get)
    return _tinted(pair, (labels == NUMBER[name]).float(), CLOTH_SHIFT) if counts[name] >= FEW else None


def _wrong_shadow(pair: LitPair) -> LitPair | None:
    if pair.shadow is None or abs(float(pair.shadow[0])) < SIDEWAYS:
        return None
    return replace(pair, shadow=pair.shadow * pair.shadow.new_tensor([-1.0, 1.0, 1.0]))
