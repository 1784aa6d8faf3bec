"""`kg extract`: read documents, or a property of every entity, and propose what they state.

The order is: ledger row `running`, then document by document its facts become review items and the
cursor moves on, then ledger row `succeeded`. Proposing twice is proposing once, so a run that was
cut short is finished by the same command, which goes on behind the last document.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.extraction import graph_names
from ingest.extraction.items import ProposedFacts
from ingest.extraction.languages.language import language_of
from ingest.extraction.models import open_model
from ingest.extraction.patterns.pattern import Pattern
from ingest.extraction.sentences import sentences
from ingest.extraction.stated import ExtractionModel, FoundInSentence, StatedFact
from kg_platform.curation.overtaken import supersede
from kg_platform.documents.document import DocumentFile, documents
from kg_platform.documents.passages import Passage
from kg_platform.errors import BadInput, LedgerError
from kg_platform.ledger.rows import RunRow
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged
from kg_platform.records import Rejection

KIND = "extract"
CURSOR = "read"
_ENTITIES = 200  # of a property, after which the cursor moves on
_SHOWN = 1_000  # facts that a dry run keeps
_TOLD = 20  # documents that were left out


@dataclass(frozen=True)
class ExtractWish:
    """What is to be read: a document or a folder of them, or a property; and how. `patterns` are
    those of a file, None: those that the graph's relations give. With `new`, names that nobody has
    are proposed as entities."""

    path: Path | None = None
    property: str | None = None
    model: str = "patterns"
    patterns: Sequence[Pattern] | None = None
    new: bool = True

    def settings(self) -> dict[str, Any]:
        """What makes two runs the same."""
        mark = None
        if self.patterns is not None:
            lines = "\n".join(f"{p.text} -> {p.relation} {p.score}" for p in self.patterns)
            mark = hashlib.sha256(lines.encode()).hexdigest()[:16]
        return {
            "path": None if self.path is None else str(self.path.resolve()),
            "property": self.property,
            "model": self.model,
            "patterns": mark,
            "new": self.new,
        }


@dataclass
class ExtractSummary:
    """What was read and found. Of a dry run, `found` has the facts with their sentences."""

    run_id: str | None = None
    figures: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    found: list[tuple[StatedFact, FoundInSentence]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {"run": self.run_id, **self.figures, "notes": self.notes}


def extract(
    platform: Platform,
    wish: ExtractWish,
    *,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> ExtractSummary:
    """Read and propose; a dry run proposes nothing, and leaves no run.

    Raises:
        NotFound: nothing is at the path, or nothing has the property. BadInput: what is there
            cannot be read, or the graph is empty. Interrupted: Ctrl-C; the same command goes on.
    """
    return _Extraction(platform, wish, logged(on_progress)).run(dry_run)


class _Extraction:
    def __init__(self, platform: Platform, wish: ExtractWish, report: Progress) -> None:
        self._platform, self._wish, self._report = platform, wish, report
        self._graph, self._ledger = platform.graph, platform.ledger
        self._summary = ExtractSummary()
        self._begun = time.monotonic()
        self._figures = dict.fromkeys(("documents", "sentences", "entities", "facts", "unsure"), 0)
        self._unread: list[Rejection] = []
        self._files = self._documents()

    def run(self, dry_run: bool) -> ExtractSummary:
        model = open_model(self._platform, self._wish.model, self._wish.patterns, self._wish.new,
                           self._report, self._summary.notes)  # fmt: skip
        if dry_run:
            kept = self._summary.found
            for found in self._read(model, ""):
                if isinstance(found, FoundInSentence):
                    kept += [(fact, found) for fact in found.facts][: _SHOWN - len(kept)]
            self._close({"unread": len(self._unread)}, self._unread)
            if (facts := self._figures["facts"]) > len(kept):
                self._summary.notes.append(
                    f"Of {facts:,} facts the first {len(kept):,} are listed; without a dry run all "
                    "are proposed."
                )
            return self._summary
        run_id, behind = self._start()
        self._summary.run_id = run_id
        with self._ledger.closing(
            lambda: run_id,
            lambda: "Stopped; what was proposed stays. Run the same command again to go on.",
        ):
            proposed = ProposedFacts(self._graph, self._ledger.reviews, run_id, model.name)
            for found in self._read(model, behind):
                if isinstance(found, FoundInSentence):
                    proposed.add(found)
                else:
                    self._keep(run_id, proposed)
                    self._ledger.set_cursor(run_id, CURSOR, found)
            self._keep(run_id, proposed)
            superseded = supersede(self._graph, self._ledger.reviews, "stated")
            counts = proposed.counts
            self._close(
                {
                    "new": counts.new,
                    "updated": counts.updated,
                    "unchanged": counts.unchanged,
                    "decided": counts.decided,
                    "known": counts.known,
                    "superseded": superseded,
                    "unread": self._ledger.count_rejections(run_id),
                },
                self._ledger.rejections(run_id, _TOLD),  # before it was cut short, too
            )
            seconds = round(time.monotonic() - self._begun, 1)
            self._ledger.finish_run(
                run_id, "succeeded", {**self._summary.figures, "seconds": seconds}
            )
        return self._summary

    def _documents(self) -> list[DocumentFile]:
        if (self._wish.path is None) == (self._wish.property is None):
            raise BadInput("Name a document (or a folder of them), or a property; one of the two.")
        return [] if self._wish.path is None else documents(self._wish.path)

    def _start(self) -> tuple[str, str]:
        """The run, and what it has read already."""
        settings = self._wish.settings()
        before = self._ledger.latest(KIND)
        if before is not None and _cut_short(before) and before.settings == settings:
            try:
                self._ledger.resume_run(before.id)
            except LedgerError:  # it is at work; both propose the same
                return self._ledger.start_run(KIND, settings), ""
            behind = self._ledger.get_cursor(before.id, CURSOR) or ""
            if behind:
                self._summary.notes.append(
                    f"Run {before.id} was cut short; it went on behind {behind}."
                )
            return before.id, behind
        return self._ledger.start_run(KIND, settings), ""

    def _keep(self, run_id: str, proposed: ProposedFacts) -> None:
        """Keep what was found and left out so far: what is behind the cursor is not read again."""
        proposed.flush()
        self._ledger.reject(run_id, self._unread)
        self._unread.clear()

    def _read(self, model: ExtractionModel, behind: str) -> Iterator[FoundInSentence | str]:
        """What each sentence says, and, where something ends, how far it is read now."""
        if self._wish.property is not None:
            yield from self._read_property(model, self._wish.property, behind)
        else:
            yield from self._read_files(model, behind)

    def _read_files(self, model: ExtractionModel, behind: str) -> Iterator[FoundInSentence | str]:
        several = self._wish.path is not None and self._wish.path.is_dir()
        for number, file in enumerate(self._files):
            self._report("documents", number, len(self._files))
            if several and behind and file.name <= behind:
                continue
            try:
                with closing(file.passages()) as passages:
                    yield from self._sentences(model, passages)
                self._figures["documents"] += 1
            except BadInput as error:
                if not several:
                    raise
                self._unread.append(Rejection(file.name, None, "document", str(error), file.name))
            yield file.name
        self._report("documents", len(self._files), len(self._files))

    def _read_property(
        self, model: ExtractionModel, name: str, behind: str
    ) -> Iterator[FoundInSentence | str]:
        total = graph_names.count_texts(self._graph, name)
        if not total:
            raise BadInput(
                f"No entity has the property {name!r}; `kg show ENTITY` shows what one has."
            )
        for number, (entity, passages) in enumerate(
            graph_names.texts(self._graph, name, behind), 1
        ):
            yield from self._sentences(model, passages)
            self._figures["documents"] += 1
            if number % _ENTITIES == 0:
                yield entity
            self._report("entities", number, total)

    def _sentences(
        self, model: ExtractionModel, passages: Iterable[Passage]
    ) -> Iterator[FoundInSentence]:
        for passage in passages:
            topic: str | None = None
            language = language_of(passage.text[:2_000])
            for sentence in sentences(passage, language.abbreviations):
                found = model.read(sentence, topic)
                topic = found.topic or topic
                self._figures["sentences"] += 1
                self._figures["entities"] += len(found.entities)
                self._figures["facts"] += len(found.facts)
                self._figures["unsure"] += found.unsure
                yield found

    def _close(self, counts: dict[str, int], unread: Sequence[Rejection]) -> None:
        self._summary.figures = {**self._figures, **counts}
        self._summary.notes += [f"Left out: {one.reason}" for one in unread[:_TOLD]]
        if self._figures["sentences"] == 0 and not unread:
            self._summary.notes.append("There was no sentence in what was read.")


def _cut_short(run: RunRow) -> bool:
    return run.status != "succeeded"
