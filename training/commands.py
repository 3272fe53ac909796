"""What every `python -m training.X COMMAND` does with the command that was chosen."""

from __future__ import annotations

import argparse
import signal
import sys

from setup.places import Trouble


def commands_of(name: str, about: str) -> tuple[argparse.ArgumentParser, argparse._SubParsersAction]:
    """The parser of `python -m NAME`, which tells `about` it as it stands, and what its commands are added to."""
    top = argparse.ArgumentParser(
        prog=f"python -m {name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    return top, top.add_subparsers(dest="command", required=True, metavar="COMMAND")


def finished(options: argparse.Namespace, name: str) -> int:
    """Runs `options.run(options)`; the exit code. What is wrong is said in one line; SIGTERM ends it as Ctrl-C does,
    its workers too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options.run(options)
    except (Trouble, ValueError, OSError) as problem:
        print(f"{name}: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; give the same command again to go on", file=sys.stderr)
        return 130
    return 0
