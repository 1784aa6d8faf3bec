"""`kg media`: media and their states: list, show, check, retry, duplicates."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest.session import IngestSession
from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import ArtifactError

if TYPE_CHECKING:  # the stores are loaded when they are asked
    from kg_platform.browse.media import StoredMedium
    from kg_platform.ledger.media_failures import FailureRow

SHOWN = 60  # characters of a place; --json prints all of it
_NAMED = 3

media = typer.Typer(help="Pictures, sound and film, and their states.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(media, name="media")


class MediumState(StrEnum):
    """`stored`, `failed`, or `gone` at its source."""

    stored = "stored"
    failed = "failed"
    gone = "gone"


class MediumKind(StrEnum):
    """By the bytes."""

    image = "image"
    audio = "audio"
    video = "video"
    document = "document"


@media.command("list")
def listed(
    state: Annotated[MediumState | None, typer.Option(help="Only those in this state.")] = None,
    kind: Annotated[MediumKind | None, typer.Option(help="Only stored ones of this kind.")] = None,
    source: Annotated[str | None, typer.Option(help="Only failures of this source.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many of each state.")] = 20,
    after: Annotated[str, typer.Option(help="Only stored ones behind this id.")] = "",
    as_json: Json = False,
) -> None:
    """Media and their states: those that are stored, and those that could not be had."""
    with IngestSession.open() as kg:
        stored: Sequence[StoredMedium] = ()
        if _asked(state, "stored") and source is None:
            stored = kg.media(kind.value if kind else None, limit, after)
        failed: list[FailureRow] = []
        for name in ("failed", "gone"):
            if _asked(state, name) and kind is None:
                failed += kg.media_failures(source, gone=name == "gone", limit=limit)
        counts = kg.media_counts()
    if as_json:
        rows = [asdict(one) | {"state": "stored"} for one in stored]
        rows += [asdict(one) | {"state": one.state} for one in failed]
        console.print_json({"counts": counts, "media": rows})
        return
    if stored:
        names = ("id", "kind", "mime", "size", "what", "entities")
        lines = [
            (one.id[:16], one.kind, _format(one.mime), f"{one.size:,}", _what(one),
             f"{one.entities:,}")
            for one in stored
        ]  # fmt: skip
        console.print_table(names, lines, whole=names[:3])
    if failed:
        names = ("state", "entity", "place", "why", "tries", "last")
        told = [
            (one.state, one.entity, _short(one.location), one.reason, f"{one.tries:,}",
             one.last_at[:19])
            for one in failed
        ]  # fmt: skip
        console.print_table(names, told, whole=names[:1])
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    again = " `kg media retry` tries again those that failed." if counts["failed"] else ""
    console.note(f"{said or 'No media'} in all.{again}")


@media.command()
def show(
    medium: Annotated[str, typer.Argument(help="The first signs of its id, or all of it.")],
    as_json: Json = False,
) -> None:
    """One medium: what it is, whether its bytes are there, and which entities refer to it."""
    with IngestSession.open() as kg:
        found = kg.medium(medium)
    if as_json:
        console.print_json(found)
        return
    entities = found.pop("entities")
    rows = [(name, str(value)) for name, value in found.items() if value is not None]
    console.print_table(("what", "value"), rows)
    names = ("entity", "label", "role", "rank", "caption", "seconds")
    lines = [(e["id"], e["label"], e["role"], e["rank"], e["caption"], _part(e)) for e in entities]
    if lines:
        console.print_table(names, lines, whole=names[:1])


@media.command()
def check(
    discard: Annotated[
        bool, typer.Option("--discard", help="Remove bytes that are others than they were.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read the bytes of all media again: which are missing in the store, or are others."""
    with IngestSession.open() as kg, console.steps() as progress:
        found = kg.check_media(discard=discard, on_progress=progress)
    if as_json:
        console.print_json(found.as_dict())
    else:
        rows = [("missing", one) for one in found.missing]
        rows += [("changed", one) for one in found.changed]
        if rows:
            console.print_table(("state", "id"), rows, whole=("state", "id"))
        more = f" {found.completed:,} got what was not kept of them." if found.completed else ""
        console.note(f"{found.checked:,} media were read again.{more}")
    if not found.whole:
        first = [*found.missing, *found.changed][:_NAMED]
        how = "`kg media check --discard` removes the others, then ingest their sources again"
        raise ArtifactError(
            f"{len(found.missing):,} media are missing in the store and {len(found.changed):,} are "
            f"others than they were ({', '.join(one[:16] for one in first)}); "
            + (how if found.changed and not discard else "ingest their sources again")
            + ", which writes them anew."
        )


@media.command()
def retry(
    source: Annotated[str | None, typer.Option(help="Only those of this source.")] = None,
    as_json: Json = False,
) -> None:
    """Try again what failed, addresses included; what can be had is stored and linked."""
    with IngestSession.open() as kg, console.steps() as progress:
        found = kg.retry_media(source, on_progress=progress)
    if as_json:
        console.print_json(found.as_dict())
        return
    said = f"{found.stored:,} stored, {found.failed:,} failed again, {found.gone:,} gone"
    more = f", {found.unnamed:,} named by no entity any more" if found.unnamed else ""
    console.note(f"{said}{more}.")


@media.command()
def duplicates(
    distance: Annotated[int, typer.Option(min=0, max=16, help="Bits of 64 that may differ.")] = 4,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    as_json: Json = False,
) -> None:
    """Pictures and films that look alike. The same bytes are one medium anyway."""
    with IngestSession.open() as kg:
        found = kg.alike_media(distance)
    shown = found[:limit]
    if as_json:
        console.print_json({"total": len(found), "pairs": [asdict(one) for one in shown]})
        return
    lines = [(p.first[:16], p.second[:16], p.kind, p.distance) for p in shown]
    console.print_table(("one", "other", "kind", "bits"), lines, whole=("one", "other"))
    if len(found) > len(shown):
        console.note(f"{len(found) - len(shown):,} more; --limit shows them.")


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _format(mime: str) -> str:
    """A type that takes half a line is said by its suffix."""
    return mime if len(mime) <= 24 else mimetypes.guess_extension(mime) or mime


def _asked(state: MediumState | None, name: str) -> bool:
    return state is None or state.value == name


def _what(one: StoredMedium) -> str:
    size = f"{one.width} x {one.height}" if one.width else ""
    seconds = f"{one.duration:,.1f} s" if one.duration is not None else ""
    pages = f"{one.pages:,} pages" if one.pages is not None else ""
    text = f"{one.characters:,} characters" if one.characters is not None else ""
    return ", ".join(filter(None, (size, seconds, pages, text)))


def _part(one: dict[str, Any]) -> str:
    if one["start"] is None and one["end"] is None:
        return ""
    end = "the end" if one["end"] is None else f"{one['end']:g}"
    return f"{one['start'] or 0:g} to {end}"
