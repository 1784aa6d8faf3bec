"""Numbered Cypher files: what stands in them, and how it compares with what was applied."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.errors import MigrationError

_CREATES = re.compile(r"\bCREATE (?:\w+ )?(CONSTRAINT|INDEX) (\w+)")
_NAME = re.compile(r"V(\d{4})__([a-z0-9_]+)\.cypher")


class Finding(NamedTuple):
    """A migration that is not as it should be.

    pending: not applied yet. changed: applied, and its file edited since. unknown: applied, and
    this code has no such migration, so the database is newer.
    """

    store: Literal["ledger", "graph"]
    version: str
    name: str
    state: Literal["pending", "changed", "unknown"]


@dataclass(frozen=True)
class CypherFile:
    """One graph migration; `checksum` is the SHA-256 of the text with Unix line ends, as a graph
    gets it that uses our names as they are: marking names (vocabulary.py) changes no migration."""

    version: int
    file_name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(Vocabulary().text(self.text).encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """What stands between lines that end in `;`, without lines that begin with `//`."""
        code = [line for line in self.text.splitlines() if not line.lstrip().startswith("//")]
        parts = re.split(r";[ \t]*$", "\n".join(code), flags=re.MULTILINE)
        return [part.strip() for part in parts if part.strip()]

    @property
    def creates(self) -> list[tuple[str, str]]:
        """CONSTRAINT or INDEX, and the name, of everything that it creates."""
        return _CREATES.findall(" ".join(self.statements))


def read_files(folder: Path) -> list[CypherFile]:
    """The migrations in a folder, in order.

    Raises:
        MigrationError: a file's name has no number, two have the same one, or one is not text.
    """
    found: dict[int, CypherFile] = {}
    for path in sorted(folder.glob("*.cypher")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(
                f"{path.name} is not named like V0001__what_it_does.cypher; rename it."
            )
        version = int(match[1])
        if version in found:
            raise MigrationError(
                f"{path.name} and {found[version].file_name} have the same number; renumber one."
            )
        try:
            text = path.read_bytes().decode().replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise MigrationError(f"{path.name} is not UTF-8 text; save it as UTF-8.") from error
        found[version] = CypherFile(version, path.name, text)
    return list(found.values())


def compare(known: Iterable[CypherFile], applied: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """What differs between the files and the rows (version, name, checksum) of the graph's book."""
    files = {file.version: file for file in known}
    rows = {int(row["version"]): row for row in applied}
    found: list[Finding] = []
    for version in sorted(files.keys() | rows.keys()):
        file, row = files.get(version), rows.get(version)
        if file is None and row is not None:
            found.append(Finding("graph", f"V{version:04}", str(row["name"]), "unknown"))
        elif file is not None and row is None:
            found.append(Finding("graph", f"V{version:04}", file.file_name, "pending"))
        elif file is not None and row is not None and row["checksum"] != file.checksum:
            found.append(Finding("graph", f"V{version:04}", file.file_name, "changed"))
    return found


def refuse(findings: Iterable[Finding]) -> None:
    """Go on only when everything found is pending.

    Raises:
        MigrationError: an applied file was changed, or the database is newer than the code.
    """
    for finding in findings:
        if finding.state == "changed":
            raise MigrationError(
                f"{finding.name} was changed after it was applied to the {finding.store}; "
                "restore it, and put the change into a new file."
            )
        if finding.state == "unknown":
            raise MigrationError(
                f"The {finding.store} is newer than this kg-platform: it has {finding.name}; "
                "install the version that made it."
            )
