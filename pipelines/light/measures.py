"""The single measures of the photometric check. Each says what it finds, or why it cannot tell."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ..geometry.colour import delta_e_2000, encoded, lab, luminance
from ..geometry.garments import CLOTHES, NUMBER, REGIONS
from ..geometry.lighting import DAYLIGHT, LightField
from ..geometry.temperature import planckian, temperature
from .compared import LIMBS, Compared
from .findings import Finding, Thresholds
from .refit import Refit, brighter, middle, spread

FEW, FEW_OF_CLOTH, FEW_OF_SKIN = 150, 300, 60
"""Cells (of about 320 on the figure's longer side) under which a limb, a garment, and a piece of skin says nothing."""
DIRECTED = 0.3
"""Slope of the light over the normals under which it has no direction to compare."""
TRUSTED = 0.2
"""Confidence of the source's light under which its direction is not compared."""
DOUBTS = {"direction": 3.2, "contrast": 3.0, "temperature": 3.0, "limb": 6.0, "skin": 0.5, "garment": 2.0}
"""How many times what a measure leaves in doubt is added to its limit: so many that true pictures of one person under
one light hardly ever fail (measured, training/light/check.py)."""
LEAST, WITNESSES, FEWER = 0.002, 600.0, 0.75
"""A limb's doubt: the quartiles' distance inside it and LEAST, times (WITNESSES / its cells) to the power FEWER: the
form among those tried that told most brightened limbs with as few false alarms (measured, training/light/check.py)."""
DARK, NEAR = 0.02, 0.2
"""For the light's colour: linear light under which a cell's hue is noise, and logarithm of brightness beyond which it
lies in another shadow, which has another colour."""
COOLEST, HOTTEST = 2200.0, 15000.0
"""Kelvin between which a change of temperature is counted: beyond them mireds mean little."""
SKIN_OF = {
    "trunk": ("torso_skin",),
    "head": ("face", "torso_skin"),
    **{f"{s} {limb}": (f"{s}_{limb}_skin",) for s in ("left", "right") for limb in ("arm", "leg")},
}
"""The regions that are a limb's own skin; a neck is the face's or the trunk's."""
OVERHEAD = 0.25
"""Length of the light's level part under which a shadow has no side."""
FLOOR = 0.3
"""Height over depth of a level floor in a picture: a camera at eye height some four metres away. By eye."""


def direction(fit: Refit | None, light: LightField, limits: Thresholds) -> Finding:
    """From where the light comes."""
    name = "light direction"
    if why := _undirected(fit, light):
        return Finding(name, why)
    limit = limits.direction + limits.doubt * DOUBTS["direction"] * fit.angle_doubt
    words = f"the result is lit from {fit.angle:.0f} degrees beside the photo's light"
    return Finding(name, words, fit.angle, limit, " degrees")


def contrast(fit: Refit | None, light: LightField, limits: Thresholds) -> Finding:
    """How directional the light is: key against everything else."""
    name = "ambient to direct"
    if why := _undirected(fit, light):
        return Finding(name, why)
    limit = limits.contrast + limits.doubt * DOUBTS["contrast"] * fit.contrast_doubt
    words = f"the light models the result {max(fit.contrast, 0):.0%} as strongly as the photo"
    return Finding(name, words, abs(fit.contrast - 1), limit)


def _undirected(fit: Refit | None, light: LightField) -> str:
    """Why a direction cannot be compared; nothing where it can."""
    if fit is None:
        return "too little of the photo's surface is seen"
    if light.confidence < TRUSTED:
        return "the photo's light has no clear direction"
    if fit.strength < DIRECTED:
        return "the light is even on what is seen, or that faces one way only"
    return ""


def light_colour(seen: Compared, fit: Refit | None, light: LightField):
    """(3,) logarithm of the change of the light's colour, green 0, and (2,) the doubt of red and blue; None where
    nothing tells it."""
    if fit is None:
        return None
    known = seen.trust > 0
    change, before = seen.change[:, known], seen.before[:, known]
    dark = torch.minimum(before.amin(0), seen.after[:, known].amin(0))
    strong = before.amax(0) / before.amin(0).clamp(min=1e-4)
    near = 1 / (1 + ((brighter(seen) - fit.gain) / NEAR).square())
    weight = seen.trust[known] * (dark / (dark + DARK)).square() * near / strong.clamp(min=1)
    # A coat must not outvote all else because it is large.
    piece = seen.region[known] * len(LIMBS) + seen.limb[known]
    total = weight.new_zeros(len(REGIONS) * len(LIMBS)).index_add(0, piece, weight)
    weight = weight / total[piece].clamp(min=1e-9).sqrt()
    hue = torch.stack((change[0] - change[1], change[2] - change[1]))
    found = [middle(one, weight) for one in hue]
    doubt = [_pieces_doubt(one, weight, piece) for one in hue]
    return change.new_tensor([found[0], 0.0, found[1]]), change.new_tensor(doubt)


def _pieces_doubt(values: torch.Tensor, weight: torch.Tensor, piece: torch.Tensor) -> float:
    """Standard error of what the pieces of surface agree on."""
    found = [(middle(values[here], weight[here]), float(weight[here].sum())) for here in _each(piece, FEW)]
    if len(found) < 2:
        return spread(values)
    middles, sizes = torch.tensor(found).T
    mean = (middles * sizes).sum() / sizes.sum().clamp(min=1e-9)
    return float(
        ((middles - mean).square() * sizes).sum().div(sizes.sum().clamp(min=1e-9) * len(found)).sqrt()
    )


def _each(numbers: torch.Tensor, least: int):
    """(n,) bool of each number that is there at least so often."""
    values, counts = numbers.unique(return_counts=True)
    for value in values[counts >= least].tolist():
        yield numbers == value


def warmth(colour, light: LightField, limits: Thresholds) -> tuple[Finding, Finding]:
    """Colour temperature and tint."""
    names = "colour temperature", "tint"
    if colour is None:
        return tuple(Finding(name, "too little of the photo's surface is seen") for name in names)
    change, doubt = colour
    old = light.kelvin if light.kelvin == light.kelvin else DAYLIGHT
    old = min(max(old, COOLEST), HOTTEST)
    lamp = planckian(old).to(change)
    (new, green), (_, before) = temperature(lamp * change.exp()), temperature(lamp)
    mired, duv = 1e6 / new - 1e6 / old, green - before
    # What red and blue leave in doubt, in mired: they move apart by about a hundredth for each at daylight.
    unsure = float(_mired_of(lamp, change, doubt))
    limit = limits.temperature + limits.doubt * DOUBTS["temperature"] * unsure
    side = "cooler" if mired < 0 else "warmer"
    words = f"{abs(new - old):.0f} K {side}: {old:.0f} K became {new:.0f} K"
    tint = f"{'greener' if duv > 0 else 'pinker'} than the photo"
    scale = limit / max(limits.temperature, 1e-6) if limits.temperature else 1.0
    return (
        Finding(names[0], words, abs(mired), limit, " mired"),
        Finding(names[1], tint, abs(duv), limits.tint * scale, " Duv"),
    )


def _mired_of(lamp: torch.Tensor, change: torch.Tensor, doubt: torch.Tensor) -> float:
    """Mired between the light as found and as far off as red and blue leave in doubt together."""
    off = change.new_tensor([float(doubt[0]) / 2, 0.0, -float(doubt[1]) / 2])
    ends = [temperature(lamp * (change + sign * off).exp())[0] for sign in (-1, 1)]
    return abs(1e6 / ends[0] - 1e6 / ends[1])


def limbs(seen: Compared, fit: Refit | None, limits: Thresholds) -> Finding:
    """Whether a limb is brighter or darker than the rest of the figure."""
    name = "limb brightness"
    if fit is None:
        return Finding(name, "too little of the photo's surface is seen")
    known = seen.trust > 0
    limb, weight = seen.limb[known], seen.trust[known]
    rows = []
    for number, called in enumerate(LIMBS):
        here = limb == number
        if int(here.sum()) < FEW:
            continue
        off = middle(fit.left[here], weight[here])
        unsure = (spread(fit.left[here]) + LEAST) * (WITNESSES / int(here.sum())) ** FEWER
        limit = limits.limb + 100 * limits.doubt * DOUBTS["limb"] * unsure
        rows.append((100 * abs(off) / max(limit, 1e-9), off, limit, called))
    if len(rows) < 2:
        return Finding(name, "fewer than two limbs are seen well enough to compare")
    _, off, limit, called = max(rows)
    words = f"the {called} is {abs(100 * off):.0f} % {'brighter' if off > 0 else 'darker'} than the light explains"
    return Finding(name, words, abs(100 * off), limit, " %")


def limb_spreads(seen: Compared, fit: Refit) -> torch.Tensor:
    """(limbs + 1,) the quartiles' distance of what is not explained inside each limb; last of what is on none."""
    limb = seen.limb[seen.trust > 0]
    return fit.left.new_tensor([spread(fit.left[limb == number]) for number in range(len(LIMBS))] + [0.0])


def skin(seen: Compared | None, light: LightField, limits: Thresholds) -> tuple[Finding, dict[str, float]]:
    """Whether newly shown skin has the colour of what the photo showed of it; and by limb the share of its limit."""
    name = "new skin"
    if seen is None:
        return Finding(name, "nobody is in the result"), {}
    rows = []
    albedo = _under_white(seen.after, seen.lit, light)
    for called in LIMBS:
        on = bare(seen, called)
        new, old = on & seen.hidden, on & seen.inside & ~seen.hidden
        if min(int(new.sum()), int(old.sum())) < FEW_OF_SKIN:
            continue
        first, second = (_middle_colour(albedo[:, here]) for here in (old, new))
        apart = _unlike(first, second, light.confidence)
        unsure = _colour_doubt(albedo[:, old], light.confidence) + _colour_doubt(
            albedo[:, new], light.confidence
        )
        limit = limits.skin + limits.doubt * DOUBTS["skin"] * unsure
        rows.append((apart / max(limit, 1e-9), apart, limit, called))
    if not rows:
        return Finding(name, "no limb shows both new skin and skin that the photo showed"), {}
    _, apart, limit, called = max(rows)
    told = Finding(name, f"between new and known skin of the {called}", apart, limit, " dE2000")
    return told, {row[3]: row[0] for row in rows}


def bare(seen: Compared, limb: str) -> torch.Tensor:
    """(h, w) bool: a limb's own skin. What lay behind something else in the photo has that one's region, and is left
    out."""
    own = torch.isin(seen.region, seen.region.new_tensor([NUMBER[one] for one in SKIN_OF[limb]]))
    return own & (seen.limb == list(LIMBS).index(limb))


def garments(seen: Compared, fit: Refit | None, colour, light: LightField, limits: Thresholds) -> Finding:
    """Whether a garment has the colour that it has in the photo, in the light of the result."""
    name = "garment colour"
    if fit is None:
        return Finding(name, "too little of the photo's surface is seen")
    known = seen.trust > 0
    region = seen.region[known]
    # The whole figure's own change of light has findings of its own.
    left = seen.change[:, known] - brighter(seen) - colour[0][:, None] + fit.left
    before = seen.before[:, known]
    rows = []
    for called in CLOTHES:
        here = region == NUMBER[called]
        if int(here.sum()) < FEW_OF_CLOTH:
            continue
        old = _middle_colour(before[:, here])
        step = torch.stack([left.new_tensor(middle(one[here], seen.trust[known][here])) for one in left])
        level = 0.6 / luminance(old).clamp(min=1e-4)
        lifted = old * level.clamp(max=1)
        apart = _unlike(lifted, lifted * step.exp(), light.confidence)
        unsure = _step_doubt(lifted, left[:, here], light.confidence) * (WITNESSES / int(here.sum())) ** 0.5
        limit = limits.garment + limits.doubt * DOUBTS["garment"] * unsure
        rows.append((apart / max(limit, 1e-9), apart, limit, called))
    if not rows:
        return Finding(name, "no garment is seen well enough")
    _, apart, limit, called = max(rows)
    return Finding(name, f"{called}, from the photo to the result", apart, limit, " dE2000")


def _under_white(colour: torch.Tensor, lit: torch.Tensor, light: LightField) -> torch.Tensor:
    """(3, h, w) linear colours as they would look in even light of the same mean."""
    even = light.mean[:, None, None].to(colour)
    ratio = torch.where(lit > 0, even / lit.clamp(min=1e-4), 1.0)
    return colour * (light.confidence * ratio.clamp(0.05, 20).log()).exp()


def _middle_colour(colours: torch.Tensor) -> torch.Tensor:
    """(3,) of (3, n)."""
    return colours.median(1).values


def _as_lab(colours: torch.Tensor) -> torch.Tensor:
    """(n, 3) L*a*b* of linear colours (3, n)."""
    return lab(encoded(colours).clamp(0, 1)[None, :, None])[0, :, 0].T


def _unlike(first: torch.Tensor, second: torch.Tensor, confidence: float) -> float:
    """CIEDE2000 between linear colours (3,); a difference of lightness counts half, and less where the light is not
    known: it may be shade."""
    a, b = _as_lab(torch.stack((first, second), 1))
    b = torch.cat((torch.lerp(a[:1], b[:1], 0.5 * confidence), b[1:]))
    return float(delta_e_2000(a, b))


def _colour_doubt(colours: torch.Tensor, confidence: float) -> float:
    """Half the quartiles' distance of (3, n) in a*, b*, and of lightness as far as it counts."""
    found = _as_lab(colours)
    share = (0.25 * confidence, 0.5, 0.5)
    wide = [share[i] * spread(found[:, i]) for i in range(3)]
    return sum(one * one for one in wide) ** 0.5 * min(1.0, (WITNESSES / max(colours.shape[1], 1)) ** 0.5)


def _step_doubt(colour: torch.Tensor, steps: torch.Tensor, confidence: float) -> float:
    """CIEDE2000 of what the steps (3, n) of a colour (3,) differ by among themselves."""
    hue = steps - steps[1]
    wide = steps.new_tensor([spread(hue[0]), 0.0, -spread(hue[2])]) / 2
    return _unlike(colour, colour * wide.exp(), confidence)


def shadow(run: torch.Tensor | None, light: LightField, limits: Thresholds) -> Finding:
    """run (2,): from the feet along the shadow, in the picture; or (3,): where it runs on the floor, camera frame."""
    name = "shadow direction"
    if run is None:
        return Finding(name, "no shadow of the result is given")
    if light.confidence < TRUSTED or light.key_share < 0.1:
        return Finding(name, "the photo's light has no clear direction")
    away = -light.key_direction.double().cpu()
    away = away * away.new_tensor([1.0, 0.0, 1.0])
    if float(away.norm()) < OVERHEAD:
        return Finding(name, "the light comes from above: its shadow has no side")
    run = torch.as_tensor(run, dtype=torch.float64)
    if run.shape not in ((2,), (3,)):
        raise ValueError(f"a shadow's direction has two or three numbers, found {tuple(run.shape)}")
    if len(run) == 2:
        # Deeper on the floor is higher in the picture.
        away = torch.stack((away[0], -FLOOR * away[2]))
    else:
        run = run * run.new_tensor([1.0, 0.0, 1.0])
    if not bool(torch.isfinite(run).all()) or float(run.norm()) < 1e-6:
        return Finding(name, "the shadow that is given has no direction")
    cosine = F.normalize(run, dim=0) @ F.normalize(away, dim=0)
    angle = float(torch.rad2deg(torch.arccos(cosine.clamp(-1, 1))))
    words = f"it falls {angle:.0f} degrees beside where the light leads to expect it"
    return Finding(name, words, angle, limits.shadow, " degrees")
