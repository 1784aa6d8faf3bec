"""Who did what when. `?by=`, `?kind=` and `?page=` say what is shown."""

from __future__ import annotations

import streamlit as st

from kg_platform.errors import MigrationError
from kg_platform.ledger.audit import Audit, AuditLine
from ui import resources
from ui.language import say
from ui.people import later, looking
from ui.widgets import address, pager, tables, text

PAGE = 50
COLUMNS = ("when", "who", "kind", "what", "about")


def row(line: AuditLine) -> list[str]:
    return [line.at[:19].replace("T", " "), line.by, line.kind, line.what, line.about]


def filters(audit: Audit) -> tuple[str | None, str | None]:
    """Whose, and of which kind."""
    people, kinds = audit.people(), audit.kinds()
    # An address may name somebody who did nothing; that is said below, not refused by a list.
    people += [one for one in [st.query_params.get("by")] if one and one not in people]
    kinds += [one for one in [st.query_params.get("kind")] if one and one not in kinds]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.selectbox(
            say("Who"), people, index=None, placeholder=say("Anybody"), key="by",
            bind="query-params", width=260, on_change=first_page,
        )  # fmt: skip
        kind = st.selectbox(
            say("Kind"), kinds, index=None, placeholder=say("Anything"), key="kind",
            bind="query-params", width=220, on_change=first_page,
        )  # fmt: skip
    return by, kind


def first_page() -> None:
    st.query_params.pop("page", None)


def turn(to: int) -> None:
    st.query_params["page"] = str(to)


def listing(audit: Audit) -> None:
    by, kind = filters(audit)
    total = audit.count(by, kind)
    if not total:
        nothing = say("Nothing of this was done. Choose somebody else, or another kind.")
        text.hint(nothing if by or kind else say("Nothing was done yet."))
        return
    last = (total - 1) // PAGE + 1
    page = address.number("page", last)
    rows = [row(one) for one in audit.lines(by, kind, PAGE, (page - 1) * PAGE)]
    titles = (say("When (UTC)"), say("Who"), say("Kind"), say("What"), say("About"))
    tables.show(
        {name: [each[i] for each in rows] for i, name in enumerate(COLUMNS)},
        key=f"audit_lines_{page}",
        height="content",
        column_config={
            name: st.column_config.TextColumn(title, width=width)
            for name, title, width in zip(COLUMNS, titles, (150, 170, 90, 260, None), strict=True)
        },
        alt=say("What was done, the latest first"),
    )
    pager.pages(page, last, turn, "audit")
    with st.container(horizontal=True, vertical_alignment="center"):
        text.note(say("One line") if total == 1 else say("{count} lines", count=f"{total:,}"))
        st.download_button(
            say("Download as CSV"),
            later("curator", lambda: tables.as_csv(COLUMNS, map(row, audit.every(by, kind)))),
            file_name="audit.csv", mime="text/csv", icon=":material/download:",
            on_click="ignore", key="audit_download",
        )  # fmt: skip


looking("curator")
st.title(say("Audit"))
try:
    listing(resources.ledger().audit)
except MigrationError:  # no command of this version has written to this platform yet
    text.hint(say("Nothing is written down yet. Type `kg migrate`, and it will be."))
