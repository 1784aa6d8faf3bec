"""How a training went, epoch by epoch: the figures that it logs for TensorBoard, read back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

POINTS = 400  # of a curve, at most: more are thinned out

Curve = list[tuple[int, float]]  # (epoch, figure), in order


def curves(folder: Path) -> dict[str, Curve]:
    """Name -> curve, of the training whose run has this folder; nothing where none is logged (yet).

    A figure that is no number is left out. What a training that was stopped logged and then did
    again counts as it was the last time.
    """
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

    found: dict[str, dict[int, float]] = {}
    for place in _places(folder):
        read = EventAccumulator(str(place), size_guidance={SCALARS: 0})
        read.Reload()
        for name in read.Tags()[SCALARS]:
            points = found.setdefault(name, {})
            points.update((one.step, one.value) for one in read.Scalars(name))
    return {name: _thinned(points) for name, points in found.items()}


def stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    """What changes when more is logged: files and their sizes."""
    files = sorted(file for place in _places(folder) for file in place.iterdir())
    return tuple((str(file), file.stat().st_size) for file in files)


def _places(folder: Path) -> Iterator[Path]:
    """Folders of event files; of an ensemble each member has one."""
    yield from sorted({file.parent for file in folder.rglob("events.out.tfevents.*")})


def _thinned(points: dict[int, float]) -> Curve:
    whole = [(step, value) for step, value in sorted(points.items()) if math.isfinite(value)]
    step = max(1, math.ceil(len(whole) / POINTS))
    return whole[::step] if whole[-1:] == whole[::step][-1:] else [*whole[::step], whole[-1]]
