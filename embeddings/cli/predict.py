"""`kg predict` and `kg explain`: the likeliest missing facts, and which modality moved one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg_platform import console
from kg_platform.cli.options import Count, Json, Type
from kg_platform.errors import BadInput
from kg_platform.settings import load

if TYPE_CHECKING:
    from embeddings.answers.explanation import Explanation
    from embeddings.answers.predict import Prediction
    from kg_platform.browse.entities import EntityRow
    from kg_platform.graph.client import Graph


def register(app: typer.Typer) -> None:
    app.command()(predict)
    app.command()(explain)


def predict(
    entity: Annotated[str, typer.Argument(help="An entity's id, or its label.")],
    relation: Annotated[str, typer.Argument(help="A relationship type, such as LANGUAGE.")],
    heads: Annotated[
        bool, typer.Option("--heads", help="The entity is the tail; predict heads.")
    ] = False,
    type: Type = None,
    count: Count = 10,
    as_json: Json = False,
) -> None:
    """The likeliest facts that the graph does not have yet."""
    from embeddings.answers.predict import predict_heads, predict_tails
    from embeddings.publish.live_artifact import open_published
    from kg_platform.browse.entities import resolve
    from kg_platform.platform import Platform

    settings = load()
    with Platform.open(settings) as platform:
        row = resolve(platform.graph, entity)
        artifact = open_published(platform.graph, settings.artifacts_dir)
        ask = predict_heads if heads else predict_tails
        found = ask(artifact, platform.graph, row.id, relation, count, type)
    if as_json:
        console.print_json([asdict(p) for p in found])
        return
    rows = [(p.id, p.label, p.type, f"{p.score:.3f}", _chance(p)) for p in found]
    fact = f"? {relation} {row.label}" if heads else f"{row.label} {relation} ?"
    console.print_table(("id", "label", "type", "score", "probability"), rows, title=fact)


def _chance(found: Prediction) -> str:
    return "" if found.probability is None else f"{found.probability:.3f}"


WORDS = {"image": "picture", "no image": "no picture"}


def explain(
    head: Annotated[str, typer.Argument(help="An entity's id, or its label.")],
    relation: Annotated[str, typer.Argument(help="A relationship type, such as LANGUAGE.")],
    tail: Annotated[
        str | None,
        typer.Argument(help="The other entity; without it, the likeliest are explained."),
    ] = None,
    heads: Annotated[
        bool,
        typer.Option("--heads", help="Explain the head; with one entity, it is the tail."),
    ] = False,
    type: Type = None,
    count: Count = 5,
    as_json: Json = False,
) -> None:
    """Which modality moved a prediction.

    Its score and rank when one is left out, at either end and at both.
    """
    if tail is not None and type is not None:
        raise BadInput("--type chooses among predictions; leave it out when you give a tail.")
    from embeddings.answers.explain import Explainer
    from embeddings.publish.live_artifact import open_published
    from kg_platform.browse.entities import resolve
    from kg_platform.platform import Platform

    settings = load()
    with Platform.open(settings) as platform:
        graph = platform.graph
        artifact = open_published(graph, settings.artifacts_dir)
        first = resolve(graph, head)
        if tail is not None:
            second = resolve(graph, tail)
            found = Explainer(artifact, graph).fact(first.id, relation, second.id, heads)
            _show_one(first, relation, second, found, as_json)
            return
        rows = _predictions(graph, artifact, first, relation, heads, type, count)
    if as_json:
        console.print_json([_plain(h, relation, t, found) for h, t, found in rows])
        return
    shown = [
        (*((h.id, h.label) if heads else (t.id, t.label)), f"{found.score:.3f}", *_moved(found))
        for h, t, found in rows
    ]
    fact = f"? {relation} {first.label}" if heads else f"{first.label} {relation} ?"
    columns = ("id", "label", "score", "rank", "moved most by", "rank without it")
    console.print_table(columns, shown, title=fact)


def _predictions(
    graph: Graph,
    artifact: Any,
    entity: EntityRow,
    relation: str,
    heads: bool,
    type: str | None,
    count: int,
) -> list[tuple[Any, Any, Explanation]]:
    """(head, tail, explanation) of the likeliest facts that the graph does not have."""
    from embeddings.answers.explain import Explainer
    from embeddings.answers.predict import predict_heads, predict_tails
    from embeddings.answers.scored_entities import open_scored

    space = open_scored(artifact, graph)
    ask = predict_heads if heads else predict_tails
    predictions = ask(artifact, graph, entity.id, relation, count, type, space)
    explainer = Explainer(artifact, graph, space)
    pairs = [(one, entity) if heads else (entity, one) for one in predictions]
    return [(h, t, explainer.fact(h.id, relation, t.id, heads)) for h, t in pairs]


def _show_one(
    head: EntityRow, relation: str, tail: EntityRow, found: Explanation, as_json: bool
) -> None:
    if as_json:
        console.print_json(_plain(head, relation, tail, found))
        return
    from embeddings.answers.explanation import rank_text

    rows = [("nothing", "", f"{found.score:.3f}", rank_text(found.rank))]
    rows += [
        (WORDS.get(one.part, one.part), one.side, f"{one.score:.3f}", rank_text(one.rank))
        for one in found.left_out
    ]
    title = f"{head.label} {relation} {tail.label}, among {found.entities:,} entities"
    console.print_table(("left out", "at", "score", "rank"), rows, title=title)
    if found.shares:
        parts = [
            (WORDS.get(one.head, one.head), WORDS.get(one.tail, one.tail), f"{one.value:+.3f}")
            for one in found.shares
        ]
        total = sum(one.value for one in found.shares)
        columns = ("head's", "tail's", "adds")
        console.print_table(columns, [*parts, ("", "the score", f"{total:+.3f}")], title="Shares")
    console.out.print(found.sentence)


def _moved(found: Explanation) -> Iterable[str]:
    from embeddings.answers.explanation import rank_text

    if found.mover is None:
        return rank_text(found.rank), "no single part", ""
    part = WORDS.get(found.mover.part, found.mover.part)
    return rank_text(found.rank), part, rank_text(found.mover.rank)


def _plain(head: Any, relation: str, tail: Any, found: Explanation) -> dict[str, Any]:
    return {
        "head": {"id": head.id, "label": head.label},
        "relation": relation,
        "tail": {"id": tail.id, "label": tail.label},
        **asdict(found),
        "sentence": found.sentence,
    }
