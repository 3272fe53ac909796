"""A woven figure on a wall, photographed large, and turned, shifted and made small: every place is known exactly."""

import math
from dataclasses import dataclass, replace

import torch
from repose.pipelines.geometry.field import sample
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.warped import Correspondence

SIZE = (480, 360)
SMALL = (160, 120)
SCALE = 3
ANGLE, SHIFT = math.radians(5), torch.tensor([12.0, -9.0])
MIDDLE, RADII = torch.tensor([180.0, 250.0]), torch.tensor([90.0, 170.0])


FOLDS = torch.rand(1, 90, 90, generator=torch.Generator().manual_seed(3))
SPOTS = torch.rand(1, 160, 160, generator=torch.Generator().manual_seed(4))


def pixels(size) -> torch.Tensor:
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing="ij")
    return torch.stack((x, y), -1)


def inside(at: torch.Tensor) -> torch.Tensor:
    return (((at - MIDDLE) / RADII).square().sum(-1)) < 1


def cloth(at: torch.Tensor) -> torch.Tensor:
    """(3, h, w): a weave finer than the small picture can show, and folds and spots that it can, nowhere twice."""
    x, y = at.unbind(-1)
    weave = 0.06 * torch.sin(2.1 * x) * torch.sin(1.9 * y + 0.3 * torch.sin(0.05 * x))
    folds = 0.22 * (sample(FOLDS, at / 13 + 20, "bicubic") - 0.5) + 0.12 * (
        sample(SPOTS, at / 7 + 40, "bicubic") - 0.5
    )
    colour = at.new_tensor([0.55, 0.42, 0.36])[:, None, None]
    return (colour + weave + folds).clamp(0, 1)


def wall(at: torch.Tensor) -> torch.Tensor:
    x, y = at.unbind(-1)
    return (0.6 + 0.0003 * x + 0.02 * torch.sin(1.7 * x + 1.3 * y)).expand(3, *x.shape)


def picture(at: torch.Tensor, here: torch.Tensor) -> torch.Tensor:
    """(1, 3, h, w) the figure as it is at places `at` of the photo, before the wall as it is `here`."""
    return torch.where(inside(at), cloth(at), wall(here))[None]


def came_from(at: torch.Tensor) -> torch.Tensor:
    """Where in the photo the moved figure's places come from."""
    c, s = math.cos(ANGLE), math.sin(ANGLE)
    away = at - SHIFT - MIDDLE
    return (
        torch.stack((c * away[..., 0] + s * away[..., 1], c * away[..., 1] - s * away[..., 0]), -1) + MIDDLE
    )


@dataclass(frozen=True, eq=False)
class Scene:
    """photo, truth (1, 3, 480, 360); result (1, 3, 160, 120) the truth made small; found its correspondence, in pixels
    of the photo made as small."""

    photo: torch.Tensor
    truth: torch.Tensor
    result: torch.Tensor
    found: Correspondence


def small(large: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(large, SCALE)


def scene(part: str = "chest") -> Scene:
    here = pixels(SIZE)
    photo, truth = picture(here, here), picture(came_from(here), here)
    at = pixels(SMALL)
    centre = (at + 0.5) * SCALE - 0.5
    source = came_from(centre)
    there = inside(source)
    places = torch.where(there[..., None], (source + 0.5) / SCALE - 0.5, torch.nan)
    seen, normal = there.float(), torch.zeros(*SMALL, 3)
    parts = torch.where(there, INDEX[part], -1)
    found = Correspondence(places, seen, seen, parts, seen * 0, normal, normal, parts * 0, SMALL)
    return Scene(photo, truth, small(truth), found)


def beside(one: Scene, x: float, y: float) -> Scene:
    """The same with a correspondence that is wrong by x, y pixels of the result."""
    source = one.found.source + torch.tensor([x, y])
    return replace(one, found=replace(one.found, source=source))


def core(one: Scene, margin: int = 24) -> torch.Tensor:
    """(480, 360) bool: the moved figure without its edge."""
    mask = inside(came_from(pixels(SIZE))).float()[None, None]
    return -torch.nn.functional.max_pool2d(-mask, 2 * margin + 1, 1, margin)[0, 0] > 0.5


def finest(large: torch.Tensor) -> torch.Tensor:
    """(H, W) of (1, 3, H, W) what the small picture cannot show."""
    less = torch.nn.functional.interpolate(small(large), SIZE, mode="bicubic", align_corners=False)
    return (large - less)[0].mean(0)


def correlation(made: torch.Tensor, true: torch.Tensor, where: torch.Tensor) -> float:
    a, b = finest(made)[where], finest(true)[where]
    return float((a * b).sum() / (a.norm() * b.norm()))


def shifted(picture_: torch.Tensor, x: float, y: float) -> torch.Tensor:
    at = pixels(picture_.shape[-2:]) + torch.tensor([x, y])
    return sample(picture_[0], at, "bicubic").clamp(0, 1)[None]
