"""Every error of the driver or the database, as one of ours with a sentence that says what to do.

Works on the error's status code and class name, so that only client.py has to import the driver.
"""

from __future__ import annotations

import re

from kg_platform.errors import (
    CommitUnknown,
    GraphAuthError,
    GraphFull,
    GraphReadOnly,
    GraphUnavailable,
    KgError,
    QueryFailed,
    SecondOfOne,
    SettingsError,
)

_UNREACHABLE = {
    "ServiceUnavailable",
    "ReadServiceUnavailable",
    "WriteServiceUnavailable",
    "RoutingServiceUnavailable",
    "SessionExpired",
    "IncompleteCommit",
    "ConnectionAcquisitionTimeoutError",
    "ConnectionPoolError",
    "DatabaseUnavailable",
    "OSError",
    "ConnectionResetError",
    "BrokenPipeError",
}
_MISCONFIGURED = {
    "ConfigurationError",
    "AuthConfigurationError",
    "CertificateConfigurationError",
    "UnsupportedServerProduct",
}
# What the last part of a code says; a server's message may quote what a person wrote.
_FULL = ("OutOfMemoryError", "MemoryLimit", "StackOverflowError")
_READ_ONLY = ("ReadOnly", "NotALeader")
# Only where no code tells: a disk that is full is `TransactionCommitFailed`, and so are others.
_FULL_WORDS = (
    "no space left",
    "disk is full",
    "storereservation",
    "not enough space",
    "outofmemory",
    "memorypool",
)
_READ_ONLY_WORDS = ("read-only", "read only")
_QUOTED = re.compile(r"""(?<!\w)(["'`]).*?\1(?!\w)""", re.DOTALL)


def translate(error: Exception, uri: str) -> KgError:
    """The error of ours that `error` stands for. `uri` names the server in the sentence."""
    name = type(error).__name__
    code = str(getattr(error, "code", None) or "")
    text = str(getattr(error, "message", None) or error)

    if "BrokenHydrationObject" in text:  # what was read comes back as it came, which is not taken
        return QueryFailed(
            "A property holds a date or time that Python cannot hold, such as one of a year before "
            "1, so it cannot be copied as it is; nothing was changed. Make it a text first "
            "(`SET n.died = toString(n.died)` in any client), then run the same command again."
        )
    if _means(code, text, _FULL, _FULL_WORDS):
        return GraphFull(
            f"Neo4j at {uri} has no space or memory left ({_short(text)}); make room, restart it, "
            "and run the same command again to go on."
        )
    if "Security.AuthenticationRateLimit" in code:
        return GraphAuthError(f"Neo4j at {uri} refuses further logins for a while; wait a minute.")
    if ".Security." in code and (
        "Unauthorized" in code or "Credentials" in code or "Token" in code
    ):
        return GraphAuthError(
            f"Neo4j at {uri} does not accept this user and password; "
            "set KG_NEO4J_USERNAME and KG_NEO4J_PASSWORD."
        )
    if _means(code, text, _READ_ONLY, _READ_ONLY_WORDS):
        return GraphReadOnly(
            f"Neo4j at {uri} takes no writes here ({_short(text)}); use a writable database."
        )
    if "TimedOut" in code:
        return QueryFailed(
            "The query ran longer than it may and was stopped; narrow it or add LIMIT."
        )
    if code.endswith("Transaction.Terminated"):
        return QueryFailed("The query was stopped.")
    if "DatabaseNotFound" in code:
        return SettingsError(f"Neo4j at {uri} has no such database; set KG_NEO4J_DATABASE.")
    if name in _UNREACHABLE or "DatabaseUnavailable" in code:
        kind = CommitUnknown if name == "IncompleteCommit" else GraphUnavailable
        return kind(
            f"Neo4j at {uri} does not answer; start it (`kg db start`, or check KG_NEO4J_URI), "
            "then run the same command again to go on."
        )
    if name in _MISCONFIGURED or (name == "ValueError" and "URI" in text):
        return SettingsError(
            f"KG_NEO4J_URI {uri} cannot be used; write it like bolt://host:7687 or neo4j://host:7687."
        )
    said = f"Neo4j could not run the statement: {_short(text)}"
    return SecondOfOne(said) if "ConstraintValidationFailed" in code else QueryFailed(said)


def _means(code: str, text: str, codes: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether the code says so; or the words, if the fault is the server's own (a client error is
    about what was asked, and says that in its code) and they stand outside of quotes."""
    if any(sign in code for sign in codes):
        return True
    if code.startswith("Neo.ClientError"):
        return False
    said = _QUOTED.sub(" ", text).lower()
    return any(word in said for word in words)


def _short(text: str, limit: int = 400) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


_POSITION = re.compile(r"\(line (\d+), column (\d+) \(offset: \d+\)\).*")


def as_written(message: str, prefix: str) -> str:
    """A message about `prefix` + a statement, with the position in the statement a person wrote."""

    def position(found: re.Match[str]) -> str:
        line, column = int(found[1]), int(found[2])
        return f"(line {line}, column {column - len(prefix) if line == 1 else column})"

    return _POSITION.sub(position, message)
