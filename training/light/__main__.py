"""`python -m training.light COMMAND ...`: measures what the pack makes of a photo's light."""

from __future__ import annotations

import argparse

import torch

from . import check, estimates, relit, shadows

COMMANDS = (estimates, relit, shadows, check)


def main() -> None:
    """Run one command on one thread."""
    parser = argparse.ArgumentParser(prog="python -m training.light", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command in COMMANDS:
        command.add_to(commands)
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.run(given)


if __name__ == "__main__":
    main()
