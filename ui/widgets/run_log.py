"""The log of a run, its last lines, and on while it goes on."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

import streamlit as st

from kg_platform.runs.log import FILE
from ui import resources
from ui.language import say
from ui.widgets import text

BYTES = 60_000  # of the end of a log that are shown


def show(run_id: str, going_on: bool) -> None:
    """Its last lines; the folder of the platform is not named in them."""
    st.fragment(_lines, run_every="2s" if going_on else None)(run_id)


def tail(path: Path, most: int = BYTES) -> str:
    """The last whole lines of a text file, "" where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            data = file.read()
    except OSError:
        return ""
    lines = data.decode("utf-8", "replace")
    return lines.partition("\n")[2] if size > most else lines


def _lines(run_id: str) -> None:
    with text.errors():
        resources.ledger()  # whoever may not look any more sees no further line
        home = resources.settings().home
        said = tail(resources.settings().runs_dir / run_id / FILE)
        if not said:
            text.hint(say("There is no log of this run here: it ran on another machine."))
            return
        said = said.replace(str(home), "KG_HOME")
        st.html(f'<pre class="kg-log" tabindex="0">{escape(said)}</pre>')
