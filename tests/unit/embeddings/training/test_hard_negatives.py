"""What people rejected is a hard negative: its term, and what training makes of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.data.dataset import Dataset, from_snapshot
from embeddings.evaluation.ranking import metrics, ranks
from embeddings.models.interactions.registry import interaction
from embeddings.models.network import Network
from embeddings.training.hard_negatives import AT_ONCE, Rejected
from embeddings.training.options import LOSSES, TrainOptions
from embeddings.training.train import fingerprint, objective, train
from kg_platform.errors import BadInput
from tests.support.facts import draw, features

CPU = torch.device("cpu")
ROOM = 1 << 20


def options(**chosen: Any) -> TrainOptions:
    given = {"dimension": 16, "regularisation": 0.0, "batch": 50, "device": "cpu"} | chosen
    return TrainOptions(**given).resolved(100, 40)


def with_rejected(dataset: Dataset, *triples: tuple[int, int, int]) -> Dataset:
    return replace(dataset, rejected=np.array(triples, np.int64))


def network(model: str = "complex") -> Network:
    made = Network(interaction(model), 40, 3, 16, "concat", {}, torch.Generator().manual_seed(1))
    with torch.no_grad():
        made.structure.mul_(1000)
        made.relations.mul_(1000)
        made.loops += torch.arange(6)
    return made


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_term_is_the_one_written_down(loss: str) -> None:
    made, wrong = network(), [(3, 1, 7), (5, 2, 5)]
    chosen = options(loss=loss, rejected_weight=0.7, margin=2.0, negatives=4)
    plain = objective(draw(), chosen, CPU)
    whole = objective(with_rejected(draw(), *wrong), chosen, CPU)
    batch = next(whole.batches(np.random.default_rng(0)))
    size = 3 if len(batch) == 6 else 5
    bare = tuple(batch[:size])
    added = float(
        (whole.loss(made, batch, None, ROOM) - plain.loss(made, bare, None, ROOM)).detach()
    )

    expected = 0.0
    for h, r, t in [*wrong, *((t, r + 3, h) for h, r, t in wrong)]:
        scores = made.scorer().all(torch.tensor([h]), torch.tensor([r]))[0]
        bare_scores = scores.clone()
        bare_scores[h] -= made.loops[r].detach()
        rows = slice(None) if "all" in loss else batch[1].reshape(-1)
        level = float(bare_scores[rows].exp().mean().log())
        expected += softplus(float(scores[t]) - level)
    count = {"1-vs-all": len(batch[3]), "k-vs-all": len(batch[0])}.get(loss, 50)
    assert added == pytest.approx(0.7 * expected / count, rel=1e-3)


@pytest.mark.parametrize("loss", ["1-vs-all", "k-vs-all", "self-adversarial"])
def test_without_rejections_nothing_is_drawn_or_computed(loss: str) -> None:
    for dataset, weight in ((draw(), 1.0), (with_rejected(draw(), (3, 1, 7)), 0.0)):
        found = objective(dataset, options(loss=loss, rejected_weight=weight), CPU)
        plain = objective(draw(), options(loss=loss), CPU)
        ours, theirs = (list(o.batches(np.random.default_rng(4))) for o in (found, plain))
        assert all(
            torch.equal(a, b)
            for one, other in zip(ours, theirs, strict=True)
            for a, b in zip(one, other, strict=True)
        )


def test_a_step_takes_so_many() -> None:
    many = [(h, r, t) for h in range(10) for r in range(3) for t in range(20, 30)]
    found = Rejected(with_rejected(draw(), *many), options())
    heads, relations, tails = found.draw(np.random.default_rng(0))
    assert len(heads) == len(relations) == len(tails) == AT_ONCE
    assert set(relations.tolist()) == set(range(6)), "both directions"


def test_rejections_are_of_the_fingerprint() -> None:
    plain = fingerprint(draw(), options())
    assert fingerprint(with_rejected(draw(), (3, 1, 7)), options()) != plain
    assert fingerprint(draw(), options(rejected_weight=2.0)) != plain
    with pytest.raises(BadInput, match="rejected_weight must not be below 0"):
        options(rejected_weight=-1.0)


@pytest.mark.parametrize("loss", ["1-vs-all", "k-vs-all", "self-adversarial"])
@pytest.mark.parametrize("featured", [False, True])
def test_training_pushes_a_rejected_triple_down(loss: str, featured: bool, tmp_path: Path) -> None:
    """The likeliest missing link of a training is rejected; the next one puts it lower."""
    given = {"text": features()} if featured else {}
    # Without validation every epoch is trained.
    dataset = replace(draw(), features=given, valid=np.zeros((0, 3), np.int64))
    chosen = TrainOptions(
        dimension=16, epochs=20, loss=loss, device="cpu", batch=20, regularisation=0.001
    )
    before = train(dataset, chosen, tmp_path / "before")
    scores = before.score_tails(np.arange(40).repeat(3), np.tile(np.arange(3), 40))
    known = {tuple(row) for s in ("train", "test") for row in dataset.split(s).tolist()}
    for row, tail in ((row, tail) for row in range(120) for tail in range(40)):
        if (row // 3, row % 3, tail) in known or row // 3 == tail:
            scores[row, tail] = -np.inf
    row, tail = (int(x) for x in np.unravel_index(scores.argmax(), scores.shape))
    wrong = (row // 3, row % 3, tail)

    after = train(with_rejected(dataset, wrong), chosen, tmp_path / "after")

    def rank(trained: Any, triple: tuple[int, int, int]) -> float:
        found = trained.score_tails([triple[0]], [triple[1]])[0]
        return float((found > found[triple[2]]).sum()) + 1

    def level(trained: Any) -> float:
        found = trained.score_tails([wrong[0]], [wrong[1]])[0].astype(float)
        return float(found[tail] - np.log(np.exp(found).sum()))

    assert rank(after, wrong) > max(rank(before, wrong), 10)
    assert level(after) < level(before) - 1
    # And what is true stays so.
    mrr = [metrics(ranks(t.scorer, dataset, dataset.train)).mrr for t in (before, after)]
    assert mrr[1] > 0.85 * mrr[0]


def test_of_a_snapshot_counts_what_it_can_name_and_does_not_state() -> None:
    class Snapshot:
        def entity_ids(self) -> list[str]:
            return ["a", "b", "c"]

        def relation_types(self) -> list[str]:
            return ["KNOWS"]

        def triples(self) -> Any:
            return np.array([(0, 0, 1), (1, 0, 2)])

        def splits(self) -> None:
            return None

    said = [("a", "KNOWS", "c"), ("a", "KNOWS", "b"), ("a", "KNOWS", "gone"), ("a", "NO", "c")]
    made = from_snapshot(Snapshot(), {}, 0, rejected=said)  # type: ignore[arg-type]
    assert made.rejected.tolist() == [[0, 0, 2]]
    assert made.summary()["rejected"] == 1
