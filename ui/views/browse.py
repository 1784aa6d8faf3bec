"""Find entities by words, and narrow them down by facets. All that is chosen is in the address."""

from __future__ import annotations

import math

import streamlit as st

from kg_platform.browse.facets import Census, Hit, Sought
from kg_platform.cypher.finding import BY_DEGREE, BY_MATCH, BY_NAME, ORDERS, TEXT
from kg_platform.errors import BadInput
from ui import resources
from ui.components import cards
from ui.components.facets import Facet, facets
from ui.language import say
from ui.widgets import address, pager
from ui.widgets import text as plain

LAST = 10**7  # page that may be asked for
PAGE = 30  # fills whole rows of two, three, five and six cards
# Facet -> its parameter in the address
ADDRESSED = {
    "types": "browse_type",
    "sources": "browse_source",
    "has": "browse_has",
    "states": "browse_state",
    "degrees": "browse_degree",
    "runs": "browse_run",
}
LIST, GALLERY = LOOKS = ("list", "gallery")
_ORDER, _LOOK, _PAGE = "browse_order", "browse_look", "browse_page"


def title_of(facet: str) -> str:
    return {
        "types": say("Type"),
        "sources": say("Source"),
        "has": say("Has"),
        "states": say("Vectors"),
        "degrees": say("Relations"),
        "runs": say("Embedding run"),
    }[facet]


def value_of(facet: str, value: str) -> str:
    """What a value is called; types, sources and runs are words of the graph."""
    if not value:
        return {"types": say("no type"), "sources": say("no source")}.get(facet, say("none"))
    names = {
        "has": {
            TEXT: say("Text"),
            "image": say("Picture"),
            "audio": say("Sound"),
            "video": say("Film"),
        },
        "states": {
            "fresh": say("up to date"),
            "stale": say("stale"),
            "provisional": say("provisional"),
            "none": say("without a vector"),
        },
    }
    return names.get(facet, {}).get(value, value.replace("-", "–") if facet == "degrees" else value)


def one_of(parameter: str, known: tuple[str, ...]) -> str:
    """What the address says, if it is one of those; else the first."""
    asked = st.query_params.get(parameter, known[0])
    return asked if asked in known else known[0]


def put(parameter: str, value: str, default: str) -> None:
    """Into the address; what goes without saying is left out."""
    if value == default:
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = value


def begin_again() -> None:
    """Another question starts at its first page."""
    st.query_params.pop(_PAGE, None)


def toggle(facet: str, value: str) -> None:
    parameter = ADDRESSED[facet]
    chosen = st.query_params.get_all(parameter)
    st.query_params[parameter] = (
        [one for one in chosen if one != value] if value in chosen else [*chosen, value]
    )
    begin_again()


def clear() -> None:
    for parameter in ADDRESSED.values():
        st.query_params.pop(parameter, None)
    begin_again()


def reorder(key: str) -> None:
    put(_ORDER, st.session_state[key], BY_MATCH)
    begin_again()


def go_to(number: int) -> None:
    put(_PAGE, str(number), "1")


def field() -> str:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            say("Search"),
            key="browse_q",
            type="search",
            placeholder=say("A name, an id, words"),
            icon=":material/search:",
            bind="query-params",
            on_change=begin_again,
        )
        order = one_of(_ORDER, ORDERS)
        order_key = f"browse_order_{order}"
        st.selectbox(
            say("Order"),
            list(ORDERS),
            ORDERS.index(order),
            format_func=lambda one: {
                BY_MATCH: say("Best match"),
                BY_NAME: say("Name"),
                BY_DEGREE: say("Most relations"),
            }[one],
            key=order_key,
            width=170,
            on_change=reorder,
            args=(order_key,),
        )
        look = one_of(_LOOK, LOOKS)
        look_key = f"browse_look_{look}"
        st.segmented_control(
            say("Look"),
            LOOKS,
            default=look,
            required=True,
            key=look_key,
            label_visibility="collapsed",
            format_func=lambda one: (
                f":material/view_list: {say('List')}"
                if one == LIST
                else f":material/grid_view: {say('Gallery')}"
            ),
            on_change=lambda: put(_LOOK, st.session_state[look_key], LIST),
        )
    return words or ""


def wanted_of(words: str) -> Sought:
    """Raises: BadInput: the address names a value that there is not."""
    chosen = {
        facet: tuple(dict.fromkeys(st.query_params.get_all(parameter)))
        for facet, parameter in ADDRESSED.items()
    }
    return Sought(words, **chosen, order=one_of(_ORDER, ORDERS))


def results(hits: list[Hit]) -> None:
    gallery = one_of(_LOOK, LOOKS) == GALLERY
    near = "≈" if gallery else say("≈ spelled nearly so")
    shown = [
        cards.Card(hit.entity, hit.entity.type or "", near if hit.near else "") for hit in hits
    ]
    cards.cards(
        shown,
        key=f"browse_{'cards' if gallery else 'rows'}",
        shape="cards" if gallery else "rows",
        name=say("What was found"),
    )


def counted(census: Census, wanted: Sought, number: int, shown: int) -> None:
    total = census.total(wanted)
    first = (number - 1) * PAGE
    said = say(
        "{first} to {last} of {total}",
        first=f"{first + 1:,}",
        last=f"{first + shown:,}",
        total=f"{total:,}",
    )
    if census.near:
        said += " · " + say("spelling forgiven")
    plain.note(said)


def nothing(census: Census, wanted: Sought, number: int) -> None:
    if number > 1 and census.total(wanted):
        plain.hint(say("This page is behind the last one."))
        st.button(say("To the first page"), key="browse_first", on_click=go_to, args=(1,))
    elif wanted.chosen:
        plain.hint(say("Nothing matches. Take a filter away, or try fewer or other words."))
    elif wanted.text.strip():
        plain.hint(say("Nothing matches. Try fewer or other words."))
    else:
        plain.hint(
            say("The graph is empty. Bring data on the page Ingest, or type `kg ingest FOLDER`.")
        )


def filters(census: Census, wanted: Sought) -> None:
    groups = []
    for facet in ADDRESSED:
        counts, chosen = census.facet(facet, wanted), getattr(wanted, facet)
        if len(counts) > 1 or chosen:  # a facet of one value says nothing

            def called(value: str, facet: str = facet) -> str:
                return value_of(facet, value)

            groups.append(Facet(facet, title_of(facet), counts, chosen, called))
    if groups:
        facets(groups, "browse_facets", toggle, clear)


st.title(say("Browse"))
words = field()
with plain.errors():
    try:
        wanted = wanted_of(words)
    except BadInput as error:
        plain.alert(str(error))
        st.button(say("Clear all"), key="browse_clear", on_click=clear)
        st.stop()
    for one in wanted.types:
        if one:
            with plain.errors():
                resources.kg().check_type(one)
    number = address.number(_PAGE, LAST)
    left, right = st.columns([1, 3.6], gap="medium")
    with right:
        counts, list_, pages = st.container(), st.container(), st.container()
    place = (PAGE, (number - 1) * PAGE)
    hits = resources.hits(wanted, *place, False)
    # A page that is full needs no spelling forgiven: it is there before all is counted.
    with list_:
        if full := len(hits) == PAGE:
            results(hits)
    with counts, st.spinner(say("Counting …")):
        census = resources.census(words.strip())
    if census.near:
        hits = resources.hits(wanted, *place, True)
    with list_:
        if hits and not full:
            results(hits)
        elif not hits:
            nothing(census, wanted, number)
    with counts:
        if hits:
            counted(census, wanted, number, len(hits))
    with pages:
        pager.pages(number, math.ceil(census.total(wanted) / PAGE), go_to, "browse")
    with left:
        filters(census, wanted)
