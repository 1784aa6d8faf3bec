"""What may be tried: always possible, around the preset, on log scales, and nothing senseless."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import optuna
import pytest

from embeddings.jobs.tuning import space as search_space
from embeddings.jobs.tuning.space import MANY_ENTITIES, SearchSpace
from embeddings.training.options import SAMPLED, TrainOptions
from kg_platform.errors import BadInput
from tests.support.facts import draw, features

BASE = TrainOptions()
WITH_FEATURES = replace(draw(), features={"text": features()})
MODELS = ("complex", "distmult", "transe", "rotate")


def trials(space: SearchSpace, count: int = 200) -> list[tuple[TrainOptions, optuna.Trial]]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    asked = [study.ask() for _ in range(count)]
    return [(space.suggest(trial), trial) for trial in asked]


@pytest.mark.parametrize(
    "base",
    [
        BASE,
        TrainOptions(dimension=30, lr=0.9, batch=7, regularisation=3.0),
        TrainOptions(model="transe", loss="margin", margin=40.0, negatives=4),
        TrainOptions(loss="logistic", optimiser="adam", relation_prediction=9.0),
        TrainOptions(loss="self-adversarial", temperature=9.0, modality_dropout=0.75),
        TrainOptions(loss="k-vs-all", label_smoothing=0.4, regulariser="l2", members=3),
    ],
)
@pytest.mark.parametrize("dataset", [draw(), WITH_FEATURES])
def test_the_preset_is_a_point_of_the_space(base: TrainOptions, dataset) -> None:  # type: ignore[no-untyped-def]
    space = SearchSpace.of(dataset, base, (base.model, "distmult"))
    assert space.suggest(optuna.trial.FixedTrial(space.own())) == base.resolved(
        len(dataset.train), dataset.entities
    )


def test_draws_around_the_preset_are_points_of_the_space_near_it() -> None:
    space = SearchSpace.of(WITH_FEATURES, BASE, MODELS)
    generator = np.random.default_rng(0)
    drawn = [space.near(generator) for _ in range(400)]
    options = [space.suggest(optuna.trial.FixedTrial(one)) for one in drawn]
    assert {"1-vs-all", "k-vs-all", "self-adversarial"} <= {one.loss for one in options}
    assert sum(one.model == BASE.model for one in options) / 400 == pytest.approx(0.75, abs=0.07)
    own = [one for one in options if (one.model, one.loss) == (BASE.model, BASE.loss)]
    for name in ("lr", "dimension", "regularisation"):
        base = getattr(BASE.resolved(len(WITH_FEATURES.train), WITH_FEATURES.entities), name)
        logs = np.log([getattr(one, name) / base for one in own])
        low, high = search_space.RANGES[
            {"lr": "lr/adagrad", "regularisation": "regularisation/n3/against all"}.get(name, name)
        ]
        assert abs(np.median(logs)) < 0.2, name
        assert 0.07 < np.std(logs) / np.log(high / low) < 0.17, name
    sampled = [one.regularisation or 0.0 for one in options if one.loss == "self-adversarial"]
    assert np.median([one for one in sampled if one]) < 0.01, "what is usual with that loss"
    # The preset predicts no relations, so no weight is near it: all of the range is drawn from.
    weights = [one.relation_prediction for one in options if one.relation_prediction]
    assert sum(weight < 0.0101 for weight in weights) < 3
    assert 0.07 < np.median(weights) < 0.3


def test_every_draw_is_possible_and_sensible() -> None:
    space = SearchSpace.of(WITH_FEATURES, BASE, MODELS)
    tried = trials(space)
    for options, trial in tried:
        distance = options.model in ("transe", "rotate")
        asked = {name.split("/")[0].rstrip("?") for name in trial.params}
        assert options.dimension % 8 == 0
        assert ("negatives" in asked) == (options.loss in SAMPLED)
        assert ("label_smoothing" in asked) == (options.loss == "k-vs-all")
        assert ("temperature" in asked) == (options.loss == "self-adversarial")
        assert ("margin" in asked) == (options.loss in ("margin", "self-adversarial"))
        assert ("regularisation" in asked) != distance
        assert options.loss != "margin" or distance
        assert {"lr", "batch", "dimension", "fusion", "modality_dropout"} <= asked
    assert {options.model for options, _ in tried} == set(MODELS)
    assert {options.relation_prediction > 0 for options, _ in tried} == {True, False}


def test_one_name_is_one_question_whatever_was_answered_before() -> None:
    known: dict[str, optuna.distributions.BaseDistribution] = {}
    for _, trial in trials(SearchSpace.of(WITH_FEATURES, BASE, MODELS)):
        for name, distribution in trial.distributions.items():
            assert known.setdefault(name, distribution) == distribution


def test_scales_are_logarithmic_where_a_factor_is_what_matters() -> None:
    for _, trial in trials(SearchSpace.of(draw(), BASE), 50):
        for name, distribution in trial.distributions.items():
            if name.split("/")[0] in ("lr", "batch", "regularisation", "dimension", "negatives"):
                assert distribution.log  # type: ignore[attr-defined]


def test_without_features_nothing_is_asked_about_them() -> None:
    for options, trial in trials(SearchSpace.of(draw(), BASE), 20):
        assert not {"fusion", "modality_dropout"} & set(trial.params)
        assert (options.fusion, options.modality_dropout) == (BASE.fusion, 0.0)


def test_what_is_fixed_stays() -> None:
    base = replace(BASE, dimension=30, lr=0.3, loss="k-vs-all", relation_prediction=0.5)
    fixed = ("dimension", "lr", "loss", "relation_prediction", "regularisation")
    for options, trial in trials(SearchSpace.of(WITH_FEATURES, base, fixed=fixed), 20):
        assert [getattr(options, name) for name in fixed] == [30, 0.3, "k-vs-all", 0.5, 0.1]
        assert not set(fixed) & {name.split("/")[0].rstrip("?") for name in trial.params}


def test_a_large_graph_is_not_scored_whole() -> None:
    space = replace(
        SearchSpace.of(draw(), replace(BASE, loss="logistic")), entities=MANY_ENTITIES + 1
    )
    assert {options.loss for options, _ in trials(space, 50)} == {"self-adversarial", "logistic"}


def test_one_model_is_not_a_question() -> None:
    assert all("model" not in trial.params for _, trial in trials(SearchSpace.of(draw(), BASE), 5))
    only = SearchSpace.of(draw(), BASE, ("distmult",))
    assert only.suggest(optuna.trial.FixedTrial(only.own())).model == "distmult"


def test_what_cannot_be_is_refused_before_anything_is_tried() -> None:
    with pytest.raises(BadInput, match="no model 'x'"):
        SearchSpace.of(draw(), BASE, ("complex", "x"))
    base = TrainOptions(model="distmult", dimension=31)
    with pytest.raises(BadInput, match="multiple of 2"):
        SearchSpace.of(draw(), base, ("distmult", "complex"), fixed=("dimension",))


def test_the_description_tells_spaces_apart() -> None:
    one = SearchSpace.of(draw(), BASE).describe()
    assert one == SearchSpace.of(draw(), BASE).describe()
    for other in (
        SearchSpace.of(draw(), BASE, ("complex", "distmult")),
        SearchSpace.of(draw(), BASE, fixed=("lr",)),
        SearchSpace.of(draw(), replace(BASE, seed=1)),
        SearchSpace.of(WITH_FEATURES, BASE),
    ):
        assert other.describe() != one
