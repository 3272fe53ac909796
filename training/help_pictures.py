"""Makes the pictures of the help pages, web/docs/pictures/NODE_ID.webp:

    COMFYUI_PATH=DIR REPOSE_MODELS=DIR REPOSE_BROWSER=FILE python training/help_pictures.py [--only NODE_ID ...]

Each shows what the node makes of the demo's photo (openpeople's P001, MIT, nobody real), by running the node itself;
one that makes no picture is shown as it looks in ComfyUI's page.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from help_pages import PICTURES, pack_nodes  # noqa: E402
from help_recipes import RECIPES, Bench, Panels, scaled  # noqa: E402

HEIGHT, WIDEST = 400, 1000
"""Pixels of a row of pictures, at most."""
GAP, WORDS = 4, 24
"""Between pictures, and of the line of words above them."""
LARGEST = 60_000
"""Bytes of a file: below that the quality is lowered."""


def side_by_side(panels: Panels):
    """A Pillow picture of all of them at one height, each with its words above, no wider than WIDEST."""
    from PIL import Image, ImageDraw, ImageFont

    pictures = [_pixels(value) for _, value in panels]
    across = sum(one.shape[-1] / one.shape[-2] for one in pictures)
    height = min(HEIGHT, round((WIDEST - GAP * (len(panels) - 1)) / across))
    made = [
        Image.fromarray((scaled(one, height)[0].movedim(0, -1) * 255).round().byte().numpy())
        for one in pictures
    ]
    head = WORDS if any(words for words, _ in panels) else 0
    page = Image.new("RGB", (sum(one.width for one in made) + GAP * (len(made) - 1), height + head), "white")
    pen, font, x = ImageDraw.Draw(page), ImageFont.load_default(14), 0
    for one, (words, _) in zip(made, panels, strict=True):
        page.paste(one, (x, head))
        pen.text((x + one.width / 2, WORDS / 2), words, fill="black", font=font, anchor="mm")
        x += one.width + GAP
    return page


def _pixels(value):
    """(1, 3, h, w) of an IMAGE or a MASK; what is transparent lies on grey."""
    value = value if value.ndim == 4 else value[..., None].expand(-1, -1, -1, 3)
    pixels = value[:1].movedim(-1, 1).float().cpu()
    if pixels.shape[1] == 4:
        pixels = pixels[:, :3] * pixels[:, 3:] + 0.6 * (1 - pixels[:, 3:])
    return pixels


def photographed(node_id: str, page) -> Any:
    """The node as the page draws it, with its widgets."""
    from PIL import Image

    page.evaluate(
        "async () => await window.app.loadGraphData({nodes: [], links: [], version: 0.4}, true, true, 'x')"
    )
    made = "type => { const n = LiteGraph.createNode(type); window.app.graph.add(n); n.pos = [420, 120]; return n.id; }"
    number = page.evaluate(made, node_id)
    page.evaluate("() => { window.app.canvas.ds.scale = 1; window.app.canvas.ds.offset = [0, 0];"
                  " window.app.canvas.setDirty(true, true); }")  # fmt: skip
    node = page.locator(f'[data-node-id="{number}"]').first
    node.wait_for(timeout=10_000)
    page.wait_for_timeout(600)
    return Image.open(io.BytesIO(node.screenshot())).convert("RGB")


def written(picture: Any, path: Path) -> int:
    """Its file, of at most LARGEST bytes; how many they are."""
    picture.thumbnail((WIDEST, 2 * HEIGHT))
    for quality in (85, 75, 65, 50, 35):
        picture.save(path, quality=quality, method=6)
        if path.stat().st_size <= LARGEST:
            break
    return path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*")
    chosen = parser.parse_args().only
    nodes = pack_nodes()
    import folder_paths
    from repose.nodes import host

    folder_paths.add_model_folder_path("repose", str(Path(os.environ["REPOSE_MODELS"]) / "repose"))
    host.register_models_folder()
    PICTURES.mkdir(parents=True, exist_ok=True)
    bench = Bench(nodes)
    ids = [name for name in bench.nodes if not chosen or name in chosen]
    for name in ids:
        if name in RECIPES:
            print(name, written(side_by_side(RECIPES[name](bench)), PICTURES / f"{name}.webp"), flush=True)
    import in_page

    rest = [name for name in ids if name not in RECIPES]
    if not rest:
        return
    with tempfile.TemporaryDirectory() as base, in_page.served(Path(base)) as server:
        with in_page.opened(server, vue=True) as page:
            for name in rest:
                print(name, written(photographed(name, page), PICTURES / f"{name}.webp"), flush=True)


if __name__ == "__main__":
    main()
