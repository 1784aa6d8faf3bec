"""The log of a run: what is in it, and that it ends no run."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.progress import logged
from kg_platform.runs import log as run_log
from kg_platform.runs.log import RunLog
from kg_platform.runs.recorded import RecordedLedger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RecordedLedger]:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate_ledger(url)
    with RecordedLedger(url, tmp_path / "runs") as opened:
        yield opened


def lines(tmp_path: Path, run: str) -> list[str]:
    """What the log says, without times and levels."""
    text, _ = run_log.read(tmp_path / "runs" / run)
    return [line[29:] if line[10:11] == "T" else line for line in text.splitlines()]


def test_a_run_with_steps_notes_and_progress(
    ledger: RecordedLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg_platform.progress.SECONDS", 0.0)
    seen: list[int] = []
    run = ledger.start_run("embed", {"seed": 3})
    ledger.begin_step(run, "train")
    logged(lambda step, done, total: seen.append(done))("train", 1_200, 4_000)
    logging.getLogger("embeddings.training.train").info("note: less memory than wanted")
    logging.getLogger("somebody.else").info("chatter")
    logging.getLogger("somebody.else").warning("it is deprecated")
    ledger.finish_step(run, "train", {"loss": 0.5, "deep": {"count": 1_200}, "text": "no figure"})
    ledger.finish_run(run, "succeeded", {"test_mrr": 0.25})
    logging.getLogger("embeddings.training.train").info("after the end")

    said = lines(tmp_path, run)
    assert said[0].startswith(f"embed begins: process {os.getpid()} on ")
    assert said[1:6] == [
        'settings: {"seed": 3}',
        "train begins",
        "train: 1,200 of 4,000",
        "note: less memory than wanted",
        "it is deprecated",
    ]
    assert said[6].startswith("train ends after 0.")
    assert said[6].endswith("MiB; loss 0.5, deep.count 1,200")
    assert said[7].startswith("succeeded, peak memory ")
    assert said[7].endswith("; test_mrr 0.25")
    assert len(said) == 8
    assert seen == [1_200]

    record = ledger.run(run).record
    assert record["log"] == str(tmp_path / "runs" / run / "log.txt")
    assert record["memory"]["peak_bytes"] > 1 << 20
    assert record["program"]["version"]
    assert len(record["program"]["sources"]) == 12
    assert {"numpy", "torch", "neo4j"} <= set(record["packages"])
    assert record["machine"]["cores"] == os.cpu_count()


def test_a_failure_leaves_its_traceback(ledger: RecordedLedger, tmp_path: Path) -> None:
    run = ledger.start_run("embed", {})
    try:
        raise ValueError("the 7th row\nis odd")
    except ValueError as error:
        ledger.finish_run(run, "failed", error=str(error))
    said = lines(tmp_path, run)
    assert "the 7th row" in said
    assert any(line.startswith("Traceback") for line in said)
    assert "ValueError: the 7th row" in said


def test_two_runs_at_a_time_have_their_own_lines(ledger: RecordedLedger, tmp_path: Path) -> None:
    one, two = (ledger.start_run(kind, {}) for kind in ("ingest", "embed"))
    ledger.begin_step(one, "read")
    ledger.begin_step(two, "train")
    logging.getLogger("embeddings").info("of the second")
    ledger.finish_run(two, "succeeded")
    ledger.finish_run(one, "succeeded")
    assert "read begins" in lines(tmp_path, one)
    assert {"train begins", "of the second"}.isdisjoint(lines(tmp_path, one))
    assert {"train begins", "of the second"} <= set(lines(tmp_path, two))


def test_a_killed_run_keeps_every_line_and_goes_on_in_the_same_file(
    ledger: RecordedLedger, tmp_path: Path
) -> None:
    code = """
import sys
from pathlib import Path
from kg_platform.runs.recorded import RecordedLedger
ledger = RecordedLedger(sys.argv[1], Path(sys.argv[2]))
run = ledger.start_run("embed", {})
ledger.begin_step(run, "train")
print(run, flush=True)
sys.stdin.read()
"""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    child = subprocess.Popen(
        [sys.executable, "-c", code, url, str(tmp_path / "runs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    run = child.stdout.readline().strip()
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert lines(tmp_path, run)[-1] == "train begins"
    ledger.resume_run(run)
    assert lines(tmp_path, run)[-1].startswith(f"taken up again: process {os.getpid()}")
    assert lines(tmp_path, run)[-2] == "train begins"


def test_a_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_log, "BYTES", 2_000)
    log = RunLog("r", tmp_path / "r")
    log.open()
    for number in range(500):
        logging.getLogger("embeddings").info("line %d", number)
    log.close()
    assert sum(file.stat().st_size for file in (tmp_path / "r").iterdir()) <= 4_000
    said = run_log.read(tmp_path / "r")[0].splitlines()
    assert said[-1].endswith("line 499")
    assert [int(line.split()[-1]) for line in said] == list(range(500 - len(said), 500))


def test_a_full_disk_is_said_once_and_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "log.txt").symlink_to("/dev/full")
    log = RunLog("r", tmp_path / "r")
    log.open()
    for _ in range(3):
        logging.getLogger("embeddings").info("x" * 10_000)
    log.close()
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("The log of run r cannot be written (No space left on device)") == 1


def test_a_folder_that_cannot_be_made_ends_nothing(
    ledger: RecordedLedger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").write_text("a file")
    run = ledger.start_run("embed", {})
    ledger.finish_run(run, "succeeded")
    assert capsys.readouterr().err.count("cannot be written") == 1
    row = ledger.run(run)
    assert row.status == "succeeded"
    assert row.record["log_failed"]
    assert "log" not in row.record


def test_following_prints_each_line_once_until_the_end(tmp_path: Path) -> None:
    log = RunLog("r", tmp_path / "r")
    log.open()
    ours = logging.getLogger("embeddings")
    ours.info("one")
    moments = iter([lambda: ours.info("two"), lambda: None, lambda: ours.info("three")])

    def going_on() -> bool:
        step = next(moments, None)
        if step is not None:
            step()
        return step is not None

    texts = "".join(run_log.follow(tmp_path / "r", going_on, pause=0.0))
    log.close()
    assert [line.split()[-1] for line in texts.splitlines()] == ["one", "two", "three"]


def renamed(file: Path) -> None:
    file.replace(f"{file}.1")


def copied_and_emptied(file: Path) -> None:
    shutil.copy(file, f"{file}.1")
    os.truncate(file, 0)


@pytest.mark.parametrize("rotate", [renamed, copied_and_emptied])
@pytest.mark.parametrize("after", ["", "five\n", "five, and longer than all before it\n"])
def test_following_loses_and_repeats_nothing_when_the_log_is_begun_anew(
    tmp_path: Path, rotate: Callable[[Path], None], after: str
) -> None:
    file = tmp_path / "log.txt"

    def write(text: str) -> None:
        with file.open("a") as stream:
            stream.write(text)

    def rotated() -> None:
        write("three\nfour\n")
        rotate(file)
        if after:
            write(after)

    write("one\ntw")
    steps = iter(
        [lambda: None, lambda: write("o\n"), rotated, lambda: None, lambda: write("six\n")]
    )

    def going_on() -> bool:
        step = next(steps, None)
        if step is not None:
            step()
        return step is not None

    texts = list(run_log.follow(tmp_path, going_on, pause=0.0))
    assert "".join(texts) == f"one\ntwo\nthree\nfour\n{after}six\n"
    assert texts[:2] == ["one\n", "two\n"], "whole lines"


def test_a_log_that_is_being_renamed_is_read_under_its_new_name(tmp_path: Path) -> None:
    (tmp_path / "log.txt.1").write_text("one\n")
    text, place = run_log.read(tmp_path)
    assert (text, run_log.read(tmp_path, place)[0]) == ("one\n", "")


def test_what_is_described_is_added(ledger: RecordedLedger) -> None:
    run = ledger.start_run("embed", {}, {"device": "cpu"})
    ledger.describe(run, encoders={"text": {"name": "a", "revision": "1"}}, device="cuda")
    record = ledger.run(run).record
    assert (record["device"], record["encoders"]["text"]["revision"]) == ("cuda", "1")
    assert record["python"]
