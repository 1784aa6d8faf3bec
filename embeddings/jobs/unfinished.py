"""Which embedding runs that did not come to their end the next one may take up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import takewhile
from typing import Any

from embeddings.data.splits import Unit
from embeddings.training.options import TrainOptions
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.rows import RunRow
from kg_platform.modality import MODALITIES
from kg_platform.platform import Platform

KIND = "embed"


def unfinished(ledger: Ledger) -> list[RunRow]:
    """Those since the last success that were not gone on with already; newest first."""
    since = takewhile(lambda row: row.status != "succeeded", ledger.since_success(KIND))
    return [row for row in since if "continued_as" not in row.metrics]


def same_work(
    platform: Platform, run_id: str, settings: Mapping[str, Any], snapshot_hash: str
) -> RunRow | None:
    """The one that run `run_id` would do again: the same settings on the same graph, its snapshot
    still there. It may be of a version that held out facts otherwise: `unit_of`."""
    for row in unfinished(platform.ledger):
        step = next((s for s in row.steps if s.name == "snapshot"), None)
        same = step is not None and step.details.get("hash") == snapshot_hash
        folder = platform.settings.runs_dir / row.id / "snapshot"
        alike = _comparable({**_later(settings), **row.settings}) == _comparable(settings)
        if row.id != run_id and same and alike and folder.is_dir():
            return row
    return None


def _comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as those of another version can be compared with: options that came since have their
    defaults, which change nothing."""
    train = {**asdict(TrainOptions()), **(settings.get("train") or {})}
    return {**settings, "train": train, "unit": None}


def _later(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What these settings say of modalities. A run of a version that did not know one says nothing
    of it; where the snapshots are the same, there is nothing of it in them."""
    return {key: settings.get(key) for one in MODALITIES for key in (one.option, one.setting)}


def unit_of(settings: Mapping[str, Any]) -> Unit:
    """What a run held out together; versions that did not say held out single facts."""
    return "pair" if settings.get("unit") == "pair" else "fact"
