"""Interactions by name: ours first, then PyKEEN's."""

from __future__ import annotations

from embeddings.models.interactions import generic
from embeddings.models.interactions.fast import FAST, Interaction
from kg_platform.errors import BadInput


def interaction(name: str) -> Interaction:
    """A model's interaction by name, or any of PyKEEN's by PyKEEN's name for it.

    Raises:
        BadInput: there is no such model.
    """
    wanted = name.lower()
    if wanted in FAST:
        return FAST[wanted]()
    others = generic.names()
    if wanted in others:
        return generic.Generic(wanted)
    raise BadInput(
        f"There is no model {name!r}; the models are {', '.join(FAST)} and, slower, PyKEEN's "
        f"{', '.join(others)}."
    )
