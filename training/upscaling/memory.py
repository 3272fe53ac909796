"""`python -m training.upscaling.memory`: the largest picture, its time and the memory it takes.

A result of 768 x 1024 pixels is brought to 6144 x 8192 with a photo of the same size, the largest that is made.
"""

from __future__ import annotations

import resource
import time

import torch

from pipelines.geometry.parts import INDEX
from pipelines.geometry.warped import Correspondence
from pipelines.upscaling.targets import LONGEST, Target
from pipelines.upscaling.upscale import Options, upscaled

SMALL = (1024, 768)


def identity(size: tuple[int, int]) -> Correspondence:
    """Everybody everywhere, where they were."""
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing="ij")
    one, normal = torch.ones(size), torch.zeros(*size, 3)
    part = torch.full(size, INDEX["chest"])
    return Correspondence(torch.stack((x, y), -1), one, one, part, one * 0, normal, normal, part * 0, size)


def main() -> None:
    """Print one line."""
    torch.set_num_threads(1)
    size = tuple(n * LONGEST // SMALL[0] for n in SMALL)
    generator = torch.Generator().manual_seed(0)
    photo = torch.empty(1, 3, *size)
    for row in range(0, size[0], 256):
        photo[..., row : row + 256, :] = torch.rand(1, 1, 256, size[1], generator=generator) * 0.2 + 0.4
    small = torch.nn.functional.avg_pool2d(photo, LONGEST // SMALL[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    started = time.process_time()
    made = upscaled(small, photo, identity(SMALL), Options(Target("photo")))
    height, width = made.picture.shape[-2:]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{width} x {height}: {time.process_time() - started:.0f} s of one core; peak {most:.2f} GB, of which"
        f" {before:.2f} GB are torch and the photo"
    )


if __name__ == "__main__":
    main()
