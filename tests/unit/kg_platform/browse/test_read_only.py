"""What the read-only console refuses by its words alone, before any database is asked."""

from __future__ import annotations

import pytest

from kg_platform.browse.read_only import check_words, named_parameters, without_mode
from kg_platform.errors import QueryRefused

NESTED = "RETURN [x IN [1] | COLLECT { %s }] AS a"

REFUSED = [
    "LOAD CSV FROM 'http://127.0.0.1:9/x' AS l RETURN l",
    "load/**/csv from 'file:///etc/passwd' as l return l",
    "LOAD // why\n CSV FROM 'file:///x' AS l RETURN l",
    "LOAD // why\r CSV FROM 'file:///x' AS l RETURN l",
    NESTED % "LOAD CSV FROM 'file:///x' AS l RETURN l",
    NESTED % "LOAD\u00a0CSV FROM 'file:///x' AS l RETURN l",
    NESTED % "LOAD\u180eCSV FROM 'file:///x' AS l RETURN l",
    NESTED % "LOAD\u200bCSV FROM 'file:///x' AS l RETURN l",
    "MATCH (n) WHERE n.x > 1LOAD CSV FROM 'file:///x' AS l RETURN l",
    "MATCH (n) WHERE n.x > 1e5LOAD CSV FROM 'file:///x' AS l RETURN l",
    "MATCH (n) WHERE n.x > 0x1LOAD CSV FROM 'file:///x' AS l RETURN l",
    "RETURN '\\u0027' AS a, [x IN [1] | COLLECT { LOAD CSV FROM \"f\" AS l RETURN l }], '' AS c",
    "\\u0043ALL dbms.listConfig()",
    "RETURN 1 // \\u000A CALL dbms.listConfig()",
    "CALL dbms.listConfig()",
    "CALL `dbms`.`listConfig`()",
    "CALL dbms . /* x */ listConfig()",
    "call DBMS.listConfig()",
    "OPTIONAL CALL dbms.listConfig()",
    NESTED % "CALL dbms.listConfig() YIELD name RETURN name",
    NESTED % "CALL db.awaitIndexes() RETURN 1 AS x",
    "CALL dbms.killConnection('bolt-99')",
    "CALL db.clearQueryCaches()",
    "CALL tx.setMetaData({a: 1})",
    "CALL apoc.cypher.doIt('CREATE (n)', {})",
    "SHOW SETTINGS",
    "/* */ show transactions",
    "TERMINATE TRANSACTION 'neo4j-transaction-1'",
    "USE system RETURN 1",
    "CALL { USE `system` RETURN 1 AS x } RETURN x",
    "RETURN apoc.load.json('http://127.0.0.1:9/')",
    "RETURN {a: apoc.cypher.runFirstColumnSingle('CREATE (n)', {})}",
    "RETURN genai . `vector` /**/ . encode ('x')",
    "RETURN 'open",
    'RETURN "open',
    "RETURN `open",
    "/* RETURN 1",
    "RETURN 1\x0b",
    "RETURN 1\u2028",
    "RETURN 1\x00",
    "RETURN \u201c1\u201d",
    "",
    " ; ",
    "// only a comment",
    "x" * 100_001,
]

ALLOWED = [
    "PROFILE RETURN 1",
    "CYPHER 5 EXPLAIN RETURN 1",
    "MATCH (n:Entity) RETURN n.load, n.csv, n.call AS call, n.use, n.show AS s LIMIT 1",
    "MATCH (n:LOAD)-[:CALL]->(m:USE) RETURN n",
    "RETURN 'LOAD CSV; CALL dbms.x() SHOW USE neo4j \"' AS s",
    "RETURN 1 AS `CALL dbms.x()` // CALL dbms.x()",
    "RETURN \"it's\" AS a, 'a\\'b' AS b, '\\\\' AS c",
    "/* LOAD CSV */ RETURN 1",
    "CALL db.labels() YIELD label RETURN label",
    "CALL `db`.labels()",
    "MATCH (n) CALL (n) { RETURN 1 AS x } RETURN x",
    "RETURN duration.between(date(), date()), vector.similarity.cosine([1.0], [1.0])",
    "RETURN 1e5, 0x1F, .5, 1.5, 1e-3, 1.5e10",
    'MATCH (n:`we"ird ``x`) RETURN n;',
    "RETURN '👨\u200d👩\u200d👧 日本' AS x, $p",
    "MATCH (日本:Entity) RETURN 日本",
    "WITH 1 AS call RETURN call ORDER BY call",
    "MATCH (a:Entity&!X)((x)-->(y)){1,2}(b) RETURN count(*)",
    "MATCH (n) WHERE n.id =~ '(?i)a.*' RETURN n",
]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(QueryRefused):
        check_words(text)


@pytest.mark.parametrize("text", ALLOWED)
def test_allowed(text: str) -> None:
    check_words(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EXPLAIN RETURN 1", ("EXPLAIN", "        RETURN 1")),
        ("/* x */ profile\nRETURN 1", ("PROFILE", "/* x */        \nRETURN 1")),
        ("CYPHER 5 PROFILE RETURN 1", ("PROFILE", "CYPHER 5         RETURN 1")),
        ("CYPHER runtime=slotted PROFILE RETURN 1", ("PROFILE", None)),
        ("RETURN 1 AS profile", ("", "RETURN 1 AS profile")),
        ("", ("", "")),
    ],
)
def test_whether_the_plan_is_asked_for(text: str, found: tuple[str, str | None]) -> None:
    mode, bare = without_mode(text)
    assert mode == found[0]
    assert len(bare) == len(text)
    assert found[1] in (None, bare)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "MATCH (n {id: $id}) WHERE n.a > $a AND n.b < $a RETURN $`x y`, $1",
            ["id", "a", "x y", "1"],
        ),
        ("RETURN '$a', \"$b\", `$c` // $d\n/* $e */", []),
        ("RETURN $", []),
        ("RETURN 'not closed $a", ["a"]),
    ],
)
def test_names_of_parameters(text: str, names: list[str]) -> None:
    assert named_parameters(text) == names
