"""Pairs, their placement, a training that is killed and goes on, and the ablation's words."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pipelines.models.reposer import ReposerConfig
from pipelines.models.reposer_parts import JOINTS
from training.evaluation.lpips import Lpips
from training.people.truth.dataset import DatasetError
from training.reposer import ablation, evaluate, train
from training.reposer.pairs import Pairs, Placement, coloured, placed, shaken

from ...geometry.whole_body import joints, turned

SIDE = 32
CONFIG = ReposerConfig(size=32, volume=16, depth=4, width=32, blocks=2, fine=8, channels=8)


def pairs() -> Pairs:
    """Two people in two pictures: blocks of noise on grey, the second 4 pixels to the right and in another turn."""
    generator = np.random.default_rng(0)
    figure = np.zeros((2, 2, 3, SIDE, SIDE), np.uint8)
    alpha = np.zeros((2, 2, SIDE, SIDE), np.uint8)
    source = np.full((2, 2, 2, SIDE, SIDE, 2), np.nan, np.float16)
    block = generator.integers(0, 256, (2, 3, 20, 8), dtype=np.uint8)
    for i in range(2):
        for v in range(2):
            figure[i, v, :, 5:25, 10 + 4 * v : 18 + 4 * v] = block[i]
            alpha[i, v, 5:25, 10 + 4 * v : 18 + 4 * v] = 255
            other = 1 - v
            own = np.mgrid[5:25, 10 + 4 * v : 18 + 4 * v]
            there = np.stack((own[1] + 4 * (other - v), own[0]), -1)
            source[i, other, v, 5:25, 10 + 4 * v : 18 + 4 * v] = (there + 0.5) / SIDE
    body = np.stack((joints().numpy(), turned(25).numpy() + [0.1, 0, 0])).astype(np.float32)
    plate = np.full((2, 2, 3, SIDE, SIDE), 128, np.uint8)
    return Pairs(figure, alpha, plate, np.stack((body, body)), source)


def brought(batch) -> torch.Tensor:
    """The source at the target's pixels by the flow, 0 where there is none."""
    there = torch.isfinite(batch.flow[:, :1]).float()
    grid = (2 * batch.flow.nan_to_num(0) - 1).permute(0, 2, 3, 1)
    return F.grid_sample(batch.own, grid, align_corners=False) * there


def test_the_flow_brings_the_source_to_the_target():
    batch = pairs().batch([(0, 0, 1), (1, 1, 0)], SIDE)
    assert torch.allclose(brought(batch), batch.figure, atol=0.02)
    assert torch.allclose(batch.wanted[batch.alpha.expand_as(batch.wanted) == 0], torch.tensor(128 / 255))


@pytest.mark.parametrize("seed", range(4))
def test_turned_scaled_and_mirrored_it_still_does(seed):
    """Joints, pictures and places move together."""
    raw = pairs().batch([(0, 0, 1), (1, 1, 0)] * 4, SIDE)
    smooth = raw._replace(own=F.avg_pool2d(raw.own, 5, 1, 2), figure=F.avg_pool2d(raw.figure, 5, 1, 2))
    batch = placed(smooth, Placement.drawn(smooth, np.random.default_rng(seed)))
    inside = -F.max_pool2d(-torch.isfinite(batch.flow[:, :1]).float(), 5, 1, 2) > 0
    apart = (brought(batch) - batch.figure).abs() * inside
    assert inside.sum() > 100 and apart.sum() / (3 * inside.sum()) < 0.03


def test_the_frame_shows_both_poses_and_mirrors_change_sides():
    raw = pairs().batch([(0, 0, 1)] * 16, SIDE)
    plain = placed(raw, Placement.framed(raw))
    both = torch.cat((plain.source, plain.target), 1)[..., :2]
    assert both.min() > 0.05 and both.max() < 0.95
    drawn = placed(raw, Placement.drawn(raw, np.random.default_rng(0)))
    left, right = (drawn.source[:, JOINTS.index(f"{side}_shoulder"), 0] for side in ("left", "right"))
    assert (left > right).all(), "the person's left stays on the picture's right, whoever is mirrored"


def test_colours_change_alike_in_both_pictures():
    raw = pairs().batch([(0, 0, 1)], SIDE)
    batch = coloured(raw, np.random.default_rng(3))
    assert torch.allclose(brought(batch), batch.figure, atol=0.02) and not torch.allclose(
        batch.own, raw.own, atol=0.02
    )
    assert torch.equal(shaken(raw, np.random.default_rng(1)).flow.isnan(), raw.flow.isnan())


def test_views_that_cut_the_person_are_not_drawn():
    cut = pairs()
    cut.joints[0, 0, :, 1] += 0.5
    assert not cut.whole[0, 0] and {i for i, *_ in cut.chosen(20, np.random.default_rng(0))} == {1}


def test_a_folder_without_pairs_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"no figure\.npy: python -m training\.reposer prepare"):
        Pairs.read(tmp_path)


def run(**changes) -> train.Run:
    return train.Run(**{"config": CONFIG, "steps": 4, "batch": 2, "vgg": 1, "bf16": False, **changes})


def weights(network) -> torch.Tensor:
    return torch.cat([value.flatten() for value in network.state_dict().values()])


def test_a_killed_training_goes_on_as_if_nothing_had_been(tmp_path):
    torch.manual_seed(0)
    vgg = Lpips().requires_grad_(False)
    whole = train.train(run(), pairs(), vgg, tmp_path / "whole.pt")

    class Killed(RuntimeError):
        pass

    class Dying:
        """Pairs that can be drawn twice."""

        def __init__(self):
            self.left, self.pairs = 2, pairs()

        def drawn(self, *given):
            self.left -= 1
            if self.left < 0:
                raise Killed
            return self.pairs.drawn(*given)

    with pytest.raises(Killed):
        train.train(run(), Dying(), vgg, tmp_path / "killed.pt")
    assert train.finished(tmp_path / "killed.pt", run()) is None
    again = train.train(run(), pairs(), vgg, tmp_path / "killed.pt")
    assert torch.equal(weights(whole), weights(again))
    assert torch.equal(weights(train.finished(tmp_path / "killed.pt", run())), weights(again))
    with pytest.raises(ValueError, match="another run: seed 0 there, 1 asked"):
        train.train(run(seed=1), pairs(), vgg, tmp_path / "killed.pt")


def test_a_few_steps_learn_where_pixels_come_from(tmp_path):
    torch.manual_seed(0)
    told: list[str] = []
    train.train(
        run(steps=30, rate=3e-3, adversarial=0), pairs(), Lpips().requires_grad_(False), tmp_path / "a.pt",
        every=0, note=told.append,
    )  # fmt: skip
    flow = [float(line.split("flow ")[1].split()[0]) for line in told]
    assert flow[-1] < 0.85 * flow[0]


def test_written_weights_are_read_again(tmp_path):
    from safetensors.torch import load_file

    from pipelines.models import reposer

    network = reposer.VolumetricReposer(CONFIG)
    train.write(network, tmp_path / "w.safetensors")
    again = reposer.load(load_file(tmp_path / "w.safetensors"), CONFIG)
    assert (weights(network) - weights(again)).abs().max() < 1e-3 and not list(tmp_path.glob(".*"))


def test_the_ablation_says_whether_the_papers_order_holds():
    better = {"neither": 0.1, "3D target pose": 0.2, "3D warping": 0.3, "both": 0.4}
    scores = {name: [np.full((3, 4), value)] for name, value in better.items()}
    assert ablation.in_order(scores, 0, 1).startswith("holds (both > 3D warping > 3D target pose > neither)")
    assert ablation.in_order(scores, 0, -1).startswith("does not hold")
    assert "| both | 0.400 | 0.400 | 0.400 | 0.400 |" in ablation.table(scores, 0.9)
    assert len(ablation.runs(run(), 3)) == 12


def test_the_area_under_the_curve_in_millimetres():
    """A joint 30 mm off lies within four fifths of the thresholds up to 150 mm."""
    true = np.zeros((12, 3))
    assert evaluate.area(true + [3.0, 0, 0], true, 10.0) == pytest.approx(0.8)
    assert evaluate.area(true + [16.0, 0, 0], true, 10.0) == 0
