"""Clothes on a shaped body: kept outside of it and of the layer below, at rest; and what they hide.

Everything about an item that does not depend on the body's shape is worked out once, on the kit's middle body: which
skin vertex each of its vertices lies over, what moves it, what it covers. A person then costs a few gathers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..body.bodies import Body, Rig, rig_of
from ..kit.kit import Item, Kit
from .skirts import Cage, hangs

GAP = 0.004
"""Metres between skin and cloth, and between two layers, at least."""
MOST = 0.04
"""Metres a garment is pushed out at most: more is a fold or the wrong side of a limb."""
THICKEST = 0.09
"""Metres of clothes over the skin at most; long hair lies on a hood or collar of that."""
EVENED = 4
"""Rounds of evening out a garment's skinning weights."""
BORDER = 3
"""Rings of vertices inside a garment's edge that stay, so that nothing is missing where one looks in."""
BELOW_COAT = 0.12
"""Metres below the hip joints down to which a coat hides what is under it."""
SINK = 0.006
"""Metres that skin under a garment but still shown gives way."""
SINK_MORE = 0.01
"""Metres more under what hangs: a skirt's cage rounds off what the skin does at the hips."""
NEAR, FAR = 0.012, 0.09
"""Metres within which cloth covers the skin below whatever its side, and within which only if it lies outwards."""
OPEN_KINDS = ("glasses", "eyes", "eyebrows", "eyelashes")
"""What covers nothing."""
BRIM = 0.35
"""Share of a hat's height, from below, that is its brim."""
UNDER_BRIM = 0.01
"""Metres below the brim's plane down to which hair is hidden: it would stand up through the brim."""
HAIRY = ("head", "cervical", "neck", "chest", "thoracic")
"""Joints that hair follows."""
DEGREE = 12
"""Most neighbours of a vertex kept."""


def normals_of(vertices: Tensor, faces: Tensor) -> Tensor:
    """(V, 3), (F, 3) of a closed surface -> (V, 3) unit normals, outwards whichever way the faces are wound."""
    a, b, c = vertices[faces].unbind(1)
    across = torch.linalg.cross(b - a, c - a)
    inside = torch.sign((a * across).sum(-1).sum())
    out = torch.zeros_like(vertices)
    for k in range(3):
        out.index_add_(0, faces[:, k], across)
    return normalize(out * inside, dim=-1)


def neighbours_of(faces: Tensor, count: int) -> Tensor:
    """(F, 3) -> (count, DEGREE) each vertex's neighbours, itself where there are fewer."""
    pairs = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs = torch.unique(torch.cat([pairs, pairs.flip(1)]), dim=0)
    first = torch.searchsorted(pairs[:, 0].contiguous(), torch.arange(count, device=faces.device))
    place = torch.arange(len(pairs), device=faces.device) - first[pairs[:, 0]]
    kept = place < DEGREE
    out = torch.arange(count, device=faces.device)[:, None].repeat(1, DEGREE)
    out[pairs[kept, 0], place[kept]] = pairs[kept, 1]
    return out


@dataclass(frozen=True, eq=False)
class Surface:
    """The skin of the kit's middle body: vertices (V, 3), normals (V, 3) there, neighbours (V, DEGREE), skin (V,)
    bool, under (V,) the skin vertex nearest to each base vertex (itself on the skin)."""

    vertices: Tensor
    normals: Tensor
    neighbours: Tensor
    skin: Tensor
    under: Tensor

    @staticmethod
    def of(vertices: Tensor, faces: Tensor) -> Surface:
        skin = torch.zeros(len(vertices), dtype=torch.bool, device=vertices.device)
        skin[faces] = True
        own = torch.nonzero(skin)[:, 0]
        under = torch.arange(len(vertices), device=vertices.device)
        rest = torch.nonzero(~skin)[:, 0]
        for part in rest.split(1024):
            under[part] = own[torch.cdist(vertices[part], vertices[own]).argmin(1)]
        return Surface(
            vertices, normals_of(vertices, faces), neighbours_of(faces, len(vertices)), skin, under
        )

    def nearest(self, points: Tensor, start: Tensor) -> Tensor:
        """(N, 3) points, (N,) base vertices near them -> (N,) skin vertices, by walking downhill over the skin."""
        found = self.under[start]
        for _ in range(6):
            around = torch.cat([found[:, None], self.neighbours[found]], 1)
            distance = (self.vertices[around] - points[:, None]).square().sum(-1)
            found = around.gather(1, distance.argmin(1, keepdim=True))[:, 0]
        return found

    def grown(self, mask: Tensor, rings: int) -> Tensor:
        """(V,) bool and everything within some rings of it."""
        for _ in range(rings):
            mask = mask | mask[self.neighbours].any(1)
        return mask

    def shrunk(self, mask: Tensor, rings: int) -> Tensor:
        """(V,) bool less what lies within some rings of its edge."""
        return ~self.grown(~mask & self.skin, rings) & mask


@dataclass(frozen=True, eq=False)
class Fit:
    """What an item has to do with the body, whatever the body's shape. N vertices, V base vertices, S segments.

    weights (N, S); anchor (N,) the skin vertex below each; covers (V,) skin under it; closed (V,) skin under it and
    away from its edges (of a skirt: above the hips), which nobody sees; cage where it hangs round both legs; sheer:
    one sees through.
    """

    item: Item
    weights: Tensor
    anchor: Tensor
    covers: Tensor
    closed: Tensor
    cage: Cage | None
    sheer: bool = False

    def seen_through(self) -> Fit:
        """The same of cloth that hides nothing."""
        return replace(self, closed=torch.zeros_like(self.closed), sheer=True)


@dataclass(frozen=True, eq=False)
class Wardrobe:
    """A kit's items with their fits, worked out when first asked for. weights (V, S) of the base mesh."""

    kit: Kit
    rig: Rig
    weights: Tensor
    surface: Surface
    hips: Tensor

    def fit(self, name: str) -> Fit:
        """Raises KeyError with the item's name where the kit has none of it."""
        if name not in self.kit.items:
            raise KeyError(f"the kit has no item {name}; it has {', '.join(self.kit.items)}")
        return _fit(self, self.kit.items[name])

    def on_head(self, anchor: Tensor) -> Tensor:
        """(N,) base vertices -> (N,) bool: those of the head."""
        return self.weights[anchor, self.rig.index("head")] > 0.5

    def fitted(self, item: Item) -> Fit:
        """An item's fit, worked out afresh."""
        vertices = item.fitted(self.surface.vertices)
        start = item.binding.gather(1, item.weights.argmax(1, keepdim=True))[:, 0]
        anchor = self.surface.nearest(vertices, start)
        covers = self._covered(item, vertices, anchor)
        cage = item.skirt and hangs(vertices, item.faces, float(self.hips[:, 1].mean()))
        below = {"outer": BELOW_COAT}.get(item.kind, 0.0)
        held = self.surface.vertices[:, 1] < (self.hips[:, 1].mean() + below if cage else torch.inf)
        closed = self.surface.shrunk(covers, BORDER) & held
        weights = _smoothed(_followed(item, self.weights), item.faces)
        if item.kind == "hair":
            weights = self._combed(weights)
        return Fit(item, weights, anchor, covers, closed, Cage.of(vertices, self.hips) if cage else None)

    def _combed(self, weights: Tensor) -> Tensor:
        """(N, S): hair lies on back and chest; it follows neither arms nor hips."""
        names = [segment.joint for segment in self.rig.segments]
        chest, back = self.rig.index("chest"), self.rig.index("thoracic")
        out = torch.zeros_like(weights)
        for i, name in enumerate(names):
            own = i if name in HAIRY else back if name in ("lumbar", "pelvis") else chest
            out[:, own] += weights[:, i]
        return out

    def _covered(self, item: Item, vertices: Tensor, anchor: Tensor) -> Tensor:
        """(V,) bool: skin with a piece of the item's faces over it."""
        out = torch.zeros(len(self.surface.vertices), dtype=torch.bool, device=vertices.device)
        if item.kind in OPEN_KINDS or item.kind == "hair":
            return out
        points, start = _samples(vertices, item.faces, anchor)
        found = self.surface.nearest(points, start)
        step = points - self.surface.vertices[found]
        size = step.norm(dim=-1)
        outwards = (step * self.surface.normals[found]).sum(-1) > 0.5 * size
        out[found[(size < NEAR) | (outwards & (size < FAR))]] = True
        # A skin finer than the samples keeps small gaps: close them.
        return self.surface.shrunk(self.surface.grown(out, 2), 2) | out


def _samples(vertices: Tensor, faces: Tensor, anchor: Tensor) -> tuple[Tensor, Tensor]:
    """Corners, middles of edges and of faces -> (M, 3) points and a skin vertex near each."""
    a, b, c = vertices[faces].unbind(1)
    points = torch.cat([vertices, (a + b) / 2, (b + c) / 2, (c + a) / 2, (a + b + c) / 3])
    return points, torch.cat([anchor, *(anchor[faces[:, k]] for k in (0, 1, 2, 0))])


def _followed(item: Item, weights: Tensor) -> Tensor:
    """(N, S): an item's skinning is that of the vertices that hold it."""
    shares = item.weights.clamp_min(0)
    shares = shares / shares.sum(1, keepdim=True).clamp_min(1e-6)
    out = (shares[..., None] * weights[item.binding]).sum(1)
    return out / out.sum(1, keepdim=True)


def _smoothed(weights: Tensor, faces: Tensor) -> Tensor:
    """(N, S) weights, evened out over the cloth: where an arm lies near the trunk, neighbours hang on either."""
    count = torch.zeros_like(weights[:, :1]).index_add_(
        0, faces.flatten(), torch.ones_like(weights[faces.flatten(), :1])
    )
    for _ in range(EVENED):
        mean = weights[faces].mean(1)
        total = torch.zeros_like(weights)
        for k in range(3):
            total.index_add_(0, faces[:, k], mean)
        weights = torch.where(count > 0, total / count.clamp_min(1), weights)
    return weights


@lru_cache(maxsize=256)
def _fit(room: Wardrobe, item: Item) -> Fit:
    return room.fitted(item)


@lru_cache(maxsize=2)
def wardrobe(kit: Kit) -> Wardrobe:
    """The wardrobe of a kit: kept, as its fits are."""
    rig = rig_of(tuple(kit.bone_labels), tuple(int(p) for p in kit.bone_parents))
    body = Body.of(rig, kit.head_template)
    hips = torch.stack([body.head("upperleg01.L"), body.head("upperleg01.R")])
    return Wardrobe(kit, rig, rig.gathered(kit.weights, kit.bones), Surface.of(kit.template, kit.faces), hips)


@dataclass(frozen=True, eq=False)
class Dressed:
    """Items on one body at rest, from the innermost out.

    fits; vertices: per item (N, 3); faces: per item (F',) indices of the faces shown; skin (V, 3) the base vertices,
    sunk where they lie under cloth; buried (V,) skin that nobody sees.
    """

    fits: tuple[Fit, ...]
    vertices: tuple[Tensor, ...]
    faces: tuple[Tensor, ...]
    skin: Tensor
    buried: Tensor


def dressed(room: Wardrobe, body: Tensor, names: Sequence[str], sheer: Sequence[bool] = ()) -> Dressed:
    """(V, 3) a shaped body at rest and its items, innermost first, -> how they lie on it. sheer: which one sees
    through (none)."""
    fits = tuple(room.fit(name) for name in names)
    fits = tuple(fit.seen_through() if i < len(sheer) and sheer[i] else fit for i, fit in enumerate(fits))
    normals = normals_of(body, room.kit.faces)
    thickness = torch.zeros_like(body[:, 0])
    vertices = []
    for fit in fits:
        placed = fit.item.fitted(body)
        if fit.item.kind == "hair":
            over = _lifted(placed, body, normals, fit, thickness, THICKEST)
            placed = torch.where(room.on_head(fit.anchor)[:, None], placed, over)
        elif fit.item.kind not in OPEN_KINDS:
            placed = _lifted(placed, body, normals, fit, thickness)
            thickness = _thickened(room.surface, thickness, placed, body, normals, fit)
        vertices.append(placed)
    covered = torch.stack([fit.covers for fit in fits]).any(0)
    hidden = torch.stack([fit.item.hides & (not fit.sheer) for fit in fits]).any(0)
    buried = torch.stack([fit.closed for fit in fits]).any(0) | (hidden & room.surface.grown(covered, 1))
    hung = torch.stack([fit.covers & (fit.cage is not None) for fit in fits]).any(0)
    depth = SINK * _soft(room.surface, covered) + SINK_MORE * _soft(room.surface, hung)
    sunk = body - normals * depth[:, None]
    faces = tuple(_shown(fits, vertices, i) for i in range(len(fits)))
    return Dressed(fits, tuple(vertices), faces, sunk, buried)


def _lifted(
    placed: Tensor, body: Tensor, normals: Tensor, fit: Fit, thickness: Tensor, most: float = MOST
) -> Tensor:
    """An item's vertices out of the body and of what lies on it already, by `most` metres at most."""
    normal = normals[fit.anchor]
    height = ((placed - body[fit.anchor]) * normal).sum(-1)
    lack = (thickness[fit.anchor] + GAP - height).clamp(0, most)
    lack = torch.where(height < -most, torch.zeros_like(lack), lack)
    return placed + normal * _spread(_shared(lack, fit.anchor, len(body)), fit.item.faces)[:, None]


def _shared(lack: Tensor, anchor: Tensor, count: int) -> Tensor:
    """(N,) metres -> the most of all that lie over the same skin: the layers of one garment keep their order."""
    most = lack.new_zeros(count).scatter_reduce(0, anchor, lack, "amax")
    return most[anchor]


def _spread(lack: Tensor, faces: Tensor) -> Tensor:
    """(N,) metres -> no less, smooth over the faces: a push must not leave a dent's edge."""
    smooth = lack
    for _ in range(3):
        mean = smooth[faces].mean(1, keepdim=True).expand(-1, 3)
        total = torch.zeros_like(lack).index_add_(0, faces.flatten(), mean.flatten())
        count = torch.zeros_like(lack).index_add_(0, faces.flatten(), torch.ones_like(mean).flatten())
        smooth = torch.maximum(total / count.clamp_min(1), lack)
    return smooth


def _thickened(
    surface: Surface, thickness: Tensor, placed: Tensor, body: Tensor, normals: Tensor, fit: Fit
) -> Tensor:
    """(V,) metres of cloth over each skin vertex, with one more item on."""
    if fit.cage is not None:
        return thickness
    height = ((placed - body[fit.anchor]) * normals[fit.anchor]).sum(-1).clamp(0, THICKEST)
    own = thickness.scatter_reduce(0, fit.anchor, height, "amax")
    own = torch.where(fit.covers, torch.maximum(own, own[surface.neighbours].amax(1)), own)
    return torch.maximum(thickness, own)


def _soft(surface: Surface, covered: Tensor) -> Tensor:
    """(V,) in [0, 1]: 1 well under cloth, 0 outside, over a few rings."""
    share = covered.float()
    for _ in range(3):
        share = torch.minimum(share, share[surface.neighbours].mean(1))
    return share


def _shown(fits: Sequence[Fit], vertices: Sequence[Tensor], index: int) -> Tensor:
    """(F',) the faces of an item that no item further out buries."""
    fit, faces = fits[index], fits[index].item.faces
    under = torch.zeros_like(fit.anchor, dtype=torch.bool)
    for other, placed in zip(fits[index + 1 :], vertices[index + 1 :], strict=True):
        if fit.item.kind == "hair" and other.item.kind == "headwear":
            under = under | _above_brim(vertices[index], placed)
        elif _over(other, fit):
            under = under | other.closed[fit.anchor]
    return torch.nonzero(~under[faces].all(1))[:, 0]


def _above_brim(hair: Tensor, hat: Tensor) -> Tensor:
    """(N, 3), (M, 3) at rest -> (N,) bool: hair above the plane of a hat's brim."""
    height = hat[:, 1]
    low = height > height.max() - (height.max() - height.min()) * BRIM
    brim = hat[low]
    level = torch.cat([torch.ones_like(brim[:, :1]), brim[:, 0::2]], 1)
    plane = torch.linalg.lstsq(level, brim[:, 1:2]).solution[:, 0]
    return hair[:, 1] < plane[0] + hair[:, 0::2] @ plane[1:] + UNDER_BRIM


def _over(outer: Fit, inner: Fit) -> bool:
    """Whether an item further out lies on another closely enough to hide its faces."""
    clothes = ("top", "bottom", "dress", "outer", "suit", "shoes")
    return outer.item.kind in clothes and inner.item.kind in clothes
