"""Records into the media store and the graph; the ledger says how far it got.

The order is: ledger row `running`, media, graph, ledger row `succeeded`. Every step may be done
twice, so a load that was stopped anywhere is finished by running it again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from ingest.loading.ahead import AfterWriting, Ahead
from ingest.loading.batches import FactBatch, Nodes, RecordCheck
from ingest.loading.store import GraphStore, Known, Row, Store
from ingest.loading.summary import IngestSummary, sentence, so_far
from ingest.mapping.choose import open_any
from ingest.media.fetch import MediaFetcher
from ingest.media.fetched import FetchedMedia
from ingest.resolution.exact import properties_text
from ingest.sources.source import Source
from ingest.versions.arrived import arrived
from ingest.versions.journal import Journal, open_journal
from ingest.versions.stated import Stated
from ingest.versions.sync import find_gone, retire
from kg_platform.collector import rarely_collecting
from kg_platform.errors import Interrupted, RejectedRows
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.media.gallery import Gallery
from kg_platform.media.store import MediaStore
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged
from kg_platform.provenance.fusion import FusionRules
from kg_platform.provenance.rules import rules_of
from kg_platform.records import MediumRejection, Rejection, Relation
from kg_platform.turns import short_turns

_REJECTIONS_AT_ONCE = 1_000


def ingest(
    platform: Platform,
    path: Path,
    *,
    strict: bool = False,
    create_missing: bool = False,
    fetch_media: bool = False,
    name: str | None = None,
    on_progress: Progress | None = None,
) -> IngestSummary:
    """Load what is at `path`; `load` says what can go wrong.

    Raises:
        BadInput: nothing there can be ingested.
    """
    source = open_any(path, name)
    return load(
        platform,
        source,
        strict=strict,
        create_missing=create_missing,
        fetch_media=fetch_media,
        on_progress=on_progress,
    )


def load(
    platform: Platform,
    source: Source,
    *,
    strict: bool = False,
    create_missing: bool = False,
    fetch_media: bool = False,
    sync: bool = False,
    force: bool = False,
    on_progress: Progress | None = None,
    way: LoadWay | None = None,
) -> IngestSummary:
    """Load a source as one run of the ledger.

    With `strict`, everything is checked first, and one Rejection is enough to write nothing. With
    `fetch_media`, media that are web addresses are fetched; without, they are rejected. With
    `sync`, what the source does not state any more is retired afterwards; `force`, also where
    that is much, or rejected rows may have stated it. `way` is how the graph is written, if not by
    statements while the source is read.

    Raises:
        BadInput: the graph was adopted; or `sync` would retire more than it should unforced.
        RejectedRows: `strict` met rows that are rejected; they are in the ledger.
        Unavailable: a store went away; the run is marked failed, running again goes on.
        Interrupted: Ctrl-C; what was written is kept.
    """
    ledger = platform.ledger
    settings = {"source": source.name, "folder": str(source.folder), "strict": strict,
                "create_missing": create_missing, "fetch_media": fetch_media,
                "sync": sync}  # fmt: skip
    run_id = ledger.start_run("ingest", settings)
    summary = IngestSummary(run_id, source.name)
    try:
        say = logged(on_progress)
        chosen = way or OnlineWay(platform, source.name)
        job = IngestJob(platform, source, summary, create_missing, say, chosen, fetch_media)
        started = time.monotonic()  # from here, because the job's graph may have had to be started
        try:
            what = "`kg ingest` does not write to it"
            GraphAdoption.refuse(platform.graph.adoption, what)
            with (
                rarely_collecting(),
                short_turns(),
                closing(Stated()) if sync else nullcontext() as stated,
            ):
                if strict:
                    job.check()
                job.write(stated)
                chosen.finish(summary, say)
                job.settle_media()
                if stated is not None:
                    job.retire(stated, force)
        finally:
            job.keep_rejections()
            job.close()
    except KeyboardInterrupt:
        ledger.finish_run(run_id, "interrupted", summary.as_dict(), "stopped by Ctrl-C")
        raise Interrupted(
            "Stopped; what was written is kept. Run the same command again to go on."
        ) from None
    except Exception as error:
        ledger.finish_run(run_id, "failed", summary.as_dict(), str(error) or repr(error))
        raise
    summary.seconds = time.monotonic() - started
    ledger.finish_run(run_id, "succeeded", summary.as_dict())
    return summary


class LoadWay(Protocol):
    """How a load gets into the graph. `beside`: batches of relations between entities that are
    there may be given to its store by several threads at once."""

    beside: bool

    def open(self, journal: Journal, rules: FusionRules) -> Store:
        """What takes the batches, and journals what it changes."""

    def finish(self, summary: IngestSummary, say: Progress) -> None:
        """End the load, once all batches were taken; counts may still change."""


class OnlineWay:
    """By statements, batch after batch: when all were taken, all is done."""

    beside = True  # each takes the locks of its ends in order

    def __init__(self, platform: Platform, source: str) -> None:
        self._platform, self._source = platform, source

    def open(self, journal: Journal, rules: FusionRules) -> Store:
        graph, rows = self._platform.graph, self._platform.settings.batch_rows
        return GraphStore(graph, rows, self._source, journal, rules)

    def finish(self, summary: IngestSummary, say: Progress) -> None:
        pass


class IngestJob:
    """One run: a checking pass, a writing pass, and the Rejections of either."""

    def __init__(
        self,
        platform: Platform,
        source: Source,
        summary: IngestSummary,
        create_missing: bool,
        on_progress: Progress,
        way: LoadWay,
        fetch_media: bool = False,
    ) -> None:
        self._open = ExitStack()
        self._fetcher = MediaFetcher(platform.settings.max_media_bytes) if fetch_media else None
        if self._fetcher is not None:
            self._open.callback(self._fetcher.close)
        self._platform = platform
        self._source = source
        self._summary = summary
        self._create_missing = create_missing
        self._on_progress = on_progress
        self._batch_rows = platform.settings.batch_rows
        self._journal = open_journal(platform, summary.run_id)
        self._rules = rules_of(platform.graph)
        self._store = way.open(self._journal, self._rules)
        self._beside = way.beside
        self._counting = Lock()
        self._rejections: list[Rejection] = []
        self._total = source.count()
        self._noted = 0
        self._writes = False

    def check(self) -> None:
        """Look at everything and write nothing; the first Rejection is told, all are kept."""
        self._platform.ledger.begin_step(self._summary.run_id, "check")
        done = 0
        for batch in self._checked(self._store, keep_media=None).batches():
            done += _size(batch)
            self._on_progress("checking", *so_far(done + self._summary.rejected, self._total))
        if first := self._summary.first_rejection:
            count = self._summary.rejected
            raise RejectedRows(
                f"{count:,} {'row is' if count == 1 else 'rows are'} rejected and nothing was "
                f"written, because of --strict; the first: {sentence(first)}. "
                f"`kg rejections {self._summary.run_id}` lists them."
            )
        self._platform.ledger.finish_step(self._summary.run_id, "check", {"rows": done})

    def write(self, stated: Stated | None = None) -> None:
        """Write every batch as it is checked, while the next ones are; `stated` is told what the
        source states."""
        run_id = self._summary.run_id
        self.keep_rejections()  # of a check, which keeps no media
        self._writes = True
        self._platform.ledger.begin_step(run_id, "write")
        with Ahead(self._report) as writer:
            store = AfterWriting(self._store, writer.finish)
            for batch in self._checked(store, self._platform.media, stated).batches():
                beside = self._beside and isinstance(batch, FactBatch) and not batch.missing
                writer.put(partial(self._put, batch), self._summary.rejected, beside=beside)
            writer.finish()
        self._on_progress("writing", *so_far(self._total, self._total))
        self._platform.ledger.finish_step(run_id, "write", {"rows": self._summary.rows})

    def retire(self, stated: Stated, force: bool) -> None:
        """Retire what the source does not state any more."""
        run_id, graph = self._summary.run_id, self._platform.graph
        self._platform.ledger.begin_step(run_id, "retire")
        name = self._source.name
        find_gone(graph, name, stated, partial(arrived, self._platform, name), force)
        self._summary.retired = retire(
            graph, name, stated, self._journal, self._rules, self._on_progress
        )
        details = asdict(self._summary.retired)
        self._platform.ledger.finish_step(run_id, "retire", details)

    def _checked(
        self, store: Known, keep_media: MediaStore | None, stated: Stated | None = None
    ) -> RecordCheck:
        settings = self._platform.settings
        fetched = None
        if self._fetcher is not None:
            addresses = self._platform.ledger.media_addresses
            fetched = FetchedMedia(self._fetcher, addresses, keep_media)
        gallery = Gallery(
            self._source.folder,
            keep_media,
            settings.max_picture_pixels,
            settings.max_media_bytes,
            fetched,
        )
        self._open.callback(gallery.close)
        return RecordCheck(
            self._source,
            store,
            gallery,
            self._reject,
            batch_rows=self._batch_rows,
            create_missing=self._create_missing,
            stated=stated,
        )

    def _put(self, batch: Nodes | FactBatch) -> None:
        if isinstance(batch, Nodes):
            self._put_nodes(batch)
        else:
            self._put_facts(batch)

    def _put_nodes(self, batch: Nodes) -> None:
        summary = self._summary
        written = self._store.put_entities(batch.nodes) if batch.nodes else None
        if written:
            summary.entities_new += written.new
            summary.entities_changed += written.changed
            summary.entities_unchanged += written.unchanged
        summary.entities_duplicate += batch.duplicates
        summary.entities_merged += batch.merged
        stored = {media.id for node in batch.nodes for media in node.new_media}
        named = {digest for node in batch.nodes for digest, _ in node.media}
        summary.media_stored += len(stored)
        summary.media_known += len(named - stored)

    def _put_facts(self, batch: FactBatch) -> None:
        summary, source = self._summary, self._source.name
        made = self._store.create_missing(batch.missing, source) if batch.missing else 0
        new = self._store.put_relations(*rows_of(batch.relations, source))
        with self._counting:  # another batch may be written beside this one
            summary.relations_merged += batch.merged
            summary.entities_created_missing += made
            summary.relations_new += new
            summary.relations_known += len(batch.relations) - new

    def _report(self, rejected: int) -> None:
        """A batch was written, before which so many rows had been rejected."""
        done = self._summary.rows + rejected
        if done - self._noted >= self._batch_rows:  # a ledger write a batch, not a type
            self._platform.ledger.set_cursor(self._summary.run_id, "rows", str(done))
            self._noted = done
        self._on_progress("writing", *so_far(done, self._total))

    def _reject(self, rejection: Rejection) -> None:
        self._summary.reject(rejection)
        self._rejections.append(rejection)
        if len(self._rejections) >= _REJECTIONS_AT_ONCE:
            self.keep_rejections()

    def settle_media(self) -> None:
        """All media that the source names were looked for: no others fail any more, but for
        addresses where none were fetched."""
        self.keep_rejections()
        self._platform.ledger.media_failures.settle_others(
            self._source.name,
            self._summary.run_id,
            self._folder,
            fetched=self._fetcher is not None,
        )

    @property
    def _folder(self) -> str:
        return str(self._source.folder.resolve())

    def close(self) -> None:
        """Connections to where media came from, and decoders."""
        self._open.close()

    def keep_rejections(self) -> None:
        if not self._rejections:
            return
        run_id, ledger = self._summary.run_id, self._platform.ledger
        ledger.reject(run_id, self._rejections)
        if self._writes:
            failed = [one for one in self._rejections if isinstance(one, MediumRejection)]
            ledger.media_failures.note(run_id, self._source.name, self._folder, failed)
        self._rejections = []


def rows_of(relations: Sequence[Relation], source: str) -> tuple[list[Row], list[dict[str, Any]]]:
    """Relations as the store takes them, and the sets of properties they have: few differ."""
    rows: list[Row] = []
    kinds: list[dict[str, Any]] = []
    index: dict[str, int] = {}
    last, kind = None, 0
    for relation in relations:
        properties = relation.properties
        if properties is not last:  # the records of a file usually share one mapping
            key = properties_text(properties)
            last, kind = properties, index.setdefault(key, len(kinds))
            if kind == len(kinds):
                kinds.append({**properties, "source": source})
        rows.append((relation.head, relation.tail, relation.type, kind))
    return rows, kinds


def _size(batch: Nodes | FactBatch) -> int:
    if isinstance(batch, Nodes):
        return len(batch.nodes) + batch.duplicates + batch.merged
    return len(batch.relations)
