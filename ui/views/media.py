"""Whether the media are well: what could not be had and why, tried again; what looks the same; what
is kept. `?show=`, `?source=`, `?distance=` and `?page=` say what is shown."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from kg_platform.browse import media as browse
from kg_platform.browse.entities import EntityRow
from kg_platform.errors import KgError, MigrationError
from kg_platform.ledger.media_failures import FailureRow
from ui import navigation, people, resources
from ui.components import cards
from ui.language import say
from ui.widgets import going_live, tables, text

SIDES = ("Could not be had", "Look the same", "Kept")
KINDS = ("All kinds", "image", "audio", "video")
ALL_SOURCES = "All sources"
FAILURES = 500  # in a table
PAIRS = 6  # a page
KEPT = 60  # media a page
REASONS = 8
NAMED = 12  # entities of a medium


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def counts() -> dict[str, int]:
    return browse.counts(resources.graph())


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def alike(distance: int) -> list[browse.Alike]:
    return browse.duplicates(resources.graph(), distance)


def failures() -> tuple[list[FailureRow], dict[str, int]]:
    """All that could not be had, and how many by state; nothing before the first load."""
    try:
        found = resources.ledger().media_failures
        return found.rows(), found.counts()
    except MigrationError:
        return [], {"failed": 0, "gone": 0}


def tiles(lacking: dict[str, int]) -> None:
    there = counts()
    shown = [
        (say("Pictures"), there.get("image", 0)),
        (say("Sounds"), there.get("audio", 0)),
        (say("Films"), there.get("video", 0)),
        (say("Failed"), lacking["failed"]),
        (say("Gone at their source"), lacking["gone"]),
    ]
    grid = st.grid(len(shown), min_column_width=120)
    for name, count in shown:
        with grid.cell(), st.container(border=True):
            text.figure(name, f"{count:,}")


def without_places(row: FailureRow, said: str) -> str:
    """A sentence without where things lie on a machine."""
    for place in (row.folder, str(resources.settings().home)):
        if place and place != "/":
            said = said.replace(place.rstrip("/") + "/", "").replace(place, "…")
    return said.rpartition("/")[2] if said.startswith("/") and " " not in said else said


def lacking(rows: list[FailureRow]) -> None:
    if not rows:
        text.hint(say("Every picture, sound and film that was named could be had."))
        return
    sources = sorted({row.source for row in rows})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.selectbox(
            say("Source"), [ALL_SOURCES, *sources], format_func=say, key="source",
            bind="query-params", width=260,
        )  # fmt: skip
        chosen = [row for row in rows if source in (ALL_SOURCES, row.source)]
        may = people.may("operator")
        st.button(
            say("Try again"), icon=":material/refresh:", type="primary", key="media_retry",
            on_click=retry, args=(None if source == ALL_SOURCES else source,), disabled=not may,
            help=None if may else say("This takes the role operator."),
        )  # fmt: skip
    reasons = Counter(without_places(row, row.reason) for row in chosen).most_common(REASONS)
    text.heading(say("Why"), f"{len(chosen):,}")
    text.facts([(f"{count:,}", reason) for reason, count in reasons])
    shown = chosen[:FAILURES]
    picked = tables.choice(
        {
            "state": [say("gone") if r.gone else say("failed") for r in shown],
            "entity": [r.entity for r in shown],
            "place": [without_places(r, r.location) for r in shown],
            "reason": [without_places(r, r.reason) for r in shown],
            "tries": [r.tries for r in shown],
            "last": [r.last_at[:16].replace("T", " ") for r in shown],
            "source": [r.source for r in shown],
        },
        key="media_failures",
        column_config={
            "state": st.column_config.TextColumn(say("State"), width=80),
            "entity": st.column_config.TextColumn(say("Entity"), width=140),
            "place": st.column_config.TextColumn(say("Named as"), width=220),
            "reason": st.column_config.TextColumn(say("Why"), width=300),
            "tries": st.column_config.NumberColumn(say("Tries"), width=60),
            "last": st.column_config.TextColumn(say("Last tried (UTC)"), width=130),
            "source": st.column_config.TextColumn(say("Source"), width=110),
        },
        alt=say("Media that could not be had; choose one to open its entity"),
    )
    if picked is not None:
        navigation.open_entity(shown[picked].entity)
        st.rerun()
    if len(chosen) > len(shown):
        text.note(
            say("The first {shown}; `kg media list` prints them all.", shown=f"{len(shown):,}")
        )


def retry(source: str | None) -> None:
    """A button's callback."""
    begin(["media", "retry", *(["--source", source] if source else [])])


def begin(words: list[str]) -> None:
    try:
        going_live.start(words)
    except KgError as error:
        st.session_state.media_said = str(error)


def turn(to: int) -> None:
    st.query_params["page"] = str(to)


def asked_page(last: int) -> int:
    asked = st.query_params.get("page", "1")
    return min(max(1, int(asked)), last) if asked.isdecimal() else 1


def pairs() -> None:
    distance = st.slider(
        say("Bits of 64 that may differ"), 0, 16, browse.DISTANCE, key="distance",
        bind="query-params", width=320,
    )  # fmt: skip
    with st.spinner(say("Comparing …")):
        found = alike(distance)
    if not found:
        text.hint(say("No two pictures or films look the same to so many bits."))
        return
    last = (len(found) - 1) // PAIRS + 1
    page = asked_page(last)
    text.note(
        say("Pairs that look the same, the closest first: {count}. The same bytes are kept once "
            "anyway. Entities that are one are merged on the page Review.", count=f"{len(found):,}")
    )  # fmt: skip
    for number, pair in enumerate(found[(page - 1) * PAIRS : page * PAIRS]):
        with st.container(border=True):
            bits = say("{count} of 64 bits differ", count=pair.distance)
            text.note(bits if pair.distance else say("They look exactly the same."))
            left, right = st.columns(2)
            with left:
                one(pair.first, f"media_first_{number}")
            with right:
                one(pair.second, f"media_second_{number}")
    pager(page, last)


def pager(page: int, last: int) -> None:
    if last > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(say("Back"), key="media_back", on_click=turn, args=(page - 1,),
                      disabled=page == 1)  # fmt: skip
            st.button(say("Next"), key="media_next", on_click=turn, args=(page + 1,),
                      disabled=page == last)  # fmt: skip
            text.note(say("Page {page} of {last}", page=f"{page:,}", last=f"{last:,}"))


def one(medium: str, key: str) -> None:
    """A medium and whose it is; `key` is unique on the page."""
    seen = resources.thumbnail(medium, resources.CARD)
    if seen:
        st.image(seen, width=220, alt="")
    else:
        text.hint(say("Its bytes are not in the store, or broken."))
    whose = browse.one(resources.graph(), medium)["entities"][:NAMED]
    rows = [EntityRow(str(row["id"]), str(row["label"])) for row in whose]
    if rows:
        cards.cards(map(cards.Card, rows), key=key, shape="chips")
    else:
        text.note(say("No entity refers to it any more."))


def kept() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            say("Kind"), KINDS, format_func=say, key="kind", bind="query-params", width=200
        )
        may = people.may("operator")
        st.button(
            say("Read all bytes again"), icon=":material/fact_check:", key="media_check",
            on_click=begin, args=(["media", "check"],), disabled=not may,
            help=say("Says which are missing in the store, or are others than they were.")
            if may
            else say("This takes the role operator."),
        )  # fmt: skip
    after = st.query_params.get("after", "")
    rows = browse.listed(resources.graph(), None if kind == KINDS[0] else kind, KEPT + 1, after)
    shown = rows[:KEPT]
    if not shown:
        text.hint(say("No media here. They come with the entities that name them."))
        return
    picked = tables.choice(
        {
            "picture": [resources.thumbnail(r.id, resources.SMALL) for r in shown],
            "kind": [say("picture") if r.kind == "image" else say("sound")
                     if r.kind == "audio" else say("film") for r in shown],
            "mime": [r.mime for r in shown],
            "size": [r.size for r in shown],
            "what": [what(r) for r in shown],
            "entities": [r.entities for r in shown],
            "id": [r.id[:16] for r in shown],
        },
        key="media_kept",
        row_height=44,
        column_config={
            "picture": st.column_config.ImageColumn("", width=64),
            "kind": st.column_config.TextColumn(say("Kind"), width=80),
            "mime": st.column_config.TextColumn(say("Format"), width=120),
            "size": st.column_config.NumberColumn(say("Bytes"), format="compact", width=80),
            "what": st.column_config.TextColumn(say("Measures"), width=140),
            "entities": st.column_config.NumberColumn(say("Entities"), width=80),
            "id": st.column_config.TextColumn("SHA-256", width=150),
        },
        alt=say("Media that are kept; choose one to see whose it is"),
    )  # fmt: skip
    if len(rows) > KEPT:
        st.button(say("Next"), key="media_on", on_click=go_on, args=(shown[-1].id,))
    if picked is not None:
        with st.container(border=True):
            one(shown[picked].id, "media_of_kept")


def go_on(after: str) -> None:
    st.query_params["after"] = after


def what(row: browse.StoredMedium) -> str:
    size = f"{row.width} x {row.height}" if row.width else ""
    length = f"{row.duration:,.1f} s" if row.duration is not None else ""
    return ", ".join(filter(None, (size, length)))


st.title(say("Media"))
resources.graph()  # nothing is known of media without it
if (said := st.session_state.pop("media_said", None)) is not None:
    text.alert(said)
going_live.started()
failed, by_state = failures()
tiles(by_state)
asked = st.query_params.get("show", SIDES[0])
side = st.segmented_control(
    say("What is shown"), SIDES, default=asked if asked in SIDES else SIDES[0], required=True,
    format_func=say, key="media_side", label_visibility="collapsed",
)  # fmt: skip
st.query_params["show"] = side
if side != SIDES[2]:
    st.query_params.pop("after", None)
if side != SIDES[1]:
    st.query_params.pop("page", None)
with text.errors():
    if side == SIDES[1]:
        pairs()
    elif side == SIDES[2]:
        kept()
    else:
        lacking(failed)
