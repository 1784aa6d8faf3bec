"""`kg review propose`: looks for missing facts and likely duplicates."""

from __future__ import annotations

from typing import Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.cli.review import review
from kg_platform.errors import BadInput


def register(app: typer.Typer) -> None:
    review.command()(propose)
    app.add_typer(review, name="review")


def propose(
    relation: Annotated[
        str | None, typer.Option(help="Only facts of this relationship type.")
    ] = None,
    entity: Annotated[
        str | None, typer.Option(help="Only facts of this entity: its id, or its label.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="At most this many proposals.")] = 50,
    at_least: Annotated[
        float | None,
        typer.Option(
            help="Facts: the smallest probability (0.05; 0.8 of a run that has them at even odds "
            "only). Duplicates: score (0.7)."
        ),
    ] = None,
    queries: Annotated[
        int,
        typer.Option(min=1, help="Ask at most this many: (head, relation), or entities."),
    ] = 20_000,
    seed: Annotated[int, typer.Option(help="Which queries, where there are more.")] = 0,
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="Propose entities that may be one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look for missing facts, or duplicates, and keep them for review. The graph stays as it is."""
    if duplicates and relation is not None:
        raise BadInput("--duplicates compares entities; leave out --relation.")
    console.note("Loading the learning libraries ...")
    from embeddings.answers.propose.search import Search
    from kg_platform.browse.entities import resolve
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    if duplicates:
        from embeddings.answers.propose.duplicates import propose_duplicates as look
    else:
        from embeddings.answers.propose.links import propose_links as look
    least = 0.7 if duplicates and at_least is None else at_least
    with Platform.open(load()) as platform, console.steps() as report:
        chosen = None if entity is None else resolve(platform.graph, entity).id
        done = look(platform, Search(relation, chosen, top, least, queries, seed), report)
    if as_json:
        console.print_json(done.as_dict())
        return
    console.note(
        f"{done.new:,} new, {done.updated:,} updated, {done.superseded:,} superseded, by run "
        f"{done.run_id}. `kg review list` shows them."
    )
    if done.basis == "even odds":
        from embeddings.answers.chances import EVEN_ODDS

        console.note(EVEN_ODDS)
    elif done.basis == "shown":
        corrected = f", corrected by {done.decisions:,} decisions" if done.decisions else ""
        console.note(
            f"Probabilities are of what is shown{corrected}; what nobody wrote down counts as "
            f"wrong in them. Kept were those of at least {done.at_least:.0%}."
        )
    if done.asked < done.possible:
        console.note(
            f"{done.asked:,} of {done.possible:,} queries were asked; --queries asks more, and "
            "--seed others."
        )
