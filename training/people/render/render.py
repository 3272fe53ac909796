"""A picture of a person with all its truth.

Samples lie half a pixel apart, the odd ones exactly at pixel centres; a pixel is the tent [1 2 1] x [1 2 1] / 16 of its
samples, and the truth is the sample at its centre. Everything is computed on covered samples alone.

Development of linear light x, per channel: y = x * exposure; above KNEE, y = KNEE + (1 - KNEE) * (1 - exp(-(y - KNEE)
/ (1 - KNEE))), so that lights run into white instead of being cut (`rolled_off`); then the sRGB curve (IEC
61966-2-1:1999; `encoded`). `developed` does both, `undeveloped` is the inverse. Samples and plate are mixed between the
two steps: linear below the knee, and what shines far above white does not eat the outline of what stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..light.environments import luminance
from ..scene import MATERIALS, REGIONS, Backdrop, Camera, Figure, Light, View
from . import cameras, shadows
from .occlusion import Volume
from .raster import Samples, interpolation, nearest_of, on_screen
from .shading import HAIR, Lit, lit
from .surfaces import SheetReader, Surface, area_vectors, levels, surface, thresholds, vertex_normals

KNEE = 0.7
"""Linear value from which the shoulder bends."""
WHITE = 0.75
"""Linear value that a white person (albedo 1) is to have where the light is good: at the upper quartile of shading."""
LOCK = 0.02
"""Metres towards the key within which hair does not shadow hair: a lock lets light through to the next."""
BRIGHT = 1.1
"""Linear value above which the plate's bright parts (nine tenths are darker) begin to pull the exposure down."""
YIELD = 0.4
"""How far the exposure gives way to a plate brighter than that: the exponent of its excess."""
GLARE = 4.0
"""Excess from which a plate is a lamp or white paper, and pulls no further."""


@dataclass(frozen=True, eq=False)
class Rendered:
    """A picture with what made it. view: rgb is the clean picture, for the sensor to replace; samples: what each half
    pixel saw; camera: that of the picture; surface and lit: of the samples; highlight (3, H, W) linear, truth at pixel
    centres like View.shading: clean is about developed(albedo * shading + highlight) at the person's inner pixels."""

    view: View
    camera: Camera
    samples: Samples
    surface: Surface
    lit: Lit
    highlight: Tensor


def rolled_off(linear: Tensor, exposure: float) -> Tensor:
    """Linear light (any shape) -> exposed, in [0, 1]: as it is up to KNEE, smoothly towards 1 above."""
    y = (linear * exposure).clamp(min=0)
    return torch.where(y > KNEE, 1 - (1 - KNEE) * torch.exp((KNEE - y).clamp(max=0) / (1 - KNEE)), y)


def encoded(exposed: Tensor) -> Tensor:
    """Exposed light in [0, 1] -> sRGB values in [0, 1]."""
    curve = 1.055 * exposed.clamp(min=0.0031308).pow(1 / 2.4) - 0.055
    return torch.where(exposed <= 0.0031308, 12.92 * exposed, curve)


def developed(linear: Tensor, exposure: float) -> Tensor:
    """Linear light (any shape) -> the picture's values in [0, 1], see above."""
    return encoded(rolled_off(linear, exposure))


def undeveloped(picture: Tensor, exposure: float) -> Tensor:
    """The picture's values in [0, 1) -> linear light; values of 1 stand for the brightest 8-bit step below."""
    low, high = picture / 12.92, ((picture.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    y = torch.where(picture <= 0.04045, low, high).clamp(max=0.9995)
    straight = KNEE - (1 - KNEE) * torch.log1p(-(y - KNEE).clamp(min=0) / (1 - KNEE))
    return torch.where(y > KNEE, straight, y) / exposure


def metered(shading: Tensor, plate: Tensor) -> float:
    """The factor that exposes a person well, with a share for the plate. shading (S, 3), plate (3, H, W), linear.

    Incident light is metered, as by a photographer's dome, so that dark skin stays dark.
    """
    behind = luminance(plate).flatten()[::7]
    if len(shading) == 0:
        return 0.5 / max(float(behind.quantile(0.6)), 1e-6)
    exposure = WHITE / max(float(luminance(shading[::5], 1).quantile(0.75)), 1e-6)
    excess = exposure * float(behind.quantile(0.9)) / BRIGHT
    return exposure / min(max(excess, 1.0), GLARE) ** YIELD


def render(
    figure: Figure,
    vertices: Tensor,
    camera: Camera,
    light: Light,
    backdrop: Backdrop,
    exposure: float | None = None,
) -> View:
    """A picture of a figure whose vertices (N, 3) are posed in the world; exposure None: `metered`.

    All tensors on one device. Raises ValueError for vertices that do not fit the figure or are not finite.
    """
    return rendered(figure, vertices, camera, light, backdrop, exposure).view


def rendered(
    figure: Figure,
    vertices: Tensor,
    camera: Camera,
    light: Light,
    backdrop: Backdrop,
    exposure: float | None = None,
) -> Rendered:
    """`render` with its samples."""
    _check(figure, vertices)
    samples, reader = _sampled(figure, vertices, camera)
    body = _body(figure, vertices)
    key = _shadow_map(reader, vertices, body.points, light, camera)
    scene = backdrop.seen(camera)
    plate, shadow = scene.radiance, shadows.on_plate(scene, body.points, light, key)
    seen = surface(reader, samples, vertices, body.normals, body.opened, camera.position)
    answer = _lit(seen, samples, light, key)
    if exposure is None:
        exposure = metered(answer.shading, plate)
    colour = rolled_off(seen.albedo * answer.shading + answer.highlight, exposure)
    person = tent(samples.filled(torch.cat([colour, torch.ones_like(colour[:, :1])], 1)))
    alpha = person[3]
    clean = encoded(rolled_off(plate * shadow, exposure) * (1 - alpha) + person[:3])
    view, highlight = _view(figure, camera, samples, seen, answer, clean, plate, shadow, alpha, exposure)
    return Rendered(view, camera, samples, seen, answer, highlight)


def _check(figure: Figure, vertices: Tensor) -> None:
    count = int(figure.faces.max()) + 1 if len(figure.faces) else 0
    if vertices.ndim != 2 or vertices.shape[1] != 3 or len(vertices) < count:
        raise ValueError(
            f"The figure's faces use {count} vertices, but vertices are {tuple(vertices.shape)}; pass (N, 3)."
        )
    if not bool(torch.isfinite(vertices).all()):
        raise ValueError("Some vertices are not finite; look at the pose that made them.")


def _sampled(figure: Figure, vertices: Tensor, camera: Camera) -> tuple[Samples, SheetReader]:
    """What the half pixels see, and the sheets at the fineness of the view."""
    grid = cameras.supersampled(camera)
    width = grid.size[1]
    screen = on_screen(grid, vertices, figure.faces, figure.two_sided)
    reader = SheetReader(figure, tuple(levels(figure, screen)))
    cutout = reader.cutout()[screen.face]

    def solid(triangle: Tensor, place: Tensor) -> Tensor:
        weights, _ = interpolation(screen, triangle, place, width)
        return reader.solid(screen.face[triangle], weights, thresholds(place, width))

    return nearest_of(screen, grid.size, solid, cutout), reader


@dataclass(frozen=True, eq=False)
class _Body:
    """What light needs of a posed figure: normals (N, 3) and openness (N,) of its vertices; points (P, 3): those that
    some face has."""

    normals: Tensor
    opened: Tensor
    points: Tensor


def _body(figure: Figure, vertices: Tensor) -> _Body:
    vectors = area_vectors(vertices, figure.faces)
    used = (vectors != 0).any(1).nonzero()[:, 0]
    points, normals, opened = (
        vertices[used],
        vertex_normals(figure, vertices, vectors),
        torch.ones_like(vertices[:, 0]),
    )
    if len(used):
        opened[used] = Volume.of(points).openness(points, normals[used])
    return _Body(normals, opened, points)


def _shadow_map(
    reader: SheetReader, vertices: Tensor, points: Tensor, light: Light, camera: Camera
) -> shadows.ShadowMap | None:
    """None where there is no key, or nobody."""
    if len(points) == 0 or float(light.key_colour.sum()) <= 0:
        return None
    fineness = min(max(round(1.1 * max(camera.size)), 192), 1024)
    casting = reader.casting()
    faces, two_sided = reader.figure.faces[casting], reader.figure.two_sided[casting]
    return shadows.ShadowMap.of(vertices, faces, two_sided, points, light, fineness)


def _lit(seen: Surface, samples: Samples, light: Light, key: shadows.ShadowMap | None) -> Lit:
    key_seen = torch.ones_like(samples.depth)
    if key is not None:
        # Cards of hair would draw their edges on each other.
        lift = LOCK * (seen.material == HAIR)
        points = seen.position + lift[:, None] * light.key_direction
        key_seen = shadows.on_person(key, points, seen.smooth, light, samples.place, samples.size[1])
    return lit(seen, light, key_seen)


def tent(values: Tensor) -> Tensor:
    """(2H + 1, 2W + 1, c) samples -> (c, H, W) pixels under [1 2 1] x [1 2 1] / 16."""
    rows = values[0:-2:2] + 2 * values[1:-1:2] + values[2::2]
    return ((rows[:, 0:-2:2] + 2 * rows[:, 1:-1:2] + rows[:, 2::2]) / 16).permute(2, 0, 1).contiguous()


def _view(
    figure: Figure, camera: Camera, samples: Samples, seen: Surface, answer: Lit,
    clean: Tensor, plate: Tensor, shadow: Tensor, alpha: Tensor, exposure: float,
) -> tuple[View, Tensor]:  # fmt: skip
    """The view, with its highlight."""
    centre, pixel = _at_centres(samples)
    face = samples.face.index_select(0, centre)
    normal = seen.normal.index_select(0, centre) @ camera.rotation.T
    of_samples = (
        seen.albedo,
        samples.depth[:, None],
        samples.weights[:, :2],
        seen.uv,
        answer.shading,
        answer.highlight,
    )
    columns = [*(t.index_select(0, centre) for t in of_samples), normal]
    maps = plate.new_zeros(17, camera.size[0] * camera.size[1])
    maps[:, pixel] = torch.cat(columns, 1).T
    maps = maps.view(17, *camera.size).split([3, 1, 2, 2, 3, 3, 3])
    albedo, depth, barycentric, uv, shading, highlight, normal = maps

    def labelled(values: Tensor, empty: int) -> Tensor:
        canvas = values.new_full((camera.size[0] * camera.size[1],), empty)
        canvas[pixel] = values
        return canvas.view(camera.size)

    view = View(
        rgb=clean,
        clean=clean,
        plate=developed(plate, exposure),
        shadow=shadow,
        alpha=alpha,
        albedo=albedo,
        region=labelled(figure.region[face], REGIONS.index("background")),
        material=labelled(seen.material[centre], MATERIALS.index("none")),
        depth=depth[0],
        normal=normal,
        face=labelled(face.int(), -1),
        barycentric=barycentric,
        uv=uv,
        shading=shading,
        exposure=exposure,
    )
    return view, highlight


def _at_centres(samples: Samples) -> tuple[Tensor, Tensor]:
    """Indices (n,) of the samples at pixel centres, and their pixels (n,) as y * w + x."""
    width = samples.size[1]
    row = torch.div(samples.place, width, rounding_mode="floor")
    column = samples.place - row * width
    centre = ((row & column & 1) == 1).nonzero()[:, 0]
    return centre, (row[centre] >> 1) * (width // 2) + (column[centre] >> 1)


def visible(
    shot: Rendered, points: Tensor, normals: Tensor | None = None, tolerance: float = 0.004
) -> Tensor:
    """(n,) bool: which world points (n, 3) of the surface a picture saw.

    A point is seen when it lies no more than `tolerance` metres behind the farthest of the nine samples around its
    place; normals (n, 3), outwards, also tell what is turned away. Points within a sample of the outline may be missed.
    """
    grid = cameras.supersampled(shot.camera)
    pixels, depth = cameras.project(grid, points)
    height, width = grid.size
    inside = (depth > 0) & (pixels > -0.5).all(1) & (pixels < pixels.new_tensor([width, height]) - 0.5).all(1)
    seen = shot.samples.filled(shot.samples.depth, torch.inf)
    far = F.max_pool2d(torch.where(torch.isfinite(seen), seen, -torch.inf)[None, None], 3, 1, 1)[0, 0]
    column = pixels[:, 0].round().clamp(0, width - 1).long()
    row = pixels[:, 1].round().clamp(0, height - 1).long()
    found = inside & (depth <= far[row, column] + tolerance)
    if normals is not None:
        found &= (normals * (shot.camera.position - points)).sum(1) > 0
    return found
