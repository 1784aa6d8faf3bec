"""Numbered Cypher files: reading, and comparing with what was applied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from kg_platform.errors import MigrationError
from kg_platform.migrate import ledger
from kg_platform.migrate.files import CypherFile, compare, read_files, refuse
from kg_platform.migrate.graph import GRAPH_FOLDER


def applied(*files: CypherFile) -> list[dict[str, Any]]:
    return [{"version": f.version, "name": f.file_name, "checksum": f.checksum} for f in files]


ONE = CypherFile(1, "V0001__one.cypher", "RETURN 1;")
TWO = CypherFile(2, "V0002__two.cypher", "RETURN 2;")


def test_statements_end_at_a_semicolon_at_the_end_of_a_line() -> None:
    text = """// a comment; with
// semicolons;
CREATE INDEX a IF NOT EXISTS
  FOR (n:A) ON (n.a);  

  // indented comment
MERGE (n:A {text: 'one; two // three'});
;
MATCH (n) RETURN n
"""
    assert CypherFile(1, "x", text).statements == [
        "CREATE INDEX a IF NOT EXISTS\n  FOR (n:A) ON (n.a)",
        "MERGE (n:A {text: 'one; two // three'})",
        "MATCH (n) RETURN n",
    ]


def test_the_checksum_does_not_depend_on_line_ends(tmp_path: Path) -> None:
    checksums = []
    for n, text in enumerate((b"RETURN 1;\nRETURN 2;\n", b"RETURN 1;\r\nRETURN 2;\r\n")):
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / "V0001__x.cypher").write_bytes(text)
        checksums.append(read_files(folder)[0].checksum)
    assert checksums[0] == checksums[1]


def test_files_are_read_in_order(tmp_path: Path) -> None:
    for name in ("V0010__b.cypher", "V0002__a.cypher", "notes.md"):
        (tmp_path / name).write_text("RETURN 1;")
    assert [file.version for file in read_files(tmp_path)] == [2, 10]


@pytest.mark.parametrize(
    "names", [("V1__x.cypher",), ("x.cypher",), ("V0001__a.cypher", "V0001__b.cypher")]
)
def test_a_file_that_would_be_missed_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_text("RETURN 1;")
    with pytest.raises(MigrationError, match=names[-1]):
        read_files(tmp_path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "V0001__x.cypher").write_bytes(b"\xff\xfe")
    with pytest.raises(MigrationError, match=r"V0001__x\.cypher"):
        read_files(tmp_path)


def test_comparing() -> None:
    edited = CypherFile(1, "V0001__one.cypher", "RETURN 3;")
    renamed = CypherFile(1, "V0001__uno.cypher", ONE.text)
    assert compare([ONE, TWO], applied(ONE, TWO)) == []
    assert compare([renamed], applied(ONE)) == []
    assert [f.state for f in compare([ONE, TWO], [])] == ["pending", "pending"]
    assert [f.state for f in compare([edited, TWO], applied(ONE))] == ["changed", "pending"]
    assert [(f.version, f.state) for f in compare([ONE], applied(ONE, TWO))] == [
        ("V0002", "unknown")
    ]


def test_what_is_refused() -> None:
    edited = CypherFile(1, "V0001__one.cypher", "RETURN 3;")
    with pytest.raises(MigrationError, match=r"V0001__one\.cypher was changed"):
        refuse(compare([edited], applied(ONE)))
    with pytest.raises(MigrationError, match=r"newer.*V0002__two"):
        refuse(compare([ONE], applied(ONE, TWO)))
    refuse(compare([ONE, TWO], applied(ONE)))


def test_our_files_can_be_run_again() -> None:
    files = read_files(GRAPH_FOLDER)
    assert [file.version for file in files] == list(range(1, len(files) + 1))
    for file in files:
        assert file.statements
        for statement in file.statements:
            schema = any(words in statement for words in ("IF NOT EXISTS", "IF EXISTS", "MERGE"))
            # What sets a property only where it is not set yet; test_changes.py runs it twice.
            data = (
                "n.«embedding_stale_at» IS NULL" in statement
                and "SET n.«embedding_stale»" in statement
            )
            assert schema or data, statement


def test_the_names_of_the_ledgers_revisions_are_their_order() -> None:
    """`migrate` knows the newest revision from file names, without importing Alembic."""
    config = Config()
    config.set_main_option("script_location", str(ledger.LEDGER_FOLDER))
    config.set_main_option("path_separator", "os")
    revisions = [r.revision for r in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    assert revisions == [finding.version for finding in ledger._compare_ledger(None)]


def test_marking_names_changes_no_migration(tmp_path: Path) -> None:
    """Graphs keep the checksums of what was applied to them before names were marked."""
    plain, marked = (tmp_path / name for name in ("plain", "marked"))
    for folder, text in ((plain, "MATCH (n) SET n.id = 1;"), (marked, "MATCH (n) SET n.«id» = 1;")):
        folder.mkdir()
        (folder / "V0001__a.cypher").write_text(text, "utf-8")
    [old], [new] = read_files(plain), read_files(marked)
    assert old.checksum == new.checksum
