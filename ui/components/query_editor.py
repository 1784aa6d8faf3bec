"""An editor of Cypher (`cypher_editor/`): colours, completion by the schema, Ctrl+Enter runs."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kg_platform.browse.schema import Schema
from ui.components.served import served
from ui.language import say

_component = served("cypher_editor")


def edit(
    text: str, version: int, schema: Schema, key: str, write: Callable[[str, bool], None]
) -> None:
    """Show it with `text`, which takes the place of what is typed when `version` is another.

    `write(text, run)` is called back with what is typed, when the editor is left; `run` when
    Ctrl+Enter asked for its answer.
    """

    def typed() -> None:
        if isinstance(told := st.session_state[key].text, str):
            write(told, False)

    def ran() -> None:
        told = st.session_state[key].run
        if isinstance(told, dict) and isinstance(told.get("text"), str):
            write(told["text"], True)

    _component(
        key=key,
        data={
            "text": text,
            "version": version,
            "schema": {
                "labels": schema.labels,
                "relations": schema.relations,
                "properties": schema.properties,
            },
            "words": {
                "label": say("Cypher"),
                "placeholder": say("Write Cypher, or begin with an example"),
            },
        },
        on_text_change=typed,
        on_run_change=ran,
    )
