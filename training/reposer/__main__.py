"""The volumetric reposer, from synthetic people to tables:

python -m training.reposer prepare --people DIR --out PAIRS         pairs at --size pixels, once per folder of people
python -m training.reposer train --pairs PAIRS --out reposer.safetensors
python -m training.reposer measure --test PAIRS                     the shipped network on people never trained on
python -m training.reposer ablation --pairs PAIRS --test PAIRS      the paper's Table 1; trains what is not trained yet
python -m training.reposer sheet --test PAIRS --out sheet.png       what a network makes of pairs

DIR is written by `python -m training.people`. Every training can be interrupted; the same command goes on.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import torch

from setup.places import HOME, say
from training.commands import commands_of, finished

FOLDER = HOME / "reposer"


def main(arguments: list[str] | None = None) -> int:
    """Do the command; the exit code."""
    options = parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    return finished(options, f"training.reposer {options.command}")


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top, commands = commands_of("training.reposer", __doc__)
    prepare = commands.add_parser("prepare", help="small pairs out of a folder of people")
    prepare.add_argument("--people", type=Path, required=True)
    prepare.add_argument("--out", type=Path, required=True)
    prepare.add_argument("--size", type=int, default=128)
    prepare.add_argument("--limit", type=int, default=0, help="people (all)")
    prepare.set_defaults(run=run_prepare)
    train = commands.add_parser("train", help="the network that is shipped, or one of another size")
    train.add_argument("--out", type=Path, required=True, help="the safetensors file")
    train.add_argument("--size", type=int, default=128)
    _training(train, steps=10_000)
    train.set_defaults(run=run_train)
    measure = commands.add_parser("measure", help="the shipped network beside copying the source")
    measure.add_argument(
        "--test", type=Path, required=True, help="pairs of people and outfits never trained on"
    )
    measure.add_argument("--count", type=int, default=120, help="pairs that are measured")
    measure.set_defaults(run=run_measure)
    ablation = commands.add_parser("ablation", help="four networks, so many seeds, one table")
    ablation.add_argument(
        "--test", type=Path, required=True, help="pairs of people and outfits never trained on"
    )
    ablation.add_argument("--seeds", type=int, default=3)
    ablation.add_argument("--count", type=int, default=120, help="pairs that are measured")
    _training(ablation, steps=3_000)
    ablation.set_defaults(run=run_ablation)
    sheet = commands.add_parser("sheet", help="look at what a network makes")
    sheet.add_argument("--test", type=Path, required=True)
    sheet.add_argument("--out", type=Path, required=True)
    sheet.add_argument("--weights", type=Path, help="of the shipped configuration (those shipped)")
    sheet.add_argument("--count", type=int, default=10)
    sheet.set_defaults(run=run_sheet)
    for command in (prepare, train, measure, ablation, sheet):
        command.add_argument("--threads", type=int, default=1)
    return top


def _training(command: argparse.ArgumentParser, steps: int) -> None:
    command.add_argument(
        "--pairs", type=Path, required=True, help="what `prepare` wrote of the training people"
    )
    command.add_argument("--steps", type=int, default=steps)
    command.add_argument("--batch", type=int, default=4)
    command.add_argument("--rate", type=float, default=None)
    command.add_argument("--adversarial", type=float, default=1.0)
    command.add_argument("--checkpoints", type=Path, default=FOLDER)
    command.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    command.add_argument(
        "--minutes", type=float, default=math.inf, help="stop after so long; the next call goes on"
    )


def _run(options: argparse.Namespace, config):
    from .train import RATE, Run

    rate = RATE if options.rate is None else options.rate
    return Run(config, options.steps, options.batch, rate=rate, adversarial=options.adversarial)


def run_prepare(options: argparse.Namespace) -> None:
    from .pairs import prepare

    say(str(prepare(options.people, options.out, options.size, options.limit)))


def run_train(options: argparse.Namespace) -> None:
    from pipelines.models.reposer import ReposerConfig
    from training.evaluation import lpips

    from .pairs import Pairs
    from .train import train, write

    run = _run(options, ReposerConfig(size=options.size, volume=max(32, options.size // 4)))
    checkpoint = options.checkpoints / f"{options.out.stem}-{options.size}.pt"
    network = train(
        run, Pairs.read(options.pairs), lpips.load(), checkpoint, options.device, minutes=options.minutes
    )
    write(network, options.out)
    say(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")


def run_measure(options: argparse.Namespace) -> None:
    from pipelines.models import reposer
    from training.evaluation.summary import difference

    from .evaluate import Judge, Score, copied, measured, of_network, places, test_pairs
    from .pairs import Pairs

    test, network, judge = Pairs.read(options.test), reposer.shipped(), Judge.load()
    chosen = test_pairs(test, options.count)
    found, ceilings = measured(
        {"copy the source": copied, "volumetric": of_network(network)},
        test,
        chosen,
        network.config.size,
        judge,
    )
    print(f"{len(chosen)} pairs of {len({i for i, *_ in chosen})} people; {', '.join(Score._fields)}")
    for name, rows in found.items():
        print(f"{name}: {', '.join(f'{value:.3f}' for value in rows.mean(0))}")
    column = Score._fields.index("figure_lpips")
    apart = difference(found["volumetric"][:, column], found["copy the source"][:, column])
    print(
        f"figure LPIPS against copying: {apart.text(4)}; the estimator on the true pictures: {ceilings.mean():.3f}"
    )
    for name, one in (
        ("trained", network),
        ("the poses alone", reposer.VolumetricReposer(network.config).eval()),
    ):
        print(f"{name}: {places(one, test, chosen)}")


def run_ablation(options: argparse.Namespace) -> None:
    from training.evaluation import lpips

    from .ablation import BASE, VARIANTS, in_order, runs, table
    from .evaluate import Judge, Score, copied, measured, of_network, test_pairs
    from .pairs import Pairs
    from .train import finished, train

    vgg, pairs, test = lpips.load(), Pairs.read(options.pairs), Pairs.read(options.test)
    trained = {}
    for (name, seed), run in runs(_run(options, BASE), options.seeds).items():
        checkpoint = options.checkpoints / f"ablation-{name.replace(' ', '-')}-{seed}.pt"
        trained[name, seed] = finished(checkpoint, run) or train(
            run, pairs, vgg, checkpoint, options.device, minutes=options.minutes
        )
    makers = {"copy": copied} | {key: of_network(network.cpu()) for key, network in trained.items()}
    chosen = test_pairs(test, options.count)
    found, ceilings = measured(makers, test, chosen, BASE.size, Judge.load())
    scores = {name: [found[name, seed] for seed in range(options.seeds)] for name in VARIANTS}
    print(f"{len(chosen)} pairs of {len({i for i, *_ in chosen})} people")
    print(table({"copy the source": [found["copy"]]} | scores, float(ceilings.mean())))
    for column, (measure, better) in enumerate(zip(Score._fields, (1, 1, -1, 1), strict=True)):
        print(f"the paper's order in {measure}: {in_order(scores, column, better)}")


def run_sheet(options: argparse.Namespace) -> None:
    from safetensors.torch import load_file

    from pipelines.models import reposer

    from .pairs import Pairs
    from .sheets import sheet

    network = reposer.load(load_file(options.weights)) if options.weights else reposer.shipped()
    sheet(network, Pairs.read(options.test), options.count, options.out)
    say(str(options.out))


if __name__ == "__main__":
    sys.exit(main())
