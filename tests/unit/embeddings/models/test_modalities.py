"""Features as the network reads them: principal components, several items pooled, shuffled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from embeddings.data.feature_matrix import Features
from embeddings.features.shuffle import shuffled
from embeddings.models.modalities import Pool, prepare, project
from kg_platform.errors import BadInput
from tests.support.facts import ENTITIES, features


def with_items(width: int = 7, seed: int = 5) -> Features:
    """Entities have 0, 1, 2, 3 or 4 items; the row is the direction of their mean."""
    draw = np.random.default_rng(seed)
    owners = np.repeat(np.arange(ENTITIES), np.arange(ENTITIES) % 5)
    items = draw.normal(size=(len(owners), width)).astype(np.float32) + 0.5
    items /= np.linalg.norm(items, axis=1, keepdims=True)
    matrix = np.zeros((ENTITIES, width), np.float32)
    np.add.at(matrix, owners, items)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(lengths > 0, lengths, 1)
    return Features("text", matrix, lengths[:, 0] > 0, "fake", "1", items, owners)


def pool(given: Features) -> Pool:
    """A pool as after some training."""
    made = Pool(prepare(given, ENTITIES))
    torch.nn.init.normal_(made.query, std=3.0, generator=torch.Generator().manual_seed(0))
    return made


def test_inputs_are_centred_and_of_mean_length_one() -> None:
    given = features("text", 7, 0.6)
    made = prepare(given, ENTITIES)
    rows = made.inputs[made.present]
    torch.testing.assert_close(rows.mean(0), torch.zeros(7), atol=1e-6, rtol=0)
    assert float(rows.square().sum(1).mean()) == pytest.approx(1.0, abs=1e-5)
    raw = torch.from_numpy(given.matrix)[made.present]
    torch.testing.assert_close((raw - made.mean) @ made.basis, rows)


def test_wide_features_keep_their_leading_components() -> None:
    made = prepare(features("text", 30), ENTITIES, width=4)
    assert made.inputs.shape == (ENTITIES, 4)
    spread = made.inputs.std(0)
    assert (spread[:-1] >= spread[1:]).all()


def test_few_alike_rows_of_many_columns_have_principal_components() -> None:
    """A handful of near-copies leaves hundreds of eigenvalues that are all but zero."""
    draw = np.random.default_rng(0)
    rows = np.abs(draw.standard_normal((6, 592))).astype(np.float32)[[0, 1, 2, 3, 4, 5, 0, 1, 2]]
    matrix = np.zeros((40, 592), dtype=np.float32)
    matrix[:9] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    inputs = prepare(Features("image", matrix, np.arange(40) < 9, "classical", "1"), 40).inputs
    assert np.isfinite(inputs.numpy()).all()
    assert np.allclose(inputs[0], inputs[6], atol=1e-4)
    assert not np.allclose(inputs[0], inputs[1], atol=1e-2)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_features_that_tell_nothing_apart_add_nothing(share: float) -> None:
    given = features("image", 5, share)
    given = replace(given, matrix=np.full_like(given.matrix, 0.4))
    assert not prepare(given, ENTITIES).inputs.any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_by_modality(value: float) -> None:
    given = features("image", 5)
    given.matrix[3, 2] = value
    with pytest.raises(BadInput, match="image features have values that are not finite"):
        prepare(given, ENTITIES)


def test_an_item_that_is_not_finite_is_refused() -> None:
    given = with_items()
    assert given.items is not None
    given.items[-1, 0] = np.nan
    with pytest.raises(BadInput, match="text features have values that are not finite"):
        prepare(given, ENTITIES)


def test_features_of_another_graph_are_refused() -> None:
    with pytest.raises(BadInput, match="text features are of 40 entities and the facts of 41"):
        prepare(features(), 41)


def test_features_of_new_entities_go_through_the_basis_of_the_old() -> None:
    given = with_items()
    made = prepare(given, ENTITIES)
    again = project(given, made.mean, made.basis)
    torch.testing.assert_close(again.inputs, made.inputs)
    assert again.items is not None
    assert made.items is not None
    torch.testing.assert_close(again.items, made.items)


def test_only_entities_with_several_items_are_pooled() -> None:
    made = prepare(with_items(), ENTITIES)
    assert made.owners is not None
    assert set(made.owners.tolist()) == {n for n in range(ENTITIES) if n % 5 > 1}
    one = features("text", 7, 0.6)
    there = np.flatnonzero(one.present)
    single = prepare(replace(one, items=one.matrix[there], owners=there), ENTITIES)
    assert single.items is None
    assert single.owners is None


def test_pooling_starts_as_the_mean() -> None:
    made = prepare(with_items(), ENTITIES)
    torch.testing.assert_close(Pool(made)(made.inputs), made.inputs, atol=1e-5, rtol=1e-5)


def test_pooling_is_a_softmax_over_the_items_of_an_entity() -> None:
    given = with_items()
    made, inputs = prepare(given, ENTITIES), pool(given)
    assert made.items is not None
    assert made.owners is not None
    found = inputs(made.inputs)
    for entity in range(ENTITIES):
        items = made.items[made.owners == entity]
        expected = made.inputs[entity]
        if len(items):
            expected = torch.softmax(items @ inputs.query, 0) @ items
        torch.testing.assert_close(found[entity], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("rows", [[3, 0, 39, 3, 1], [0, 1], []])
def test_pooled_rows_are_those_of_all(rows: list[int]) -> None:
    made, chosen = prepare(with_items(), ENTITIES), torch.tensor(rows, dtype=torch.int64)
    inputs = pool(with_items())
    torch.testing.assert_close(
        inputs(made.inputs[chosen], chosen), inputs(made.inputs)[chosen], atol=1e-5, rtol=1e-5
    )


def test_the_gradient_of_a_pool_is_that_of_the_softmax_written_down() -> None:
    given = with_items()
    made, inputs = prepare(given, ENTITIES), pool(given)
    assert made.items is not None
    assert made.owners is not None
    target = torch.randn(ENTITIES, 7, generator=torch.Generator().manual_seed(1))
    (inputs(made.inputs) * target).sum().backward()
    query = inputs.query.detach().clone().requires_grad_()
    total = torch.zeros(())
    for entity in range(ENTITIES):
        items = made.items[made.owners == entity]
        if len(items):
            total = total + (torch.softmax(items @ query, 0) @ items * target[entity]).sum()
    total.backward()
    torch.testing.assert_close(inputs.query.grad, query.grad, atol=1e-4, rtol=1e-4)


def test_items_that_all_but_cancel_each_other_are_stretched_only_so_far() -> None:
    given = with_items()
    assert given.items is not None
    assert given.owners is not None
    two = np.flatnonzero(given.owners == 2)
    given.items[two[1]] = -given.items[two[0]] + 1e-5
    made = prepare(given, ENTITIES)
    assert made.items is not None
    assert float(made.items.abs().max()) < 50


def test_shuffling_moves_rows_among_the_entities_that_have_them() -> None:
    given = features("text", 7, 0.6)
    made = shuffled(given, 1)
    has = given.present
    assert np.array_equal(made.present, has)
    assert not made.matrix[~has].any()
    assert not np.array_equal(made.matrix, given.matrix)
    assert sorted(map(tuple, made.matrix[has])) == sorted(map(tuple, given.matrix[has]))
    assert np.array_equal(shuffled(given, 1).matrix, made.matrix)
    assert not np.array_equal(shuffled(given, 2).matrix, made.matrix)


def test_shuffling_moves_items_with_their_row() -> None:
    given = with_items()
    made = shuffled(given, 1)
    assert made.items is not None
    assert made.owners is not None
    assert len(made.items) == len(given.items)  # type: ignore[arg-type]
    assert (np.diff(made.owners) >= 0).all()
    for entity in range(ENTITIES):
        mean = made.items[made.owners == entity].sum(0)
        direction = mean / max(float(np.linalg.norm(mean)), 1e-9)
        assert np.allclose(direction, made.matrix[entity], atol=1e-5)
