"""A link to TensorBoard, where the explorer is on the reader's own machine."""

from __future__ import annotations

import subprocess
import sys

import streamlit as st

from ui import opened, resources
from ui.language import say
from ui.widgets import text


@st.cache_resource(show_spinner=False)
def _server() -> subprocess.Popen[str]:
    # Its input is ours: it ends with us, whatever ends us.
    command = [sys.executable, "-m", "ui.tensorboard_server", str(resources.settings().runs_dir)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


@st.cache_resource(show_spinner=False)
def _address() -> str:
    printed = _server().stdout
    assert printed is not None
    return printed.readline().strip()


def link(run_id: str) -> None:
    """A button that starts it, then where it is. Nothing where others reach the explorer."""
    if not opened.is_private() or not (resources.settings().runs_dir / run_id).is_dir():
        return
    if st.button(say("Open TensorBoard"), icon=":material/show_chart:", key="runs_tensorboard"):
        with st.spinner(say("TensorBoard starts …")):
            address = _address()
        if address:
            st.link_button(say("TensorBoard is at {address}", address=address), address)
        else:
            _server.clear()
            _address.clear()
            text.alert(say("TensorBoard did not start."))
