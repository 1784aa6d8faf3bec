"""What a program may load into a platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingest.sources.rdf.vocabulary import LANGUAGE
from kg_platform.progress import Progress
from kg_platform.session import Session

if TYPE_CHECKING:
    from ingest.loading.dry_run import Preview
    from ingest.loading.summary import IngestSummary
    from ingest.sources.source import Source
    from ingest.versions.compare import SourceDiff
    from ingest.versions.fuse import Fused
    from ingest.versions.history import Version
    from ingest.versions.undo import Undone
    from kg_platform.provenance.fusion import FusionRules


class IngestSession(Session):
    """A platform that can be loaded into."""

    def ingest(
        self,
        source: str | Path | Source,
        *,
        strict: bool = False,
        create_missing: bool = False,
        sync: bool = False,
        force: bool = False,
        name: str | None = None,
        language: str = LANGUAGE,
        on_progress: Progress | None = None,
    ) -> IngestSummary:
        """Load a folder, a file, a mapping.yaml or a `Source`; `name` is kept as its `source`, and
        `language` is the one of labels of RDF where there are several. With `sync`, what it does
        not state any more is retired; `force`, also where that is much. Running it twice changes
        nothing.

        Raises:
            BadInput: nothing there can be ingested. RejectedRows: `strict`, and a row is rejected.
            Interrupted: Ctrl-C; the same call goes on.
        """
        from ingest.loading.load import load
        from ingest.mapping.choose import open_any

        opened = source
        if isinstance(opened, str | Path):
            opened = open_any(Path(opened), name, language)
        return load(
            self.platform,
            opened,
            strict=strict,
            create_missing=create_missing,
            sync=sync,
            force=force,
            on_progress=on_progress,
        )

    def history(self, source: str | None = None, limit: int = 20) -> list[Version]:
        """The latest ingests and undos, newest first; with `source`, those of it."""
        from ingest.versions.history import history

        return history(self.ledger, source, limit)

    def compare(self, first: str, second: str, limit: int = 1_000) -> SourceDiff:
        """What a source states otherwise after the run `second` than after the run `first`.

        Raises:
            NotFound: no such run, or it left no journal here. BadInput: not two of one source.
        """
        from ingest.versions.compare import compare

        return compare(self.platform, first, second, limit)

    def fuse(
        self,
        rules: FusionRules | None = None,
        *,
        dry_run: bool = False,
        on_progress: Progress | None = None,
    ) -> Fused:
        """Keep rules for conflicts between sources (None: those that the graph has) and decide by
        them.

        Raises:
            BadInput: the graph was adopted.
        """
        from ingest.versions.fuse import fuse

        return fuse(self.platform, rules, dry_run=dry_run, on_progress=on_progress)

    def undo(
        self,
        run: str,
        *,
        partial: bool = False,
        dry_run: bool = False,
        on_progress: Progress | None = None,
    ) -> Undone:
        """Undo an ingest, or an undo: the graph is as before it. With `partial`, what others have
        changed since stays, and the rest is undone; with `dry_run`, nothing is.

        Raises:
            NotFound: no such run, or it left no journal here. BadInput: others have changed the
                same things since. Interrupted: Ctrl-C; the same call goes on.
        """
        from ingest.versions.undo import undo

        return undo(self.platform, run, partial=partial, dry_run=dry_run, on_progress=on_progress)

    def preview(
        self,
        source: str | Path | Source,
        *,
        create_missing: bool = False,
        name: str | None = None,
        on_progress: Progress | None = None,
    ) -> Preview:
        """What `ingest` would find: counts, samples and rejections; nothing is written.

        Raises:
            BadInput: nothing there can be ingested.
        """
        from ingest.loading.dry_run import dry_run
        from ingest.mapping.choose import open_any

        opened = open_any(Path(source), name) if isinstance(source, str | Path) else source
        return dry_run(
            self.platform, opened, create_missing=create_missing, on_progress=on_progress
        )
