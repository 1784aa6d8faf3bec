"""Decisions of the person at the page: done, said, remembered for undoing."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

import streamlit as st

from kg_platform.curation import review
from kg_platform.curation.bulk import BulkOutcome, What, decide_many, one
from kg_platform.curation.experience import learn_if_possible
from kg_platform.errors import BadInput, KgError, NotFound
from kg_platform.progress import Progress, silent
from ui import resources
from ui.language import say
from ui.people import acting
from ui.sentences import told
from ui.widgets import text
from ui.widgets.review.words import status_name

_KEPT = "review_kept"


@dataclass
class SessionDecisions:
    """What a session remembers: the items that it decided on together and could take back, what is
    to be said of the last decision, the last thing that the list was heard to say, and whether
    something was decided since what there was to learn was learnt.

    Had before something is decided: Streamlit stops a script wherever it is asked for anything, its
    session too, and what was done would be forgotten."""

    done: list[list[int]] = field(default_factory=list)
    said: tuple[str, bool] | None = None
    heard: int = 0
    unlearnt: bool = False

    def note(self, items: list[int], what: What) -> None:
        if what in ("accept", "reject"):
            self.done.append(items)
        elif what == "undo":
            self.drop(items)
        self.unlearnt |= what != "later"

    def drop(self, items: Container[int]) -> None:
        """These cannot be taken back, or were."""
        left = ([one for one in some if one not in items] for some in self.done)
        self.done = [some for some in left if some]


def kept() -> SessionDecisions:
    found: SessionDecisions = st.session_state.setdefault(_KEPT, SessionDecisions())
    return found


def decide(item: int, what: What, note: str = "", keep: str | None = None) -> bool:
    """Do it, and remember what to say of it: called before a page is drawn. Nothing is done where
    somebody else was first, the item is gone, or who asks may not."""
    mine, begun = kept(), False
    try:
        by = acting("curator")
        graph, reviews = resources.graph(), resources.ledger().reviews
        begun = True
        if what == "accept":
            row = review.accept(graph, reviews, item, by, note, keep)
        else:
            row = one(graph, reviews, item, what, by, note)
        mine.note([item], what)
    except KgError as error:
        if what == "undo" and isinstance(error, BadInput | NotFound):
            mine.drop([item])
        tell(told(str(error)), well=False)
        return False
    finally:
        if begun:
            _forget(what)
    if what == "later":
        tell(say("Item {item} comes last now.", item=item))
    else:
        tell(say("Item {item} is {status}.", item=item, status=status_name(row.status).lower()))
    return True


def undo_last() -> int | None:
    """Take back what was decided here last, one item or many; returns the first. What somebody else
    has decided on since is theirs and stays."""
    mine = kept()
    if not mine.done:
        tell(say("Nothing was decided here that could be undone."), well=False)
        return None
    items = mine.done[-1]
    try:
        by = acting("curator")
        rows = resources.ledger().reviews.some(items)
    except KgError as error:
        tell(told(str(error)), well=False)
        return None
    ours = [row.id for row in rows if row.decided_by == by]
    if items == ours[:1]:
        decide(items[0], "undo")
    else:
        others = {
            item: say("Review item {item} was changed by somebody else since.", item=item)
            for item in items
            if item not in ours
        }
        many(ours, "undo", outcome=BulkOutcome(refused=others))
    return items[0]


def last() -> int:
    """How many items the next undo would take back."""
    done = kept().done
    return len(done[-1]) if done else 0


def many(
    items: Iterable[int],
    what: What,
    note: str = "",
    report: Progress = silent,
    outcome: BulkOutcome | None = None,
) -> None:
    """Decide on many items, and remember what to say of it: also where it ends half-way, for the
    graph goes away or `report` is where Streamlit stops, as somebody went to another page."""
    mine, begun, problem = kept(), False, ""
    given = list(items)
    outcome = BulkOutcome() if outcome is None else outcome
    before = len(outcome.refused)
    try:
        by = acting("curator")
        graph, reviews = resources.graph(), resources.ledger().reviews
        begun = True
        decide_many(graph, reviews, given, what, by, note, report, outcome)
    except KgError as error:
        problem = told(str(error))
    finally:
        if outcome.done:
            mine.note(outcome.done, what)
        if what == "undo":
            mine.drop(outcome.refused)
        if begun:
            _forget(what)
        left = len(given) + before - len(outcome.done) - len(outcome.refused)
        tell(_told(outcome, left, problem), well=not (outcome.refused or left))


def learn_from_them() -> None:
    """Before it is asked anew what is open: so that it is in the order that decisions gave it. Not
    at each decision, as it looks at everything that is open."""
    mine = kept()
    if mine.unlearnt:
        mine.unlearnt = False
        learn_if_possible(resources.ledger().reviews)


def _forget(what: What) -> None:
    if what in ("accept", "undo"):
        resources.forget()


def comment(item: int, words: str, verdict: str) -> bool:
    try:
        resources.ledger().reviews.comment(item, acting("curator"), words, verdict)  # type: ignore[arg-type]
    except KgError as error:
        tell(told(str(error)), well=False)
        return False
    tell(say("Said of item {item}.", item=item))
    return True


def tell(sentence: str, well: bool = True) -> None:
    kept().said = sentence, well


def show_told() -> None:
    """What is to be said of the last decision, once."""
    mine = kept()
    if mine.said is not None:
        sentence, well = mine.said
        (text.hint if well else text.alert)(sentence)
        mine.said = None


def _told(outcome: BulkOutcome, left: int, problem: str) -> str:
    words = [problem] if problem else []
    if outcome.done or not problem:
        words.append(say("{count} done.", count=f"{len(outcome.done):,}"))
    if outcome.refused:
        words.append(
            say(
                "{count} refused: {first}",
                count=f"{len(outcome.refused):,}",
                first=told(next(iter(outcome.refused.values()))),
            )
        )
    if left and outcome.done:
        words.append(say("It stopped before the other {count}.", count=f"{left:,}"))
    return " ".join(words)
