"""The error tree. Every error a person can meet is one of these, and says what to do next.

::

    KgError                      exit 1   anything we raise on purpose
    ├── BadInput                 exit 2   an argument, a file or a row is wrong
    │   ├── SettingsError                 a KG_* variable or the .env file is wrong
    │   ├── BadMedium                     a medium that cannot be had or used
    │   │   ├── BadPicture                bytes that are not a picture we can use
    │   │   ├── MediumGone                nothing is where it was said to be
    │   │   ├── MediumNotFetched          an address, and nobody said that it may be fetched
    │   │   └── DecoderFailed             a decoder died, or took too much memory or time
    │   └── RejectedRows                  --strict met a row that validation rejects
    ├── NotFound                 exit 3   an entity, run or file that is not there
    ├── QueryRefused             exit 4   the read-only console will not run this statement
    ├── QueryFailed              exit 4   the database could not run this statement
    │   └── SecondOfOne                  it would make a second of what there is one of
    ├── Unavailable              exit 5   something outside us is down, locked, full or wrong
    │   ├── ServerError                   the local Neo4j cannot be fetched, started or stopped
    │   ├── GraphUnavailable              Neo4j does not answer
    │   │   └── CommitUnknown             it went away while a transaction was committed
    │   ├── GraphAuthError                Neo4j does not accept the user or password
    │   ├── GraphReadOnly                 Neo4j takes no writes
    │   ├── GraphFull                     Neo4j has no space or memory left
    │   ├── LedgerError                   the ledger's database does not answer or is locked
    │   ├── MediaStoreError               the media store cannot be read or written
    │   └── EncoderError                  an encoder cannot be loaded
    ├── MigrationError           exit 6   a schema is newer, changed or half applied
    ├── ArtifactError            exit 6   a snapshot or artifact is missing parts or was changed
    ├── GateRefused              exit 7   a run is worse than the one that is live; it stays
    ├── NotReproduced            exit 8   a run that was done again gave other figures
    ├── Forbidden                exit 9   somebody may not do this: no login, or not the role for it
    └── Interrupted              exit 130 a person stopped it; what was done is kept

The message is one sentence that says what happened and what to do; details go to `__cause__`.
"""

from __future__ import annotations

_IN_LOG = "`kg runs log "  # the note of an error that a run's log tells whole


class KgError(Exception):
    """Base of every error raised on purpose; `exit_code` is what `kg` exits with."""

    exit_code = 1


class BadInput(KgError):
    exit_code = 2


class SettingsError(BadInput):
    pass


class BadMedium(BadInput):
    pass


class BadPicture(BadMedium):
    pass


class MediumGone(BadMedium):
    pass


class MediumNotFetched(BadMedium):
    pass


class DecoderFailed(BadMedium):
    pass


class RejectedRows(BadInput):
    pass


class NotFound(KgError):
    exit_code = 3


class QueryRefused(KgError):
    exit_code = 4


class QueryFailed(KgError):
    exit_code = 4


class SecondOfOne(QueryFailed):
    pass


class Unavailable(KgError):
    exit_code = 5


class ServerError(Unavailable):
    pass


class GraphUnavailable(Unavailable):
    pass


class CommitUnknown(GraphUnavailable):
    """The connection was lost while a transaction was committed, which may have been done."""


class GraphAuthError(Unavailable):
    pass


class GraphReadOnly(Unavailable):
    pass


class GraphFull(Unavailable):
    pass


class LedgerError(Unavailable):
    pass


class MediaStoreError(Unavailable):
    pass


class EncoderError(Unavailable):
    pass


class MigrationError(KgError):
    exit_code = 6


class ArtifactError(KgError):
    exit_code = 6


class GateRefused(KgError):
    exit_code = 7


class NotReproduced(KgError):
    exit_code = 8


class Forbidden(KgError):
    exit_code = 9


class Interrupted(KgError):
    exit_code = 130


def note_log(error: BaseException, run_id: str) -> None:
    """Note on an error that the log of this run has its traceback."""
    note = f"{_IN_LOG}{run_id}` has the traceback."
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def log_of(error: BaseException) -> str | None:
    """The sentence that says which run's log has the error's traceback; None: no log has it."""
    notes = (str(note) for note in getattr(error, "__notes__", ()))
    return next((note for note in notes if note.startswith(_IN_LOG)), None)
