"""The pack in a real ComfyUI: it loads, and its nodes keep their promises."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

IDS = Path(__file__).with_name("node_ids.txt")
IMPORTING = """
import asyncio, importlib.util, json, sys, time

sys.path.insert(0, sys.argv[1])
import comfy.cli_args

comfy.cli_args.args.cpu = True
import comfy_api.latest, folder_paths, nodes

before, start = set(sys.modules), time.process_time()
spec = importlib.util.spec_from_file_location(
    "repose", sys.argv[2] + "/__init__.py", submodule_search_locations=[sys.argv[2]]
)
pack = sys.modules["repose"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pack)


async def listed():
    await (await pack.comfy_entrypoint()).get_node_list()


asyncio.run(listed())
seconds = time.process_time() - start
print(json.dumps([seconds, sorted({name.partition(".")[0] for name in set(sys.modules) - before})]))
"""
"""Loads the pack as ComfyUI does, where ComfyUI's own modules are in already; prints what that cost."""


@pytest.fixture(scope="module")
def nodes(comfyui):
    """The node classes, imported here and not through ComfyUI, which hides why an import failed."""
    from repose.nodes import NODES, host

    host.register_models_folder()
    return NODES


def test_loads_without_a_word_of_complaint(server):
    log = server.log()
    loaded = re.search(r"([\d.]+) seconds: \S*custom_nodes\S*repose", log)
    assert loaded, f"the pack is not among the imported ones:\n{log}"
    assert "IMPORT FAILED" not in log and "Traceback" not in log
    complaints = re.compile(r"warn|error|fail|cannot|deprecat", re.IGNORECASE)
    assert not [line for line in log.splitlines() if "repose" in line.lower() and complaints.search(line)]


def test_importing_costs_the_start_nothing(comfyui, pack):
    """In seconds of the processor, which do not hang on what else the machine does; no package comes with it that
    ComfyUI had not imported by itself."""
    command = [sys.executable, "-c", IMPORTING, str(comfyui), str(pack)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seconds, packages = json.loads(done.stdout.splitlines()[-1])
    assert seconds <= 1.0, f"the import took {seconds} s: import heavy packages inside functions"
    assert not {"cv2", "diffusers", "huggingface_hub", "scipy", "torch", "transformers"} & set(packages), (
        packages
    )


def test_ids_are_for_ever(nodes):
    """An id in the list is in somebody's workflow: add new ones, never change or drop one."""
    assert [node.GET_SCHEMA().node_id for node in nodes] == IDS.read_text().split()


def test_registered(object_info, nodes):
    assert set(IDS.read_text().split()) <= set(object_info)


def test_schemas(nodes):
    for node in nodes:
        schema = node.GET_SCHEMA()
        schema.validate()
        assert schema.node_id.startswith("Repose"), schema.node_id
        assert schema.category == "Repose" or schema.category.startswith("Repose/"), schema.node_id
        assert schema.display_name and schema.description, schema.node_id


def test_schema_inputs_are_the_parameters_of_execute(nodes):
    for node in nodes:
        schema = node.GET_SCHEMA()
        parameters = [name for name in inspect.signature(node.execute).parameters if name != "cls"]
        assert parameters == [given.id for given in schema.inputs], schema.node_id


def test_every_input_and_output_is_explained(nodes):
    for node in nodes:
        schema = node.GET_SCHEMA()
        for socket in (*schema.inputs, *schema.outputs):
            assert socket.tooltip, f"{schema.node_id}.{socket.id} has no tooltip"


def test_every_number_has_a_range(nodes):
    for node in nodes:
        for given in node.GET_SCHEMA().inputs:
            if given.get_io_type() in ("INT", "FLOAT"):
                assert None not in (given.min, given.max, given.default), f"{node.__name__}.{given.id}"
                assert given.min <= given.default <= given.max, f"{node.__name__}.{given.id}"


def test_executes_are_translations(nodes):
    """At most 20 lines each, at most 6 in the median (the bar of this project)."""
    lengths = sorted((len(inspect.getsource(node.execute).splitlines()), node.__name__) for node in nodes)
    assert lengths[-1][0] <= 20, lengths[-1]


def test_every_node_has_a_help_page_that_says_what_its_schema_says(server, nodes):
    """Stale? `COMFYUI_PATH=DIR python training/help_pages.py` writes them anew."""
    from training.help_pages import FOLDER, pages

    wanted = pages(nodes)
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")} == wanted
    served = server.read("/extensions/repose/docs/ReposePhoto.md").decode()
    assert served == wanted["ReposePhoto.md"]


def test_every_help_page_has_its_picture_and_the_page_gets_it(server, nodes):
    """Missing? `python training/help_pictures.py --only NODE_ID` makes it."""
    from PIL import Image

    from training.help_pages import FOLDER, PICTURES

    ids = {node.GET_SCHEMA().node_id for node in nodes}
    assert {path.stem for path in PICTURES.iterdir()} == ids
    for name in ids:
        (shown,) = re.findall(r"!\[.+?\]\((.+?)\)", (FOLDER / f"{name}.md").read_text(encoding="utf-8"))
        served = server.read(f"/extensions/repose/docs/{shown}")
        assert served == (PICTURES / f"{name}.webp").read_bytes() and len(served) <= 60_000, name
        with Image.open(PICTURES / f"{name}.webp") as picture:
            low, high = picture.convert("L").getextrema()
            assert picture.format == "WEBP" and min(picture.size) >= 60 and high - low > 64, name
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < 2_000_000


def test_the_page_gets_the_nodes_in_every_language(server, nodes):
    """As ComfyUI gathers them from the shipped pack: what the page merges into its own translations."""
    from training import locales

    served = json.loads(server.read("/i18n"))
    for language, words in locales.spoken(nodes).items():
        assert served[language]["nodeDefs"] == words


def test_an_older_comfyui_loads_it_too(old_server):
    assert set(IDS.read_text().split()) <= set(old_server.object_info())
    assert "IMPORT FAILED" not in old_server.log()
