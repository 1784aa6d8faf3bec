"""What a run has decided, kept in its folder before anything is changed.

A run that is killed is finished by what stands here, and so ends as it would have ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ingest.resolution.matching.scoring import ScoreModel
from kg_platform import atomic
from kg_platform.errors import NotFound
from kg_platform.settings import Settings

Lines = list[list[str]]


@dataclass(frozen=True)
class PlannedMerge:
    """`gone` goes into `kept`; the pair that says so, and its weights as lines for people."""

    type: str
    kept: str
    gone: str
    pair: list[str]
    probability: float
    key: str
    grounds: Lines


@dataclass(frozen=True)
class PlannedQuestion:
    """Two entities that a person is asked about."""

    type: str
    one: str
    other: str
    labels: list[str]
    probability: float
    why: str
    grounds: Lines


@dataclass
class MatchPlan:
    """Everything that a run will do, in its order, and its figures so far."""

    merges: list[PlannedMerge] = field(default_factory=list)
    questions: list[PlannedQuestion] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def folder_of(settings: Settings, run_id: str) -> Path:
    return settings.runs_dir / run_id / "match"


def save_plan(folder: Path, plan: MatchPlan) -> None:
    _write(folder / "plan.json", asdict(plan))


def load_plan(folder: Path) -> MatchPlan | None:
    """The plan that stands in a run's folder; None: it did not come that far."""
    try:
        said = json.loads((folder / "plan.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    return MatchPlan(
        [PlannedMerge(**one) for one in said["merges"]],
        [PlannedQuestion(**one) for one in said["questions"]],
        said["figures"],
        said["notes"],
    )


def save_models(folder: Path, rules: Mapping[str, Any], models: Mapping[str, ScoreModel]) -> None:
    """What was learnt, by type; `files` are numbers, as a type may have any name."""
    said = {
        "rules": dict(rules),
        "types": {name: {"file": str(i), **one.as_dict()} for i, (name, one) in _in_order(models)},
    }
    _write(folder / "models.json", said)


def _in_order(models: Mapping[str, ScoreModel]) -> enumerate[tuple[str, ScoreModel]]:
    return enumerate(sorted(models.items()))


@dataclass(frozen=True)
class SavedModels:
    """The models of a run, the rules they are for, and the names of each type's files."""

    folder: Path
    rules: Mapping[str, Any]
    models: Mapping[str, ScoreModel]
    files: Mapping[str, str]


def load_models(folder: Path, run_id: str) -> SavedModels:
    """Raises: NotFound: that run left none here."""
    try:
        said = json.loads((folder / "models.json").read_text("utf-8"))
    except FileNotFoundError:
        raise NotFound(
            f"Run {run_id} has left no model in {folder}; `kg match` makes one."
        ) from None
    models, files = {}, {}
    for name, one in said["types"].items():
        files[name] = one.pop("file")
        models[name] = ScoreModel(**one)
    return SavedModels(folder, said["rules"], models, files)


def _write(path: Path, said: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, lambda file: file.write(json.dumps(said).encode()))
