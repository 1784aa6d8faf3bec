"""`kg runs`: what was done, one run, its log, two of them compared."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.errors import NotFound
from kg_platform.runs.compare import change, compared
from kg_platform.runs.figures import figure, flattened, in_a_line, seconds
from kg_platform.runs.held_out import of_run
from kg_platform.session import Session


class _Runs(TyperGroup):
    """`kg runs RUN` is `kg runs show RUN`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


runs = typer.Typer(cls=_Runs, help="What was done: runs, their steps and figures.")


def register(app: typer.Typer) -> None:
    app.add_typer(runs, name="runs")


@runs.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    kind: Annotated[
        str | None,
        typer.Option(
            help="ingest, undo, fuse, match, embed, embed-new, watch, publish, rollback, tune or "
            "reproduce."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
    as_json: Json = False,
) -> None:
    """What was done: runs, their steps and figures."""
    if context.invoked_subcommand is not None:
        context.obj = as_json
        return
    with Session.open() as kg:
        rows = kg.runs(kind, limit)
        refused = kg.ledger.rejections_by_run([row.id for row in rows]) if as_json else {}
    if as_json:
        console.print_json([asdict(row) | {"rejections": refused.get(row.id, 0)} for row in rows])
        return
    lines = [(r.id, r.kind, r.status, _took(r), in_a_line(r)) for r in rows]
    names = ("run", "kind", "status", "took", "figures")
    console.print_table(names, lines, whole=names[:4])
    if not rows:
        console.note(f"No {f'{kind} ' if kind else ''}runs yet; `kg ingest PATH` begins.")


@runs.command()
def show(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="Its id, as `kg runs` prints it.")],
    as_json: Json = False,
) -> None:
    """One run: figures, settings, what it ran on and left, steps."""
    as_json = as_json or bool(context.obj)  # `kg runs --json RUN`
    with Session.open() as kg:
        row = kg.run(run)
        refused = kg.ledger.count_rejections(run)
    if as_json:
        console.print_json(asdict(row) | {"rejections": refused})
        return
    facts = [("kind", row.kind), ("status", row.status), ("time", _when(row)), ("error", row.error)]
    facts += [("rejections", f"{refused:,}")] if refused else []
    console.print_table(("what", "value"), [f for f in facts if f[1]], title=f"Run {row.id}")
    tables = {
        "figure": [(name, figure(value)) for name, value in _flat(row.metrics)],
        "setting": [(name, str(value)) for name, value in _flat(row.settings)],
        "record": [(name, _recorded(name, value)) for name, value in _flat(row.record)],
    }
    for name, rows in tables.items():
        if rows:
            console.print_table((name, "value"), rows)
    steps = [(s.name, s.status, _took(s), _figures(s.details)) for s in row.steps]
    if steps:
        console.print_table(("step", "status", "took", "details"), steps)
    said = of_run(row)
    if said:
        console.note(said)
    if row.record.get("log") or row.status == "running":
        console.note(f"`kg runs log {row.id}` prints what happened.")


@runs.command()
def log(
    run: Annotated[str, typer.Argument(help="Its id, as `kg runs` prints it.")],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on printing until the run has ended.")
    ] = False,
) -> None:
    """What happened in a run, line by line; the file is KG_HOME/runs/RUN/log.txt."""
    from kg_platform.runs import log as run_log

    with Session.open() as kg:
        row = kg.run(run)
        folder = kg.settings.runs_dir / row.id

        def going_on() -> bool:
            return follow and kg.run(run).status == "running"

        try:
            for text in run_log.follow(folder, going_on):
                console.print_lines(text)
        except FileNotFoundError as error:
            other = row.metrics.get("continued_as")
            raise NotFound(
                f"Run {run} went on as {other}; `kg runs log {other}` prints its log."
                if other
                else f"Run {run} has no log in {folder}: it ran on {row.host}, perhaps with "
                "another KG_HOME, or was made before logs were kept."
            ) from error


@runs.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A run.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    as_json: Json = False,
) -> None:
    """Settings, figures, times and surroundings in which two runs differ."""
    with Session.open() as kg:
        one, other = kg.run(first), kg.run(second)
    found = compared(one, other)
    if as_json:
        console.print_json({"a": one.id, "b": other.id, **found})
        return
    for what, group in (("setting", "settings"), ("record", "record")):
        rows = [(n, _recorded(n, a), _recorded(n, b)) for n, (a, b) in found[group].items()]
        if rows:
            console.print_table((what, one.id, other.id), rows)
    for what, group in (("figure", "metrics"), ("seconds of step", "seconds")):
        figures = [(n, _word(a), _word(b), change(a, b)) for n, (a, b) in found[group].items()]
        if figures:
            console.print_table((what, one.id, other.id, "change"), figures)
    if not found["settings"] and not found["metrics"]:
        console.note("The two runs have the same settings and figures.")


def _recorded(name: str, value: Any) -> str:
    if name.endswith("_bytes") and value is not None:
        return mebibytes(value)
    return "" if value is None else str(value)


def _word(value: Any) -> str:
    return "" if value is None else figure(value)


def mebibytes(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"


def _when(row: Any) -> str:
    end = f" to {row.finished_at[11:19]}" if row.finished_at else ""
    return f"{row.started_at[:19].replace('T', ' ')}{end}"


def _took(row: Any) -> str:
    spent = seconds(row.started_at, row.finished_at)
    return "" if spent is None else f"{spent:,.0f} s"


def _figures(metrics: dict[str, Any]) -> str:
    flat = [(name, value) for name, value in _flat(metrics) if isinstance(value, int | float)]
    return "  ".join(f"{name} {figure(value)}" for name, value in flat[:6])


def _flat(values: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(k, v) for k, v in flattened(values).items() if v not in (None, "", [])]
