"""The objectives against slow, obvious twins."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.models.interactions.registry import interaction
from embeddings.models.network import Network
from embeddings.training.negative_sampling import Sampled
from embeddings.training.one_vs_all import AgainstAll
from embeddings.training.options import LOSSES, TrainOptions
from embeddings.training.train import objective
from tests.support.facts import ENTITIES, RELATIONS, draw

CPU = torch.device("cpu")
WIDTH = 8
ROOM = 1 << 20


def network(name: str) -> Network:
    generator = torch.Generator().manual_seed(3)
    made = Network(interaction(name), ENTITIES, RELATIONS, WIDTH, "concat", {}, generator)
    with torch.no_grad():
        made.structure.normal_(generator=generator)
        made.relations.normal_(generator=generator)
        made.loops.normal_(generator=generator)
    return made


def all_scores(made: Network, head: int, relation: int) -> torch.Tensor:
    """(N,) of every entity as the tail."""
    ends = made.structure[head], made.relations[relation]
    scores = made.formula.triples(*ends, made.structure).detach().clone()
    scores[head] += made.loops.detach()[relation]
    return scores


def options(**chosen: Any) -> TrainOptions:
    given = {"regularisation": 0.0, "precision": "fp32", "dimension": WIDTH, **chosen}
    return TrainOptions(**given).resolved(100, ENTITIES)


def facts() -> list[tuple[int, int, int]]:
    """Training facts in both directions."""
    found = []
    for h, r, t in draw().train.tolist():
        found += [(h, r, t), (t, r + RELATIONS, h)]
    return found


def size(made: Network, rows: torch.Tensor, regulariser: str) -> float:
    moduli = made.formula.entity_slots(rows.detach())[0].abs()
    return float(moduli.pow(3 if regulariser == "n3" else 2).sum())


@pytest.mark.parametrize("regulariser", ["n3", "l2"])
def test_one_against_all_is_the_mean_over_single_facts(regulariser: str) -> None:
    made, weight, predicting = network("complex"), 0.3, 0.7
    chosen = options(
        batch=10_000,
        regulariser=regulariser,
        regularisation=weight,
        relation_prediction=predicting,
    )
    whole = AgainstAll(draw(), chosen, CPU)
    (batch,) = whole.batches(np.random.default_rng(0))
    expected = 0.0
    for head, relation, tail in facts():
        ends = made.structure[head], made.structure[tail]
        expected -= float(all_scores(made, head, relation).log_softmax(0)[tail])
        kinds = made.formula.triples(ends[0], made.relations, ends[1])
        expected -= predicting * float(kinds.detach().log_softmax(0)[relation])
        factors = ends[0], made.relations[relation], ends[1]
        expected += weight * sum(size(made, x, regulariser) for x in factors)
    found = float(whole.loss(made, batch, None, ROOM).detach())
    assert found == pytest.approx(expected / len(facts()), rel=1e-4)


@pytest.mark.parametrize("model", ["distmult", "transe"])
def test_all_against_all_is_the_mean_over_queries(model: str) -> None:
    made = network(model)
    whole = AgainstAll(draw(), options(batch=10_000, loss="k-vs-all", model=model), CPU)
    (batch,) = whole.batches(np.random.default_rng(0))
    expected, queries = 0.0, {(h, r) for h, r, _ in facts()}
    for head, relation in queries:
        for tail, score in enumerate(all_scores(made, head, relation).tolist()):
            true = (head, relation, tail) in set(facts())
            expected += math.log1p(math.exp(-score if true else score))
    found = float(whole.loss(made, batch, None, ROOM).detach())
    assert found == pytest.approx(expected / len(queries), rel=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_an_epoch_visits_every_fact_once(loss: str) -> None:
    found = objective(draw(), options(loss=loss, batch=7, negatives=4), CPU)
    batches = list(found.batches(np.random.default_rng(0)))
    assert len(batches) == len(found)
    seen: list[tuple[int, ...]] = []
    for batch in batches:
        if isinstance(found, AgainstAll):
            heads, relations, rows, tails, _ = batch
            at = zip(heads[rows].tolist(), relations[rows].tolist(), tails.tolist(), strict=True)
            seen += at
        else:
            triples, _, there = batch
            seen += [tuple(row) for row in triples[there].tolist()]
    assert sorted(seen) == sorted(facts())


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def contrast(loss: str, true: float, false: list[float]) -> float:
    if loss == "margin":
        return sum(max(0.0, 2.0 - true + other) for other in false) / len(false)
    weights = [1 / len(false)] * len(false)
    if loss == "self-adversarial":
        whole = sum(math.exp(0.5 * other) for other in false)
        weights = [math.exp(0.5 * other) / whole for other in false]
    wrong = sum(w * softplus(other + 2.0) for w, other in zip(weights, false, strict=True))
    return (softplus(-true - 2.0) + wrong) / 2


@pytest.mark.parametrize("loss", ["margin", "logistic", "self-adversarial"])
@pytest.mark.parametrize("model", ["transe", "complex", "rotate"])
def test_sampled_losses_are_the_ones_written_down(loss: str, model: str) -> None:
    made = network(model)
    chosen = options(loss=loss, model=model, batch=10, negatives=4, margin=2.0, temperature=0.5)
    whole = Sampled(draw(), chosen, CPU)
    batch = next(whole.batches(np.random.default_rng(0)))
    triples, corrupted, there = batch
    assert there.sum() == 10
    assert there.numel() == 12, "the last block is filled up"
    expected = 0.0
    for block in range(len(triples)):
        for (head, relation, tail), counts in zip(triples[block], there[block], strict=True):
            if not counts:
                continue
            scores = all_scores(made, head, relation)
            expected += contrast(loss, float(scores[tail]), scores[corrupted[block]].tolist())
    found = float(whole.loss(made, batch, None, ROOM).detach())
    assert found == pytest.approx(expected / 10, rel=1e-4)


def test_what_fills_a_block_up_is_not_regularised() -> None:
    made = network("complex")
    chosen = replace(options(loss="margin", batch=1, negatives=4), regularisation=1.0)
    one = Sampled(draw(), chosen, CPU)
    batch = next(one.batches(np.random.default_rng(0)))
    head, relation, tail = batch[0][batch[2]][0].tolist()
    factors = made.structure[head], made.relations[relation], made.structure[tail]
    without = Sampled(draw(), replace(chosen, regularisation=0.0), CPU)
    added = one.loss(made, batch, None, ROOM) - without.loss(made, batch, None, ROOM)
    assert float(added.detach()) == pytest.approx(
        sum(size(made, x, "n3") for x in factors), rel=1e-4
    )


@pytest.mark.parametrize("loss", ["1-vs-all", "k-vs-all"])
@pytest.mark.parametrize("model", ["complex", "transe"])
def test_a_batch_that_is_filled_up_has_the_same_loss_and_gradients(loss: str, model: str) -> None:
    dataset = replace(draw(), rejected=np.array([(3, 1, 7), (5, 2, 5)], np.int64))
    chosen = replace(
        options(loss=loss, model=model, batch=30),
        regularisation=0.3,
        relation_prediction=0.0 if model == "transe" else 0.5,
    )
    found = []
    for filled in (False, True):
        whole, made = AgainstAll(dataset, chosen, CPU), network(model)
        whole.filled = filled
        for batch in whole.batches(np.random.default_rng(0)):
            value = whole.loss(made, batch, None, ROOM)
            value.backward()  # type: ignore[no-untyped-call]
        found.append([value.detach(), *(each.grad for each in made.parameters())])
        shapes = {tuple(each.shape for each in b) for b in whole.batches(np.random.default_rng(0))}
        assert len(shapes) == 1 if filled else len(shapes) > 1
    for plain, filled_up in zip(*found, strict=True):
        torch.testing.assert_close(plain, filled_up)


def test_batches_are_filled_for_a_gpu_where_queries_are_scored_apart() -> None:
    gpu = torch.device("cuda")
    for model, filled in (("complex", True), ("transe", True), ("tucker", False)):
        assert AgainstAll(draw(), options(model=model, precision="fp32"), gpu).filled == filled
        assert not AgainstAll(draw(), options(model=model), CPU).filled
