"""How an encoder uses the machine: bf16 products, halved batches.

Products of matrices are taken in bf16 where the processor has instructions for it, everything else
(normalisation, softmax, sums) stays in fp32. The vectors keep a cosine of 0.999 or more with those
computed in fp32, and their revision says so.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch


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
