"""Which modality moved a prediction: leaving out and shares, against slow, obvious twins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.answers.explain import Explainer, explain
from embeddings.answers.explanation import Explanation, LeftOut, rank_text
from embeddings.answers.scored_entities import ScoredEntities
from embeddings.data.artifact import Artifact
from embeddings.models.from_artifact import load_scorer, rebuild
from embeddings.models.fusion import FUSIONS
from embeddings.models.interactions.fast import FAST
from embeddings.models.interactions.registry import interaction
from embeddings.models.network import Network, prepare
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.train import TrainOptions, train
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from tests.support.facts import ENTITIES, draw, features
from tests.unit.embeddings.cli.test_similar import kg
from tests.unit.embeddings.models.test_modalities import with_items

RELATIONS, WIDTH = 3, 12
CHOICES = [("distmult", name) for name in sorted(FUSIONS)]
CHOICES += [(name, "gated") for name in sorted(FAST) if name != "distmult"]
IMAGE = features("image", 5, 0.3, seed=1)


def network(model: str, fusion: str, rows: list[int] | None = None) -> Network:
    """As after some training; with `rows`, of these entities only."""
    modalities = {"text": prepare(with_items(), ENTITIES), "image": prepare(IMAGE, ENTITIES)}
    generator = torch.Generator().manual_seed(0)
    made = Network(interaction(model), ENTITIES, RELATIONS, WIDTH, fusion, modalities, generator)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(generator=generator)
    return made


def pair_of(whole: Network, first: int, second: int) -> Network:
    """The two entities as a network of their own, made the slow way: the others are overwritten."""
    rows = torch.tensor([first, second])
    pair = network(whole.formula.name, "concat")
    pair.fusion, pair.relations, pair.loops = whole.fusion, whole.relations, whole.loops
    pair.structure = torch.nn.Parameter(whole.structure[rows].detach())
    for name, inputs in zip(whole.names, whole.inputs(rows), strict=True):
        pair.register_buffer(f"{name}_inputs", inputs.detach())
    pair.pools.clear()
    pair.register_buffer("there", whole.get_buffer("there")[rows])
    return pair


def everyone(made: Network) -> torch.Tensor:
    with torch.no_grad():
        return made.entities()


@pytest.fixture(params=CHOICES, ids="-".join)
def made(request: pytest.FixtureRequest) -> Network:
    return network(*request.param)


def full(made: Network, count: int = 2) -> list[int]:
    """Entities that have everything."""
    return torch.nonzero(made.there_is().all(1)).squeeze(1)[:count].tolist()


@torch.no_grad()
def test_leaving_out_is_the_network_without_it(made: Network) -> None:
    """Head, tail and both, each by masking the whole network and ranking in a loop."""
    (head, tail), relation, known = full(made), 4, [0, 7]
    found = explain(
        pair_of(made, head, tail), relation, everyone(made), (head, tail), np.array(known)
    )
    answers = {(one.part, one.side): one for one in found.left_out}
    assert len(answers) == 9
    assert found.entities == ENTITIES - 2
    for part, name in enumerate(("structure", "text", "image")):
        for side in ("head", "tail", "both"):
            keep = torch.ones(ENTITIES, 3, dtype=torch.bool)
            table = made.entities()
            if side != "head":
                keep[tail, part] = False
                table[tail] = made.entities(torch.tensor([tail]), keep)[0]
            keep[:] = True
            if side != "tail":
                keep[head, part] = False
            number = torch.tensor([relation])
            vector = made.heads(torch.tensor([head]), number, keep=keep)
            query = made.formula.query(vector, made.relations[number])
            scores = made.formula.scores(query, table)[0]
            scores[head] += made.loops[relation]
            better = sum(
                scores[other] > scores[tail]
                for other in range(ENTITIES)
                if other != tail and other not in known
            )
            one = answers[name, side]
            assert one.score == pytest.approx(float(scores[tail]), rel=1e-4, abs=1e-4)
            assert one.rank == 1 + better


@torch.no_grad()
def test_score_and_rank_are_those_of_the_scorer(made: Network) -> None:
    scorer = made.scorer()
    for head, tail, relation in ((3, 5, 0), (0, 1, 5), (7, 7, 2)):
        pair = pair_of(made, head, tail)
        found = explain(pair, relation, scorer.entities, (head, tail), np.array([], np.int64))
        row = scorer.score_tails([head], [relation])[0]
        assert found.score == pytest.approx(float(row[tail]), rel=1e-4, abs=1e-5)
        assert found.rank == 1 + int((np.delete(row, tail) > row[tail]).sum())


def test_shares_add_up_to_the_score(made: Network) -> None:
    table = everyone(made)
    for head, tail in (full(made), (0, 5), (1, 2), (39, 0)):
        found = explain(pair_of(made, head, tail), 4, table, (head, tail), np.array([], np.int64))
        if made.formula.product:
            total = sum(one.value for one in found.shares)
            assert total == pytest.approx(found.score, rel=1e-4, abs=1e-4)
        else:
            assert found.shares == ()


def test_a_share_is_the_score_of_two_parts() -> None:
    made = network("complex", "weighted")
    head, tail = full(made)
    found = explain(
        pair_of(made, head, tail), 1, everyone(made), (head, tail), np.array([], np.int64)
    )
    assert len(found.shares) == 9
    asking, answering = made.parts(asking=True).detach(), made.parts().detach()
    names = ["structure", "text", "image"]
    for one in found.shares:
        a, b = asking[head, names.index(one.head)], answering[tail, names.index(one.tail)]
        expected = made.formula.triples(a, made.relations[1].detach(), b)
        assert one.value == pytest.approx(float(expected), rel=1e-4, abs=1e-5)


def test_what_an_entity_lacks_or_has_alone_is_not_left_out() -> None:
    made = network("distmult", "concat")
    there = made.there_is()
    alone = int(torch.nonzero(there.sum(1) == 1)[0])
    head, _ = full(made)
    found = explain(
        pair_of(made, head, alone), 1, everyone(made), (head, alone), np.array([], np.int64)
    )
    assert {one.side for one in found.left_out} == {"head"}
    assert {one.tail for one in found.shares} == {"structure", "no text", "no image"}
    two = explain(
        pair_of(made, alone, alone), 1, everyone(made), (alone, alone), np.array([], np.int64)
    )
    assert two.left_out == ()
    assert "Each end has one part only" in two.sentence


def test_without_features_there_is_structure_only() -> None:
    generator = torch.Generator().manual_seed(0)
    pair = Network(interaction("distmult"), 2, 1, 4, "concat", {}, generator)
    found = explain(pair, 0, pair.structure.detach(), (0, 1), np.array([], np.int64))
    assert found.left_out == ()
    assert [(one.head, one.tail) for one in found.shares] == [("structure", "structure")]
    assert found.shares[0].value == pytest.approx(found.score, abs=1e-8)


def said(*left_out: LeftOut, rank: float = 3) -> str:
    return Explanation(1.0, rank, 15_000, left_out, ()).sentence


def test_the_sentence_names_what_the_rank_suffers_most_without() -> None:
    text = [LeftOut("text", "head", 0.9, 900), LeftOut("text", "both", 0.5, 140.5)]
    image = LeftOut("image", "tail", 0.4, 12)
    assert said(*text, image) == (
        "The text moved this prediction most: without it at both ends the fact ranks 140.5 of "
        "15,000 instead of 3."
    )
    assert "The picture moved" in said(image)
    assert "without it at the tail the fact ranks 12 of" in said(image)
    assert said(image, rank=12) == (
        "No single part carries this prediction: without any one it ranks 12 of 15,000 or better."
    )
    assert rank_text(1_234_567.0) == "1,234,567"


class OneFact:
    """A graph that knows what is asked of it: the other ends of a relation."""

    def __init__(self, *ends: str) -> None:
        self.ends = ends
        self.asked: list[dict[str, Any]] = []

    def read(self, statement: Statement) -> list[dict[str, Any]]:
        self.asked.append(dict(statement.parameters))
        return [{"id": end} for end in self.ends]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    given = {"text": with_items(), "image": features("image", 5, 0.3)}
    dataset = replace(draw(), features=given)
    options = TrainOptions(dimension=10, epochs=2, batch=20, fusion="gated")
    folder: Path = tmp_path_factory.mktemp("run")
    trained = train(dataset, options, folder / "training")
    return save_artifact(folder / "artifact", trained, dataset, {"run": "run"})


@pytest.mark.parametrize("heads", [False, True])
def test_a_fact_of_an_artifact_is_explained_as_it_scores(artifact: Artifact, heads: bool) -> None:
    graph = OneFact("e03", "e09", "gone")
    space = ScoredEntities(artifact.entity_ids(), artifact.entities, load_scorer(artifact))
    explainer = Explainer(artifact, graph, space)  # type: ignore[arg-type]
    found = explainer.fact("e03", "r1", "e09", heads)
    scorer = load_scorer(artifact)
    row = scorer.score_heads([1], [9])[0] if heads else scorer.score_tails([3], [1])[0]
    place, other = (3, 9) if heads else (9, 3)
    assert found.score == pytest.approx(float(row[place]), abs=1e-6)
    assert found.rank == 1 + int((np.delete(row, [place, other]) > row[place]).sum())
    assert found.entities == ENTITIES - 1
    assert graph.asked == [{"id": "e09" if heads else "e03", "relation": "r1"}]
    pair = rebuild(artifact, [9, 3] if heads else [3, 9])
    has = dict(zip(("tail", "head") if heads else ("head", "tail"), pair.there_is(), strict=True))
    names = ["structure", "text", "image"]
    for one in found.left_out:
        assert one.side == "both" or has[one.side][names.index(one.part)]
    assert sum(share.value for share in found.shares) == pytest.approx(found.score, abs=1e-6)
    heads_parts = {share.head for share in found.shares}
    assert heads_parts == {n for n, there in zip(names, has["head"], strict=True) if there}


def test_what_the_model_does_not_know_is_said(artifact: Artifact) -> None:
    space = ScoredEntities(artifact.entity_ids(), artifact.entities, load_scorer(artifact))
    explainer = Explainer(artifact, OneFact(), space)  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="did you mean r1"):
        explainer.fact("e03", "R1", "e09")
    with pytest.raises(NotFound, match="nobody was not in the graph when it was embedded"):
        explainer.fact("e03", "r1", "nobody")


def test_a_type_chooses_among_predictions_only() -> None:
    with pytest.raises(BadInput, match="--type chooses among predictions"):
        kg("explain", "JPN", "LANGUAGE", "jpn", "--type", "Language")
