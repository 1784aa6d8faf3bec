"""Decisions of the person at the page: done, said, remembered for undoing."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from kg_platform.curation import review
from kg_platform.curation.bulk import BulkOutcome, What, decide_many, one
from kg_platform.curation.experience import learn
from kg_platform.errors import KgError
from kg_platform.progress import Progress, silent
from ui import resources
from ui.language import say
from ui.people import acting
from ui.widgets import text
from ui.widgets.review.words import status_name

_SAID, _DONE = "review_said", "review_done"


def decide(item: int, what: What, note: str = "", keep: str | None = None) -> bool:
    """Do it, and remember what to say of it: called before a page is drawn. Nothing is done where
    somebody else was first, the item is gone, or who asks may not."""
    try:
        by = acting("curator")
        graph, reviews = resources.graph(), resources.ledger().reviews
        if what == "accept":
            row = review.accept(graph, reviews, item, by, note, keep)
        else:
            row = one(graph, reviews, item, what, by, note)
        if what != "later":
            learn(reviews)
    except KgError as error:
        tell(str(error), well=False)
        return False
    finally:
        resources.forget()
    if what in ("accept", "reject"):
        st.session_state.setdefault(_DONE, []).append([item])
    if what == "later":
        tell(say("Item {item} comes last now.", item=item))
    else:
        tell(say("Item {item} is {status}.", item=item, status=status_name(row.status).lower()))
    return True


def undo_last() -> int | None:
    """Take back what was decided here last, one item or many; returns the first."""
    done: list[list[int]] = st.session_state.get(_DONE, [])
    if not done:
        tell(say("Nothing was decided here that could be undone."), well=False)
        return None
    items = done.pop()
    if len(items) == 1:
        decide(items[0], "undo")
    else:
        many(items, "undo")
    return items[0]


def last() -> int:
    """How many items the next undo would take back."""
    done: list[list[int]] = st.session_state.get(_DONE, [])
    return len(done[-1]) if done else 0


def many(items: Iterable[int], what: What, note: str = "", report: Progress = silent) -> None:
    """Decide on many items, and remember what to say of it."""
    try:
        by = acting("curator")
        graph, reviews = resources.graph(), resources.ledger().reviews
        outcome = decide_many(graph, reviews, items, what, by, note, report)
    except KgError as error:
        tell(str(error), well=False)
        return
    finally:
        resources.forget()
    if outcome.done and what in ("accept", "reject"):
        st.session_state.setdefault(_DONE, []).append(outcome.done)
    tell(_told(outcome), well=not outcome.refused)


def comment(item: int, words: str, verdict: str) -> bool:
    try:
        resources.ledger().reviews.comment(item, acting("curator"), words, verdict)  # type: ignore[arg-type]
    except KgError as error:
        tell(str(error), well=False)
        return False
    tell(say("Said of item {item}.", item=item))
    return True


def tell(sentence: str, well: bool = True) -> None:
    st.session_state[_SAID] = sentence, well


def show_told() -> None:
    """What is to be said of the last decision, once."""
    if (said := st.session_state.pop(_SAID, None)) is not None:
        (text.hint if said[1] else text.alert)(said[0])


def _told(outcome: BulkOutcome) -> str:
    sentence = say("{count} done.", count=f"{len(outcome.done):,}")
    if outcome.refused:
        sentence += " " + say(
            "{count} refused: {first}",
            count=f"{len(outcome.refused):,}",
            first=next(iter(outcome.refused.values())),
        )
    return sentence
