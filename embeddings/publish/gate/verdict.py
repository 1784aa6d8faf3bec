"""The gate: what a run must show before its vectors go live, beside the run that is live now.

- vectors: all are numbers, none is zero
- norms: hardly any is much longer than the others, and they are not far from the live run's
- figure: ranks of the facts that both runs held out, by both, are not worse by more than a margin
- neighbours: enough of an entity's nearest stay the same
- canaries: known entities have known neighbours (`canaries.py`)

A figure of few facts wavers: less than twice the standard error of the paired differences is never
called worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.data.artifact import Artifact
from embeddings.data.dataset import Dataset
from embeddings.data.manifest import unit_of_split
from embeddings.data.triples import Ints
from embeddings.evaluation.ranking import ranks
from embeddings.models.from_artifact import load_scorer
from embeddings.models.scorer import Scorer
from embeddings.numerics.matmul import full_precision
from embeddings.publish import drift
from embeddings.publish.gate.canaries import Canary
from kg_platform.errors import BadInput
from kg_platform.settings import Settings

FACTS = 2_000  # held-out facts that both runs are asked, at most
COMPARED = ("figure", "neighbours")  # the checks that need another run
SAMPLE = 1_000  # entities whose neighbours are compared, at most
USUAL = 0.9  # the quantile of norms that counts as usual
OUTLIERS = 0.01  # the share of vectors that may be too long
CHUNK = 16_384

Fact = tuple[str, str, str]  # head, relation, tail, by ids


class GraphAnswers(Protocol):
    """What the graph says beside some facts."""

    def answers(self, facts: Sequence[Fact], /) -> Iterable[Fact]:
        """All facts with the same head and relation, or relation and tail."""

    def between(self, facts: Sequence[Fact], /) -> Iterable[Fact]:
        """All facts with the same two ends, in either direction, these among them."""


@dataclass(frozen=True)
class Bounds:
    """How much worse a figure may be (`margin`, of MRR), how few neighbours may stay (`overlap`),
    and how many times longer than usual a vector may be (`norms`)."""

    margin: float
    overlap: float
    norms: float

    @classmethod
    def of(cls, settings: Settings) -> Bounds:
        return cls(settings.gate_margin, settings.gate_overlap, settings.gate_norms)


@dataclass(frozen=True)
class Check:
    """One question. `passed` None: it could not be asked, `said` says why. `figures` is what was
    compared, where numbers were: `now`, `live`, and from `least` to `most` what passes."""

    name: str
    passed: bool | None
    said: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What the gate says of `run`; `live` is the run it was compared with, `alone` why there is
    none."""

    run: str
    live: str | None
    alone: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed is not False for check in self.checks)

    @property
    def why(self) -> str:
        """What did not pass, as words."""
        return "; ".join(check.said for check in self.checks if check.passed is False)

    def as_dict(self) -> dict[str, Any]:
        checks = [asdict(check) for check in self.checks]
        return {
            "run": self.run,
            "live": self.live,
            "alone": self.alone or None,
            "passed": self.passed,
            "checks": checks,
        }


def judge(
    artifact: Artifact,
    live: Artifact | None,
    world: GraphAnswers,
    canaries: Sequence[Canary],
    bounds: Bounds,
    alone: str = "",
) -> Verdict:
    """Ask everything. Where there is no `live` run to compare with, `alone` says why."""
    lengths = _norms(artifact)
    whole = _finite(lengths)
    checks = [whole]
    if whole.passed:  # figures of vectors that are no numbers would only say so again
        before = None if live is None else _norms(live)
        if before is not None and not np.isfinite(before).all():
            live, before, alone = None, None, "the live run's vectors are not all numbers"
        checks.append(_lengths(lengths, before, bounds))
        checks += _alone(alone) if live is None else _against(artifact, live, world, bounds)
        checks += _canaries(artifact, canaries)
    against = None if live is None else live.folder.name
    return Verdict(artifact.folder.name, against, alone, tuple(checks))


def _norms(artifact: Artifact) -> NDArray[np.float64]:
    """(N,) lengths of the vectors; not finite where a vector is not."""
    parts = []
    for start in range(0, artifact.entities, CHUNK):
        rows = artifact.rows("embedding", start, start + CHUNK)
        with np.errstate(all="ignore"):
            parts.append(np.sqrt(np.einsum("nd,nd->n", rows, rows, dtype=np.float64)))
    return np.concatenate(parts)


def _finite(lengths: NDArray[np.float64]) -> Check:
    bad = int((~np.isfinite(lengths) | (lengths == 0)).sum())
    said = f"{bad:,} of {len(lengths):,} vectors are zero or not numbers"
    return Check("vectors", bad == 0, said if bad else f"all {len(lengths):,} are numbers")


def _lengths(
    lengths: NDArray[np.float64], live: NDArray[np.float64] | None, bounds: Bounds
) -> Check:
    """Hardly any is too long, and they are not far from the live run's.

    What is usual is the 90th percentile: an entity without facts and features stays as it began,
    next to zero, and there may be many of them.
    """
    usual, times = float(np.quantile(lengths, USUAL)), f"{bounds.norms:g} times"
    share = float((lengths > usual * bounds.norms).mean())
    if share > OUTLIERS:
        return Check("norms", False, f"{share:.1%} of the vectors are {times} longer than usual")
    if live is None:
        return Check("norms", True, f"usually {usual:.3g}, hardly any {times} longer")
    before = float(np.quantile(live, USUAL))
    if before == 0:  # it went live because somebody forced it
        return Check("norms", None, "the live run's vectors are usually zero")
    said = f"usually {usual:.3g}, {before:.3g} in the live run (at most {times} apart)"
    passed = 1 / bounds.norms <= usual / before <= bounds.norms
    least, most = before / bounds.norms, before * bounds.norms
    return Check("norms", passed, said, _numbers(now=usual, live=before, least=least, most=most))


def _alone(why: str) -> list[Check]:
    return [Check(name, None, f"nothing to compare with: {why}") for name in COMPARED]


def _against(
    artifact: Artifact, live: Artifact, world: GraphAnswers, bounds: Bounds
) -> Iterator[Check]:
    yield _figure(artifact, live, world, bounds)
    try:
        overlap = drift.compare(live, artifact, SAMPLE).overlap
    except BadInput as error:
        yield Check("neighbours", None, str(error))
        return
    said = (
        f"{overlap:.0%} of an entity's {drift.NEIGHBOURS} nearest stay "
        f"(at least {bounds.overlap:.0%})"
    )
    figures = _numbers(now=overlap, least=bounds.overlap, most=1.0)
    yield Check("neighbours", overlap >= bounds.overlap, said, figures)


def _figure(artifact: Artifact, live: Artifact, world: GraphAnswers, bounds: Bounds) -> Check:
    both = [_Side(live), _Side(artifact)]
    facts = sorted(both[0].test & both[1].test)[:: _step(both)][:FACTS]
    if not facts:
        return Check("figure", None, "the two runs held out no fact in common")
    facts = _as_hard_for_both(facts, both, world)
    if not facts:
        said = "every fact both held out is joined by a training fact of one of them alone"
        return Check("figure", None, said)
    entities = sorted(both[0].entities.keys() & both[1].entities.keys())
    place = {name: row for row, name in enumerate(entities)}
    types = sorted({relation for _, relation, _ in facts})
    number = {name: row for row, name in enumerate(types)}

    def rows(triples: Iterable[Fact]) -> Ints:
        inside = [
            (place[h], number[r], place[t]) for h, r, t in triples if h in place and t in place
        ]
        return np.array(inside, np.int64).reshape(-1, 3)

    asked = rows(facts)
    nothing = np.zeros((0, 3), np.int64)
    known = Dataset(entities, types, rows(world.answers(facts)), nothing, asked)
    before, after = (1 / ranks(side.scorer(entities, types), known, asked) for side in both)
    worse = (before - after).reshape(2, -1).mean(0)  # one difference a fact
    wavers = 2 * float(worse.std(ddof=1)) / len(worse) ** 0.5 if len(worse) > 1 else 1.0
    allowed = max(bounds.margin, wavers)
    said = (
        f"MRR {after.mean():.4f}, live {before.mean():.4f}, of {len(asked):,} facts both held out "
        f"(at most {allowed:.4f} worse)"
    )
    least = max(0.0, before.mean() - allowed)
    figures = _numbers(now=after.mean(), live=before.mean(), least=least, most=1.0)
    return Check("figure", bool(worse.mean() <= allowed), said, figures)


def _numbers(**figures: Any) -> dict[str, float]:
    return {name: float(value) for name, value in figures.items()}


class _Side:
    """One of two runs, by ids instead of rows."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        names, types = artifact.entity_ids(), artifact.relation_types
        self.entities = {name: row for row, name in enumerate(names)}
        self.types = {name: row for row, name in enumerate(types)}
        continued = artifact.continued()
        held_out = [] if continued is None else [continued.test.tolist(), continued.valid.tolist()]
        parts = [{(names[h], types[r], names[t]) for h, r, t in part} for part in held_out]
        self.test = parts[0] if parts else set()
        self.held_out = set().union(*parts)
        self.unit = unit_of_split(artifact.manifest)

    def scorer(self, entities: Sequence[str], types: Sequence[str]) -> Scorer:
        """The run's scorer of these entities and relations alone, in this order."""
        whole = load_scorer(self.artifact)
        rows = torch.tensor([self.entities[name] for name in entities])
        forward = torch.tensor([self.types[name] for name in types])
        kinds = torch.cat([forward, forward + whole.relation_count])
        return Scorer(
            whole.formula,
            whole.entities[rows],
            whole.relations[kinds],
            None if whole.components is None else whole.components[rows],
            None if whole.gates is None else whole.gates[kinds],
            whole.loops[kinds],
        )


def _step(both: Sequence[_Side]) -> int:
    return max(1, len(both[0].test & both[1].test) // FACTS)


def _as_hard_for_both(facts: list[Fact], both: Sequence[_Side], world: GraphAnswers) -> list[Fact]:
    """Without those whose ends are joined by a training fact of a run that held out single facts,
    where the other one held out pairs: the first could read their answers off (`splits.py`)."""
    if {side.unit for side in both} != {"fact", "pair"}:
        return facts
    single = next(side for side in both if side.unit == "fact")
    others = (fact for fact in world.between(facts) if fact not in single.held_out)
    joined = {frozenset((head, tail)) for head, _, tail in others}
    return [fact for fact in facts if frozenset((fact[0], fact[2])) not in joined]


def _canaries(artifact: Artifact, canaries: Sequence[Canary]) -> Iterator[Check]:
    if not canaries:
        return
    place = {name: row for row, name in enumerate(artifact.iter_entity_ids())}
    vectors = torch.from_numpy(artifact.rows("embedding", 0, artifact.entities))
    vectors = torch.nn.functional.normalize(vectors)
    for canary in canaries:
        name = f"canary {canary.entity}"
        lacking = [each for each in (canary.entity, canary.neighbour) if each not in place]
        if lacking:
            yield Check(name, False, f"{lacking[0]!r} of a canary is not in this run")
            continue
        at = _place(vectors, place[canary.entity], place[canary.neighbour])
        said = (
            f"{canary.neighbour!r} is number {at:,} of the nearest of {canary.entity!r} "
            f"(at most {canary.within:,})"
        )
        figures = _numbers(now=at, least=1, most=canary.within)
        yield Check(name, at <= canary.within, said, figures)


def _place(vectors: torch.Tensor, row: int, neighbour: int) -> int:
    """Which of the nearest of a row another one is, from 1."""
    with full_precision():
        cosines = vectors @ vectors[row]
    cosines[row] = -torch.inf
    return int((cosines > cosines[neighbour]).sum()) + 1


def described(verdict: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """A table's rows of `Verdict.as_dict`: what, whether it passed, what was found."""
    words = {True: "passed", False: "refused", None: "not asked"}
    return [(c["name"], words[c["passed"]], c["said"]) for c in verdict["checks"]]
