"""What the table of fills counts, and that the training goes on where it was."""

import torch

from training.autoencoder.crops import limb
from training.autoencoder.measure import Figures, border, lines
from training.autoencoder.train import _kept, _resumed


def test_border_counts_a_step_and_no_grain():
    generator = torch.Generator().manual_seed(1)
    true = 0.5 + 0.03 * torch.randn(3, 64, 64, generator=generator)
    hidden = torch.zeros(64, 64, dtype=torch.bool)
    hidden[:, 32:] = True
    assert border(true, true, hidden, ~hidden) == 0
    other = torch.where(hidden, 0.5 + 0.03 * torch.randn(3, 64, 64, generator=generator), true)
    assert border(true, other, hidden, ~hidden) < 2, "grain as strong as the true one"
    step = torch.where(hidden, true + 0.1, true)
    assert 15 < border(true, step, hidden, ~hidden) < 27, "a step of 0.1 is 25.5 levels"
    blurred = torch.where(hidden, 0.5, true)
    assert border(true, blurred, hidden, ~hidden) == 0, "a smaller step than the true one has no excess"


def test_a_limb_is_as_long_and_wide_as_one():
    for seed in range(5):
        shape = limb((400, 300), 400.0, torch.Generator().manual_seed(seed))
        assert 200 < int(shape.sum()) < 400 * 0.4 * 400 * 0.075, seed


def test_the_table_has_a_line_for_each_way_that_was_measured():
    one = Figures(0.1, 0.9, 2.0, 0.5, 0.2, 5.0, 1.5)
    other = Figures(0.3, 0.7, 4.0, 1.5, 0.4, 15.0, 0.5)
    table = lines({"ours": [one, other], "nothing": []})
    assert len(table) == 3 and table[2].startswith("| ours | 2 | 0.2000 | 80.0 % | 0.800 | 3.00 | 1.00 |")


def test_training_goes_on_where_it_was(tmp_path):
    def fresh():
        torch.manual_seed(3)
        network = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 1))
        return network, torch.optim.AdamW(network.parameters(), 0.01)

    def steps(network, optimiser, count, start=0):
        for i in range(start, start + count):
            data = torch.randn(16, 4, generator=torch.Generator().manual_seed(i))
            loss = (network(data) - data[:, :1]).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    whole, optimiser = fresh()
    steps(whole, optimiser, 10)
    first, optimiser = fresh()
    steps(first, optimiser, 6)
    _kept(tmp_path / "state.st", first, first, optimiser, 6, 12.0)
    second, optimiser = fresh()
    shown, _ = fresh()
    assert _resumed(tmp_path / "state.st", second, shown, optimiser) == (6, 12.0)
    steps(second, optimiser, 4, 6)
    for one, other in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
