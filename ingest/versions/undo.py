"""Undo a run: the graph, references to media and marks as they were before it.

What it changed is in its journal. Each thing that is as the run left it goes back whole; where
somebody else has changed the same thing since, `going_back` says what is possible. An undo is a run
of its own with a journal of its own, so it can be undone; killed anywhere and begun again, it ends
the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from ingest.versions.composed import Composed
from ingest.versions.journal import entries, open_journal
from ingest.versions.marks_back import MarksBack, SeenMarks
from ingest.versions.undoing import Undoing
from ingest.versions.undone import Undone
from kg_platform.errors import BadInput, Interrupted
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.ledger.rows import RunRow
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged

KIND = "undo"
CHANGED_BY = ("ingest", KIND, "fuse")  # kinds of runs that have journals


def undo(
    platform: Platform,
    run: str,
    *,
    partial: bool = False,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> Undone:
    """Undo an ingest or an undo. `dry_run` changes nothing; `partial` goes on where somebody else
    has changed the same things since, and leaves their changes.

    Raises:
        NotFound: there is no such run, or no journal of it here. BadInput: the run is going on, was
        undone, or others have changed the same things. Interrupted: Ctrl-C; the same call goes on.
    """
    row = _undoable(platform, run)
    source = str(row.settings.get("source", ""))
    kept = SeenMarks()
    with Composed(kept.seen(entries(platform.settings.runs_dir / run))) as composed:
        plan = Undone("", run, source)
        marks = MarksBack(composed, kept)
        Undoing(platform.graph, composed, marks, plan, None).plan()
        if dry_run:
            return plan
        if (plan.partly or plan.left) and not partial:
            raise BadInput(_refusal(plan))
        ledger = platform.ledger
        undoing = _begin(platform, run, source, partial)
        done = Undone(undoing, run, source, in_the_way=plan.in_the_way)
        try:
            journal = open_journal(platform, undoing)
            work = Undoing(platform.graph, composed, marks, done, journal, platform.media)
            ledger.begin_step(undoing, "write")
            work.write(logged(on_progress))
            ledger.finish_step(undoing, "write", {})
        except KeyboardInterrupt:
            ledger.finish_run(undoing, "interrupted", done.as_dict(), "stopped by Ctrl-C")
            raise Interrupted("Stopped. Run the same command again to go on.") from None
        except Exception as error:
            ledger.finish_run(undoing, "failed", done.as_dict(), str(error) or repr(error))
            raise
        ledger.finish_run(undoing, "succeeded", done.as_dict())
    return done


def undone_by(undos: Iterable[RunRow]) -> dict[str, str]:
    """Run -> the undo of it that counts, which was not undone itself."""
    of: dict[str, list[str]] = {}
    for row in undos:
        if row.status == "succeeded":
            of.setdefault(str(row.settings.get("undo")), []).append(row.id)

    def counts(run: str) -> str | None:
        return next((one for one in of.get(run, ()) if counts(one) is None), None)

    return {run: by for run in of if (by := counts(run)) is not None}


def _undoable(platform: Platform, run: str) -> RunRow:
    row = platform.ledger.run(run)
    if row.kind not in CHANGED_BY:
        raise BadInput(
            f"Run {run} is of kind {row.kind}; `kg ingest history` lists the ones that can be "
            "undone."
        )
    if row.status == "running":
        raise BadInput(f"Run {run} is still going on; wait for it or stop it, then undo it.")
    GraphAdoption.refuse(platform.graph.adoption, "`kg ingest` does not write to it")
    if by := undone_by(platform.ledger.runs_of(KIND)).get(run):
        raise BadInput(f"Run {run} was undone by {by}; `kg ingest undo {by}` takes that back.")
    return row


def _begin(platform: Platform, run: str, source: str, partial: bool) -> str:
    """A run of the ledger; the one that was stopped, if there is one."""
    for row in platform.ledger.runs_of(KIND):
        if row.settings.get("undo") == run and row.status in ("interrupted", "failed"):
            platform.ledger.resume_run(row.id)
            return row.id
    given = {"source": source, "undo": run, "partial": partial}
    return platform.ledger.start_run(KIND, given)


def _refusal(plan: Undone) -> str:
    count = plan.partly + plan.left
    first = plan.in_the_way[0]
    things = "thing that it changed was" if count == 1 else "things that it changed were"
    return (
        f"{count:,} {things} changed again since, the first {first.what} ({first.why}); `kg ingest "
        f"undo {plan.undone} --dry-run` lists them, and --partial undoes the rest: of these "
        f"{plan.partly:,} in part, while {plan.left:,} would stay as they are."
    )
