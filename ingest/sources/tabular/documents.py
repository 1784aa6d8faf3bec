"""A JSON document whose rows stand in one list: the document itself, or a list inside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import TextIO

from ingest.sources.table import Fields, TableOptions
from ingest.sources.tabular.columns import of_first_rows
from ingest.sources.tabular.file import TableFile
from ingest.sources.tabular.objects import checked, decoder, reason_of
from ingest.sources.tabular.scanner import Piece, Scanner
from kg_platform.errors import BadInput
from kg_platform.files.charset import charset_of
from kg_platform.files.lines import is_whole, opened_text, shown
from kg_platform.files.packed import is_packed
from kg_platform.records import Rejection

_TOO_LONG = "the row is longer than 16 MiB"
_UNCLOSED = (
    "a bracket or quote in it is not closed, so that what follows is taken for a part of it, up to "
    "the end of the list"
)
_CUT_OFF = "the document ends before its list of rows does; it is cut off"
_MORE = "after the list of rows stands more text"
_ENDED = re.compile(r"[ \t\r\n]*[,\]]")
_NAMED, _LOOKED = 8, 2**20
_COUNTED = 1000


class DocumentTable:
    """Where a row stands is its number. `options.rows` is a path of keys with dots between them."""

    def __init__(self, file: TableFile, options: TableOptions) -> None:
        self._file = file
        self._path = options.rows.split(".") if options.rows else []
        self.name, self.folder = file.name, file.folder
        self.notes: list[str] = []
        self._encoding = charset_of(file.path, options.encoding, self.notes, self.name)
        self._decoder = decoder()
        with self._opened() as text:
            self._enter(Scanner(text))

    def columns(self) -> Sequence[str]:
        return of_first_rows(self.rows())

    def count(self) -> int:
        with self._opened() as text:
            scanner = Scanner(text)
            self._enter(scanner)
            begun, found = scanner.passed, sum(1 for _ in islice(self._rows(scanner), _COUNTED))
            taken = scanner.passed - begun
        if found < _COUNTED:
            return found
        if is_packed(self._file.path):
            return 0
        return max(found, round(self._file.path.stat().st_size / taken * found))

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        with self._opened() as text:
            scanner = Scanner(text)
            self._enter(scanner)
            yield from self._rows(scanner)

    def _opened(self) -> AbstractContextManager[TextIO]:
        return opened_text(self._file.path, self._encoding, self.name)

    def _rows(self, scanner: Scanner) -> Iterator[tuple[int, Fields | Rejection]]:
        number = 1
        while scanner.look() not in ("", "]"):
            yield number, self._row(scanner, number)
            number += 1
            if not scanner.take(","):
                break
        if not scanner.take("]"):
            yield number, Rejection(self.name, number, "line", _CUT_OFF)
        elif not self._path and scanner.look():
            rest = shown(scanner.text[scanner.at :])
            yield number, Rejection(self.name, number, "line", _MORE, rest)

    def _row(self, scanner: Scanner, number: int) -> Fields | Rejection:
        scanner.ahead()
        try:
            row, end = self._decoder.raw_decode(scanner.text, scanner.at)
            if _ENDED.match(scanner.text, end) and is_whole(text := scanner.text[scanner.at : end]):
                checked(row, text)
                scanner.at = end
                return row  # type: ignore[no-any-return]
        except (ValueError, RecursionError):
            pass  # no good row, or only a part of it is there yet
        piece = scanner.value()
        row_or_reason = self._read(piece)
        if isinstance(row_or_reason, str):
            return Rejection(self.name, number, "line", row_or_reason, shown(piece.text))
        return row_or_reason

    def _read(self, piece: Piece) -> Fields | str:
        if piece.unclosed:
            return _UNCLOSED
        if piece.too_long:
            return _TOO_LONG
        if not is_whole(piece.text):
            return f"the row is not valid {self._encoding}"
        try:
            return checked(self._decoder.decode(piece.text), piece.text)
        except (ValueError, RecursionError) as error:
            return reason_of(error)

    def _enter(self, scanner: Scanner) -> None:
        """Go to the first row of the list."""
        for key in self._path:
            if not scanner.take("{") or not self._find(scanner, key):
                way = ".".join(self._path)
                raise BadInput(f"{self.name} has no list at {way!r}: there is no key {key!r}.")
        if scanner.take("["):
            return
        if self._path:
            raise BadInput(f"What stands at {'.'.join(self._path)!r} in {self.name} is no list.")
        if not scanner.take("{"):
            raise BadInput(f"{self.name} is no JSON list of rows.")
        raise BadInput(
            f"{self.name} is no list but an object{self._lists(scanner)}; give `rows`, the key "
            "that holds the list, or the format jsonl if each line is an object."
        )

    def _find(self, scanner: Scanner, wanted: str) -> bool:
        try:
            return any(key == wanted for key in scanner.keys(self._decoder))
        except ValueError:  # a key that is not JSON
            return False

    def _lists(self, scanner: Scanner) -> str:
        named = []
        try:
            for key in scanner.keys(self._decoder):
                if scanner.look() == "[":
                    named.append(repr(key))
                if scanner.passed > _LOOKED or len(named) == _NAMED:
                    break
        except ValueError:
            pass
        return f" (lists are at {', '.join(named)})" if named else ""
