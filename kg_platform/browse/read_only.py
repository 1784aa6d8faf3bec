r"""The read-only console: run a person's Cypher so that it can only read this graph.

A READ session alone is not enough: it lets through `LOAD CSV` (files, the network behind the
server), `SHOW SETTINGS`, `TERMINATE` and procedures that kill connections or list the
configuration. So a statement runs only when all of these hold:

1. its words: no `LOAD CSV`, `USE`, `SHOW`, `TERMINATE`; every procedure and every function with a
   dotted name is on the lists below. The words are what is left without comments, strings and
   quoted names. Texts that could be split in two ways (``\uXXXX`` escapes, which Cypher decodes
   before it looks for quotes, and control characters) are refused.
2. its plan, which `EXPLAIN` gives without running it: query type `r`, in this database, no
   operator of an administration command, procedures on the list. This sees through any spelling,
   but not into subqueries inside list expressions, hence the words.
3. it runs in READ mode, in a transaction with a timeout, and the answer is cut at a number of rows
   and bytes.

Of EXPLAIN and PROFILE the answer is the plan. What runs can be stopped by its mark
(`kg_platform/browse/running.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from kg_platform.browse.plan import steps
from kg_platform.cypher.statement import Statement
from kg_platform.errors import QueryFailed, QueryRefused
from kg_platform.graph.client import Graph
from kg_platform.graph.values import PlanStep, Table
from kg_platform.settings import Settings

MAX_CHARACTERS = 100_000

PROCEDURES = frozenset(
    {
        "db.index.vector.querynodes",
        "db.index.vector.queryrelationships",
        "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
        "db.index.fulltext.listavailableanalyzers",
        "db.labels",
        "db.relationshiptypes",
        "db.propertykeys",
        "db.schema.visualization",
        "db.schema.nodetypeproperties",
        "db.schema.reltypeproperties",
        "db.info",
        "db.ping",
    }
)
# Procedures and functions without a dot are the database's own: plugins cannot define any.
FUNCTIONS = frozenset(
    ["vector.similarity.cosine", "vector.similarity.euclidean"]
    + ["point.distance", "point.withinbbox", "datetime.fromepoch", "datetime.fromepochmillis"]
    + [f"duration.{unit}" for unit in ("between", "indays", "inmonths", "inseconds")]
    + [
        f"{kind}.{what}"
        for kind in ("date", "datetime", "localdatetime", "localtime", "time")
        for what in ("realtime", "statement", "transaction", "truncate")
    ]
)
_FORBIDDEN_OPERATORS = re.compile(r"(?i)^loadcsv|^show|^terminate|command")
# Neo4j looks at a transaction's timeout between rows only. A row that takes for ever is left to
# itself after the timeout and this many seconds.
GRACE_SECONDS = 5.0

_TOKEN = re.compile(
    r"""
      (?P<skip> \s+ | //[^\r\n]* | /\*.*?\*/ )
    | (?P<string> '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" )
    | (?P<quoted> `(?:[^`]|``)*` )
    | (?P<number> \d\w* )
    | (?P<word> \w+ )
    | (?P<open> /\* | ['"`] )
    | (?P<sign> [-+*/%^=<>!~|&.,:;()\[\]{}$?] )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"[0-9]+([eE][0-9]*)?|0[xX][0-9a-fA-F]+|0o[0-7]+")


class _Token(NamedTuple):
    text: str
    kind: str  # word, quoted, string, number, sign

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words

    @property
    def is_name(self) -> bool:
        return self.kind in ("word", "quoted")


@dataclass(frozen=True)
class QueryAnswer:
    """What a statement gave: its rows, or of EXPLAIN and PROFILE its plan, which `table` shows as
    rows too; `ran`: the plan says what it took."""

    table: Table
    plan: PlanStep | None = None
    ran: bool = False


T = TypeVar("T")
LATE = (
    "The query ran longer than it may, and Neo4j has not stopped yet; narrow it. `kg db stop` ends "
    "it if it goes on."
)
_END = _Token("", "end")


def run_read_only(
    graph: Graph, text: str, settings: Settings, parameters: Mapping[str, Any] | None = None
) -> Table:
    """The rows of `answer`."""
    return answer(graph, text, settings, parameters).table


def answer(
    graph: Graph,
    text: str,
    settings: Settings,
    parameters: Mapping[str, Any] | None = None,
    mark: str = "",
) -> QueryAnswer:
    """Run a statement that only reads, within the limits of the `query_*` settings.
    `graph.stop(mark)` ends it.

    Raises:
        QueryRefused: the statement could do more than read this graph.
        QueryFailed: it is not valid Cypher, ran longer than it may, or was stopped.
    """
    text = text.removeprefix("\ufeff")  # a byte order mark, as some editors write
    check_words(text)
    given = dict(parameters or {})
    mode, bare = without_mode(text)
    statement = Statement(bare, given)
    _check_plan(graph, statement)
    if mode == "EXPLAIN":
        plan = graph.plan(statement)
        return QueryAnswer(steps(plan, ran=False), plan)
    most = settings.query_timeout

    def run() -> QueryAnswer:
        if mode == "PROFILE":
            plan = graph.profile(Statement(text, given), most, mark)
            return QueryAnswer(steps(plan, ran=True), plan, ran=True)
        return QueryAnswer(
            graph.table(
                statement,
                timeout=most,
                max_rows=settings.query_max_rows,
                max_bytes=settings.query_max_bytes,
                mark=mark,
            )
        )

    return within(most + GRACE_SECONDS, LATE, run)


def named_parameters(text: str) -> list[str]:
    """The names behind each `$`, in their order, each once; what cannot be read has none."""
    found: dict[str, None] = {}
    before = _END
    for match in _TOKEN.finditer(text):
        token = _Token(match.group(), str(match.lastgroup))
        if before.text == "$" and (token.is_name or token.kind == "number"):
            found[_plain_name(token)] = None
        before = token
    return list(found)


def without_mode(text: str) -> tuple[str, str]:
    """EXPLAIN, PROFILE or "", and the statement with blanks where that word stood.

    It stands before the statement, beside `CYPHER 25 runtime=slotted`, in any order.
    """
    found = [
        (match.start(), _Token(match.group(), str(match.lastgroup)))
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "skip"
    ]
    tokens = [*(token for _, token in found), _END, _END]
    at = 0
    while at < len(found):
        start, token = found[at]
        if token.is_word("EXPLAIN", "PROFILE"):
            end = start + len(token.text)
            return token.text.upper(), text[:start] + " " * len(token.text) + text[end:]
        if token.is_word("CYPHER"):
            at += 2 if tokens[at + 1].kind == "number" else 1
        elif token.is_name and tokens[at + 1].text == "=":
            at += 3
        else:
            break
    return "", text


def check_words(text: str) -> None:
    """Refuse a text by its words alone; needs no database.

    Raises:
        QueryRefused: with a sentence that names what is not allowed.
    """
    if len(text) > MAX_CHARACTERS:
        raise QueryRefused(
            f"The query is longer than {MAX_CHARACTERS:,} characters; "
            "pass long values as parameters."
        )
    if re.search(r"\\[uU]", text):
        raise QueryRefused(
            "The query holds a \\u escape, which the console does not take; "
            "write the character itself, or pass the text as a parameter."
        )
    if re.search(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", text):
        raise QueryRefused("The query holds control characters; remove them.")
    _check_tokens([_END, *_tokens(text), _END])


def _check_tokens(tokens: list[_Token]) -> None:
    """`tokens` begins and ends with `_END`."""
    if len(tokens) == 2 or tokens[1].text == ";":
        raise QueryRefused("The query is empty; write some Cypher, such as MATCH (n) RETURN n.")
    if tokens[1].is_word("SHOW", "TERMINATE"):
        raise _no_administration()
    for position in range(1, len(tokens) - 1):
        before, token, after = tokens[position - 1 : position + 2]
        if not token.is_name or before.text == ".":
            continue
        # After a colon a word is a label or type, whatever it is called.
        if before.text != ":":
            if token.is_word("LOAD") and after.is_word("CSV"):
                raise QueryRefused("The console does not run LOAD CSV; `kg ingest` loads files.")
            if token.is_word("USE") and after.is_name:
                raise QueryRefused("The console reads one database; leave out USE.")
        name, following = _dotted(tokens, position)
        if "." not in name:
            continue
        if before.is_word("CALL"):
            _check_procedure(name)
        elif following == "(" and name.lower() not in FUNCTIONS:
            raise QueryRefused(f"The console does not call the function {name}.")


def _check_plan(graph: Graph, statement: Statement) -> None:
    home = {operator.partition("@")[2] for operator, _ in graph.plan_operators(Statement("FINISH"))}
    operators = graph.plan_operators(statement)
    for operator, arguments in operators:
        name, _, database = operator.partition("@")
        if _FORBIDDEN_OPERATORS.search(name):
            raise _no_administration()
        if name.startswith("Transaction"):
            raise QueryRefused("The console runs one transaction; leave out IN TRANSACTIONS.")
        if "Procedure" in name:
            _check_procedure(str(arguments.get("Details", "")).partition("(")[0])
        if database not in home:
            raise QueryRefused("The console reads one database; leave out USE.")
    kind = graph.query_type(statement)
    if kind != "r":
        raise QueryRefused(
            "The console only reads; this statement writes or administers. "
            "`kg db env` says how to connect another client."
        )


def within(seconds: float, late: str, work: Callable[[], T]) -> T:
    """The answer of `work`, or QueryFailed saying `late` when it takes longer; then its thread is
    left behind."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:  # handed to the caller, who raises it
            answer.set_exception(error)

    # A daemon, which a process does not wait for when it ends.
    Thread(target=run, name="console query", daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError as error:
        raise QueryFailed(late) from error


def _check_procedure(name: str) -> None:
    if name.strip().lower() not in PROCEDURES:
        raise QueryRefused(
            f"The console does not call the procedure {name}; "
            f"it calls {', '.join(sorted(PROCEDURES)[:4])} and a few more that only read."
        )


def _no_administration() -> QueryRefused:
    return QueryRefused(
        "The console runs no SHOW, TERMINATE or other administration command; "
        "ask for them in another client (`kg db env` says how to connect one)."
    )


def _dotted(tokens: list[_Token], start: int) -> tuple[str, str]:
    """The dotted name that begins at `start`, and what follows it."""
    parts, end = [_plain_name(tokens[start])], start + 1
    while tokens[end].text == "." and tokens[end + 1].is_name:
        parts.append(_plain_name(tokens[end + 1]))
        end += 2
    return ".".join(parts), tokens[end].text


def _plain_name(token: _Token) -> str:
    return token.text[1:-1].replace("``", "`") if token.kind == "quoted" else token.text


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        kind, value = str(match.lastgroup), match.group()
        if kind == "open":
            raise QueryRefused("A quote or comment in the query is not closed; close it.")
        if kind == "number" and not _NUMBER.fullmatch(value):
            raise QueryRefused(f"The number {value[:40]} runs into a word; put a space between.")
        if kind == "other":
            raise QueryRefused(
                f"The character {value!r} stands outside quotes in the query; "
                "remove it, or put the name it belongs to in backticks."
            )
        if kind != "skip":
            yield _Token(value, kind)
