"""What a run passes on its way to people: the gate, and the word of a person who overrides it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from embeddings.data.artifact import Artifact
from embeddings.publish.gate import canaries
from embeddings.publish.gate.verdict import Bounds, Fact, Verdict, judge
from embeddings.publish.live_artifact import Live, find_live
from embeddings.publish.switch import half_way
from kg_platform.browse.entities import current_run
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import GateRefused
from kg_platform.platform import Platform


@dataclass(frozen=True)
class Force:
    """Who lets a run go live that the gate refuses, and why."""

    who: str
    why: str


def decide(platform: Platform, artifact: Artifact, live: Live | None = None) -> Verdict:
    """What the gate says of a run now; nothing is changed. `live` is what `find_live` gave, if it
    was asked already.

    Raises:
        BadInput: the file of canaries cannot be read.
    """
    settings = platform.settings
    live = live or find_live(platform)
    if live.artifact is not None and live.artifact.folder == artifact.folder:
        live = Live(None, "it is the live run itself")
    wanted = canaries.read(settings.canaries_file, must_be=settings.canaries is not None)
    bounds = Bounds.of(settings)
    return judge(artifact, live.artifact, _Known(platform), wanted, bounds, live.alone)


def already_passed(platform: Platform, run_id: str) -> bool:
    """Whether a run was let pass already: it is live, or on its way."""
    run = current_run(platform.graph)
    return half_way(platform.graph) == run_id or (run is not None and run["id"] == run_id)


def record_pass(platform: Platform, verdict: Verdict, force: Force | None) -> dict[str, Any]:
    """Write down that a run may go live, in the graph; returns the same for the ledger.

    Raises:
        GateRefused: it may not, and nobody forces it. Nothing is written then.
    """
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
    """The answers that the graph has to the questions of some facts. Each question is asked once;
    answers stream, as a hub has millions."""

    def __init__(self, platform: Platform) -> None:
        self._graph = platform.graph

    def answers(self, facts: Sequence[Fact], /) -> Iterator[Fact]:
        tails = sorted({(head, relation) for head, relation, _ in facts})
        heads = sorted({(tail, relation) for _, relation, tail in facts})
        yield from self._ask(cypher.KNOWN_TAILS_OF, tails)
        yield from self._ask(cypher.KNOWN_HEADS_OF, heads)

    def between(self, facts: Sequence[Fact], /) -> Iterator[Fact]:
        ends = {(min(head, tail), max(head, tail)) for head, _, tail in facts}
        yield from self._ask(cypher.KNOWN_BETWEEN, sorted(ends))

    def _ask(self, text: str, questions: Sequence[tuple[str, str]]) -> Iterator[Fact]:
        asked = {"questions": [list(each) for each in questions]}
        for row in self._graph.stream(Statement(text, asked)):
            yield str(row["head"]), str(row["type"]), str(row["tail"])
