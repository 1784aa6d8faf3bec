"""One entity: media, texts, properties, neighbours, what is like it, and what became of it. `?id=`
names it; `relation`, `direction` and `page` one of its relations, `media` what is shown large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ingest.versions.compare import ADDED
from ingest.versions.of_entity import EntityLoad
from kg_platform.browse.entities import EntityPage, EntityRow, MediaRow
from kg_platform.browse.history import Event
from kg_platform.browse.pasted import statements_of
from kg_platform.browse.texts import in_languages, without_texts
from kg_platform.cypher.changes import DELETED, FOUND_BY_SCAN
from kg_platform.errors import MigrationError, NotFound
from kg_platform.ledger.review_rows import ReviewRow
from ui import navigation, resources
from ui.components import cards
from ui.language import named, say
from ui.widgets import address, entity_picker, entity_relations, players, tables, versions
from ui.widgets import text as plain
from ui.widgets.neighbours import WAYS, has_vector, nearest, way_called

if TYPE_CHECKING:
    from embeddings.answers.maps.moved import Move

ALIKE = 6
PROPOSED = 10
EVENTS = 12
MEDIA = 60  # of an entity that are looked at


def choose(problem: str = "") -> None:
    """No entity is named, or none that is there: let the person look for one."""
    st.title(say("Entity"))
    if problem:
        plain.alert(problem)
        if close := resources.close_matches(st.query_params.get("id", "")):
            st.header(say("Did you mean"), anchor=False)
            cards.cards([cards.Card(row) for row in close], key="entity_close", shape="chips")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = entity_picker.entity_picker("entity")
        if chosen and st.button(say("Open"), icon=":material/arrow_forward:", key="entity_open"):
            navigation.open_entity(chosen)
            st.rerun()
    cards.samples("entity_samples")


def gone(entity_id: str, problem: str) -> None:
    """The entity was there once: say what became of it, and where it is now."""
    found = resources.gone(entity_id)
    if found is None:
        choose(problem)
        return
    st.title(say("Entity"))
    when = found.at[:16].replace("T", " ")
    if found.merged_into is not None:
        plain.hint(
            say("{name} was merged into another entity ({when} UTC).", name=found.label, when=when)
        )
        there = resources.rows((found.merged_into,))
        shown = there.get(found.merged_into) or EntityRow(found.merged_into, found.merged_into)
        cards.cards([cards.Card(shown)], key="entity_now", shape="chips", name=say("It is now"))
    else:
        plain.hint(
            say(
                "{name} is not there any more ({why}, {when} UTC).",
                name=found.label,
                why=named(_GONE, found.why),
                when=when,
            )
        )
        cards.samples("entity_samples")


# ---- the head


def head(page: EntityPage) -> None:
    shown = players.first(page.media, MEDIA)
    text = st.container()
    if shown:
        left, text = st.columns([1, 2.2], gap="large")
        with left:
            gallery(page, shown)
    with text:
        plain.title(page.label)
        plain.tags(strong=[page.type] if page.type else [], mono=[page.id], light=states(page))
        if page.description:
            plain.lead(page.description)
        if page.aliases:
            plain.note(say("Also called {names}", names=", ".join(page.aliases)))
        with st.container(horizontal=True):
            for name, label, icon in (
                ("graph", say("Show in the graph"), ":material/hub:"),
                ("similar", say("Compare"), ":material/join_inner:"),
            ):
                st.page_link(
                    f"views/{name}.py", label=label, icon=icon, query_params={"id": page.id}
                )


def gallery(page: EntityPage, media: list[MediaRow]) -> None:
    chosen = address.number("media", len(media)) - 1
    players.show(media[chosen], page.label)
    plain.note("\n".join(filter(None, (media[chosen].caption, players.described(media[chosen])))))
    if len(media) > 1:

        def pressed(place: int) -> None:
            if place:
                st.query_params["media"] = str(place + 1)
            else:
                st.query_params.pop("media", None)

        players.choose(media, chosen, f"entity_gallery_{page.id}", pressed)


# What of it changed since the run.
_CHANGED = {
    "text": "text", "picture": "picture", "sound": "sound", "film": "film", "facts": "facts",
    "new": "new",
}  # fmt: skip
# Why an entity is gone.
_GONE = {DELETED: "deleted", FOUND_BY_SCAN: "found by scan"}


def states(page: EntityPage) -> list[str]:
    """How the vectors are behind what the entity says now."""
    if not page.vectors:
        return [say("no vector yet")] if page.stale else []
    said = [say("provisional: fitted after training")] if page.provisional else []
    if page.stale == ("new",):
        said.append(say("stale: new since the run"))
    elif page.stale:
        what = ", ".join(named(_CHANGED, reason) for reason in page.stale)
        said.append(say("stale: {what} changed", what=what))
    return said


# ---- what it says


def properties(page: EntityPage) -> None:
    """Its own properties, with who says so where several sources do."""
    own = without_texts(page.properties)
    by: dict[str, list[tuple[str, str]]] = {}
    for name, value, sources in page.said():
        by.setdefault(name, []).append((tables.words(value), ", ".join(sources)))
    rows = []
    for name in [*own, *(name for name in by if name not in own)]:
        if name in by:
            said = "\n".join(f"{value}  —  {who}" for value, who in by[name])
            rows.append((name, said))
        else:
            rows.append((name, tables.words(own[name])))
    if page.source:
        rows.append((say("source"), page.source))
    if page.embedding_run:
        rows.append((say("embedding run"), page.embedding_run))
    if page.vectors:
        order = [way for way in WAYS if way in page.vectors]
        order += sorted(page.vectors.keys() - WAYS.keys())
        sizes = [f"{way_called(name)}: {page.vectors[name]}" for name in order]
        rows.append((say("vectors"), "\n".join(sizes)))
    if rows:
        with st.container(border=True):
            st.header(say("Properties"), anchor=False)
            plain.facts(rows)


def texts(page: EntityPage) -> None:
    found = in_languages(page.properties)
    if not found:
        return
    with st.container(border=True):
        st.header(say("In other languages"), anchor=False)
        rows = [
            (language, "\n".join(filter(None, (text.label, text.description))))
            for language, text in found.items()
        ]
        plain.facts(rows)


# ---- what is like it, and what may be true of it


def alike(page: EntityPage) -> None:
    """The nearest by each of its vectors, side by side."""
    ways = [way for way in WAYS if has_vector(page, way)]
    if not ways:
        return
    with st.container(border=True):
        st.header(say("Most alike by"), anchor=False)
        for way, column in zip(ways, st.columns(len(ways), gap="small"), strict=True):
            with column:
                plain.heading(way_called(way))
                with plain.errors():
                    cards.cards(
                        nearest(page.id, ALIKE, way),
                        f"entity_alike_{page.id}_{way}",
                        "narrow",
                        name=say("by {way}", way=way_called(way)),
                    )


def proposed(page: EntityPage) -> None:
    """Open review items that are about it."""
    try:
        found = resources.ledger().reviews.items("open", entity=page.id, limit=PROPOSED)
        count = resources.ledger().reviews.count("open", entity=page.id)
    except MigrationError:  # no command of this version has written to this platform yet
        return
    if not found:
        return
    with st.container(border=True):
        st.header(say("Proposed"), anchor=False)
        plain.facts((item_kind(item), item_said(item)) for item in found)
        st.page_link(
            "views/review.py",
            label=say("Decide on {count} in Review", count=count),
            icon=":material/fact_check:",
            query_params={"entity": page.id},
        )


def item_kind(item: ReviewRow) -> str:
    sure = "" if item.probability is None else f" {item.probability:.0%}"
    name = {
        "link": say("predicted"),
        "stated": say("read in a text"),
        "duplicate": say("may be the same"),
    }.get(item.kind, item.kind)
    return f"{name}{sure}"


def item_said(item: ReviewRow) -> str:
    head, tail = (
        str(item.explanation.get(f"{end}_label") or getattr(item, end)) for end in ("head", "tail")
    )
    return f"{head} — {item.relation or '='} → {tail}" if item.is_fact else f"{head} = {tail}"


# ---- what became of it


def became(page: EntityPage) -> None:
    with st.container(border=True):
        st.header(say("History"), anchor=False)
        events = resources.history(page.id)
        if not events:
            plain.note(say("Nothing is known of its past."))
        rows = [(event.at[:16].replace("T", " "), event_said(event)) for event in events]
        plain.facts(rows[:EVENTS])
        if rest := rows[EVENTS:]:
            with st.expander(say("{count} more", count=len(rest)), key="entity_events"):
                plain.facts(rest)
        key = "entity_loads"
        if st.session_state.get(key) != page.id:
            if st.button(
                say("What the last loads and runs did to it"),
                icon=":material/difference:",
                key="entity_look",
            ):
                st.session_state[key] = page.id
                st.rerun()
            return
        with st.spinner(say("Reading what was loaded and trained …")):
            moves(resources.moves_of(page.id))
            loads(resources.loads_of(page.id))


def event_said(event: Event) -> str:
    match event.what:
        case "said":
            return say("{source} said something new", source=event.name or "?")
        case "stale":
            reasons = ", ".join(named(_CHANGED, one) for one in event.note.split(", "))
            return say("its vector fell behind: {what}", what=reasons)
        case "published" if event.note:
            return say("a provisional vector, of run {run}", run=event.name)
        case "published":
            return say("a vector of run {run} went live", run=event.name)
        case "merged" if event.note == "kept":
            return say("{name} was merged into it, by {who}", name=event.name, who=event.by or "?")
        case "merged":
            return say("it was merged into {name}, by {who}", name=event.name, who=event.by or "?")
        case "proposed" if not event.relation:
            return say("proposed: it may be the same as {name}", name=event.name)
        case "proposed":
            return say("proposed: {relation} with {name}", relation=event.relation, name=event.name)
        case _:
            return say(
                "{who}: {status} — {relation} {name}",
                who=event.by or "?",
                status=event.note,
                relation=event.relation or "=",
                name=event.name,
            )


def moves(found: list[Move]) -> None:
    plain.facts(
        (
            move.at[:16].replace("T", " "),
            say(
                "run {run} moved its vector by {distance} (1 - cosine), further than {share} of "
                "all",
                run=move.run,
                distance=f"{move.distance:.3f}",
                share=f"{move.further:.0%}",
            ),
        )
        for move in found
    )


def loads(found: list[EntityLoad]) -> None:
    if not found:
        plain.note(say("None of the last loads whose journals can be read here changed it."))
    for load in found:
        plain.heading(load.at[:16].replace("T", " "), f"{load.source} · {load.kind} · {load.run}")
        rows = []
        if load.entity is not None and load.entity.what == ADDED:
            count = len(load.entity.properties)
            rows.append(
                (
                    versions.said_what(load.entity.what),
                    say("it came, with {count} properties", count=count),
                )
            )
        elif load.entity is not None:
            rows += [
                (name, f"{tables.words(was) or '–'} → {tables.words(now) or '–'}")
                for name, (was, now) in load.entity.properties.items()
            ]
        rows += [
            (versions.said_what(one.what), f"{one.id} — {one.type} → {one.tail}")
            for one in load.relations[:EVENTS]
        ]
        if more := max(0, len(load.relations) - EVENTS) + load.more:
            rows.append(("…", say("{count} more relations", count=more)))
        plain.facts(rows)


def cypher(page: EntityPage) -> None:
    """The statements behind the page, to copy."""
    with st.expander(say("Cypher of this page"), icon=":material/terminal:", key="entity_cypher"):
        ways = [way for way in WAYS if has_vector(page, way)]
        found = statements_of(resources.graph().vocabulary, page.id, ways)
        names = {
            "entity": say("Itself"),
            "media": say("Media"),
            "sources": say("What each source says"),
            "merges": say("Merges"),
            "counts": say("How many relations"),
            "facts": say("Relations"),
        }
        for name, text in found.items():
            plain.heading(names.get(name) or say("by {way}", way=way_called(name)))
            st.code(text, language="cypher", wrap_lines=True)


def show(page: EntityPage) -> None:
    head(page)
    alike(page)
    left, right = st.columns([1.8, 1], gap="medium")
    with left:
        with st.container(border=True):
            entity_relations.connected(page)
        with plain.errors():
            proposed(page)
        with plain.errors():
            became(page)
    with right:
        texts(page)
        properties(page)
    cypher(page)


wanted = st.query_params.get("id")
if wanted is None:
    choose()
else:
    try:
        found = resources.entity(wanted)
    except NotFound as error:
        gone(wanted, str(error))
    else:
        show(found)
