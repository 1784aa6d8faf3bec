"""The queue: a list to decide on by keys (ui/components/review_queue), in an order that stays while
somebody works through it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import streamlit as st

from kg_platform.browse.entities import EntityRow
from kg_platform.curation.bulk import What
from kg_platform.ledger.review_rows import ReviewRow, Sort
from ui import resources
from ui.components.served import served
from ui.language import language, say
from ui.widgets.review import deciding
from ui.widgets.review.words import chance, ends, kind_of_one, status_name, verb

PAGE = 25
AT, CHOSEN, _LOT, _ASKED = "review_at", "review_chosen", "review_lot", "review_asked"
_KEY = "review_queue"
_NUMBER = re.compile(r"[0-9]{1,18}")  # of an item: longer ones no database takes
_component = served("review_queue", html="<section></section>")


class Wanted(NamedTuple):
    """What is to be looked at, and in which order; `entity` is at an end."""

    status: str | None
    kind: str | None
    relation: str | None
    entity: str | None
    sort: Sort
    page: int

    @property
    def narrowed(self) -> tuple[str | None, str | None, str | None, str | None]:
        return self.status, self.kind, self.relation, self.entity


class Lot(NamedTuple):
    """A page of the queue as it was when it was asked for: decided items stay in it."""

    wanted: Wanted
    ids: list[int]
    total: int
    number: int


def lot_of(wanted: Wanted) -> Lot:
    """The lot that is worked through; a new one where something else is wanted."""
    kept: Lot | None = st.session_state.get(_LOT)
    if kept is not None and kept.wanted == wanted:
        return kept
    deciding.learn_from_them()
    reviews = resources.ledger().reviews
    rows = reviews.items(*wanted.narrowed, limit=PAGE, offset=wanted.page * PAGE, sort=wanted.sort)
    number = 0 if kept is None else kept.number + 1
    lot = Lot(wanted, [row.id for row in rows], reviews.count(*wanted.narrowed), number)
    st.session_state[_LOT] = lot
    st.session_state[CHOSEN] = []
    return lot


def look_again() -> None:
    """The next run asks for a new lot."""
    if (kept := st.session_state.get(_LOT)) is not None:
        nothing = kept.wanted._replace(page=-1)
        st.session_state[_LOT] = kept._replace(wanted=nothing)


def at(lot: Lot) -> int | None:
    """The item that is looked at: named in the address, moved to, or the first of the lot."""
    here: int | None = st.session_state.get(AT)
    asked = st.query_params.get("item")
    if asked != st.session_state.get(_ASKED):
        st.session_state[_ASKED] = asked
        here = int(asked) if asked is not None and _NUMBER.fullmatch(asked) else None
    elif asked is None and here not in lot.ids:
        here = None
    if here is None and lot.ids:
        here = lot.ids[0]
    st.session_state[AT] = here
    return here


def move(item: int | None) -> None:
    """Look at this item, and say so in the address; None: at the first."""
    st.session_state[AT] = item
    st.session_state[_ASKED] = None if item is None else str(item)
    if item is None:
        st.query_params.pop("item", None)
    else:
        st.query_params["item"] = str(item)


def show(lot: Lot, rows: Sequence[ReviewRow], entities: dict[str, EntityRow]) -> None:
    """The list; what is pressed in it is done before the page is drawn again."""
    _component(
        key=_KEY,
        data={
            "lot": f"{lot.number} {lot.wanted}",
            "at": st.session_state.get(AT),
            "heard": deciding.kept().heard,
            "rows": [_row(row, entities) for row in rows],
            "words": {
                "queue": say("Items to decide on"),
                "choose": say("Choose"),
                "accept": say("Accept"),
                "reject": say("Reject"),
                "later": say("Later"),
                "undo": say("Undo"),
            },
            "keys": [
                ["j k", say("move")],
                ["a", say("accept")],
                ["r", say("reject")],
                ["d", say("later")],
                ["u", say("undo")],
                ["x", say("choose for many")],
            ],
            "language": language(),
        },
        on_said_change=_said,
    )


def _row(row: ReviewRow, entities: dict[str, EntityRow]) -> dict[str, Any]:
    head, tail = ends(row, entities)
    note = ""
    if row.status != "open":
        note = status_name(row.status)
        if row.decided_by:
            note += f" · {row.decided_by}"
    elif row.later_at:
        note = say("put off")
    likely = row.probability if row.probability is not None else None
    return {
        "id": row.id,
        "head": head.label,
        "verb": verb(row),
        "tail": tail.label,
        "kind": kind_of_one(row.kind),
        "chance": chance(row),
        "share": likely,
        "state": row.status,
        "note": note,
    }


def _said() -> None:
    """What was done in the list since the last that was heard of, in order. Streamlit keeps only
    the last of what waits, so the browser says everything until it sees that it was heard."""
    mine = deciding.kept()
    steps = [step for step in st.session_state[_KEY].said if int(step["stamp"]) > mine.heard]
    going: int | None = None
    for step in steps:
        try:
            going = _done(step, going)
        finally:  # also where Streamlit stops: nothing is done twice
            mine.heard = int(step["stamp"])
    if going is not None:
        move(going)


def _done(step: dict[str, Any], going: int | None) -> int | None:
    """Do it; returns the item to look at then."""
    what = str(step["what"])
    if what == "choose":
        st.session_state[CHOSEN] = [int(one) for one in step["ids"]]
        return going
    item = int(step["id"])
    if what == "undo":
        decided = [row for row in resources.ledger().reviews.some([item]) if row.decided_by]
        if not decided:
            return deciding.undo_last() or item
        deciding.decide(item, "undo")
    elif what in ("accept", "reject", "later"):
        deciding.decide(item, cast(What, what))
    return int(step.get("next", item))
