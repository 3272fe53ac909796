"""Which networks are here, which are not, and an explicit way to fetch them."""

from __future__ import annotations

from pathlib import Path

from comfy_api.latest import io

from ..pipelines.models import weights
from . import host, networks, sockets

CHECK, DOWNLOAD = "check", "download the default set"


class Models(io.ComfyNode):
    """The pack's networks: a list, and a download where it is asked for."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        size = weights.megabytes(sum(weights.weight(id).size for id in weights.HUB_SET))
        return io.Schema(
            node_id="ReposeModels",
            display_name="Repose Models",
            category=sockets.CATEGORY,
            description="Lists this pack's networks: what is here, what is not, licence, size and source."
            " Nothing is ever downloaded unless you choose it here.",
            search_aliases=["download models", "weights", "missing model", "install", "license"],
            inputs=[
                io.Combo.Input(
                    "what",
                    options=[CHECK, DOWNLOAD],
                    default=CHECK,
                    tooltip=f"check: only look. {DOWNLOAD}: get from Hugging Face what is missing of"
                    f" {', '.join(weights.HUB_SET)} ({size}) into models/repose, each checked by its sha256.",
                )
            ],
            outputs=[io.String.Output("report", tooltip="The list as text.")],
            is_output_node=True,
        )

    @classmethod
    def fingerprint_inputs(cls, what: str) -> float:
        """Never the same: files come and go between two runs."""
        return float("nan")

    @classmethod
    def execute(cls, what: str) -> io.NodeOutput:
        if what == DOWNLOAD:
            weights.download(weights.HUB_SET, host.models_folders()[0], host.progress())
        text = report()
        return io.NodeOutput(text, ui=host.shown(cls, text=text))


def report() -> str:
    """Whether a photo can be reposed, and every network: here or missing, what for, size, licence, source."""
    folders = host.models_folders()
    absent = networks.lacking()
    names = ", ".join(weight.file for weight in absent)
    verdict = f"Not ready, missing: {names}." if absent else "Ready: every network that is needed is here."
    groups = {
        "Default networks": [weight for weight in weights.TABLE if weight.id in weights.DEFAULT_SET],
        "Others, each optional": [weight for weight in weights.TABLE if weight.id not in weights.DEFAULT_SET],
    }
    lists = ["\n".join([f"{title}:", *(_line(w, folders) for w in group)]) for title, group in groups.items()]
    return "\n\n".join([verdict, f"They belong into {folders[0]}", *lists])


def _line(weight: weights.Weight, folders: list[Path]) -> str:
    here = weights.locate(weight.id, folders)
    facts = f"{weight.purpose}; {weights.megabytes(weight.size)}, {weight.licence}"
    return f"- {weight.file}: {'here' if here else f'missing, from {weight.sources()}'} ({facts})"
