"""Vectors of new entities: the fit against a slow twin, and what it must not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

from embeddings.data.triples import with_inverses
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from embeddings.refresh.fold_in import FitOptions, FoldInFacts, facts_of, fit
from kg_platform.errors import BadInput

N, R, D, NEW = 11, 3, 6, 4
OPTIONS = FitOptions(steps=5, lr=0.2, prior=0.4, crowding=0.2, found=0.7)
FACTS = FoldInFacts(*(np.array(c) for c in ([0, 0, 2, 3, 0], [1, 5, 0, 4, 2], [4, 10, 0, 3, 4])))


def world(model: str = "complex", gated: bool = False) -> tuple[Scorer, Tensor, np.ndarray]:
    """A scorer of random vectors, priors of new entities, trained facts."""
    random = torch.Generator().manual_seed(3)
    entities, relations = (
        torch.randn(N, D, generator=random),
        torch.randn(2 * R, D, generator=random),
    )
    components = torch.randn(N, 3, D, generator=random) if gated else None
    gates = torch.rand(2 * R, 3, generator=random) * 2 if gated else None
    loops = torch.randn(2 * R, generator=random)
    scorer = Scorer(interaction(model), entities, relations, components, gates, loops)
    triples = np.random.default_rng(1).integers([0, 0, 0], [N, R, N], size=(17, 3))
    return scorer, torch.randn(NEW, D, generator=random), triples


def twin(
    scorer: Scorer,
    prior: Tensor,
    facts: list[tuple[int, int]],
    triples: np.ndarray,
    options: FitOptions,
    parts: Tensor | None = None,
) -> Tensor:
    """L as it is written, for one new entity, by autograd; one fact and one query at a time."""
    kind, entities = scorer.formula, scorer.entities

    def against(query: Tensor) -> Tensor:
        return kind.scores(query[None], entities)[0]

    def loss(v: Tensor) -> Tensor:
        total = options.prior / 2 * (v - prior).square().sum()
        for relation, other in facts:
            head = v
            if parts is not None:
                gate = torch.ones(3) if scorer.gates is None else scorer.gates[relation]
                own = [parts[0] + v - prior, *parts[1:]]
                head = sum((g * part for g, part in zip(gate, own, strict=True)), torch.zeros(D))
            scores = against(kind.query(head, scorer.relations[relation]))
            total = total - torch.log_softmax(scores, 0)[other]
            inverse = (relation + R) % (2 * R)
            asked = scorer.queries(torch.tensor([other]), torch.tensor([inverse]))[0]
            every = torch.cat([against(asked), kind.pairs(asked, v)[None]])
            every[other] += scorer.loops[inverse]
            total = total - options.found * torch.log_softmax(every, 0)[-1]
        for head_, relation, _ in with_inverses(triples, R):
            query = scorer.queries(torch.tensor([head_]), torch.tensor([relation]))[0]
            scores = against(query)
            scores[head_] += scorer.loops[relation]
            level = torch.logsumexp(scores, 0)
            total = total + options.crowding * softplus(kind.pairs(query, v) - level)
        return total

    vector = prior.clone().requires_grad_()
    optimiser = torch.optim.Adagrad([vector], lr=options.lr)
    for _ in range(options.steps):
        optimiser.zero_grad()
        loss(vector).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return vector.detach()


def of_row(row: int) -> list[tuple[int, int]]:
    mine = FACTS.rows == row
    return list(zip(FACTS.relations[mine].tolist(), FACTS.others[mine].tolist(), strict=True))


@pytest.mark.parametrize("model", ["complex", "distmult", "simple", "transe", "rotate"])
def test_the_fit_is_the_slow_twins(model: str) -> None:
    scorer, priors, triples = world(model)
    found = fit(scorer, priors, FACTS, triples, OPTIONS)
    for row in (0, 2, 3):
        expected = twin(scorer, priors[row], of_row(row), triples, OPTIONS)
        torch.testing.assert_close(found[row], expected, atol=1e-4, rtol=1e-4)
    assert (found[1] == priors[1]).all(), "an entity without facts keeps its prior"


@pytest.mark.parametrize("gated", [True, False])
def test_heads_with_components_move_as_their_vectors_do(gated: bool) -> None:
    scorer, priors, triples = world("distmult", gated)
    parts = torch.randn(NEW, 3, D, generator=torch.Generator().manual_seed(5))
    found = fit(scorer, priors, FACTS, triples, OPTIONS, parts)
    expected = twin(scorer, priors[0], of_row(0), triples, OPTIONS, parts[0])
    torch.testing.assert_close(found[0], expected, atol=1e-4, rtol=1e-4)


def test_new_entities_do_not_see_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, priors, triples = world()
    together = fit(scorer, priors, FACTS, triples, OPTIONS)
    mine = FACTS.rows == 3
    alone = FoldInFacts(FACTS.rows[mine], FACTS.relations[mine], FACTS.others[mine])
    torch.testing.assert_close(fit(scorer, priors, alone, triples, OPTIONS)[3], together[3])
    monkeypatch.setattr("embeddings.refresh.fold_in.CELLS", 1)  # one at a time, one query at a time
    torch.testing.assert_close(fit(scorer, priors, FACTS, triples, OPTIONS), together)


def test_narrow_products_are_about_the_same() -> None:
    scorer, priors, triples = world()
    exact = fit(scorer, priors, FACTS, triples, OPTIONS)
    narrow = fit(scorer, priors, FACTS, triples, OPTIONS, narrow=True)
    assert (narrow - exact).abs().max() < 0.05
    assert not torch.equal(narrow, exact)


def test_a_sample_of_everything_is_everything() -> None:
    scorer, priors, triples = world()
    exact = fit(scorer, priors, FACTS, triples, OPTIONS)
    for change in ({"candidates": N - 1}, {"queries": 20}, {"facts": 2}):
        drawn = fit(scorer, priors, FACTS, triples, replace(OPTIONS, **change))
        again = fit(scorer, priors, FACTS, triples, replace(OPTIONS, **change))
        assert torch.equal(drawn, again), "draws depend on the seed alone"
        assert torch.isfinite(drawn).all()
        assert not torch.equal(drawn, exact)
    whole = fit(scorer, priors, FACTS, triples, replace(OPTIONS, candidates=N, facts=3))
    torch.testing.assert_close(whole, exact)


def test_an_entity_asks_and_is_found_after_the_fit() -> None:
    scorer, priors, triples = world()
    options = replace(OPTIONS, steps=300, lr=0.5, prior=0.0, crowding=0.0)
    found = fit(scorer, priors, FACTS, triples, options)
    asks = scorer.formula.query(found[2], scorer.relations[0])
    assert int(scorer.formula.scores(asks[None], scorer.entities)[0].argmax()) == 0
    asked = scorer.queries(torch.tensor([0]), torch.tensor([R]))
    level = scorer.formula.scores(asked, scorer.entities).max()
    assert scorer.formula.pairs(asked, found[2:3])[0] > level


def test_what_grows_without_bound_is_refused() -> None:
    scorer, priors, triples = world()
    with pytest.raises(BadInput, match="smaller lr"):
        fit(scorer, priors, FACTS, triples, replace(OPTIONS, lr=1e30))


def test_no_facts_no_fit() -> None:
    scorer, priors, triples = world()
    none = FoldInFacts(*(np.zeros(0, np.int64) for _ in range(3)))
    assert torch.equal(fit(scorer, priors, none, triples, OPTIONS), priors)
    only = replace(OPTIONS, crowding=0.3)
    assert torch.isfinite(fit(scorer, priors, FACTS, triples[:0], only)).all()


def test_facts_are_those_between_new_and_trained() -> None:
    # Entities 0..5: 1 and 4 are new (places 0 and 1), 3 is neither, the others are trained.
    new, trained = np.array([-1, 0, -1, -1, 1, -1]), np.array([7, -1, 8, -1, -1, 9])
    triples = np.array(
        [
            [1, 0, 0],  # new asks
            [2, 1, 4],  # its tail is new: it asks by the inverse
            [1, 0, 4],  # both new
            [0, 1, 2],  # both trained
            [1, 0, 3],  # the other end is neither
            [1, -1, 5],  # an unknown relation
            [1, 0, 0],  # twice
        ]
    )
    found = facts_of(triples, 2, new, trained)
    rows = np.stack([found.rows, found.relations, found.others], 1).tolist()
    assert rows == [[0, 0, 7], [1, 3, 8]]
