"""The paper's ablation on people and outfits that were never trained on: its Table 1, with LPIPS beside it.

Per pair: SSIM of the picture, SSIM and LPIPS of the figure (the rest is grey), and the pose as an estimator sees it:
RTMPose's body and feet with the pack's own lifter, the same on the made and on the true picture, and the area under the
curve of joints that lie within 0 to 150 mm of each other, pelvis on pelvis, for a person of 1.75 m. The ceiling is the
estimator's agreement on the true picture with the exact joints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.landmarks import INDEX as LANDMARK
from pipelines.models import weights
from pipelines.models.crops import Pyramid
from pipelines.models.lifter import LANDMARK as LIFTED
from pipelines.models.lifter import depths
from pipelines.models.pose_network import PoseReader, load_pose_network
from pipelines.models.reposer import VolumetricReposer
from pipelines.models.reposer_parts import INDEX
from setup.places import MODELS
from training.evaluation import lpips
from training.evaluation.lpips import Lpips
from training.evaluation.similarity import figure_ssim, on_grey, ssim, structure

from .pairs import Batch, Pairs, Placement, placed

STATURE = 1750.0
"""Millimetres of the figure in which distances are told."""
REACH = 150.0
ENLARGED = 256
"""Pixels to which a picture is brought for the pose estimator."""
ASKED = [
    f"{side}_{name}"
    for side in ("left", "right")
    for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
]
MAKERS = dict[str, Callable[[Batch], Tensor]]


class Score(NamedTuple):
    """Of one made picture against the true one."""

    ssim: float
    figure_ssim: float
    figure_lpips: float
    auc: float


@dataclass(frozen=True, eq=False)
class Judge:
    """What the measures need: LPIPS and the pose estimator."""

    perception: Lpips
    reader: PoseReader

    @classmethod
    def load(cls) -> Judge:
        """With the networks of this machine."""
        rtmpose = weights.find("rtmpose-s", [MODELS / "repose", MODELS])
        return cls(lpips.load(), PoseReader(load_pose_network(rtmpose)))

    def score(self, made: Tensor, wanted: Tensor, alpha: Tensor, true: Tensor, scale: float) -> Score:
        """Of pictures (1, 3, S, S); true (12, 3) the pose that is seen in `wanted`, scale its millimetres per pixel."""
        similar = structure(made, wanted)
        return Score(
            ssim(similar),
            figure_ssim(similar, alpha),
            self.perception.distance(on_grey(wanted, alpha), on_grey(made, alpha)),
            area(self.pose(made, alpha)[0], true, scale),
        )

    def pose(self, picture: Tensor, alpha: Tensor) -> tuple[np.ndarray, float]:
        """(12, 3) in pixels of the enlarged picture, depth from the pelvis, and the millimetres of a pixel."""
        large = F.interpolate(picture, (ENLARGED, ENLARGED), mode="bicubic", align_corners=False).clamp(0, 1)
        rows, columns = torch.nonzero(alpha[0, 0] > 0.5, as_tuple=True)
        ratio = ENLARGED / picture.shape[-1]
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], dtype=float) * ratio
        found = self.reader.read(Pyramid(large), box)
        lifted = depths(found.points[LIFTED], found.confidence[LIFTED])
        at = [LANDMARK[name] for name in ASKED]
        depth = lifted.depth[[LIFTED.index(j) for j in at]]
        return centred(np.column_stack((found.points[at], depth))), STATURE / lifted.stature


def centred(points: np.ndarray) -> np.ndarray:
    """(12, 3) of ASKED, less the middle of the hips."""
    hips = [ASKED.index(f"{side}_hip") for side in ("left", "right")]
    return points - points[hips].mean(0)


def area(found: np.ndarray, true: np.ndarray, scale: float) -> float:
    """In [0, 1]: the mean over thresholds from 0 to REACH of the share of joints within them."""
    apart = np.linalg.norm(found - true, axis=1) * scale
    return float(np.clip(1 - apart / REACH, 0, 1).mean())


def exact(joints: Tensor) -> np.ndarray:
    """(12, 3) of joints (J, 3) in picture sides, in pixels of the enlarged picture."""
    return centred(joints[[INDEX[name] for name in ASKED]].numpy() * ENLARGED)


def of_network(network: VolumetricReposer) -> Callable[[Batch], Tensor]:
    """What a network makes of a batch's pairs."""

    @torch.no_grad()
    def make(batch: Batch) -> Tensor:
        picture = batch.picture
        return network(picture, batch.source, batch.target).picture(picture)

    return make


def copied(batch: Batch) -> Tensor:
    """The source picture as it is."""
    return batch.picture


def measured(makers: MAKERS, pairs: Pairs, chosen: Iterable[tuple[int, int, int]], size: int, judge: Judge):
    """{maker: (n, 4) scores}, and (n,) ceilings of the pose."""
    scores: dict[str, list[Score]] = {name: [] for name in makers}
    ceilings = []
    for one in chosen:
        raw = pairs.batch([one], size)
        batch = placed(raw, Placement.framed(raw))
        true, scale = judge.pose(batch.wanted, batch.alpha)
        ceilings.append(area(true, exact(batch.target[0]), scale))
        for name, make in makers.items():
            made = make(batch).clamp(0, 1)
            scores[name].append(judge.score(made, batch.wanted, batch.alpha, true, scale))
    return {name: np.array(rows) for name, rows in scores.items()}, np.array(ceilings)


def test_pairs(pairs: Pairs, count: int) -> list[tuple[int, int, int]]:
    """From each person's first picture to the others, of those that show the person whole; spread over everybody."""
    every = [
        (i, 0, v)
        for i in range(len(pairs))
        for v in range(1, pairs.whole.shape[1])
        if pairs.whole[i, 0] and pairs.whole[i, v]
    ]
    step = max(1, len(every) // count)
    return every[::step][:count]


@torch.no_grad()
def places(network: VolumetricReposer, pairs: Pairs, chosen: Iterable[tuple[int, int, int]]) -> str:
    """How far the places that a network says are from the true ones, how much of the outline it finds, and of what the
    source shows."""
    size, rows = network.config.size, []
    for one in chosen:
        raw = pairs.batch([one], size)
        batch = placed(raw, Placement.framed(raw))
        output = network(batch.picture, batch.source, batch.target)
        there, person = torch.isfinite(batch.flow[:, :1]), batch.alpha > 0.5
        apart = (output.flow.source - batch.flow.nan_to_num(0)).norm(dim=1, keepdim=True)[there] * size
        outline, visible = output.mask > 0, (output.flow.visible > 0) & person
        rows.append(
            [apart.mean(), apart.median(), _overlap(outline, person), _overlap(visible, there & person)]
        )
    mean, median, outline, visible = np.nanmean(np.array(rows, dtype=float), 0)
    return (
        f"places off by {mean:.2f} pixels of {size} (median {median:.2f}), outline {outline:.2f}, what the photo shows"
        f" {visible:.2f}"
    )


def _overlap(made: Tensor, true: Tensor) -> float:
    union = int((made | true).sum())
    return int((made & true).sum()) / union if union else float("nan")
