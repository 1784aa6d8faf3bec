"""What the pattern reads means the same to the parser."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ingest.sources.rdf import parsing, plain_lines
from ingest.sources.rdf.parsing import FactBlock, read_facts
from ingest.sources.rdf.plain_lines import Fact
from ingest.sources.rdf.syntax import Syntax

S, P = "<http://e.org/s>", "<http://e.org/p#x>"
TERMS = [
    "<http://e.org/o>", "<https://e.org/Caf\u00e9_(bar),'x'>", "<http://e.org/a#b#c>", "<http://e.org>",
    "<http://e.org/a%20b>", "<http://e.org/%zz>", "<http://-e.org/x>", "<http://e..org/x>",
    "<HTTP://e.org/x>", "<urn:x:y>", "<http://e.org/a b>", "<http://[::1]/x>", "<http://e.org:80/>",
    "<http://e.org/\ue000>", "<http://e.org/\u0600>", "<rel>", "_:b", '"x"',
    '"x y\t\x00\x7f\u00e9\U0001f600"', '"a\\\\n\\t\\"\\\\"', '"\\b"', '"a\\"',
    '""', '"a"@en', '"a"@en-GB', '"a"@EN', '"a"@abcd', '"a\\"b"', '"a\\u00e9"', '"a" "b"',
    '"1"^^<http://www.w3.org/2001/XMLSchema#integer>', '"1"@en^^<http://e.org/d>', '"1"^^<rel>',
    '"a"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>', '"a"@en--ltr', "'x'", "3",
    '"a"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#dirLangString>', '"\r"', '"x"^^',
]  # fmt: skip
ENDS = [" .\n", ".\n", " . # why\n", " .\r\n", " .", "\n", " . .\n", " .\r", "  .\n"]


def read(path: Path, block: str) -> list[Fact | tuple[int | None, str]]:
    """The facts, and the lines that are refused."""
    path.write_bytes(block.encode("utf-8", "surrogatepass"))
    found: list[Fact | tuple[int | None, str]] = []
    for one in read_facts(path, Syntax.N_TRIPLES, str):
        if isinstance(one, FactBlock):
            found += one.facts
        else:
            found.append((one.line, one.reason))
    return sorted(found, key=repr)


def by_parser(path: Path, block: str, monkeypatch: pytest.MonkeyPatch) -> object:
    with monkeypatch.context() as patch:
        patch.setattr(parsing, "plain_facts", lambda _: None)
        return read(path, block)


@pytest.mark.parametrize("term", TERMS)
def test_each_term(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setattr(plain_lines, "_SHARE", 0)
    path = tmp_path / "a"
    for end in ENDS:
        lines = [f"{S} {P} {term}{end}"]
        if term.startswith("<"):
            lines += [f"{term} {P} {S}{end}", f'{S} {term} "x"{end}']
        for line in lines:
            assert read(path, line) == by_parser(path, line, monkeypatch), line


def test_many_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_lines, "_SHARE", 2)
    chance = random.Random(5)
    path = tmp_path / "a"
    for _ in range(300):
        lines = [
            f"{S} {P} {chance.choice(TERMS)}{chance.choice(ENDS[:4])}"
            for _ in range(chance.randrange(1, 12))
        ]
        if chance.random() < 0.5:
            lines.insert(chance.randrange(len(lines)), chance.choice(["\n", "# x\n", f"{S} {P}\n"]))
        block = "".join(lines)
        assert read(path, block) == by_parser(path, block, monkeypatch), lines


def test_order_and_lines(tmp_path: Path) -> None:
    plain = [f'{S} {P} "{number}" .\n' for number in range(30)]
    plain[3:3] = ["# why\n", "\n", f"{S} {P} _:b .\r\n"]
    path = tmp_path / "a"
    path.write_text("".join(plain), encoding="utf-8", newline="")
    [block] = read_facts(path, Syntax.N_TRIPLES, str)
    assert isinstance(block, FactBlock)
    assert [fact[2] for fact in block.facts] == ["0", "1", "2", "b", *map(str, range(3, 30))]
    assert [block.line(at) for at in (0, 2, 3, 4, 30)] == [1, 3, 6, 7, 33]
