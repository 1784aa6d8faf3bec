"""What `kg similar`, `query`, `runs` and `rejections` say without a graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kg_platform.cli.main import build
from kg_platform.errors import BadInput, KgError, NotFound
from kg_platform.platform import Platform
from kg_platform.records import Rejection
from kg_platform.settings import load


def kg(*words: str) -> str:
    result = CliRunner().invoke(build(words[0]), words)
    if result.exception is not None:
        raise result.exception
    return result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["similar"],
        ["similar", "--not", "JPN"],
        ["similar", "JPN", "--not", "JPN"],
        ["similar", "JPN", "--weight", "text=much"],
        ["similar", "JPN", "--weight", "smell=1"],
        ["similar", "JPN", "--weight", "text=-1"],
        ["similar", "JPN", "--weight", "text=0"],
        ["similar", "JPN", "--weight", "text=1", "--by", "image"],
        ["similar", "JPN", "--where", "Asia"],
        ["similar", "JPN", "--where", "=Asia"],
        ["similar", "--text", "x", "--by", "structure"],
        ["query", "RETURN 1", "--json", "--csv"],
        ["query", "RETURN 1", "--param", "novalue"],
        ["query", "RETURN 1", "--param", "$id=7"],
        ["query", "RETURN 1", "--param", "n=9223372036854775808"],
        ["query", "RETURN '\udcff'"],
        ["show", "\udcff"],
        ["similar", "JPN", "--by", "colour"],
        ["runs", "--kind", "training"],
    ],
)
def test_wrong_arguments_are_one_sentence(words: list[str]) -> None:
    with pytest.raises(BadInput):
        kg(*words)


@pytest.mark.parametrize(
    "words", [["embed"], ["publish"], ["runs"], ["ingest", "."], ["show", "x"]]
)
def test_a_home_that_cannot_be_made_is_one_sentence(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "triples.tsv").write_text("a\tb\tc\n", encoding="utf-8")
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("KG_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(KgError, match="KG_HOME"):
        kg(*words)


def test_a_web_address_is_no_picture_file() -> None:
    with pytest.raises(BadInput, match=r"fetch https://a\.example/b\.png first"):
        kg("similar", "--image", "https://a.example/b.png")


def test_runs_and_rejections_need_no_graph() -> None:
    with Platform.open(load()) as platform:
        run = platform.ledger.start_run("ingest", {"path": "world"})
        platform.ledger.begin_step(run, "entities")
        platform.ledger.finish_step(run, "entities", {"rows": 3, "rate": 1234.5})
        reasons = [Rejection("a.tsv", n, "head", "unknown", "[red]x[/red]") for n in range(3)]
        platform.ledger.reject(run, reasons)
        platform.ledger.finish_run(run, "succeeded", {"entities": 12})
    assert run in kg("runs")
    assert [row["id"] for row in json.loads(kg("runs", "--json"))] == [run]
    one = json.loads(kg("runs", run, "--json"))
    assert (one["metrics"], one["rejections"]) == ({"entities": 12}, 3)
    assert one["steps"][0]["details"] == {"rows": 3, "rate": 1234.5}
    assert "entities" in kg("runs", run)
    assert json.loads(kg("runs", "--kind", "embed", "--json")) == []

    listed = json.loads(kg("rejections", "--limit", "2", "--json"))
    assert (listed["run"], listed["total"], len(listed["rejections"])) == (run, 3, 2)
    assert "[red]" in kg("rejections", run, "--offset", "2")
    with pytest.raises(NotFound):
        kg("runs", "nobody")
    with pytest.raises(NotFound):
        kg("rejections", "nobody")


def test_nothing_ingested_yet() -> None:
    with pytest.raises(KgError, match="kg ingest"):
        kg("rejections")
    result = CliRunner().invoke(build("runs"), ["runs"])
    assert (result.exit_code, "kg ingest" in result.stderr) == (0, True)
