"""The engine on a GPU gives what it gives on the CPU. Skipped where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.data.dataset import Dataset
from embeddings.data.feature_matrix import Features
from embeddings.evaluation.ranking import rankings
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from embeddings.numerics import memory
from embeddings.training.cuda_graphs import Captured
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions, train
from tests.support.facts import ENTITIES, RELATIONS, draw, features

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")

OPTIONS = TrainOptions(
    dimension=16, epochs=6, batch=20, patience=100, precision="fp32", device="cpu"
)


def with_items() -> Dataset:
    """Facts, and texts of which some entities have several and some none."""
    one = features(share=0.7)
    owners = np.flatnonzero(one.present).repeat(2)
    items = np.random.default_rng(1).normal(size=(len(owners), one.matrix.shape[1]))
    items = (items / np.linalg.norm(items, axis=1, keepdims=True)).astype(np.float32)
    text = Features("text", one.matrix, one.present, "fake", "1", items=items, owners=owners)
    return replace(draw(), features={"text": text, "image": features("image", 5, 0.4, seed=2)})


def figures(trained: Trained) -> list[tuple[float, float]]:
    return [(row["loss"], row["valid_mrr"]) for row in trained.history]


def both(dataset: Dataset, options: TrainOptions, folder: Path) -> tuple[Trained, Trained]:
    cpu = train(dataset, options, folder / "cpu")
    return cpu, train(dataset, replace(options, device="cuda"), folder / "gpu")


@pytest.mark.parametrize("loss", ["1-vs-all", "k-vs-all", "margin", "logistic", "self-adversarial"])
@pytest.mark.parametrize(
    "model", ["transe", "transe-l1", "distmult", "complex", "rotate", "simple"]
)
def test_training_goes_as_on_the_cpu(model: str, loss: str, tmp_path: Path) -> None:
    cpu, gpu = both(draw(), replace(OPTIONS, model=model, loss=loss), tmp_path)
    if model == "transe-l1":
        # Gradients of signs cancel but for the rounding, whose sign Adagrad takes for a direction.
        assert figures(gpu)[-1][0] == pytest.approx(figures(cpu)[-1][0], rel=0.1)
    else:
        np.testing.assert_allclose(figures(gpu), figures(cpu), rtol=2e-3, atol=2e-3)
    assert not gpu.notes


@pytest.mark.parametrize("fusion", ["concat", "weighted", "attention", "gated"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_fusions_train_as_on_the_cpu(fusion: str, dropout: float, tmp_path: Path) -> None:
    options = replace(
        OPTIONS, fusion=fusion, modality_dropout=dropout, structure_dropout=dropout / 2,
        relation_prediction=0.5,
    )  # fmt: skip
    cpu, gpu = both(with_items(), options, tmp_path)
    np.testing.assert_allclose(figures(gpu), figures(cpu), rtol=5e-3, atol=5e-3)
    assert not gpu.notes, "steps are captured"


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_bfloat16_learns_as_well(smoothing: float, tmp_path: Path) -> None:
    options = replace(OPTIONS, precision="bf16", label_smoothing=smoothing)
    cpu, gpu = both(draw(), options, tmp_path)
    np.testing.assert_allclose(figures(gpu)[-1], figures(cpu)[-1], rtol=0.1)


def test_an_interaction_that_looks_at_the_whole_batch_gets_no_filling(tmp_path: Path) -> None:
    cpu, gpu = both(draw(), replace(OPTIONS, model="tucker", epochs=3), tmp_path)
    assert figures(gpu)[-1][0] == pytest.approx(figures(cpu)[-1][0], rel=0.1)  # it has dropout


def test_rejections_are_captured_too(tmp_path: Path) -> None:
    dataset = replace(draw(), rejected=np.array([(3, 1, 7), (5, 2, 5)], np.int64))
    cpu, gpu = both(dataset, OPTIONS, tmp_path)
    np.testing.assert_allclose(figures(gpu), figures(cpu), rtol=2e-3, atol=2e-3)
    assert not gpu.notes


def test_captured_steps_are_the_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = replace(OPTIONS, device="cuda")
    replayed = []
    plain = Captured._replay
    monkeypatch.setattr(
        Captured,
        "_replay",
        lambda *a: (replayed.append(1), plain(*a))[1],  # type: ignore[func-returns-value]
    )
    captured = train(with_items(), options, tmp_path / "captured")
    assert len(replayed) > 10
    monkeypatch.setattr(Captured, "__call__", lambda self, step, inputs: step(inputs))
    one_by_one = train(with_items(), options, tmp_path / "one")
    np.testing.assert_allclose(figures(captured), figures(one_by_one), rtol=1e-3)


def test_a_step_that_cannot_be_captured_is_done_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(OPTIONS, device="cuda")
    plain = train(draw(), options, tmp_path / "plain")
    from embeddings.training import objective as losses

    product = losses.product_loss

    def waiting(*given: Any) -> Any:
        loss = product(*given)
        assert loss.item() > 0  # looks at the GPU, which a capture forbids
        return loss

    monkeypatch.setattr(losses, "product_loss", waiting)
    found = train(draw(), options, tmp_path / "waiting")
    assert [note for note in found.notes if "could not be captured" in note]
    np.testing.assert_allclose(figures(found), figures(plain), rtol=1e-3)


@pytest.mark.parametrize("optimiser", ["adagrad", "adam"])
def test_killed_and_resumed_ends_where_it_would_have(optimiser: str, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise Stop

    options = replace(OPTIONS, device="cuda", optimiser=optimiser)
    whole = train(with_items(), options, tmp_path / "whole")
    with pytest.raises(Stop):
        train(with_items(), options, tmp_path / "cut", stop)
    resumed = train(with_items(), options, tmp_path / "cut")
    assert [note for note in resumed.notes if "goes on after epoch" in note]
    np.testing.assert_allclose(figures(resumed), figures(whole), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("model", ["distmult", "transe-l1"])
def test_ranks_are_those_of_the_cpu(model: str) -> None:
    generator = torch.Generator().manual_seed(0)
    entities = torch.randint(3, (ENTITIES, 6), generator=generator).float()
    relations = torch.randint(3, (2 * RELATIONS, 6), generator=generator).float()
    loops = torch.randint(-3, 3, (2 * RELATIONS,), generator=generator).float()
    dataset = draw()
    found = [
        rankings(
            Scorer(interaction(model), entities.to(at), relations.to(at), loops=loops.to(at)),
            dataset,
            dataset.train,
        ).ranks
        for at in ("cpu", "cuda")
    ]
    assert np.array_equal(*found)


def test_a_gpu_that_runs_out_of_memory_goes_on_with_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Really out of memory: PyTorch may have 600 MB more, and is told that there is more."""
    entities = 30_000
    generator = np.random.default_rng(0)
    facts = generator.integers(entities, size=(9_000, 3))
    facts[:, 1] %= RELATIONS
    base = draw()
    names = [str(k) for k in range(entities)]
    dataset = replace(base, entity_ids=names, train=facts, valid=facts[:0], test=facts[:0])
    options = replace(OPTIONS, device="cuda", batch=8_000, epochs=3, dimension=8)
    roomy = train(dataset, options, tmp_path / "roomy")
    _, total = torch.cuda.mem_get_info()
    memory.release()
    monkeypatch.setattr("embeddings.training.train.cells", lambda *_, **__: 1 << 29)
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (600 << 20)) / total)
    try:
        tight = train(dataset, options, tmp_path / "tight")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert [note for note in tight.notes if "Memory ran out" in note]
    losses = [[row["loss"] for row in each.history] for each in (tight, roomy)]
    np.testing.assert_allclose(*losses, rtol=1e-3)
