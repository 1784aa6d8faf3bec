"""Short questions on a real server load nothing that learns, and get their answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from kg_platform.platform import Platform
from tests.support.places import ROOT
from tests.support.vectors_by_hand import publish_by_hand
from tests.unit.project.test_imports import HEAVY, PROGRAM


def test_short_commands_stay_light(platform: Platform) -> None:
    ids = publish_by_hand(platform)
    assert platform.ledger.runs() == []  # made and brought up to date, which takes Alembic once
    commands = {
        ("runs",): "run",
        ("status",): "published run",
        ("show", ids[0]): ids[0],
        ("similar", ids[0]): ids[1],
        ("query", "MATCH (n:Entity) RETURN count(n) AS n"): str(len(ids)),
    }
    for words, said in commands.items():
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps(words)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=dict(os.environ),
            check=False,
        )
        assert said in done.stdout, f"{words}: {done.stderr}"
        loaded = set(json.loads(done.stderr.splitlines()[-1]))
        assert loaded & set(HEAVY) == set(), words
        if words[0] in ("show", "similar", "query"):
            assert "sqlalchemy" not in loaded, words


@pytest.mark.parametrize("word", ["predict", "explain"])
def test_what_needs_a_model_loads_it_late(word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([word, "--help"])],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert set(json.loads(done.stderr.splitlines()[-1])) & set(HEAVY) == set()
