"""The Audit page: who did what when, by person and kind, page by page."""

from __future__ import annotations

from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import words


def test_by_person_and_kind(platform: Platform, explorer: Open) -> None:
    audit = platform.ledger.audit
    for i in range(55):
        audit.note("ada" if i % 2 else HOSTILE, "forget", f"{i} entities", HOSTILE)
    platform.ledger.people.grant("bob", "viewer", "ada")
    app = explorer("audit")
    assert not app.exception
    assert len(app.dataframe[0].value) == 50
    assert app.dataframe[0].value["about"].iloc[0] == "granted viewer"
    app.button(key="audit_next").click().run()
    assert "of 2 pages" in words(app)
    assert app.number_input(key="audit_page_2").value == 2
    assert len(app.dataframe[0].value) == 6
    app = explorer("audit", by="ada", kind="people")
    assert list(app.dataframe[0].value["what"]) == ["bob"]
    for query in ({"by": "nobody"}, {"kind": "nonsense"}):
        app = explorer("audit", **query)
        assert not app.exception
    assert "outside.example" not in words(app).replace("&", "")
