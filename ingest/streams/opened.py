"""The stream that a person names, opened, and followed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.mapping.document import read_mapping
from ingest.sources.tables import open_table
from ingest.streams.envelope import WrongMessage
from ingest.streams.feed import Feed
from ingest.streams.folder import FileNote, FolderFeed, Rows
from ingest.streams.follow import Followed, Follower, FollowOptions
from ingest.streams.mapped import MappedReader
from ingest.streams.reading import EnvelopeReader, MessageReader
from ingest.streams.web_media import WebMedia
from ingest.streams.writer import StreamTarget
from kg_platform.cypher import streaming
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from kg_platform.records import Rejection

KAFKA = "kafka://"


@dataclass(frozen=True)
class FollowRequest:
    """What to follow: an address or a folder; as which source; by which mapping, if messages are
    in no envelope; where paths of media start, and whether addresses of media are fetched. The
    rest is of topics: the one for messages that are wrong, the group that follows, and who this is
    in it."""

    stream: str
    source: str | None = None
    mapping: Path | None = None
    media: Path | None = None
    dead_letters: str | None = None
    group: str | None = None
    member: str | None = None
    fetch_media: bool = False


def follow(
    platform: Platform,
    request: FollowRequest,
    options: FollowOptions,
    tell: Callable[[str], None],
    stop: Callable[[], bool],
) -> Followed:
    """Follow a stream until `stop()` is true or the options end it.

    Raises:
        BadInput: there is no such stream, or the graph was adopted.
        Unavailable: a store, or what brings the stream, does not answer at the start.
    """
    source = request.source or source_name(request.stream)
    folder = request.media or Path(request.stream)
    if not folder.is_dir():
        if request.media is not None:
            raise BadInput(f"--media {folder} is no folder.")
        folder = Path.cwd()
    settings = platform.settings
    mapped = MappedReader(read_mapping(request.mapping)) if request.mapping else None
    reader: MessageReader = mapped or EnvelopeReader()
    pixels, most = settings.max_picture_pixels, settings.max_media_bytes
    with ExitStack() as opened:
        feed = opened.enter_context(closing(_feed(platform, request, source, mapped, tell)))
        web = opened.enter_context(closing(WebMedia(platform))) if request.fetch_media else None
        gallery = opened.enter_context(Gallery(folder, platform.media, pixels, most, web))
        target = StreamTarget(platform, source, folder, gallery, web)
        follower = Follower(target, feed, reader, options, tell)
        tell(f"Following {feed.stream} as {source}.")
        return follower.follow(stop)


def source_name(stream: str) -> str:
    """What the graph calls the source of a stream, unless it is said."""
    if stream.startswith(KAFKA):
        return stream.rstrip("/").rpartition("/")[2]
    return Path(stream).resolve().name


def _feed(
    platform: Platform,
    request: FollowRequest,
    source: str,
    mapped: MappedReader | None,
    tell: Callable[[str], None],
) -> Feed:
    if request.stream.startswith(KAFKA):
        return _topic(platform, request, source)
    folder = Path(request.stream)
    given = {"source": source, "stream": str(folder.resolve())}
    notes: dict[str, FileNote] = {}
    for row in platform.graph.read(Statement(streaming.OF_STREAM, given)):
        if row["note"] is None:
            continue
        note = FileNote.of(int(row["offset"]), row["note"])
        before = notes.get(row["part"])
        if before is None or before.generation < note.generation:
            notes[row["part"]] = note
    return FolderFeed(folder, source, notes, tell, None if mapped is None else _rows(mapped))


def _rows(mapped: MappedReader) -> Rows:
    """The rows of a file, as the mapping's table of its name says how to read them."""

    def rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | Rejection]]:
        try:
            options = mapped.table_of(path.name).options()
        except WrongMessage as error:
            raise BadInput(f"{error}.") from error
        yield from open_table(
            path.name, replace(options, table=None, query=None), path.parent
        ).rows()

    return rows


def _topic(platform: Platform, request: FollowRequest, source: str) -> Feed:
    try:
        import faststream.kafka  # noqa: F401
    except ImportError as error:
        raise BadInput(
            "Topics of Kafka need the extra `kafka`; install it: pip install 'kg-platform[kafka]'."
        ) from error
    from ingest.streams.kafka import LETTERS, KafkaFeed
    from ingest.streams.kafka_address import KafkaAddress, KafkaMember

    address = KafkaAddress.of(request.stream)
    member = KafkaMember(
        group=request.group or f"kg-follow.{source}.{address.topic}",
        name=f"{request.member or socket.gethostname()}.{source}.{address.topic}",
        letters=request.dead_letters or address.topic + LETTERS,
    )

    def positions(ids: Sequence[str]) -> dict[str, int]:
        rows = platform.graph.read(Statement(streaming.POSITIONS, {"ids": list(ids)}))
        return {row["id"]: int(row["offset"]) for row in rows}

    return KafkaFeed(address, source, member, platform.settings, positions)
