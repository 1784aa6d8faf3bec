"""One entity: pictures, text, properties, neighbours, and what is like it. `?id=` names it."""

from __future__ import annotations

import streamlit as st

from kg_platform.browse.entities import EntityPage, FactCount
from kg_platform.browse.origin import origin
from kg_platform.errors import NotFound
from ui import navigation, resources
from ui.components import cards
from ui.widgets import entity_picker, players, tables
from ui.widgets import text as plain
from ui.widgets.neighbours import WAYS, has_vector, nearest

FIRST, MORE = 12, 60  # neighbours of one relation at first, and after each "More"
ALIKE = 12
MEDIA = 6


def choose(problem: str = "") -> None:
    """No entity is named, or none that is there: let the person look for one."""
    st.title("Entity")
    if problem:
        plain.alert(problem)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = entity_picker.entity_picker("entity")
        if chosen and st.button("Open", icon=":material/arrow_forward:", key="entity_open"):
            navigation.open_entity(chosen)
            st.rerun()
    cards.samples("entity_samples")


def head(page: EntityPage) -> None:
    media = players.first(page.media, MEDIA)
    text = st.container()
    if media:
        medium, text = st.columns([1, 2.4], gap="large")
        with medium:
            chosen = media[0]
            if len(media) > 1:
                number = st.segmented_control(
                    "Medium",
                    range(len(media)),
                    format_func=players.titles(media).__getitem__,
                    default=0,
                    required=True,
                    key=f"entity_picture_{page.id}",
                    label_visibility="collapsed",
                )
                chosen = media[number]
            players.show(chosen)
            if chosen.caption:
                plain.note(chosen.caption)
    with text:
        plain.title(page.label)
        plain.tags(strong=[page.type] if page.type else [], mono=[page.id])
        if page.description:
            plain.lead(page.description)
        if page.aliases:
            plain.note("Also called " + ", ".join(page.aliases))


def behind(page: EntityPage) -> str:
    """How the vectors are behind what the entity says now; empty if they are not."""
    if not page.vectors:
        return "no vector yet" if page.stale else ""
    said = ["provisional: fitted after training"] if page.provisional else []
    if page.stale == ("new",):
        said.append("stale: new since the run")
    elif page.stale:
        said.append(f"stale: {', '.join(page.stale)} changed")
    return "; ".join(said)


def properties(page: EntityPage) -> None:
    rows = [(name, tables.words(value)) for name, value in page.properties.items()]
    if page.source:
        rows.append(("source", page.source))
    if page.embedding_run:
        rows.append(("embedding run", page.embedding_run))
    if freshness := behind(page):
        rows.append(("embedding", freshness))
    if page.vectors:
        order = [way for way in WAYS if way in page.vectors]
        order += sorted(page.vectors.keys() - WAYS.keys())
        sizes = [f"{WAYS.get(name, name)}: {page.vectors[name]}" for name in order]
        rows.append(("vectors", "\n".join(sizes)))
    if rows:
        with st.container(border=True):
            st.subheader("Properties", anchor=False)
            plain.facts(rows)


def statements(page: EntityPage) -> None:
    """What each source says, where several do."""
    if said := page.said():
        with st.container(border=True):
            st.subheader("What each source says", anchor=False)
            rows = [
                (name, f"{tables.words(value)}\n{', '.join(sources)}")
                for name, value, sources in said
            ]
            plain.facts(rows)


def group(page: EntityPage, kind: FactCount) -> None:
    """The neighbours one relation leads to, or comes from."""
    key = f"entity_{page.id}_{kind.relation}_{kind.outgoing}"
    limit = st.session_state.get(f"{key}_limit", FIRST)
    arrow = "→" if kind.outgoing else "←"
    name, entities = st.columns([1, 2.3], vertical_alignment="top")
    with name:
        plain.heading(f"{arrow} {kind.relation}", f"{kind.count:,}")
    facts = resources.neighbours(page.id, kind.relation, kind.outgoing, limit)
    with entities:
        cards.cards([cards.Card(fact.entity) for fact in facts], key=key, shape="chips")
        told = [(fact.entity.label, origin(fact.properties)) for fact in facts]
        # What the entity's own source says needs no word.
        if told := [(label, text) for label, text in told if text not in ("", page.source)]:
            with st.expander("Where this is from", key=f"{key}_origin"):
                plain.facts(told)
        if kind.count > len(facts) and st.button(
            f"Show {min(MORE, kind.count - len(facts)):,} more",
            icon=":material/expand_more:",
            type="tertiary",
            key=f"{key}_more",
        ):
            st.session_state[f"{key}_limit"] = limit + MORE
            st.rerun()


def alike(page: EntityPage) -> None:
    ways = [way for way in WAYS if has_vector(page, way)]
    if not ways:
        return
    with st.container(border=True):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.subheader("Most alike", anchor=False, width="content")
            way = st.segmented_control(
                "Compare by",
                ways,
                format_func=WAYS.__getitem__,
                default=ways[0],
                required=True,
                key="entity_way",
                label_visibility="collapsed",
            )
        with plain.errors():
            cards.cards(nearest(page.id, ALIKE, way), key=f"entity_alike_{page.id}", shape="strip")


def show(page: EntityPage) -> None:
    head(page)
    alike(page)
    left, right = st.columns([1.8, 1], gap="medium")
    with right:
        properties(page)
        statements(page)
    with left, st.container(border=True):
        st.subheader("Connected to", anchor=False)
        if not page.fact_counts:
            plain.note("No relations.")
        # What it leads to before what leads to it, and short groups before long ones.
        for kind in sorted(page.fact_counts, key=lambda kind: (not kind.outgoing, kind.count)):
            with plain.errors():
                group(page, kind)


named = st.query_params.get("id")
if named is None:
    choose()
else:
    try:
        found = resources.entity(named)
    except NotFound as error:
        choose(str(error))
    else:
        show(found)
