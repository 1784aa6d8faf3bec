"""`kg schedule` and `kg scheduler` as a person types them, without a database of entities."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from embeddings.cli import embed_words
from embeddings.jobs.embed_options import words as to_words
from kg_platform.cli.main import build
from kg_platform.errors import BadInput, KgError

CRON = ("--cron", "0 3 * * *")


def kg(*words: str) -> tuple[int, str, str]:
    """Run `kg` in this process: exit code, stdout, stderr on one line."""
    result = CliRunner().invoke(build(words[0]), list(words))
    if isinstance(result.exception, KgError):
        return result.exception.exit_code, result.stdout, str(result.exception)
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def listed() -> list[dict[str, Any]]:
    code, out, errors = kg("schedule", "list", "--json")
    assert code == 0, errors
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_a_schedule_from_add_to_remove() -> None:
    assert "No schedules yet" in kg("schedule", "list")[2]
    code, out, errors = kg("schedule", "add", "nightly", *CRON, "--timezone", "Europe/Berlin")
    assert (code, out) == (0, ""), errors
    assert re.search(r"will run first at \d{4}-\d\d-\d\d 03:00 CES?T, if `kg scheduler` is", errors)
    [row] = listed()
    assert (row["name"], row["job"], row["runs"]) == ("nightly", {}, "kg embed")
    assert (row["state"], row["when"]) == ("waiting", "0 3 * * * Europe/Berlin")
    assert kg("schedule", "pause", "nightly")[0] == 0
    assert (listed()[0]["state"], listed()[0]["next"]) == ("paused", None)
    assert kg("schedule", "resume", "nightly")[0] == 0
    assert listed()[0]["state"] == "waiting"
    code, out, _ = kg("schedule", "list")
    assert (code, "nightly" in out) == (0, True)
    assert "Nothing was run" in kg("scheduler", "--once")[2]
    assert kg("schedule", "remove", "nightly")[0] == 0
    assert listed() == []


def test_what_it_runs_is_kept_as_settings() -> None:
    words = ("embed", "--preset", "fast", "--label", "Country", "--label", "Two words",
             "--no-pictures", "--set", "epochs=3")  # fmt: skip
    code, _, errors = kg("schedule", "add", "a", *CRON, "--when-changed", "1%", "--", *words)
    assert code == 0, errors
    assert kg("schedule", "add", "b", *CRON, "--", "--new-only")[0] == 0
    code, _, errors = kg("schedule", "add", "c", *CRON, "--when-drift", "1%", "--", "--new-only")
    assert (code, "it would run every time" in errors) == (2, True)
    a, b = listed()
    assert a["job"] == {
        "preset": "fast",
        "label": ["Country", "Two words"],
        "pictures": False,
        "setting": ["epochs=3"],
    }
    shown = "--label Country --label 'Two words' --preset fast --set epochs=3 --no-pictures"
    assert (a["runs"], a["only_if"]) == (f"kg embed {shown}", "1% changed")
    assert (b["job"], b["runs"]) == ({"new_only": True}, "kg embed --new-only")


def test_a_preset_file_is_found_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("dimension = 16\n")
    assert kg("schedule", "add", "a", *CRON, "--", "--preset", "own.toml")[0] == 0
    assert listed()[0]["job"] == {"preset": str(tmp_path / "own.toml")}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "n", "--cron", "0 0 31 2 *"), 2, "never fires"),
        (("add", "n", "--cron", "at night"), 2, "has 2 fields;"),
        (("add", "n", "--cron", "0 25 * * *"), 2, r"cannot be read \(bad hour\)"),
        (("add", "n", *CRON, "--timezone", "Berlin"), 2, "no time zone 'Berlin'"),
        (("add", "n", *CRON, "--when-changed", "some"), 2, "--when-changed takes"),
        (("add", "n", *CRON, "--when-changed", "0%"), 2, "--when-changed takes"),
        (("add", "a b", *CRON), 2, "'a b' cannot be a schedule's name"),
        (("add", "../x", *CRON), 2, "cannot be a schedule's name"),
        (("add", "x" * 65, *CRON), 2, "cannot be a schedule's name"),
        (("add", "there", *CRON), 2, "'there' already"),
        (("add", "n", *CRON, "--", "--prest", "fast"), 2, "takes: No such option: --prest"),
        (("add", "n", *CRON, "--", "--epochs", "x"), 2, "'--epochs'"),
        (("add", "n", *CRON, "--", "ingest", "data"), 2, r"unexpected extra argument"),
        (("add", "n", *CRON, "--", "--plan"), 2, "cannot run --plan"),
        (("add", "n", *CRON, "--", "--json"), 2, "cannot run --json"),
        (("add", "n", *CRON, "--", "--help"), 2, "cannot run --help"),
        (("add", "n", *CRON, "--", "--new-only", "--epochs", "3"), 2, "leave out --epochs"),
        (("add", "n", *CRON, "--", "--preset", "slow"), 2, "no preset 'slow'"),
        (("add", "n", *CRON, "--", "--preset", "none.toml"), 3, "is not there"),
        (("add", "n", *CRON, "--", "--set", "lr=fast"), 2, "lr must be a number"),
        (("pause", "nobody"), 3, "no schedule 'nobody'"),
        (("resume", "nobody"), 3, "no schedule 'nobody'"),
        (("remove", "nobody"), 3, "no schedule 'nobody'"),
        (("run-now", "nobody"), 3, "no schedule 'nobody'"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    words: tuple[str, ...], code: int, said: str
) -> None:
    assert kg("schedule", "add", "there", *CRON)[0] == 0
    before = listed()
    found, out, sentence = kg("schedule", *words)
    assert (found, out) == (code, "")
    assert re.search(said, sentence), sentence
    assert "\n" not in sentence
    assert [row | {"next": None} for row in listed()] == [row | {"next": None} for row in before]


def test_words_and_settings_are_each_others() -> None:
    words = ["--label", "A", "--epochs", "3", "--seed", "1", "--no-text", "--no-publish"]
    given = embed_words.parse(["kg", "embed", *words])
    assert given == {
        "label": ["A"],
        "epochs": 3,
        "seed": 1,
        "text": False,
        "publish_vectors": False,
    }
    assert embed_words.parse(to_words(given)) == given
    assert embed_words.parse([]) == {}
    with pytest.raises(BadInput):
        embed_words.parse(["embed", "embed"])


def test_run_now_of_a_job_that_fails_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("KG_NEO4J_PASSWORD", "x")
    assert kg("schedule", "add", "a", *CRON, "--when-changed", "1%")[0] == 0
    code, _, said = kg("schedule", "run-now", "a")
    assert (code, said.startswith("Schedule 'a' failed: Neo4j at bolt")) == (1, True), said
    [row] = listed()
    assert (row["last_status"], row["state"], row["failures"]) == ("failed", "waiting", 1)
    assert "does not answer; start it" in row["note"]
