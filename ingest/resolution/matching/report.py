"""`kg match report A B`: what speaks for two entities being one, and what decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.resolution.matching.explain import PairWeights, load_frequencies, weights_of
from ingest.resolution.matching.job import KIND, rejected_pairs
from ingest.resolution.matching.keys import key_pairs
from ingest.resolution.matching.plan import SavedModels, folder_of, load_models
from ingest.resolution.matching.reading import EntityReader, MergeHistory
from ingest.resolution.matching.rules import MatchRules
from ingest.resolution.matching.staging import stage
from ingest.resolution.matching.store import MatchStore
from kg_platform.cypher import matching as cypher
from kg_platform.cypher.browse import TYPES_OF
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.platform import Platform


@dataclass(frozen=True)
class PairReport:
    """Two entities: the run whose model speaks, each comparison with its level and bits, and in a
    sentence what decides. `weights` is None where a model has nothing to say."""

    one: str
    other: str
    run_id: str | None
    decision: str
    weights: PairWeights | None = None
    grounds: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "one": self.one, "other": self.other, "run": self.run_id, "decision": self.decision,
        }  # fmt: skip
        if self.weights is not None:
            said["comparisons"] = [
                {"what": what, "level": level, "bits": bits}
                for what, level, bits in self.weights.comparisons
            ]
            said["prior"] = self.weights.prior
            said["sum"] = self.weights.total
            said["probability"] = self.weights.probability
        return {**said, "grounds": self.grounds}


def explain_pair(platform: Platform, one: str, other: str) -> PairReport:
    """Explain two entities by the model of the last run; of two that were merged, what was said
    then.

    Raises:
        BadInput: they are one and the same. NotFound: one is not there, or nothing was matched yet.
    """
    if one == other:
        raise BadInput(f"{one} is one entity; name two.")
    graph = platform.graph
    given = {"one": one, "other": other}
    there = {
        row["id"]: row["type"] for row in graph.read(Statement(TYPES_OF, {"ids": [one, other]}))
    }
    if len(there) < 2 and (said := graph.read(Statement(cypher.MERGES_OF_PAIR, given))):
        return _merged(one, other, said[0]["merge"])
    saved = _last_models(platform)
    rules = MatchRules.model_validate(saved.rules)
    reader = EntityReader(graph, rules, MergeHistory.of(graph))
    batch = reader.some([one, other])
    run_id = saved.folder.parent.name
    if len(set(there.values())) > 1:
        types = " and ".join(sorted(str(kind) for kind in there.values()))
        return PairReport(
            one, other, run_id, f"They are of two types, {types}: each is matched on its own."
        )
    model = saved.models.get(str(there[one]))
    notes: list[str] = []
    with MatchStore() as store:
        table = stage(store, "entities", rules, [batch])
        free = rules.model_copy(update={"across": "all"})
        keys = key_pairs(store, table, free, notes)
        weights = None
        if model is not None:
            name = saved.files[str(there[one])]
            load_frequencies(store, table, model, saved.folder, name)
            ends = (min(one, other), max(one, other))
            weights = weights_of(store, table, model, [ends]).get(ends)
    decision = _decision(platform, rules, reader, one, other, keys[0].key if keys else "", weights)
    return PairReport(one, other, run_id, decision, weights)


def _last_models(platform: Platform) -> SavedModels:
    for run in platform.ledger.runs(KIND, 1_000):
        if "model_of" in run.record:
            last = str(run.record["model_of"])
            return load_models(folder_of(platform.settings, last), last)
    raise NotFound("Nothing was matched yet, so there is no model to explain by; run `kg match`.")


def _merged(one: str, other: str, merge: dict[str, Any]) -> PairReport:
    run = str(merge.get("run") or "") or None
    pair: Sequence[str] = merge.get("pair") or ()
    by = f" by {merge['by']}" if merge.get("by") else ""
    score = merge.get("score")
    chance = f", probability {score:.4f}" if isinstance(score, float) else ""
    why = f"; decided by {merge['why']}{chance}" if merge.get("why") else ""
    through = f", as {' and '.join(pair)} are one" if pair and {*pair} != {one, other} else ""
    said = f"{merge['gone']} was merged into {merge['kept']}{by}{why}{through}."
    return PairReport(one, other, run, said, None, list(merge.get("grounds") or ()))


def _decision(
    platform: Platform,
    rules: MatchRules,
    reader: EntityReader,
    one: str,
    other: str,
    key: str,
    weights: PairWeights | None,
) -> str:
    limits = rules.thresholds
    shared = sorted(reader.sources[one] & reader.sources[other])
    rejected = rejected_pairs(platform.graph, platform.ledger)
    if (min(one, other), max(one, other)) in rejected:
        return "Somebody rejected it in review, so they are never merged."
    if rules.across == "sources" and shared:
        named = ", ".join(name or "no name" for name in shared)
        return f"Both are of the source {named}, and `across: sources` merges no two of one."
    if key:
        return f"They agree in the key {key}, so they are one."
    if weights is None:
        return "No model speaks of them; `kg match` trains one."
    chance = f"{weights.probability:.4f}"
    if weights.probability >= limits.merge:
        return (
            f"{chance} is at least {limits.merge:g} (merge): they are merged if a block finds them "
            "and neither has a better partner."
        )
    if weights.probability >= limits.ask:
        return (
            f"{chance} is between {limits.ask:g} (ask) and {limits.merge:g} (merge): a person is "
            "asked."
        )
    return f"{chance} is below {limits.ask:g} (ask): nothing is done."
