"""Bring data in: files or a place, the mapping that fits, a dry run, the load, what was refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from ingest.loading.dry_run import Preview
from ingest.loading.summary import sentence
from ingest.mapping.choose import MAPPINGS, is_named, is_pykeen, open_any
from ingest.mapping.infer import infer
from ingest.mapping.tables_of import tables_of
from kg_platform.errors import BadInput, KgError
from kg_platform.files.names import suffix_of
from kg_platform.ledger.rows import RunRow
from kg_platform.runs.figures import flattened
from ui import jobs, opened, resources, uploads
from ui.language import say
from ui.people import acting, later
from ui.sentences import told, told_end
from ui.widgets import tables, text, versions
from ui.widgets.run_words import status_called

AS_IT_IS, MAPPED = "As it is", "With a mapping"
REJECTIONS = 200
ALL = 100_000  # rejections in a file to download
COLUMNS = ["source", "line", "field", "reason", "value"]
PLACES = ("Upload", "Earlier upload", "Path")


def place() -> Path | None:
    """What is to be loaded: a folder of uploads, or a path on this machine."""
    settings = resources.settings()
    known = uploads.earlier(settings)
    kinds = [PLACES[0], *(PLACES[1:2] if known else ())]
    kinds += [PLACES[2]] if opened.is_private() else []
    kind = st.segmented_control(
        say("From"), kinds, default=kinds[0], required=True, key="ingest_from", format_func=say
    )
    if kind == PLACES[2]:
        named = st.text_input(
            say("Path"), key="ingest_path",
            placeholder=say(
                "a folder, a table, a mapping.yaml, pykeen:NAME or huggingface:OWNER/NAME"
            ),
        )  # fmt: skip
        with text.errors():
            return _named(named.strip())
        return None
    if kind == PLACES[1]:
        chosen = st.selectbox(say("Upload"), known, format_func=_called, key="ingest_earlier")
        if chosen is not None and st.button(
            say("Delete this upload"),
            icon=":material/delete:",
            key="ingest_delete",
            type="tertiary",
        ):
            acting("operator")
            uploads.remove(settings, chosen)
            st.rerun()
        return chosen
    given = st.file_uploader(
        say("Files"), accept_multiple_files=True, key="ingest_files",
        help=say("Tables (CSV, JSON, Parquet, Excel), RDF, or an entities.jsonl with triples."),
    )  # fmt: skip
    if not given:
        return None
    ids = tuple(one.file_id for one in given)
    if st.session_state.get("ingest_kept") != ids:
        acting("operator")
        folder = uploads.keep(settings, [(one.name, one.getvalue()) for one in given])
        st.session_state.update(ingest_kept=ids, ingest_folder=folder)
    return Path(st.session_state.ingest_folder)


def _named(path: str) -> Path | None:
    try:
        return Path(path).expanduser() if path else None
    except RuntimeError as error:  # ~somebody
        raise BadInput(f"{path} names nobody of this machine; write the whole path.") from error


def _called(folder: Path) -> str:
    names = [file.name for file in uploads.files(folder)]
    called = f"{folder.name[:15]}: {', '.join(names[:3])}"
    return called + (say(" and {count} more", count=len(names) - 3) if len(names) > 3 else "")


def source_of(path: Path) -> Path | None:
    """What `kg ingest` is given: the place itself, or the mapping that is written for it here."""
    if is_pykeen(path):
        open_any(path)  # says what is wrong with the name
        return path
    if suffix_of(path) in MAPPINGS:
        st.code(path.read_text(encoding="utf-8", errors="replace"), language="yaml")
        text.note(say("Change it in its own place; it is read again each time."))
        return path
    uploaded = path.parent.name == "uploads"
    given = uploads.files(path) if path.is_dir() else [path]
    if uploaded and any(suffix_of(file) in MAPPINGS for file in given):
        raise BadInput("Several mappings cannot be loaded at once; upload one with its tables.")
    if not given:
        raise BadInput("There is no table beside the mapping; upload both together.")
    why = _why_not(given[0] if uploaded and len(given) == 1 else path)
    usual = MAPPED if why or (uploaded and uploads.mapping_of(path)) else AS_IT_IS
    how = st.segmented_control(
        say("How it is read"),
        [AS_IT_IS, MAPPED],
        format_func=say,
        default=usual,
        required=True,
        key=f"ingest_how_{path}",
    )
    if how == AS_IT_IS:
        if why:
            text.alert(why)
            return None
        return given[0] if uploaded and len(given) == 1 else path
    return _mapping(path if uploaded else None, given)


def _why_not(path: Path) -> str | None:
    """Why it cannot be loaded without a mapping."""
    try:
        open_any(path)
    except KgError as error:
        return str(error)
    return None


def _mapping(folder: Path | None, given: list[Path]) -> Path | None:
    settings = resources.settings()
    if folder is None:  # a place of somebody's own is not written to
        key = f"ingest_at_{'|'.join(map(str, given))}"
        if key not in st.session_state:
            st.session_state[key] = uploads.keep(settings, [])
        folder = Path(st.session_state[key])
        named = [str(one if is_named(one) else one.resolve()) for one in given]
    else:
        named = [file.name for file in given]
    key = f"ingest_mapping_{folder.name}"
    if key not in st.session_state:
        kept = uploads.mapping_of(folder)
        if kept is None:
            with st.spinner(say("Looking at the data …")):
                found = tables_of(named, folder)
                kept = infer(found, next(iter(found)) if len(found) == 1 else "upload")
        st.session_state[key] = kept
    written = st.text_area("mapping.yaml", key=key, height=420)
    text.note(say("It was written from the data: read it, and change what is not meant."))
    with text.errors():
        uploads.write_mapping(folder, written, anywhere=opened.is_private())
        return folder / uploads.MAPPING
    return None


def preview(path: Path, create_missing: bool) -> None:
    for key in ("ingest_pid", "ingest_done"):
        st.session_state.pop(key, None)
    bar = st.progress(0.0, text=say("Reading …"))

    def tell(what: str, done: int, total: int | None) -> None:
        share = min(1.0, done / total) if total else 0.0
        bar.progress(share, text=say("{count} rows", count=f"{done:,}"))

    try:
        source = open_any(path)
        found = resources.kg().preview(source, create_missing=create_missing, on_progress=tell)
        st.session_state.ingest_preview = (str(path), found, list(source.notes))
    except KgError as error:
        text.alert(str(error))
    finally:
        bar.empty()


def show(found: Preview, notes: list[str]) -> None:
    counts = {
        say("New"): found.new,
        say("Changed"): found.changed,
        say("Unchanged"): found.unchanged,
        say("Relations"): found.relations.total(),
        say("Rejected"): found.summary.rejected,
    }
    tiles = st.grid(len(counts), min_column_width=110)
    for name, count in counts.items():
        with tiles.cell(), st.container(border=True):
            text.figure(name, f"{count:,}")
    for line in notes:
        text.note(told(line))
    rows = [[say("entity"), name, count] for name, count in found.entities.most_common(50)]
    rows += [[say("relation"), name, count] for name, count in found.relations.most_common(50)]
    if rows:
        tables.answer([say("What"), say("Type"), say("Count")], rows, key="ingest_types")
    if found.samples:
        text.heading(say("The first entities"))
        tables.answer(
            [say("Id"), say("Type"), say("Label"), say("Description")],
            [
                [n.id, n.type, n.properties.get("label"), n.properties.get("description")]
                for n in found.samples
            ],
            key="ingest_samples",
        )
    if found.refused:
        text.heading(say("Would be rejected"), f"{found.summary.rejected:,}")
        for one in found.refused:
            text.note(told(sentence(replace(one, reason=told(one.reason)))))


def begin(path: Path, create_missing: bool) -> None:
    words = ["ingest", str(path), *(["--create-missing"] if create_missing else [])]
    job = jobs.start(words, acting("operator"))
    st.session_state.update(ingest_pid=job.pid, ingest_log=str(job.log))
    st.session_state.pop("ingest_done", None)


@st.fragment(run_every="1s")
def progress(pid: int, log: Path) -> None:
    job = jobs.StartedJob(pid, log)
    run = run_of(pid)
    alive = job.alive
    if run is None:
        if alive:
            text.note(say("Starting …"))
        else:
            text.alert(told_end(job.last_words()) or say("The load ended before it began."))
        return
    if run.status == "running":
        rows = resources.ledger().get_cursor(run.id, "rows") or "0"
        text.note(say("{run}: {count} rows written", run=run.id, count=f"{int(rows):,}"))
    if not alive and st.session_state.get("ingest_done") != run.id:
        st.session_state.ingest_done = run.id
        resources.forget()
        st.rerun()


def run_of(pid: int) -> RunRow | None:
    """The run of a process that was started here."""
    with text.errors():
        for run in resources.ledger().runs("ingest", 10):
            if run.pid == pid:
                return run
    return None


def ended(run: RunRow) -> None:
    text.heading(run.id, status_called(run.status))
    if run.error:
        text.alert(run.error)
    figures = {k: v for k, v in flattened(run.metrics).items() if isinstance(v, int | float)}
    text.facts([(name, tables.cell(value)) for name, value in figures.items() if value])
    rows, count = resources.rejections(run.id, REJECTIONS)
    if count:
        text.heading(say("Rejected"), f"{count:,}")
        tables.answer(
            tables.rejected(),
            [[r.source, r.line, r.field, told(r.reason), r.value] for r in rows],
            key="ingest_rejections",
        )
        st.download_button(
            say("Download rejections"),
            later("operator", lambda: as_csv(run.id)),
            file_name=f"rejections-{run.id}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="ingest_download",
        )
    st.page_link("views/runs.py", label=say("All runs"), icon=":material/history:")


def as_csv(run_id: str) -> str:
    """Every rejection of a run, as a table to open elsewhere."""
    rows, _ = resources.rejections(run_id, ALL)
    return tables.as_csv(COLUMNS, [[r.source, r.line, r.field, r.reason, r.value] for r in rows])


st.title(say("Ingest"), anchor=False)
resources.graph()  # a database that is away is said before anything is brought
given = place()
if given is not None:
    chosen: Path | None = None
    try:
        if not is_named(given) and not given.exists():
            raise BadInput(f"{given} is not there.")
        chosen = source_of(given)
    except KgError as error:
        text.alert(str(error))
    nothing = chosen is None
    create = st.checkbox(
        say("Make an entity of an id that only relations mention"), key="ingest_missing"
    )
    with st.container(horizontal=True):
        looked = st.button(
            say("Dry run"), icon=":material/visibility:", key="ingest_dry", disabled=nothing
        )
        loaded = st.button(
            say("Load"),
            type="primary",
            icon=":material/upload:",
            key="ingest_load",
            disabled=nothing,
        )
    if chosen is not None:
        if looked:
            preview(chosen, create)
        if loaded:
            with text.errors():
                begin(chosen, create)
        kept = st.session_state.get("ingest_preview")
        if kept and kept[0] == str(chosen) and "ingest_pid" not in st.session_state:
            show(kept[1], kept[2])
if "ingest_pid" in st.session_state:
    with st.container(border=True):
        ours: int = st.session_state.ingest_pid
        finished = st.session_state.get("ingest_done")
        if finished:
            with text.errors():
                ended(resources.ledger().run(finished))
        else:
            progress(ours, Path(st.session_state.ingest_log))
versions.versions()
