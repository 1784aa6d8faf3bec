"""`kg recipe`: an example of a field from its data to its answers, in one command."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform.cli.options import Json
from recipes.cli.running import run
from recipes.recipe import DATA, HELD_OUT, PAGE, RECIPES, FieldRecipe
from recipes.recipe import recipe as recipe_called

if TYPE_CHECKING:
    from kg_platform.settings import Settings

OpenUi = Annotated[bool, typer.Option("--ui/--no-ui", help="Open the explorer afterwards.")]


def register(app: typer.Typer) -> None:
    """Add `kg recipe`."""
    group = typer.Typer(help="Whole examples: medicine, finance.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("held-out")(held_out)
    for one in RECIPES:
        group.command(one.name, help=f"Make it and ask it: {one.about}.")(_maker(one))
    app.add_typer(group, name="recipe")


def listed(as_json: Json = False) -> None:
    """The recipes that there are."""
    from kg_platform.console import print_json, print_table

    rows = [(one.name, one.about) for one in RECIPES]
    if as_json:
        print_json([{"name": name, "about": about} for name, about in rows])
    else:
        print_table(("recipe", "what is in it"), rows)


def held_out(
    name: Annotated[str, typer.Argument(help="The recipe that was made in this KG_HOME.")],
    as_json: Json = False,
) -> None:
    """Facts that a recipe kept from its tables, and where the model ranks them."""
    from dataclasses import asdict

    from kg_platform.console import note, print_json, print_table
    from kg_platform.platform import Platform
    from kg_platform.settings import load
    from recipes.held_out import find_again

    settings = load()
    file = recipe_called(name).folder(settings) / DATA / HELD_OUT
    with Platform.open(settings) as platform:
        found = find_again(platform, file)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (one.head, one.relation, one.tail, f"{one.tail_rank:g}", f"{one.head_rank:g}")
        for one in found
    ]
    print_table(("head", "relation", "tail", "rank of the tail", "rank of the head"), rows)
    tails, heads = [one.tail_rank for one in found], [one.head_rank for one in found]
    note(
        f"Among {found[0].entities:,} entities of all types. The median rank is {median(tails):g} "
        f"of the tails and {median(heads):g} of the heads."
    )


def _maker(chosen: FieldRecipe) -> Callable[..., None]:
    def make(open_ui: OpenUi = True) -> None:
        from kg_platform.settings import load
        from ui.serve import serve

        settings = load()
        _make(chosen, settings)
        if open_ui:
            serve(settings)

    return make


def _make(chosen: FieldRecipe, settings: Settings) -> None:
    import time

    from kg_platform.console import note, print_text
    from kg_platform.platform import Platform
    from recipes.page import questions
    from recipes.recipe import write
    from recipes.steps import learning, loading, refuse_others

    begun = time.monotonic()
    folder = write(chosen, settings)
    note(f"The recipe's files are in {folder}.")
    with Platform.open(settings) as platform:
        refuse_others(chosen, platform.graph)
    for words in loading(chosen, folder):
        note(f"\n$ kg {shlex.join(words)}")
        run(words)
    note(f"\n$ kg {shlex.join(learning(folder))}")
    _learn(settings, learning(folder))
    for question in questions(folder / PAGE):
        print_text(f"\n{question.title}", style="bold")
        print_text(f"\n{question.asked}\n", soft_wrap=True)
        run(question.words)
    note(
        f"\n{time.monotonic() - begun:.0f} s in all. {folder / PAGE} explains the questions. The "
        "database goes on running: `kg db stop` stops it."
    )


def _learn(settings: Settings, words: Sequence[str]) -> None:
    """Train and publish, unless every entity has a vector of what it says."""
    from embeddings.jobs.settled import settled
    from embeddings.numerics.threads import one_thread
    from kg_platform.console import note
    from kg_platform.platform import Platform

    with Platform.open(settings) as platform:
        there = settled(platform)
    if there:
        note("Every entity has a vector of what it says.")
        return
    with one_thread():
        run(words)
