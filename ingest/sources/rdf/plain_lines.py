"""Lines of N-Triples that are so plain that one pattern reads them, in half a parser's time.

The pattern takes less than N-Triples allows: no blank nodes, no code points in escapes, IRIs of the
web without percent signs or queries. What it takes means the same to the parser, to which other
lines go.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ingest.sources.rdf.literals import STRING

# subject, predicate, object, what the object is, named graph or "". The object is an id where its
# kind is None; otherwise it is a literal of a language ("@en"), or of a datatype (its IRI).
Fact = tuple[str, str, str, str | None, str]

_PART = r"[A-Za-z0-9_.,~!$&'()*+;=:@/\-\u00a0-\ud7ff]*"
_IRI = rf"<(https?://[A-Za-z0-9][A-Za-z0-9.\-]*/{_PART}(?:#{_PART})?)>"
_TEXT = r'"([^"\\\r\n\x00]*(?:\\["\\ntr][^"\\\r\n\x00]*)*)"'
# Datatypes that say that there is a language are not taken: here is none.
_KIND = rf"(?:(@[a-z]{{2,3}})|\^\^(?!<[^>]*angString>){_IRI})?"
_LINES = re.compile(rf"^(?:{_IRI} {_IRI} (?:{_IRI}|{_TEXT}{_KIND}) ?\.\r?\n|(.*\n))", re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_SHARE = 8  # of other lines: with more of them, the parser is as quick with all


class PlainLines(NamedTuple):
    """The fact of each line of a block; None for the others, which are beside it by place."""

    facts: list[Fact | None]
    others: list[tuple[int, str]]


def plain_facts(block: bytes) -> PlainLines | None:
    """The facts of a block of lines; None where the parser had better read it."""
    if block.count(b"\r") != block.count(b"\r\n") or not block.endswith(b"\n"):
        return None
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return None
    found = _LINES.findall(text)
    others = [(at, row[-1]) for at, row in enumerate(found) if row[-1]]
    if len(others) * _SHARE > len(found):
        return None
    facts: list[Fact | None] = [
        (subject, predicate, thing, None, "")
        if thing
        else (
            subject,
            predicate,
            _ESCAPE.sub(_unescaped, literal) if "\\" in literal else literal,
            language or datatype or STRING,
            "",
        )
        for subject, predicate, thing, literal, language, datatype, _ in found
    ]
    for at, _ in others:
        facts[at] = None
    return PlainLines(facts, others)


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])
