"""The Ingest page on a real database: from a table to a graph."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.loading.load import ingest
from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Connection, Graph
from kg_platform.platform import Platform
from tests.ui.conftest import Open
from tests.ui.test_pages import words

FILMS = "id,title,year\n" + "".join(f"f{i},Film {i},{1970 + i}\n" for i in range(1, 9))


def at_path(explorer: Open, path: Path) -> AppTest:
    app = explorer("ingest")
    app.segmented_control(key="ingest_from").set_value("Path").run()
    return app.text_input(key="ingest_path").set_value(str(path)).run()


def test_a_table_is_mapped_tried_and_loaded(
    platform: Platform, explorer: Open, graph: Graph, tmp_path: Path
) -> None:
    (tmp_path / "films.csv").write_text(FILMS + "f9,Film 9,soon\n", encoding="utf-8")
    app = at_path(explorer, tmp_path / "films.csv")
    assert not app.exception
    app.segmented_control(key=f"ingest_how_{tmp_path / 'films.csv'}").set_value("With a mapping")
    app.run()
    [area] = app.text_area
    assert 'label: "{title}"' in area.value
    area.set_value(area.value.replace('"{year}"', '"{year | integer}"')).run()
    app.button(key="ingest_dry").click().run()
    assert not app.exception
    assert "would be" in words(app).lower()
    assert "is not a number" in words(app)
    assert graph.read(Statement("MATCH (n:Entity) RETURN n")) == []

    area = app.text_area[0]
    area.set_value(area.value + "  - nonsense\n").run()
    assert "mapping.yaml, line" in words(app)
    assert app.button(key="ingest_load").disabled
    area.set_value(area.value.replace("  - nonsense\n", "")).run()

    app.button(key="ingest_load").click().run()
    end = time.monotonic() + 600  # ends a hang; a busy machine needs its time
    while "succeeded" not in words(app.run()) and time.monotonic() < end:
        time.sleep(0.5)
    count = "MATCH (n:Film) RETURN count(n) AS films, sum(n.year) AS years"
    assert graph.read(Statement(count)) == [{"films": 9, "years": 8 * 1970 + 36}]
    assert "Rejected" in words(app)


def test_a_path_that_is_not_there(platform: Platform, explorer: Open, tmp_path: Path) -> None:
    app = at_path(explorer, tmp_path / "none")
    assert not app.exception
    assert "is not there" in words(app)
    app = at_path(explorer, Path("~nobody-of-this-name/x"))
    assert not app.exception
    assert "names nobody of this machine" in words(app)


def test_a_dataset_is_named_where_paths_are(
    platform: Platform, explorer: Open, tmp_path: Path
) -> None:
    assert "close to it are nations" in words(at_path(explorer, Path("pykeen:nation")))
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "train.csv").write_text(FILMS, encoding="utf-8")
    name = f"huggingface:{tmp_path / 'films'}"
    app = at_path(explorer, Path(name))
    assert not app.exception
    app.button(key="ingest_dry").click().run()
    assert not app.exception
    assert "Film 5" in str(app.dataframe[-1].value)
    app.segmented_control(key=f"ingest_how_{name}").set_value("With a mapping").run()
    assert not app.exception
    assert f'huggingface: "{tmp_path / "films"}"' in app.text_area[0].value


def test_others_cannot_name_paths(
    neo4j_environment: Connection, graph: Graph, explorer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_UI_ADDRESS", "0.0.0.0")
    monkeypatch.setenv("KG_UI_EVERYBODY", "operator")
    app = explorer("ingest")
    assert app.segmented_control(key="ingest_from").options == ["Upload"]


def test_a_load_is_compared_and_taken_back(
    platform: Platform, explorer: Open, graph: Graph, tmp_path: Path
) -> None:
    first, second = (load_films(platform, tmp_path, titles) for titles in ("ab", "bBc"))
    graph.write(Statement("MATCH (n:Film {id: 'f0'}) SET n.description = 'by hand'"))
    app = explorer("ingest")
    assert not app.exception
    app.selectbox(key="versions_run").set_value(second).run()
    app.button(key="versions_compare").click().run()
    assert not app.exception
    assert "Entitys" not in words(app)
    table = app.dataframe[-1].value
    assert set(table["What"]) == {"added", "changed"}

    app.button(key="versions_undo").click().run()
    assert "changed by others since" in words(app)
    app.button(key="versions_confirm").click().run()
    assert not app.exception
    films = graph.read(Statement("MATCH (n:Film) RETURN n.id AS id ORDER BY id"))
    assert [row["id"] for row in films] == ["f0", "f1"]
    [row] = graph.read(Statement("MATCH (n:Film {id: 'f0'}) RETURN n.description AS text"))
    assert row["text"] == "by hand"
    app.selectbox(key="versions_run").set_value(first).run()
    app.button(key="versions_undo").click().run()
    assert "Entities would go" in words(app)


def load_films(platform: Platform, folder: Path, titles: str) -> str:
    folder = folder / "films"
    folder.mkdir(exist_ok=True)
    rows = [{"id": f"f{i}", "type": "Film", "label": title} for i, title in enumerate(titles)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "entities.jsonl").write_text(text, encoding="utf-8")
    return ingest(platform, folder).run_id
