"""The light of a result, fitted to what it differs by from what its photo leads to expect."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ..geometry.colour import luminance
from ..geometry.lighting import LightField
from .compared import LIMBS, Compared

HELD = 0.01
"""How strongly a slope of the light over the normals is held to nothing, as a share of all cells: a direction in which
the normals hardly vary tells nothing. Between 0.003 and 0.02, which told mirrored lights about as well (area under the
ROC curve 0.88 and 0.89 on 183 synthetic pairs)."""
LEVEL = 0.001
"""The same for the level of each limb. By eye."""
OUTLIER = 0.1
"""Logarithm of brightness from which a cell counts less: shadows that moved (Huber 1964)."""
ROUNDS = 8
PATCH = 200.0
"""Cells that are wrong together, with a shadow or a fold: a figure has so many times fewer witnesses than cells. It is
about the square of the 2 x 6 cells over which colours are averaged."""
SAME = 1e-9
"""Weight under which there is nothing to take a middle of."""


@dataclass(frozen=True, eq=False)
class Refit:
    """The light's slope over the normals, in logarithms of brightness a unit of the normal, towards the light.

    expected  (3,) of the photo's light on the result's normals;  found (3,) of the result
    doubt     (3, 3) covariance of `found`
    gain      logarithm by which the whole result is brighter
    left      (n,) what neither gain nor slope explain, in the order of the cells that count
    """

    expected: torch.Tensor
    found: torch.Tensor
    doubt: torch.Tensor
    gain: float
    left: torch.Tensor

    @property
    def strength(self) -> float:
        """How directional the photo's light is on these normals; 0.3: a third brighter on what faces it."""
        return float(self.expected.norm())

    @property
    def angle(self) -> float:
        """Degrees from the photo's light to the result's."""
        first, second = self.expected.double(), self.found.double()
        return float(torch.rad2deg(torch.atan2(torch.linalg.cross(first, second).norm(), first @ second)))

    @property
    def angle_doubt(self) -> float:
        """Standard deviation of the angle in degrees."""
        along = self.expected / self.expected.norm().clamp(min=1e-9)
        across = torch.eye(3, dtype=along.dtype, device=along.device) - along[:, None] * along
        spread = torch.trace(across @ self.doubt @ across).clamp(min=0).sqrt()
        return float(torch.rad2deg(torch.atan2(spread, self.expected.norm())))

    @property
    def contrast(self) -> float:
        """The result's slope over the photo's, towards the photo's light: 1 the same, 0 flat, below 0 from behind."""
        return float(self.found @ self.expected / self.expected.square().sum().clamp(min=1e-9))

    @property
    def contrast_doubt(self) -> float:
        """Its standard deviation."""
        along = self.expected / self.expected.norm().clamp(min=1e-9)
        return float((along @ self.doubt @ along).clamp(min=0).sqrt() / self.expected.norm().clamp(min=1e-9))


def brighter(seen: Compared) -> torch.Tensor:
    """(n,) logarithm of the luminance over the expected one, of the cells that count."""
    known = seen.trust > 0
    after = seen.after[:, known]
    return (luminance(after) / luminance(after / seen.change[:, known].exp()).clamp(min=1e-9)).log()


def refitted(seen: Compared, light: LightField) -> Refit:
    """The robust linear fit of brightness on the normals, each limb with a level of its own, so that one that is too
    bright is not taken for light from its side; of the photo's light the same fit on the same normals."""
    known = seen.trust > 0
    weight, normal, limb = seen.trust[known], seen.normal[known], seen.limb[known]
    change = brighter(seen)
    expected = _fit(luminance(light.shading(normal), 1).clamp(min=1e-4).log(), normal, weight)[0]
    gain = middle(change, seen.votes[known])
    turned, doubt, explained = _fit(change - gain, normal, weight, limb)
    left = change - gain - explained
    return Refit(expected, expected + turned, doubt, gain, left - middle(left, seen.votes[known]))


def _fit(values: torch.Tensor, normal: torch.Tensor, weight: torch.Tensor, limb: torch.Tensor | None = None):
    """(3,) slope of (n,) over (n, 3), its covariance (3, 3), and (n,) what constant and slope explain. With limbs (n,):
    robust, and each has a level of its own, which is not among the explained."""
    basis = torch.cat((normal, torch.ones_like(normal[:, :1])), 1)
    if limb is not None:
        basis = torch.cat((basis, F.one_hot(limb, len(LIMBS)).to(basis)), 1)
    held = torch.diag(basis.new_tensor([HELD] * 3 + [1e-6] + [LEVEL] * (basis.shape[1] - 4)))
    trust = torch.ones_like(weight)
    for _ in range(1 if limb is None else ROUNDS):
        share = weight * trust / (weight * trust).sum().clamp(min=SAME)
        gram = basis.T @ (share[:, None] * basis)
        found = torch.linalg.solve(gram + held, basis.T @ (share * values))
        left = values - basis @ found
        trust = (OUTLIER / left.abs().clamp(min=1e-9)).clamp(max=1)
    inverse = torch.linalg.inv(gram + held)
    witnesses = (weight.sum() / PATCH).clamp(min=1)
    doubt = inverse @ gram @ inverse * (share * left.square()).sum() / witnesses
    return found[:3], doubt[:3, :3], basis[:, :4] @ found[:4]


def middle(values: torch.Tensor, weight: torch.Tensor) -> float:
    """The weighted median of (n,); 0 of nothing."""
    if not len(values) or float(weight.sum()) < SAME:
        return 0.0
    order = values.argsort()
    reached = weight[order].double().cumsum(0)
    return float(values[order][int((reached >= reached[-1] / 2).nonzero()[0])])


def spread(values: torch.Tensor) -> float:
    """The distance between the quartiles of (n,); 0 of nothing."""
    if not len(values):
        return 0.0
    ordered = values.sort().values
    low, high = (ordered[min(len(values) - 1, int(share * len(values)))] for share in (0.25, 0.75))
    return float(high - low)
