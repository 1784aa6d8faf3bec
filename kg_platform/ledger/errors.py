"""One sentence for each way in which the ledger's database can fail us."""

from __future__ import annotations

from kg_platform.errors import KgError, LedgerError, MigrationError


class AlreadyThere(LedgerError):
    """A row with this key is there: another process was faster, or the key was drawn twice."""


class WithoutParent(LedgerError):
    """The row that this one belongs to is not there."""


# (what SQLite says, what we say after "The ledger PLACE")
_SQLITE = (
    ("locked", "is locked by another process; try again when that one has finished."),
    ("readonly", "is read-only; give yourself write access to the file and its folder."),
    ("unable to open", "cannot be opened; its folder must exist and be writable."),
    ("not a database", "is not an SQLite file; move it away, or restore a copy."),
    ("malformed", "is damaged; move it away, or restore a copy."),
    ("disk i/o", "cannot be read or written; make room on its disk and run the command again."),
    ("full", "cannot grow because the disk is full; make room and run the command again."),
)
# SQLSTATE codes or their first two characters, most telling first
_POSTGRES_CODES = (
    ("28", "does not accept the user or password in KG_LEDGER_URL."),
    ("3D", "does not exist on that server; create the database first."),
    ("42501", "does not let this user do that; grant it rights on the ledger's tables."),
    ("25006", "is read-only; point KG_LEDGER_URL at the primary server."),
    ("55P03", "is locked by another process; try again when that one has finished."),
    ("53", "is out of disk, memory or connections; make room and run the command again."),
)
# libpq gives no code when it cannot connect
_POSTGRES_WORDS = (
    ("authentication", _POSTGRES_CODES[0][1]),
    ("no password supplied", _POSTGRES_CODES[0][1]),
    ("does not exist", "has no such database or user; create it, or correct KG_LEDGER_URL."),
    ("too many", _POSTGRES_CODES[5][1]),
)
_DOWN = "does not answer; start it, or correct KG_LEDGER_URL."
# What breaks a rule of the tables, by SQLite's name for it and by SQLSTATE.
_KEYS = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "23505")
_PARENTS = ("SQLITE_CONSTRAINT_FOREIGNKEY", "23503")
_NO_TABLES = "has no tables yet, or old ones; run `kg migrate`."


def translate(error: BaseException, place: str) -> KgError:
    """The error of ours for one of a database driver. `place` carries no password.

    The driver's own words are kept only in `__cause__`, where a person who asks finds them.
    """
    code = getattr(error, "sqlstate", None) or ""
    text = str(error).lower()
    rule = code or getattr(error, "sqlite_errorname", "")
    if rule in _KEYS:
        return AlreadyThere(f"The ledger {place} has such a row already; run the command again.")
    if rule in _PARENTS:
        return WithoutParent(f"The ledger {place} has no run that this belongs to.")
    if rule.startswith(("SQLITE_CONSTRAINT", "23")):
        return MigrationError(
            f"The ledger {place} refuses what this version writes: its tables are a newer "
            "version's; run the command again with that version."
        )
    if code in ("42P01", "42703") or "no such table" in text or "no such column" in text:
        return MigrationError(f"The ledger {place} {_NO_TABLES}")
    said = _sqlite(text) if type(error).__module__ == "sqlite3" else _postgres(code, text)
    return LedgerError(f"The ledger {place} {said}")


def _sqlite(text: str) -> str:
    return next((said for sign, said in _SQLITE if sign in text), f"cannot be used: {text}.")


def _postgres(code: str, text: str) -> str:
    if not code:  # not connected
        return next((said for sign, said in _POSTGRES_WORDS if sign in text), _DOWN)
    if code.startswith(("08", "57")):  # connection lost, or the server is stopping or starting
        return _DOWN
    other = f"cannot be used (SQLSTATE {code})."
    return next((said for sign, said in _POSTGRES_CODES if code.startswith(sign)), other)
