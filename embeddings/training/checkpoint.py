"""Where a training stands, on disk after its epochs: one safetensors file, replaced whole.

The file's header carries what is not a tensor as JSON, so state and weights cannot disagree.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

FILE = "checkpoint.safetensors"
QUICK = 0.1  # seconds; what is saved as fast as this is saved after every epoch
SHARE = 0.1  # of the time that saving may take otherwise: on a GPU an epoch may be the faster one


@dataclass
class State:
    """What a training has gone through; `fingerprint` says of which settings and data."""

    fingerprint: str
    epoch: int = 0
    best_epoch: int = 0
    best_mrr: float = -1.0
    stopped: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


def save(folder: Path, state: State, tensors: Mapping[str, Tensor]) -> None:
    """Write the checkpoint; a kill at any moment leaves the old one or the new one."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{FILE}.{os.getpid()}"
    whole = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    save_file(whole, temporary, metadata={"state": json.dumps(asdict(state))})
    os.replace(temporary, folder / FILE)


class Saver:
    """Saves a training in a folder, after every epoch unless that would cost too much time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._epoch = -1  # that was saved last
        self._ended = self._took = 0.0

    def save(self, state: State, tensors: Callable[[], Mapping[str, Tensor]], must: bool) -> None:
        """Save what is not saved yet, if it `must` be or enough time has gone by."""
        begun = time.monotonic()
        due = self._took < QUICK or begun - self._ended >= self._took / SHARE
        if state.epoch == self._epoch or not (must or due):
            return
        save(self._folder, state, tensors())
        self._epoch, self._ended = state.epoch, time.monotonic()
        self._took = self._ended - begun


def load(folder: Path, fingerprint: str) -> tuple[State, dict[str, Tensor]] | str | None:
    """The checkpoint in a folder; None if there is none, a sentence if it cannot be used."""
    from safetensors import SafetensorError, safe_open

    file = folder / FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="pt") as opened:
            state = State(**_state(opened.metadata()))
            if state.fingerprint != fingerprint:
                return (
                    "The checkpoint that is there belongs to other settings or other data; "
                    "training starts from the beginning."
                )
            return state, {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, TypeError, KeyError, OSError) as error:
        return f"The checkpoint cannot be read ({error}); training starts from the beginning."


def discard(folder: Path) -> None:
    """Remove checkpoints, also those of members, and what killed processes left of one."""
    for file in (*folder.rglob(FILE), *folder.rglob(f".{FILE}.*")):
        file.unlink(missing_ok=True)


def _state(metadata: Mapping[str, str] | None) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((metadata or {})["state"])
    return state
