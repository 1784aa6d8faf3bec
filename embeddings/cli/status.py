"""`kg status` and `kg sweep`: what is embedded and what is stale; what nothing refers to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embeddings.session import VectorSession
from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.runs.held_out import caveat

if TYPE_CHECKING:
    from kg_platform.browse.status import Status
    from kg_platform.curation.sweep import Orphans


def register(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("sweep")(sweep)


def status(
    scan: Annotated[
        bool,
        typer.Option("--scan", help="First look at every entity for changes that left no mark."),
    ] = False,
    as_json: Json = False,
) -> None:
    """What is embedded, stale, missing, and left over."""
    from kg_platform.adoption.sync import waiting_nodes
    from kg_platform.browse.streams import followed
    from kg_platform.browse.world_drift import moved_sentence, world_drift_noted
    from kg_platform.curation.sweep import find
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    scanned: dict[str, Any] | None = None
    with Platform.open(load()) as platform:
        if scan:
            scanned = _scan(platform)
        found, orphans = VectorSession(platform).status(), find(platform)
        waiting = waiting_nodes(platform.graph)
        streams, moved = followed(platform.graph), world_drift_noted(platform.graph)
    if as_json:
        document = found.as_dict() | {"orphans": orphans.counts()}
        document |= {} if waiting is None else {"to_adopt": waiting}
        document |= {"streams": [one.as_dict() for one in streams], "drift": moved}
        console.print_json(document | ({"scan": scanned} if scanned else {}))
        return
    console.print_table(("what", "count"), list(_rows(found, orphans)))
    for line in _notes(found, orphans):
        console.note(line)
    for stream in streams:
        console.note(stream.sentence())
    if moved is not None:
        console.note(moved_sentence(moved))
    if waiting:
        console.note(f"{waiting:,} nodes are not adopted yet; `kg adopt --sync` takes them in.")


def sweep(
    older_than: Annotated[
        float,
        typer.Option(min=0, help="Leave media files and folders alone that are younger, in hours."),
    ] = 1.0,
    yes: Annotated[bool, typer.Option("--yes", help="Remove, without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Show what nothing refers to, and remove it."""
    from embeddings.jobs.lock import only_one
    from kg_platform.curation.sweep import find
    from kg_platform.curation.sweep import sweep as remove
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    grace, gone = older_than * 3600, None
    with Platform.open(load()) as platform:
        found = find(platform, grace)
        if not as_json:
            console.print_table(("nothing refers to", "count"), _counted(found))
            for folder in found.folders:
                console.note(f"Neither this ledger nor the graph knows {folder}")
        if found.any and (yes or (not as_json and _agreed())):
            with only_one(platform):  # no publish begins meanwhile
                gone = remove(platform, grace)
    if as_json:
        counts = None if gone is None else gone.counts()
        console.print_json({"found": found.counts(), "removed": counts, "folders": found.folders})
    elif gone is not None:
        left = sum(found.counts().values()) - sum(gone.counts().values())
        young = f" {left:,} are in use again or too young (--older-than)." if left > 0 else ""
        console.note(f"Removed {sum(gone.counts().values()):,}.{young}")
    elif found.any:
        console.note("Nothing was removed; `kg sweep --yes` does it.")
    else:
        console.note("There is nothing to remove.")


def _scan(platform: Any) -> dict[str, Any]:
    from dataclasses import asdict

    from embeddings.refresh.staleness import scan

    console.note("Looking at every entity ...")
    done = scan(platform)
    marked = ", ".join(f"{count:,} {why}" for why, count in sorted(done.marked.items()))
    console.note(
        f"Looked at {done.entities:,} entities: marked {marked or 'none'}, "
        f"{done.tombstones:,} gone without a tombstone."
    )
    if not done.complete:
        console.note(
            "The published run does not say what its entities were trained on, so changed texts, "
            "pictures and facts cannot be told; the next `kg embed` keeps it."
        )
    return asdict(done)


def _rows(found: Status, orphans: Orphans) -> Iterator[tuple[str, str]]:
    yield "published run", found.run or "none"
    if found.age is not None:
        yield "  published", f"{_time(found.age)} ago"
    yield "entities", f"{found.entities:,}"
    yield "  with a vector of it", f"{found.with_vector:,}"
    yield "    of these provisional", f"{found.provisional:,}"
    yield "  without a vector", f"{found.without_vector:,}"
    yield "    of these with nothing to make one from", f"{found.nothing_said:,}"
    yield "  with a vector of another run", f"{found.earlier:,}"
    yield "  with a stale vector", f"{found.stale:,}"
    for why, count in found.stale_by_reason.items():
        yield f"    {why}", f"{count:,}"
    yield "  with a vector but no facts", f"{found.no_facts:,}"
    for why, count in found.tombstones.items():
        yield f"tombstones ({why})", f"{count:,}"
    yield "publish half-way", found.half_way or "none"
    for name, count in orphans.counts().items():
        if count:
            yield f"nothing refers to: {name}", f"{count:,}"


def _notes(found: Status, orphans: Orphans) -> Iterator[str]:
    if found.half_way:
        yield "`kg publish --resume` finishes the publish that stands half-way."
    elif found.run is None:
        yield "Nothing is published; `kg embed` trains vectors and publishes them."
    elif found.stale or found.without_vector > found.nothing_said:
        yield "`kg embed --new-only` gives new and changed entities vectors; `kg watch` goes on so."
    worth = caveat(found.test_facts, found.split) if found.run else None
    if worth:
        yield f"Figures of run {found.run}: {worth}"
    if orphans.any:
        yield "`kg sweep` shows and removes what nothing refers to."


def _counted(found: Orphans) -> list[tuple[str, str]]:
    size = f" ({found.media_bytes / 2**20:,.1f} MiB)" if found.media_bytes else ""
    return [
        (name, f"{count:,}{size if name == 'media files' else ''}")
        for name, count in found.counts().items()
    ]


def _agreed() -> bool:
    return sys.stdin.isatty() and typer.confirm("Remove?")


def _time(seconds: int) -> str:
    for name, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {name}"
    return f"{seconds} seconds"
