"""Every interaction against PyKEEN's and against its formula; none is without a test."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from embeddings.models.interactions import generic
from embeddings.models.interactions.fast import FAST, Interaction
from embeddings.models.interactions.registry import interaction
from embeddings.models.network import Network
from embeddings.models.scorer import Scorer
from kg_platform.errors import BadInput

# All different, so that a transposed shape cannot pass.
BATCH, CANDIDATES, RELATIONS = 5, 7, 3

# The width of an entity's vector in these tests. A interaction that is not here has no test, and
# `test_every_interaction_is_tested` says so.
WIDTHS = {
    **dict.fromkeys(["transe", "transe-l1", "distmult", "complex", "rotate", "simple"], 12),
    **dict.fromkeys(["autosf", "boxe", "convkb", "cp", "crosse", "distma", "ermlp", "ermlpe"], 12),
    **dict.fromkeys(["hole", "kg2e", "lineare", "multilineartucker", "ntn", "pairre"], 12),
    **dict.fromkeys(["proje", "quate", "rescal", "se", "toruse", "transd", "transf", "transh"], 12),
    **dict.fromkeys(["transformer", "transr", "triplere", "tucker", "um"], 12),
    "conve": 13,  # and a number for the entity as a tail
    "mure": 14,  # and one number each for the entity as a head and as a tail
}


@pytest.fixture(params=WIDTHS)
def kind(request: pytest.FixtureRequest) -> Interaction:
    made = interaction(str(request.param))
    made.prepare(WIDTHS[made.name], torch.Generator().manual_seed(7))
    return made


def vectors(rows: int, width: int, seed: int) -> Tensor:
    return torch.randn(rows, width, generator=torch.Generator().manual_seed(seed))


def facts(kind: Interaction) -> tuple[Tensor, Tensor, Tensor]:
    """Heads (BATCH, D), relations (BATCH, Dr), tails (CANDIDATES, D)."""
    width = WIDTHS[kind.name]
    relations = vectors(BATCH, kind.relation_width(width), 2)
    return vectors(BATCH, width, 1), relations, vectors(CANDIDATES, width, 3)


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=2e-5)


def test_every_interaction_is_tested() -> None:
    assert set(WIDTHS) == set(FAST) | set(generic.names())
    assert set(FORMULAS) == set(FAST)


def test_scores_pairs_and_triples_are_one(kind: Interaction) -> None:
    heads, relations, tails = facts(kind)
    theirs = torch.stack(
        [
            torch.stack([kind.triples(heads[b], relations[b], tail) for tail in tails])
            for b in range(BATCH)
        ]
    )
    queries = kind.query(heads, relations)
    close(kind.scores(queries, tails), theirs)
    close(kind.pairs(queries, tails[:BATCH]), theirs.diagonal())
    close(kind.pairs(queries[:, None], tails[None]), theirs)
    close(kind.triples(heads[:, None], relations[:, None], tails[None]), theirs)


def test_blocks_of_queries_have_candidates_of_their_own(kind: Interaction) -> None:
    heads, relations, tails = facts(kind)
    queries = kind.query(heads, relations)
    blocks = kind.scores(queries[:4].view(2, 2, -1), tails[:6].view(2, 3, -1))
    close(blocks[0], kind.scores(queries[:2], tails[:3]))
    close(blocks[1], kind.scores(queries[2:4], tails[3:6]))


def test_every_relation_between_two_ends(kind: Interaction) -> None:
    heads, _, tails = facts(kind)
    relations = vectors(2 * RELATIONS, kind.relation_width(WIDTHS[kind.name]), 4)
    theirs = torch.stack([kind.triples(heads, each, tails[:BATCH]) for each in relations], 1)
    close(kind.relation_scores(heads, tails[:BATCH], relations), theirs)


def test_what_is_said_to_be_a_product_is_one(kind: Interaction) -> None:
    heads, relations, tails = facts(kind)
    queries = kind.query(heads, relations)
    if kind.product:
        close(kind.scores(queries, tails), queries @ tails.T)
        return
    assert kind.name in generic.names() or kind.norm  # a distance, or PyKEEN's own path


def test_gradients_are_finite_where_vectors_are_zero_or_equal(kind: Interaction) -> None:
    for fill in (0.0, 0.5):
        heads, relations, tails = (torch.full_like(x, fill).requires_grad_() for x in facts(kind))
        loss = kind.scores(kind.query(heads, relations), tails).sum()
        loss = loss + kind.pairs(kind.query(heads, relations), tails[:BATCH]).sum()
        loss = loss + kind.relation_scores(heads, tails[:BATCH], relations).sum()
        loss = loss + kind.cubes(heads).sum()
        assert torch.isfinite(loss)
        loss.backward()
        for leaf in (heads, relations, tails):
            assert leaf.grad is None or torch.isfinite(leaf.grad).all()


def test_every_kernel_learns(kind: Interaction) -> None:
    width = WIDTHS[kind.name]
    generator = torch.Generator().manual_seed(5)
    network = Network(interaction(kind.name), CANDIDATES, RELATIONS, width, "concat", {}, generator)
    network.train()
    heads, relations = torch.arange(6), torch.arange(6) % (2 * RELATIONS)
    tails = torch.tensor([1, 3, 0, 2, 6, 5])
    optimiser = torch.optim.Adagrad(network.parameters(), lr=0.1)
    losses = []
    for _ in range(40):
        table = network.entities()
        queries = network.formula.query(table[heads], network.relations[relations])
        loss = torch.nn.functional.cross_entropy(network.formula.scores(queries, table), tails)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert all(map(math.isfinite, losses))
    assert min(losses[-5:]) < losses[0] - 0.05


def test_the_interaction_is_pykeens(kind: Interaction) -> None:
    assert type(kind.pykeen).__module__ == "pykeen.nn.modules"


@pytest.mark.parametrize("name", FAST)
def test_gradients_are_those_of_the_scores(name: str) -> None:
    fast = interaction(name)
    h, r, t = (x.double().requires_grad_() for x in facts(fast))

    def scored(h: Tensor, r: Tensor, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        queries = fast.query(h, r)
        ends = fast.relation_scores(h, t[:BATCH], r)
        return fast.scores(queries, t), fast.pairs(queries, t[:BATCH]), ends

    assert torch.autograd.gradcheck(scored, (h, r, t))


def complex_numbers(x: list[float]) -> list[complex]:
    half = len(x) // 2
    return [complex(a, b) for a, b in zip(x[:half], x[half:], strict=True)]


def slow_complex(h: list[float], r: list[float], t: list[float]) -> float:
    factors = zip(complex_numbers(h), complex_numbers(r), complex_numbers(t), strict=True)
    return sum((a * b * c.conjugate()).real for a, b, c in factors)


def slow_rotate(h: list[float], r: list[float], t: list[float]) -> float:
    factors = zip(complex_numbers(h), complex_numbers(r), complex_numbers(t), strict=True)
    return -math.sqrt(sum(abs(a * b / abs(b) - c) ** 2 for a, b, c in factors))


def slow_simple(h: list[float], r: list[float], t: list[float]) -> float:
    half = len(h) // 2
    forward = sum(h[i] * r[i] * t[half + i] for i in range(half))
    backward = sum(t[i] * r[half + i] * h[half + i] for i in range(half))
    return (forward + backward) / 2


FORMULAS: dict[str, Callable[[list[float], list[float], list[float]], float]] = {
    "transe": lambda h, r, t: (
        -math.sqrt(sum((a + b - c) ** 2 for a, b, c in zip(h, r, t, strict=True)))
    ),
    "transe-l1": lambda h, r, t: -sum(abs(a + b - c) for a, b, c in zip(h, r, t, strict=True)),
    "distmult": lambda h, r, t: sum(a * b * c for a, b, c in zip(h, r, t, strict=True)),
    "complex": slow_complex,
    "rotate": slow_rotate,
    "simple": slow_simple,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula_is_the_papers(name: str) -> None:
    fast = interaction(name)
    heads, relations, tails = facts(fast)
    ours = fast.scores(fast.query(heads, relations), tails).tolist()
    for b in range(BATCH):
        for n in range(CANDIDATES):
            slow = FORMULAS[name](heads[b].tolist(), relations[b].tolist(), tails[n].tolist())
            assert ours[b][n] == pytest.approx(slow, abs=2e-5)


@pytest.mark.parametrize("name", ["complex", "rotate"])
def test_the_cubes_of_complex_numbers_are_those_of_their_moduli(name: str) -> None:
    x = vectors(BATCH, 12, 1)
    moduli = torch.complex(*x.chunk(2, -1)).abs()
    torch.testing.assert_close(interaction(name).cubes(x), moduli.pow(3).sum(-1))
    torch.testing.assert_close(interaction("distmult").cubes(x), x.abs().pow(3).sum(-1))
    exact = x.double().requires_grad_()
    assert torch.autograd.gradcheck(interaction(name).cubes, exact)
    nothing = torch.zeros(2, 8, requires_grad=True)
    interaction(name).cubes(nothing).sum().backward()
    assert torch.equal(nothing.grad, torch.zeros(2, 8))


def test_the_cubes_of_simple_are_those_of_factors_that_absorb_its_half() -> None:
    x = vectors(BATCH, 12, 1)
    torch.testing.assert_close(
        interaction("simple").cubes(x), interaction("distmult").cubes(x / 2 ** (1 / 3))
    )


def test_simple_tells_a_fact_from_its_reverse() -> None:
    """PyKEEN's own SimplE model does not; see the interaction."""
    heads, relations, tails = facts(interaction("simple"))
    there = interaction("simple").triples(heads, relations, tails[:BATCH])
    back = interaction("simple").triples(tails[:BATCH], relations, heads)
    assert not torch.isclose(there, back).any()


def test_heads_are_scored_through_the_inverse_relation(kind: Interaction) -> None:
    width = WIDTHS[kind.name]
    entities, relations = vectors(CANDIDATES, width, 1), vectors(6, kind.relation_width(width), 2)
    scorer = Scorer(kind, entities, relations)
    heads = scorer.score_heads([1, 2], [4, 5])
    assert heads.shape == (2, CANDIDATES)
    assert (heads == scorer.score_tails([4, 5], [1 + 3, 2 + 3])).all()
    pairs = scorer.pairs(torch.tensor([[4, 4, 0], [5, 5, 6]]))
    assert pairs.tolist() == pytest.approx([heads[0, 0], heads[1, 6]], abs=2e-5)


def test_gates_of_a_relation_weigh_the_components_of_a_head() -> None:
    parts, gates, relations = vectors(14, 4, 1).view(7, 2, 4), vectors(6, 2, 2), vectors(6, 4, 3)
    scorer = Scorer(interaction("distmult"), parts.sum(1), relations, parts, gates)
    found = scorer.score_tails([3], [2])
    head = gates[2, 0] * parts[3, 0] + gates[2, 1] * parts[3, 1]
    assert found[0].tolist() == pytest.approx((parts.sum(1) @ (head * relations[2])).tolist())
    assert float(scorer.pairs(torch.tensor([[3, 2, 5]]))) == pytest.approx(found[0, 5])


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(BadInput, match=r"transe, transe-l1, distmult, complex.*slower.*tucker"):
        interaction("mystery")
    assert interaction("TransE").name == "transe"
    assert interaction("HolE").name == "hole"


@pytest.mark.parametrize(
    ("name", "dimension", "says"),
    [
        ("complex", 7, "a multiple of 2"),
        ("distmult", 1, "at least 2"),
        ("quate", 10, "12 is the next"),
        ("conve", 12, "13 is the next"),  # 11 numbers make no image
        ("mure", 2, "3 is the next"),
    ],
)
def test_a_dimension_that_cannot_be_is_refused(name: str, dimension: int, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        interaction(name).check(dimension)
