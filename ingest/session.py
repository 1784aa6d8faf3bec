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


class IngestSession(Session):
    """A platform that can be loaded into."""

    def ingest(
        self,
        source: str | Path | Source,
        *,
        strict: bool = False,
        create_missing: bool = False,
        name: str | None = None,
        language: str = LANGUAGE,
        bulk: bool = False,
        on_progress: Progress | None = None,
    ) -> IngestSummary:
        """Load a folder, a file, a mapping.yaml or a `Source`; `name` is kept as its `source`, and
        `language` is the one of labels of RDF where there are several. Running it twice changes
        nothing. With `bulk`, a database that is empty and local is made by the server's offline
        import.

        Raises:
            BadInput: nothing there can be ingested, or not in bulk. RejectedRows: `strict`, and a
                row is rejected.
            Interrupted: Ctrl-C; the same call goes on.
        """
        from ingest.mapping.choose import open_any

        if bulk:
            from ingest.loading.bulk import bulk_load as chosen
        else:
            from ingest.loading.load import load as chosen
        opened = source
        if isinstance(opened, str | Path):
            opened = open_any(Path(opened), name, language)
        return chosen(
            self.platform,
            opened,
            strict=strict,
            create_missing=create_missing,
            on_progress=on_progress,
        )

    def bulk_would_pay(self, source: Source) -> bool:
        """Whether `ingest` of this source with `bulk` is allowed and would save much time."""
        from ingest.loading.first_load import would_pay

        return would_pay(self.platform, source)

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
