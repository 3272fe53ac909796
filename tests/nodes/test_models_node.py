"""Repose Models: what it says, and the download against a stand-in for the hub."""

import hashlib
import http.server
import os
import threading

import pytest
from repose.pipelines.models import weights

CONTENT = bytes(range(256)) * 4096
"""A megabyte."""


class Hub(http.server.BaseHTTPRequestHandler):
    """One file at /someone/things/resolve/main/remote.onnx."""

    content, asked = CONTENT, []

    def do_HEAD(self):
        self.answer(b"")

    def do_GET(self):
        self.answer(self.content)

    def answer(self, body: bytes):
        self.asked.append(self.path)
        if self.path != "/someone/things/resolve/main/remote.onnx":
            return self.send_error(404)
        self.send_response(200)
        self.send_header("ETag", '"0123456789abcdef"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def hub(monkeypatch):
    """The running stand-in, and a table whose only download is its file."""
    pytest.importorskip("huggingface_hub")
    handler = type("Handler", (Hub,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    entry = weights.Weight(
        id="small",
        purpose="a test",
        file="small.onnx",
        licence="MIT",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        hub=weights.Hub("someone/things", "remote.onnx"),
    )
    monkeypatch.setitem(weights.BY_ID, "small", entry)
    monkeypatch.setattr(weights, "HUB_SET", ("small",))
    yield handler
    server.shutdown()


def test_check_says_what_is_missing_and_asks_nobody(run, no_models, hub):
    report = run("ReposeModels").report
    assert report.startswith("Not ready, missing: yolox_tiny")
    assert str(no_models) in report and hub.asked == [] and not no_models.exists()
    for weight in weights.TABLE:
        assert weight.file in report and weight.licence in report


def test_check_says_ready(run, no_models):
    no_models.mkdir(parents=True)
    for id in weights.DEFAULT_SET:
        (no_models / weights.weight(id).file).touch()
    assert run("ReposeModels").report.startswith("Ready")


def test_the_hub_set_alone_is_enough(run, no_models):
    no_models.mkdir(parents=True)
    for id in weights.HUB_SET:
        (no_models / weights.weight(id).file).touch()
    assert run("ReposeModels").report.startswith("Ready")


def test_download(run, no_models, hub):
    run("ReposeModels", what="download the default set")
    assert (no_models / "small.onnx").read_bytes() == CONTENT
    assert os.listdir(no_models) == ["small.onnx"], "nothing else is left there"


def test_another_file_is_refused(run, no_models, hub):
    hub.content = b"\xff" + CONTENT[1:]
    with pytest.raises(weights.WeightDamaged, match="sha256"):
        run("ReposeModels", what="download the default set")
    assert not [path for path in no_models.rglob("*") if path.is_file()]


def test_cancelled_then_done(run, no_models, hub):
    import comfy.model_management as management

    management.interrupt_current_processing()
    try:
        with pytest.raises(management.InterruptProcessingException):
            run("ReposeModels", what="download the default set")
    finally:
        management.interrupt_current_processing(False)
    assert not (no_models / "small.onnx").exists()
    run("ReposeModels", what="download the default set")
    assert (no_models / "small.onnx").read_bytes() == CONTENT


def test_a_read_only_models_folder(run, no_models, hub):
    no_models.parent.mkdir(parents=True)
    no_models.write_text("a file where the folder should be")
    with pytest.raises(weights.WeightError, match="cannot write into .* Nothing was downloaded"):
        run("ReposeModels", what="download the default set")
    assert hub.asked == []


def test_it_is_looked_up_anew_in_every_run(comfyui):
    from repose.nodes.models import Models

    assert Models.fingerprint_inputs("check") != Models.fingerprint_inputs("check")
