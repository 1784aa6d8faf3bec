"""What a run says of itself: the ledger's figures, and the manifest's details."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from embeddings.answers.chances import Chances
from embeddings.evaluation.breakdown import rank_in_parts
from embeddings.evaluation.calibration import calibrate
from embeddings.evaluation.classification import classify
from embeddings.evaluation.evaluate import measure
from embeddings.evaluation.ranking import rank
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from tests.support.facts import ENTITIES, RELATIONS, draw
from tests.support.fake_artifact import FakeArtifact

NONE = np.empty((0, 3), np.int64)


@dataclass
class Fixed:
    scorer: Scorer


@pytest.fixture
def trained() -> Fixed:
    generator = torch.Generator().manual_seed(0)
    entities = torch.randn(ENTITIES, 6, generator=generator)
    relations = torch.randn(2 * RELATIONS, 6, generator=generator)
    return Fixed(Scorer(interaction("distmult"), entities, relations))


def test_figures_are_flat_and_those_of_their_own_functions(trained: Fixed) -> None:
    given = draw()
    found = measure(trained, given, 3)
    assert all(isinstance(value, float) for value in found.metrics.values())
    assert found.metrics["valid_mrr"] == rank(trained, given, "valid").mrr
    assert found.metrics["test_amri"] == rank(trained, given, "test").amri
    assert found.metrics["auc"] == classify(trained, given, 3).auc
    assert found.metrics["ece"] == calibrate(trained, given, 3).ece
    assert len(found.metrics) <= 20, "`kg runs RUN` prints each of them"


def test_details_are_json_and_what_kg_predict_needs(trained: Fixed) -> None:
    given = draw()
    details = json.loads(json.dumps(measure(trained, given, 3).details))
    assert details["breakdown"] == rank_in_parts(trained, given).as_dict()
    scores = np.array([-1, 0, 2], np.float32)
    expected = calibrate(trained, given, 3).calibrator.probabilities(scores)
    older = {name: value for name, value in details.items() if name != "shown"}
    chances = Chances.of(FakeArtifact([], {}, **older))  # type: ignore[arg-type]
    assert chances is not None
    assert chances.basis == "even odds"
    figures = np.stack([scores, *np.zeros((5, 3))], axis=-1)
    assert np.array_equal(chances.probabilities(np.zeros(3, np.int64), figures), expected)
    assert Chances.of(FakeArtifact([], {})) is None  # type: ignore[arg-type]


def test_splits_without_facts_leave_their_figures_out(trained: Fixed) -> None:
    assert measure(trained, replace(draw(), valid=NONE, test=NONE), 0).metrics == {}
    only_valid = measure(trained, replace(draw(), test=NONE), 0)
    assert {name.partition("_")[0] for name in only_valid.metrics} == {"valid"}
    only_test = measure(trained, replace(draw(), valid=NONE), 0)
    assert {name.partition("_")[0] for name in only_test.metrics} == {"test"}
    assert set(only_test.details) == {"breakdown", "held_out"}
