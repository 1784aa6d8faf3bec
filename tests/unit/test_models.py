"""Our kernels score as PyKEEN's interactions do; every kernel is tested."""

from __future__ import annotations

import pytest
import torch

from embeddings.models import KERNELS, Scorer, kernel
from kg_platform.errors import BadInput

BATCH, CANDIDATES, WIDTH = 5, 7, 12


@pytest.fixture(params=sorted(KERNELS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def vectors(rows: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(seed))


def test_scores_equal_pykeens(name: str) -> None:
    kind = kernel(name)
    heads, relations, tails = vectors(BATCH, 1), vectors(BATCH, 2), vectors(CANDIDATES, 3)
    theirs = kind.triples(heads[:, None], relations[:, None], tails[None])
    ours = kind.scores(kind.query(heads, relations), tails)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    one = kind.pairs(kind.query(heads, relations), tails[:BATCH])
    torch.testing.assert_close(one, theirs.diagonal(), atol=1e-5, rtol=1e-5)


def test_the_interaction_is_pykeens(name: str) -> None:
    assert type(kernel(name).interaction).__module__ == "pykeen.nn.modules"


def test_gradients_are_finite_where_vectors_are_equal(name: str) -> None:
    kind = kernel(name)
    zero = torch.zeros(2, WIDTH, requires_grad=True)
    loss = kind.scores(kind.query(zero, zero), zero).sum() + kind.cubes(zero).sum()
    loss.backward()
    assert zero.grad is not None
    assert torch.isfinite(zero.grad).all()


def test_the_cubes_of_complex_numbers_are_those_of_their_moduli() -> None:
    x = vectors(BATCH, 1)
    moduli = torch.complex(*x.chunk(2, -1)).abs()
    torch.testing.assert_close(kernel("complex").cubes(x), moduli.pow(3).sum(-1))
    torch.testing.assert_close(kernel("distmult").cubes(x), x.abs().pow(3).sum(-1))


def test_heads_are_scored_through_the_inverse_relation(name: str) -> None:
    scorer = Scorer(kernel(name), vectors(CANDIDATES, 1), vectors(6, 2))
    heads = scorer.score_heads([1, 2], [4, 5])
    assert heads.shape == (2, CANDIDATES)
    assert (heads == scorer.score_tails([4, 5], [1 + 3, 2 + 3])).all()
    triples = torch.tensor([[4, 4, 0], [5, 5, 6]])
    pairs = scorer.pairs(triples)
    assert pairs.tolist() == pytest.approx([heads[0, 0], heads[1, 6]], abs=1e-5)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(BadInput, match="the models are transe, transe-l1, distmult"):
        kernel("mystery")
