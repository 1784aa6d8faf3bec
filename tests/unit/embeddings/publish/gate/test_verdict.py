"""What the gate asks, on small runs whose answers are known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.data.artifact import Artifact
from embeddings.data.splits import Rule, Unit
from embeddings.publish.gate.canaries import Canary, read
from embeddings.publish.gate.verdict import Bounds, Fact, Verdict, judge
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions, train
from kg_platform.errors import BadInput
from tests.support.facts import ENTITIES, draw

BOUNDS = Bounds(margin=0.02, overlap=0.1, norms=10)
DATASET = draw(triples=400)
OPTIONS = TrainOptions(dimension=24, epochs=25, batch=20, patience=30)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(DATASET, OPTIONS, tmp_path_factory.mktemp("good"))


def saved(folder: Path, trained: Trained) -> Artifact:
    return save_artifact(folder, trained, DATASET, {"run": folder.name})


class World:
    """All facts of the dataset, whatever is asked, and `more` between the ends asked for."""

    def __init__(self, more: Sequence[Fact] = ()) -> None:
        self.more = list(more)

    def answers(self, facts: Sequence[Fact], /) -> list[Fact]:
        del facts
        whole = np.concatenate([DATASET.train, DATASET.valid, DATASET.test])
        return named(whole)

    def between(self, facts: Sequence[Fact], /) -> list[Fact]:
        return [*facts, *self.more]


def named(triples: np.ndarray) -> list[Fact]:
    names, types = DATASET.entity_ids, DATASET.relation_types
    return [(names[h], types[r], names[t]) for h, r, t in triples.tolist()]


def asked(artifact: Artifact, live: Artifact | None, *canaries: Canary) -> dict[str, bool | None]:
    return {c.name: c.passed for c in verdict(artifact, live, *canaries).checks}


def verdict(artifact: Artifact, live: Artifact | None, *canaries: Canary) -> Verdict:
    return judge(artifact, live, World(), canaries, BOUNDS)


def changed(trained: Trained, vectors: torch.Tensor) -> Trained:
    scorer = trained.scorer
    kind = type(scorer)
    return replace(trained, scorer=kind(scorer.formula, vectors, scorer.relations))


def test_a_run_as_good_as_the_live_one_passes(tmp_path: Path, good: Trained) -> None:
    live, again = saved(tmp_path / "live", good), saved(tmp_path / "again", good)
    assert asked(again, live) == dict.fromkeys(("vectors", "norms", "figure", "neighbours"), True)
    first = verdict(again, None)
    assert first.passed
    assert [c.passed for c in first.checks] == [True, True, None, None]


def test_a_worse_run_does_not(tmp_path: Path, good: Trained) -> None:
    live = saved(tmp_path / "live", good)
    shuffled = torch.randperm(ENTITIES, generator=torch.Generator().manual_seed(0))
    worse = saved(tmp_path / "worse", changed(good, good.scorer.entities[shuffled]))
    found = verdict(worse, live)
    assert not found.passed
    by_name = {check.name: check for check in found.checks}
    assert by_name["figure"].passed is False
    assert re.search(r"MRR 0\.\d{4}, live [01]\.\d{4}", by_name["figure"].said)
    assert by_name["figure"].said in found.why
    assert asked(live, worse)["figure"] is True, "a better one passes"


def drawn(folder: Path, trained: Trained, unit: Unit) -> Artifact:
    rule = Rule(0, 1, 2, np.zeros(0, np.uint64), unit)
    return save_artifact(folder, trained, replace(DATASET, rule=rule), {"run": folder.name})


def test_a_run_that_held_out_single_facts_is_compared_on_what_it_could_not_read_off(
    tmp_path: Path, good: Trained
) -> None:
    facts = named(DATASET.test)
    before = drawn(tmp_path / "before", good, "fact")
    after = drawn(tmp_path / "after", good, "pair")

    def said(world: World, live: Artifact = before) -> str:
        checks = judge(after, live, world, (), BOUNDS).checks
        return next(check.said for check in checks if check.name == "figure")

    assert f"of {len(facts)} facts" in said(World())
    mirrors = [(t, r, h) for h, r, t in facts]
    assert f"of {len(facts) - 3} facts" in said(World(mirrors[:3]))
    assert "joined by a training fact" in said(World(mirrors))
    # Held out as well, it was no training fact; and what both could read off counts for neither.
    assert f"of {len(facts)} facts" in said(World([*facts[1:], *named(DATASET.valid)]))
    assert f"of {len(facts)} facts" in said(World(mirrors), drawn(tmp_path / "pair", good, "pair"))


def test_bad_vectors_are_named_and_nothing_else_is_asked(tmp_path: Path, good: Trained) -> None:
    vectors = good.scorer.entities.clone()
    vectors[3, 2], vectors[5] = float("nan"), 0
    bad = saved(tmp_path / "bad", changed(good, vectors))
    found = verdict(bad, None)
    assert [check.said for check in found.checks] == [
        f"2 of {ENTITIES} vectors are zero or not numbers"
    ]


def test_norms_far_from_the_others_do_not_pass(tmp_path: Path, good: Trained) -> None:
    vectors = good.scorer.entities.clone()
    vectors[:2] *= 1_000
    assert asked(saved(tmp_path / "long", changed(good, vectors)), None)["norms"] is False
    # An entity without facts and features stays where it began: next to zero.
    vectors = good.scorer.entities.clone()
    vectors[:30] *= 1e-4
    short = saved(tmp_path / "short", changed(good, vectors))
    assert asked(short, None)["norms"] is True
    live = saved(tmp_path / "live", good)
    everywhere = saved(tmp_path / "everywhere", changed(good, good.scorer.entities * 1e-4))
    assert asked(short, live)["norms"] is True
    assert asked(everywhere, live)["norms"] is False


@pytest.mark.parametrize("spoilt", [0.0, float("nan")])
def test_a_live_run_that_was_forced_is_no_measure_of_length(
    tmp_path: Path, good: Trained, spoilt: float
) -> None:
    live = saved(tmp_path / "live", changed(good, good.scorer.entities * spoilt))
    checks = {check.name: check for check in verdict(saved(tmp_path / "run", good), live).checks}
    said = "usually zero" if spoilt == 0 else "usually"
    assert checks["norms"].passed is (None if spoilt == 0 else True)
    assert said in checks["norms"].said
    if spoilt != 0:
        assert "the live run's vectors are not all numbers" in checks["figure"].said


def test_neighbours_that_all_went_do_not_pass(tmp_path: Path, good: Trained) -> None:
    live = saved(tmp_path / "live", good)
    strict = Bounds(margin=2, overlap=0.9, norms=1e9)
    shuffled = torch.randperm(ENTITIES, generator=torch.Generator().manual_seed(1))
    moved = saved(tmp_path / "moved", changed(good, good.scorer.entities[shuffled]))
    found = judge(moved, live, World(), (), strict)
    assert {c.name: c.passed for c in found.checks}["neighbours"] is False


def test_canaries(tmp_path: Path, good: Trained) -> None:
    run = saved(tmp_path / "run", good)
    near = Canary("e00", "e01", ENTITIES)
    far = Canary("e00", "no one")
    found = asked(run, None, near, far)
    assert found["canary e00"] is False
    assert asked(run, None, near)["canary e00"] is True


def test_a_file_of_canaries(tmp_path: Path) -> None:
    file = tmp_path / "canaries.tsv"
    assert read(file) == []
    file.write_text("# known\nJPN\tKOR\nDEU\tFRA\t5\n\n", "utf-8")
    assert read(file) == [Canary("JPN", "KOR", 10), Canary("DEU", "FRA", 5)]
    for bad in ("JPN", "JPN\t", "JPN\tKOR\tmany", "a\tb\t0", "a\tb\t1\t2"):
        file.write_text(bad, "utf-8")
        with pytest.raises(BadInput, match="line 1: expected an entity"):
            read(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="UTF-8"):
        read(file)
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path)
    with pytest.raises(BadInput, match="correct KG_CANARIES"):
        read(tmp_path / "none", must_be=True)
