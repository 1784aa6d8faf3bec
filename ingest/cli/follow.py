"""`kg follow`: changes into the graph as they come, from a topic of Kafka or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg_platform.cli.options import Json

if TYPE_CHECKING:
    from ingest.streams.follow import Followed


def register(app: typer.Typer) -> None:
    app.command("follow")(follow_command)


def follow_command(
    stream: Annotated[
        str | None,
        typer.Argument(help="kafka://BROKER[:PORT]/TOPIC, or a folder in which files appear."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Name kept as `source` (default: the topic's or folder's)."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", help="A mapping.yaml, for messages that are not in the envelope."
        ),
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option("--media", help="Folder where paths of pictures in messages start."),
    ] = None,
    fetch_media: Annotated[
        bool,
        typer.Option(
            "--fetch-media", help="Fetch media that messages name by web address (http, https)."
        ),
    ] = False,
    batch: Annotated[
        int, typer.Option("--batch", min=1, max=10_000, help="Messages a transaction, at most.")
    ] = 500,
    until_idle: Annotated[
        float | None,
        typer.Option("--until-idle", min=0, help="End when nothing has come for so many seconds."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--for", min=0, help="End after so many seconds.")
    ] = None,
    dead_letters: Annotated[
        str | None,
        typer.Option(
            "--dead-letters",
            help="Topic for messages that are wrong (default: the topic's name and .dead-letters).",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", help="Consumer group (default: one of the source and the topic)."),
    ] = None,
    member: Annotated[
        str | None,
        typer.Option(
            "--member",
            help="This one's name, for several on one machine (default: the machine's name).",
        ),
    ] = None,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON Schema of a message, and do nothing else."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Take in changes as they come, each once. Ctrl-C and SIGTERM end it after a batch."""
    from kg_platform import console
    from kg_platform.errors import BadInput

    if schema:
        from ingest.streams.envelope import json_schema

        console.print_json(json_schema())
        return
    if stream is None:
        raise BadInput("Name what to follow: kafka://BROKER/TOPIC, or a folder.")
    from ingest.streams.follow import FollowOptions
    from ingest.streams.opened import FollowRequest, follow
    from kg_platform.cli.ending import ended_by_signals
    from kg_platform.platform import Platform
    from kg_platform.settings import load

    request = FollowRequest(
        stream, source, mapping, media, dead_letters, group, member, fetch_media
    )
    options = FollowOptions(batch, until_idle, seconds)
    with Platform.open(load()) as platform, ended_by_signals() as ended:
        done = follow(platform, request, options, console.note, ended)
    _show(done, as_json)


def _show(done: Followed, as_json: bool) -> None:
    from kg_platform import console

    if as_json:
        console.print_json(done.as_dict())
        return
    c = done.counts
    rows = [
        ("entities", "new", c.entities_new),
        ("", "changed", c.entities_changed),
        ("", "unchanged", c.entities_unchanged),
        ("", "created for relations", c.created_missing),
        ("", "gone", c.retired.entities),
        ("", "that others need", c.retired.bare),
        ("relations", "new", c.relations_new),
        ("", "known", c.relations_known),
        ("", "gone", c.retired.relations),
        ("said by others as well", "", c.retired.shared),
        ("media", "", c.media),
        ("messages", "taken", c.messages),
        ("", "there already", c.again),
        ("", "overtaken", c.late),
        ("", "refused", done.refused),
    ]
    always = {("entities", "new"), ("relations", "new"), ("messages", "taken")}
    shown = [row for row in rows if row[2] or row[:2] in always]
    console.print_table(["what", "", "count"], [(a, b, f"{n:,}") for a, b, n in shown])
    rate = c.messages / done.seconds if done.seconds else 0.0
    console.note(
        f"{c.messages:,} messages of {done.stream} in {done.seconds:.1f} s ({rate:,.0f}/s)."
    )
    if done.refused and done.runs:
        console.note(f"`kg rejections {done.runs[-1]}` lists what is wrong with those refused.")
