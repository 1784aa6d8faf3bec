"""RDF files as facts of plain texts, and what cannot be read as Rejections. The only importer of
pyoxigraph.

What comes after an error depends on the notation: the next line (N-Triples, N-Quads), the next
statement that can be made out (Turtle, TriG), or nothing (RDF/XML, JSON-LD).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, parse

from ingest.sources.lines import MAX_LINE_BYTES, NOT_UTF8, TOO_LONG, opened_utf8
from ingest.sources.rdf.blocks import StatementLines, count_ends, line_blocks
from ingest.sources.rdf.syntax import Syntax
from ingest.sources.rdf.watched import WatchedFile
from kg_platform.records import Rejection

# subject, predicate, object, what the object is, named graph or "". The object is an id where its
# kind is None; otherwise it is a literal of a language ("@en"), or of a datatype (its IRI).
Fact = tuple[str, str, str, str | None, str]

_AT_ONCE = 1_000  # facts of a document that are handed on together
_SHOWN = 200
_FORMATS = {
    Syntax.N_TRIPLES: RdfFormat.N_TRIPLES,
    Syntax.N_QUADS: RdfFormat.N_QUADS,
    Syntax.TURTLE: RdfFormat.TURTLE,
    Syntax.TRIG: RdfFormat.TRIG,
    Syntax.RDF_XML: RdfFormat.RDF_XML,
    Syntax.JSON_LD: RdfFormat.JSON_LD,
}
_PLACE = re.compile(r"^Parser error at line \d+ (?:between )?[^:]*: |(?: \(line \d+\))$")

STAR = "a statement about a statement (RDF-star) is not read; give the fact a node of its own"
RELATIVE = "an IRI is relative and there is no base; write it whole, or declare the base"
REMOTE = "a context at another address is not fetched; put what it says into the file"
HUGE = "a text is longer than 16 MiB; what comes after it is not read"
_MISSING = "the statement, and perhaps the next one, is left out"
_STOPS = "what comes after it is not read; mend the file and run the same command again"

# JSON-LD drops what has a relative IRI without a word, unless it has a base.
_NOWHERE = "relative.invalid"


class Block(NamedTuple):
    """Facts in order, and where each stands: asked for only when something is wrong with one."""

    facts: Sequence[Fact]
    line: Callable[[int], int | None]


def read_facts(
    path: Path, syntax: Syntax, blank: Callable[[str], str]
) -> Iterator[Block | Rejection]:
    """Every fact of the file, in order. `blank` gives a blank node its id by its label.

    Raises:
        BadInput: the file cannot be opened_utf8 or read, is UTF-16, or is packed and damaged.
    """
    with opened_utf8(path) as file:
        if syntax.by_line:
            yield from _read_lines(file, path.name, syntax, blank)
        else:
            yield from _read_document(file, path, syntax, blank)


def _read_lines(
    file: BinaryIO, place: str, syntax: Syntax, blank: Callable[[str], str]
) -> Iterator[Block | Rejection]:
    first = 1
    for block in line_blocks(file):
        if block is None:
            yield Rejection(place, first, "line", TOO_LONG)
            first += 1
            continue
        try:
            quads = list(parse(input=block, format=_FORMATS[syntax]))
        except (SyntaxError, ValueError, MemoryError):
            yield from _one_by_one(block, first, place, syntax, blank)
        else:
            yield from _facts(quads, StatementLines(block, first), place, blank)
        first += count_ends(block)


def _one_by_one(
    block: bytes, first: int, place: str, syntax: Syntax, blank: Callable[[str], str]
) -> Iterator[Block | Rejection]:
    """The good lines of a block, and why the others are not."""
    quads: list[Quad] = []
    lines: list[int] = []
    for number, line in enumerate(block.splitlines(), first):
        if reason := _line_problem(line):
            yield Rejection(place, number, "line", reason, _start(line))
            continue
        try:
            found = list(parse(input=line, format=_FORMATS[syntax]))
        except (SyntaxError, ValueError) as error:
            reason = f"the line is not {syntax.value}: {_why(error)}"
            yield Rejection(place, number, "line", reason, _start(line))
        except MemoryError:
            yield Rejection(place, number, "line", TOO_LONG)
        else:
            quads += found
            lines += [number] * len(found)
    yield from _facts(quads, lines.__getitem__, place, blank)


def _line_problem(line: bytes) -> str | None:
    if len(line) > MAX_LINE_BYTES:
        return TOO_LONG
    try:
        line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    return None


def _read_document(
    file: BinaryIO, path: Path, syntax: Syntax, blank: Callable[[str], str]
) -> Iterator[Block | Rejection]:
    watched = WatchedFile(file, path, syntax is Syntax.RDF_XML)
    base = f"http://{_NOWHERE}/" if syntax is Syntax.JSON_LD else None
    parser = parse(input=cast(IO[bytes], watched), format=_FORMATS[syntax], base_iri=base)
    goes_on = syntax in (Syntax.TURTLE, Syntax.TRIG)
    more = True
    while more:
        quads: list[Quad] = []
        refused: Rejection | None = None
        try:
            more = False
            for quad in parser:
                quads.append(quad)
                if len(quads) == _AT_ONCE:
                    more = True
                    break
        except MemoryError:
            refused = Rejection(path.name, None, "file", HUGE)
        except (SyntaxError, ValueError, OSError, RecursionError) as error:
            if watched.failed:
                raise watched.failed from error
            line = getattr(error, "lineno", None)
            left = _MISSING if goes_on else _STOPS
            refused = Rejection(path.name, line, "statement", f"{_why(error)}; {left}")
            more = goes_on
        yield from _facts(quads, lambda _: None, path.name, blank)
        if refused:
            yield refused


def _facts(
    quads: Sequence[Quad],
    line: Callable[[int], int | None],
    place: str,
    blank: Callable[[str], str],
) -> Iterator[Block | Rejection]:
    facts: list[Fact] = []
    add = facts.append
    left_out = []
    for at, quad in enumerate(quads):
        subject, predicate, thing, graph = quad
        head = subject.value if type(subject) is NamedNode else blank(subject.value)
        kind = type(thing)
        if type(graph) is DefaultGraph:
            where = ""
        else:
            where = graph.value if type(graph) is NamedNode else blank(graph.value)
        if kind is Literal:
            language = thing.language
            said = f"@{language}" if language else thing.datatype.value
            add((head, predicate.value, thing.value, said, where))
        elif kind is NamedNode:
            add((head, predicate.value, thing.value, None, where))
        elif kind is BlankNode:
            add((head, predicate.value, blank(thing.value), None, where))
        else:
            left_out.append(at)
            yield Rejection(place, line(at), "statement", STAR, str(quad)[:_SHOWN])
    if left_out:
        gone = set(left_out)
        kept = [at for at in range(len(quads)) if at not in gone]
        yield Block(facts, lambda at: line(kept[at]))
    elif facts:
        yield Block(facts, line)


def _why(error: Exception) -> str:
    """What the parser says, without the place, which stands beside it."""
    text = str(error)
    if "No scheme found" in text:
        return RELATIVE
    if "LoadDocumentCallback" in text:
        return REMOTE
    return _PLACE.sub("", text)


def _start(line: bytes) -> str:
    return line[:_SHOWN].decode("utf-8", "replace")
