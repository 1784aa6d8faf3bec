"""The objectives against slow, obvious twins."""

from __future__ import annotations

import numpy as np
import torch

from embeddings.losses import CrossEntropy, MarginRanking, softmax_cross_entropy
from embeddings.models import kernel
from embeddings.network import Network
from tests.facts import ENTITIES, RELATIONS, draw

CPU = torch.device("cpu")
WIDTH = 8


def network(name: str) -> Network:
    generator = torch.Generator().manual_seed(3)
    made = Network(kernel(name), ENTITIES, RELATIONS, WIDTH, "concat", {}, generator)
    with torch.no_grad():
        made.structure.normal_(generator=generator)
        made.relations.normal_(generator=generator)
    return made


def test_the_in_place_softmax_is_the_plain_one_value_and_gradient() -> None:
    scores = torch.randn(4, 9, generator=torch.Generator().manual_seed(0))
    rows, tails = torch.tensor([0, 0, 1, 2, 2, 2, 3]), torch.tensor([1, 5, 0, 8, 7, 3, 3])
    plain = scores.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(plain[rows], tails)
    loss.backward()
    leaf = scores.clone().requires_grad_()
    ours = softmax_cross_entropy(leaf * 1.0, rows, tails)
    (3 * ours).backward()
    torch.testing.assert_close(ours, loss)
    assert leaf.grad is not None
    assert plain.grad is not None
    torch.testing.assert_close(leaf.grad, 3 * plain.grad)


def test_grouped_cross_entropy_is_the_mean_over_single_facts() -> None:
    dataset, made, n3 = draw(), network("complex"), 0.3
    objective = CrossEntropy(dataset.train, RELATIONS, 10_000, n3, CPU)
    (batch,) = objective.batches(np.random.default_rng(0))
    interaction, expected, count = made.kernel.interaction, 0.0, 0
    complex_entities = made.kernel.entity_slots(made.structure)[0]
    complex_relations = made.kernel.relation_slots(made.relations)[0]
    for h, r, t in dataset.train.tolist():
        for head, relation, tail in ((h, r, t), (t, r + RELATIONS, h)):
            factors = complex_entities[head], complex_relations[relation], complex_entities[tail]
            scores = interaction(factors[0], factors[1], complex_entities)
            expected -= float(scores.detach().log_softmax(0)[tail])
            expected += n3 * sum(float(factor.detach().abs().pow(3).sum()) for factor in factors)
            count += 1
    assert abs(float(objective.loss(made, batch)) - expected / count) < 1e-3


def test_an_epoch_visits_every_fact_once() -> None:
    dataset = draw()
    objective = CrossEntropy(dataset.train, RELATIONS, 7, 0.0, CPU)
    batches = list(objective.batches(np.random.default_rng(0)))
    assert len(batches) == len(objective)
    seen = [
        (int(heads[row]), int(relations[row]), int(tail))
        for heads, relations, rows, tails in batches
        for row, tail in zip(rows, tails, strict=True)
    ]
    assert len(seen) == len(set(seen)) == 2 * len(dataset.train)


def test_the_margin_loss_is_the_one_written_down() -> None:
    dataset, made = draw(), network("transe")
    objective = MarginRanking(dataset.train, RELATIONS, ENTITIES, 5, 4, 2.0, 0.0, CPU)
    triples, corrupted = next(objective.batches(np.random.default_rng(0)))
    expected = 0.0
    for (head, relation, tail), others in zip(triples.tolist(), corrupted.tolist(), strict=True):
        query = made.structure[head] + made.relations[relation]
        true = (query - made.structure[tail]).norm()
        for other in others:
            expected += max(0.0, float(2.0 + true - (query - made.structure[other]).norm()))
    assert abs(float(objective.loss(made, (triples, corrupted))) - expected / 20) < 1e-5
