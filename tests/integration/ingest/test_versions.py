"""Versions of a source on a real Neo4j: what each run changed, and the graph as before it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ingest.versions.compare import compare
from ingest.versions.history import history
from ingest.versions.undo import undo
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.graph.kept import to_text
from kg_platform.platform import Platform
from tests.support.command_line import kg
from tests.support.sources import Triple, differences, dump, ingest, one, picture, write


def published(graph: Graph) -> None:
    """Every entity has a vector, and nothing is stale."""
    graph.write(Statement("CREATE (:EmbeddingRun {id: 'run-1', current: true})"))
    graph.write(
        Statement(
            "MATCH (n:Entity) SET n.embedding = [1.0, 2.0], n.embedding_run = 'run-1' "
            "REMOVE n.embedding_stale, n.embedding_stale_at"
        )
    )


@pytest.mark.neo4j_both
def test_new_changed_retired_and_undone(platform: Platform, tmp_path: Path) -> None:
    graph, folder = platform.graph, tmp_path / "films"
    red, blue = (picture(folder, f"{name}.png", name) for name in ("red", "blue"))
    films = [
        {"id": "A", "type": "Film", "label": "Alien", "year": 1979, "image": red},
        {"id": "B", "type": "Film", "label": "Brazil", "aliases": ["Brasil"], "long": 2.5},
        {"id": "C", "type": "Film", "label": "Cube"},
        {"id": "D", "type": "Film", "label": "Dune"},
    ]
    facts = [("A", "BEFORE", "B"), ("B", "BEFORE", "C"), ("A", "LIKE", "C"), ("C", "LIKE", "D")]
    first = ingest(platform, write(folder, films, facts), sync=True)
    assert not first.retired.any
    published(graph)
    before = dump(graph)

    films[0] |= {"year": 1978, "image": blue, "seen": True}
    films[1] = {"id": "B", "type": "Work", "label": "Brazil (1985)"}
    later = [*films[:2], films[3], {"id": "E", "label": "Eraserhead", "image": red}]
    folder = write(folder, later, [facts[0], ("E", "LIKE", "A")])
    second = ingest(platform, folder, sync=True, force=True)
    assert (second.entities_new, second.entities_changed, second.relations_new) == (1, 2, 1)
    assert (second.retired.entities, second.retired.relations) == (1, 3)
    assert graph.read(Statement("MATCH (n:Entity {id: 'C'}) RETURN n")) == []
    assert one(graph, "MATCH (t:Tombstone) RETURN t.id AS id, t.why AS why") == {
        "id": "C", "why": "deleted",
    }  # fmt: skip
    after = dump(graph)
    again = ingest(platform, folder, sync=True)
    assert not again.retired.any
    assert differences(dump(graph), after) == []

    found = compare(platform, first.run_id, second.run_id)
    assert found.counts == {
        "entity": {"added": 1, "changed": 2, "retired": 1},
        "relation": {"added": 1, "changed": 0, "retired": 3},
    }
    changed = {d.id: d.properties for d in found.differences if d.what == "changed"}
    assert changed["B"] == {
        "aliases": (["Brasil"], None), "label": ("Brazil", "Brazil (1985)"), "long": (2.5, None),
        "type": ("Film", "Work"),
    }  # fmt: skip
    assert set(changed["A"]) == {"media", "seen", "year"}

    looked = undo(platform, second.run_id, dry_run=True)
    assert (looked.partly, looked.left, looked.removed) == (0, 0, {"entity": 1, "relation": 1})
    assert differences(dump(graph), after) == [], "a dry run changes nothing"
    done = undo(platform, second.run_id)
    assert done.returned == {"entity": 1, "relation": 3}
    assert differences(dump(graph), before) == []
    with pytest.raises(BadInput, match=f"was undone by {done.run}"):
        undo(platform, second.run_id)

    undo(platform, done.run)  # and forth
    times = {"updated_at", "deleted_at"}
    assert _without(dump(graph), times) == _without(after, times)
    table = [
        (v.kind, v.new, v.changed, v.retired, bool(v.undone)) for v in history(platform.ledger)
    ]
    assert table[1:] == [
        ("undo", 4, 2, 2, True), ("ingest", 0, 0, 0, False), ("ingest", 2, 2, 4, False),
        ("ingest", 8, 0, 0, False),
    ]  # fmt: skip


def _without(lines: list[str], names: set[str]) -> list[str]:
    found = []
    for line in lines:
        row = json.loads(line)
        for name in [n for n in row["properties"] if n in names or n.startswith("embedding_st")]:
            del row["properties"][name]
        found.append(to_text(row))
    return sorted(found)


def test_what_others_did_since(platform: Platform, tmp_path: Path) -> None:
    """Other things are left alone; of the same things, what is possible."""
    graph, folder = platform.graph, tmp_path / "films"
    ingest(platform, write(folder, [{"id": "A", "x": 1, "y": 1}, {"id": "B"}]))
    films = [{"id": "A", "x": 2, "y": 2}, {"id": "B"}, {"id": "C"}, {"id": "D"}]
    second = ingest(platform, write(folder, films, [("C", "R", "D")]))
    ingest(platform, write(tmp_path / "other", [{"id": "X"}], [("X", "R", "B")]))
    graph.write(Statement("MATCH (n:Entity {id: 'A'}) SET n.y = 3, n.note = 'mine'"))
    ingest(platform, write(tmp_path / "late", [{"id": "Z"}], [("Z", "SEES", "C")]))

    sentence = "2 things that it changed were changed again since, the first"
    with pytest.raises(BadInput, match=sentence) as refused:
        undo(platform, second.run_id)
    assert "1 in part, while 1 would stay" in str(refused.value)
    looked = undo(platform, second.run_id, dry_run=True)
    assert {(o.what, o.why, o.partly) for o in looked.in_the_way} == {
        ("A", "changed since: note, y", True), ("C", "Z SEES C is there, by late", False),
    }  # fmt: skip
    done = undo(platform, second.run_id, partial=True)
    assert (done.partly, done.left, done.removed) == (1, 1, {"entity": 1, "relation": 1})
    assert one(graph, "MATCH (n:Entity {id: 'A'}) RETURN n.x AS x, n.y AS y, n.note AS note") == {
        "x": 1, "y": 3, "note": "mine",
    }  # fmt: skip
    assert graph.read(Statement("MATCH (n:Entity {id: 'D'}) RETURN n")) == []
    assert one(graph, "MATCH (:Entity {id: 'Z'})-[r]->(n) RETURN n.id AS id") == {"id": "C"}


def test_the_commands(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "history", [{"id": "A", "x": 1}])
    assert kg("ingest", "./history").code == 0
    write(tmp_path / "history", [{"id": "A", "x": 2}, {"id": "B"}])
    assert kg("ingest", "--strict", "history").code == 0, "after an option it is a folder"
    done = kg("ingest", "history", "--json")
    runs = [row["run"] for row in json.loads(done.out)]
    assert len(runs) == 2
    assert runs[0] in kg("ingest", "history", "history").out
    assert json.loads(kg("ingest", "history", "nobody", "--json").out) == []
    assert "changed" in kg("ingest", "diff", runs[1], runs[0]).out
    lines = kg("ingest", "diff", runs[1], runs[0], "--csv").out.splitlines()
    assert lines[0] == "what,kind,id,type,tail,property,old,new"
    assert "changed,entity,A,,,x,1,2" in lines
    assert "later one" in kg("ingest", "diff", runs[0], runs[1]).errors
    shown = json.loads(kg("ingest", "undo", runs[0], "--json").out)
    assert shown["removed"] == {"entities": 1, "relations": 0}
    assert "undone by" in kg("ingest", "undo", runs[0]).errors
    told = json.loads(kg("ingest", "history", "--entity", "B", "--json").out)
    assert [(one["run"], one["entity"]["what"]) for one in told] == [
        (shown["run"], "retired"), (runs[0], "added"),
    ], "it is gone, and known by its id"  # fmt: skip
    assert kg("ingest", "history", "--entity", "nobody").code == NotFound.exit_code
    monkeypatch.setenv("COLUMNS", "100")
    told = kg("ingest", "history")
    assert f"{shown['run']} is the undo of {runs[0]}." in told.out
    assert told.out.count("undone") == 1
    nobody = kg("ingest", "history", "nobody")
    assert (nobody.out, nobody.code) == ("", 0)
    assert "Nothing of nobody was loaded yet" in nobody.errors
    assert "--sync" in kg("ingest", "--help").out
    assert "undo" in kg("ingest", "--help").out
    assert kg("ingest", "undo", "nothing").code == NotFound.exit_code
    assert "--force is for --sync" in kg("ingest", "./history", "--force").errors


class _Killed(BaseException):
    """What a `kill -9` leaves undone."""


@pytest.mark.parametrize("where", ["before", "after"])
def test_killed_in_the_middle(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """At each transaction of a load, and of its undo."""
    graph = platform.graph
    small = Platform.open(platform.settings.model_copy(update={"batch_rows": 2}))
    folder = tmp_path / "films"
    films = [{"id": name, "x": 1} for name in "ABCDE"]
    facts = [(a, "R", b) for a in "ABC" for b in "CDE"]
    ingest(small, write(folder, films, facts))
    published(graph)
    before = dump(graph)
    films = [{"id": name, "x": 2} for name in "ABCX"]
    write(folder, films, [facts[0], ("X", "R", "A")])
    for number in range(1, 100):
        with monkeypatch.context() as patch:
            left = _killing(patch, small.graph, number, where)
            with suppress(_Killed):
                ingest(small, folder, sync=True, force=True)
        run = small.ledger.runs("ingest", 1)[0]
        _as_if_killed(small, run.id)
        for attempt in range(1, 100):  # the undo is killed at each of its transactions, too
            with monkeypatch.context() as patch:
                _killing(patch, small.graph, attempt, where)
                try:
                    undo(small, run.id)
                    break
                except _Killed:
                    _as_if_killed(small, small.ledger.runs("undo", 1)[0].id)
                except NotFound:  # it had not begun to change anything
                    break
        assert differences(dump(graph), before) == [], f"killed at {number}"
        if left():
            break
    assert number > 3
    small.close()


def _killing(
    patch: pytest.MonkeyPatch, graph: Graph, number: int, where: str
) -> Callable[[], bool]:
    """The process ends at so many transactions; whether it came to its end is asked later."""
    count = 0
    transact, write_rows = graph.transact, graph.write_rows

    def killed(do: Callable[..., Any]) -> Callable[..., Any]:
        def done(*words: Any, **names: Any) -> Any:
            nonlocal count
            count += 1
            if count == number and where == "before":
                raise _Killed
            answer = do(*words, **names)
            if count == number and where == "after":
                raise _Killed
            return answer

        return done

    patch.setattr(graph, "transact", killed(transact))
    patch.setattr(graph, "write_rows", killed(write_rows))
    return lambda: count < number


def _as_if_killed(platform: Platform, run: str) -> None:
    platform.ledger.finish_run(run, "interrupted")


def test_a_random_history_beside_a_plain_model(platform: Platform, tmp_path: Path) -> None:
    """Ingests of three sources, with and without --sync, and undos of the last of them."""
    draw, graph = random.Random(7), platform.graph
    said: dict[str, dict[str, dict[str, int]]] = {name: {} for name in "pqr"}
    facts: dict[str, set[Triple]] = {name: set() for name in "pqr"}
    states = [(dump(graph), said, facts)]
    runs: list[str] = []
    for _ in range(14):
        if runs and draw.random() < 0.3:
            undo(platform, runs.pop())
            states.pop()
            expected, said, facts = states[-1]
            assert differences(dump(graph), expected) == []
            continue
        source, sync = draw.choice("pqr"), draw.random() < 0.6
        ids = draw.sample("ABCDEF", draw.randint(1, 5))
        content = {name: {"v": draw.randint(1, 3)} for name in ids}
        triples = {(draw.choice(ids), draw.choice("RS"), draw.choice(ids)) for _ in range(3)}
        rows = [{"id": name, **its} for name, its in content.items()]
        done = ingest(
            platform, write(tmp_path / source, rows, sorted(triples)), sync=sync, force=sync
        )
        old = ({}, set()) if sync else (said[source], facts[source])
        said = {**said, source: {**old[0], **content}}
        facts = {**facts, source: old[1] | triples}
        runs.append(done.run_id)
        states.append((dump(graph), said, facts))
        _compare(graph, said, facts)


def _compare(
    graph: Graph, said: dict[str, dict[str, dict[str, int]]], facts: dict[str, set[Triple]]
) -> None:
    described = {name for its in said.values() for name in its}
    ends = {end for its in facts.values() for h, _, t in its for end in (h, t)}
    rows = graph.read(Statement("MATCH (n:Entity) RETURN n.id AS id, n.v AS v"))
    assert {row["id"] for row in rows} == described | ends
    for row in rows:
        values = {its[row["id"]]["v"] for its in said.values() if row["id"] in its}
        assert row["v"] in (values or {None})
    stated = graph.read(
        Statement(
            "MATCH (h:Entity)-[r]->(t:Entity) RETURN h.id AS h, type(r) AS r, t.id AS t, "
            "coalesce(r.sources, [r.source]) AS sources"
        )
    )
    assert {(s["h"], s["r"], s["t"]): set(s["sources"]) for s in stated} == {
        triple: {name for name, its in facts.items() if triple in its}
        for triple in set().union(*facts.values())
    }


def test_values_of_every_kind_are_known_again(platform: Platform, tmp_path: Path) -> None:
    """As Python says them in the journal, and as the graph gives them back."""
    folder = tmp_path / "times"
    folder.mkdir()
    said = {
        "date": "2020-02-29", "dateTime": "2020-02-29T23:59:59.123456+05:30",
        "time": "12:30:00", "dayTimeDuration": "P3DT5H0.5S", "double": "1.5E3", "integer": "7",
        "boolean": "true", "gYear": "1999",
    }  # fmt: skip
    facts = "".join(f'ex:A ex:{kind} "{text}"^^xsd:{kind} .\n' for kind, text in said.items())
    head = (
        "@prefix ex: <http://example.org/> .\n@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    )
    (folder / "data.ttl").write_text(head + facts)
    empty = dump(platform.graph)
    first = ingest(platform, folder)
    assert first.rejected == 0
    before = dump(platform.graph)
    (folder / "data.ttl").write_text(head + facts.replace("2020", "2021").replace("1.5E3", "2E0"))
    second = ingest(platform, folder)
    assert second.entities_changed == 1
    done = undo(platform, second.run_id)
    assert (done.left, done.partly) == (0, 0)
    assert differences(dump(platform.graph), before) == []
    done = undo(platform, first.run_id)
    assert (done.left, done.partly) == (0, 0)
    assert differences(dump(platform.graph), empty) == []


def test_a_vector_that_was_made_since_is_stale(platform: Platform, tmp_path: Path) -> None:
    """It is of what the run had made of the entity; an undo makes something else of it."""
    graph, folder = platform.graph, tmp_path / "films"
    films = [{"id": name, "label": name} for name in "ABCD"]
    ingest(platform, write(folder, films, [("A", "R", "B"), ("C", "R", "D")]))
    published(graph)
    films[0]["label"] = "Another"
    second = ingest(platform, write(folder, films, [("C", "R", "D")]), sync=True)
    graph.write(
        Statement(
            "MATCH (n:Entity) SET n.embedding_run = 'run-2' "
            "REMOVE n.embedding_stale, n.embedding_stale_at"
        )
    )
    undo(platform, second.run_id)
    rows = graph.read(
        Statement("MATCH (n:Entity) RETURN n.id AS id, n.embedding_stale AS why ORDER BY id")
    )
    assert {row["id"]: set(row["why"] or ()) for row in rows} == {
        "A": {"text", "facts"}, "B": {"facts"}, "C": set(), "D": set(),
    }  # fmt: skip
