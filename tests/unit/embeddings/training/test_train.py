"""The loop: it learns, it can be stopped anywhere, it says what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from embeddings.data.dataset import Dataset
from embeddings.evaluation.classification import classify
from embeddings.evaluation.ranking import rank
from embeddings.training import checkpoint
from embeddings.training.objective import Batch, TrainedVectors
from embeddings.training.one_vs_all import AgainstAll
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions, preset_options, train
from kg_platform.errors import BadInput, Unavailable
from tests.support.facts import draw, features

OPTIONS = TrainOptions(dimension=16, epochs=6, batch=20, patience=100)


class Stop(Exception):
    pass


def stop_after(steps: int):  # type: ignore[no-untyped-def]
    def report(done: int, total: int) -> None:
        if done >= steps:
            raise Stop

    return report


def same(one: Trained, other: Trained) -> bool:
    return (
        np.array_equal(one.entity_vectors(), other.entity_vectors())
        and np.array_equal(one.structure_vectors(), other.structure_vectors())
        and bool((one.scorer.relations == other.scorer.relations).all())
    )


def losses(trained: Trained) -> list[float]:
    return [row["loss"] for row in trained.history]


@pytest.mark.parametrize("loss", ["1-vs-all", "k-vs-all", "margin", "logistic", "self-adversarial"])
@pytest.mark.parametrize("model", ["transe", "distmult", "complex"])
def test_every_model_learns_with_every_loss(model: str, loss: str, tmp_path: Path) -> None:
    # Without validation the last epoch is kept, which is the one that has learnt most by heart.
    drawn = draw(triples=400)
    dataset = replace(drawn, valid=drawn.valid[:0])
    # The sigmoid first learns that almost nothing is true.
    epochs = 120 if loss == "k-vs-all" else 40
    given = {"model": model, "loss": loss, "epochs": epochs, "regularisation": 0.0}
    options = replace(OPTIONS, **given, device="cpu")
    trained = train(dataset, options, tmp_path)
    # A guess among 40 gives 0.107. A ring is hard for TransE: no translation comes back.
    assert rank(trained, dataset, "train").mrr > (0.35 if model == "transe" else 0.8)
    assert trained.entity_vectors().shape == (40, 16)
    assert trained.entity_vectors().dtype == np.float32


@pytest.mark.parametrize("fusion", ["concat", "weighted", "attention"])
def test_every_fusion_trains_with_missing_modalities(fusion: str, tmp_path: Path) -> None:
    given = {"text": features("text", 7, 0.6), "image": features("image", 5, 0.2)}
    dataset = replace(draw(), features=given)
    trained = train(dataset, replace(OPTIONS, fusion=fusion), tmp_path)
    assert losses(trained)[-1] < losses(trained)[0]
    assert not np.array_equal(trained.entity_vectors(), trained.structure_vectors())
    assert np.isfinite(trained.entity_vectors()).all()


def test_loops_are_learnt_unless_they_are_left_out(tmp_path: Path) -> None:
    learnt = train(draw(), OPTIONS, tmp_path / "learnt")
    assert learnt.scorer.loops.all()
    without = train(draw(), replace(OPTIONS, loops="none"), tmp_path / "none")
    assert not without.scorer.loops.any()
    with pytest.raises(BadInput, match="There is no loops 'some'; choose one of learnt, none"):
        replace(OPTIONS, loops="some")


def test_without_features_the_fused_vector_is_the_structure(tmp_path: Path) -> None:
    trained = train(draw(), OPTIONS, tmp_path)
    assert np.array_equal(trained.entity_vectors(), trained.structure_vectors())


def test_the_seed_decides_everything(tmp_path: Path) -> None:
    dataset = replace(draw(), features={"text": features()})
    one = train(dataset, OPTIONS, tmp_path / "1")
    assert same(one, train(dataset, OPTIONS, tmp_path / "2"))
    assert not same(one, train(dataset, replace(OPTIONS, seed=1), tmp_path / "3"))


@pytest.mark.parametrize("loss", ["1-vs-all", "k-vs-all", "margin", "logistic", "self-adversarial"])
@pytest.mark.parametrize("steps", [1, 17, 35])  # of 36, six an epoch
def test_stopped_and_gone_on_is_the_same_as_never_stopped(
    loss: str, steps: int, tmp_path: Path
) -> None:
    dataset = replace(draw(), features={"text": features(share=0.7)})
    options = replace(OPTIONS, loss=loss, fusion="attention")
    whole = train(dataset, options, tmp_path / "whole")
    with pytest.raises(Stop):
        train(dataset, options, tmp_path / "cut", stop_after(steps))
    resumed = train(dataset, options, tmp_path / "cut")
    assert same(whole, resumed)
    assert losses(whole) == losses(resumed)
    assert resumed.best_epoch == whole.best_epoch


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    dataset = draw()
    whole = train(dataset, OPTIONS, tmp_path)
    steps: list[int] = []
    again = train(dataset, OPTIONS, tmp_path, lambda done, total: steps.append(done))
    assert len(steps) == 1
    assert same(whole, again)


@pytest.mark.parametrize("change", ["settings", "facts", "features"])
def test_a_checkpoint_of_something_else_is_left_aside_and_said_so(
    change: str, tmp_path: Path
) -> None:
    dataset, options = draw(), OPTIONS
    train(dataset, options, tmp_path)
    if change == "settings":
        options = replace(options, lr=0.05)
    elif change == "facts":
        dataset = draw(seed=1)
    else:
        dataset = replace(dataset, features={"text": features()})
    other = train(dataset, options, tmp_path)
    assert any("other settings or other data" in note for note in other.notes)
    assert same(other, train(dataset, options, tmp_path / "fresh"))


def test_a_damaged_checkpoint_is_left_aside_and_said_so(tmp_path: Path) -> None:
    whole = train(draw(), OPTIONS, tmp_path)
    file = tmp_path / checkpoint.FILE
    file.write_bytes(file.read_bytes()[:1000])
    again = train(draw(), OPTIONS, tmp_path)
    assert any("cannot be read" in note for note in again.notes)
    assert same(whole, again)


def test_a_checkpoint_is_safetensors_with_its_state_as_json(tmp_path: Path) -> None:
    train(draw(), OPTIONS, tmp_path)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [checkpoint.FILE]
    with safe_open(tmp_path / checkpoint.FILE, framework="np") as file:
        state = json.loads(file.metadata()["state"])
        assert "network.structure" in file.keys()  # noqa: SIM118
    assert state["epoch"] == 6


def test_training_ends_early_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    dataset = draw(triples=60)  # a sparse ring: it soon learns by heart
    options = replace(OPTIONS, epochs=200, patience=2, lr=0.5, regularisation=0.0)
    trained = train(dataset, options, tmp_path)
    figures = [row["valid_mrr"] for row in trained.history]
    assert len(figures) < 200
    assert len(figures) == trained.best_epoch + 2
    assert figures[trained.best_epoch - 1] == max(figures)
    assert rank(trained, dataset, "valid").mrr == pytest.approx(max(figures))


def test_without_validation_facts_the_last_epoch_is_kept(tmp_path: Path) -> None:
    dataset = replace(draw(), valid=np.empty((0, 3), np.int64))
    trained = train(dataset, OPTIONS, tmp_path)
    assert trained.best_epoch == len(trained.history) == 6
    assert any("no validation facts" in note for note in trained.notes)


def test_losses_and_figures_are_logged(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with pytest.raises(Stop):
        train(draw(), OPTIONS, tmp_path, stop_after(30))
    trained = train(draw(), OPTIONS, tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    for name in ("train/loss", "train/learning rate", "valid/mrr"):
        assert [row.step for row in events.Scalars(name)] == [1, 2, 3, 4, 5, 6]
    logged = [row.value for row in events.Scalars("train/loss")]
    assert logged == pytest.approx(losses(trained), rel=1e-5)


def test_one_entity_with_one_fact_trains_and_ranks(tmp_path: Path) -> None:
    loop = np.array([[0, 0, 0]])
    dataset = Dataset(["a"], ["R"], loop, loop, loop, {"text": features(entities=1)})
    trained = train(dataset, OPTIONS, tmp_path)
    assert rank(trained, dataset, "test").mrr == 1.0
    # There is no false fact in this world; what is true is called true.
    assert classify(trained, dataset, 0).accuracy == 1.0


def test_a_relation_with_one_fact_is_learnt(tmp_path: Path) -> None:
    dataset = draw()
    rare = np.concatenate([dataset.train, [[0, 3, 20]]])
    dataset = replace(dataset, relation_types=["r0", "r1", "r2", "rare"], train=rare)
    trained = train(dataset, replace(OPTIONS, epochs=30, regularisation=0.0), tmp_path)
    assert trained.score_tails([0], [3])[0].argmax() == 20


def test_features_that_are_not_numbers_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    given = features()
    given.matrix[0, 0] = np.nan
    with pytest.raises(BadInput, match="text features"):
        train(replace(draw(), features={"text": given}), OPTIONS, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_step_that_is_too_large_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="choose a smaller lr"):
        train(draw(), replace(OPTIONS, lr=1e30), tmp_path)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"model": "x"}, "no model 'x'"),
        ({"dimension": 33}, "multiple of 2"),
        ({"fusion": "x"}, "no fusion 'x'"),
        ({"loss": "x"}, "no loss 'x'"),
        ({"epochs": 0}, "epochs must be greater than 0"),
        ({"lr": -0.1}, "lr must be greater than 0"),
        ({"regularisation": -0.1}, "regularisation must not be below 0"),
        ({"preset": "x"}, "no preset 'x'"),
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        preset_options(**wrong)  # type: ignore[arg-type]


def test_a_step_that_runs_out_of_memory_is_done_again_on_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, options = draw(), replace(OPTIONS, precision="fp32", epochs=3)
    whole = train(dataset, options, tmp_path / "whole")
    plain = AgainstAll.loss

    def tight(
        self: AgainstAll, network: TrainedVectors, batch: Batch, keep: None, room: int
    ) -> Tensor:
        if room > 2 * dataset.entities:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return plain(self, network, batch, keep, room)

    monkeypatch.setattr(AgainstAll, "loss", tight)
    halved = train(dataset, options, tmp_path / "tight")
    assert [note for note in halved.notes if "Memory ran out" in note]
    assert losses(halved) == pytest.approx(losses(whole), rel=1e-3)
    monkeypatch.setattr(AgainstAll, "loss", _never_fits)
    with pytest.raises(Unavailable, match="choose a smaller dimension or batch"):
        train(dataset, options, tmp_path / "never")


def _never_fits(self: AgainstAll, *_: object) -> Tensor:
    raise torch.OutOfMemoryError("CUDA out of memory.")


def test_entities_without_facts_and_features_stay_finite(tmp_path: Path) -> None:
    drawn = draw()
    names = [*drawn.entity_ids, "lonely", "silent"]
    given = features(entities=len(names))
    given.present[-1] = False
    given.matrix[-1] = 0
    trained = train(replace(drawn, entity_ids=names, features={"text": given}), OPTIONS, tmp_path)
    assert np.isfinite(trained.entity_vectors()).all()


@pytest.mark.parametrize(
    ("chosen", "triples", "expected"),
    [
        ({}, 300, 0.1),
        ({}, 400, 0.05),
        ({"loss": "logistic"}, 400, 0.001),
        ({"model": "transe"}, 300, 0.0),
        ({"regularisation": 0.3}, 300, 0.3),
    ],
)
def test_the_regulariser_fits_graph_model_and_loss(
    chosen: dict[str, Any], triples: int, expected: float
) -> None:
    assert TrainOptions(**chosen).resolved(triples, entities=100).regularisation == expected


@pytest.mark.parametrize(
    ("chosen", "triples", "expected"),
    [(None, 999, 0.25), (None, 1_000, 4.0), (0.0, 1_000, 0.0), (0.7, 1_000, 0.7)],
)
def test_predicting_relations_weighs_more_where_there_are_many_facts(
    chosen: float | None, triples: int, expected: float
) -> None:
    options = TrainOptions(relation_prediction=chosen).resolved(triples, entities=100)
    assert options.relation_prediction == expected


def test_saving_that_takes_long_is_done_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, written = [0.0], []
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: clock[0])

    def slow(folder: Path, state: checkpoint.State, tensors: object) -> None:
        written.append(state.epoch)
        clock[0] += 2.0

    monkeypatch.setattr(checkpoint, "save", slow)
    saver, state = checkpoint.Saver(tmp_path), checkpoint.State("f")
    for epoch in range(1, 31):
        state.epoch = epoch
        clock[0] += 3.0
        saver.save(state, dict, must=False)
    assert written == [1, 8, 15, 22, 29], "2 of 23 seconds at most"
    saver.save(state, dict, must=True)
    saver.save(state, dict, must=True)
    assert written[-2:] == [29, 30], "once"


def test_what_must_be_saved_is_saved_however_long_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "QUICK", -1.0)
    monkeypatch.setattr(checkpoint, "SHARE", 1e-9)
    whole = train(draw(), OPTIONS, tmp_path / "whole")
    assert train(draw(), OPTIONS, tmp_path / "whole", _no_step).history == whole.history
    cut = tmp_path / "cut"
    train(draw(), OPTIONS, cut, on_epoch=lambda state: state.epoch < 4)
    resumed = train(draw(), OPTIONS, cut)
    assert "Training goes on after epoch 4." in resumed.notes
    assert same(whole, resumed)


def _no_step(done: int, total: int) -> None:
    assert done == total
