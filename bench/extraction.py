"""How well facts are read from prose: precision, recall and F1 of entities and of relations.

    python -m bench.extraction --seeds 3 --sentences 1000
    python -m bench.extraction --part choose --errors 20      # what the patterns were chosen by

The sentences are of `extraction_sentences.py`, about the demo world. Nothing of the report's half
of the templates was looked at while patterns were written.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.extraction_sentences import MadeSentence, Part, sentences_of
from ingest.extraction.names.meaning import Meant, SelfDescription
from ingest.extraction.names.name_index import NamedThing, NameIndex
from ingest.extraction.names.relation_types import RelationTypes
from ingest.extraction.patterns.templates import default_patterns
from ingest.extraction.rules import PatternModel
from ingest.extraction.sentences import PlacedSentence
from ingest.extraction.stated import ExtractionModel
from ingest.sources.demo.world import World, build, countries, read_names
from kg_platform.documents.passages import TextPlace


@dataclass
class Tally:
    """Right ones, those that are found and wrong, and those that are not found."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, found: Iterable[object], true: Iterable[object]) -> None:
        got, wanted = set(found), set(true)
        self.right += len(got & wanted)
        self.wrong += len(got - wanted)
        self.missed += len(wanted - got)

    def figures(self) -> dict[str, float]:
        precision = self.right / max(1, self.right + self.wrong)
        recall = self.right / max(1, self.right + self.missed)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return {"precision": precision, "recall": recall, "f1": f1}


def pattern_model(world: World, *, new: bool = True) -> PatternModel:
    """The offline default, on a graph that has this world."""
    rows = world.entities
    index = NameIndex(
        NamedThing(r["id"], r["label"], r.get("aliases", ()), r["type"]) for r in rows.values()
    )
    kinds = {r["id"]: r["type"] for r in rows.values()}
    types = RelationTypes.of((r, kinds[h], kinds[t]) for h, r, t in world.triples)
    near: dict[str, list[str]] = {}
    for head, _, tail in world.triples:
        near.setdefault(head, []).append(str(rows[tail]["label"]))
        near.setdefault(tail, []).append(str(rows[head]["label"]))

    def describe(ids: Sequence[str], /) -> dict[str, SelfDescription]:
        return {
            i: SelfDescription(
                f"{rows[i]['label']} {rows[i].get('description', '')} "
                + " ".join(sorted(near.get(i, ()))[:50])
            )
            for i in ids
        }

    return PatternModel(index, types, default_patterns(types.ends), Meant(describe), new=new)


def measure(
    model: ExtractionModel, made: Iterable[MadeSentence], errors: int = 0
) -> tuple[Tally, Tally]:
    """(entities, relations); the first `errors` sentences that went wrong are printed."""
    entities, relations = Tally(), Tally()
    for one in made:
        found = model.read(PlacedSentence(one.text, TextPlace("bench")))
        facts = {fact.ends for fact in found.facts}
        entities.add((e.id for e in found.entities), one.entities)
        relations.add(facts, one.facts)
        named = {e.id for e in found.entities}
        if errors and (facts != one.facts or named != one.entities):
            errors -= 1
            print(one.text)
            both = ("fact", facts, one.facts), ("entity", named, one.entities)
            for what, got, wanted in both:
                for extra in got - wanted:
                    print(f"    {what} too much: {extra}")
                for lost in wanted - got:
                    print(f"    {what} missed: {lost}")
    return entities, relations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=1_000)
    parser.add_argument("--part", choices=("choose", "report"), default="report")
    parser.add_argument("--errors", type=int, default=0)
    given = parser.parse_args()
    part: Part = given.part
    world = build(countries(), read_names())
    model = pattern_model(world)
    for seed in range(given.seeds):
        begun = time.perf_counter()
        made = list(sentences_of(world, part, given.sentences, seed))
        entities, relations = measure(model, made, given.errors)
        print(json.dumps({
            "part": part, "seed": seed, "sentences": len(made),
            "entities": {k: round(v, 4) for k, v in entities.figures().items()},
            "relations": {k: round(v, 4) for k, v in relations.figures().items()},
            "seconds": round(time.perf_counter() - begun, 1),
        }))  # fmt: skip


if __name__ == "__main__":
    main()
