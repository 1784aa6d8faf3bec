"""BERT's forward pass in plain torch, for the encoder that comes with the platform.

The same numbers as `transformers.BertModel` (a contract test compares them), without importing
transformers, which alone takes longer than encoding a few thousand short texts.
Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class Bert:
    """An encoder-only BERT read from a folder with `config.json` and `model.safetensors`.

    Only what BERT checkpoints have by default: absolute positions and the exact GELU.
    """

    def __init__(self, folder: Path, device: str, bf16: bool = False) -> None:
        from safetensors.torch import load_file

        config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
            raise ValueError(f"{folder} is not a plain BERT")
        self.dimension: int = config["hidden_size"]
        self.max_tokens: int = config["max_position_embeddings"]
        self._heads: int = config["num_attention_heads"]
        self._layers: int = config["num_hidden_layers"]
        self._eps: float = config["layer_norm_eps"]
        weights: dict[str, Tensor] = {
            name.removeprefix("bert."): value.float()
            for name, value in load_file(folder / "model.safetensors", device=device).items()
        }
        # In bf16: what products are taken with. Sums, normalisation and embeddings stay in fp32.
        factors = {n for n in weights if n.startswith("encoder.") and "LayerNorm" not in n}
        dtype = torch.bfloat16 if bf16 else torch.float32
        self._factors = {name: weights[name].to(dtype) for name in factors}
        self._weights = {name: weights[name] for name in weights.keys() - factors}

    def __call__(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids (B, T) and their mask (B, T), True where there is one -> (B, T, d)."""
        w = self._weights
        batch, length = ids.shape
        x = (
            w["embeddings.word_embeddings.weight"][ids]
            + w["embeddings.position_embeddings.weight"][:length]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._norm(x, "embeddings.LayerNorm")
        attended = None if bool(mask.all()) else mask[:, None, None, :]
        for index in range(self._layers):
            name = f"encoder.layer.{index}."
            query, key, value = (
                self._linear(x, f"{name}attention.self.{part}")
                .view(batch, length, self._heads, -1)
                .transpose(1, 2)
                for part in ("query", "key", "value")
            )
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=attended)
            mixed = mixed.transpose(1, 2).reshape(batch, length, -1)
            mixed = self._linear(mixed, f"{name}attention.output.dense")
            x = self._norm(x + mixed, f"{name}attention.output.LayerNorm")
            hidden = F.gelu(self._linear(x, f"{name}intermediate.dense"))
            hidden = self._linear(hidden, f"{name}output.dense")
            x = self._norm(x + hidden, f"{name}output.LayerNorm")
        return x

    def _linear(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self._factors[f"{name}.weight"], self._factors[f"{name}.bias"]
        return F.linear(x.to(weight.dtype), weight, bias)

    def _norm(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return F.layer_norm(x, (self.dimension,), weight, bias, self._eps)
