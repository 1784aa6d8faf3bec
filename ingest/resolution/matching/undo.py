"""`kg match undo RUN`: every merge of a run taken back, the newest first."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.resolution.matching.job import KIND
from kg_platform.curation.unmerge import unmerge
from kg_platform.cypher import matching as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.platform import Platform
from kg_platform.progress import Progress, silent


@dataclass(frozen=True)
class UndoneMerges:
    """How many merges were undone, and why each of the others could not be."""

    run_id: str
    undone: int
    left: list[str]


def undo_run(platform: Platform, run_id: str, report: Progress = silent) -> UndoneMerges:
    """Undo a run's merges; what was changed since stays merged. Done twice it is done once.

    Raises:
        NotFound: there is no such run. BadInput: it is not one of matching, or still works.
    """
    run = platform.ledger.run(run_id)
    if run.kind != KIND:
        raise BadInput(f"Run {run_id} is of kind {run.kind}, and has merged nothing.")
    if run.status == "running":
        raise BadInput(f"Run {run_id} is still working; wait for it, or stop it first.")
    rows = platform.graph.read(Statement(cypher.MERGES_OF_RUN, {"run": run_id}))
    undone, left = 0, []
    for number, row in enumerate(rows):
        report("undo", number, len(rows))
        try:
            unmerge(platform.graph, row["id"], row["kept"], row["gone"])
            undone += 1
        except BadInput as error:
            left.append(str(error))
    report("undo", len(rows), len(rows))
    platform.ledger.describe(run_id, undone=undone, not_undone=len(left))
    return UndoneMerges(run_id, undone, left)
