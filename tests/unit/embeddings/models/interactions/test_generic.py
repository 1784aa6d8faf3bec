"""What only interactions on PyKEEN's own path do: layouts, weights, chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from embeddings.data.artifact import open_artifact
from embeddings.models.from_artifact import load_scorer
from embeddings.models.interactions import generic
from embeddings.models.interactions.layouts import Layout, free_size, layout
from embeddings.models.interactions.registry import interaction
from embeddings.models.scorer import Scorer
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.options import TrainOptions
from embeddings.training.train import train
from tests.support.facts import draw


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_layout_splits_what_it_joined() -> None:
    found = layout(("e", "de", ""), {"d": 2, "e": 3})
    assert found == Layout(((3,), (2, 3), ()))
    assert found.width == 10
    vector, matrix, number = found.split(torch.arange(20.0).view(2, 10))
    assert vector.tolist() == [[0, 1, 2], [10, 11, 12]]
    assert matrix[0].tolist() == [[3, 4, 5], [6, 7, 8]]
    assert number.tolist() == [9, 19]
    assert Layout(()).split(torch.zeros(2, 0)) == ()


@pytest.mark.parametrize(
    ("symbols", "width", "size"),
    [(("d",), 5, 5), (("d", ""), 5, 4), (("dd",), 9, 3), (("dd",), 8, None), ((), 4, None)],
)
def test_the_size_of_a_representation(
    symbols: tuple[str, ...], width: int, size: int | None
) -> None:
    assert free_size(symbols, {}, width) == size


def test_a_generic_kernel_says_that_it_is_slow() -> None:
    assert "slower than transe" in str(interaction("tucker").note)
    assert interaction("complex").note is None


def test_weights_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    one, two, other = (interaction("tucker") for _ in range(3))
    for made, seed in ((one, 1), (two, 1), (other, 2)):
        assert made.prepare(6, seeded(seed)) is made.pykeen
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.pykeen.core_tensor, two.pykeen.core_tensor)
    assert not torch.equal(one.pykeen.core_tensor, other.pykeen.core_tensor)


def test_weights_that_nobody_prepared_are_not_invented() -> None:
    with pytest.raises(RuntimeError, match=r"call prepare\(\) first"):
        Scorer(interaction("tucker"), torch.zeros(3, 4), torch.zeros(2, 4))
    assert interaction("hole").prepare(6, seeded(0)) is None


def test_a_scorer_puts_dropout_to_rest() -> None:
    kind = interaction("tucker")
    kind.prepare(6, seeded(1))
    kind.pykeen.train()
    scorer = Scorer(kind, torch.randn(5, 6), torch.randn(4, 6))
    assert not kind.pykeen.training
    assert (scorer.score_tails([1], [2]) == scorer.score_tails([1], [2])).all()


def test_one_query_trains_a_batch_normalisation() -> None:
    kind = interaction("conve")
    kind.prepare(13, seeded(1))
    kind.pykeen.train()
    scores = kind.scores(kind.query(torch.randn(1, 13), torch.randn(1, 12)), torch.randn(4, 13))
    assert torch.isfinite(scores).all()
    assert kind.pykeen.training


@pytest.mark.parametrize("name", ["transh", "hole", "tucker"])
def test_chunks_give_the_same_scores_and_gradients(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = interaction(name)
    kind.prepare(6, seeded(1))

    def run() -> list[Tensor]:
        generator = seeded(2)
        shapes = (5, 6), (5, kind.relation_width(6)), (9, 6)
        leaves = [torch.randn(*shape, generator=generator).requires_grad_() for shape in shapes]
        scores = kind.scores(kind.query(leaves[0], leaves[1]), leaves[2])
        between = kind.relation_scores(leaves[0], leaves[2][:5], leaves[1])
        (scores.square().sum() + between.square().sum()).backward()
        with torch.no_grad():
            again = kind.scores(kind.query(leaves[0], leaves[1]), leaves[2])
        return [scores, between, again, *(leaf.grad for leaf in leaves if leaf.grad is not None)]

    whole = run()
    monkeypatch.setattr(generic, "CHUNK_NUMBERS", 3 * 5 * kind.cell_width(6))
    for ours, theirs in zip(run(), whole, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-5)


def test_all_chunks_see_the_same_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = interaction("tucker")
    kind.prepare(6, seeded(1))
    kind.pykeen.train()
    monkeypatch.setattr(generic, "CHUNK_NUMBERS", 5 * kind.cell_width(6))
    entities = torch.randn(1, 6, generator=seeded(3)).expand(4, 6)
    scores = kind.scores(kind.query(torch.randn(5, 6), torch.randn(5, 6)), entities)
    torch.testing.assert_close(scores, scores[:, :1].expand(5, 4))


def test_weights_of_its_own_survive_a_stop_and_an_artifact(tmp_path: Path) -> None:
    options = TrainOptions(model="tucker", dimension=6, epochs=4, batch=20, device="cpu")
    whole = train(draw(), options, tmp_path / "whole")
    train(draw(), options, tmp_path / "stopped", on_epoch=lambda state: state.epoch < 2)
    resumed = train(draw(), options, tmp_path / "stopped")
    assert any("slower" in note for note in whole.notes)
    ours, theirs = (
        made.scorer.formula.pykeen.state_dict() | {"entities": made.scorer.entities}
        for made in (whole, resumed)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)

    save_artifact(tmp_path / "run", whole, draw(), {"run": "run"})
    opened = load_scorer(open_artifact(tmp_path / "run"))
    asked = [1, 2], [0, 5]
    np.testing.assert_array_equal(opened.score_tails(*asked), whole.score_tails(*asked))
