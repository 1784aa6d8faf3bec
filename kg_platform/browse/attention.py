"""What in a platform waits for a person, and where it is dealt with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kg_platform.browse.facets import Census, Sought
from kg_platform.browse.status import Status
from kg_platform.browse.streams import SILENT, FollowedStream
from kg_platform.cypher.finding import NONE, STALE
from kg_platform.errors import MigrationError
from kg_platform.ledger.ledger import Ledger
from kg_platform.ledger.rows import RunRow

What = Literal[
    "no vectors",
    "half-way",
    "refused",
    "failed",
    "schedule fails",
    "stream silent",
    "stream behind",
    "rejected",
    "media failed",
    "open reviews",
    "stale",
    "without a vector",
]
LATEST = 60  # runs that are looked at: of each kind the last one counts
BEHIND = 1_000  # messages that a stream may be behind


@dataclass(frozen=True)
class Concern:
    """One thing to look at. `count` is how many, `name` of what (a run, a stream, a schedule, a
    source), `kind` of a run; `page` and `query` are where in the explorer."""

    what: What
    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    count: int = 0
    name: str = ""
    kind: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def concerns(
    ledger: Ledger, census: Census, status: Status, streams: list[FollowedStream]
) -> list[Concern]:
    """What to look at, the most urgent first."""
    return [
        *_of_publishing(census, status),
        *_of_ledger(ledger),
        *_of_streams(streams),
        *_of_vectors(census, status),
    ]


def _of_publishing(census: Census, status: Status) -> Iterator[Concern]:
    if status.half_way:
        yield Concern("half-way", "runs", {"run": status.half_way}, name=status.half_way)
    if census.entities and status.run is None:
        yield Concern("no vectors", "runs")


def _of_vectors(census: Census, status: Status) -> Iterator[Concern]:
    if status.run is None:
        return
    if stale := census.total(Sought(states=(STALE,))):
        yield Concern("stale", "browse", {"browse_state": STALE}, stale)
    waiting = census.total(Sought(states=(NONE,))) - status.nothing_said
    if waiting > 0:
        yield Concern("without a vector", "browse", {"browse_state": NONE}, waiting)


def _of_ledger(ledger: Ledger) -> Iterator[Concern]:
    try:
        yield from _of_runs(ledger.runs(limit=LATEST))
        for schedule in ledger.schedules.all():
            if schedule.failures and not schedule.paused:
                yield Concern("schedule fails", "runs", {}, schedule.failures, schedule.name)
        failed = ledger.media_failures.counts()
        if count := sum(failed.values()):
            yield Concern("media failed", "media", {}, count)
        if count := ledger.reviews.count("open"):
            yield Concern("open reviews", "review", {}, count)
    except MigrationError:  # no command of this version has written to this platform yet
        return


def _of_runs(runs: list[RunRow]) -> Iterator[Concern]:
    last: dict[tuple[str, str], RunRow] = {}
    for run in runs:  # newest first
        last.setdefault((run.kind, str(run.settings.get("source") or "")), run)
    for run in last.values():
        place = {"run": run.id}
        if run.status in ("failed", "interrupted"):
            gate = [step.details.get("passed") for step in run.steps if step.name == "gate"]
            what: What = "refused" if gate == [False] else "failed"
            yield Concern(what, "runs", place, name=run.id, kind=run.kind)
        elif run.kind == "ingest" and (rejected := int(run.metrics.get("rejected") or 0)):
            source = str(run.settings.get("source") or "")
            yield Concern("rejected", "runs", place, rejected, source)


def _of_streams(streams: list[FollowedStream]) -> Iterator[Concern]:
    for stream in streams:
        if stream.behind and stream.silent > SILENT:
            yield Concern("stream silent", "runs", {}, stream.behind, stream.source)
        elif stream.behind > BEHIND:
            yield Concern("stream behind", "runs", {}, stream.behind, stream.source)
