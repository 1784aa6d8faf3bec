"""What a command may load: a short question has a short answer.

Help of each command here, in a process of its own, which says what it has loaded by then;
`tests/integration/kg_platform/test_light_commands.py` asks a real server, to the end.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.places import ROOT

# What takes longer to load than a short question to answer, whoever imports it.
HEAVY = (
    "torch", "transformers", "pandas", "pyarrow", "pykeen", "optuna", "torchvision", "streamlit",
    "scipy", "sklearn", "alembic",
)  # fmt: skip
PROGRAM = """
import json, sys
from kg_platform.cli.main import main
sys.argv = ["kg", *json.loads(sys.argv[1])]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps(loaded), file=sys.stderr)
"""


def loaded_by(*words: str) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, json.dumps(words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_by("--help")
    assert "typer" in loaded
    assert loaded & {*HEAVY, "numpy", "neo4j", "sqlalchemy"} == set()


@pytest.mark.parametrize(
    "command", ["runs", "status", "show", "similar", "query", "rejections", "review", "settings"]
)
def test_help_of_a_short_command_loads_nothing_heavy(command: str) -> None:
    assert loaded_by(command, "--help") & {*HEAVY, "numpy", "neo4j", "sqlalchemy"} == set()


def test_the_python_interface_itself_is_light() -> None:
    program = (
        "import json, sys\nfrom kg_platform import connect\nconnect()\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert set(json.loads(done.stdout)) & {*HEAVY, "neo4j", "sqlalchemy"} == set()
