"""Losses against all entities, against their slow, obvious twins by autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from embeddings import against_all
from embeddings.against_all import (
    Slope,
    Truth,
    narrow_pays,
    product_loss,
    score_loss,
    sigmoid_slope,
    softmax_slope,
)

QUERIES, ENTITIES, WIDTH = 7, 11, 5
# Row 2 has no tail, row 5 has three.
ROWS = torch.tensor([0, 1, 1, 3, 4, 5, 5, 5, 6])
TAILS = torch.tensor([3, 0, 10, 7, 7, 1, 2, 9, 4])


def vectors(scale: float = 1.0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(QUERIES, WIDTH, generator=generator, dtype=torch.float64) * scale
    entities = torch.randn(ENTITIES, WIDTH, generator=generator, dtype=torch.float64)
    return queries.requires_grad_(), entities.requires_grad_()


def slow(scores: Tensor, softmax: bool, smoothing: float) -> Tensor:
    if softmax:
        return cross_entropy(scores[ROWS], TAILS, label_smoothing=smoothing, reduction="sum")
    labels = torch.zeros_like(scores)
    labels[ROWS, TAILS] = 1
    labels = (1 - smoothing) * labels + smoothing / ENTITIES
    return binary_cross_entropy_with_logits(scores, labels, reduction="sum")


CASES = [(softmax_slope, True), (sigmoid_slope, False)]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("slope", "softmax"), CASES)
@pytest.mark.parametrize("kept", [10**6, 3 * ENTITIES, 1])
@pytest.mark.parametrize("cached", [10**6, 2 * ENTITIES, 1])
def test_loss_and_gradient_are_those_of_the_slow_twin(
    slope: Slope,
    softmax: bool,
    smoothing: float,
    kept: int,
    cached: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(against_all, "CACHED_CELLS", cached)
    queries, entities = vectors()
    expected = slow(queries @ entities.T, softmax, smoothing)
    wanted = torch.autograd.grad(3 * expected, (queries, entities))
    # Scores are float32 whatever goes in: that is what the twin's double is compared with.
    given = queries.float().detach().requires_grad_(), entities.float().detach().requires_grad_()
    found = product_loss(*given, Truth(ROWS, TAILS, smoothing), slope, False, kept)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    for one, other in zip(torch.autograd.grad(3 * found, given), wanted, strict=True):
        torch.testing.assert_close(one.double(), other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("slope", "softmax"), CASES)
@pytest.mark.parametrize("kept", [10**6, 3 * ENTITIES, 1])
def test_scores_of_any_kernel_have_the_same_loss(
    slope: Slope, softmax: bool, smoothing: float, kept: int
) -> None:
    queries, entities = vectors()
    expected = slow(-torch.cdist(queries, entities), softmax, smoothing)
    wanted = torch.autograd.grad(3 * expected, (queries, entities))
    widest: list[int] = []

    def scores(some: Tensor, all_of_them: Tensor) -> Tensor:
        widest.append(len(some))
        return -torch.cdist(some, all_of_them)

    truth = Truth(ROWS, TAILS, smoothing)
    found = score_loss(scores, queries, entities, truth, slope, kept)
    assert found.item() == pytest.approx(expected.item())
    assert max(widest) == min(QUERIES, max(1, kept // ENTITIES))
    torch.testing.assert_close(torch.autograd.grad(3 * found, (queries, entities)), wanted)


def test_a_true_score_far_below_the_others_has_a_finite_loss() -> None:
    queries, entities = vectors(scale=1e3)
    exact = slow((queries @ entities.T).double(), True, 0.0)
    given = queries.float(), entities.float()
    found = product_loss(*given, Truth(ROWS, TAILS, 0.0), softmax_slope, False, 100)
    assert found.item() == pytest.approx(exact.item(), rel=1e-5)


@pytest.mark.parametrize(("slope", "softmax"), CASES)
def test_narrow_products_are_near(slope: Slope, softmax: bool) -> None:
    queries, entities = (v.float().detach().requires_grad_() for v in vectors())
    exact = product_loss(queries, entities, Truth(ROWS, TAILS, 0.0), slope, False, 100)
    near = product_loss(queries, entities, Truth(ROWS, TAILS, 0.0), slope, True, 100)
    assert near.item() == pytest.approx(exact.item(), rel=0.01)
    wanted, found = (torch.autograd.grad(loss, (queries, entities)) for loss in (exact, near))
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, atol=0.1, rtol=0.1)


def test_precision_is_as_asked() -> None:
    device = torch.device("cpu")
    assert narrow_pays(device, "bf16")
    assert not narrow_pays(device, "fp32")
    has = bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    assert narrow_pays(device, "auto") is has
