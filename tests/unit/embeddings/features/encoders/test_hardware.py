"""Devices, bf16, compiling and running out of memory, without a GPU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from embeddings.features.build import text_features
from embeddings.features.cache import FeatureCache
from embeddings.features.encoders.compiled import Compiled
from embeddings.features.encoders.hardware import halved
from embeddings.features.encoders.load import load_image_encoder, load_text_encoder
from embeddings.numerics.device import device_of, in_bf16
from kg_platform.errors import BadInput
from tests.support.tiny_models import save_bert
from tests.unit.embeddings.features.test_build import with_texts


def test_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto") == torch.device("cpu")
    with pytest.raises(BadInput, match="no GPU that torch can use"):
        device_of("cuda")
    with pytest.raises(BadInput, match="no GPU"):
        load_text_encoder("minilm", "cuda")
    with pytest.raises(BadInput, match="no GPU"):
        load_image_encoder("resnet50", "cuda")


def test_bf16_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert not in_bf16("fp32", cpu)
    assert in_bf16("bf16", cpu)
    for has_it in (True, False):
        can = {"avx512_bf16": has_it}
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda can=can: can)
        assert in_bf16("auto", cpu) == has_it
        assert load_text_encoder("minilm", "cpu").revision.endswith("+bf16") == has_it


def test_a_batch_that_does_not_fit_is_halved() -> None:
    done: list[list[int]] = []

    def encode(rows: list[int]) -> None:
        if len(rows) > 2:
            raise torch.OutOfMemoryError
        done.append(rows)

    halved([*range(7)], encode)
    assert sorted(row for rows in done for row in rows) == [*range(7)]
    assert max(map(len, done)) == 2

    def never(rows: list[int]) -> None:
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        halved([0, 1], never)


def test_texts_are_all_encoded_when_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder: Any = load_text_encoder(str(save_bert(tmp_path / "bert")), "cpu", precision="fp32")
    texts = ["a king", "many rivers", "the island", "king of many", "a"]
    expected = encoder.encode(texts)
    plain = encoder._forward

    def short(ids: Tensor, mask: Tensor) -> Tensor:
        if len(ids) > 1:
            raise torch.OutOfMemoryError
        states: Tensor = plain(ids, mask)
        return states

    monkeypatch.setattr(encoder, "_forward", short)
    np.testing.assert_allclose(encoder.encode(texts), expected, atol=1e-5)


def test_notes_reach_the_summary_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(forward: Callable[..., Tensor], dynamic: bool) -> Callable[..., Tensor]:
        def compiled(*inputs: Tensor) -> Tensor:
            raise RuntimeError("no C compiler")

        return compiled

    monkeypatch.setattr(torch, "compile", failing)
    encoder: Any = load_text_encoder(str(save_bert(tmp_path / "bert")), "cpu", precision="fp32")
    expected = encoder.encode(["a king"])
    encoder._forward = Compiled(encoder._forward)  # as it is on a GPU
    found, summary = text_features(with_texts("a king"), encoder, FeatureCache(tmp_path, encoder))
    np.testing.assert_allclose(found.matrix, expected, atol=1e-6)
    assert summary.notes == ("not compiled (RuntimeError), so slower than it could be",)
