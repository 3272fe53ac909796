"""Every way to fill, on the same places: how far it is from the truth, and whether its border shows.

python -m training.autoencoder measure --people DIR prints the table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.filling.guess import Unseen, guessed
from pipelines.geometry.colour import delta_e_2000, lab
from pipelines.geometry.covering import layered_colour
from pipelines.geometry.layout import Layout
from pipelines.geometry.patchwork import Hole, patched
from pipelines.geometry.patterns import repeats
from pipelines.geometry.trust import Contact
from pipelines.models import autoencoder

from ..evaluation import lpips
from ..evaluation.similarity import LUMA, structure
from . import peers
from .places import Place

Filler = Callable[[Place], Tensor]


def _telea(place: Place) -> Tensor:
    return peers.telea(place.truth, place.unseen.wanted)


def _migan(place: Place) -> Tensor:
    return peers.migan(place.truth, place.unseen.wanted)


def _plain(place: Place) -> Tensor:
    """Patches of the same garment, without any guess of the smooth colours."""
    unseen = place.unseen
    guess = place.truth.clone()
    for number in torch.unique(unseen.region[unseen.wanted]).tolist():
        own = unseen.known & (unseen.region == number)
        own = own if bool(own.any()) else unseen.known
        guess[:, unseen.wanted & (unseen.region == number)] = place.truth[:, own].mean(1, keepdim=True)
    return _patched(unseen, guess)


def _today(place: Place) -> Tensor:
    """What the warp's own layers continue with, the hidden limb lying over them."""
    unseen = place.unseen
    person = (unseen.known | unseen.wanted).float()
    layout = Layout.around(person, unseen.stature)
    over = layout.crop_mask(unseen.wanted[None].float())
    matte = layout.crop_mask(person[None])
    seen = layout.crop_mask(unseen.known[None].float())
    contact = Contact(seen, over, over, matte, unseen.stature, False)
    step = slice(layout.cell // 2, None, layout.cell)
    worn = layout.crop(unseen.region[None])[0, step, step].clamp(min=0)
    known = repeats(place.clothes, layout)
    made = layered_colour(
        layout, layout.crop(unseen.picture), matte, contact, seen > 0.5, repeats=known, clothes=worn
    )
    out = place.truth.clone()
    x, y = layout.corner
    at = torch.nonzero(unseen.wanted)
    out[:, at[:, 0], at[:, 1]] = made[:, at[:, 0] - y, at[:, 1] - x]
    return out


def _continued(place: Place) -> Tensor:
    return _put(place, place.unseen.continued())


def _encoded(place: Place) -> Tensor:
    return _put(place, guessed(place.unseen, autoencoder.shipped()))


def _continued_patched(place: Place) -> Tensor:
    return _patched(place.unseen, _continued(place))


def _encoded_patched(place: Place) -> Tensor:
    return _patched(place.unseen, _encoded(place))


def _today_patched(place: Place) -> Tensor:
    return _patched(place.unseen, _today(place))


def _put(place: Place, made: Tensor) -> Tensor:
    return torch.where(place.unseen.wanted, made, place.truth)


def _patched(unseen: Unseen, guess: Tensor) -> Tensor:
    label = torch.where(unseen.known | unseen.wanted, unseen.region, -1)
    return patched(Hole(guess, unseen.wanted, unseen.known, label, unseen.stature))


FILLERS: dict[str, Filler] = {
    "OpenCV Telea": _telea,
    "MI-GAN": _migan,
    "smooth continuation": _continued,
    "plain patch match": _plain,
    "the pack's warp": _today,
    "autoencoder alone": _encoded,
    "continuation + patches": _continued_patched,
    "the warp's colours + patches": _today_patched,
    "autoencoder + patches": _encoded_patched,
}


class Figures(NamedTuple):
    """Of one crop: lpips; ssim and delta_e over the hidden pixels; border, the excess of the step over the seam, in
    levels of 255; texture, the fine detail's strength over the truth's (1 is right), as a factor's absolute log2; turn,
    degrees between the directions of both textures, where there is one; seconds for the whole picture."""

    lpips: float
    ssim: float
    delta_e: float
    border: float
    texture: float
    turn: float
    seconds: float


def measured(place: Place, made: Tensor, seconds: float, network: lpips.Lpips) -> Figures:
    """How one fill does in the place's crop."""
    rows, columns = place.window
    true, shown = (values[:, rows, columns][None] for values in (place.truth, made))
    hidden = place.hidden
    reach = (slice(max(0, rows.start - 8), rows.stop + 8), slice(max(0, columns.start - 8), columns.stop + 8))
    wide = [values[:, reach[0], reach[1]][None] for values in (place.truth, made)]
    inner = place.unseen.wanted[reach] & _inside(place, reach)
    similar = structure(*wide)[0, 0]
    apart = delta_e_2000(*(lab(values).movedim(1, -1) for values in (true, shown)))[0]
    return Figures(
        network.distance(true, shown),
        float(similar[inner].mean()),
        float(apart[hidden].mean()),
        border(
            place.truth[:, rows, columns], made[:, rows, columns], hidden, place.unseen.known[place.window]
        ),
        abs(_strength(shown[0], hidden) - _strength(true[0], hidden)),
        _turn(shown[0], true[0], hidden),
        seconds,
    )


def _inside(place: Place, reach) -> Tensor:
    out = torch.zeros_like(place.unseen.wanted)
    out[place.window] = True
    return out[reach]


def border(true: Tensor, made: Tensor, hidden: Tensor, known: Tensor) -> float:
    """Levels of 255 by which the mean step from a seen to a filled pixel is larger than the true one; 0 where it is
    smaller, or there is no such pair. A grain that is as strong as the true one has no excess."""
    total, count = torch.zeros(2), 0
    for axis in (-1, -2):
        size = true.shape[axis] - 1
        one, two = ((hidden.narrow(axis, i, size) & known.narrow(axis, 1 - i, size)) for i in (0, 1))
        seam = one | two
        steps = [
            (v.narrow(axis, 1, size) - v.narrow(axis, 0, size)).abs().mean(0)[seam].sum()
            for v in (made, true)
        ]
        total += torch.stack(steps)
        count += int(seam.sum())
    return float(255 * (total[0] - total[1]).clamp(min=0)) / count if count else 0.0


def _detail(picture: Tensor) -> Tensor:
    luma = (picture * picture.new_tensor(LUMA).view(3, 1, 1)).sum(0)[None, None]
    return (luma - F.avg_pool2d(luma, 5, 1, 2, count_include_pad=False))[0, 0]


def _strength(picture: Tensor, hidden: Tensor) -> float:
    return float(torch.log2(_detail(picture)[hidden].square().mean().sqrt() + 1e-3))


def _turn(made: Tensor, true: Tensor, hidden: Tensor) -> float:
    """Degrees, 0 to 90, weighted by how clear the true direction is: what has none tells nothing."""
    angles = []
    for picture in (made, true):
        detail = _detail(picture)
        dx, dy = F.pad(detail[:, 1:] - detail[:, :-1], (0, 1)), F.pad(detail[1:] - detail[:-1], (0, 0, 0, 1))
        xx, yy, xy = ((a * b)[hidden].mean() for a, b in ((dx, dx), (dy, dy), (dx, dy)))
        angles.append((torch.atan2(2 * xy, xx - yy) / 2, torch.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-9)))
    (one, _), (two, clear) = angles
    off = (one - two + torch.pi / 2) % torch.pi - torch.pi / 2
    return float(torch.rad2deg(off.abs()) * clear)


def table(places: Iterable[Place], names: Iterable[str], say=print) -> dict[str, list[Figures]]:
    """Every filler on every place; a picture's fill is made once for all its crops."""
    network = lpips.load(lpips.fetch())
    results: dict[str, list[Figures]] = {name: [] for name in names}
    last, made = None, {}
    for place in places:
        if last is not place.unseen:
            last, made = place.unseen, {}
        for name in results:
            if name not in made:
                started = time.perf_counter()
                made[name] = (FILLERS[name](place), time.perf_counter() - started)
            results[name].append(measured(place, *made[name], network))
    return results


def lines(results: dict[str, list[Figures]]) -> list[str]:
    """The table, in Markdown."""
    head = "| way | crops | LPIPS | 1 - LPIPS | SSIM | dE2000 | border | texture | turn | s |"
    out = [head, "| --- |" + " ---: |" * 9]
    for name, rows in results.items():
        if not rows:
            continue
        mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        out.append(
            f"| {name} | {len(rows)} | {mean[0]:.4f} | {100 * (1 - mean[0]):.1f} % | {mean[1]:.3f} | {mean[2]:.2f} |"
            f" {mean[3]:.2f} | {mean[4]:.2f} | {mean[5]:.1f} | {mean[6]:.2f} |"
        )
    return out
