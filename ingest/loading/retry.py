"""Media that could not be had, tried again: those that can be by now are stored and linked.

Each source is one run of kind ingest, journalled as a load is, so that it can be undone. An entity
that got a medium has a `content_hash` of its own afterwards: the next load of its source, which
names that medium as well, writes it once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from ingest.loading.late_media import Linked, described, link
from ingest.loading.named_media import THREADS
from ingest.loading.store import GraphStore
from ingest.loading.summary import IngestSummary
from ingest.media.fetch import MediaFetcher
from ingest.media.fetched import FetchedMedia
from ingest.versions.journal import Entry, open_journal
from kg_platform.errors import BadMedium, Interrupted, MediumGone
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.statements import Run
from kg_platform.ledger.media_failures import FailureRow
from kg_platform.media.gallery import Gallery
from kg_platform.platform import Platform
from kg_platform.progress import Progress, silent
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

        def tell() -> None:
            nonlocal done
            done += 1
            say("trying again", done, len(rows))

        try:
            with _Retry(platform, name, summary, found) as work:
                for batch in _batches(given):
                    work.batch(batch, tell)
        except KeyboardInterrupt:
            platform.ledger.finish_run(run_id, "interrupted", summary.as_dict(), "stopped")
            raise Interrupted("Stopped; what was had is kept.") from None
        except Exception as error:
            platform.ledger.finish_run(run_id, "failed", summary.as_dict(), str(error))
            raise
        platform.ledger.finish_run(run_id, "succeeded", summary.as_dict())
    return found


class _Tried(NamedTuple):
    """What came of it. No error is kept: its traceback would hold on to the medium's bytes."""

    media: Media | None
    why: str = ""
    gone: bool = False


class _Retry(ExitStack):
    """One source."""

    def __init__(
        self, platform: Platform, source: str, summary: IngestSummary, found: Retried
    ) -> None:
        super().__init__()
        settings = platform.settings
        self._platform, self._source = platform, source
        self._summary, self._found = summary, found
        self._rules = rules_of(platform.graph)
        journal = open_journal(platform, summary.run_id)
        self._store = GraphStore(platform.graph, settings.batch_rows, source, journal, self._rules)
        fetcher = MediaFetcher(settings.max_media_bytes)
        self.callback(fetcher.close)
        addresses = platform.ledger.media_addresses
        self._web = FetchedMedia(fetcher, addresses, platform.media)
        self._galleries: dict[str, Gallery] = {}

    def batch(self, rows: Sequence[FailureRow], tell: Callable[[], None]) -> None:
        """Try these, several at once, and `tell` of each. What was had until it ends, or is ended,
        is written with its entities, and then settled."""
        named = self._named({row.entity for row in rows})
        tried: list[tuple[FailureRow, _Tried | None]] = []
        try:
            for row in rows:
                if row.entity in named:
                    self._open(row.folder)
                else:
                    tried.append((row, None))
                    tell()
            self._try_each([row for row in rows if row.entity in named], tried, tell)
        finally:
            self._write(tried)

    def _try_each(
        self,
        rows: Sequence[FailureRow],
        tried: list[tuple[FailureRow, _Tried | None]],
        tell: Callable[[], None],
    ) -> None:
        pool = ThreadPoolExecutor(THREADS)
        try:
            asked = {pool.submit(self._try, row): row for row in rows}
            for done in as_completed(asked):
                tried.append((asked[done], done.result()))
                tell()
        except BaseException:
            for gallery in self._galleries.values():
                gallery.close()  # nobody waits for what is being decoded
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _try(self, row: FailureRow) -> _Tried:
        try:
            if HeldMedium.is_name(row.location):
                raise BadMedium(IN_TABLE)
            if not row.ref().is_address and not Path(row.folder).is_dir():
                raise BadMedium(NO_FOLDER.format(row.folder))
            return _Tried(self._galleries[row.folder].keep(row.ref()))
        except BadMedium as error:
            return _Tried(None, str(error), isinstance(error, MediumGone))

    def _open(self, folder: str) -> None:
        if folder not in self._galleries:
            settings = self._platform.settings
            self._galleries[folder] = self.enter_context(
                Gallery(
                    Path(folder),
                    self._platform.media,
                    settings.max_picture_pixels,
                    settings.max_media_bytes,
                    self._web,
                )
            )

    def _named(self, originals: set[str]) -> set[str]:
        """Those of these ids of the source that it describes. One may have been merged, or be gone
        since its medium failed."""
        return set(described(self._platform.graph.read, self._source, originals, lock=False))

    def _write(self, tried: Sequence[tuple[FailureRow, _Tried | None]]) -> None:
        """Link what was had, and note what became of each; None: its entity is not named."""
        had: dict[str, list[tuple[MediaRef, Media]]] = {}
        for row, one in tried:
            if one is not None and one.media is not None:
                had.setdefault(row.entity, []).append((row.ref(), one.media))
        linked = self._linked(had) if had else Linked(set(), 0)
        settled: list[str] = []
        failed: list[tuple[str, MediumRejection]] = []
        for row, one in tried:
            if one is not None and one.media is None:
                again = MediumRejection(
                    self._source, None, row.ref().field, one.why, row.location,
                    row.entity, row.ref(), one.gone,
                )  # fmt: skip
                failed.append((row.folder, again))
                self._found.gone += one.gone
                self._found.failed += not one.gone
                continue
            settled.append(row.key)
            there = row.entity in linked.named
            self._found.stored += there
            self._found.unnamed += not there
            self._summary.media_stored += there
        self._summary.entities_changed += linked.changed
        self._keep(settled, failed)

    def _linked(self, had: Mapping[str, Sequence[tuple[MediaRef, Media]]]) -> Linked:
        """An entity may have changed, or be gone, since its media were asked for."""
        media = {one.id: one for some in had.values() for _, one in some}

        def work(run: Run) -> tuple[Linked, list[Entry]]:
            return link(run, self._source, had, self._rules)

        return self._store.amend(list(media.values()), work)

    def _keep(self, settled: Sequence[str], failed: Sequence[tuple[str, MediumRejection]]) -> None:
        ledger, run_id = self._platform.ledger, self._summary.run_id
        ledger.media_failures.settle(settled)
        for folder, some in groupby(failed, key=lambda pair: pair[0]):
            again = [one for _, one in some]
            ledger.media_failures.note(run_id, self._source, folder, again)
            ledger.reject(run_id, again)
            for one in again:
                self._summary.reject(one)


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
