from __future__ import annotations

import errno
import logging
import subprocess
import sys
from collections.abc import Callable

import pytest

from kg_platform.cli import main
from kg_platform.errors import EncoderError, KgError, RejectedRows, Unavailable
from kg_platform.platform import Platform
from kg_platform.runs.log import read
from kg_platform.settings import Settings


def kg(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kg_platform.cli.main", *words],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from kg_platform.cli.main import build; import typer.main; "
        "print(*typer.main.get_command(build()).commands); "
        "print([m for m in ('torch','transformers','pykeen','streamlit','pyarrow','neo4j') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    names, heavy = done.stdout.splitlines()
    expected = "ingest embed publish similar show query predict runs rejections ui demo benchmark"
    assert set(expected.split()) | {"db", "migrate", "settings"} <= set(names.split())
    assert heavy == "[]"


def test_the_list_of_commands_says_each_in_a_whole_sentence() -> None:
    done = kg("--help")
    assert done.returncode == 0
    assert "..." not in done.stdout.partition("Commands:")[2]


def test_an_unknown_setting_is_one_sentence_and_exit_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_HOEM", "x")
    done = kg("settings")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "KG_HOEM" in done.stderr
    assert "did you mean KG_HOME?" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_exit_2() -> None:
    done = kg("embde")
    assert done.returncode == 2
    assert "embde" in done.stderr


def test_a_neo4j_that_is_down_is_one_sentence_and_exit_5(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command in a process of its own; the others by the function that it starts with."""
    monkeypatch.setenv("KG_NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("KG_NEO4J_PASSWORD", "x")
    done = kg("show", "JPN")
    said = [(done.returncode, done.stderr)]
    for words in (("similar", "JPN"), ("query", "RETURN 1"), ("ingest", "/")):
        monkeypatch.setattr(sys, "argv", ["kg", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
        said.append((int(ended.value.code or 0), capsys.readouterr().err))
    assert not any("Traceback" in errors for _, errors in said)
    for code, errors in said[:-1]:
        assert code == 5, errors
        assert len(errors.strip().splitlines()) == 1, errors


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        # safetensors has an error of its own, with words only
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_one_sentence_whichever_step_meets_it(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        raise error

    monkeypatch.setattr(main, "build", lambda _: command)
    with pytest.raises(SystemExit) as stopped:
        main.main()
    assert stopped.value.code == Unavailable.exit_code
    assert "disk is full" in capsys.readouterr().err


def test_a_mistake_of_ours_is_not_taken_for_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def command() -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr(main, "build", lambda _: command)
    with pytest.raises(ValueError, match="a mistake"):
        main.main()


@pytest.fixture
def ending(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[BaseException], tuple[int, list[str], str]]:
    """`kg` with a run that this error ends: exit code, lines on stderr, the run's log."""

    def end(error: BaseException) -> tuple[int, list[str], str]:
        runs: list[str] = []

        def command() -> None:
            with Platform.open(settings) as platform:
                ledger = platform.ledger
                runs.append(ledger.start_run("embed", {}))
                with ledger.closing(lambda: runs[0], lambda: "It was stopped."):
                    logging.getLogger("embeddings.training").warning("Less memory than wanted.")
                    raise error from OSError("a cause")

        monkeypatch.setattr(main, "build", lambda _: command)
        with pytest.raises(SystemExit) as stopped:
            main.main()
        log, _ = read(settings.runs_dir / runs[0])
        return int(stopped.value.code or 0), capsys.readouterr().err.splitlines(), log

    return end


@pytest.mark.parametrize(
    ("error", "code"),
    [(RejectedRows("Row 7 is odd."), 2), (EncoderError("There is no encoder x."), 5)],
)
def test_what_ends_a_run_is_one_sentence_on_the_screen_and_a_traceback_in_the_log(
    error: KgError, code: int, ending: Callable[[BaseException], tuple[int, list[str], str]]
) -> None:
    ended, lines, log = ending(error)
    assert (ended, lines) == (code, ["Less memory than wanted.", f"kg: {error}"])
    assert "Traceback" in log
    assert "OSError: a cause" in log
    assert "Less memory than wanted." in log


def test_a_mistake_of_ours_in_a_run_is_one_sentence_that_names_its_log(
    ending: Callable[[BaseException], tuple[int, list[str], str]],
) -> None:
    code, lines, log = ending(ZeroDivisionError("float division\nby zero"))
    assert code == 1
    (line,) = lines[1:]
    assert "A mistake in kg ended the run (ZeroDivisionError: float division by zero)" in line
    assert "`kg runs log 2" in line
    assert "Traceback" in log


def test_an_error_without_words_is_named_in_the_ledger_and_told(
    ending: Callable[[BaseException], tuple[int, list[str], str]],
) -> None:
    code, lines, log = ending(MemoryError())
    assert code == 1
    assert "MemoryError" in lines[-1]
    assert "MemoryError()" in log


def test_a_stopped_run_is_one_sentence(
    ending: Callable[[BaseException], tuple[int, list[str], str]],
) -> None:
    code, lines, _ = ending(KeyboardInterrupt())
    assert (code, lines[1:]) == (130, ["kg: It was stopped."])
