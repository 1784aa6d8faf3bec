"""`kg runs`: what was done, one run, two of them compared, and which artifacts are kept."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kg_platform import console
from kg_platform.errors import BadInput
from kg_platform.run_figures import figure, flattened, in_a_line, seconds
from kg_platform.settings import load

KINDS = ("ingest", "embed", "embed-new", "watch", "publish", "rollback", "tune")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


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
        str | None, typer.Option(help="ingest, embed, embed-new, watch, publish, rollback or tune.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
    as_json: Json = False,
) -> None:
    """What was done: runs, their steps and figures."""
    if context.invoked_subcommand is not None:
        context.obj = as_json
        return
    if kind not in (None, *KINDS):
        raise BadInput(f"There are no runs of kind {kind!r}; the kinds are {', '.join(KINDS)}.")
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform:
        rows = platform.ledger.runs(kind, limit)
        refused = {row.id: platform.ledger.count_rejections(row.id) for row in rows}
    if as_json:
        console.print_json([asdict(row) | {"rejections": refused[row.id]} for row in rows])
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
    """One run: settings, figures, steps."""
    as_json = as_json or bool(context.obj)  # `kg runs --json RUN`
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform:
        row = platform.ledger.run(run)
        refused = platform.ledger.count_rejections(run)
    if as_json:
        console.print_json(asdict(row) | {"rejections": refused})
        return
    facts = [("kind", row.kind), ("status", row.status), ("time", _when(row)), ("error", row.error)]
    facts += [("rejections", f"{refused:,}")] if refused else []
    facts += [(f"setting {name}", str(value)) for name, value in _flat(row.settings)]
    facts += [(name, figure(value)) for name, value in _flat(row.metrics)]
    console.print_table(("what", "value"), [f for f in facts if f[1]], title=f"Run {row.id}")
    steps = [(s.name, s.status, _when(s), _figures(s.details)) for s in row.steps]
    if steps:
        console.print_table(("step", "status", "time", "details"), steps)


@runs.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A run.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    as_json: Json = False,
) -> None:
    """Settings and figures in which two runs differ."""
    from kg_platform.platform import Platform

    with Platform.open(load()) as platform:
        one, other = platform.ledger.run(first), platform.ledger.run(second)
    found = {
        "settings": _differences(one.settings, other.settings),
        "metrics": _differences(one.metrics, other.metrics),
    }
    if as_json:
        console.print_json({"a": one.id, "b": other.id, **found})
        return
    settings = [(name, _word(a), _word(b)) for name, (a, b) in found["settings"].items()]
    figures = [
        (name, _word(a), _word(b), _change(a, b)) for name, (a, b) in found["metrics"].items()
    ]
    if settings:
        console.print_table(("setting", one.id, other.id), settings)
    if figures:
        console.print_table(("figure", one.id, other.id, "change"), figures)
    if not settings and not figures:
        console.note("The two runs have the same settings and figures.")


@runs.command()
def prune(
    keep: Annotated[
        int | None, typer.Option(min=1, help="The newest so many (default: KG_KEEP_ARTIFACTS).")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete, without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Show which artifacts are kept, and delete the others. The published one never goes."""
    from embeddings.kept import delete, stored
    from embeddings.lock import only_one
    from kg_platform.platform import Platform

    settings = load()
    with Platform.open(settings) as platform, only_one(platform):
        found = stored(platform, keep or settings.keep_artifacts)
        old = [each for each in found if each.why is None]
        if not as_json:
            rows = [(e.run, _size(e.bytes), e.why or "to be deleted") for e in found]
            console.print_table(("artifact", "size", "kept because"), rows, whole=("artifact",))
        gone = bool(old) and (yes or (not as_json and _agreed(len(old))))
        if gone:
            delete(old)
    if as_json:
        console.print_json({"deleted": gone, "artifacts": [asdict(each) for each in found]})
        return
    freed = _size(sum(each.bytes for each in old))
    if not old:
        console.note("There is nothing to delete.")
    elif gone:
        console.note(f"Deleted {len(old)}, which frees {freed}.")
    else:
        console.note(f"Nothing was deleted; `kg runs prune --yes` frees {freed}.")


def _agreed(count: int) -> bool:
    return sys.stdin.isatty() and typer.confirm(f"Delete {count}?")


def _differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    a, b = flattened(one), flattened(other)
    return {name: (a.get(name), b.get(name)) for name in {**a, **b} if a.get(name) != b.get(name)}


def _word(value: Any) -> str:
    return "" if value is None else figure(value)


def _change(a: Any, b: Any) -> str:
    if not all(isinstance(x, int | float) and not isinstance(x, bool) for x in (a, b)):
        return ""
    return f"{b - a:+.4g}"


def _size(count: int) -> str:
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
