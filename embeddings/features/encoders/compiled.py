"""Functions that are compiled where there is a GPU, and still work where compiling fails."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class Compiled:
    """A function compiled by torch, or the plain one as soon as compiling fails.

    Compiled, the small steps between two matrix products are one kernel and not many. `notes` says
    when it could not be: the results are the same, but the GPU is used less well.
    """

    def __init__(self, function: Callable[..., Tensor]) -> None:
        self._plain = function
        self._compiled: Callable[..., Tensor] | None = torch.compile(function, dynamic=True)
        self.notes: tuple[str, ...] = ()

    def __call__(self, *inputs: object) -> Tensor:
        if self._compiled is not None:
            try:
                return self._compiled(*inputs)
            except torch.OutOfMemoryError:
                raise
            except Exception as error:  # the compiler's, the driver's and the C compiler's errors
                self._compiled = None
                self.notes = (f"not compiled ({type(error).__name__}), so slower than it could be",)
        return self._plain(*inputs)


def notes_of(function: object) -> tuple[str, ...]:
    """What a function that may be `Compiled` has to say."""
    return function.notes if isinstance(function, Compiled) else ()
