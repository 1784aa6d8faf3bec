"""How far facts that arrived contradict the model, with vectors made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from embeddings.data.dataset import Dataset
from embeddings.data.triples import Ints
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from embeddings.refresh.world_drift import LEAST, WorldDrift, measured

GROUPS, SIZE = 8, 10
COUNT = GROUPS * SIZE


def scorer() -> Scorer:
    """Entities of one group are alike; both relations hold within groups."""
    entities = torch.eye(GROUPS).repeat_interleave(SIZE, 0)
    return Scorer(interaction("distmult"), entities, torch.ones(4, GROUPS))


def facts(count: int, relation: int, within: bool, seed: int) -> Ints:
    draw = np.random.default_rng(seed)
    heads = draw.integers(0, COUNT, count)
    group = heads // SIZE if within else (heads // SIZE + draw.integers(1, GROUPS, count)) % GROUPS
    tails = group * SIZE + draw.integers(0, SIZE, count)
    return np.stack([heads, np.full(count, relation), tails], axis=1).astype(np.int64)


def drift(held: Ints, arrived: Ints) -> WorldDrift:
    names = [f"e{row}" for row in range(COUNT)]
    nothing = np.zeros((0, 3), np.int64)
    dataset = Dataset(names, ["likes", "hates"], nothing, held, arrived)

    def types(ids: Sequence[str]) -> dict[str, str]:
        return {one: "Even" if int(one[1:]) % 2 == 0 else "Odd" for one in ids}

    return measured(scorer, dataset, "run", 3, types)


def test_facts_as_before_are_no_drift() -> None:
    found = drift(facts(100, 0, True, 1), facts(100, 0, True, 2))
    assert found.drift is not None
    assert found.margin is not None
    assert found.drift < 2 * found.margin
    assert (found.arrived, found.ranked, found.unknown) == (100, 100, 3)


def test_facts_that_contradict_are_drift_and_the_relation_is_named() -> None:
    held = np.concatenate([facts(60, 0, True, 1), facts(60, 1, True, 2)])
    arrived = np.concatenate([facts(60, 0, True, 3), facts(60, 1, False, 4)])
    found = drift(held, arrived)
    assert found.drift is not None
    assert 0.3 < found.drift < 0.6
    assert [one.name for one in found.relations] == ["hates", "likes"]
    assert found.relations[0].drift > 0.8
    assert {one.name for one in found.types} == {"Even", "Odd"}


def test_more_of_a_hard_relation_is_no_drift() -> None:
    held = np.concatenate([facts(90, 0, True, 1), facts(90, 1, False, 2)])
    found = drift(held, facts(90, 1, False, 3))
    assert found.drift is not None
    assert found.margin is not None
    assert found.drift < 2 * found.margin


def test_few_facts_say_nothing() -> None:
    found = drift(facts(60, 0, True, 1), facts(LEAST - 1, 0, False, 2))
    assert (found.drift, found.arrived) == (None, LEAST - 1)
    assert found.as_dict()["relations"] == []
