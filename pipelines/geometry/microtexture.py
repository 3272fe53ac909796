"""Weave, knit and skin as noise: texture without features goes on without end and never repeats.

Galerne, Gousseau and Morel, "Random Phase Textures: Theory and Synthesis", IEEE Transactions on Image Processing 20(1),
2011: what makes a micro-texture is its autocorrelation alone; white noise filtered to the same autocorrelation looks
the same. Here it is measured on any set of pixels, whatever its shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .field import box_blur

SMOOTH = 0.006
"""Fraction of stature (10 mm on 1.75 m): what is finer counts as detail, what is broader is the guess's."""
REACH = 24
"""Pixels up to which a texture is told apart from noise: several threads of the coarsest weave at 4K. By eye."""
FEWEST = 400
"""Pixels that tell a texture, at least."""
SEED = 7


@dataclass(frozen=True, eq=False)
class Microtexture:
    """kernel (n, n) that filters white noise to the texture's brightness; gain (3,) what a colour changes with it."""

    kernel: torch.Tensor
    gain: torch.Tensor

    @classmethod
    def of(cls, detail: torch.Tensor, there: torch.Tensor) -> Microtexture | None:
        """Of what differs from the smooth colours, (3, h, w), at the pixels `there` (h, w) bool; None for too few."""
        if int(there.sum()) < FEWEST:
            return None
        values = detail[:, there]
        mean = values.mean(1)
        bright = (values - mean[:, None]).mean(0)
        gain = ((values - mean[:, None]) * bright).mean(1) / bright.square().mean().clamp(min=1e-12)
        plane = torch.zeros_like(detail[0])
        plane[there] = bright
        size = [n + REACH + 1 for n in plane.shape]
        power, count = (
            torch.fft.irfft2(torch.fft.rfft2(one, s=size).abs().square(), s=size)
            for one in (plane, there.float())
        )
        power, count = (_centred(one) for one in (power, count))
        taper = torch.hann_window(2 * REACH + 3, periodic=False, device=detail.device)[1:-1]
        covariance = power / count.clamp(min=1) * taper * taper[:, None]
        spectrum = torch.fft.fft2(torch.fft.ifftshift(covariance)).real.clamp(min=0)
        kernel = torch.fft.fftshift(torch.fft.ifft2(spectrum.sqrt()).real)
        return cls(kernel, gain)

    @property
    def strength(self) -> float:
        """Its standard deviation."""
        return float(self.kernel.square().sum().sqrt() * self.gain.square().mean().sqrt())

    def laid(self, size: tuple[int, int]) -> torch.Tensor:
        """(3, h, w) detail, the same for the same size."""
        noise = torch.randn(*(n + 2 * REACH for n in size), generator=torch.Generator().manual_seed(SEED))
        noise = noise.to(self.kernel.device)
        # Round the border, which is cut off, the product of the spectra is the filter of a periodic noise.
        both = torch.fft.rfft2(noise) * torch.fft.rfft2(self.kernel, s=noise.shape)
        bright = torch.fft.irfft2(both, s=noise.shape)[2 * REACH :, 2 * REACH :]
        return bright * self.gain[:, None, None]


def _centred(values: torch.Tensor) -> torch.Tensor:
    """(n, n) the values at shifts from -REACH to REACH of a periodic map whose first is the shift 0."""
    return torch.roll(values, (REACH, REACH), (0, 1))[: 2 * REACH + 1, : 2 * REACH + 1]


def smooth_colours(picture: torch.Tensor, there: torch.Tensor, stature: float) -> torch.Tensor:
    """(3, h, w) the colours without what is finer than SMOOTH, of the pixels `there` (h, w) bool or share alone."""
    reach = max(1, round(SMOOTH * stature))
    both = torch.cat((picture * there, there[None].float()))
    both = box_blur(box_blur(both, reach), reach)
    return both[:3] / both[3:].clamp(min=1e-4)
