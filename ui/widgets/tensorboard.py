"""A link to TensorBoard, where the explorer is on the reader's own machine."""

from __future__ import annotations

import select
import subprocess
import sys
from dataclasses import dataclass

import streamlit as st

from ui import opened, resources
from ui.language import say
from ui.widgets import text

SECONDS = 60  # until it is given up


@dataclass(frozen=True)
class TensorBoard:
    """A server that was started, and where it is: "" where it is not."""

    process: subprocess.Popen[str]
    address: str


def _lives(server: TensorBoard) -> bool:
    return bool(server.address) and server.process.poll() is None


@st.cache_resource(show_spinner=False, validate=_lives)
def _server() -> TensorBoard:
    # Its input is ours: it ends with us, whatever ends us.
    folder = str(resources.settings().runs_dir)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ui.tensorboard_server", folder],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    printed, _, _ = select.select([process.stdout], [], [], SECONDS)
    address = process.stdout.readline().strip() if printed else ""
    if not address:
        process.kill()
        process.wait()
    return TensorBoard(process, address)


def link(run_id: str) -> None:
    """A button that starts it, then where it is. Nothing where others reach the explorer."""
    if not opened.is_private() or not (resources.settings().runs_dir / run_id).is_dir():
        return
    if st.button(say("Open TensorBoard"), icon=":material/show_chart:", key="runs_tensorboard"):
        with st.spinner(say("TensorBoard starts …")):
            address = _server().address
        if address:
            st.link_button(say("TensorBoard is at {address}", address=address), address)
        else:
            text.alert(say("TensorBoard did not start."))
