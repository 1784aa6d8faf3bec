"""How an encoder uses the machine: device, bf16 products, compilation on a GPU.

Products of matrices are taken in bf16 where the processor has instructions for it, everything else
(normalisation, softmax, sums) stays in fp32. The vectors keep a cosine of 0.999 or more with those
computed in fp32, and their revision says so.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from kg_platform.errors import BadInput

Precision = Literal["auto", "fp32", "bf16"]


def device_of(name: str) -> str:
    """ "auto", "cpu" or "cuda" -> "cpu" or "cuda".

    Raises:
        BadInput: there is no GPU that torch can use.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("There is no GPU that torch can use here; set KG_DEVICE to cpu or auto.")
    return name


def in_bf16(precision: Precision, device: str) -> bool:
    """Whether products are taken in bf16; "auto" where the hardware is faster at it."""
    if precision != "auto":
        return precision == "bf16"
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # Elsewhere torch emulates bf16, which is slower than fp32.
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(hasattr(torch.cpu, name) and bool(getattr(torch.cpu, name)()) for name in asked)


def products(bf16: bool, device: str) -> AbstractContextManager[object]:
    """Within it, torch's modules take their products in bf16, if `bf16`."""
    return torch.autocast(device, dtype=torch.bfloat16) if bf16 else nullcontext()


def halved(rows: list[int], encode: Callable[[list[int]], None]) -> None:
    """Encode a batch; if the GPU has no memory for it, its halves, down to single items."""
    try:
        encode(rows)
        return
    except torch.OutOfMemoryError:
        if len(rows) == 1:
            raise
    # Outside of the handler: the error holds on to the tensors of the failed attempt.
    torch.cuda.empty_cache()
    for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        halved(half, encode)
