"""Losses against all entities, against their slow, obvious twins by autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from embeddings.numerics.device import in_bf16
from embeddings.training.one_vs_all_loss import (
    Loops,
    Slope,
    Truth,
    product_loss,
    score_loss,
    sigmoid_slope,
    softmax_slope,
    take,
)

QUERIES, ENTITIES, WIDTH = 7, 11, 5
# Row 2 has no tail, row 5 has three.
ROWS = torch.tensor([0, 1, 1, 3, 4, 5, 5, 5, 6])
TAILS = torch.tensor([3, 0, 10, 7, 7, 1, 2, 9, 4])
WEIGHTS = torch.tensor([1.0, 0.5, 0.0, 2.0, 3.0, 1.5, 1.0])  # of the queries
HEADS = torch.tensor([5, 0, 1, 2, 7, 7, 10])  # rows 1 and 4 are answered by their own heads


def vectors(scale: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, entities, and what each query's own entity gains."""
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(QUERIES, WIDTH, generator=generator, dtype=torch.float64) * scale
    entities = torch.randn(ENTITIES, WIDTH, generator=generator, dtype=torch.float64)
    bias = torch.randn(QUERIES, generator=generator, dtype=torch.float64)
    return queries.requires_grad_(), entities.requires_grad_(), bias.requires_grad_()


def with_loops(scores: Tensor, bias: Tensor) -> Tensor:
    whole = scores.clone()
    for row, head in enumerate(HEADS.tolist()):
        whole[row, head] = whole[row, head] + bias[row]
    return whole


def loss_of(
    given: tuple[Tensor, ...], smoothing: float, slope: Slope, narrow: bool, kept: int
) -> Tensor:
    queries, entities, bias = given
    return product_loss(
        queries, entities, Loops(HEADS, bias), truth(smoothing), slope, narrow, kept
    )


def truth(smoothing: float = 0.0) -> Truth:
    return Truth(ROWS, TAILS, WEIGHTS, smoothing)


def slow(scores: Tensor, softmax: bool, smoothing: float) -> Tensor:
    total = torch.zeros((), dtype=scores.dtype)
    for row, (own, weight) in enumerate(zip(scores, WEIGHTS.tolist(), strict=True)):
        tails = TAILS[row == ROWS]
        if not softmax:
            labels = torch.zeros_like(own)
            labels[tails] = 1
            labels = (1 - smoothing) * labels + smoothing / ENTITIES
            loss = binary_cross_entropy_with_logits(own, labels, reduction="sum")
            total = total + weight * loss
        elif len(tails):
            repeated = own.expand(len(tails), -1)
            total = total + weight * cross_entropy(repeated, tails, label_smoothing=smoothing)
    return total


CASES = [(softmax_slope, True), (sigmoid_slope, False)]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("slope", "softmax"), CASES)
@pytest.mark.parametrize("kept", [10**6, 3 * ENTITIES, 1])
def test_loss_and_gradient_are_those_of_the_slow_twin(
    slope: Slope, softmax: bool, smoothing: float, kept: int
) -> None:
    queries, entities, bias = vectors()
    expected = slow(with_loops(queries @ entities.T, bias), softmax, smoothing)
    wanted = torch.autograd.grad(3 * expected, (queries, entities, bias))
    # Scores are float32 whatever goes in: that is what the twin's double is compared with.
    given = tuple(v.float().detach().requires_grad_() for v in vectors())
    found = loss_of(given, smoothing, slope, False, kept)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    for one, other in zip(torch.autograd.grad(3 * found, given), wanted, strict=True):
        torch.testing.assert_close(one.double(), other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("slope", "softmax"), CASES)
@pytest.mark.parametrize("kept", [10**6, 3 * ENTITIES, 1])
def test_scores_of_any_kernel_have_the_same_loss(
    slope: Slope, softmax: bool, smoothing: float, kept: int
) -> None:
    queries, entities, bias = vectors()
    expected = slow(with_loops(-torch.cdist(queries, entities), bias), softmax, smoothing)
    wanted = torch.autograd.grad(3 * expected, (queries, entities, bias))
    widest: list[int] = []

    def scores(some: Tensor, all_of_them: Tensor) -> Tensor:
        widest.append(len(some))
        return -torch.cdist(some, all_of_them)

    loops = Loops(HEADS, bias)
    found = score_loss(scores, queries, entities, loops, truth(smoothing), slope, kept)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)  # losses are float32
    assert max(widest) == min(QUERIES, max(1, kept // ENTITIES))
    gradients = torch.autograd.grad(3 * found, (queries, entities, bias))
    torch.testing.assert_close(gradients, wanted, atol=1e-6, rtol=1e-6)


def test_a_true_score_far_below_the_others_is_reported_as_87_and_has_its_gradient() -> None:
    queries, entities, bias = vectors(scale=1e3)
    exact = slow(with_loops(queries @ entities.T, bias), True, 0.0)
    wanted = torch.autograd.grad(exact, (queries, entities, bias))
    given = tuple(v.float().detach().requires_grad_() for v in (queries, entities, bias))
    found = loss_of(given, 0.0, softmax_slope, False, 100)
    assert 0 < found.item() <= 87 * float(WEIGHTS.sum())
    for one, other in zip(torch.autograd.grad(found, given), wanted, strict=True):
        torch.testing.assert_close(one.double(), other, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("narrow", [False, True])
def test_a_score_that_is_not_a_number_shows(narrow: bool) -> None:
    given = tuple(v.float().detach() for v in vectors())
    given[0][0, 0] = torch.nan
    assert loss_of(given, 0.0, softmax_slope, narrow, 100).isnan()


def test_rows_taken_from_a_table_add_their_gradient_to_it() -> None:
    _, table, _ = vectors()
    rows = torch.tensor([3, 0, 3])
    wanted = torch.autograd.grad(table.square().sum() + 2 * table[rows].pow(3).sum(), table)
    whole, taken = take(table, rows)
    found = torch.autograd.grad(whole.square().sum() + 2 * taken.pow(3).sum(), table)
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize(("slope", "softmax"), CASES)
def test_narrow_products_are_near(slope: Slope, softmax: bool) -> None:
    given = tuple(v.float().detach().requires_grad_() for v in vectors())
    exact, near = (loss_of(given, 0.0, slope, narrow, 100) for narrow in (False, True))
    assert near.item() == pytest.approx(exact.item(), rel=0.01)
    wanted, found = (torch.autograd.grad(loss, given) for loss in (exact, near))
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, atol=0.1, rtol=0.1)


def test_precision_is_as_asked() -> None:
    device = torch.device("cpu")
    assert in_bf16("bf16", device)
    assert not in_bf16("fp32", device)
    has = bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    assert in_bf16("auto", device) is has
