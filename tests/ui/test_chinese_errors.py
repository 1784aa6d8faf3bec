"""What goes wrong on a page is said in the reader's language, whoever raised it."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kg_platform.ledger.schedules import Ending
from kg_platform.platform import Platform
from tests.ui.conftest import HOSTILE, Open
from tests.ui.test_pages import words
from tests.ui.test_query import ask


@pytest.fixture
def chinese(explorer: Open) -> Open:
    return partial(explorer, lang="zh")


def test_a_database_that_is_down(chinese: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"bolt://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("KG_NEO4J_URI", uri)
        monkeypatch.setenv("KG_NEO4J_PASSWORD", "secret")
        said = words(chinese("browse"))
    assert f"{uri} 的 Neo4j 没有响应；请启动它（<code>kg db start</code>" in said


@pytest.mark.parametrize(
    ("uri", "said"),
    [("http://here", "KG_NEO4J_URI http://here 无法使用"), ("bolt://x:1", "请同时为它设置")],
)
def test_wrong_settings(
    chinese: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uri: str, said: str
) -> None:
    monkeypatch.setenv("KG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KG_NEO4J_URI", uri)
    if uri.startswith("http"):
        monkeypatch.setenv("KG_NEO4J_PASSWORD", "secret")
    assert said in words(chinese("query"))


@pytest.mark.parametrize(
    ("page", "query", "said"),
    [
        ("entity", {"id": "<b>nobody</b>"}, "没有 id 或名称为 &#x27;&lt;b&gt;nobody"),
        (
            "runs",
            {"run": "<i>none</i>"},
            "没有运行 &#x27;&lt;i&gt;none&lt;/i&gt;&#x27;；<code>kg runs</code>",
        ),
        ("similar", {"id": "C01", "not": "C01"}, "不能既像 C01 又不像 C01"),
    ],
)
def test_what_an_address_names(
    world: Platform, chinese: Open, page: str, query: dict[str, str], said: str
) -> None:
    app = chinese(page, **query)
    assert not app.exception
    assert said in words(app)


def test_a_query_that_is_refused(world: Platform, chinese: Open) -> None:
    app = ask(chinese("query"), "CREATE (n)")
    assert "控制台只读取；此语句会写入或管理" in words(app)
    app = ask(app, f"RETURN {HOSTILE!r} +")
    assert "Neo4j 无法运行此语句" in words(app)
    assert "<img" not in words(app)


def test_a_source_that_cannot_be_loaded(platform: Platform, chinese: Open, tmp_path: Path) -> None:
    def at_path(path: Path) -> AppTest:
        app = chinese("ingest")
        app.segmented_control(key="ingest_from").set_value("路径").run()
        return app.text_input(key="ingest_path").set_value(str(path)).run()

    assert "none 不存在" in words(at_path(tmp_path / "none"))
    (tmp_path / "films.csv").write_text("id,title,year\nf1,One,soon\nf2,Two,1970\n", "utf-8")
    app = at_path(tmp_path / "films.csv")
    app.segmented_control(key=f"ingest_how_{tmp_path / 'films.csv'}").set_value("用映射")
    app.run()
    [area] = app.text_area
    right = area.value.replace('"{year}"', '"{year | integer}"')
    area.set_value(right + "  - nonsense\n").run()
    assert "mapping.yaml 第 " in words(app)
    app.text_area[0].set_value(right.replace("{year ", "{yaer ")).run()
    app.button(key="ingest_dry").click().run()
    assert "没有列 &#x27;yaer&#x27;；您是指" in words(app)
    app.text_area[0].set_value(right).run()
    app.button(key="ingest_dry").click().run()
    assert not app.exception
    assert "数字写法" in words(app)


def test_what_somebody_may_not_do(
    world: Platform, chinese: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_UI_EVERYBODY", "viewer")
    app = chinese("query")
    assert not app.exception
    assert "这需要角色“审核员”；您的角色是“访客”。没有任何改动。" in words(app)


def test_how_schedules_went(platform: Platform, chinese: Open) -> None:
    long_ago, now = datetime(2024, 1, 1, tzinfo=UTC), datetime.now(UTC)
    schedules = platform.ledger.schedules
    schedules.add("nightly", "0 3 * * 1", "UTC", {}, None, now)
    token = schedules.claim(schedules.get("nightly"), long_ago, long_ago)
    note = (
        "There are no facts to train on: the graph or folder needs at least one relation between "
    )
    assert token
    ending = Ending("failed", f"{note}two entities.", "run-7", now + timedelta(hours=1))
    assert schedules.release(token, ending, long_ago)
    [row] = chinese("runs").dataframe[0].value.to_dict("records")
    assert row["state"] == "暂缓：连续失败 1 次"
    assert row["last"] == "失败 2024-01-01 00:00 UTC (run-7)"
    assert row["note"].startswith("没有可供训练的事实：")
