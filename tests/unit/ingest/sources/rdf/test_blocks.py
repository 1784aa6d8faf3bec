"""Files cut where lines end."""

from __future__ import annotations

import io

import pytest

from ingest.sources.rdf import blocks
from ingest.sources.rdf.blocks import StatementLines, count_ends, line_blocks

LINES = [b"one\n", b"\n", b"two\r\n", b"three\r", b"\r", b"x" * 30 + b"\n", b"last"]


@pytest.mark.parametrize("size", range(1, 40))
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_nothing_is_lost_or_cut(monkeypatch: pytest.MonkeyPatch, size: int, mark: bytes) -> None:
    monkeypatch.setattr(blocks, "_BLOCK", max(size, len(mark)))
    found = [block for block in line_blocks(io.BytesIO(mark + b"".join(LINES))) if block]
    assert b"".join(found) == b"".join(LINES)
    assert [line for block in found for line in block.splitlines(keepends=True)] == LINES
    assert sum(map(count_ends, found)) == len(LINES) - 1


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_a_line_that_is_too_long_is_left_out_alone(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(blocks, "_BLOCK", size)
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 100)
    data = b"a\n" + b"x" * 300 + b"\nb\n" + b"y" * 300
    found = list(line_blocks(io.BytesIO(data)))
    assert found.count(None) == 2
    lines = [line for block in found if block for line in block.splitlines()]
    assert lines == [b"a", b"b"]
    assert found[-1] is None


def test_the_line_of_a_statement() -> None:
    line = StatementLines(b"# why\n\na b c .\r\n  # no\rd e f .\ng h i .", 10)
    assert [line(0), line(1), line(2), line(3)] == [12, 14, 15, None]
