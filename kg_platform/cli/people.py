"""`kg people`: who may do what in an explorer that asks for a login. `kg audit`: who did what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kg_platform import console
from kg_platform.cli.options import Json

Name = Annotated[
    str, typer.Argument(help="The e-mail address or subject that the login gives, as listed.")
]
people = typer.Typer(
    help="Who may do what in an explorer that asks for a login.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(people, name="people")
    app.command()(audit)


@people.command("list")
def listed(as_json: Json = False) -> None:
    """Everybody who logged in or was granted something, and what they may do."""
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        rows = platform.ledger.people.all()
    if as_json:
        console.print_json([asdict(row) | {"role": row.role} for row in rows])
        return
    lines = [
        (
            row.name,
            row.role or "none",
            f"{row.granted} by {row.granted_by}" if row.granted else "",
            row.claimed,
            (row.seen_at or "")[:16].replace("T", " "),
        )
        for row in rows
    ]
    console.print_table(("who", "may", "granted here", "login says", "last login"), lines)
    if not rows:
        console.note("Nobody yet; `kg people grant NAME viewer` names somebody in advance.")


@people.command()
def grant(
    name: Name,
    role: Annotated[str, typer.Argument(help="viewer, curator or operator.")],
) -> None:
    """Give somebody a role, whatever their login says. It counts at once, also where they are
    logged in."""
    from kg_platform.people import who
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    settings = load()
    with Platform.open(settings) as platform:
        row = platform.ledger.people.grant(name, role, who(settings))
    console.note(f"{row.name} is {row.role} from now on.")


@people.command()
def revoke(
    name: Name,
    login: Annotated[
        bool,
        typer.Option("--login", help="Take back what was said here; their login counts again."),
    ] = False,
) -> None:
    """Take somebody's role away, whatever their login says. It counts at once."""
    from kg_platform.people import who
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    settings = load()
    with Platform.open(settings) as platform:
        asked = platform.ledger.people
        row = (asked.forget if login else asked.revoke)(name, who(settings))
    console.note(f"{row.name} is {row.role or 'nobody'} from now on.")


def audit(
    by: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Only this kind: review, schedule, people, or a kind of run."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out the first ones.")] = 0,
    as_json: Json = False,
) -> None:
    """Who did what when, the latest first."""
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    with Platform.open(load()) as platform:
        rows = platform.ledger.audit.lines(by, kind, limit, offset)
        total = platform.ledger.audit.count(by, kind)
    if as_json:
        console.print_json({"total": total, "lines": [asdict(row) for row in rows]})
        return
    lines = [(r.at[:19].replace("T", " "), r.by, r.kind, r.what, r.about) for r in rows]
    console.print_table(("when", "who", "kind", "what", "about"), lines, whole=("when", "kind"))
    if offset + len(rows) < total:
        console.note(f"{total - offset - len(rows):,} more; --limit and --offset show them.")
    if not total:
        console.note("Nothing of this was done.")
