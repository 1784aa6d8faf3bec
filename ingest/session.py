"""What a program may load into a platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.sources.rdf.vocabulary import LANGUAGE
from kg_platform.errors import BadInput, NotFound
from kg_platform.platform import Platform
from kg_platform.progress import Progress, silent
from kg_platform.session import Session, number

if TYPE_CHECKING:
    from ingest.adoption.adopt import Adopted
    from ingest.extraction.extract import ExtractSummary
    from ingest.loading.dry_run import Preview
    from ingest.loading.retry import Retried
    from ingest.loading.summary import IngestSummary
    from ingest.resolution.matching.job import MatchSummary
    from ingest.resolution.matching.rules import MatchRules
    from ingest.sources.source import Source
    from ingest.versions.compare import SourceDiff
    from ingest.versions.fuse import Fused
    from ingest.versions.history import Version
    from ingest.versions.of_entity import EntityLoad
    from ingest.versions.undone import Undone
    from kg_platform.provenance.fusion import FusionRules


class IngestSession(Session):
    """A platform that can be loaded into."""

    def ingest(
        self,
        source: str | Path | Source,
        *,
        strict: bool = False,
        create_missing: bool = False,
        fetch_media: bool = False,
        sync: bool = False,
        force: bool = False,
        name: str | None = None,
        language: str = LANGUAGE,
        bulk: bool = False,
        on_progress: Progress | None = None,
    ) -> IngestSummary:
        """Load a folder, a file, a mapping.yaml or a `Source`; `name` is kept as its `source`, and
        `language` is the one of labels of RDF where there are several. With `fetch_media`,
        media that are web addresses are fetched. With `sync`, what it does not state any more is
        retired; `force`, also where that is much. With `bulk`, a database that is empty and local
        is made by the server's offline import. Running it twice changes nothing.

        Raises:
            BadInput: nothing there can be ingested, or not in bulk. RejectedRows: `strict`, and a
                row is rejected.
            Interrupted: Ctrl-C; the same call goes on.
        """
        from ingest.mapping.choose import open_any

        opened = source
        if isinstance(opened, str | Path):
            opened = open_any(Path(opened), name, language)
        if bulk:
            from ingest.loading.bulk import bulk_load

            return bulk_load(
                self.platform,
                opened,
                strict=strict,
                create_missing=create_missing,
                fetch_media=fetch_media,
                on_progress=on_progress,
            )
        from ingest.loading.load import load

        return load(
            self.platform,
            opened,
            strict=strict,
            create_missing=create_missing,
            fetch_media=fetch_media,
            sync=sync,
            force=force,
            on_progress=on_progress,
        )

    def history(self, source: str | None = None, limit: int = 20) -> list[Version]:
        """The latest ingests and undos, newest first; with `source`, those of it."""
        from ingest.versions.history import history

        return history(self.ledger, source, limit)

    def loads_of(self, entity: str, latest: int = 20) -> list[EntityLoad]:
        """What the last loads changed of an entity (id or label; of one that went, its id) and its
        relations, newest first.

        Raises:
            NotFound: no such entity, and none of these loads had one.
        """
        from ingest.versions.of_entity import loads_of

        number("latest", latest)
        try:
            standing = self.resolve(entity).id
        except NotFound:
            if found := loads_of(self.platform, entity, latest):
                return found
            raise
        return loads_of(self.platform, standing, latest)

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

    def retry_media(
        self, source: str | None = None, *, on_progress: Progress | None = None
    ) -> Retried:
        """Try media again that could not be had, addresses included; of one source, or of all.

        Raises:
            BadInput: the graph was adopted. Interrupted: Ctrl-C; what was had is kept.
        """
        from ingest.loading.retry import retry

        return retry(self.platform, source, on_progress)

    def bulk_would_pay(self, source: Source) -> bool:
        """Whether `ingest` of this source with `bulk` is allowed and would save much time."""
        from ingest.loading.first_load import would_pay

        return would_pay(self.platform, source)

    def adopt(
        self, mapping: str | Path, *, dry_run: bool = False, on_progress: Progress | None = None
    ) -> Adopted:
        """Make entities of the nodes of a graph that exists, as an `adopt.yaml` says; with
        `dry_run` everything is checked and counted, and nothing is changed.

        Raises:
            BadInput: the mapping does not fit the graph, or another one was adopted.
        """
        from ingest.adoption.adopt import adopt
        from kg_platform.adoption.mapping import read_document

        document = read_document(Path(mapping))
        with self._without_ours() as platform:
            return adopt(platform, document, dry_run=dry_run, on_progress=on_progress)

    def propose_adoption(self) -> str:
        """The text of an `adopt.yaml` for the graph, to be read and changed; nothing is changed."""
        from ingest.adoption.infer import proposal

        with self._without_ours() as platform:
            return proposal(platform.graph)

    def sync_adopted(self) -> Adopted:
        """Take in what the graph's owner wrote since it was adopted.

        Raises:
            BadInput: it was not adopted.
        """
        from ingest.adoption.adopt import sync

        return sync(self.platform)

    def undo_adoption(self, *, on_progress: Progress | None = None) -> int:
        """Take everything of ours off an adopted graph; how many nodes were entities.

        Raises:
            BadInput: it was not adopted, entities are merged, or somebody works on it.
        """
        from kg_platform.adoption.undo import undo

        with self._without_ours() as platform:
            return undo(platform.graph, on_progress or silent)

    @contextmanager
    def _without_ours(self) -> Iterator[Platform]:
        """The platform with the graph as its owner has it: nothing of ours is put there by opening
        it. Afterwards this session opens it anew, as what it is then."""
        with Platform.open(self.settings, migrate=False) as platform:
            try:
                yield platform
            finally:
                self.platform.leave_graph()

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

    def match(
        self,
        rules: str | Path | MatchRules | None = None,
        *,
        type: str | None = None,
        dry_run: bool = False,
        since: str | None = None,
        new: bool = False,
        train: bool = False,
        on_progress: Progress | None = None,
    ) -> MatchSummary:
        """Merge entities that are one and ask about those that may be, by the rules of a
        match.yaml, or by proposed ones. `new` are those that changed since the last matching, and
        `train` learns a model where there is one for these rules.

        Raises:
            BadInput: the rules do not fit. NotFound: a type, a run or its model is not there.
            Interrupted: Ctrl-C; the same call goes on.
        """
        from ingest.resolution.matching.document import read_rules
        from ingest.resolution.matching.job import match

        given = read_rules(Path(rules)) if isinstance(rules, str | Path) else rules
        return match(
            self.platform,
            given,
            only=type,
            dry_run=dry_run,
            since=since,
            new=new,
            train=train,
            on_progress=on_progress,
        )

    def infer_match_rules(self, type: str | None = None) -> str:
        """A match.yaml to begin with, from what the graph has.

        Raises:
            NotFound: there is no such type. BadInput: there is nothing to compare by.
        """
        from ingest.resolution.matching.infer import inferred, written

        return written(inferred(self.graph, type))

    def extract(
        self,
        path: str | Path | None = None,
        *,
        property: str | None = None,
        model: str = "patterns",
        patterns: str | Path | None = None,
        new: bool = True,
        dry_run: bool = False,
        on_progress: Progress | None = None,
    ) -> ExtractSummary:
        """Read a document, a folder of them, or a property of every entity, and propose the facts
        that they state as review items. `patterns` is a patterns.yaml; with `new`, entities that
        nobody has are proposed with their facts.

        Raises:
            NotFound: nothing is at the path, or the graph is empty. BadInput: it cannot be read.
            Interrupted: Ctrl-C; the same call goes on.
        """
        from ingest.extraction.extract import ExtractWish, extract
        from ingest.extraction.patterns.pattern_file import read_patterns

        given = None if patterns is None else read_patterns(Path(patterns))
        where = None if path is None else Path(path)
        wish = ExtractWish(where, property, model, given, new)
        return extract(self.platform, wish, dry_run=dry_run, on_progress=on_progress)

    def infer_patterns(self) -> str:
        """A patterns.yaml to begin with, from the relations that the graph has.

        Raises:
            NotFound: it has none. BadInput: nothing is known of how any is said.
        """
        from ingest.extraction.graph_names import relation_types
        from ingest.extraction.patterns.pattern_file import written
        from ingest.extraction.patterns.templates import default_patterns

        relations = relation_types(self.graph).ends
        if not relations:
            raise NotFound(
                "There is no relation yet to be found in a text; `kg ingest PATH` loads some."
            )
        found = default_patterns(relations)
        if not found:
            raise BadInput(
                "No relation has a name of words that could be said; write a patterns.yaml by hand."
            )
        return written(found)

    def pair(self, one: str, other: str | None) -> tuple[str, str]:
        """The ids of two entities, by ids or labels; or those of a review item of duplicates, by
        its number alone. An id that was merged away stays as it is.

        Raises:
            NotFound: one is not there. BadInput: the item is none of duplicates.
        """
        if other is None:
            if not one.isdigit():
                raise BadInput("Name two entities, or a review item by its number.")
            row = self.ledger.reviews.item(int(one))
            if row.kind != "duplicate":
                raise BadInput(f"Review item {row.id} is a fact; only duplicates are a pair.")
            return row.head, row.tail
        return self._standing(one), self._standing(other)

    def _standing(self, name: str) -> str:
        from kg_platform.curation.merge import merged_ids

        try:
            return self.resolve(name).id
        except NotFound:
            if name in merged_ids(self.graph):
                return name
            raise
