"""`kg ingest history`, `diff` and `undo`: the versions of a source; and which word is which."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ingest.session import IngestSession
from kg_platform.cli.options import Json

if TYPE_CHECKING:
    from ingest.versions.compare import SourceDiff
    from ingest.versions.undone import Undone

LOAD = "load"  # what `kg ingest` does without a further word


class _Ingest(TyperGroup):
    """`kg ingest PATH` is `kg ingest load PATH`, options before it included. A folder that is
    called like a command is named with its folder: `kg ingest ./history`."""

    by_default = LOAD

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [LOAD, *args]
        return super().parse_args(ctx, args)

    def get_help(self, ctx: Any) -> str:
        """The options of loading, which people ask for, and the other commands."""
        load = self.commands[LOAD]
        with type(ctx)(load, info_name="", parent=ctx.parent) as inner:
            inner.info_name = ctx.info_name
            text = load.get_help(inner)
        others = [f"  kg ingest {name}  {self._said(name)}" for name in sorted(self.commands)]
        told = [line for line in others if f" {LOAD}  " not in line]
        return "\n".join([text, "", "Versions of a source:", *told])

    def _said(self, name: str) -> str:
        return str(self.commands[name].get_short_help_str(100))


ingest = typer.Typer(
    cls=_Ingest, help="Load entities, relations and pictures; versions of a source."
)


@ingest.command()
def history(
    source: Annotated[str | None, typer.Argument(help="Only of this source.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
    entity: Annotated[
        str | None, typer.Option(help="What the last ones changed of this entity (id or label).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Which versions were loaded: ingests and undos, newest first."""
    from kg_platform import console
    from kg_platform.errors import BadInput

    if entity is not None:
        if source is not None:
            raise BadInput("Choose one of a source and --entity.")
        _of_entity(entity, limit, as_json)
        return
    with IngestSession.open() as kg:
        found = kg.history(source, limit)
    if as_json:
        console.print_json([one.as_dict() for one in found])
        return
    if not found:
        of = f" of {source}" if source else ""
        console.note(f"Nothing{of} was loaded yet; `kg ingest PATH` begins.")
        return
    # When is said by the run's name; a column of it would leave the others no room.
    columns = ("run", "source", "what", "new", "changed", "same", "retired", "rejected")
    rows = []
    for one in found:
        counts = (one.new, one.changed, one.unchanged, one.retired, one.rejected)
        what = "undone" if one.undone else one.kind if one.status == "succeeded" else one.status
        rows.append((one.run, one.source, what, *(f"{n:,}" for n in counts)))
    console.print_table(columns, rows, whole=("run",))
    for one in found:
        if one.undoes:
            console.print_text(f"{one.run} is the undo of {one.undoes}.")


def _of_entity(entity: str, limit: int, as_json: bool) -> None:
    from kg_platform import console
    from kg_platform.browse.formatting import short

    with IngestSession.open() as kg:
        found = kg.loads_of(entity, limit)
    if as_json:
        console.print_json([one.as_dict() for one in found])
        return
    rows = []
    for load in found:
        for one in [*([load.entity] if load.entity else []), *load.relations]:
            name = one.id if one.type is None else f"{one.id} {one.type} {one.tail}"
            for key, (was, now) in one.properties.items() or [("", (None, None))]:
                rows.append((load.run, one.what, name, key, short(was), short(now)))
    if not rows:
        console.note("None of these loads whose journals can be read here changed it.")
        return
    console.print_table(("run", "what", "of", "property", "was", "is"), rows, whole=("run",))
    for load in found:
        if load.more:
            console.note(f"{load.run} changed {load.more:,} more relations of it.")


@ingest.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A run.")],
    second: Annotated[str, typer.Argument(metavar="B", help="A later one of the same source.")],
    limit: Annotated[int, typer.Option(min=0, help="List at most this many.")] = 100,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row a property, as CSV.")] = False,
    as_json: Json = False,
) -> None:
    """What a source states otherwise after run B than after run A."""
    from kg_platform import console
    from kg_platform.errors import BadInput

    if as_json and as_csv:
        raise BadInput("Choose one of --json and --csv.")
    with IngestSession.open() as kg:
        found = kg.compare(first, second, limit)
    if as_json:
        console.print_json(found.as_dict())
    elif as_csv:
        _write_csv(found)
    else:
        _print_diff(found)


@ingest.command()
def undo(
    run: Annotated[str, typer.Argument(help="A run, as `kg ingest history` has it.")],
    partial: Annotated[
        bool, typer.Option("--partial", help="Leave what others have changed since; undo the rest.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be undone, and change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the graph, references to media and marks what they were before a run."""
    from kg_platform import console

    with IngestSession.open() as kg, console.steps() as progress:
        found = kg.undo(run, partial=partial, dry_run=dry_run, on_progress=progress)
    if as_json:
        console.print_json(found.as_dict())
    else:
        _print_undone(found, dry_run)


def _write_csv(found: SourceDiff) -> None:
    import json

    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["what", "kind", "id", "type", "tail", "property", "old", "new"])
    for one in found.differences:
        for name, pair in one.properties.items() or [("", (None, None))]:
            old, new = (
                v if isinstance(v, str) else "" if v is None else json.dumps(v, ensure_ascii=False)
                for v in pair
            )
            out.writerow([one.what, one.kind, one.id, one.type, one.tail, name, old, new])


def _print_diff(found: SourceDiff) -> None:
    from kg_platform import console
    from kg_platform.ledger.rows import excerpt

    rows = [
        ({"entity": "entities", "relation": "relations"}[kind], what, f"{count:,}")
        for kind, counts in found.counts.items()
        for what, count in counts.items()
    ]
    console.print_table(("what", "", "count"), rows)
    lines = []
    for one in found.differences:
        name = one.id if one.tail is None else f"{one.id} {one.type} {one.tail}"
        if one.what != "changed":
            lines.append((one.what, name, "", "", ""))
            continue
        for key, (old, new) in one.properties.items():
            lines.append((one.what, name, key, excerpt(str(old), 60), excerpt(str(new), 60)))
    if lines:
        console.print_table(("", "id", "property", "old", "new"), lines)
    if len(found.differences) < found.count:
        console.note(
            f"The first {len(found.differences):,} of {found.count:,}; --limit lists more."
        )


def _print_undone(found: Undone, dry_run: bool) -> None:
    from kg_platform import console

    rows = [
        (what, {"entity": "entities", "relation": "relations"}[kind], f"{count:,}")
        for what, counts in (
            ("removed", found.removed),
            ("back again", found.returned),
            ("as before", found.restored),
        )
        for kind, count in counts.items()
    ]
    rows += [("as before in part", "", f"{found.partly:,}")] if found.partly else []
    rows += [("left as they are", "", f"{found.left:,}")] if found.left else []
    console.print_table(("what", "", "count"), rows)
    if found.in_the_way:
        console.print_table(
            ("changed since", "why", ""),
            [(o.what, o.why, "in part" if o.partly else "stays") for o in found.in_the_way],
        )
    if dry_run:
        console.note("Nothing was changed.")
    else:
        console.note(f"`kg ingest undo {found.run}` takes this back.")
