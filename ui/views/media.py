"""Whether the media are well: what could not be had and why, tried again; what looks the same; what
is kept. `?show=`, `?source=`, `?distance=`, `?page=`, `?kind=` and `?after=` say what is shown."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from kg_platform.browse import media as browse
from kg_platform.browse.entities import EntityRow
from kg_platform.errors import BadInput, KgError, MigrationError
from kg_platform.ledger.media_failures import FailureRow, MediaFailures
from ui import navigation, people, resources
from ui.components import cards
from ui.language import named, say
from ui.sentences import told
from ui.widgets import address, going_live, pager, tables, text

SIDES = ("Could not be had", "Look the same", "Kept")
KINDS = ("All kinds", "image", "audio", "video", "document")
ALL_SOURCES = ""  # beside the names of sources, none of which is empty
CALLED = {"image": "picture", "audio": "sound", "video": "film", "document": "document"}
FAILURES = 500  # in a table
PAIRS = 6  # a page
# Comparing is done while a person waits, beside everybody else's pages: a few seconds at most.
BITS = 8
COMPARED, COMPARISONS, ALIKE = 250_000, 200_000_000, 5_000
KEPT = 60  # media a page
REASONS = 8
NAMED = 12  # entities of a medium


@st.cache_data(ttl=resources.COUNTS, show_spinner=False)
def counts() -> dict[str, int]:
    return browse.counts(resources.graph())


@st.cache_data(ttl=resources.COUNTS, show_spinner=False, max_entries=BITS + 1)
def alike(distance: int) -> list[browse.Alike]:
    seen = counts()
    if (many := seen.get("image", 0) + seen.get("video", 0)) > COMPARED:
        raise BadInput(
            f"{many:,} pictures and films are too many to compare on a page; type `kg media "
            f"duplicates --distance {distance}`."
        )
    return browse.duplicates(resources.graph(), distance, ALIKE, COMPARISONS)


def failures() -> tuple[MediaFailures | None, dict[str, int]]:
    """What could not be had, None before the first load; and how many by state."""
    found = resources.ledger().media_failures
    try:
        return found, found.counts()
    except MigrationError:
        return None, {"failed": 0, "gone": 0}


def tiles(lacking: dict[str, int]) -> None:
    there = counts()
    shown = [
        (say("Pictures"), there.get("image", 0)),
        (say("Sounds"), there.get("audio", 0)),
        (say("Films"), there.get("video", 0)),
        (say("Documents"), there.get("document", 0)),
        (say("Failed"), lacking["failed"]),
        (say("Gone at their source"), lacking["gone"]),
    ]
    grid = st.grid(len(shown), min_column_width=120)
    for name, count in shown:
        with grid.cell(), st.container(border=True):
            text.figure(name, f"{count:,}")


def without_places(folder: str, said: str) -> str:
    """A sentence without where things lie on a machine."""
    for place in (folder, str(resources.settings().home)):
        if place and place != "/":
            said = said.replace(place.rstrip("/") + "/", "").replace(place, "…")
    return said.rpartition("/")[2] if said.startswith("/") and " " not in said else said


def lacking(found: MediaFailures | None) -> None:
    by_source = found.sources() if found else {}
    if found is None or not by_source:
        text.hint(say("Every picture, sound and film that was named could be had."))
        return
    sources = [ALL_SOURCES, *by_source]
    address.begin("source", "media_source", sources, ALL_SOURCES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            say("Source"), sources, key="media_source", width=260,
            format_func=lambda one: say("All sources") if one == ALL_SOURCES else one,
        )  # fmt: skip
        address.keep("source", chosen, ALL_SOURCES)
        source = chosen or None
        may = people.may("operator")
        st.button(
            say("Try again"), icon=":material/refresh:", type="primary", key="media_retry",
            on_click=retry, args=(source,), disabled=not may,
            help=None if may else say("This takes the role operator."),
        )  # fmt: skip
    total = by_source[source] if source else sum(by_source.values())
    reasons: Counter[str] = Counter()
    for reason, folder, count in found.reasons(source, REASONS):
        reasons[told(without_places(folder, reason))] += count
    text.heading(say("Why"), f"{total:,}")
    text.facts([(f"{count:,}", reason) for reason, count in reasons.most_common()])
    failure_table(found.rows(source, limit=FAILURES))
    if total > FAILURES:
        text.note(say("The first {shown}; `kg media list` prints them all.", shown=f"{FAILURES:,}"))


def failure_table(rows: list[FailureRow]) -> None:
    entity_of = {r.key: r.entity for r in rows}
    tables.choice(
        {
            "state": [say("gone") if r.gone else say("failed") for r in rows],
            "entity": [r.entity for r in rows],
            "place": [without_places(r.folder, r.location) for r in rows],
            "reason": [told(without_places(r.folder, r.reason)) for r in rows],
            "tries": [r.tries for r in rows],
            "last": [r.last_at[:16].replace("T", " ") for r in rows],
            "source": [r.source for r in rows],
        },
        [r.key for r in rows],
        key="media_failures",
        on_choice=lambda key: navigation.open_entity(entity_of[key]),
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


def pairs() -> None:
    distance = st.slider(
        say("Bits of 64 that may differ"), 0, BITS, browse.DISTANCE, key="distance",
        bind="query-params", width=320, on_change=to_the_first,
    )  # fmt: skip
    with st.spinner(say("Comparing …")):
        found = alike(distance)
    if not found:
        text.hint(say("No two pictures or films look the same to so many bits."))
        return
    if len(found) < ALIKE:
        text.note(
            say("Pairs that look the same, the closest first: {count}. The same bytes are kept "
                "once anyway. Entities that are one are merged on the page Review.",
                count=f"{len(found):,}")
        )  # fmt: skip
    else:
        text.note(
            say("The {shown} closest pairs; `kg media duplicates` prints them all.",
                shown=f"{ALIKE:,}")
        )  # fmt: skip
    last = (len(found) - 1) // PAIRS + 1
    page = address.number("page", last)
    shown = found[(page - 1) * PAIRS : page * PAIRS]
    ids = [medium for pair in shown for medium in (pair.first, pair.second)]
    whose = browse.referring(resources.graph(), ids, NAMED)
    for number, pair in enumerate(shown):
        with st.container(border=True):
            bits = say("{count} of 64 bits differ", count=pair.distance)
            text.note(bits if pair.distance else say("They look exactly the same."))
            left, right = st.columns(2)
            with left:
                one(pair.first, whose, f"media_first_{number}")
            with right:
                one(pair.second, whose, f"media_second_{number}")
    pager.pages(page, last, turn, "media")


def one(medium: str, whose: dict[str, list[EntityRow]], key: str) -> None:
    """A medium and whose it is; `key` is unique on the page."""
    seen = resources.thumbnail(medium, resources.CARD)
    if seen:
        st.image(seen, width=220, alt="")
    else:
        text.hint(say("Its bytes are not in the store, or broken."))
    if rows := whose.get(medium):
        cards.cards(map(cards.Card, rows), key=key, shape="chips")
    else:
        text.note(say("No entity refers to it any more."))


def kept() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        address.begin("kind", "media_kind", KINDS, KINDS[0])
        kind = st.selectbox(
            say("Kind"), KINDS, format_func=say, key="media_kind", on_change=to_the_first, width=200
        )
        address.keep("kind", kind, KINDS[0])
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
        nothing = say("No media here. They come with the entities that name them.")
        text.hint(say("No more of these.") if after else nothing)
        ways(after, None)
        return
    picked = tables.choice(
        {
            "picture": [resources.thumbnail(r.id, resources.SMALL) for r in shown],
            "kind": [named(CALLED, r.kind) for r in shown],
            "mime": [r.mime for r in shown],
            "size": [r.size for r in shown],
            "what": [what(r) for r in shown],
            "entities": [r.entities for r in shown],
            "id": [r.id[:16] for r in shown],
        },
        [r.id for r in shown],
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
    ways(after, shown[-1].id if len(rows) > KEPT else None)
    if picked is not None:
        with st.container(border=True):
            one(picked, browse.referring(resources.graph(), [picked], NAMED), "media_of_kept")


def ways(after: str, last: str | None) -> None:
    """Back to the beginning, and on after the last that is shown, where there are more."""
    with st.container(horizontal=True):
        if after:
            st.button(say("To the first page"), key="media_begin", on_click=to_the_first)
        if last is not None:
            st.button(say("Next"), key="media_on", on_click=go_on, args=(last,))


def go_on(after: str) -> None:
    st.query_params["after"] = after


def to_the_first() -> None:
    for name in ("after", "page"):
        st.query_params.pop(name, None)


def what(row: browse.StoredMedium) -> str:
    size = f"{row.width} x {row.height}" if row.width else ""
    length = f"{row.duration:,.1f} s" if row.duration is not None else ""
    pages = say("{count} pages", count=f"{row.pages:,}") if row.pages else ""
    much = say("{count} characters", count=f"{row.characters:,}") if row.characters else ""
    return ", ".join(filter(None, (size, length, pages, much)))


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
