"""Files of RDF as one source: what all of them say of a thing is one entity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.sources.rdf.assembly import Assembly
from ingest.sources.rdf.blank import BlankIds
from ingest.sources.rdf.intake import Intake
from ingest.sources.rdf.meaning import Meanings
from ingest.sources.rdf.parsing import read_facts
from ingest.sources.rdf.syntax import syntax_of
from ingest.sources.source import Record
from ingest.sources.staging import Staging
from kg_platform.errors import BadInput
from kg_platform.files.lines import check_text, count_lines
from kg_platform.files.names import stem_of, suffix_of
from kg_platform.records import Rejection, Relation

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")


@dataclass(frozen=True)
class RdfFiles:
    """RDF files, entities before relations. `prefix` begins the ids of blank nodes, `language` is
    the one of labels and descriptions where there are several; `notes` grows while it is read."""

    prefix: str
    files: Sequence[Path]
    language: str
    notes: list[str]

    def count(self) -> int:
        """About how many facts there are."""
        return sum(count_lines(path) for path in self.files)

    def records(self) -> Iterator[Record]:
        """Every record.

        Raises:
            BadInput: a file cannot be read. Unavailable: there is no room for temporary files.
        """
        meanings = Meanings(self.language)
        places = [path.name for path in self.files]
        graphs = any(syntax_of(path).names_graphs for path in self.files)
        with Staging() as staging, Intake(meanings, staging, graphs) as intake:
            for number, path in enumerate(self.files):
                yield from self._read(path, number, intake)
            yield from intake.finish(places)
            self._note(*meanings.settle())
            self._note(*intake.told())
            assembly = Assembly(meanings, places)
            for key, pieces in staging.groups():
                yield assembly.entity(key.decode(), pieces)
            self._note(*assembly.told())
            names = [meanings.relation(number) for number in range(len(meanings.links))]
            for file, head, predicate, tail, properties in intake.relations.links():
                yield Relation(head, names[predicate], tail, properties, places[file])

    def _read(self, path: Path, number: int, intake: Intake) -> Iterator[Rejection]:
        syntax = syntax_of(path)
        # The same label in two files is two nodes.
        file = "" if len(self.files) == 1 else f"/{stem_of(path)}{suffix_of(path)}"
        found = False
        with BlankIds(self.prefix + file, syntax.by_line) as blank:
            for block in read_facts(path, syntax, blank.of):
                found = True
                if isinstance(block, Rejection):
                    yield block
                else:
                    yield from intake.take(block, number, path.name)
        if not found:
            self._note(f"{path.name} holds no facts.")

    def _note(self, *notes: str) -> None:
        """Say it once: records may be asked for more than once."""
        self.notes.extend(note for note in notes if note not in self.notes)


def open_rdf(files: Sequence[Path], prefix: str, language: str, notes: list[str]) -> RdfFiles:
    """The files as one source, whose notes are added to these.

    Raises:
        BadInput: one cannot be opened, or is UTF-16; the language is none.
    """
    if not _LANGUAGE.fullmatch(language):
        raise BadInput(
            f"The language {language!r} is no language tag; write it as RDF does, such as en or "
            "pt-BR."
        )
    for path in files:
        check_text(path)
    return RdfFiles(prefix, files, language, notes)
