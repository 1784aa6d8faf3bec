"""An answer is of one run, whatever moves meanwhile; the pointer's moves are written out here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from embeddings.answers.content_vectors import text_vector
from embeddings.publish.published import TRIES, Run, of_one_run, with_encoder
from kg_platform.browse import entities
from kg_platform.errors import BadInput, QueryFailed
from kg_platform.graph.client import Graph
from kg_platform.modality import TEXT
from tests.support.fake_encoders import FakeText

GRAPH = cast(Graph, None)  # which the pointer's moves stand for
Moves = Callable[..., None]


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> Moves:
    """Each look at the pointer sees the next of these; the last one stays."""

    def set_to(*seen: dict[str, Any]) -> None:
        rest: Iterator[dict[str, Any]] = iter(seen)
        monkeypatch.setattr(entities, "current_run", lambda graph: next(rest, seen[-1]))

    return set_to


def own(run: str) -> dict[str, Any]:
    return {"id": run, "text_encoder": f"encoder of {run}", "published_at": f"when {run} was"}


def staged(run: str) -> dict[str, Any]:
    return {**own(run), "serving": "next"}


def test_a_text_in_a_script_that_the_encoder_cannot_read_is_refused() -> None:
    encoder = FakeText()
    encoder.unreadable.add("\u0e2b\u0e21\u0e32")
    with pytest.raises(BadInput, match=r"multilingual|KG_TEXT_ENCODER"):
        text_vector(own("a"), "\u0e2b\u0e21\u0e32", TEXT, encoder)
    assert encoder.asked == []


def test_an_answer_is_asked_for_again_when_the_pointer_moved(moves: Moves) -> None:
    moves(own("a"), staged("b"), own("b"))
    asked: list[object] = []

    def ask(run: Run | None) -> int:
        assert run is not None
        asked.append((run["id"], run.get("serving")))
        return len(asked)

    assert of_one_run(GRAPH, ask) == 3
    assert asked == [("a", None), ("b", "next"), ("b", None)]


def test_an_error_counts_only_where_nothing_moved(moves: Moves) -> None:
    def ask(run: Run | None) -> str:
        assert run is not None
        if run.get("serving"):
            raise QueryFailed("There is no such index.")
        return str(run["id"])

    moves(staged("b"), own("b"))
    assert of_one_run(GRAPH, ask) == "b"
    moves(staged("b"))
    with pytest.raises(QueryFailed, match="no such index"):
        of_one_run(GRAPH, ask)


def test_what_is_removed_after_the_switch_changes_no_answer(moves: Moves) -> None:
    moves({**own("b"), "serving": "own"}, own("b"))
    asked: list[Run | None] = []
    of_one_run(GRAPH, asked.append)
    assert len(asked) == 1


def test_an_answer_is_asked_for_again_when_a_publish_began_to_stage(moves: Moves) -> None:
    live = {**own("a"), "kinds": ["City\n"], "filters": ["source"]}
    moves(live, {**live, "kinds": None, "filters": None})
    asked: list[Run | None] = []
    of_one_run(GRAPH, asked.append)
    assert [one is not None and one["filters"] for one in asked] == [["source"], None]


def test_a_pointer_that_never_rests_is_said(moves: Moves) -> None:
    moves(*(own(str(number)) for number in range(TRIES + 1)))
    with pytest.raises(QueryFailed, match="try again"):
        of_one_run(GRAPH, lambda run: run)


def test_another_encoder_is_loaded_when_its_run_was_published_meanwhile(moves: Moves) -> None:
    def ask(encoder: str) -> str:
        if encoder == "encoder of a":
            raise BadInput("The published vectors were made by another encoder.")
        return encoder

    moves(own("a"), own("b"))
    assert with_encoder(GRAPH, TEXT, str, ask) == "encoder of b"
    moves(own("a"))
    with pytest.raises(BadInput, match="another encoder"):
        with_encoder(GRAPH, TEXT, str, ask)
