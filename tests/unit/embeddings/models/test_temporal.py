"""Pooling over time: a mask, whole films, and what the order of pictures says."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from embeddings.data.feature_matrix import Features
from embeddings.models.modalities import ModalityInputs, pooled_by, prepare
from embeddings.models.temporal import TemporalPool

# Entity 0 has films of 3 and 2 pictures, 1 none, 2 one of 1, 3 one of 4.
OWNERS = [0, 0, 0, 0, 0, 2, 3, 3, 3, 3]
PARTS = [0, 0, 0, 1, 1, 2, 3, 3, 3, 3]


def features(items: np.ndarray | None = None) -> Features:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(len(OWNERS), 6)) if items is None else items
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    matrix = np.zeros((4, 6), np.float32)
    np.add.at(matrix, OWNERS, rows)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    present = lengths[:, 0] > 0
    return Features("video", matrix, present, "e", "1", rows, np.array(OWNERS), np.array(PARTS))


def pool(modality: ModalityInputs, learnt: bool = True) -> TemporalPool:
    made = TemporalPool(modality, torch.Generator().manual_seed(0))
    if learnt:
        made.out.data = torch.randn(made.out.shape, generator=torch.Generator().manual_seed(1))
        made.biases.data.fill_(0.3)  # so that a mask that is forgotten shows
    return made.requires_grad_(False)


def test_it_starts_as_the_mean() -> None:
    modality = prepare(features(), 4)
    found = pool(modality, learnt=False)(modality.inputs)
    torch.testing.assert_close(found, modality.inputs, atol=1e-5, rtol=0)


def test_a_film_is_the_same_whatever_stands_beside_it() -> None:
    """Padding behind short films, films of others: what is masked is never seen."""
    modality = prepare(features(), 4)
    assert modality.items is not None
    assert modality.owners is not None
    assert modality.parts is not None
    whole = pool(modality)(modality.inputs)
    for entity in (0, 2, 3):
        mine = modality.owners == entity
        alone = ModalityInputs(
            modality.inputs[[entity]], modality.present[[entity]], modality.mean, modality.basis,
            modality.items[mine], torch.zeros(int(mine.sum()), dtype=torch.int64),
            modality.parts[mine],
        )  # fmt: skip
        single = pool(alone)(alone.inputs)
        torch.testing.assert_close(single[0], whole[entity], atol=1e-5, rtol=0)
    torch.testing.assert_close(whole[1], modality.inputs[1])  # nothing there, nothing added


def test_some_rows_are_those_of_all() -> None:
    modality = prepare(features(), 4)
    made = pool(modality)
    rows = torch.tensor([3, 0, 1, 3, 2, 0])
    some = made(modality.inputs[rows], rows)
    torch.testing.assert_close(some, made(modality.inputs)[rows], atol=1e-5, rtol=0)
    none = torch.tensor([1, 1])
    torch.testing.assert_close(made(modality.inputs[none], none), modality.inputs[none])


def test_order_counts_and_only_in_time() -> None:
    given = features()
    backwards = np.array([2, 1, 0, 4, 3, 5, 9, 8, 7, 6])
    assert given.items is not None
    modality, turned = prepare(given, 4), prepare(features(given.items[backwards]), 4)
    torch.testing.assert_close(modality.inputs, turned.inputs, atol=1e-5, rtol=0)
    made, other = pool(modality)(modality.inputs), pool(turned)(turned.inputs)
    different = (made - other).norm(dim=1)
    assert different[0] > 0.05
    assert different[3] > 0.05
    assert different[1] == 0
    assert different[2] < 1e-5  # a film of one picture


def test_a_pooling_sees_what_it_looks_at() -> None:
    given = features()
    assert pooled_by(given, "tcn") is given
    attention, mean = pooled_by(given, "attention"), pooled_by(given, "mean")
    assert attention.items is not None
    assert attention.parts is None
    assert mean.items is None
    # Single pictures need no attention; over time they are items like others.
    assert set(prepare(attention, 4).owners.tolist()) == {0, 3}  # type: ignore[union-attr]
    assert set(prepare(given, 4).owners.tolist()) == {0, 2, 3}  # type: ignore[union-attr]


def learnt(modality: ModalityInputs, target: Tensor) -> float:
    """The loss that is left when the pool alone may learn a direction."""
    made = TemporalPool(modality, torch.Generator().manual_seed(0))
    head = torch.nn.Linear(modality.inputs.shape[1], 1)
    optimiser = torch.optim.Adam([*made.parameters(), *head.parameters()], 0.02)
    loss = torch.zeros(())
    for _ in range(60):
        optimiser.zero_grad()
        said = head(made(modality.inputs))[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(said, target)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return float(loss.detach())


def test_it_learns_which_way_something_goes() -> None:
    """Films of the same pictures, forwards and backwards: their means are equal."""
    torch.manual_seed(0)
    draw = np.random.default_rng(0)
    count, steps = 16, 6
    path = np.eye(8, dtype=np.float32)[:steps]
    items, ways = [], draw.integers(0, 2, count)
    for way in ways:
        items.append(path[::-1] if way else path)
    owners = np.repeat(np.arange(count), steps)
    matrix = np.repeat(path.mean(0, keepdims=True), count, 0)
    matrix += draw.normal(0, 1e-3, matrix.shape).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    given = Features(
        "video", matrix, np.ones(count, bool), "e", "1", np.concatenate(items), owners, owners
    )
    assert learnt(prepare(given, count), torch.from_numpy(ways).float()) < 0.1
