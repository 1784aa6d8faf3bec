"""`kg embed --new-only`, as a person sees it."""

from __future__ import annotations

from collections.abc import Mapping

from kg_platform import console
from kg_platform.errors import BadInput
from kg_platform.platform import Platform
from kg_platform.settings import load


def run_new(others: Mapping[str, object], as_json: bool) -> None:
    """Give vectors to new entities; `others` are the command's other options as they were given.

    Raises:
        BadInput: one of them was given.
    """
    refuse(others)
    from embeddings.jobs.embed_new import embed_new

    with Platform.open(load()) as platform, console.steps() as report:
        done = embed_new(platform, on_progress=report)
    if as_json:
        console.print_json(done.as_dict())
        return
    if not done.vectors and not done.without and not done.unchanged and not done.tombstones:
        console.note(f"Nothing to do: every entity has a vector of run {done.published_run}.")
        return
    rows = [
        ("by their facts", f"{done.fitted:,}"),
        ("by texts and pictures alone", f"{done.from_features:,}"),
        ("given back what was trained", f"{done.restored:,}"),
        ("nothing to make a vector from", f"{done.without:,}"),
        ("of these, trained ones that changed", f"{done.changed:,}"),
        ("marked, but as they were", f"{done.unchanged:,}"),
        ("gone, and have tombstones now", f"{done.tombstones:,}"),
        ("facts used", f"{done.facts:,}"),
        ("facts not used", f"{done.skipped_facts:,}"),
    ]
    console.print_table(("entities", "count"), rows, title=f"Run {done.run_id}")
    console.note(
        f"They are in the space of run {done.published_run} and provisional; the next `kg embed` "
        "trains them. Try `kg similar <id>`."
    )


def refuse(others: Mapping[str, object]) -> None:
    """Refuse options that --new-only cannot heed."""
    given = [name for name, value in others.items() if value]
    if given:
        raise BadInput(
            f"--new-only takes everything from the published run; leave out {', '.join(given)}."
        )
