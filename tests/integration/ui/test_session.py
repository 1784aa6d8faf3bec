"""The Python interface on a real graph: loaded, embedded, asked; and its notebook."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import nbclient
import nbformat
import pytest
from PIL import Image

from kg_platform import KnowledgeGraph, connect
from kg_platform.errors import BadInput, NotFound, QueryRefused, SettingsError
from kg_platform.graph.client import Connection, Graph
from tests.support.places import ROOT
from tests.support.worlds import write_world

NOTEBOOK = ROOT / "docs" / "tour.ipynb"


def test_everything_a_program_does(
    graph: Graph, neo4j_environment: Connection, tmp_path: Path
) -> None:
    world = write_world(tmp_path / "world")
    steps: list[str] = []
    with connect(tmp_path / "own home") as kg:
        assert isinstance(kg, KnowledgeGraph)
        with pytest.raises(NotFound, match="Nothing has been ingested"):
            kg.rejections()
        (world / "bad.tsv").write_text("C01\tBORDERS\tnobody\n", encoding="utf-8")
        loaded = kg.ingest(world, on_progress=lambda step, done, total: steps.append(step))
        assert (loaded.entities_new, loaded.rejected) == (31, 1)
        assert "writing" in steps
        refused = kg.rejections()
        assert (len(refused), refused.total, refused[0].value) == (1, 1, "nobody")

        with pytest.raises(NotFound, match="No vectors are published"):
            kg.predict("C01", "LANGUAGE")
        cost = kg.plan(preset="fast", dimension=16)
        assert cost.entities == 31
        made = kg.embed(preset="fast", dimension=16, epochs=3)
        assert made.published is not None
        assert made.published.entities == 31
        assert [run.kind for run in kg.runs()] == ["embed", "ingest"]
        assert kg.run(made.run_id).metrics["test_mrr"] == made.metrics["test_mrr"]
        assert kg.status().with_vector == 31

        near = kg.similar("Country 1", k=3)
        assert near == kg.similar("C01", k=3)
        assert len(near) == 3
        assert "C01" not in {one.id for one in near}
        assert {one.type for one in kg.similar("C01", type="Language", k=2)} == {"Language"}
        flag = world / "flags" / "c01.png"
        by_picture = [
            kg.similar(image=picture, k=1)[0].id
            for picture in (flag, str(flag), flag.read_bytes(), Image.open(flag))
        ]
        assert len(set(by_picture)) == 1
        assert kg.similar(text="a harbour", k=2).to_pandas().shape == (2, 4)
        both = kg.similar("C01", text="a harbour", k=30)
        assert "C01" not in {one.id for one in both}
        assert both != kg.similar("C01", k=30)
        with pytest.raises(BadInput, match="colour"):
            kg.similar("C01", by="colour")

        likely = kg.predict("C01", "LANGUAGE", k=2)
        assert likely.to_arrow().schema.names == [
            "id",
            "label",
            "type",
            "score",
            "probability",
            "basis",
        ]
        one = kg.explain("C01", "LANGUAGE", likely[0].id)
        assert (one.head.id, one.tail.id) == ("C01", likely[0].id)
        assert one.explanation.score == pytest.approx(likely[0].score, abs=1e-3)
        assert [each.tail.id for each in kg.explain("C01", "LANGUAGE", k=2)] == [
            each.id for each in likely
        ]

        answer = kg.query("MATCH (n:Entity {id: $id}) RETURN n.label AS label", {"id": "C01"})
        assert answer == [{"label": "Country 1"}]
        with pytest.raises(QueryRefused):
            kg.query("MATCH (n) DETACH DELETE n")
        page = kg.show("Country 1", facts=1)
        assert (page.id, len(page.neighbours)) == ("C01", 1)
        assert kg.find("Country 1", 1)[0].id == "C01"
        with pytest.raises(NotFound, match="No run before"):
            kg.rollback()
        assert kg.gate().passed
        assert kg.embed_new().vectors == 0


def test_settings_of_a_program_go_before_the_environment(tmp_path: Path) -> None:
    kg = connect(tmp_path, query_max_rows=7)
    assert (kg.settings.home, kg.settings.query_max_rows) == (tmp_path, 7)
    with pytest.raises(SettingsError, match="did you mean query_max_rows"):
        connect(tmp_path, query_max_row=7)
    with pytest.raises(SettingsError, match="KG_QUERY_MAX_ROWS is not valid"):
        connect(tmp_path, query_max_rows=0)


def test_the_notebook_runs(graph: Graph, neo4j_environment: Connection, tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "commit it without outputs"
    client = nbclient.NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT)})
    printed = "".join(
        output.get("text", "")
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stdout"
    )
    assert "8 entities, 11 relations" in printed
    assert "'Atlantis'" in printed


def test_threads_that_share_a_session_open_each_store_once(
    graph: Graph, neo4j_environment: Connection, tmp_path: Path
) -> None:
    with connect(tmp_path / "home") as kg, ThreadPoolExecutor(max_workers=8) as threads:
        begin = Barrier(8)

        def ask(_: int) -> tuple[int, int]:
            begin.wait()
            assert kg.query("RETURN 1 AS one") == [{"one": 1}]
            assert kg.runs() == []
            return id(kg.graph), id(kg.ledger)

        assert len(set(threads.map(ask, range(8)))) == 1


def test_a_misspelt_option_is_said(tmp_path: Path) -> None:
    kg = connect(tmp_path)
    with pytest.raises(BadInput, match="labels is not an option of embedding; did you mean label"):
        kg.embed(labels=["Country"])  # type: ignore[call-arg]
    with pytest.raises(BadInput, match="lr must be a number"):
        kg.embed(setting="lr=fast")  # type: ignore[arg-type]  # one, not its letters
    with pytest.raises(BadInput, match="A type chooses among predictions"):
        kg.explain("a", "B", "c", type="Country")  # type: ignore[call-overload]
    with pytest.raises(BadInput, match="colour"):
        kg.similar(image=b"x", by="colour")
    with pytest.raises(BadInput, match="A picture is compared by image"):
        kg.similar(image=b"x", by="text")


def test_a_picture_is_the_same_however_it_is_given() -> None:
    from io import BytesIO

    from kg_platform.media.pictures import decode_rgb, rgb

    drawn = Image.new("RGBA", (6, 4), (255, 0, 0, 0))
    drawn.paste((0, 0, 255, 255), (0, 0, 3, 4))
    file = BytesIO()
    drawn.save(file, "PNG")
    decoded = decode_rgb(file.getvalue(), 1_000)
    assert decoded.tobytes() == rgb(drawn, 1_000).tobytes()
    assert decoded.getpixel((5, 0)) == (255, 255, 255)


WRONG: list[Callable[[Any], object]] = [
    lambda kg: kg.resolve(5),
    lambda kg: kg.show("a", facts=-1),
    lambda kg: kg.find(5),
    lambda kg: kg.find("a", k=0),
    lambda kg: kg.query(5),
    lambda kg: kg.query("RETURN 1", "x"),
    lambda kg: kg.runs("training"),
    lambda kg: kg.runs(limit="x"),
    lambda kg: kg.run(5),
    lambda kg: kg.rejections(limit=-1),
    lambda kg: kg.similar(5),
    lambda kg: kg.similar("a", k="x"),
    lambda kg: kg.similar(text=5),
    lambda kg: kg.similar(image=5),
    lambda kg: kg.predict("a", 5),
    lambda kg: kg.predict("a", "B", k=2.5),
    lambda kg: kg.explain("a", 5),
    lambda kg: kg.plan(epochs=2.5),
    lambda kg: kg.plan(dimension="16"),
    lambda kg: kg.plan(label=[5]),
    lambda kg: kg.plan(preset=5),
    lambda kg: kg.embed(force=" "),
]


@pytest.mark.parametrize("ask", WRONG)
def test_a_wrong_argument_is_one_sentence_before_a_database_is_started(
    ask: Callable[[Any], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "kg_platform.server.local.LocalServer.start", lambda _: pytest.fail("started")
    )
    with pytest.raises(BadInput) as caught:
        ask(connect(tmp_path))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ledger.sqlite").exists()
