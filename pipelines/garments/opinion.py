"""A second opinion on fabrics from a CLIP network that the artist has, by naming them in words.

Radford et al., Learning transferable visual models from natural language supervision, 2021. The folder is a Hugging
Face one (config.json, model.safetensors, the tokenizer's files); nothing is fetched, and nothing but tensors is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from ..geometry.garments import FABRICS, UNKNOWN
from ..models.fabrics import NOTHING, SURE, Fabric

WORDS = {
    "cotton": "cotton jersey cloth", "denim": "blue denim jeans cloth", "knit": "a knitted sweater",
    "wool": "woven wool suit cloth", "silk": "shiny silk satin cloth", "leather": "leather",
    "lace": "lace cloth with holes", "sequin": "cloth with sequins", "synthetic": "nylon jacket cloth",
    "fur": "fur",
}  # fmt: skip
"""How each of FABRICS is called in the sentence."""
SENTENCE = "a close-up photo of {}"
MEAN, SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that CLIP was trained on, by channel (its published preprocessing)."""


@dataclass(frozen=True, eq=False)
class Clip:
    """network: transformers' CLIPModel; texts (10, d) unit, the sentences' embeddings in the order of FABRICS."""

    network: Any
    texts: torch.Tensor

    def __call__(self, crops: torch.Tensor) -> Fabric:
        """The fabric of one garment's crops (n, 3, s, s) in [0, 1]."""
        if not len(crops):
            return NOTHING
        side = self.network.config.vision_config.image_size
        fitted = F.interpolate(crops, (side, side), mode="bicubic", antialias=True).clamp(0, 1)
        middle, spread = (fitted.new_tensor(values)[:, None, None] for values in (MEAN, SPREAD))
        with torch.no_grad():
            seen = _embedded(self.network.get_image_features(pixel_values=(fitted - middle) / spread))
            odds = self.network.logit_scale.exp() * seen @ self.texts.T
        return named(odds.mean(0).softmax(0))


def load_clip(folder: Path) -> Clip:
    """The network of a folder. ValueError where transformers is missing or the folder is no CLIP."""
    try:
        from transformers import AutoTokenizer, CLIPModel
    except ImportError as error:
        raise ValueError("a second opinion by CLIP needs the package transformers: install it") from error
    try:
        network = CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(
            f"{folder} is no CLIP that transformers can read ({error}): it needs config.json, model.safetensors and the"
            " tokenizer's files"
        ) from error
    words = [SENTENCE.format(WORDS[name]) for name in FABRICS]
    with torch.no_grad():
        texts = network.get_text_features(**tokenizer(words, padding=True, return_tensors="pt"))
    return Clip(network, _embedded(texts))


def _embedded(found: Any) -> torch.Tensor:
    """(n, d) unit vectors of what transformers gives, a tensor or (from version 5 on) an output that holds it."""
    return F.normalize(found if isinstance(found, torch.Tensor) else found.pooler_output, dim=-1)


def agreed(own: Fabric, other: Fabric) -> Fabric:
    """Two readers' common word: their probabilities multiplied."""
    shares = own.shares * other.shares
    return named(shares / shares.sum().clamp(min=1e-12))


def named(shares: torch.Tensor) -> Fabric:
    """The fabric of (10,) probabilities; UNKNOWN where none is sure enough."""
    best = int(shares.argmax())
    sure = float(shares[best])
    return Fabric(FABRICS[best], sure, shares) if sure >= SURE else Fabric(UNKNOWN, 0.0, shares)
