"""Media that could not be had, tried again: those that can be by now are stored and linked.

Each source is one run of kind ingest, journalled as a load is, so that it can be undone. An entity
that got a medium has a `content_hash` of its own afterwards: the next load of its source, which
names that medium as well, writes it once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path

from ingest.loading.store import GraphStore, Node
from ingest.loading.summary import IngestSummary
from ingest.media.fetch import MediaFetcher
from ingest.media.fetched import FetchedMedia
from ingest.versions.journal import open_journal
from kg_platform.curation.merge import merged_ids
from kg_platform.errors import BadMedium, Interrupted, MediumGone
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.kept import give
from kg_platform.ledger.media_failures import FailureRow
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from kg_platform.progress import Progress, silent
from kg_platform.provenance import states
from kg_platform.provenance.images import SourceRecord, record_id
from kg_platform.provenance.rules import rules_of
from kg_platform.records import HeldMedium, Media, MediaRef, MediumRejection

_AT_ONCE = 200  # failures whose entities are written together
IN_TABLE = "its bytes stand in a table; ingest its source again"
NO_FOLDER = "the folder of its source is not there ({}); ingest its source again"


@dataclass
class Retried:
    """How many were had by now, failed again, are gone, and are named by no entity any more."""

    stored: int = 0
    failed: int = 0
    gone: int = 0
    unnamed: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def retry(
    platform: Platform, source: str | None = None, on_progress: Progress | None = None
) -> Retried:
    """Try what failed again, addresses included; of one source, or of all.

    Raises:
        BadInput: the graph was adopted. Unavailable: a store went away. Interrupted: Ctrl-C; what
            was had is kept.
    """
    GraphAdoption.refuse(platform.graph.adoption, "`kg media retry` does not write to it")
    rows = platform.ledger.media_failures.rows(source)
    found = Retried()
    say, done = on_progress or silent, 0
    for name, some in groupby(rows, key=lambda row: row.source):
        given = list(some)
        summary = IngestSummary("", name)
        run_id = platform.ledger.start_run("ingest", {"source": name, "retry": len(given)})
        summary.run_id = run_id
        try:
            with _Retry(platform, name, summary, found) as work:
                for batch in _batches(given):
                    work.batch(batch)
                    done += len(batch)
                    say("trying again", done, len(rows))
        except KeyboardInterrupt:
            platform.ledger.finish_run(run_id, "interrupted", summary.as_dict(), "stopped")
            raise Interrupted("Stopped; what was had is kept.") from None
        except Exception as error:
            platform.ledger.finish_run(run_id, "failed", summary.as_dict(), str(error))
            raise
        platform.ledger.finish_run(run_id, "succeeded", summary.as_dict())
    return found


class _Retry(ExitStack):
    """One source."""

    def __init__(
        self, platform: Platform, source: str, summary: IngestSummary, found: Retried
    ) -> None:
        super().__init__()
        settings = platform.settings
        self._platform, self._source = platform, source
        self._summary, self._found = summary, found
        self._merged = merged_ids(platform.graph)
        self._store = GraphStore(
            platform.graph,
            settings.batch_rows,
            source,
            open_journal(platform, summary.run_id),
            rules_of(platform.graph),
        )
        fetcher = MediaFetcher(settings.max_media_bytes)
        self.callback(fetcher.close)
        addresses = platform.ledger.media_addresses
        self._web = FetchedMedia(fetcher, addresses, platform.media)
        self._galleries: dict[str, Gallery] = {}

    def batch(self, rows: Sequence[FailureRow]) -> None:
        """Try these; what can be had is written with its entities, and then settled."""
        described = self._described({row.entity for row in rows})
        had: dict[str, list[tuple[MediaRef, Media]]] = {}
        settled: list[str] = []
        failed: list[tuple[str, MediumRejection]] = []
        for row in rows:
            if row.entity not in described:
                settled.append(row.key)
                self._found.unnamed += 1
                continue
            try:
                media = self._had(row)
            except BadMedium as error:
                gone = isinstance(error, MediumGone)
                again = MediumRejection(
                    self._source, None, row.ref().field, str(error), row.location,
                    row.entity, row.ref(), gone,
                )  # fmt: skip
                failed.append((row.folder, again))
                self._found.gone += gone
                self._found.failed += not gone
            else:
                had.setdefault(row.entity, []).append((row.ref(), media))
                settled.append(row.key)
        nodes = [_node(self._source, one, *described[one], media) for one, media in had.items()]
        if nodes:
            written = self._store.put_entities(nodes)
            self._summary.entities_changed += written.changed
        stored = sum(map(len, had.values()))
        self._summary.media_stored += stored
        self._found.stored += stored
        self._keep(settled, failed)

    def _described(self, originals: set[str]) -> dict[str, tuple[str, SourceRecord]]:
        """Of these ids of the source those that it describes: the entity, and what is said of it.
        It may have been merged, or be gone since the medium failed."""
        entity = {one: self._merged.get(one, one) for one in originals}
        images = states.read(self._platform.graph.read, entity.values(), lock=False)
        found = {}
        for original, name in entity.items():
            image = images.get(name)
            if image is None:
                continue
            said = image.records.get(record_id(self._source, original))
            alone = name == original and not image.records and image.source == self._source
            if said is None and alone:
                said = image.as_record(name)
            if said is not None:
                found[original] = (name, said)
        return found

    def _keep(self, settled: Sequence[str], failed: Sequence[tuple[str, MediumRejection]]) -> None:
        ledger, run_id = self._platform.ledger, self._summary.run_id
        ledger.media_failures.settle(settled)
        for folder, some in groupby(failed, key=lambda pair: pair[0]):
            again = [one for _, one in some]
            ledger.media_failures.note(run_id, self._source, folder, again)
            ledger.reject(run_id, again)
            for one in again:
                self._summary.reject(one)

    def _had(self, row: FailureRow) -> Media:
        if HeldMedium.is_name(row.location):
            raise BadMedium(IN_TABLE)
        if "://" not in row.location and not Path(row.folder).is_dir():
            raise BadMedium(NO_FOLDER.format(row.folder))
        if row.folder not in self._galleries:
            settings = self._platform.settings
            self._galleries[row.folder] = self.enter_context(
                Gallery(
                    Path(row.folder),
                    self._platform.media,
                    settings.max_picture_pixels,
                    settings.max_media_bytes,
                    self._web,
                )
            )
        return self._galleries[row.folder].keep(row.ref())


def _batches(rows: Sequence[FailureRow]) -> Iterator[Sequence[FailureRow]]:
    """Of so many rows, those of one entity together; they are sorted by it."""
    batch: list[FailureRow] = []
    for _, some in groupby(rows, key=lambda row: row.entity):
        batch += some
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _node(
    source: str,
    original: str,
    entity: str,
    said: SourceRecord,
    media: Sequence[tuple[MediaRef, Media]],
) -> Node:
    """What the source says of it, with the media that were had."""
    before = [(digest, _ref(about)) for digest, about in said.media]
    there = {(digest, ref.role) for digest, ref in before}
    fresh = [(one.id, ref) for ref, one in media if (one.id, ref.role) not in there]
    told = repr([said.content_hash, sorted(digest for digest, _ in fresh)])
    properties = {key: give(value) for key, value in said.properties.items()}
    return Node(
        id=original,
        type=said.type,
        properties={**properties, "source": source},
        content_hash=f"retried:{hashlib.sha256(told.encode()).hexdigest()}",
        media=[*before, *fresh],
        new_media=[one for _, one in media],
        merged_into=entity if entity != original else None,
    )


def _ref(about: dict[str, object]) -> MediaRef:
    """A reference as the graph has it."""
    given = {"role": about.get("role"), "rank": about.get("rank"),
             "caption": about.get("caption"), "start": about.get("start_seconds"),
             "end": about.get("end_seconds")}  # fmt: skip
    return replace(MediaRef(""), **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
