"""What is compiled on a GPU gives the same results, and so does what could not be compiled."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from embeddings.features.encoders.compiled import Compiled


def double(x: Tensor) -> Tensor:
    return 2 * x


def test_what_cannot_be_compiled_runs_as_it_is_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def failing(forward: Callable[..., Tensor], dynamic: bool) -> Callable[..., Tensor]:
        def compiled(x: Tensor) -> Tensor:
            tried.append(x)
            raise RuntimeError("no C compiler")

        return compiled

    monkeypatch.setattr(torch, "compile", failing)
    forward = Compiled(double)
    assert forward.notes == ()
    assert forward(torch.ones(2)).tolist() == [2, 2]
    assert forward(torch.ones(2)).tolist() == [2, 2]
    assert len(tried) == 1
    assert forward.notes == ("not compiled (RuntimeError), so slower than it could be",)


def test_what_can_be_compiled_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda forward, dynamic: lambda x: forward(x) + 1)
    forward = Compiled(double)
    assert forward(torch.ones(1)).tolist() == [3]
    assert forward.notes == ()


def test_out_of_memory_is_not_a_compiler_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(x: Tensor) -> Tensor:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(torch, "compile", lambda forward, dynamic: full)
    with pytest.raises(torch.OutOfMemoryError):
        Compiled(double)(torch.ones(1))
