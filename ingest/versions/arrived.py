"""What came of a source since its last whole version: from journals."""

from __future__ import annotations

from itertools import chain, takewhile

from ingest.versions.composed import Composed
from ingest.versions.journal import ENTITY, RELATION, entries, has_journal
from ingest.versions.undo import CHANGED_BY
from kg_platform.platform import Platform


def arrived(platform: Platform, source: str) -> int:
    """How many entities and relations the runs of this source have made since the last one that
    succeeded, the run at work among them. A run that was stopped, or refused to retire, has written
    what is new, and is no version; what a journal that is not here tells is not counted."""
    rows = chain.from_iterable(platform.ledger.runs_of(kind, source) for kind in CHANGED_BY)
    newest_first = sorted(rows, key=lambda row: (row.started_at, row.id), reverse=True)
    since = list(takewhile(lambda row: row.status != "succeeded", newest_first))
    folders = [platform.settings.runs_dir / row.id for row in reversed(since)]
    told = chain.from_iterable(entries(folder) for folder in folders if has_journal(folder))
    with Composed(told) as composed:
        return sum(
            one.before is None and one.after is not None
            for kind in (ENTITY, RELATION)
            for batch in composed.items(kind)
            for one in batch
        )
