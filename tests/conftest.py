"""Loads the pack under the name `repose`, as ComfyUI would load it from custom_nodes."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

if comfyui := os.environ.get("COMFYUI_PATH"):
    sys.path.insert(0, comfyui)

# For `training`; at the end, so that ComfyUI's own nodes.py is found before the pack's folder of that name.
sys.path.append(str(ROOT))

# A landing tries the same examples as the one before; a run by hand looks for new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("by hand", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "by hand")

if "repose" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "repose", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["repose"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["repose"])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Tests of one file, which share what they build, stay in one process of several; all those of a real ComfyUI and
    its page in one, so that each server is started once."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return "comfy" if "comfy/" in file else file

    return ByFile(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """The pack's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development pictures beside the checkout; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("../shared/data is not here (it is for development only)")
    return SHARED / "data"


@pytest.fixture(scope="session")
def comfyui() -> Path:
    """ComfyUI's source, importable in this process: its modules are already on the path."""
    if "COMFYUI_PATH" not in os.environ:
        pytest.skip("no ComfyUI here: `python run.py test` brings one, or set COMFYUI_PATH")
    import comfy.cli_args

    if os.environ.get("REPOSE_DEVICE", "cpu") == "cpu":
        comfy.cli_args.args.cpu = True  # before comfy.model_management is imported
    return Path(os.environ["COMFYUI_PATH"])


@pytest.fixture(scope="session")
def models() -> Path:
    """The models folder that holds repose/ with the default networks."""
    folder = os.environ.get("REPOSE_MODELS")
    if not folder or not (Path(folder) / "repose").is_dir():
        pytest.skip("the default networks are not here: `python run.py weights`, then `python run.py test`")
    return Path(folder)


@pytest.fixture(scope="session")
def photo() -> Path:
    """A real photo of a standing person, 1536 x 2752."""
    from repose.setup.places import PHOTO

    if not PHOTO.is_file():
        pytest.skip("the photo is not here: `python run.py test` fetches it")
    return PHOTO


@pytest.fixture(scope="session")
def kit():
    """The packed kit of the synthetic people (`python -m training.people pack`); its tests skip without it."""
    file = os.environ.get("REPOSE_PEOPLE_KIT", str(ROOT / ".repose" / "people" / "kit.zip"))
    if not Path(file).is_file():
        pytest.skip(
            "no kit of synthetic people here: `python -m training.people pack`, or set REPOSE_PEOPLE_KIT"
        )
    from training.people.kit.kit import Kit

    return Kit.load(Path(file))
