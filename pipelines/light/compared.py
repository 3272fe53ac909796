"""A result and its photo laid on each other by the correspondence: the same surface, seen under both lights.

The two need not agree to the pixel (a checkpoint may have painted over the result, or it is another photo of the same
person): only values that are averaged inside one piece of surface are ever compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ..geometry.colour import linear, luminance
from ..geometry.field import sample
from ..geometry.fill import gaussian, masked_blur
from ..geometry.garments import REGIONS, GarmentMap
from ..geometry.lighting import LightField
from ..geometry.parts import LAYER_OF, NAMES
from ..geometry.warped import Correspondence
from ..native import resized
from .samples import BRIGHTEST, DARKEST
from .surface import EVEN, Cells, box_of

LOCAL = 0.02
"""Share of the figure's longer side over which colours are averaged before they are compared, as in
training/evaluation/colour.py: threads and folds that lie a little elsewhere are no change of light."""
BORDER = 0.008
"""The same, of what is left out along the borders of pieces and of what the photo saw: a place there may show the other
side of the border when the two do not agree to the pixel. By eye."""
STRETCHED = (0.2, 5.0)
"""Change of area outside of which a place is smeared, and tells more of the warp than of light. By eye."""
FACING = (0.2, 0.5)
"""Cosine to the camera, then and now, from which to which a place counts: a grazing normal is not to be trusted."""
MUCH = 0.7
"""Scale of the person against the photo from which the photo is averaged first: single pixels of it would alias."""
SAME_SHAPE = 0.02
"""How far two pictures' proportions may lie apart and still be one picture's, which sizes rounded to pixels are."""
SAME = 1e-5
"""Logarithm of a change that is only the rounding of single precision."""
LIMBS = {
    "trunk": ("pelvis", "spine", "chest"),
    "head": ("neck", "head"),
    **{
        f"{side} {limb}": tuple(f"{side}_{name}" for name in names)
        for side in ("left", "right")
        for limb, names in (("arm", ("upper_arm", "forearm", "hand")), ("leg", ("thigh", "shin", "foot")))
    },
}
"""What is compared as one: parts alone are too small to be told from a moved shadow."""
LIMB_OF = tuple(next(i for i, names in enumerate(LIMBS.values()) if name in names) for name in NAMES)


@dataclass(frozen=True, eq=False)
class Compared:
    """h x w cells over the person of the result.

    change     (3, h, w) logarithm of the result's light over what the photo and its light lead to expect; 0 beyond
    expected   (3, h, w) logarithm of that change of light itself, by which the photo's colours were multiplied
    before     (3, h, w) the photo's own linear light there, evened out as `after` is
    after      (3, h, w) the result's; also of what does not count, averaged by itself
    normal     (h, w, 3) unit, of the result's surface; 0 beyond
    lit        (3, h, w) shading of a white surface there in the photo's light
    trust      (h, w) in [0, 1] how much a cell counts; 0 where the photo did not see the surface
    hidden     (h, w) bool: inside, and the photo did not see it
    inside     (h, w) bool: inside the person, away from the borders of the pieces
    part       (h, w) int64 index into PARTS, -1 beyond
    region     (h, w) int64 index into REGIONS; of hidden places what lies before them in the photo
    box        (x0, y0, x1, y1) in the result's pixels, which are `canvas` (H, W)
    """

    change: torch.Tensor
    expected: torch.Tensor
    before: torch.Tensor
    after: torch.Tensor
    normal: torch.Tensor
    lit: torch.Tensor
    trust: torch.Tensor
    hidden: torch.Tensor
    inside: torch.Tensor
    part: torch.Tensor
    region: torch.Tensor
    box: tuple[int, int, int, int]
    canvas: tuple[int, int]

    @property
    def limb(self) -> torch.Tensor:
        """(h, w) int64 index into LIMBS, -1 beyond."""
        return self.part.new_tensor((*LIMB_OF, -1))[self.part]

    @property
    def votes(self) -> torch.Tensor:
        """(h, w) trust, limbs counting by the root of their size: what is wrong with the trunk is the trunk's alone."""
        limb = self.limb.clamp(min=0)
        total = self.trust.new_zeros(len(LIMBS)).index_add(0, limb.flatten(), self.trust.flatten())
        return self.trust / total.clamp(min=1e-9).sqrt()[limb]


def compared(
    source: torch.Tensor,
    result: torch.Tensor,
    person: torch.Tensor,
    found: Correspondence,
    light: LightField,
    garments: GarmentMap | None = None,
    hidden: torch.Tensor | None = None,
    shown: GarmentMap | None = None,
) -> Compared | None:
    """source (1, 3, h, w) and result (1, 3, H, W) sRGB, person and hidden (1, 1, H, W); garments of the source, shown
    those of the result where they are known. All that is of the result in any size of one shape. None where nobody is.
    """
    canvas = tuple(found.part.shape)
    result, person, hidden = (
        _fitting(values, canvas, name)
        for values, name in ((result, "result"), (person, "person mask"), (hidden, "hidden mask"))
    )
    box = box_of(person[0, 0])
    if box is None or not bool((found.part >= 0).any()):
        return None
    grid = Cells(box, found.part.device)
    there = grid.picked(found.part)
    cover = grid.small(person)[0]
    part = torch.where(cover > 0.5, there, -1)
    places = grid.picked(found.source)
    part = torch.where(torch.isnan(places).any(-1), -1, part)
    places = torch.nan_to_num(places)
    photo = _at_places(source, grid, found)
    region = _regions(garments, source, places, shown, grid, canvas)
    normals = [_evened(grid.picked(normal), part >= 0) for normal in (found.normal, found.source_normal)]
    seen = grid.picked(found.visible) > 0.5
    if hidden is not None:
        seen = seen & (grid.small(hidden)[0] < 0.5)
    trust, inside = _trusted(found, grid, part, region, seen, cover, normals)
    now = grid.small(linear(result))
    clipped = _clipped(now) | _clipped(photo)
    return _laid(photo, now, light, normals, trust * ~clipped, inside, seen, part, region, grid, canvas)


def _laid(photo, now, light, normals, trust, inside, seen, part, region, grid, canvas) -> Compared:
    """The two averaged in the same places with the same weights, piece by piece, so that albedo cancels."""
    new, old = (light.shading(normal).permute(2, 0, 1) for normal in normals)
    # What a light that is hardly known leads to expect is that nothing changes.
    ratio = (light.confidence * (new / old.clamp(min=1e-4)).log()).exp()
    piece = torch.where(part >= 0, part.new_tensor((*LAYER_OF, -1))[part] * len(REGIONS) + region, -1)
    sigma = LOCAL * max(trust.shape)
    stack = torch.cat((now, photo * ratio, photo, normals[0].permute(2, 0, 1), new))
    even = _blurred(stack, piece, trust, sigma)
    result, wanted, before = even[:3], even[3:6], even[6:9]
    known = (trust > 0) & (wanted > 0).all(0) & (result > 0).all(0)

    def ratio_of(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        change = (a.clamp(min=1e-6) / b.clamp(min=1e-6)).log()
        return torch.where(known & (change.abs() > SAME), change, 0.0)

    # Newly shown skin is compared with known skin, both of the result: by its own colours, the two kept apart.
    sides = torch.where(part >= 0, 2 * piece + seen, -1)
    own = _blurred(torch.cat((now, normals[0].permute(2, 0, 1), new)), sides, inside.float(), sigma)
    normal = F.normalize(torch.where(known, even[9:12], own[3:6]), dim=0)
    return Compared(
        ratio_of(result, wanted),
        ratio_of(wanted, before),
        before,
        torch.where(known, result, own[:3]),
        normal.permute(1, 2, 0),
        torch.where(known, even[12:15], own[6:9]),
        trust * known,
        inside & ~seen,
        inside,
        part,
        region,
        grid.box,
        canvas,
    )


def _fitting(values: torch.Tensor | None, size: tuple[int, int], name: str) -> torch.Tensor | None:
    """A map of the result at the correspondence's size. ValueError for another shape of picture."""
    if values is None or tuple(values.shape[-2:]) == size:
        return values
    height, width = values.shape[-2:]
    if abs(width * size[0] / (height * size[1]) - 1) > SAME_SHAPE:
        raise ValueError(
            f"the {name} has {width} x {height} pixels, the correspondence {size[1]} x {size[0]}: another shape; take"
            " all from the same Warp Body"
        )
    return resized(values, size)


def _at_places(source: torch.Tensor, grid: Cells, found: Correspondence) -> torch.Tensor:
    """(3, h, w) the photo's linear light where the cells come from, gathered pixel by pixel and then averaged as the
    result is: a source against itself is the same to the bit."""
    x0, y0, x1, y1 = grid.box
    places, stretch = (values[y0:y1, x0:x1] for values in (found.source, found.stretch))
    known = ~torch.isnan(places).any(-1)
    typical = float(stretch[known].median()) if bool(known.any()) else 1.0
    light, (height, width) = linear(source), source.shape[-2:]
    scale = max(typical, 1e-3) ** 0.5
    if scale < MUCH:
        light = resized(light, (max(1, round(height * scale)), max(1, round(width * scale))))
    ratio = places.new_tensor([light.shape[-1] / width, light.shape[-2] / height])
    taken = sample(light[0], (torch.nan_to_num(places) + 0.5) * ratio - 0.5)
    return resized(taken[None], grid.size)[0]


def _regions(garments, source, places, shown, grid: Cells, canvas) -> torch.Tensor:
    """(h, w) int64 index into REGIONS: of the result's own clothes where they are known, else through the warp."""
    if shown is not None:
        return grid.picked(shown.at_size(canvas).labels[0, 0].long())
    if garments is None:
        return torch.full(places.shape[:2], REGIONS.index("other"), device=places.device)
    size = tuple(source.shape[-2:])
    labels = garments.at_size(size).labels[0].float()
    return sample(labels, places, "nearest")[0].long().clamp(0, len(REGIONS) - 1)


def _evened(normal: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """(h, w, 3) unit: normals evened out, those of the volume are its triangles'; towards the camera where unknown."""
    known = known & (normal.norm(dim=-1) > 0.5)
    even = F.normalize(masked_blur(normal.permute(2, 0, 1), known, EVEN), dim=0).permute(1, 2, 0)
    return torch.where(known[..., None], even, even.new_tensor([0.0, 0.0, -1.0]))


def _trusted(found: Correspondence, grid: Cells, part, region, seen, cover, normals):
    """(h, w) how much each cell counts, and (h, w) bool which lie away from the borders of the pieces."""
    radius = max(1, round(BORDER * max(grid.size)))
    piece = part.new_tensor((*LAYER_OF, -1))[part] * len(REGIONS) + region
    piece = torch.where(part >= 0, piece, -1)
    inside = (part >= 0) & (cover > 0.97) & _even_around(piece.float(), radius)
    stretch = grid.picked(found.stretch)
    good = (stretch > STRETCHED[0]) & (stretch < STRETCHED[1]) & (grid.picked(found.photo) == 0)
    low, high = FACING
    facing = torch.minimum(-normals[0][..., 2], -normals[1][..., 2])
    known = inside & good & seen & _even_around(seen.float(), radius)
    return ((facing - low) / (high - low)).clamp(0, 1) * known, inside


def _even_around(values: torch.Tensor, radius: int) -> torch.Tensor:
    """(h, w) bool: all cells within `radius` have the same value."""
    padded = F.pad(values[None, None], (radius,) * 4, mode="replicate")
    most, least = (F.max_pool2d(v, 2 * radius + 1, 1)[0, 0] for v in (padded, -padded))
    return most == -least


def _clipped(light: torch.Tensor) -> torch.Tensor:
    """(h, w) bool: the sensor has run over there, or there is only noise."""
    over = light.new_tensor(BRIGHTEST)
    return (light.amax(0) >= linear(over)) | (luminance(light) <= DARKEST)


def _blurred(stack: torch.Tensor, piece: torch.Tensor, trust: torch.Tensor, sigma: float) -> torch.Tensor:
    """(C, h, w) averaged inside each piece, weighted by trust (h, w); 0 where that is 0."""
    out = torch.zeros_like(stack)
    reach = int(3 * sigma) + 1
    for number in piece[trust > 0].unique().tolist():
        here = (piece == number) & (trust > 0)
        rows, columns = (torch.nonzero(here.any(axis)).flatten() for axis in (1, 0))
        top, left = max(0, int(rows[0]) - reach), max(0, int(columns[0]) - reach)
        window = (..., slice(top, int(rows[-1]) + reach + 1), slice(left, int(columns[-1]) + reach + 1))
        even = _weighted_blur(stack[window], trust[window] * here[window], sigma)
        out[window] = torch.where(here[window], even, out[window])
    return out


def _weighted_blur(values: torch.Tensor, weight: torch.Tensor, sigma: float) -> torch.Tensor:
    """(C, h, w) Gaussian mean with weights (h, w)."""
    both = gaussian(torch.cat((values * weight, weight[None])), sigma)
    return both[:-1] / both[-1:].clamp(min=1e-8)
