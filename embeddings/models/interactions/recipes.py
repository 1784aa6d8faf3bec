"""What PyKEEN's interactions need to be told, beyond their names.

An interaction that is not here takes no arguments and any vectors. Numbers are PyKEEN's own
defaults unless a comment says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import isqrt
from typing import Any

from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Change:
    """What makes any representation one that an interaction is defined on, and the way back."""

    do: Callable[[Tensor], Tensor]
    undo: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Recipe:
    """How to make an interaction, and what its representations must fulfil.

    `sized` gives the arguments that depend on the size d of a representation. `sizes` fixes letters
    of the symbolic shapes that are not d. `entity` and `relation` hold, by the place of a
    representation, what makes any vector one that the interaction is defined on; PyKEEN does it
    after every step ("constrainer"), we do it in every score, so gradients know of it.
    `cost` is about how many numbers scoring holds for one number of an entity.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    sized: Callable[[int], dict[str, Any]] | None = None
    fits: Callable[[int], bool] = lambda d: True
    sizes: Mapping[str, int] = field(default_factory=dict)
    entity: Mapping[int, Change] = field(default_factory=dict)
    relation: Mapping[int, Change] = field(default_factory=dict)
    cost: int = 4


# Positive, and at least the 0.05 that PyKEEN's KG2E keeps as its smallest.
_COVARIANCE = Change(
    do=lambda x: functional.softplus(x) + 0.05,
    undo=lambda x: (x - 0.05).clamp_min(1e-6).expm1().log(),
)
_UNIT = Change(do=partial(functional.normalize, dim=-1), undo=lambda x: x)


def _embedding_dim(d: int) -> dict[str, Any]:
    return {"embedding_dim": d}


def _conve_fits(d: int) -> bool:
    """ConvE lays d numbers out as an image; two of them on top of each other need 3 x 3 pixels."""
    height = max(factor for factor in range(1, isqrt(d) + 1) if d % factor == 0)
    return 2 * height >= 3 and d // height >= 3


def _transformer(d: int) -> dict[str, Any]:
    # 8 heads and 4 d hidden numbers are the original's; the heads must divide d.
    heads = max(heads for heads in range(1, 9) if d % heads == 0)
    return {"input_dim": d, "num_heads": heads, "dim_feedforward": 4 * d}


# The structure that the search of Zhang et al. 2020 found for YAGO3-10; PyKEEN's default.
_AUTOSF = ((0, 0, 0, 1), (1, 1, 1, 1), (2, 2, 2, 1), (3, 3, 3, 1), (1, 2, 3, -1), (3, 1, 1, -1))

RECIPES: dict[str, Recipe] = {
    "autosf": Recipe({"coefficients": _AUTOSF}),
    "boxe": Recipe(sizes={"s": 1}, cost=16),
    "conve": Recipe(sized=_embedding_dim, fits=_conve_fits),
    # 400 filters are PyKEEN's: 12 times the memory for each of batch x entities x d numbers.
    "convkb": Recipe(sized=lambda d: {"embedding_dim": d, "num_filters": 32}, cost=100),
    "cp": Recipe(sizes={"k": 1}),
    "crosse": Recipe(sized=_embedding_dim),
    "ermlp": Recipe(sized=_embedding_dim),
    "ermlpe": Recipe(sized=_embedding_dim),
    "hole": Recipe(cost=8),
    "kg2e": Recipe(entity={1: _COVARIANCE}, relation={1: _COVARIANCE}, cost=8),
    "lineare": Recipe({"p": 1}),
    "multilineartucker": Recipe(sized=lambda d: {"head_dim": d}),
    "mure": Recipe({"p": 2, "power_norm": True}),
    "ntn": Recipe(sizes={"k": 4}, cost=8),
    "pairre": Recipe({"p": 1}, entity={0: _UNIT}),
    "proje": Recipe(sized=_embedding_dim),
    "quate": Recipe(sizes={"k": 4}, relation={0: _UNIT}, cost=8),
    "se": Recipe({"p": 1}),
    "transformer": Recipe(sized=_transformer),
    "transh": Recipe({"p": 2}, relation={0: _UNIT}, cost=8),
    "transr": Recipe({"p": 1, "power_norm": False}, cost=8),
    "tucker": Recipe(sized=_embedding_dim),
    "um": Recipe({"p": 1, "power_norm": False}),
}


def changed(slots: Sequence[Tensor], changes: Mapping[int, Change]) -> tuple[Tensor, ...]:
    """The representations with what `changes` says done to them."""
    return tuple(changes[at].do(slot) if at in changes else slot for at, slot in enumerate(slots))


def unchanged(slots: Sequence[Tensor], changes: Mapping[int, Change]) -> tuple[Tensor, ...]:
    """Back from `changed`."""
    return tuple(changes[at].undo(slot) if at in changes else slot for at, slot in enumerate(slots))
