"""What becomes of the entities of one type: exact keys, then scores, then groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.resolution.matching.explain import (
    PairWeights,
    keep_frequencies,
    save_frequencies,
    weights_of,
)
from ingest.resolution.matching.grouping import Grouped, ScoredPair, group
from ingest.resolution.matching.keys import key_pairs
from ingest.resolution.matching.plan import MatchPlan, PlannedMerge, PlannedQuestion
from ingest.resolution.matching.reading import EntityReader, MergeHistory
from ingest.resolution.matching.rules import MatchRules
from ingest.resolution.matching.scoring import Pairs, ScoreModel, log_odds, score
from ingest.resolution.matching.staging import StagedTable, choose, stage
from ingest.resolution.matching.store import MatchStore
from ingest.resolution.matching.training import train
from kg_platform.cypher.merging import COUNT_FACTS
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph
from kg_platform.progress import Progress

FEWEST = 10  # pairs that are one, for a model to be trusted that was learnt from them
NEVER = 2.0  # a probability that no pair has
SUREST = 1 - 1e-9  # of a score; only a key is certain
MOST_ASKED = 5_000  # of a type in a run; the likeliest
_COUNTED = 5_000  # entities in one statement
_TIE = "the best partner of its source has a rival as good as it; choose one, or both"


@dataclass
class Decisions:
    """What a run decides, type by type."""

    plan: MatchPlan = field(default_factory=MatchPlan)
    models: dict[str, ScoreModel] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)  # of all entities that were read

    def add(self, name: str, **figures: Any) -> None:
        types = self.plan.figures.setdefault("types", {})
        types[name] = figures
        for key in ("entities", "new_entities", "pairs", "to_merge", "to_ask", "kept_apart"):
            total = self.plan.figures.get(key, 0)
            self.plan.figures[key] = total + figures.get(key, 0)

    def say_unknown(self, trust: Iterable[str]) -> None:
        """Note the sources that are trusted and that nothing is of, as a misspelt one is."""
        if lost := [one for one in trust if one not in self.sources]:
            there = ", ".join(sorted(filter(None, self.sources))) or "none"
            self.plan.notes.append(
                f"trust: no entity that was read is of {', '.join(lost)}; there are {there}."
            )


class TypeMatcher:
    """Decides for one type after the other."""

    def __init__(
        self,
        graph: Graph,
        rules: MatchRules,
        history: MergeHistory,
        rejected: set[tuple[str, str]],
        since: int | None,
    ) -> None:
        self._graph, self._rules, self._history = graph, rules, history
        self._rejected, self._since = rejected, since

    def decide(
        self,
        name: str,
        made: Decisions,
        model: ScoreModel | None,
        report: Progress,
        place: tuple[Path, str] | None,
    ) -> None:
        """Add what becomes of a type's entities. Without a `model` one is trained, and how frequent
        values are is kept at `place` (folder, name) for reports."""
        rules = self._rules
        reader = EntityReader(self._graph, rules, self._history, self._since)
        notes: list[str] = []
        with MatchStore() as store:
            table = stage(store, "entities", rules, _counted(reader, name, report))
            new = choose(store, table, reader.fresh) if self._since is not None else None
            pairs: list[ScoredPair] = []
            learnt = model is None
            if new is None or new.count:
                pairs, model = self._scored(store, table, new, model, notes, report)
            sources = reader.sources if rules.across == "sources" else None
            limits = rules.thresholds
            merge = limits.merge
            if learnt and model is not None:
                model = replace(model, trusted=_likely(pairs) >= FEWEST)
            if self._graph.adoption is not None:
                merge = NEVER
                notes.append(
                    "the graph was adopted, so nothing is merged that nobody was asked about"
                )
            elif model is not None and not model.trusted:
                merge = 1.0  # by keys alone
                notes.append(
                    f"fewer than {FEWEST} pairs look like one, too few to learn from: what is not "
                    "one by a key is asked about, not merged"
                )
            found = group(pairs, merge, limits.ask, sources, self._rejected)
            asked = self._asked(found, notes)
            weights: dict[tuple[str, str], PairWeights] = {}
            if model is not None:
                keep_frequencies(store, table, model)
                wanted = [pair.ends for pair in [*found.merged, *(one for one, _ in asked)]]
                weights = weights_of(store, table, model, wanted)
                if place is not None:
                    made.models[name] = model
                    save_frequencies(store, table, model, *place)
        self._say(name, table, notes, model)
        kept = self._kept(found.groups, reader)
        made.sources.update(*reader.sources.values())
        made.plan.notes += [f"{name}: {note}." for note in notes]
        made.plan.merges += _merges(name, found, kept, weights)
        made.plan.questions += _questions(name, asked, kept, weights, reader)
        made.add(
            name,
            entities=table.count,
            new_entities=table.count if new is None else new.count,
            pairs=len(pairs),
            to_merge=sum(len(each) - 1 for each in found.groups),
            to_ask=len(asked),
            kept_apart=found.apart + found.rejected,
            prior=None if model is None else model.prior,
        )

    def _scored(
        self,
        store: MatchStore,
        table: StagedTable,
        new: StagedTable | None,
        model: ScoreModel | None,
        notes: list[str],
        report: Progress,
    ) -> tuple[list[ScoredPair], ScoreModel | None]:
        rules = self._rules
        exact = key_pairs(store, table, rules, notes, new)
        if model is None and new is None:
            model = train(store, table, rules, report)
        if model is None:
            return exact, None
        report("score", 0, 1)
        model, scored = score(store, table, model, new)
        report("score", 1, 1)
        notes += model.notes
        return _together(exact, scored, model, rules.thresholds.ask), model

    def _asked(self, found: Grouped, notes: list[str]) -> list[tuple[ScoredPair, str]]:
        asked = sorted(found.asked, key=lambda each: (-each[0].weight, each[0].ends))
        if len(asked) > MOST_ASKED:
            notes.append(
                f"{len(asked):,} pairs are to be asked about; the {MOST_ASKED:,} likeliest are, "
                "and the others when these are decided and `kg match` runs again"
            )
        return asked[:MOST_ASKED]

    def _say(
        self, name: str, table: StagedTable, notes: list[str], model: ScoreModel | None
    ) -> None:
        if table.empty and table.count:
            notes.append(
                f"none of them has {', '.join(sorted(table.empty))}, so what the rules say of that "
                "does nothing here"
            )
        if self._rules.across == "sources" and table.sources < 2:
            notes.append(
                "all are of one source, and `across: sources` merges no two of one; `across: all` "
                "does"
            )
        elif model is None and self._rules.compare:
            why = "no block makes a pair" if self._since is None else "there is no model of it yet"
            notes.append(f"nothing was scored, as {why}")

    def _kept(self, groups: Iterable[Sequence[str]], reader: EntityReader) -> dict[str, str]:
        """Every entity of a group -> the one of it that is kept."""
        every = list(groups)
        members = iter([one for each in every for one in each])
        facts: dict[str, int] = {}
        while some := list(islice(members, _COUNTED)):
            rows = self._graph.read(Statement(COUNT_FACTS, {"ids": some}))
            facts.update((row["id"], row["facts"]) for row in rows)
        trust = {source: i for i, source in enumerate(self._rules.trust)}

        def rank(one: str) -> tuple[int, int, str]:
            trusted = min(trust.get(each, len(trust)) for each in reader.sources.get(one, {""}))
            return trusted, -facts.get(one, 0), one

        return {one: min(each, key=rank) for each in every for one in each}


def _likely(pairs: Iterable[ScoredPair]) -> int:
    """Pairs that are rather one than not, and not by a key."""
    return sum(pair.probability >= 0.5 and not pair.key for pair in pairs)


def _counted(reader: EntityReader, name: str, report: Progress) -> Iterable[Any]:
    done = 0
    for batch in reader.batches(name):
        yield batch
        done += len(batch.ids)
        report(f"read {name}", done, None)


def _together(
    exact: Sequence[ScoredPair], scored: Pairs, model: ScoreModel, ask: float
) -> list[ScoredPair]:
    """Each pair once; a key decides before a score."""
    found = {pair.ends: pair for pair in exact}
    for one, other, probability in zip(*scored, strict=True):
        if probability < ask:
            break  # the likeliest come first
        ends = (one, other) if one < other else (other, one)
        chance = min(float(probability), SUREST)
        found.setdefault(ends, ScoredPair(*ends, chance, log_odds(chance)))
    return list(found.values())


def _merges(
    name: str,
    found: Grouped,
    kept: dict[str, str],
    weights: dict[tuple[str, str], PairWeights],
) -> list[PlannedMerge]:
    """A merge for each entity that goes, with the best pair that it is in."""
    best: dict[str, ScoredPair] = {}
    for pair in found.merged:
        for end in pair.ends:
            best.setdefault(end, pair)
    planned = []
    for each in found.groups:
        for gone in each:
            if kept[gone] == gone:
                continue
            pair = best[gone]
            known = weights.get(pair.ends)
            planned.append(
                PlannedMerge(
                    name, kept[gone], gone, list(pair.ends), pair.probability, pair.key,
                    known.lines() if known else [],
                )
            )  # fmt: skip
    return planned


def _questions(
    name: str,
    asked: Iterable[tuple[ScoredPair, str]],
    kept: dict[str, str],
    weights: dict[tuple[str, str], PairWeights],
    reader: EntityReader,
) -> list[PlannedQuestion]:
    """Questions about the entities that stand after merging, each pair once."""
    found: dict[tuple[str, str], PlannedQuestion] = {}
    for pair, why in asked:
        one, other = sorted(kept.get(end, end) for end in pair.ends)
        if one == other or (one, other) in found:
            continue
        known = weights.get(pair.ends)
        lines = known.lines() if known else []
        if pair.key:
            lines = [["key", f"both have the same {pair.key}"], *lines]
        said = [reader.labels.get(end, end) for end in (one, other)]
        sentence = f"{min(99, int(100 * pair.probability))}% likely to be one, by what they say"
        if why or pair.key:
            sentence = _TIE if why else f"they agree in the key {pair.key}"
        found[one, other] = PlannedQuestion(
            name, one, other, said, pair.probability, sentence, lines
        )
    return list(found.values())
