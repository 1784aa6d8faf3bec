"""How much facts of a relationship type weigh: in the loss, and in what a person may write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.data.dataset import Dataset
from embeddings.models.interactions.registry import interaction
from embeddings.models.network import Network
from embeddings.training.options import LOSSES, TrainOptions
from embeddings.training.train import fingerprint, objective
from kg_platform.errors import BadInput
from tests.support.facts import draw

CPU = torch.device("cpu")
ROOM = 1 << 20


def options(**chosen: Any) -> TrainOptions:
    given = {"dimension": 16, "batch": 1_000, "device": "cpu", "relation_prediction": 0.5} | chosen
    return TrainOptions(**given).resolved(100, 40)


def network() -> Network:
    made = Network(
        interaction("complex"), 40, 3, 16, "concat", {}, torch.Generator().manual_seed(1)
    )
    with torch.no_grad():
        made.structure.mul_(1000)
        made.relations.mul_(1000)
    return made


def mean(dataset: Dataset, loss: str, weight: float) -> float:
    """The loss of all facts at once, those of the first type weighing so much."""
    name = dataset.relation_types[0]
    text = f'{{"{name}": {weight}}}'
    made = objective(dataset, options(loss=loss, relation_weights=text), CPU)
    (batch,) = made.batches(np.random.default_rng(0))
    return float(made.loss(network(), batch, None, ROOM).detach())


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_is_the_weighted_mean_of_the_losses_of_facts(loss: str) -> None:
    dataset = draw()
    own = int((dataset.train[:, 1] == 0).sum())
    others = len(dataset.train) - own
    if loss == "k-vs-all":  # it speaks of queries, each of one type
        heads = dataset.train[:, [0, 1]], dataset.train[:, [2, 1]]
        queries = [np.unique(one, axis=0)[:, 1] for one in heads]
        own = sum(int((one == 0).sum()) for one in queries)
        others = sum(len(one) for one in queries) - own
    # Summed over facts, the loss is linear in the weight: sum = own part * weight + the rest.
    extra = {weight: mean(dataset, loss, weight) * (own * weight + others) for weight in (1, 2, 4)}
    assert extra[4] - extra[2] == pytest.approx(2 * (extra[2] - extra[1]), rel=2e-3)
    assert extra[2] != pytest.approx(extra[1], rel=1e-2)


def test_what_weighs_more_than_all_others_is_all_that_counts() -> None:
    dataset = draw()
    alone = replace(dataset, train=dataset.train[dataset.train[:, 1] == 0])
    assert mean(dataset, "1-vs-all", 1e6) == pytest.approx(mean(alone, "1-vs-all", 1), rel=1e-3)


def test_weights_of_one_change_nothing_and_others_are_another_training() -> None:
    dataset = draw()
    name = dataset.relation_types[0]
    one = objective(dataset, options(relation_weights=f'{{"{name}": 1}}'), CPU)
    plain = objective(dataset, options(), CPU)
    (first,), (second,) = (list(made.batches(np.random.default_rng(0))) for made in (one, plain))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    weighed = options(relation_weights=f'{{"{name}": 2}}')
    assert fingerprint(dataset, weighed) != fingerprint(dataset, options())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("LANGUAGE=2", "relation_weights is JSON, such as"),
        ("[1]", "has a number a type"),
        ('{"A": "much"}', "has a number a type"),
        ('{"A": 0}', "The weight of A must be above 0, not 0; to leave a type out"),
        ('{"A": NaN}', "must be above 0, not nan"),
    ],
)
def test_what_is_no_weight_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        options(relation_weights=text)
