"""PyKEEN's evaluator gives our figures, on PyKEEN's own datasets; weights go there and come back.

The datasets (Nations, UMLS, Kinships) are files inside the PyKEEN package: nothing is fetched.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.data.dataset import Dataset
from embeddings.evaluation.ranking import metrics, ranks
from embeddings.models.interactions.fast import FAST
from embeddings.models.interactions.registry import interaction
from embeddings.models.pykeen_exchange import from_pykeen, to_pykeen, triples_factory
from embeddings.models.scorer import Scorer
from embeddings.training.options import TrainOptions
from embeddings.training.train import train
from kg_platform.errors import BadInput

GENERIC = "tucker"  # weights of its own, dropout, batch normalisation


@cache
def dataset(name: str) -> Dataset:
    """One of PyKEEN's datasets as ours, with PyKEEN's numbers for entities and relations."""
    from pykeen.datasets import get_dataset

    found = get_dataset(dataset=name)
    splits = [found.training, found.validation, found.testing]
    train_, valid, test = (np.asarray(split.mapped_triples.numpy(), np.int64) for split in splits)
    entities = sorted(found.entity_to_id, key=found.entity_to_id.__getitem__)
    relations = sorted(found.relation_to_id, key=found.relation_to_id.__getitem__)
    return Dataset(entities, relations, train_, valid, test)


def briefly(data: Dataset, model: str, folder: Path) -> Scorer:
    """The model after some epochs: vectors that are no longer where they began.

    Sums of products round differently in another order, and which of two all but equal scores is
    the higher one would be luck. On a grid of 1/64 every product and sum is exact in any order.
    """
    options = TrainOptions(model=model, dimension=16, epochs=8, batch=200, device="cpu")
    scorer = train(data, options, folder).scorer
    if not scorer.formula.product:
        return scorer
    vectors = scorer.entities, scorer.relations, scorer.loops
    entities, relations, loops = (v.mul(64).round() / 64 for v in vectors)
    assert 64**3 * 16 * max(entities.abs().max(), 1) ** 2 * relations.abs().max() < 2**24
    return Scorer(scorer.formula, entities, relations, loops=loops)


def theirs(model: Any, data: Dataset) -> dict[str, float]:
    """Filtered, realistic, both sides: PyKEEN's RankBasedEvaluator on the test split."""
    from pykeen.evaluation import RankBasedEvaluator

    found = RankBasedEvaluator(filtered=True).evaluate(
        model=model,
        mapped_triples=torch.from_numpy(data.test),
        additional_filter_triples=[torch.from_numpy(data.train), torch.from_numpy(data.valid)],
        batch_size=64,
        use_tqdm=False,
    )
    figures = {
        "mrr": "inverse_harmonic_mean_rank",
        **{f"hits@{k}": f"hits@{k}" for k in (1, 3, 10)},
    }
    return {ours: found.get_metric(f"both.realistic.{name}") for ours, name in figures.items()}


@pytest.mark.parametrize("name", ["nations", "umls", "kinships"])
@pytest.mark.parametrize("model", [*FAST, GENERIC])
def test_pykeens_evaluator_gives_our_figures(name: str, model: str, tmp_path: Path) -> None:
    data = dataset(name)
    scorer = briefly(data, model, tmp_path)
    ours = metrics(ranks(scorer, data, data.test)).as_dict()
    there = to_pykeen(scorer, triples_factory(data.entity_ids, data.relation_types, data.train))
    for figure, value in theirs(there, data).items():
        assert ours[figure] == pytest.approx(value, abs=1e-6), figure
    assert ours["mrr"] > 0.15  # of a model that has learnt something

    back = from_pykeen(there)
    assert back.formula.name == scorer.formula.name
    torch.testing.assert_close(back.entities, scorer.entities)
    torch.testing.assert_close(back.loops, scorer.loops)
    assert back.loops.any()
    assert metrics(ranks(back, data, data.test)).as_dict() == pytest.approx(ours, abs=1e-6)


def test_loops_count_however_pykeen_asks() -> None:
    """Triples, tails, heads and relations; all, some, or in slices."""
    generator = torch.Generator().manual_seed(0)
    entities, relations = (torch.randn(n, 4, generator=generator) for n in (5, 6))
    loops = torch.randn(6, generator=generator)
    factory = triples_factory(list("abcde"), ["x", "y", "z"])
    turns = torch.arange(6).view(2, 3).T.reshape(-1)
    with torch.no_grad():
        there = to_pykeen(
            Scorer(interaction("distmult"), entities, relations, loops=loops), factory
        )
        every = torch.cartesian_prod(torch.arange(5), torch.arange(6), torch.arange(5))
        ours = Scorer(interaction("distmult"), entities, relations[turns], loops=loops[turns])
        cube = ours.pairs(every).view(5, 6, 5)  # head, relation in PyKEEN's order, tail
        torch.testing.assert_close(there.score_hrt(every).view(5, 6, 5), cube)
        some = torch.tensor([4, 1])
        for size in (None, 2, 99):
            tails = there.score_t(every[::5, :2], slice_size=size)
            torch.testing.assert_close(tails.view(5, 6, 5), cube)
            heads = there.score_h(every[:30, 1:], slice_size=size)
            torch.testing.assert_close(heads.view(6, 5, 5), cube.permute(1, 2, 0))
            pairs = torch.cartesian_prod(torch.arange(5), torch.arange(5))
            kinds = there.score_r(pairs, slice_size=size)
            torch.testing.assert_close(kinds.view(5, 5, 6), cube.permute(0, 2, 1))
        tails = there.score_t(every[::5, :2], tails=some)
        torch.testing.assert_close(tails.view(5, 6, 2), cube[:, :, some])
        kinds = there.score_r(pairs, relations=some)
        torch.testing.assert_close(kinds.view(5, 5, 2), cube.permute(0, 2, 1)[..., some])


@pytest.mark.parametrize(
    "model", ["boxe", "conve", "cp", "kg2e", "mure", "quate", "rescal", "transh", "transr", "um"]
)
def test_other_interactions_go_there_and_come_back(model: str) -> None:
    kind = interaction(model)
    width = {"conve": 13, "mure": 14}.get(model, 12)
    generator = torch.Generator().manual_seed(0)
    kind.prepare(width, generator)
    entities = torch.randn(9, width, generator=generator)
    relations = torch.randn(6, kind.relation_width(width), generator=generator)
    scorer = Scorer(kind, entities, relations)
    there_and_back(scorer)


@pytest.mark.parametrize("model", [*FAST, "conve", "cp", "mure", "tucker"])
def test_vectors_of_heads_go_there_and_come_back(model: str) -> None:
    kind = interaction(model)
    width = {"conve": 13, "mure": 14}.get(model, 12)
    generator = torch.Generator().manual_seed(0)
    kind.prepare(width, generator)
    entities = torch.randn(9, width, generator=generator)
    heads = torch.randn(9, 2, width, generator=generator)
    relations = torch.randn(6, kind.relation_width(width), generator=generator)
    loops = torch.randn(6, generator=generator)
    back = there_and_back(Scorer(kind, entities, relations, heads, loops=loops))
    assert back.components is not None


def there_and_back(scorer: Scorer) -> Scorer:
    """PyKEEN's scores are ours, and so are those of what comes back."""
    there = to_pykeen(scorer, triples_factory([f"e{i}" for i in range(9)], ["a", "b", "c"]))
    back = from_pykeen(there)
    for h, r in ((1, 2), (4, 5)):
        ours = scorer.score_tails([h], [r])
        with torch.no_grad():
            pykeens = there.score_t(torch.tensor([[h, 2 * (r % 3) + r // 3]])).numpy()
        np.testing.assert_allclose(ours, pykeens, atol=1e-5, rtol=1e-5)
        np.testing.assert_allclose(back.score_tails([h], [r]), ours, atol=1e-4, rtol=1e-4)
    return back


def test_a_model_that_pykeen_made_scores_the_same_here() -> None:
    from pykeen.models import RotatE, TransE

    data = dataset("nations")
    facts = triples_factory(data.entity_ids, data.relation_types, data.train)
    for made, name in (
        (RotatE(triples_factory=facts, embedding_dim=6, random_seed=1), "rotate"),
        (TransE(triples_factory=facts, embedding_dim=6, random_seed=1), "transe-l1"),
    ):
        scorer = from_pykeen(made)
        assert scorer.formula.name == name
        ours = metrics(ranks(scorer, data, data.test)).as_dict()
        for figure, value in theirs(made, data).items():
            assert ours[figure] == pytest.approx(value, abs=1e-6)


def test_weights_survive_a_file_that_holds_only_weights(tmp_path: Path) -> None:
    kind = interaction(GENERIC)
    kind.prepare(4, torch.Generator().manual_seed(0))
    scorer = Scorer(kind, torch.randn(5, 4), torch.randn(4, 4))
    model = to_pykeen(scorer, triples_factory(list("abcde"), ["r", "s"]))
    torch.save(model.state_dict(), tmp_path / "model.pt")
    other = to_pykeen(
        Scorer(kind, torch.zeros(5, 4), torch.zeros(4, 4)),
        triples_factory(list("abcde"), ["r", "s"]),
    )
    other.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    torch.testing.assert_close(from_pykeen(other).entities, scorer.entities)


def test_what_cannot_go_there_says_so() -> None:
    gated = Scorer(
        interaction("distmult"),
        torch.zeros(3, 4),
        torch.zeros(4, 4),
        torch.zeros(3, 2, 4),
        torch.zeros(4, 2),
    )
    names = triples_factory(["a", "b", "c"], ["r", "s"])
    with pytest.raises(BadInput, match="gates"):
        to_pykeen(gated, names)
    plain = Scorer(interaction("distmult"), torch.zeros(3, 4), torch.zeros(4, 4))
    with pytest.raises(BadInput, match="of the same facts"):
        to_pykeen(plain, triples_factory(["a", "b"], ["r", "s"]))


def test_what_cannot_come_back_says_so() -> None:
    from pykeen.models import DistMult, ERModel, SimplE, TransR
    from pykeen.triples import TriplesFactory

    data = dataset("nations")
    facts = triples_factory(data.entity_ids, data.relation_types, data.train)
    without = TriplesFactory(facts.mapped_triples, facts.entity_to_id, facts.relation_to_id)
    with pytest.raises(BadInput, match="no inverse relations"):
        from_pykeen(DistMult(triples_factory=without, embedding_dim=4, random_seed=1))
    with pytest.raises(BadInput, match="ClampedInteraction has no counterpart"):
        from_pykeen(SimplE(triples_factory=facts, embedding_dim=4, random_seed=1))
    # PyKEEN's SimplE passes the tail's two vectors in the other order.
    shapes = {"entity_representations_kwargs": [{"shape": 4}] * 2}
    shapes |= {"relation_representations_kwargs": [{"shape": 4}] * 2}
    with pytest.raises(BadInput, match="does not score facts as our simple does"):
        from_pykeen(ERModel(triples_factory=facts, interaction="simple", random_seed=1, **shapes))
    with pytest.raises(BadInput, match="does not score facts as our transr does"):
        from_pykeen(TransR(triples_factory=facts, embedding_dim=4, relation_dim=3, random_seed=1))
