"""Fusion: masks, weights, the start; features as the network reads them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from embeddings.fusion import FUSIONS, Fusion, fusion
from embeddings.models import kernel
from embeddings.network import Network, prepare
from kg_platform.errors import BadInput
from tests.facts import ENTITIES, features

WIDTH = 12


@pytest.fixture(params=sorted(FUSIONS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def network(name: str, *given: object) -> Network:
    text, image = features("text", 7, 0.6), features("image", 5, 0.3, seed=1)
    modalities = {"text": prepare(text, ENTITIES), "image": prepare(image, ENTITIES)}
    generator = torch.Generator().manual_seed(0)
    made = Network(kernel("distmult"), ENTITIES, 2, WIDTH, name, modalities, generator)
    with torch.no_grad():  # as after some training
        for parameter in made.parameters():
            parameter.normal_(generator=generator)
    return made


def test_some_rows_are_those_of_all(name: str) -> None:
    made, rows = network(name), torch.tensor([3, 1, 30])
    torch.testing.assert_close(made.entities(rows), made.entities()[rows])


def test_what_stands_in_the_place_of_a_missing_modality_is_never_read(name: str) -> None:
    made = network(name)
    before = made.entities()
    for modality, column in (("text", 0), ("image", 1)):
        made.get_buffer(f"{modality}_inputs")[~made.get_buffer("present")[:, column]] = 1e6
    torch.testing.assert_close(made.entities(), before)


def test_every_modality_an_entity_has_matters(name: str) -> None:
    made = network(name)
    present, before = made.get_buffer("present"), made.entities()
    for modality, column in (("text", 0), ("image", 1)):
        inputs = made.get_buffer(f"{modality}_inputs")
        inputs += 1.0
        changed = (made.entities() - before).abs().sum(1) > 1e-4
        assert torch.equal(changed, present[:, column])
        inputs -= 1.0


def test_an_average_has_weights_that_add_up_to_one() -> None:
    for kind in ("weighted", "attention"):
        made = network(kind)
        inputs = [made.get_buffer(f"{modality}_inputs") for modality in made.names]
        present = made.get_buffer("present")
        assert isinstance(made.fusion, Fusion)
        weights = made.fusion.weights(made.structure, inputs, present)
        torch.testing.assert_close(weights.sum(1), torch.ones(ENTITIES))
        assert ((weights[:, 1:] > 0) == present).all()
        assert (weights[:, 0] > 0).all()


def test_attention_gives_each_entity_its_own_weights() -> None:
    made = network("attention")
    inputs = [made.get_buffer(f"{modality}_inputs") for modality in made.names]
    assert made.fusion is not None
    weights = made.fusion.weights(made.structure, inputs, made.get_buffer("present"))
    both = weights[made.get_buffer("present").all(1)]
    assert both.std(0).min() > 0.01


def test_concatenation_is_one_projection_of_everything_side_by_side() -> None:
    generator = torch.Generator().manual_seed(0)
    made = fusion("concat", WIDTH, [7, 5], generator)
    structure, text, image = (torch.randn(4, w, generator=generator) for w in (WIDTH, 7, 5))
    whole = torch.cat([structure, text, image], 1)
    matrix = torch.cat([torch.eye(WIDTH), *made.projections], 0)
    present = torch.ones(4, 2, dtype=torch.bool)
    torch.testing.assert_close(made(structure, [text, image], present), whole @ matrix)


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


def test_features_of_another_graph_are_refused() -> None:
    with pytest.raises(BadInput, match="text features are of 40 entities and the facts of 41"):
        prepare(features(), 41)
