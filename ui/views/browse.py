"""Find entities by words and type."""

from __future__ import annotations

import streamlit as st

from ui import navigation, resources
from ui.components import cards
from ui.widgets import tables
from ui.widgets import text as plain

PAGE = 30  # fills whole rows of two, three, five and six cards
ANY = "All types"

st.title("Browse")

with st.container(horizontal=True, vertical_alignment="bottom"):
    text = st.text_input(
        "Search",
        key="browse_q",
        type="search",
        placeholder="A name, an id, or words from the description",
        icon=":material/search:",
        bind="query-params",
    )
    with plain.errors():
        types = sorted(resources.overview().by_type)
        if (asked := st.query_params.get("browse_type")) not in (None, ANY, *types):
            with plain.errors():  # the field below would take it for no type at all
                resources.kg().check_type(asked)
        kind = st.selectbox(
            "Type", [ANY, *types], key="browse_type", width=220, bind="query-params"
        )
        look = st.segmented_control(
            "Look",
            ["List", "Gallery"],
            default="List",
            required=True,
            key="browse_look",
            label_visibility="collapsed",
            format_func={
                "List": ":material/view_list: List",
                "Gallery": ":material/grid_view: Gallery",
            }.__getitem__,
        )

wanted = (text or "", None if kind == ANY else kind)
if st.session_state.get("browse_wanted") != wanted:  # another question starts at its first page
    st.session_state.update(browse_wanted=wanted, browse_page=0)
number = st.session_state.browse_page

with plain.errors():
    found = resources.find(*wanted, PAGE + 1, number * PAGE)
    page = found[:PAGE]
    if not page:
        plain.hint("Nothing matches. Try fewer or other words, or all types.")
    elif look == "List":
        # The key names the question: a selection never outlives the rows it was made in.
        navigation.open_entity(tables.entity_list(page, key=f"browse_list_{wanted}_{number}"))
        if navigation.is_asked():
            st.rerun()
    else:
        cards.cards([cards.Card(r, r.type or "") for r in page], key="browse_cards")

    if number or len(found) > PAGE:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(
                "Back", icon=":material/chevron_left:", key="browse_back", disabled=not number
            ):
                st.session_state.browse_page -= 1
                st.rerun()
            if st.button(
                "Next",
                icon=":material/chevron_right:",
                icon_position="right",
                key="browse_next",
                disabled=len(found) <= PAGE,
            ):
                st.session_state.browse_page += 1
                st.rerun()
            plain.note(f"{number * PAGE + 1:,} to {number * PAGE + len(page):,}")
