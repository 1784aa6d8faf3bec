"""Facts in the order of the files, put down by subject; relations beside them."""

from __future__ import annotations

import marshal
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from ingest.sources.rdf.blank import BLANK
from ingest.sources.rdf.lists import BrokenList, ListCells
from ingest.sources.rdf.literals import STRING, NotSaid
from ingest.sources.rdf.meaning import CLASS, Meanings, Slot
from ingest.sources.rdf.naming import listed, local_name
from ingest.sources.rdf.parsing import FactBlock
from ingest.sources.rdf.relations import RelationStage
from ingest.sources.rdf.spool import Spool
from ingest.sources.rdf.vocabulary import FIRST, LIST, NIL, TYPE
from ingest.sources.staging import Staging
from kg_platform.records import FieldRejection, Rejection, Temporal

IS_LIST = -2  # in place of a slot's number: the slot's values are a list, however few
_SHOWN = 200


class Intake:
    """What all files of a source say, taken down.

    Entities are what has a type, a name or a literal, and all blank nodes; an IRI that only stands
    in relations may be described elsewhere. Of an entity a list [file, slot, value, slot, ...] is
    staged for each run of facts about it.
    """

    def __init__(self, meanings: Meanings, staging: Staging, names_graphs: bool) -> None:
        self.relations = RelationStage(names_graphs)
        self.notes: Counter[tuple[str, str]] = Counter()  # (predicate, what) of values kept as text
        self._meanings = meanings
        self._staging = staging
        self._doubtful = Spool()  # relations to blank nodes, which may be lists
        self._cells = ListCells()

    def __enter__(self) -> Intake:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for kept in (self.relations, self._doubtful, self._cells):
            kept.close()

    def take(self, block: FactBlock, file: int, place: str) -> Iterator[Rejection]:
        """Take down the facts of a block of a file."""
        meanings, stage, dumps = self._meanings, self._staging.add, marshal.dumps
        slots, links = meanings.known_slots, meanings.known_links
        relations: list[Any] = []
        doubtful: list[Any] = [file]
        current, is_blank, is_entity = "", False, False
        said: list[Any] = [file]
        for at, (subject, predicate, value, kind, graph) in enumerate(block.facts):
            if subject != current:
                if len(said) > 1 or is_entity:
                    stage(current.encode(), dumps(said, 2))
                current, said, is_entity = subject, [file], False
                is_blank = subject.startswith(BLANK)
            if kind is not None:
                slot = slots.get((predicate, kind)) or meanings.slot(predicate, kind)
                if slot.is_plain:
                    said += (slot.index, value)
                elif is_blank and predicate == FIRST:
                    self._cells.item(subject, kind, value)
                elif refused := self._read(slot, value, said):
                    is_entity = True  # facts about it would be lost with it
                    yield FieldRejection(place, block.line(at), *refused)
                continue
            link = links.get(predicate)
            if link is None:
                link = meanings.link(predicate)
            if link < 0:
                if self._special(subject, predicate, value, is_blank, said):
                    continue
                link = meanings.plain_link(predicate)
            if is_blank:
                is_entity = True
            if value.startswith(BLANK) or value == NIL:
                doubtful += (subject, link, value, graph)
            else:
                relations += (subject, link, value, graph)
        if len(said) > 1 or is_entity:
            stage(current.encode(), dumps(said, 2))
        self.relations.add(file, relations)
        if len(doubtful) > 1:
            self._doubtful.add(doubtful)

    def finish(self, places: Sequence[str]) -> Iterator[Rejection]:
        """All files were read: put lists together, and settle what blank nodes are."""
        self._cells.finish()
        for file, *row in self._doubtful.lists():
            relations: list[Any] = []
            each = iter(row)
            for head, link, tail, graph in zip(each, each, each, each, strict=True):
                if self._cells.is_head(tail):
                    yield from self._list(head, link, tail, graph, file, places[file])
                else:
                    relations += (head, link, tail, graph)
                    if tail.startswith(BLANK):
                        self._staging.add(tail.encode(), marshal.dumps([file], 2))
            self.relations.add(file, relations)

    def told(self) -> Iterator[str]:
        """A sentence for each thing that a person should know of how values are kept."""
        by_note: dict[str, Counter[str]] = defaultdict(Counter)
        for (predicate, note), count in self.notes.items():
            by_note[note][local_name(predicate)] += count
        for note, counts in sorted(by_note.items()):
            count = counts.total()
            values = "A value" if count == 1 else f"{count:,} values"
            yield f"{values} of {listed(counts)}: {note}."
        if count := self._cells.unnamed():
            lists = "A list is" if count == 1 else f"{count:,} lists are"
            yield f"{lists} named by no fact and left out."

    def _special(
        self, subject: str, predicate: str, value: str, is_blank: bool, said: list[Any]
    ) -> bool:
        """Take down a type or a cell of a list; False: here it is a relation like others."""
        if predicate == TYPE:
            if is_blank and value == LIST:
                return True
            if value.startswith(BLANK):
                return False
            self._meanings.is_a(value)
            said += (CLASS, value)
            return True
        if not is_blank:
            return False
        if predicate == FIRST:
            self._cells.item(subject, None, value)
        else:
            self._cells.rest(subject, value)
        return True

    def _read(self, slot: Slot, text: str, said: list[Any]) -> tuple[str, str, str] | None:
        """Take down a typed literal; field, reason and value where it is refused."""
        if slot.read is None:
            said += (slot.index, text)
            return None
        try:
            value, note = slot.read(text)
        except NotSaid:
            reason = f"the text is no xsd:{slot.datatype}"
            return local_name(slot.predicate), reason, text[:_SHOWN]
        if note:
            self.notes[slot.predicate, note] += 1
        # What `marshal` cannot write is read once more when it is needed.
        said += (slot.index, text if isinstance(value, Temporal) else value)
        return None

    def _list(
        self, head: str, link: int, tail: str, graph: str, file: int, place: str
    ) -> Iterator[Rejection]:
        """The items of a list that a fact names: literals are a list, others relations, each with
        its position from 1."""
        predicate = self._meanings.links[link]
        field = local_name(predicate)
        try:
            items = self._cells.walk(tail)
        except BrokenList as error:
            yield Rejection(place, None, field, str(error), head[:_SHOWN])
            return
        said: list[Any] = [file]
        if not items:
            said += (IS_LIST, self._meanings.slot(predicate, STRING).index)
        placed: set[str] = set()
        for position, (kind, value) in enumerate(items, 1):
            if kind is not None:
                slot = self._meanings.slot(predicate, kind)
                said += (IS_LIST, slot.index)
                if refused := self._read(slot, value, said):
                    yield FieldRejection(place, None, *refused)
            elif self._cells.is_head(value):
                yield Rejection(
                    place, None, field, "a list within a list is not read", head[:_SHOWN]
                )
            elif value not in placed:
                placed.add(value)
                self.relations.add_member(file, head, link, value, graph, position)
                if value.startswith(BLANK):
                    self._staging.add(value.encode(), marshal.dumps([file], 2))
        if len(said) > 1:
            self._staging.add(head.encode(), marshal.dumps(said, 2))
