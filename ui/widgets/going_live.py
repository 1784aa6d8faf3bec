"""Which run is live: publish a run, or go back to one, after a question; jobs of their own."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from embeddings.jobs.retention import once_live
from kg_platform.browse.entities import current_run
from kg_platform.errors import KgError
from kg_platform.ledger.rows import RunRow
from ui import jobs, people, resources
from ui.language import say
from ui.sentences import told_end
from ui.widgets import text

JOB = "runs_job"


def buttons(run: RunRow) -> None:
    """What can be done with an embedding run that has its artifact here."""
    folder = resources.settings().artifacts_dir / run.id
    if run.kind != "embed" or not folder.is_dir():
        return
    live = current_run(resources.graph())
    if live is not None and live["id"] == run.id:
        text.tags(strong=[say("This run is live")])
        return
    back = run.id in once_live(resources.kg().platform)
    may = people.may("operator")
    with st.container(horizontal=True):
        st.button(
            say("Go back to this run …") if back else say("Publish …"),
            icon=":material/history:" if back else ":material/publish:",
            key="runs_go_live", disabled=not may,
            help=None if may else say("This takes the role operator."),
            on_click=_ask, args=(run.id, back, str(live["id"]) if live else ""),
        )  # fmt: skip


def dialog() -> None:
    """The question, where a button has just asked for it."""
    asked = st.session_state.get("runs_asked")
    if asked is not None:
        title = say("Which run is live?")
        st.dialog(title, width="small", on_dismiss=_put_down)(_question)(*asked)


def _put_down() -> None:
    st.session_state.pop("runs_asked", None)


def _ask(run_id: str, back: bool, live: str) -> None:
    st.session_state.runs_asked = (run_id, back, live)


def _question(run_id: str, back: bool, live: str) -> None:
    if live:
        text.lead(say("{run} will be live in the place of {other}.", run=run_id, other=live))
    else:
        text.lead(say("{run} will be live.", run=run_id))
    text.note(
        say("Its vectors are written into the graph while people read; they see one run or the "
            "other. You can go back.")
    )  # fmt: skip
    why = ""
    if not back:
        why = st.text_input(
            say("If the gate refuses: publish it all the same, because"),
            key="runs_force", placeholder=say("leave empty to let the gate decide"),
        ).strip()  # fmt: skip
    words = ["rollback" if back else "publish", run_id]
    words += ["--force", "--why", why] if why else []
    with st.container(horizontal=True):
        agreed = st.button(
            say("Go back") if back else say("Publish"), type="primary", key="runs_confirm"
        )
        if st.button(say("Cancel"), key="runs_cancel"):
            _put_down()
            st.rerun()
    if agreed:
        try:
            start(words)
        except KgError as error:
            text.alert(str(error))
        else:
            _put_down()
            st.rerun()


def start(words: list[str]) -> None:
    """Begin a job of an operator's; the page says how it goes.

    Raises:
        Forbidden: who is there is none.
    """
    job = jobs.start(words, people.acting("operator"))
    st.session_state[JOB] = (words, job.pid, str(job.log))


def started() -> None:
    """How the job goes that was started here, until somebody puts it away."""
    if JOB in st.session_state:
        with st.container(border=True):
            words, pid, log = st.session_state[JOB]
            alive = jobs.StartedJob(pid, Path(log)).alive
            st.fragment(_progress, run_every="1s" if alive else None)(words, pid, log)


def _progress(words: list[str], pid: int, log: str) -> None:
    job = jobs.StartedJob(pid, Path(log))
    was, alive = st.session_state.get("runs_alive", True), job.alive
    st.session_state.runs_alive = alive
    text.heading("kg " + " ".join(words), say("running …") if alive else say("ended"))
    said = told_end(job.last_words()).replace(str(resources.settings().home), "KG_HOME")
    if said:
        text.note(said)
    if alive:
        return
    if was:
        resources.forget()
        st.rerun()
    if st.button(say("Put away"), key="runs_put_away"):
        st.session_state.pop(JOB, None)
        st.session_state.pop("runs_alive", None)
        st.rerun()
