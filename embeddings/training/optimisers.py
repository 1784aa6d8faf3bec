"""Optimisers: PyTorch's, with row-sparse updates of the entity table where they pay.

A step against sampled entities has gradients in a few rows of the table only. A dense update reads
and writes all of them all the same; when the table is much larger than the rows of a step, that is
most of the work. A step against all entities has a gradient everywhere: there it is always dense.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adagrad, Adam, Optimizer, SparseAdam

from embeddings.training.options import SAMPLED, TrainOptions

# How many times larger than the rows of a step the table must be for sparse updates to pay: a row
# in a sparse update costs a few times what it costs in a dense one.
PAYS = 8


def sparse_pays(options: TrainOptions, entities: int) -> bool:
    """Whether updates of the entity table should be row-sparse, for resolved options."""
    assert options.batch is not None
    rows = 3 * options.batch  # heads, tails, and one negative a triple
    return options.loss in SAMPLED and entities > PAYS * rows


class Optimisers:
    """One optimiser for the entity table if its gradients are sparse, one for everything else."""

    def __init__(self, network: nn.Module, table: Tensor, options: TrainOptions, sparse: bool):
        lr = self._lr = options.lr or 0.1
        adagrad = options.optimiser == "adagrad"
        self._named = dict(network.named_parameters())
        dense = [p for p in self._named.values() if not (sparse and p is table)]
        self._all: list[Optimizer] = [
            Adagrad(dense, lr=lr, fused=_fused(table.device)) if adagrad else Adam(dense, lr=lr)
        ]
        if sparse:
            # Said either way, so that torch does not ask: gradients of rows are well-formed.
            torch.sparse.check_sparse_tensor_invariants.disable()  # type: ignore[no-untyped-call]
            self._all.append(Adagrad([table], lr=lr) if adagrad else SparseAdam([table], lr=lr))

    def rate(self, share: float) -> None:
        """Step from here on at this share of the learning rate."""
        for each in self._all:
            for group in each.param_groups:
                group["lr"] = share * self._lr

    def zero(self) -> None:
        """Forget the gradients."""
        for each in self._all:
            each.zero_grad(set_to_none=True)

    def step(self) -> None:
        for each in self._all:
            each.step()

    def state(self) -> Iterator[tuple[str, Tensor]]:
        """The state of every parameter: (parameter.key, tensor)."""
        for name, entry in self._entries():
            for key, value in entry.items():
                # SparseAdam counts its steps in a Python number.
                yield f"{name}.{key}", torch.as_tensor(value)

    def restore(self, saved: dict[str, Tensor]) -> None:
        """Take back what `state` gave."""
        names = sorted(self._named, key=len, reverse=True)
        for full, value in saved.items():
            name = next(n for n in names if full.startswith(f"{n}."))
            parameter, key = self._named[name], full.removeprefix(f"{name}.")
            owner = next(o for o in self._all if any(parameter is p for p in _parameters(o)))
            whole = isinstance(owner, SparseAdam) and key == "step"
            owner.state[parameter][key] = (
                int(value) if whole else value.to(_place(owner, parameter, key))
            )

    def _entries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, parameter in self._named.items():
            for each in self._all:
                if parameter in each.state:
                    yield name, each.state[parameter]


@cache
def _fused(device: torch.device) -> bool:
    """Whether PyTorch has an Adagrad of one pass for the device; older ones have none for a GPU,
    and only say so when they step."""
    one = nn.Parameter(torch.zeros(1, device=device))
    one.grad = torch.zeros_like(one)
    try:
        Adagrad([one], fused=True).step()
    except RuntimeError:
        return False
    return True


def _parameters(optimiser: Optimizer) -> Iterator[Tensor]:
    for group in optimiser.param_groups:
        yield from group["params"]


def _place(optimiser: Optimizer, parameter: Tensor, key: str) -> torch.device:
    """Where a piece of state lives: beside its parameter, but step counts stay on the CPU."""
    there = optimiser.state[parameter].get(key)
    if isinstance(there, Tensor):
        return there.device
    return torch.device("cpu") if key == "step" else parameter.device
