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
from xml.parsers.expat import ExpatError

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, parse

from ingest.sources.rdf.blocks import StatementLines, count_ends, line_blocks
from ingest.sources.rdf.naming import local_name
from ingest.sources.rdf.plain_lines import Fact, PlainLines, plain_facts
from ingest.sources.rdf.syntax import Syntax
from ingest.sources.rdf.watched import WatchedFile, WatchedInput, WatchedXml
from kg_platform.files.lines import MAX_LINE_BYTES, NOT_UTF8, TOO_LONG, opened_utf8
from kg_platform.records import Rejection

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
_PLACE = re.compile(
    r"^Parser error (?:at|between) line \d+ [^:]*: |(?: \(line \d+\)|: line \d+, column \d+)$"
)

STAR = "a statement about a statement (RDF-star) is not read; give the fact a node of its own"
NUL = "the text holds a NUL character"
RELATIVE = "an IRI is relative and there is no base; write it whole, or declare the base"
REMOTE = "a context at another address is not fetched; put what it says into the file"
HUGE = "a text is longer than 16 MiB; what comes after it is not read"
_MISSING = "the statement, and perhaps what stands beside it, is left out"
_WRONG = (SyntaxError, ValueError, RecursionError, ExpatError)  # with what the file says
# Errors that lie between whole names.
_BETWEEN = re.compile(f"^{re.escape(RELATIVE)}|^The prefix .* has not been declared")
_STOPS = "what comes after it is not read; mend the file and run the same command again"

# JSON-LD drops what has a relative IRI without a word, unless it has a base.
_NOWHERE = "relative.invalid"


class FactBlock(NamedTuple):
    """Facts in order, and where each stands: asked for only when something is wrong with one."""

    facts: Sequence[Fact]
    line: Callable[[int], int | None]


def read_facts(
    path: Path, syntax: Syntax, blank: Callable[[str], str]
) -> Iterator[FactBlock | Rejection]:
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
) -> Iterator[FactBlock | Rejection]:
    first = 1
    for block in line_blocks(file):
        if block is None:
            yield Rejection(place, first, "line", TOO_LONG)
            first += 1
            continue
        plain = plain_facts(block)
        try:
            if plain and (found := _mixed(plain, first, syntax, blank)):
                yield found
                first += len(plain.facts)
                continue
            quads = list(parse(input=block, format=_FORMATS[syntax]))
            yield from _facts(quads, StatementLines(block, first), place, blank)
        except (SyntaxError, ValueError, MemoryError):
            yield from _one_by_one(block, first, place, syntax, blank)
        first += count_ends(block)


def _mixed(
    plain: PlainLines, first: int, syntax: Syntax, blank: Callable[[str], str]
) -> FactBlock | None:
    """Plain lines and what the parser makes of the others, in order; None where a line is not one
    fact that is read."""
    facts = plain.facts
    if plain.others:
        stated = [at for at, line in plain.others if line.strip()[:1] not in ("", "#")]
        text = "".join(line for _, line in plain.others)
        quads = list(parse(input=text.encode(), format=_FORMATS[syntax]))
        parsed = list(_facts(quads, lambda _: None, "", blank))
        rows = [fact for found in parsed if isinstance(found, FactBlock) for fact in found.facts]
        if len(rows) != len(stated):
            return None
        for at, fact in zip(stated, rows, strict=True):
            facts[at] = fact
    lines = [at for at, fact in enumerate(facts, first) if fact is not None]
    return FactBlock([fact for fact in facts if fact is not None], lines.__getitem__)


def _one_by_one(
    block: bytes, first: int, place: str, syntax: Syntax, blank: Callable[[str], str]
) -> Iterator[FactBlock | Rejection]:
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
) -> Iterator[FactBlock | Rejection]:
    is_xml = syntax is Syntax.RDF_XML
    watched: WatchedInput = WatchedXml(file, path) if is_xml else WatchedFile(file)
    base = f"http://{_NOWHERE}/" if syntax is Syntax.JSON_LD else None
    parser = parse(input=cast(IO[bytes], watched), format=_FORMATS[syntax], base_iri=base)
    last: list[Quad] = []
    more = True
    while more:
        quads, last, more = last, [], False
        refused: Rejection | None = None
        try:
            for quad in parser:
                quads.append(quad)
                if len(quads) > _AT_ONCE:
                    more = True
                    last.append(quads.pop())
                    break
        except MemoryError:
            refused = Rejection(path.name, None, "file", HUGE)
        except Exception as error:
            cause = watched.failed or error
            if not isinstance(cause, _WRONG):
                raise cause from None
            more = syntax in (Syntax.TURTLE, Syntax.TRIG)
            reason = _why(cause)
            if not is_xml and not _BETWEEN.search(reason):
                # The last name or number before it may have lost its end.
                del quads[-1:]
            if reason not in (RELATIVE, REMOTE):
                reason = f"this is not {syntax.value}: {reason}"
            reason = f"{reason}; {_MISSING if more else _STOPS}"
            line = getattr(cause, "lineno", None)
            refused = Rejection(path.name, line, "statement", reason)
        for found in _facts(quads, lambda _: None, path.name, blank):
            if base and isinstance(found, FactBlock):
                yield from _without_relative(found, base, path.name)
            else:
                yield found
        if refused:
            yield refused


def _facts(
    quads: Sequence[Quad],
    line: Callable[[int], int | None],
    place: str,
    blank: Callable[[str], str],
) -> Iterator[FactBlock | Rejection]:
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
            value, language = thing.value, thing.language
            if "\x00" in value:  # here, so that other values of the property stay
                left_out.append(at)
                shown = value[:_SHOWN].replace("\x00", "\\0")
                yield Rejection(place, line(at), local_name(predicate.value), NUL, shown)
                continue
            said = f"@{language}" if language else thing.datatype.value
            add((head, predicate.value, value, said, where))
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
        yield FactBlock(facts, lambda at: line(kept[at]))
    elif facts:
        yield FactBlock(facts, line)


def _without_relative(block: FactBlock, base: str, place: str) -> Iterator[FactBlock | Rejection]:
    kept = []
    for fact in block.facts:
        subject, predicate, thing, kind, graph = fact
        named = (subject, predicate, graph, *((thing,) if kind is None else ()))
        bad = next((iri for iri in named if iri.startswith(base)), None)
        if bad is None:
            kept.append(fact)
        else:
            yield Rejection(place, None, "statement", RELATIVE, bad.removeprefix(base)[:_SHOWN])
    if kept:
        yield FactBlock(kept, block.line)


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
