"""Files of every notation, whole, cut off and broken: never a false fact, never a silent loss."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from backports import zstd

from ingest.sources.rdf import blocks, parsing
from ingest.sources.rdf.blank import BlankIds
from ingest.sources.rdf.parsing import HUGE, NUL, RELATIVE, REMOTE, STAR, read_facts
from ingest.sources.rdf.plain_lines import Fact
from ingest.sources.rdf.syntax import Syntax
from kg_platform.errors import BadInput
from kg_platform.files.lines import NOT_UTF8, TOO_LONG
from kg_platform.records import Rejection

E, XSD = "http://e.org/", "http://www.w3.org/2001/XMLSchema#"
TURTLE = """@prefix e: <http://e.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
e:a a e:Person ; e:name "Anna \\"x\\" é"@en ; e:age 33 , true ; e:knows e:b, [ e:x 1 ], _:lab .
_:lab e:list (1 2 "b") .
e:b a e:Person ; e:text \"\"\"long
text\"\"\" ; e:at "2020-01-01T00:00:00Z"^^xsd:dateTime .
"""
XML = """<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.org/">
<e:Person rdf:about="http://e.org/a"><e:name xml:lang="en">Anna &amp; é</e:name>
<e:knows rdf:resource="http://e.org/b"/><e:knows><rdf:Description><e:x>1</e:x></rdf:Description>
</e:knows></e:Person><rdf:Description rdf:about="http://e.org/b"><e:name>B</e:name>
</rdf:Description></rdf:RDF>"""
JSON = """[{"@context": {"e": "http://e.org/", "knows": {"@id": "e:knows", "@type": "@id"}},
"@id": "e:a", "@type": "e:Person", "e:name": [{"@value": "Anna", "@language": "en"}],
"knows": ["e:b", "_:lab"], "e:age": [33, 3.5, true], "e:l": {"@list": [1, "b"]}},
{"@id": "http://e.org/b", "http://e.org/name": "B é"}]"""
LINES = """<http://e.org/a> <http://e.org/name> "Anna \\"x\\" \\u00e9"@en .
# a note

<http://e.org/a> <http://e.org/age> "33"^^<http://www.w3.org/2001/XMLSchema#integer> .
_:lab <http://e.org/knows> <http://e.org/a> .
"""
QUADS = LINES + "<http://e.org/a> <http://e.org/in> <http://e.org/b> <http://e.org/g> .\n"
DOCUMENTS = {
    Syntax.TURTLE: TURTLE,
    Syntax.TRIG: TURTLE + 'e:g { e:a e:in e:g . e:c e:d "x" }\n',
    Syntax.RDF_XML: XML,
    Syntax.JSON_LD: JSON,
    Syntax.N_TRIPLES: LINES,
    Syntax.N_QUADS: QUADS,
}
HEAD = (
    '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.org/">'
    '<r:Description r:about="http://e.org/a"><e:p>1</e:p></r:Description>'
)


def read(path: Path, syntax: Syntax, data: bytes | str) -> tuple[list[Fact], list[Rejection]]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    facts: list[Fact] = []
    refused = []
    with BlankIds("x", syntax.by_line) as blank:
        for found in read_facts(path, syntax, blank.of):
            if isinstance(found, Rejection):
                refused.append(found)
            else:
                facts += found.facts
                for at in range(len(found.facts)):
                    found.line(at)
    return facts, refused


def text(subject: str, predicate: str, value: str, kind: str = XSD + "string") -> Fact:
    return (E + subject, E + predicate, value, kind, "")


def test_terms(tmp_path: Path) -> None:
    facts, refused = read(tmp_path / "a", Syntax.N_QUADS, QUADS)
    assert refused == []
    assert facts == [
        text("a", "name", 'Anna "x" é', "@en"),
        text("a", "age", "33", XSD + "integer"),
        ("_:x/lab", E + "knows", E + "a", None, ""),
        (E + "a", E + "in", E + "b", None, E + "g"),
    ]


@pytest.mark.parametrize("syntax", DOCUMENTS)
def test_reading_again_gives_the_same(tmp_path: Path, syntax: Syntax) -> None:
    first = read(tmp_path / "a", syntax, DOCUMENTS[syntax])
    assert first == read(tmp_path / "a", syntax, DOCUMENTS[syntax])
    assert first[1] == []
    assert len(first[0]) > 2


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_packed(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    whole = read(tmp_path / "a", Syntax.TURTLE, TURTLE)
    packed = pack(TURTLE.encode())
    assert read(tmp_path / "a", Syntax.TURTLE, packed) == whole
    with pytest.raises(BadInput, match="cut off or damaged"):
        read(tmp_path / "a", Syntax.TURTLE, packed[:-9])


@pytest.mark.parametrize("syntax", DOCUMENTS)
def test_cut_off_anywhere(tmp_path: Path, syntax: Syntax) -> None:
    data = DOCUMENTS[syntax].encode()
    whole, _ = read(tmp_path / "a", syntax, data)
    for cut in range(3, len(data) - 1, 3):
        facts, refused = read(tmp_path / "a", syntax, data[:cut])
        assert len(refused) <= 2
        assert [fact for fact in facts if fact not in whole] == []
        # What is cut after a statement or in a comment is a whole file of these notations.
        last = data[:cut].rstrip().rpartition(b"\n")[2]
        is_whole = last.endswith((b".", b"}")) or last[:1] in (b"#", b"")
        if syntax in (Syntax.RDF_XML, Syntax.JSON_LD) or not is_whole:
            assert len(facts) == len(whole) or refused, data[:cut]


@pytest.mark.parametrize("syntax", DOCUMENTS)
def test_bytes_that_went_wrong(tmp_path: Path, syntax: Syntax) -> None:
    chance = random.Random(7)
    for _ in range(150):
        data = bytearray(DOCUMENTS[syntax].encode())
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.choice(b'\x00\xff"<>{}[]().;,@^\n\r\\ax&')
        try:
            _, refused = read(tmp_path / "a", syntax, bytes(data))
        except BadInput as error:
            assert str(error).endswith("save it as UTF-8.")  # noqa: PT017
        else:
            assert all(one.reason and one.field for one in refused)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'<http://e.org/a> <http://e.org/p> "open .', "not N-Triples: "),
        (b"<no iri> <http://e.org/p> <http://e.org/a> .", "not N-Triples: "),
        (b'<http://e.org/a> <http://e.org/p> "\xff" .', NOT_UTF8),
        (b"<a> <http://e.org/p> <http://e.org/a> .", RELATIVE),
        (b'<http://e.org/a> <http://e.org/p> "x" <http://e.org/g> .', "not N-Triples: "),
        (b"x" * 200_000, "not N-Triples: "),
    ],
)
def test_a_bad_line_costs_itself(tmp_path: Path, line: bytes, reason: str) -> None:
    good = b'<http://e.org/%d> <http://e.org/p> "v" .\n'
    data = b"".join(good % n for n in range(3)) + line + b"\n" + good % 3 + b"# c\n" + good % 4
    facts, [refused] = read(tmp_path / "a", Syntax.N_TRIPLES, data)
    assert facts == [text(str(n), "p", "v") for n in range(5)]
    assert (refused.line, refused.field) == (4, "line")
    assert reason in refused.reason


def test_a_line_above_16_mib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (blocks, parsing):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 1_000)
    good = b'<http://e.org/1> <http://e.org/p> "v" .\n'
    for size in (2_000, 400_000):
        facts, [refused] = read(tmp_path / "a", Syntax.N_TRIPLES, good + b"x" * size + b"\n" + good)
        assert facts == [text("1", "p", "v")] * 2
        assert (refused.line, refused.reason) == (2, TOO_LONG)


@pytest.mark.parametrize("syntax", [Syntax.TURTLE, Syntax.JSON_LD])
def test_a_text_above_16_mib(tmp_path: Path, syntax: Syntax) -> None:
    long = "x" * (17 * 2**20)
    given = {
        Syntax.TURTLE: f'<http://e.org/a> <http://e.org/p> "v" . <http://e.org/b> <e:p> "{long}" .',
        Syntax.JSON_LD: '[{"@id": "http://e.org/a", "http://e.org/p": "v"}, '
        f'{{"@id": "http://e.org/b", "http://e.org/p": "{long}"}}]',
    }[syntax]
    facts, [refused] = read(tmp_path / "a", syntax, given)
    assert facts == [text("a", "p", "v")]
    assert refused.reason == HUGE


def test_turtle_goes_on_after_a_mistake(tmp_path: Path) -> None:
    facts, [refused] = read(
        tmp_path / "a",
        Syntax.TURTLE,
        '@prefix e: <http://e.org/> .\ne:a e:p "1" .\n<b> e:p "2" .\ne:c e:p "3" .\n',
    )
    assert facts == [text("a", "p", "1"), text("c", "p", "3")]
    assert refused.line == 3
    assert refused.reason.startswith(RELATIVE)


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (HEAD, 1, "no element found"),
        (HEAD + "\n<e:q>", 2, "no element found"),
        (HEAD + "\n</e:q>", 2, "mismatched tag"),
        (HEAD + "<e:p><e:q>" * 600, None, "nested more than 1,000 deep"),
        (HEAD + '<r:Description r:about="#b" e:p="2"/></r:RDF>', None, "relative"),
    ],
)
def test_xml_ends_at_a_mistake(tmp_path: Path, content: str, line: int | None, why: str) -> None:
    facts, [refused] = read(tmp_path / "a", Syntax.RDF_XML, content)
    assert text("a", "p", "1") in facts
    assert refused.line == line
    assert why in refused.reason
    assert "what comes after it is not read" in refused.reason


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE r SYSTEM "file:///etc/passwd">',
        f"<!-- {'x' * 100_000} --><!DOCTYPE r>",
    ],
)
def test_xml_that_may_define_entities(tmp_path: Path, doctype: str) -> None:
    with pytest.raises(BadInput, match="has a <!DOCTYPE"):
        read(tmp_path / "a", Syntax.RDF_XML, doctype + HEAD + "</r:RDF>")
    inside = HEAD + "<!-- <!DOCTYPE --></r:RDF>"
    assert read(tmp_path / "a", Syntax.RDF_XML, inside) == ([text("a", "p", "1")], [])


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "utf-16"])
def test_xml_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?>{HEAD}</r:RDF>'
    with pytest.raises(BadInput, match=r"save it as UTF-8\."):
        read(tmp_path / "a", Syntax.RDF_XML, content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"@context": "http://schema.org/", "@id": "http://e.org/a", "name": "x"}', REMOTE),
        ('{"@context": {"@import": "http://schema.org/"}, "@id": "http://e.org/a"}', REMOTE),
        (
            '{"@context": {"a": {"@id": "b:x"}, "b": {"@id": "a:y"}}, "@id": "x:x", "a": 1}',
            "Cyclic",
        ),
        ("[" * 100_000, "Max stack size"),
        ('{"@id": "rel/a", "http://e.org/p": "x"}', RELATIVE),
        ('{"@id": "http://e.org/a", "http://e.org/p": {"@id": "../b"}}', RELATIVE),
    ],
)
def test_json_that_is_not_followed(tmp_path: Path, content: str, reason: str) -> None:
    facts, [refused] = read(tmp_path / "a", Syntax.JSON_LD, content)
    assert facts == []
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("syntax", "content", "line"),
    [
        (Syntax.N_TRIPLES, "<e:a> <e:p> <<( <e:a> <e:p> <e:b> )>> .\n<e:a> <e:p> <e:b> .\n", 1),
        (Syntax.TURTLE, "<e:a> <e:p> <e:b> {| <e:q> 3 |} .", None),
    ],
)
def test_rdf_star(tmp_path: Path, syntax: Syntax, content: str, line: int | None) -> None:
    facts, [refused] = read(tmp_path / "a", syntax, content)
    assert ("e:a", "e:p", "e:b", None, "") in facts
    assert (refused.reason, refused.line) == (STAR, line)


@pytest.mark.parametrize("nul", ["\x00", "\\u0000"])
@pytest.mark.parametrize("syntax", [Syntax.N_TRIPLES, Syntax.TURTLE])
def test_a_nul_costs_its_value(tmp_path: Path, syntax: Syntax, nul: str) -> None:
    lines = [f'<{E}a> <{E}p> "{value}" .\n' for value in ("x", f"a{nul}b", "y")]
    facts, [refused] = read(tmp_path / "a", syntax, "".join(lines))
    assert facts == [text("a", "p", "x"), text("a", "p", "y")]
    assert (refused.field, refused.reason, refused.value) == ("p", NUL, "a\\0b")
    assert refused.line == (2 if syntax is Syntax.N_TRIPLES else None)
