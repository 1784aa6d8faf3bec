"""`kg match`: the same thing from two sources becomes one entity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from kg_platform import console
from kg_platform.cli.options import Json, Type
from kg_platform.errors import BadInput

if TYPE_CHECKING:
    from ingest.resolution.matching.job import MatchSummary

SHOWN = 20  # merges and questions of a dry run, in a table


class _Match(TyperGroup):
    """`kg match`, with or without rules and options, is `kg match run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


match = typer.Typer(cls=_Match, help="Make one entity of what two sources say of the same thing.")


def register(app: typer.Typer) -> None:
    app.add_typer(match, name="match")


@match.command("run")
def run_command(
    rules: Annotated[
        Path | None,
        typer.Argument(help="A match.yaml; without, what --infer proposes.", show_default=False),
    ] = None,
    infer: Annotated[
        bool, typer.Option("--infer", help="print proposed rules, and change nothing")
    ] = False,
    type_: Type = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be done, and change nothing")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(help="Only what changed since this run began, by the last model."),
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="only what changed since the last matching, by its model")
    ] = False,
    train: Annotated[
        bool, typer.Option("--train", help="learn a model anew, though there is one for the rules")
    ] = False,
    as_json: Json = False,
) -> None:
    """Merge entities that are one, ask about those that may be. `kg match RULES` does the same."""
    if infer and (rules is not None or dry_run or new or since or train or as_json):
        raise BadInput("--infer prints rules and goes with --type alone; leave the rest out.")
    if new and since is not None:
        raise BadInput("Give --new or --since, not both.")
    if train and (new or since is not None):
        raise BadInput("--new and --since go on with a model; leave out --train.")
    from ingest.session import IngestSession

    if infer:
        with IngestSession.open() as kg:
            typer.echo(kg.infer_match_rules(type_), nl=False)
        return
    with IngestSession.open() as kg, console.steps() as progress:
        done = kg.match(
            rules,
            type=type_,
            dry_run=dry_run,
            since=since,
            new=new,
            train=train,
            on_progress=progress,
        )
    if as_json:
        console.print_json({**done.as_dict(), "dry_run": dry_run, **_listed(done, dry_run)})
    else:
        _tell(done, dry_run)


@match.command("undo")
def undo_command(
    run: Annotated[str, typer.Argument(help="A run of `kg runs --kind match`.")],
    as_json: Json = False,
) -> None:
    """Take every merge of a run back, the newest first."""
    from ingest.resolution.matching.undo import undo_run
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform, console.steps() as progress:
        done = undo_run(platform, run, progress)
    if as_json:
        console.print_json({"run": run, "undone": done.undone, "left": done.left})
    else:
        console.note(f"Undid {done.undone:,} merges of run {run}.")
        for why in done.left:
            console.note(why)
    if done.left:
        count = len(done.left)
        raise BadInput(
            f"{count:,} merge{'' if count == 1 else 's'} of run {run} could not be undone; "
            "see above, and undo by hand what is in the way."
        )


@match.command("report")
def report_command(
    one: Annotated[str, typer.Argument(metavar="ONE", help="An entity, by its id or label.")],
    other: Annotated[
        str | None,
        typer.Argument(metavar="OTHER", help="Another; left out if ONE is a review item."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain a pair: each comparison, its level and weight, and what decides."""
    from ingest.resolution.matching.report import explain_pair
    from ingest.session import IngestSession

    with IngestSession.open() as kg:
        ends = kg.pair(one, other)
        found = explain_pair(kg.platform, *ends)
    if as_json:
        console.print_json(found.as_dict())
        return
    if found.weights is not None:
        weights = found.weights
        rows = [(what, level, f"{bits:+.2f}") for what, level, bits in weights.comparisons]
        rows.append(("prior", "how many of all pairs are one", f"{weights.prior:+.2f}"))
        rows.append(("sum", f"probability {weights.probability:.6f}", f"{weights.total:+.2f}"))
        console.print_table(("comparison", "level", "bits"), rows, whole=("bits",))
    for line in found.grounds:
        console.print_text(line)
    console.print_text(found.decision)


@match.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of a match.yaml; editors complete and check with it."""
    from ingest.resolution.matching.rules import json_schema

    console.print_json(json_schema())


def _listed(done: MatchSummary, dry_run: bool) -> dict[str, Any]:
    if not dry_run:
        return {}
    merges = [
        {"type": m.type, "kept": m.kept, "gone": m.gone, "probability": m.probability, "key": m.key}
        for m in done.merges
    ]
    asked = [
        {"type": q.type, "one": q.one, "other": q.other, "probability": q.probability}
        for q in done.questions
    ]
    return {"merges": merges, "questions": asked}


def _tell(done: MatchSummary, dry_run: bool) -> None:
    names = {
        "entities": "entities", "new_entities": "of them looked at", "pairs": "pairs above ask",
        "to_merge": "to merge", "merged": "merged", "not_merged": "could not be merged",
        "to_ask": "to ask", "asked": "asked (kg review list --kind duplicate)",
        "decided_before": "decided before", "kept_apart": "kept apart by sources or a rejection",
    }  # fmt: skip
    figures = [
        (said, f"{done.figures[key]:,}") for key, said in names.items() if key in done.figures
    ]
    console.print_table(("what", "count"), figures)
    if dry_run:
        rows = [(m.kept, m.gone, f"{m.probability:.4f}", m.key) for m in done.merges[:SHOWN]]
        if rows:
            console.print_table(("keep", "merge into it", "probability", "key"), rows)
        asks = [(q.one, q.other, f"{q.probability:.4f}") for q in done.questions[:SHOWN]]
        if asks:
            console.print_table(("ask about", "and", "probability"), asks)
        rest = max(0, len(done.merges) - SHOWN) + max(0, len(done.questions) - SHOWN)
        more = f" {rest:,} more; --json has all." if rest else ""
        console.note(f"Nothing was changed.{more}")
    for line in done.notes:
        console.note(line)
    if done.run_id is not None:
        console.note(f"`kg match undo {done.run_id}` takes the merges back.")
