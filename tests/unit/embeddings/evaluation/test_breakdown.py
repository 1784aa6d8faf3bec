"""Figures in parts, each held to the slow, obvious way of counting it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from embeddings.data.dataset import Dataset
from embeddings.evaluation.breakdown import (
    KINDS,
    break_down,
    cardinalities,
    degree_buckets,
    degree_names,
    rank_in_parts,
)
from embeddings.evaluation.ranking import metrics, rank, rankings
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from kg_platform.errors import BadInput
from tests.support.facts import ENTITIES, RELATIONS, draw, features


@dataclass
class Fixed:
    scorer: Scorer


def fixed() -> Fixed:
    generator = torch.Generator().manual_seed(0)
    entities = torch.randint(4, (ENTITIES, 6), generator=generator).float()
    relations = torch.randint(4, (2 * RELATIONS, 6), generator=generator).float()
    return Fixed(Scorer(interaction("distmult"), entities, relations))


def dataset() -> Dataset:
    """Relation 1 is 1-n: entity 3 has it to many; two modalities, each missing somewhere."""
    drawn = draw(triples=300)
    star = np.array([[3, 1, tail] for tail in range(10, 35)])
    return replace(
        drawn,
        train=np.concatenate([drawn.train[drawn.train[:, 1] != 1], star]),
        features={"text": features(share=0.6), "image": features("image", share=0.3, seed=1)},
    )


def slow_kind(train: np.ndarray, relation: int) -> str:
    tails, heads = defaultdict(set), defaultdict(set)
    for h, r, t in train.tolist():
        if r == relation:
            tails[h].add(t)
            heads[t].add(h)
    if not tails:
        return "untrained"
    many_heads = np.mean([len(found) for found in heads.values()]) >= 1.5
    many_tails = np.mean([len(found) for found in tails.values()]) >= 1.5
    return f"{'n' if many_heads else '1'}-{'n' if many_tails else '1'}"


def slow_bucket(train: np.ndarray, entity: int) -> str:
    degree = sum(entity in (h, t) for h, _, t in train.tolist())
    for name in degree_names():
        first, _, last = name.partition("-")
        if name.endswith("+"):
            return name
        if int(first) <= degree <= int(last or first):
            return name
    raise AssertionError(degree)


def test_every_part_is_the_figures_of_its_own_rankings() -> None:
    given = dataset()
    found = rankings(fixed().scorer, given, given.test)
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    n = len(given.test)
    for i, (h, r, t) in enumerate(np.concatenate([given.test, given.test]).tolist()):
        end, missing = ("tail", t) if i < n else ("head", h)
        members["direction", end].append(i)
        members["relation", f"r{r}"].append(i)
        members["cardinality", f"{slow_kind(given.train, r)} {end}"].append(i)
        members["degree", slow_bucket(given.train, missing)].append(i)
        for name, one in given.features.items():
            has = "with" if one.present[missing] else "without"
            members["modality", f"{has} {name}"].append(i)
    expected: dict[str, dict[str, object]] = defaultdict(dict)
    for (part, name), own in members.items():
        expected[part][name] = metrics(found.ranks[own], found.candidates[own])
    parts = break_down(found, given, given.test)
    assert parts.overall == rank(fixed(), given)
    for part, rows in expected.items():
        assert getattr(parts, part) == rows, part
    assert len(parts.cardinality) > 2
    assert len(parts.degree) > 1
    assert len(parts.modality) == 4


def test_it_is_plain_json_with_counts() -> None:
    given = dataset()
    found = json.loads(json.dumps(rank_in_parts(fixed(), given).as_dict()))
    assert set(found["overall"]) == {"mrr", "hits@1", "hits@3", "hits@10", "amri", "count"}
    for part, rows in found.items():
        if part not in ("overall", "modality"):
            assert sum(row["count"] for row in rows.values()) == 2 * len(given.test), part
    text = [row["count"] for name, row in found["modality"].items() if name.endswith("text")]
    assert sum(text) == 2 * len(given.test)


def test_cardinality_by_the_usual_threshold() -> None:
    """Tails a head and heads a tail, on average; 1.5 is many; copies of a fact count once."""
    rows = {
        0: [(0, 1), (2, 3), (2, 3)],  # one to one, written twice
        1: [(0, 1), (0, 2)],  # a head has two tails
        2: [(1, 0), (2, 0)],
        3: [(0, 1), (0, 2), (3, 1), (3, 2)],
        4: [(0, 1), (0, 2), (3, 4)],  # tails a head: 3 / 2 = 1.5
        5: [(0, 1), (0, 2), (3, 4), (5, 6)],  # 4 / 3 < 1.5
    }
    train = np.array([(h, r, t) for r, pairs in rows.items() for h, t in pairs])
    found = [KINDS[kind] for kind in cardinalities(train, 7)]
    assert found == ["1-1", "1-n", "n-1", "n-n", "1-n", "1-1", "untrained"]
    assert found == [slow_kind(train, r) for r in range(7)]


def test_a_loop_is_one_fact_of_its_entity() -> None:
    given = replace(dataset(), train=np.array([[0, 0, 0], [0, 0, 1]]))
    buckets = [degree_names()[i] for i in degree_buckets(given)]
    assert buckets[:3] == ["2-3", "1", "0"]


def test_degree_buckets_meet_without_gaps() -> None:
    names = degree_names()
    assert names[:4] == ("0", "1", "2-3", "4-7")
    assert names[-1] == "128+"


def test_one_relation_with_one_triple() -> None:
    given = Dataset(
        [f"e{i}" for i in range(ENTITIES)],
        ["r0", "r1", "r2"],
        np.array([[0, 0, 1]]),
        np.empty((0, 3), np.int64),
        np.array([[2, 1, 3]]),
    )
    found = rank_in_parts(fixed(), given)
    assert set(found.relation) == {"r1"}
    assert set(found.cardinality) == {"untrained tail", "untrained head"}
    assert found.relation["r1"] == found.overall == found.degree["0"]
    assert found.modality == {}


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(BadInput, match="test split has no facts"):
        rank_in_parts(fixed(), replace(dataset(), test=np.empty((0, 3), np.int64)))
