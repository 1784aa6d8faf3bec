"""The Runs page on a real ledger: sides of a run, two beside each other, schedules, the question
before another run goes live."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from torch.utils.tensorboard.writer import SummaryWriter

from kg_platform.platform import Platform
from tests.ui.conftest import Open
from tests.ui.test_pages import words
from ui import jobs

CHECKS = [
    {"name": "vectors", "passed": True, "said": "all 9 are numbers"},
    {"name": "figure", "passed": False, "said": "MRR 0.1", "figures":
     {"now": 0.1, "live": 0.4, "least": 0.35, "most": 1.0}},
    {"name": "neighbours", "passed": None, "said": "nothing to compare with"},
]  # fmt: skip


@dataclass
class Started:
    """The jobs that would have been started, and under whose name."""

    begun: list[tuple[list[str], str]] = field(default_factory=list)

    def start(self, given: list[str], by: str) -> jobs.StartedJob:
        self.begun.append((given, by))
        return jobs.StartedJob(2**22, Path("/nowhere"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    found = Started()
    monkeypatch.setattr(jobs, "start", found.start)
    monkeypatch.setenv("KG_USER", "ada")
    return found


def a_run(platform: Platform, mrr: float, epochs: int) -> str:
    """An embedding run with curves and a gate, as far as the page is concerned."""
    ledger, settings = platform.ledger, platform.settings
    run = ledger.start_run("embed", {"train": {"epochs": epochs}})
    folder = settings.runs_dir / run / "training"
    writer = SummaryWriter(str(folder / "tensorboard"))
    for epoch in range(1, epochs + 1):
        writer.add_scalar("valid/mrr", mrr * epoch / epochs, epoch)
    writer.close()
    with ledger.stepping(run, "artifact") as details:
        details["folder"] = str(settings.artifacts_dir / run)
    with ledger.stepping(run, "gate") as details:
        details.update({"run": run, "live": "run-0", "passed": False, "checks": CHECKS})
    (settings.artifacts_dir / run).mkdir(parents=True)
    ledger.describe(run, tensorboard=str(folder))
    ledger.finish_run(run, "succeeded", {"test_mrr": mrr})
    return run


def test_sides_of_a_run(platform: Platform, explorer: Open) -> None:
    first, second = a_run(platform, 0.25, 3), a_run(platform, 0.5, 4)
    app = explorer("runs", run=second, show="Gate")
    assert not app.exception
    for said in ("all 9 are numbers", "refused", "not asked", "this run 0.1, live 0.4", "run-0"):
        assert said in words(app)
    app = explorer("runs", **{"run": second, "show": "Compare", "with": first})
    assert not app.exception
    table = app.dataframe[1].value
    assert dict(zip(table["Name"], table["Change"], strict=True))["test_mrr"] == "+0.25"
    app = explorer("runs", run=second, show="Log")
    assert "embed begins: process" in words(app)
    for show in ("Result", "Settings", "Drift", "Nonsense"):
        app = explorer("runs", run=first, show=show)
        assert not app.exception
        # Where things lie on the machine is nobody's business who looks at a page.
        assert str(platform.settings.home) not in words(app)
        assert all(str(platform.settings.home) not in str(t.value) for t in app.dataframe)


def test_the_embedding_run_is_looked_at_before_its_maps(platform: Platform, explorer: Open) -> None:
    run = a_run(platform, 0.25, 2)
    platform.ledger.finish_run(platform.ledger.start_run("map", {}), "succeeded", {"maps": 4})
    app = explorer("runs")
    assert not app.exception
    assert [header.value for header in app.header] == [run]
    assert app.dataframe[0].value["about"].tolist() == ["maps 4", "MRR 0.25"]


def test_an_address_that_names_what_is_gone(platform: Platform, explorer: Open) -> None:
    run = a_run(platform, 0.25, 2)
    app = explorer("runs", **{"run": run, "show": "Compare", "with": "no-such-run"})
    assert not app.exception
    assert "no-such-run" in words(app)
    assert words(app).count('role="alert"') == 1


def test_another_run_goes_live_after_a_question(
    platform: Platform, explorer: Open, started: Started
) -> None:
    run = a_run(platform, 0.25, 2)
    app = explorer("runs", run=run)
    app.button(key="runs_go_live").click().run()
    assert f"{run} will be live." in words(app)
    assert started.begun == [], "nothing before the answer"
    app.text_input(key="runs_force").set_value("the gate is wrong here")
    app.button(key="runs_confirm").click().run()
    assert not app.exception
    forced = ["publish", run, "--force", "--why", "the gate is wrong here"]
    assert started.begun == [(forced, "ada")]
    assert "ended" in words(app)


def test_who_may_only_look(
    platform: Platform, explorer: Open, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KG_UI_EVERYBODY", "viewer")
    run = a_run(platform, 0.25, 2)
    app = explorer("runs", run=run)
    assert not app.exception
    assert app.button(key="runs_go_live").disabled
    assert not [one for one in app.button if (one.key or "").startswith("schedules_")]
    for page, role in (("ingest", "operator"), ("audit", "curator")):
        assert f"people with the role {role}" in words(explorer(page))


def test_schedules_are_added_paused_and_run(
    platform: Platform, explorer: Open, started: Started
) -> None:
    assert platform.ledger.schedules.all() == []
    app = explorer("runs")
    app.text_input(key="schedules_new_name").set_value("nightly")
    app.text_input(key="schedules_cron").set_value("0 3 * *")
    app.selectbox(key="schedules_job").set_value("Only vectors of what is new")
    add = next(one for one in app.button if one.label == "Add")
    add.click().run()
    assert not app.exception
    assert words(app).count('role="alert"') == 1
    assert platform.ledger.schedules.all() == []
    app.text_input(key="schedules_cron").set_value("0 3 * * *")
    next(one for one in app.button if one.label == "Add").click().run()
    [row] = platform.ledger.schedules.all()
    assert (row.name, row.cron, row.job) == ("nightly", "0 3 * * *", {"new_only": True})
    for key, paused in (("schedules_pause", True), ("schedules_resume", False)):
        app.button(key=key).click().run()
        assert not app.exception
        assert platform.ledger.schedules.get("nightly").paused is paused
    app.button(key="schedules_now").click().run()
    assert started.begun == [(["schedule", "run-now", "nightly"], "ada")]
    app.button(key="schedules_remove").click().run()
    assert platform.ledger.schedules.all() == []
    lines = [(one.by, one.about) for one in platform.ledger.audit.lines(kind="schedule")]
    whats = ["removed", "resumed", "paused", "added: 0 3 * * * UTC"]
    assert lines == [("ada", what) for what in whats]


def test_what_goes_on_is_shown_while_it_does(platform: Platform, explorer: Open) -> None:
    ledger = platform.ledger
    run = ledger.start_run("ingest", {"source": "world"})
    ledger.begin_step(run, "read")
    ledger.set_cursor(run, "rows", "1200")
    app = explorer("runs")
    assert not app.exception
    assert "1,200 rows written" in words(app)
    assert "read begins" in words(app), "the last line of its log"
