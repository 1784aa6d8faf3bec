from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from kg_platform.cli import main
from kg_platform.errors import Unavailable


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
