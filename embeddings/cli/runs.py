"""`kg runs prune` and `kg runs reproduce`: which artifacts are kept, and a run done again."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.cli.runs import mebibytes, runs
from kg_platform.errors import NotReproduced

if TYPE_CHECKING:  # loading what trains takes seconds
    from embeddings.jobs.reproduce import Reproduced


def register(app: typer.Typer) -> None:
    runs.command()(prune)
    runs.command()(reproduce)
    app.add_typer(runs, name="runs")


def prune(
    keep: Annotated[
        int | None,
        typer.Option(
            min=1, help="The newest so many (default: KG_KEEP_ARTIFACTS, KG_KEEP_JOURNALS)."
        ),
    ] = None,
    journals: Annotated[
        bool, typer.Option("--journals", help="Journals of ingests, which undo needs, instead.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete, without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Show which artifacts are kept, and delete the others. The published one never goes."""
    from embeddings.jobs.lock import only_one
    from embeddings.jobs.retention import delete, stored
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    settings = load()
    if journals:
        _prune_journals(keep or settings.keep_journals, yes, as_json)
        return
    with Platform.open(settings) as platform, only_one(platform, writes=False):
        found = stored(platform, keep or settings.keep_artifacts)
        old = [each for each in found if each.why is None]
        if not as_json:
            rows = [(e.run, mebibytes(e.bytes), e.why or "to be deleted") for e in found]
            console.print_table(("artifact", "size", "kept because"), rows, whole=("artifact",))
        gone = bool(old) and (yes or (not as_json and _agreed(len(old))))
        if gone:
            delete(old)
    if as_json:
        console.print_json({"deleted": gone, "artifacts": [asdict(each) for each in found]})
        return
    freed = mebibytes(sum(each.bytes for each in old))
    if not old:
        console.note("There is nothing to delete.")
    elif gone:
        console.note(f"Deleted {len(old)}, which frees {freed}.")
    else:
        console.note(f"Nothing was deleted; `kg runs prune --yes` frees {freed}.")


def _prune_journals(keep: int, yes: bool, as_json: bool) -> None:
    from kg_platform.platform import Platform
    from kg_platform.runs.journals import kept_journals, remove_journal
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        folder = platform.settings.runs_dir
        found = kept_journals(folder, platform.ledger.run_ids(), keep)
        old = [each for each in found if each.why is None]
        if not as_json:
            rows = [(e.run, mebibytes(e.bytes), e.why or "to be deleted") for e in found]
            console.print_table(("journal", "size", "kept because"), rows, whole=("journal",))
        gone = bool(old) and (yes or (not as_json and _agreed(len(old))))
        for each in old if gone else ():
            remove_journal(folder / each.run)
    if as_json:
        console.print_json({"deleted": gone, "journals": [asdict(each) for each in found]})
    elif not old:
        console.note("There is nothing to delete.")
    elif gone:
        console.note(f"Deleted {len(old)}; these runs cannot be undone or compared any more.")
    else:
        console.note("Nothing was deleted; `kg runs prune --journals --yes` does.")


def _agreed(count: int) -> bool:
    return sys.stdin.isatty() and typer.confirm(f"Delete {count}?")


def reproduce(
    run: Annotated[str, typer.Argument(help="An embedding run that succeeded.")],
    as_json: Json = False,
) -> None:
    """Train again what a run trained, publish nothing, compare; exit 8 if figures differ."""
    console.note("Loading the learning libraries ...")
    from embeddings.jobs.reproduce import reproduce as again
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform, console.steps() as report:
        found = again(platform, run, report)
    if as_json:
        console.print_json(found.as_dict())
    else:
        _show(found)
    if not found.same:
        others = sum(not figure.same for figure in found.figures)
        raise NotReproduced(
            f"{others} of {len(found.figures)} figures of run {run} did not come again; "
            f"`kg runs show {found.run_id}` has them side by side."
        )
    if not as_json:
        console.note("Every figure came again.")


def _show(found: Reproduced) -> None:
    rows = [
        (f.name, _digits(f.recorded), _digits(f.again), _digits(f.difference), _word(f.same))
        for f in found.figures
    ]
    names = ("figure", "recorded", "again", "difference", "")
    console.print_table(names, rows, title=f"Run {found.of}, again as {found.run_id}")
    if found.differs:
        differs = [(name, then, now) for name, (then, now) in found.differs.items()]
        console.print_table(("what is not as it was", "then", "now"), differs)


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _word(same: bool) -> str:
    return "same" if same else "other"
