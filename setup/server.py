"""A ComfyUI server of our own, and the few words of its HTTP interface that are needed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from . import comfyui, matching
from .places import BASE, HOME, Trouble

START_SECONDS = 300
"""A first start compiles every package's byte code; on a slow disk that takes minutes."""


def free_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port: int) -> bool:
    """True when nobody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Server:
    """One ComfyUI process, started on entry and ended on exit; its words go to `log_path`."""

    def __init__(
        self,
        base: Path = BASE,
        port: int | None = None,
        comfy: Path | None = None,
        log_path: Path | None = None,
        extra: Sequence[str] = (),
    ):
        self.base, self.port, self.comfy = Path(base), port or free_port(), comfy or comfyui.path()
        self.log_path = log_path or HOME / f"server-{self.port}.log"
        self.extra, self.process = tuple(extra), None
        self.url = f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """The command line: nothing outside `base` is written, nothing is fetched, no browser is opened."""
        command = [sys.executable, "main.py", "--port", str(self.port), "--listen", "127.0.0.1"]
        command += ["--base-directory", str(self.base), "--database-url", "sqlite:///:memory:"]
        command += ["--disable-auto-launch", "--disable-api-nodes", "--log-stdout"]
        return command + (["--cpu"] if matching.device() == "cpu" else []) + list(self.extra)

    def __enter__(self) -> Server:
        if not is_free(self.port):
            raise Trouble(f"port {self.port} is in use (by another ComfyUI?)", "choose another with --port")
        for folder in ("input", "output", "models", "custom_nodes", "user/default"):
            (self.base / folder).mkdir(parents=True, exist_ok=True)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.comfy, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
        try:
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; kill it when it does not listen."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        """Everything the server has said so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, **query: str) -> Any:
        """A JSON answer."""
        return json.loads(self.read(path, **query))

    def read(self, path: str, **query: str) -> bytes:
        """The bytes of an answer; urllib's errors on anything but success."""
        query_text = f"?{urllib.parse.urlencode(query)}" if query else ""
        with urllib.request.urlopen(self.url + path + query_text, timeout=60) as answer:
            return answer.read()

    def post(self, path: str, value: object) -> Any:
        """Send JSON; the JSON answer, or None where it is empty."""
        return self._send(path, json.dumps(value).encode(), "application/json")

    def object_info(self) -> dict[str, Any]:
        """Every registered node's inputs and outputs, by node type."""
        return self.get("/object_info")

    def upload(self, file: Path) -> str:
        """Copy a picture into the server's input folder; the name that LoadImage takes."""
        edge = uuid.uuid4().hex
        name = file.name.encode("ascii", "replace").decode().replace('"', "_").replace("?", "_")
        head = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
        tail = (
            f'\r\n--{edge}\r\nContent-Disposition: form-data; name="overwrite"\r\n\r\ntrue\r\n--{edge}--\r\n'
        )
        body = head.encode() + file.read_bytes() + tail.encode()
        return self._send("/upload/image", body, f"multipart/form-data; boundary={edge}")["name"]

    def submit(self, prompt: dict[str, Any]) -> str:
        """Queue a graph in API format; its id. Trouble, in the server's words, when it is not valid."""
        try:
            answer = self.post("/prompt", {"prompt": prompt, "client_id": "repose"})
        except urllib.error.HTTPError as error:
            raise Trouble(_refusal(prompt, json.loads(error.read()))) from error
        if answer.get("node_errors"):  # ComfyUI runs what is valid and leaves the rest out
            self.interrupt()
            raise Trouble(_refusal(prompt, answer))
        return answer["prompt_id"]

    def wait(
        self, prompt_id: str, seconds: float = 1800, tick: Callable[[float], None] | None = None
    ) -> dict[str, Any]:
        """The history entry of a graph that has ended, well or not; `tick` is told the seconds passed."""
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            if entry := self.get(f"/history/{prompt_id}").get(prompt_id):
                return entry
            if self.process is not None and self.process.poll() is not None:
                raise Trouble(f"ComfyUI ended while it worked:\n{_tail(self.log())}", f"see {self.log_path}")
            if tick:
                tick(passed)
            time.sleep(0.1)
        raise Trouble(f"the graph was not done after {seconds:.0f} s", f"see {self.log_path}")

    def run(self, prompt: dict[str, Any], tick: Callable[[float], None] | None = None) -> dict[str, Any]:
        """Queue a graph and wait; its outputs by node id. Trouble when a node fails."""
        entry = self.wait(self.submit(prompt), tick=tick)
        for kind, message in entry["status"]["messages"]:
            if kind == "execution_error":
                what = str(message["exception_message"]).strip()
                raise Trouble(f"{message['node_type']} (node {message['node_id']}): {what}")
            if kind == "execution_interrupted":
                raise Trouble("the run was interrupted")
        return entry["outputs"]

    def interrupt(self) -> None:
        """Stop what runs now."""
        self.post("/interrupt", {})

    def view(self, picture: dict[str, str]) -> bytes:
        """The bytes of one output picture, as history names it."""
        return self.read("/view", **{key: picture[key] for key in ("filename", "subfolder", "type")})

    def _send(self, path: str, body: bytes, kind: str) -> Any:
        request = urllib.request.Request(self.url + path, data=body, headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def _wait_until_up(self) -> None:
        started = time.monotonic()
        while time.monotonic() - started < START_SECONDS:
            if self.process.poll() is not None:
                raise Trouble(f"ComfyUI did not start:\n{_tail(self.log())}", f"see {self.log_path}")
            try:
                self.get("/system_stats")
                return
            except (OSError, ValueError):  # not listening yet
                time.sleep(0.1)
        raise Trouble(f"ComfyUI did not answer within {START_SECONDS} s", f"see {self.log_path}")


def _tail(log: str, lines: int = 12) -> str:
    return "\n".join(log.strip().splitlines()[-lines:])


def _refusal(prompt: dict[str, Any], answer: dict[str, Any]) -> str:
    """One line per reason for which /prompt refused a graph."""
    reasons = []
    for node, found in answer.get("node_errors", {}).items():
        title = prompt.get(node, {}).get("_meta", {}).get("title", found["class_type"])
        reasons += [f"{title} (node {node}): {e['message']}: {e['details']}" for e in found["errors"]]
    error = answer.get("error")
    return "\n".join(reasons) or (error["message"] if isinstance(error, dict) else str(error))
