"""`kg predict` and `kg explain`: the likeliest missing facts, and which modality moved one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embeddings.session import VectorSession
from kg_platform import console
from kg_platform.cli.options import Count, Json, Type
from kg_platform.errors import BadInput
from kg_platform.modality import MODALITIES

if TYPE_CHECKING:
    from embeddings.answers.explanation import Explained, Explanation
    from embeddings.answers.predict import Prediction

WORDS = {f"{no}{one.name}": f"{no}{one.item}" for one in MODALITIES for no in ("", "no ")}


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
    with VectorSession.open() as kg:
        row = kg.resolve(entity)
        found = kg.predict(row, relation, heads=heads, type=type, k=count)
    if as_json:
        console.print_json(found.to_dicts())
        return
    rows = [(p.id, p.label, p.type, f"{p.score:.3f}", _chance(p)) for p in found]
    fact = f"? {relation} {row.label}" if heads else f"{row.label} {relation} ?"
    console.print_table(("id", "label", "type", "score", "probability"), rows, title=fact)
    if any(p.basis == "even odds" for p in found):
        from embeddings.answers.chances import EVEN_ODDS

        console.note(EVEN_ODDS)


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
    with VectorSession.open() as kg:
        if tail is not None:
            _show_one(kg.explain(head, relation, tail, heads=heads), as_json)
            return
        found = kg.explain(head, relation, heads=heads, type=type, k=count)
        given = kg.resolve(head).label
    if as_json:
        console.print_json([_plain(one) for one in found])
        return
    ends = [one.head if heads else one.tail for one in found]
    shown = [
        (end.id, end.label, f"{one.explanation.score:.3f}", *_moved(one.explanation))
        for end, one in zip(ends, found, strict=True)
    ]
    fact = f"? {relation} {given}" if heads else f"{given} {relation} ?"
    columns = ("id", "label", "score", "rank", "moved most by", "rank without it")
    console.print_table(columns, shown, title=fact)


def _chance(found: Prediction) -> str:
    return "" if found.probability is None else f"{found.probability:.3f}"


def _show_one(one: Explained, as_json: bool) -> None:
    if as_json:
        console.print_json(_plain(one))
        return
    from embeddings.answers.explanation import rank_text

    found = one.explanation
    rows = [("nothing", "", f"{found.score:.3f}", rank_text(found.rank))]
    rows += [
        (WORDS.get(out.part, out.part), out.side, f"{out.score:.3f}", rank_text(out.rank))
        for out in found.left_out
    ]
    title = f"{one.head.label} {one.relation} {one.tail.label}, among {found.entities:,} entities"
    console.print_table(("left out", "at", "score", "rank"), rows, title=title)
    if found.shares:
        parts = [
            (WORDS.get(s.head, s.head), WORDS.get(s.tail, s.tail), f"{s.value:+.3f}")
            for s in found.shares
        ]
        total = sum(share.value for share in found.shares)
        columns = ("head's", "tail's", "adds")
        console.print_table(columns, [*parts, ("", "the score", f"{total:+.3f}")], title="Shares")
    console.print_text(found.sentence)


def _moved(found: Explanation) -> Iterable[str]:
    from embeddings.answers.explanation import rank_text

    if found.mover is None:
        return rank_text(found.rank), "no single part", ""
    part = WORDS.get(found.mover.part, found.mover.part)
    return rank_text(found.rank), part, rank_text(found.mover.rank)


def _plain(one: Explained) -> dict[str, Any]:
    return {
        "head": {"id": one.head.id, "label": one.head.label},
        "relation": one.relation,
        "tail": {"id": one.tail.id, "label": one.tail.label},
        **asdict(one.explanation),
        "sentence": one.explanation.sentence,
    }
