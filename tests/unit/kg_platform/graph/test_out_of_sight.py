"""What one thread does not find, others do; and the driver is imported so."""

from __future__ import annotations

import subprocess
import sys

from tests.support.places import ROOT

RARE = "this"  # a module of Python's own that nobody has loaded
PROGRAM = f"""
import io, sys, threading
from contextlib import redirect_stdout
from kg_platform.graph.out_of_sight import out_of_sight

def other():
    with redirect_stdout(io.StringIO()):
        import {RARE}

with out_of_sight("{RARE}"):
    try:
        import {RARE}
    except ModuleNotFoundError as error:
        print(error.name)
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    print("{RARE}" in sys.modules)
    import {RARE}  # loaded by now
"""
DRIVER = """
import sys, threading
failed = []

def other():
    try:
        import pandas
    except ImportError as error:
        failed.append(error)

threads = [threading.Thread(target=other) for _ in range(3)]
for thread in threads:
    thread.start()
import kg_platform.graph.client
for thread in threads:
    thread.join()
print(failed, "neo4j" in sys.modules)
"""


def run(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.splitlines()


def test_it_is_hidden_from_one_thread_alone() -> None:
    assert run(PROGRAM) == [RARE, "True"]


def test_others_import_pandas_while_the_driver_is_imported() -> None:
    assert run(DRIVER) == ["[] True"]
