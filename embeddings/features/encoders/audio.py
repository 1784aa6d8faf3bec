"""Sounds to vectors by Hugging Face audio encoders: wav2vec 2.0, HuBERT, CLAP, AST, Whisper.

How a window is prepared is apart from the model (`preparer`), so that other processes can do it
while the model computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embeddings.data.feature_matrix import Vectors
from embeddings.features.encoders.compiled import Compiled, notes_of
from embeddings.features.encoders.hardware import halved, products
from embeddings.features.encoders.presets import Chosen
from embeddings.features.encoders.protocols import Pixels, Wave
from embeddings.features.encoders.text import answer_of
from embeddings.features.encoders.weights import find_model, load
from embeddings.numerics.device import Precision, in_bf16
from kg_platform.errors import EncoderError

_BATCH = {"cpu": 4, "cuda": 64}
_LEAST = 0.5  # seconds; a shorter window is filled up with silence


@dataclass(frozen=True)
class _Extractor:
    """A window as a transformers feature extractor prepares it; can be sent to another process."""

    extractor: Any

    @property
    def rate(self) -> int:
        return int(self.extractor.sampling_rate)

    def __call__(self, wave: Wave, /) -> Pixels:
        short = int(_LEAST * self.rate) - len(wave)
        whole = np.pad(wave, (0, short)) if short > 0 else wave
        given = self.extractor(whole, sampling_rate=self.rate, return_tensors="np")
        found = given.get("input_values", given.get("input_features"))
        return np.asarray(found[0], dtype=np.float32)


class HuggingFaceAudio:
    """Any audio encoder that transformers can load.

    A model with `get_audio_features` (CLAP) answers for itself; else its pooled output is taken if
    it has one that was trained, else the mean of its states over time. Of a model that also writes
    (Whisper) the encoder is taken. No code of the model's own is run.
    """

    def __init__(self, chosen: Chosen, device: str, precision: Precision = "auto") -> None:
        files = find_model(chosen.place)
        self.name = chosen.name
        model, extractor, lacking = load(chosen.name, files.folder, "sound", "AutoFeatureExtractor")
        if not getattr(extractor, "sampling_rate", None):
            raise EncoderError(f"{chosen.name} prepares no sounds; it is no encoder of sounds.")
        if getattr(model.config, "is_encoder_decoder", False):
            model = model.get_encoder()
        self._model = model.to(device)
        self.preparer = _Extractor(extractor)
        self.rate = self.preparer.rate
        if hasattr(self._model, "get_audio_features"):
            self._pooling = "own"
        else:
            self._pooling = "mean" if any("pooler" in key for key in lacking) else "pooled"
        bf16 = in_bf16(precision, torch.device(device))
        self.revision = f"{files.revision[:16]}-{self._pooling}{'+bf16' if bf16 else ''}"
        self.device, self.bf16 = device, bf16
        plain: Callable[..., Tensor] = self._vectors
        self._forward = Compiled(plain) if device == "cuda" else plain
        blank = np.sin(np.arange(self.rate, dtype=np.float32) / 20)
        self.dimension = 0
        self.dimension = self.encode_prepared([self.preparer(blank)]).shape[1]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how the vectors are computed here."""
        return notes_of(self._forward)

    def encode(self, contents: Sequence[Wave], /) -> Vectors:
        """Windows of sound (n) -> (n, dimension) float32 unit vectors."""
        return self.encode_prepared([self.preparer(wave) for wave in contents])

    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors:
        """What `preparer` made of windows (n) -> (n, dimension) float32 unit vectors.

        Only windows of one length are computed together: padding would change a vector.
        """
        rows: dict[int, Vectors] = {}

        def encode(places: list[int]) -> None:
            batch = torch.from_numpy(np.stack([pixels[place] for place in places]))
            pooled = self._forward(batch.to(self.device)).float()
            unit = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
            rows.update(zip(places, unit, strict=True))

        def shape(place: int) -> tuple[int, ...]:
            return pixels[place].shape

        size = _BATCH[self.device]
        with torch.inference_mode(), products(self.bf16, self.device):
            for _, same in groupby(sorted(range(len(pixels)), key=shape), key=shape):
                places = list(same)
                for start in range(0, len(places), size):
                    halved(places[start : start + size], encode)
        if not rows:
            return np.zeros((0, self.dimension), np.float32)
        return np.stack([rows[place] for place in range(len(pixels))]).astype(np.float32)

    def _vectors(self, prepared: Tensor) -> Tensor:
        if self._pooling == "own":
            longer = torch.zeros((len(prepared), 1), dtype=torch.bool, device=prepared.device)
            return answer_of(
                self._model.get_audio_features(input_features=prepared, is_longer=longer)
            )
        output = self._model(prepared)
        pooled = getattr(output, "pooler_output", None)
        if self._pooling == "pooled" and pooled is not None:
            return torch.flatten(pooled, 1)
        states: Tensor = output.last_hidden_state
        return states.mean(1)
