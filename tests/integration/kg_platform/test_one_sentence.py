"""What ends a run that the ledger began is one line on the screen, whoever ends it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kg_platform.cli.main import main
from kg_platform.platform import Platform
from kg_platform.runs.log import read
from tests.support.worlds import write_world

EMBED = ("embed", "--no-pictures", "--dimension", "8", "--epochs", "2", "--no-publish")


def test_no_run_that_fails_prints_a_traceback(
    platform: Platform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*words: str, code: int, said: str, **variables: str) -> None:
        with monkeypatch.context() as changed:
            for name, value in variables.items():
                changed.setenv(name, value)
            changed.setattr(sys, "argv", ["kg", *words])
            with pytest.raises(SystemExit) as ended:
                main()
        lines = [line for line in capsys.readouterr().err.splitlines() if not line.endswith(" ...")]
        assert (ended.value.code, len(lines)) == (code, 1), lines
        assert lines[0].startswith("kg: ")
        assert said in lines[0]
        run = platform.ledger.runs(limit=1)[0]
        assert run.status == "failed"
        assert "Traceback" in read(platform.settings.runs_dir / run.id)[0]

    broken, wide = tmp_path / "broken", tmp_path / "wide"
    for folder in (broken, wide):
        folder.mkdir()
    (broken / "entities.jsonl").write_text('{"id": "a"}\n{"id"\n')
    (wide / "triples.tsv").write_text("a\tKNOWS\tb\n", encoding="utf-16")
    world = write_world(tmp_path / "world")

    fails(*EMBED, code=2, said="Nothing to embed")
    fails("ingest", str(broken), "--strict", code=2, said="line 2")
    fails("ingest", str(wide), code=2, said="UTF-16")
    fails("ingest", str(world), code=5, said="KG_MEDIA_URL", KG_MEDIA_URL="nonsense://x")
    platform.graph.run_schema(
        "CREATE (:Entity {id: 'a', label: 'a'})-[:KNOWS]->(:Entity {id: 'b', label: 'b'})"
    )
    fails(*EMBED, code=5, said="/nowhere", KG_TEXT_ENCODER="/nowhere")
    fails(*EMBED, "--no-text", "--set", "lr=1e30", code=2, said="smaller lr")
