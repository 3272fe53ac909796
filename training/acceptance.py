"""Runs every shipped workflow as it is shipped, on photos, in a ComfyUI as an artist has it.

`python training/acceptance.py FOLDER PHOTO... [--pose PICTURE] [--scenes PICTURE PICTURE] [--only NAME...]`

FOLDER/venv gets torch, ComfyUI's packages and the pack's requirements.txt, nothing else; FOLDER/ComfyUI a fresh
ComfyUI with the files that the registry would ship in custom_nodes/repose, and the networks of `python run.py weights`
in models/repose. Each workflow goes through the queue; results.jsonl says of each photo and workflow how long it took,
how much memory the server came to (Linux), what the check and the saving nodes said, or the error of a red node.
sheet-PHOTO.png shows what was saved. What results.jsonl has already is not run again: delete a line to have it made
anew.

Workflows that want a checkpoint are left out: the tests run one with small untrained networks.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from setup import comfyui, environment, graph, matching, shipped  # noqa: E402
from setup.places import MODELS, Trouble, say  # noqa: E402
from setup.server import Server  # noqa: E402

LEFT_OUT = ("Repose with SDXL", "Refine with an edit model")
BATCH_FOLDER = "hero shots"
"""The input folder that the Social batch is shipped with."""
CELL, SHOWN = 360, 6
"""Height of a picture in the sheets, in pixels, and how many of a workflow are shown."""
SPEAKING = ("ReposePhotometricCheck", "ReposeSaveSet", "ReposeFolder")
"""The nodes whose words are kept."""


def installed(folder: Path) -> Path:
    """The Python of FOLDER's own environment, made unless it is there."""
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    source, place = comfyui.fetch(), folder / "ComfyUI"
    if not place.is_dir():
        shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
    pack = place / "custom_nodes" / "repose"
    shutil.rmtree(pack, ignore_errors=True)
    shipped.build(pack)
    networks = place / "models" / "repose"
    networks.parent.mkdir(exist_ok=True)
    if not networks.exists():
        networks.unlink(missing_ok=True)  # a link to a clone that is gone
        networks.symlink_to(MODELS / "repose", target_is_directory=True)
    note = folder / "installed.txt"
    wanted = (pack / "requirements.txt").read_text(encoding="utf-8")
    if not note.is_file() or note.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        for words in (
            environment.TORCH,
            ("-r", place / "requirements.txt"),
            ("-r", pack / "requirements.txt"),
        ):
            subprocess.run([python, "-m", "pip", "install", "-q", *map(str, words)], check=True)
        matching.apply(python)
        note.write_text(wanted, encoding="utf-8")
    return python


def filled_in(workflow: dict, photo: str, pose: str, scenes: list[str], info: dict) -> dict[str, Any]:
    """The workflow as the queue takes it, with its pictures chosen by the titles of their nodes."""
    prompt = graph.to_prompt(workflow, info)
    rest = list(scenes)
    for node in prompt.values():
        if node["class_type"] == "LoadImage":
            title = node["_meta"]["title"].lower()
            scene = rest.pop(0) if "background" in title else None
            node["inputs"]["image"] = scene or (pose if "pose" in title else photo)
    return prompt


def one(server: Server, name: str, prompt: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Runs it and copies what it saved; the line for results.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    _forget_peak(server)
    started = time.monotonic()
    record: dict[str, Any] = {"workflow": name, "error": None, "said": [], "files": []}
    try:
        outputs = server.run(prompt)
    except Trouble as problem:
        return record | {"seconds": round(time.monotonic() - started, 1), "error": str(problem)}
    record |= {"seconds": round(time.monotonic() - started, 1), "megabytes": _peak(server)}
    for key, node in prompt.items():
        shown = outputs.get(key, {})
        if node["class_type"] in SPEAKING:
            record["said"] += [text for text in shown.get("text", []) if isinstance(text, str)]
        for picture in shown.get("images", []):
            if isinstance(picture, dict) and picture.get("type") == "output":
                path = folder / f"{len(record['files']):02d} {picture['filename']}"
                path.write_bytes(server.view(picture))
                record["files"].append(str(path))
    if not record["files"]:
        record["error"] = "it saved no picture"
    return record


def verdict(record: dict[str, Any]) -> str:
    """In a line: the error, or how many pictures the check passed, failed, could not tell, and in what they failed."""
    if record["error"]:
        return f"RED: {record['error'].splitlines()[0]}"
    text = "\n".join(record["said"])
    checks = re.findall(r"Photometric check (passed|FAILED|NOT CHECKED)(?:: ([^(\n]*))?", text)
    if not checks:
        return "no check: " + (" / ".join(text.splitlines()[:2]) or "nothing said")
    counts = {word: sum(found == word for found, _ in checks) for word in ("passed", "FAILED", "NOT CHECKED")}
    wrong = sorted({why.strip() for word, why in checks if word == "FAILED"})
    head = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{head}{': ' + '; '.join(wrong) if wrong else ''}"


def sheet(photo: Path, records: list[dict[str, Any]], path: Path) -> None:
    """A row a workflow: its name, seconds and verdict, then the first pictures that it saved."""
    from PIL import Image, ImageDraw, ImageOps

    rows = []
    first = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")
    for record in records:
        files = [Path(file) for file in record["files"] if file.lower().endswith((".png", ".jpg", ".webp"))]
        rows.append((record, [_small(Image.open(file)) for file in files[:SHOWN]]))
    wide = max([sum(p.width for p in pictures) for _, pictures in rows] + [600]) + 200
    page = Image.new("RGB", (wide, (CELL + 20) * (len(rows) + 1)), "white")
    pen = ImageDraw.Draw(page)
    page.paste(_small(first), (0, 20))
    pen.text((4, 4), photo.name, fill="black")
    for i, (record, pictures) in enumerate(rows, 1):
        y = i * (CELL + 20)
        said = f"{record['workflow']}: {record['seconds']} s, {len(record['files'])} files, {verdict(record)}"
        pen.text((4, y + 4), said[:220], fill="red" if record["error"] else "black")
        x = 0
        for picture in pictures:
            page.paste(picture, (x, y + 20))
            x += picture.width
    page.save(path)


def _small(picture):
    from PIL import Image

    picture = picture.convert("RGBA")
    picture.thumbnail((3 * CELL, CELL))
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _only_in(folder: Path, photo: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(photo, folder / photo.name)


def _forget_peak(server: Server) -> None:
    try:
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
    except OSError:
        pass


def _peak(server: Server) -> int | None:
    try:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
    except OSError:
        return None
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


def run(options: argparse.Namespace) -> int:
    """Every workflow on every photo; 1 where a node was red."""
    folder, base = options.folder, options.folder / "ComfyUI"
    log = folder / "results.jsonl"
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []
    with Server(base, comfy=base, log_path=folder / "server.log") as server:
        info = server.object_info()
        pose, scenes = server.upload(options.pose), [server.upload(file) for file in options.scenes]
        given = {photo: server.upload(photo) for photo in options.photos}
        for path in sorted((base / "custom_nodes" / "repose" / "workflows").glob("*.json")):
            workflow = json.loads(path.read_text(encoding="utf-8"))
            for photo in options.photos:
                known = any((r["photo"], r["workflow"]) == (photo.name, path.stem) for r in done)
                if known or path.stem in LEFT_OUT or (options.only and path.stem not in options.only):
                    continue
                _only_in(base / "input" / BATCH_FOLDER, photo)
                prompt = filled_in(workflow, given[photo], pose, scenes, info)
                made = one(server, path.stem, prompt, folder / "made" / photo.stem / path.stem)
                done.append({"photo": photo.name, **made})
                with log.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(done[-1]) + "\n")
                memory = made.get("megabytes")
                say(f"{photo.name} | {path.stem} | {made['seconds']} s | {memory} MB | {verdict(made)}")
    for photo in options.photos:
        sheet(photo, [r for r in done if r["photo"] == photo.name], folder / f"sheet-{photo.stem}.png")
    return int(any(record["error"] for record in done))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument(
        "--pose", type=Path, help="a picture of somebody in a pose; the last photo by default"
    )
    parser.add_argument(
        "--scenes", type=Path, nargs=2, help="two backgrounds; the last two photos by default"
    )
    parser.add_argument("--only", nargs="*", help="names of workflows")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    options.folder = options.folder.resolve()
    options.pose = options.pose or options.photos[-1]
    options.scenes = options.scenes or [options.photos[-1], options.photos[0]]
    python = installed(options.folder)
    if Path(sys.prefix).resolve() != (options.folder / "venv").resolve():
        return subprocess.run([python, *sys.argv], check=False).returncode
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
