"""What an entity is connected to: the first of each relation, or all of one. `?relation=`,
`?direction=` and `?page=` of the address name it."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st

from kg_platform.browse.entities import EntityPage, Fact
from kg_platform.browse.origin import origin
from kg_platform.browse.tallies import FactCount
from ui import resources
from ui.components import cards
from ui.language import say
from ui.sentences import told
from ui.widgets import address, pager
from ui.widgets import text as plain

FIRST, PAGE = 12, 30  # neighbours of one relation at first, and on a page of its own
GROUPS = 24  # relations that are shown with neighbours at once; the others by name


def kind_name(kind: FactCount) -> str:
    return f"{'→' if kind.outgoing else '←'} {kind.relation}"


def look_at(kind: FactCount | None, number: int = 1) -> None:
    """Put one relation, or none, into the address."""
    for name in ("relation", "direction", "page"):
        st.query_params.pop(name, None)
    if kind is not None:
        st.query_params["relation"] = kind.relation
        if not kind.outgoing:
            st.query_params["direction"] = "in"
        if number > 1:
            st.query_params["page"] = str(number)


def connected(page: EntityPage) -> None:
    asked = st.query_params.get("relation")
    outgoing = st.query_params.get("direction") != "in"
    st.header(say("Connected to"), anchor=False)
    if asked is not None:
        for kind in page.fact_counts:
            if (kind.relation, kind.outgoing) == (asked, outgoing):
                one_relation(page, kind)
                return
        plain.hint(say("This entity has no such relation any more."))
    if not page.fact_counts:
        plain.note(say("No relations."))
        return
    # What it leads to before what leads to it, and short groups before long ones.
    kinds = sorted(page.fact_counts, key=lambda kind: (not kind.outgoing, kind.count))
    for kind in kinds[:GROUPS]:
        with plain.errors():
            group(page, kind)
    if rest := kinds[GROUPS:]:
        key = "entity_more_relations"
        st.selectbox(
            say("{count} more relations", count=len(rest)),
            rest,
            index=None,
            format_func=lambda kind: f"{kind_name(kind)} ({kind.count:,})",
            placeholder=say("Choose one to look at"),
            key=key,
            on_change=lambda: look_at(st.session_state[key]),
        )


def group(page: EntityPage, kind: FactCount) -> None:
    """The first neighbours one relation leads to, or comes from."""
    key = f"entity_{page.id}_{kind.relation}_{kind.outgoing}"
    name, entities = st.columns([1, 2.3], vertical_alignment="top")
    with name:
        plain.heading(kind_name(kind), f"{kind.count:,}")
    facts = resources.neighbours(page.id, kind.relation, kind.outgoing, FIRST)
    with entities:
        cards.cards([cards.Card(fact.entity) for fact in facts], key, "chips", name=kind_name(kind))
        origins(page, facts, key)
        if kind.count > len(facts):
            st.button(
                say("Show all {count}", count=f"{kind.count:,}"),
                icon=":material/expand_more:",
                type="tertiary",
                key=f"{key}_all",
                on_click=look_at,
                args=(kind,),
            )


def origins(page: EntityPage, facts: list[Fact], key: str) -> None:
    """Where facts are from, but for what the entity's own source says."""
    said = [(fact.entity.label, origin(fact.properties)) for fact in facts]
    if said := [(label, told(text)) for label, text in said if text not in ("", page.source)]:
        with st.expander(say("Where this is from"), key=f"{key}_origin"):
            plain.facts(said)


def one_relation(page: EntityPage, kind: FactCount) -> None:
    """All neighbours by one relation, a page at a time."""
    pages = math.ceil(kind.count / PAGE)
    number = address.number("page", pages)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            say("All relations"),
            icon=":material/arrow_back:",
            key="entity_all_relations",
            on_click=look_at,
            args=(None,),
        )
        plain.heading(kind_name(kind), f"{kind.count:,}")
    facts = resources.neighbours(page.id, kind.relation, kind.outgoing, PAGE, (number - 1) * PAGE)
    shown = [cards.Card(fact.entity, fact.entity.type or "") for fact in facts]
    cards.cards(shown, "entity_relation", "rows", name=kind_name(kind))
    origins(page, facts, "entity_relation")
    pager.pages(number, pages, partial(look_at, kind), "entity")
