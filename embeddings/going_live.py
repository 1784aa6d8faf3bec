"""What a run passes on its way to people: the gate, and the word of a person who overrides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from embeddings import canaries
from embeddings.artifact import Artifact, open_artifact
from embeddings.gate import Bounds, Verdict, judge
from kg_platform.browse import current_run
from kg_platform.cypher import vectors as cypher
from kg_platform.errors import ArtifactError, GateRefused, NotFound
from kg_platform.graph import Statement
from kg_platform.platform import Platform

FACTS_AT_ONCE = 200


@dataclass(frozen=True)
class Force:
    """Who lets a run go live that the gate refuses, and why."""

    who: str
    why: str


def live_artifact(platform: Platform) -> Artifact | None:
    """The artifact of the run that is live; None where none is, or it is not on this machine."""
    run = current_run(platform.graph)
    if run is None:
        return None
    try:
        return open_artifact(platform.settings.artifacts_dir / str(run["id"]), verify=False)
    except (NotFound, ArtifactError):
        return None


def ask(platform: Platform, artifact: Artifact) -> Verdict:
    """What the gate says of a run now; nothing is changed.

    Raises:
        BadInput: KG_CANARIES cannot be read.
    """
    settings = platform.settings
    live = live_artifact(platform)
    if live is not None and live.folder == artifact.folder:
        live = None  # with itself there is nothing to compare
    wanted = canaries.read(settings.canaries_file)
    return judge(artifact, live, _Known(platform), wanted, Bounds.of(settings))


def let_pass(
    platform: Platform, artifact: Artifact, force: Force | None, verdict: Verdict | None = None
) -> dict[str, Any]:
    """Write down that a run may go live, in the graph; returns the same for the ledger.

    Raises:
        GateRefused: it may not, and nobody forces it. Nothing is written then.
    """
    verdict = verdict or ask(platform, artifact)
    if not verdict.passed and force is None:
        raise GateRefused(refusal(verdict))
    forced = None if verdict.passed else force
    said = {"gate": "passed" if forced is None else "forced"}
    said |= {f"forced_{key}": value for key, value in asdict(forced).items()} if forced else {}
    # What an earlier publish of the same run had to be forced for is over.
    whole = {"forced_who": None, "forced_why": None, **said}
    platform.graph.write(Statement(cypher.RECORD_GATE, {"id": verdict.run, "said": whole}))
    return {**verdict.as_dict(), **said}


def refusal(verdict: Verdict) -> str:
    """Why a run does not go live, and what a person can do."""
    return (
        f"Run {verdict.run} does not go live: {verdict.why}. `kg gate {verdict.run}` shows all "
        f'checks, `kg publish {verdict.run} --force --why "..."` publishes it all the same.'
    )


class _Known:
    """The answers that the graph has to questions; a few hundred questions a statement."""

    def __init__(self, platform: Platform) -> None:
        self._graph = platform.graph

    def __call__(self, facts: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        found: set[tuple[str, str, str]] = set()
        for start in range(0, len(facts), FACTS_AT_ONCE):
            part = [list(fact) for fact in facts[start : start + FACTS_AT_ONCE]]
            for row in self._graph.read(Statement(cypher.KNOWN_ANSWERS, {"facts": part})):
                found.add((str(row["head"]), str(row["type"]), str(row["tail"])))
        return sorted(found)
