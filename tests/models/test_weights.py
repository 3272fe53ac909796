"""The table of weights: the order of search, what is said when a file is missing or wrong, and the download."""

import hashlib
import http.server
import os
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from repose.pipelines.models import weights
from repose.pipelines.models.weights import Hub, WeightDamaged, WeightError, WeightMissing

CONTENT = bytes(range(256)) * 60_000  # 15 MB: more than one of huggingface_hub's blocks


@pytest.fixture
def table(monkeypatch):
    """A table with one small weight, "test", in the repository someone/things at revision v1."""
    entry = replace(
        weights.weight("selfie-multiclass"),
        id="test",
        file="local.bin",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        hub=Hub("someone/things", "remote.bin", "v1"),
    )
    monkeypatch.setitem(weights.BY_ID, "test", entry)
    monkeypatch.setattr(weights, "_verified", set())
    return entry


def test_every_entry_says_all_it_must():
    for entry in weights.TABLE:
        assert entry.folder == "repose" and entry.licence and entry.purpose and (entry.hub or entry.package)
        assert (entry.sha256 is None) == (entry.size is None)
        assert entry.sha256 is None or (len(entry.sha256) == 64 and int(entry.sha256, 16))
        # CMU's networks exist in torch's own format only; the pack does not open it, ComfyUI's loader does.
        torch_file = entry.file.endswith((".pth", ".pt", ".ckpt", ".pkl", ".bin"))
        assert torch_file == entry.id.startswith("openpose-"), "no pickle, ever"
    assert all(weights.weight(id).licence == "Apache-2.0" for id in weights.DEFAULT_SET + weights.HUB_SET)


def test_loads_with_the_standard_library_alone(root):
    """As run.py loads it, before anything is installed."""
    code = (
        f"import sys; sys.path.insert(0, r'{root}')\n"
        "from setup import pack\n"
        "assert pack.engine('models.weights').DEFAULT_SET\n"
        "assert not {'torch', 'numpy', 'huggingface_hub'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


def test_search_goes_through_the_folders_in_order(tmp_path, table):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "two" / "local.bin").write_bytes(CONTENT)
    assert weights.find("test", [tmp_path / "one", tmp_path / "two"]) == tmp_path / "two" / "local.bin"
    (tmp_path / "one" / "local.bin").write_bytes(CONTENT)
    assert weights.find("test", [tmp_path / "one", tmp_path / "two"]) == tmp_path / "one" / "local.bin"
    assert weights.missing(["test"], [tmp_path / "three"]) == [table]


def test_missing_names_file_size_source_folder_and_command(tmp_path, table):
    with pytest.raises(WeightMissing) as caught:
        weights.find("test", [tmp_path])
    for word in (
        "local.bin",
        "15.4 MB",
        "someone/things",
        str(tmp_path),
        "python run.py weights",
        "Apache-2.0",
    ):
        assert word in str(caught.value), word


def test_truncated_names_both_sizes(tmp_path, table):
    (tmp_path / "local.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(WeightDamaged, match=rf"{len(CONTENT) - 1}.*{len(CONTENT)}.*Delete it"):
        weights.find("test", [tmp_path])


def test_tampered_names_both_hashes(tmp_path, table):
    wrong = b"\xff" + CONTENT[1:]
    (tmp_path / "local.bin").write_bytes(wrong)
    with pytest.raises(WeightDamaged) as caught:
        weights.find("test", [tmp_path])
    assert table.sha256 in str(caught.value) and hashlib.sha256(wrong).hexdigest() in str(caught.value)


def test_hash_is_computed_once_for_a_file_and_again_when_it_changes(tmp_path, table, monkeypatch):
    path = tmp_path / "local.bin"
    path.write_bytes(CONTENT)
    weights.find("test", [tmp_path])
    with monkeypatch.context() as patched:
        patched.setattr(weights, "sha256_of", lambda path: pytest.fail("hashed twice"))
        weights.find("test", [tmp_path])
    path.write_bytes(b"\xff" + CONTENT[1:])
    os.utime(path, ns=(1, 1))
    with pytest.raises(WeightDamaged):
        weights.find("test", [tmp_path])


def test_artists_own_file_is_not_checked(tmp_path):
    (tmp_path / "rtmw-l-384x288.safetensors").write_bytes(b"anything")
    assert weights.find("rtmw-l", [tmp_path]).name == "rtmw-l-384x288.safetensors"


class Stub(http.server.BaseHTTPRequestHandler):
    """Enough of the hub for one file: HEAD and GET of /someone/things/resolve/v1/remote.bin, with ranges."""

    content, log = CONTENT, []

    def _answer(self, body: bool):
        self.log.append((self.command, self.path, self.headers.get("Range")))
        if self.path != "/someone/things/resolve/v1/remote.bin":
            self.send_error(404)
            return
        begin = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0] or 0)
        self.send_response(206 if begin else 200)
        self.send_header("ETag", '"0123456789abcdef"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(self.content) - begin))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(self.content) - 1}/{len(self.content)}")
        self.end_headers()
        if body:
            try:
                self.wfile.write(self.content[begin:])
            except (BrokenPipeError, ConnectionResetError):
                pass  # a cancelled download

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(monkeypatch):
    """A local stand-in for the hub -> its handler class; HF_ENDPOINT points there."""
    pytest.importorskip("huggingface_hub")
    handler = type("Handler", (Stub,), {"log": [], "content": CONTENT})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield handler
    server.shutdown()


def test_download_moves_the_whole_file_into_place(tmp_path, table, hub):
    seen = []
    assert weights.download(["test"], tmp_path / "repose", seen.append) == [tmp_path / "repose" / "local.bin"]
    assert (tmp_path / "repose" / "local.bin").read_bytes() == CONTENT
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) > 1
    assert os.listdir(tmp_path / "repose") == ["local.bin"], "nothing is left behind"
    assert {path for _, path, _ in hub.log if "remote.bin" in path} == {
        "/someone/things/resolve/v1/remote.bin"
    }
    hub.log.clear()
    weights.download(["test"], tmp_path / "repose")
    assert not [path for _, path, _ in hub.log if "remote.bin" in path], (
        "a file that is there and right is not asked for again"
    )


class Cancelled(Exception):
    pass


def test_cancel_leaves_no_file_and_the_next_try_asks_only_for_the_rest(tmp_path, table, hub):
    def cancel(fraction):
        if fraction > 0.99:  # the second block: the first, 10 MB, has been written by then
            raise Cancelled

    with pytest.raises(Cancelled):
        weights.download(["test"], tmp_path, cancel)
    assert not (tmp_path / "local.bin").exists()
    begun = (tmp_path / "local.bin.part").stat().st_size
    assert 0 < begun < len(CONTENT)
    hub.log.clear()
    weights.download(["test"], tmp_path)
    assert (tmp_path / "local.bin").read_bytes() == CONTENT
    assert [span for _, path, span in hub.log if "remote.bin" in path] == [f"bytes={begun}-"]
    assert os.listdir(tmp_path) == ["local.bin"]


def test_another_file_on_the_hub_is_refused(tmp_path, table, hub):
    hub.content = b"\xff" + CONTENT[1:]
    with pytest.raises(WeightDamaged, match=table.sha256):
        weights.download(["test"], tmp_path)
    assert os.listdir(tmp_path) == []


def test_failed_transfer_is_a_weight_error(tmp_path, table, hub, monkeypatch):
    gone = replace(table, hub=Hub("someone/nothing", "remote.bin"))
    monkeypatch.setitem(weights.BY_ID, "test", gone)
    with pytest.raises(WeightError, match=r"local\.bin.*someone/nothing.*try again"):
        weights.download(["test"], tmp_path)


def test_no_repository_and_unwritable_folder_are_told_before_any_network(tmp_path, table, hub):
    with pytest.raises(WeightError, match=r"run\.py weights"):
        weights.download(["rtmpose-s"], tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightError, match="cannot write"):
        weights.download(["test"], tmp_path / "file" / "repose")
    if os.name == "posix" and os.getuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(WeightError, match="cannot write"):
            weights.download(["test"], tmp_path / "locked")
    assert not [path for _, path, _ in hub.log if "remote.bin" in path]


def test_unknown_id_lists_the_known_ones():
    with pytest.raises(KeyError, match="yolox-tiny"):
        weights.weight("yolo")
