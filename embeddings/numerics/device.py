"""Where arithmetic is done, and in which precision."""

from __future__ import annotations

from typing import Literal

import torch

from kg_platform.errors import BadInput

Precision = Literal["auto", "fp32", "bf16"]


def device_of(name: str) -> torch.device:
    """auto, cpu or cuda -> the device there is.

    Raises:
        BadInput: cuda is wanted and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput(
            "There is no GPU that torch can use here; use the device auto or cpu (KG_DEVICE)."
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def in_bf16(precision: str, device: torch.device) -> bool:
    """Whether products of matrices are taken in bfloat16: where asked for, and with "auto" where
    the hardware multiplies it. Elsewhere torch emulates it, which is slower than float32."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    can = torch.cpu.get_capabilities()
    return bool(can.get("avx512_bf16") or can.get("amx_tile"))
