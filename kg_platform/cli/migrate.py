"""`kg migrate`: bring the ledger and the graph up to date, or say what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform.errors import MigrationError

if TYPE_CHECKING:
    from kg_platform.migrate.files import Finding

_STUCK = (
    "`kg migrate` refuses this: restore a file that was changed after it was applied, or install "
    "the version of kg-platform that made an unknown migration."
)


def register(app: typer.Typer) -> None:
    app.command("migrate")(migrate)


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 6 if something is not right.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Bring the ledger and the graph up to date."""
    from kg_platform.migrate.graph import migrate_graph, pending_graph
    from kg_platform.migrate.ledger import migrate_ledger, pending_ledger
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    settings = load()
    url = settings.resolved_ledger_url()
    with Platform.open(settings, migrate=False) as platform:
        if check:
            _report(pending_ledger(url) + pending_graph(platform.graph), json)
            return
        applied = [("ledger", name) for name in migrate_ledger(url)]
        applied += [("graph", name) for name in migrate_graph(platform.graph)]
    _tell(applied, json)


def _report(findings: list[Finding], json: bool) -> None:
    from kg_platform.console import note, print_json, print_table

    if json:
        print_json({"up_to_date": not findings, "findings": [f._asdict() for f in findings]})
    elif findings:
        print_table(("store", "version", "name", "state"), findings)
        note("Run `kg migrate` to apply what is pending." if _only_pending(findings) else _STUCK)
    else:
        note("The ledger and the graph are up to date.")
    if findings:
        raise typer.Exit(MigrationError.exit_code)


def _only_pending(findings: list[Finding]) -> bool:
    return all(finding.state == "pending" for finding in findings)


def _tell(applied: list[tuple[str, str]], json: bool) -> None:
    from kg_platform.console import note, print_json, print_table

    if json:
        print_json({"applied": [{"store": store, "name": name} for store, name in applied]})
    elif applied:
        print_table(("store", "applied"), applied)
    else:
        note("The ledger and the graph were up to date.")
