"""A part of the graph, drawn: around entities, of a selection, between two. Its address is what it
shows (`ui/widgets/graph_address.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from kg_platform.browse.neighbourhood import MOST, Edge, Neighbourhood
from kg_platform.errors import KgError
from ui import navigation, resources
from ui.components import cards, graph_view
from ui.language import say
from ui.people import acting
from ui.widgets import entity_picker, graph_reading
from ui.widgets import text as plain
from ui.widgets.graph_address import COLOURS, LIMITS, NAMES, GraphAddress
from ui.widgets.graph_reading import FoundLater, ProposedLink
from ui.widgets.review import deciding

BEFORE = "graph_before"  # the addresses that Undo goes back to
LINKS = "graph_links"  # the proposed links that are drawn
SEEN = "graph_seen"
UNDONE = 50
NAMED = 3  # entities that a line names


def now() -> GraphAddress:
    return GraphAddress.of(st.query_params.get_all)


def turn_to(address: GraphAddress, *, undo: bool = True) -> None:
    """Show another part; the one before can be had back. For callbacks."""
    before = now()
    if address == before:
        return
    if undo:
        st.session_state[BEFORE] = [*st.session_state.get(BEFORE, []), before][-UNDONE:]
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in NAMES}
    st.query_params.from_dict({**others, **address.query()})


def act(told: Mapping[str, Any]) -> None:
    """What a person does in the picture."""
    address = now()
    ids = [str(one) for one in told.get("ids", ())][:MOST]
    match told["what"]:
        case "undo":
            if before := st.session_state.get(BEFORE):
                turn_to(before[-1], undo=False)
                st.session_state[BEFORE] = before[:-1]
        case "expand":
            turn_to(address.expand(ids))
        case "collapse":
            turn_to(address.collapse(ids))
        case "hide":
            turn_to(address.hide(ids))
        case "only":
            turn_to(address.only(ids))
        case "pin":
            turn_to(address.pin(ids))
        case "unpin":
            turn_to(address.unpin(ids))
        case "like" if ids:
            turn_to(replace(address, colour="similarity", like=ids[0]))
        case "ways" if len(ids) == 2:
            turn_to(replace(address, start=ids[0], end=ids[1]))
        case "ask" if ids:
            relation, heads = str(told.get("relation", "")), bool(told.get("heads"))
            turn_to(replace(address, ask=ids[0], by=relation, heads=heads))
        case "open" if ids:
            navigation.open_entity(ids[0])
        case "toggle":
            turn_to(toggled(address, str(told.get("kind")), str(told.get("name"))))
        case "accept" | "reject" as what:
            decide(what, tuple(str(told.get(one)) for one in ("head", "relation", "tail")))


def toggled(address: GraphAddress, kind: str, name: str) -> GraphAddress:
    off = set(address.types_off if kind == "type" else address.relations_off) ^ {name}
    if kind == "type":
        return replace(address, types_off=tuple(sorted(off)))
    return replace(address, relations_off=tuple(sorted(off)))


def decide(what: Literal["accept", "reject"], ends: tuple[str, ...]) -> None:
    """Accept or reject a proposed link that is drawn, as on the page Review, which can undo it."""
    link: ProposedLink | None = st.session_state.get(LINKS, {}).get(ends)
    if link is None:
        deciding.tell(say("This link is not proposed any more."), well=False)
        return
    try:
        acting("curator")  # before an item is made for it
        item = _item(link)
    except KgError as error:
        deciding.tell(str(error), well=False)
        return
    if deciding.decide(item, what):
        done = say("Accepted: it is in the graph now. Review has item {item}, and can undo it.")
        if what == "reject":
            done = say("Rejected: it is not proposed again. Review has item {item}.")
        deciding.tell(done.format(item=item))
    resources.forget()
    graph_reading.part.clear()
    FoundLater.forget()


def _item(link: ProposedLink) -> int:
    """The link's item in review; what the model was asked just now becomes one."""
    if link.item is not None:
        return link.item
    reviews = resources.ledger().reviews
    reviews.propose(link.run, [link.candidate])
    return reviews.among([link.candidate])[link.candidate.ends].id


# ---- the page


def colour_names() -> dict[str, str]:
    return {
        "type": say("Type"),
        "community": say("Community"),
        "similarity": say("Similarity to one"),
        "surprise": say("Surprise to the model"),
    }


def find() -> None:
    """Choose an entity to be expanded."""
    chosen = entity_picker.entity_picker("graph")
    st.button(
        say("Draw it"),
        icon=":material/add:",
        key="graph_add",
        disabled=chosen is None,
        on_click=lambda: turn_to(now().expand([chosen])) if chosen else None,
    )


def controls(address: GraphAddress) -> None:
    """Search, how many neighbours, colours: what they are stands in the address."""
    limits = sorted({*LIMITS, address.limit})
    st.session_state["graph_limit"] = address.limit
    st.session_state["graph_colour"] = address.colour
    with st.container(horizontal=True, vertical_alignment="bottom"):
        find()
        st.selectbox(
            say("Neighbours of each"),
            limits,
            key="graph_limit",
            width=150,
            on_change=lambda: turn_to(replace(now(), limit=st.session_state["graph_limit"])),
        )
        st.selectbox(
            say("Colour by"),
            COLOURS,
            format_func=colour_names().__getitem__,
            key="graph_colour",
            width=220,
            on_change=lambda: turn_to(replace(now(), colour=st.session_state["graph_colour"])),
        )


def begin() -> None:
    """Nothing is asked for yet."""
    plain.note(say("Choose an entity to see what it is connected to, and go on from there."))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        find()
    cards.samples("graph_samples", page="graph")


def show(address: GraphAddress) -> None:
    controls(address)
    way: tuple[Edge, ...] = ()
    if address.start and address.end:
        way = between(address)
    with st.spinner(say("Reading the graph …"), show_time=False):
        links = graph_reading.proposed_to(address.expanded)
    later = FoundLater()
    if address.ask and address.by:
        question = (address.ask, address.by, address.heads)
        with plain.errors():
            links += later.get(question, lambda: graph_reading.answers(*question)) or []
    ends = {end for link in links for end in (link.head, link.tail)}
    beside = tuple(dict.fromkeys([*address.beside, *sorted(ends)]))
    with st.spinner(say("Reading the graph …"), show_time=False):
        found = graph_reading.part(
            address.expanded, beside, address.without, address.relations_off, address.limit, way
        )
    if not found.nodes:
        gone(found, address)
        plain.hint(say("None of this is in the graph. Choose an entity, or undo."))
        return
    notes(found, address)
    there = {row.id for row in found.nodes}
    links += graph_reading.proposed_among(list(there))
    by_ends = {
        (link.head, link.relation, link.tail): link
        for link in sorted(links, key=lambda link: (link.item is not None, link.probability or 0))
        if link.head in there and link.tail in there
    }
    facts = {(edge.head, edge.relation, edge.tail) for edge in found.edges}
    likeliest = sorted(by_ends.items(), key=lambda one: -(one[1].probability or 0))
    open_links = {fact: link for fact, link in likeliest if fact not in facts}
    st.session_state[LINKS] = open_links
    none = graph_reading.Colours({}, {}, {})
    colours: graph_reading.Colours | None = none
    with plain.errors(), st.spinner(say("Colouring …"), show_time=False):
        colours = graph_reading.colours(found, address, later)
        if address.colour in ("similarity", "surprise") and colours and not colours.nodes:
            plain.hint(say("There are no vectors to colour by. `kg embed` makes them."))
    before = bool(st.session_state.get(BEFORE))
    drawn = graph_reading.drawn(
        found, address, list(open_links.values()), colours or none, frozenset(way), before
    )
    graph_view.draw(drawn, "graph_view", act)
    later.find()


def between(address: GraphAddress) -> tuple[Edge, ...]:
    """The facts of the shortest paths, with a line about them."""
    with plain.errors(), st.spinner(say("Looking for ways …")):
        found = graph_reading.paths(address.start, address.end)
        rows = resources.rows((address.start, address.end))
        names = [rows[end].label if end in rows else end for end in (address.start, address.end)]
        if not found.paths:
            told = say("{one} and {other} do not hang together within 4 steps.")
        elif found.more:
            told = say("Shortest paths from {one} to {other}: {count} of more, {steps} steps each.")
        else:
            told = say("Shortest paths from {one} to {other}: {count}, {steps} steps each.")
        with st.container(horizontal=True, vertical_alignment="center"):
            plain.note(
                told.format(
                    count=len(found.paths), one=names[0], other=names[1], steps=found.length
                )
            )
            st.button(
                say("Leave out the ways"),
                key="graph_no_ways",
                type="tertiary",
                on_click=lambda: turn_to(replace(now(), start="", end="")),
            )
        return tuple(dict.fromkeys(step for path in found.paths for step in path.steps))
    return ()


def notes(found: Neighbourhood, address: GraphAddress) -> None:
    """What is not drawn, and why."""
    gone(found, address)
    labels = {row.id: row.label for row in found.nodes}
    lines = [
        say("{shown} of {total} facts of {name} are drawn.").format(
            shown=f"{told.shown:,}", total=f"{told.total:,}", name=labels[id]
        )
        for id, told in found.expanded.items()
        if told.shown < told.total and id in labels
    ]
    if len(lines) > NAMED:
        more = say("The same is true of {count} more.", count=len(lines) - NAMED)
        lines = [*lines[:NAMED], more]
    if found.cut:
        lines.append(say("No more than {count} entities are drawn at once.", count=f"{MOST:,}"))
    if not found.complete:
        lines.append(say("Facts between hubs were not looked for; expanding one shows its own."))
    if address.without:
        lines.append(say("{count} entities are hidden.", count=len(address.without)))
    if lines:
        with st.container(horizontal=True, vertical_alignment="center"):
            plain.note(" ".join(lines))
            if address.without:
                st.button(
                    say("Show what is hidden"),
                    key="graph_unhide",
                    type="tertiary",
                    on_click=lambda: turn_to(replace(now(), without=())),
                )


def gone(found: Neighbourhood, address: GraphAddress) -> None:
    """Who is named in the address, and is not there under that name."""
    named = {*address.expanded, *address.beside} & found.gone.keys()
    merged = {old: new for old in sorted(named) if (new := found.gone[old]) is not None}
    lost = sorted(named - merged.keys())
    if lost:
        names = ", ".join(one[:60] for one in lost[:NAMED])
        more = say(" and {count} more", count=len(lost) - NAMED) if len(lost) > NAMED else ""
        plain.alert(
            say("Not in the graph (any more): {names}. Look for it by its name.").format(
                names=names + more
            )
        )
    for old, new in list(merged.items())[:NAMED]:
        plain.note(say("{old} was merged into {new}, which is drawn.").format(old=old, new=new))


st.title(say("Graph"))
resources.graph()
deciding.show_told()
asked = now().split(resources.known)
if asked.is_empty:
    begin()
else:
    show(asked)
