"""Sparse updates change what dense ones would change; state survives being put away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from embeddings.training.optimisers import PAYS, Optimisers, sparse_pays
from embeddings.training.options import TrainOptions
from embeddings.training.train import train
from tests.support.facts import draw

ROWS, WIDTH = 9, 4


class Table(nn.Module):
    def __init__(self, sparse: bool) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.table = nn.Parameter(torch.randn(ROWS, WIDTH, generator=generator))
        self.other = nn.Parameter(torch.randn(WIDTH, generator=generator))
        self.sparse = sparse

    def loss(self, rows: list[int]) -> torch.Tensor:
        chosen = nn.functional.embedding(torch.tensor(rows), self.table, sparse=self.sparse)
        return (chosen * self.other).sigmoid().sum()


def made(optimiser: str, sparse: bool) -> tuple[Table, Optimisers]:
    module = Table(sparse)
    options = TrainOptions(optimiser=optimiser, lr=0.1)
    return module, Optimisers(module, module.table, options, sparse)


def steps(module: Table, optimisers: Optimisers, batches: list[list[int]]) -> None:
    for rows in batches:
        optimisers.zero()
        module.loss(rows).backward()  # type: ignore[no-untyped-call]
        optimisers.step()


BATCHES = [[1, 4], [4, 7], [1, 2]]


def test_sparse_adagrad_is_dense_adagrad() -> None:
    (dense, one), (sparse, other) = made("adagrad", False), made("adagrad", True)
    steps(dense, one, BATCHES)
    steps(sparse, other, BATCHES)
    torch.testing.assert_close(sparse.table, dense.table)
    torch.testing.assert_close(sparse.other, dense.other)


@pytest.mark.parametrize("optimiser", ["adagrad", "adam"])
def test_sparse_updates_leave_the_other_rows_alone(optimiser: str) -> None:
    module, optimisers = made(optimiser, True)
    before = module.table.detach().clone()
    steps(module, optimisers, BATCHES)
    changed = (module.table != before).any(1).nonzero()[:, 0].tolist()
    assert changed == [1, 2, 4, 7]


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("optimiser", ["adagrad", "adam"])
def test_going_on_from_saved_state_is_never_having_stopped(optimiser: str, sparse: bool) -> None:
    whole, optimisers = made(optimiser, sparse)
    steps(whole, optimisers, BATCHES[:1])
    weights = {name: tensor.clone() for name, tensor in whole.state_dict().items()}
    state = {name: tensor.clone() for name, tensor in optimisers.state()}
    steps(whole, optimisers, BATCHES[1:])
    again, fresh = made(optimiser, sparse)
    again.load_state_dict(weights)
    fresh.restore(state)
    steps(again, fresh, BATCHES[1:])
    assert (again.table == whole.table).all()
    assert (again.other == whole.other).all()


@pytest.mark.parametrize("sparse", [False, True])
def test_a_share_of_the_learning_rate_is_that_share_of_a_step(sparse: bool) -> None:
    moved = []
    for share in (1.0, 0.25):
        module, optimisers = made("adagrad", sparse)
        before = module.table.detach().clone()
        optimisers.rate(share)
        steps(module, optimisers, [[1, 4]])
        moved.append(module.table.detach() - before)
    torch.testing.assert_close(moved[1], moved[0] / 4)


def test_sparse_updates_pay_for_a_large_table_and_sampled_entities() -> None:
    sampled = TrainOptions(loss="margin", batch=10)
    assert sparse_pays(sampled, 3 * 10 * PAYS + 1)
    assert not sparse_pays(sampled, 3 * 10 * PAYS)
    assert not sparse_pays(replace(sampled, loss="1-vs-all"), 10**6)


@pytest.mark.parametrize("optimiser", ["adagrad", "adam"])
def test_training_with_sparse_updates_learns_what_dense_updates_learn(
    optimiser: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = TrainOptions(
        loss="logistic", optimiser=optimiser, epochs=3, batch=20, dimension=8, regularisation=0.0
    )
    dense = train(draw(), options, tmp_path / "dense")
    monkeypatch.setattr("embeddings.training.train.sparse_pays", lambda options, entities: True)
    sparse = train(draw(), options, tmp_path / "sparse")
    assert len(sparse.history) == 3
    assert np.isfinite(sparse.entity_vectors()).all()
    if optimiser == "adagrad":  # a sparse Adam leaves the momentum of other rows alone
        np.testing.assert_allclose(sparse.entity_vectors(), dense.entity_vectors(), atol=1e-5)
