"""One cycle of what changes a platform, in a process of its own that can be killed.

What `kg`'s commands do is done in order, and a line is said at every event: what the jobs report,
and every write to the ledger. Batches are small, so that there are many places to be killed at.

The process is forked from one that has loaded the learning libraries already, which takes longer
than all the rest; nothing else is shared with it.
"""

from __future__ import annotations

import os
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.data.dataset import Dataset
from kg_platform.errors import KgError
from kg_platform.ledger.ledger import Ledger
from kg_platform.platform import Platform
from kg_platform.settings import load

Say = Callable[[str], None]
DIMENSION = 16
RETRY_SECONDS = 5.0  # a job waits a minute for its server to come back; here it never does
BATCH = 40  # entities whose vectors take their own names in one transaction


def ingest(platform: Platform, say: Say, folder: str) -> None:
    from ingest.loading.load import load as load_source
    from ingest.mapping.choose import open_any

    load_source(platform, open_any(Path(folder), None), on_progress=_report(say))


def embed(platform: Platform, say: Say, seed: str) -> None:
    from embeddings.jobs.embed import embed as job
    from embeddings.jobs.embed_options import EmbedOptions
    from embeddings.training.options import preset_options

    training = preset_options("fast", dimension=DIMENSION, epochs=3, seed=int(seed), device="cpu")
    job(platform, EmbedOptions(text=False, train=training), on_progress=_report(say))


def rollback(platform: Platform, say: Say, _: str) -> None:
    from embeddings.jobs.publish import rollback as job

    job(platform, on_progress=_report(say))


def embed_new(platform: Platform, say: Say, _: str) -> None:
    from embeddings.jobs.embed_new import embed_new as job

    job(platform, on_progress=_report(say))


COMMANDS: Mapping[str, Callable[[Platform, Say, str], None]] = {
    "ingest": ingest,
    "embed": embed,
    "rollback": rollback,
    "embed-new": embed_new,
}


def load_libraries() -> None:
    """Load in this process what cycles need, on one thread: more would not survive the fork."""
    import torch

    from embeddings.training.options import preset_options
    from embeddings.training.train import train

    torch.set_num_threads(1)
    facts = np.asarray([(i, 0, (i + 1) % 9) for i in range(9)])
    dataset = Dataset([str(i) for i in range(9)], ["r"], facts, facts[:0], facts[:0])
    with tempfile.TemporaryDirectory() as folder:  # the first training loads the most
        train(dataset, preset_options(dimension=DIMENSION, epochs=1, device="cpu"), Path(folder))


class Cycle:
    """A cycle under way: `steps` are commands such as "embed=3", the first of them `first`."""

    def __init__(self, steps: list[str], first: int = 0) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            os._exit(_child(steps, first, writing))
        os.close(writing)
        self._said = os.fdopen(reading, encoding="utf-8")
        self.last = f"{first} "  # of its lines

    def lines(self) -> Iterator[str]:
        """What it says, until it has ended; may be stopped and gone on with."""
        for line in self._said:
            self.last = line.rstrip("\n")
            yield self.last

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, once it has ended by itself; negative if it was killed."""
        for _ in self.lines():
            pass
        self._said.close()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _child(steps: list[str], first: int, writing: int) -> int:
    """The forked process; whatever happens, it comes back with an exit code."""
    from embeddings.publish import switch
    from kg_platform.graph import client

    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    os.environ["KG_BATCH_ROWS"] = "50"
    switch.BATCH = BATCH
    client.RETRY_SECONDS = RETRY_SECONDS
    for number, step in enumerate(steps):
        if number < first:
            continue
        try:
            _command(number, step, writing)
        except BaseException as error:
            known = isinstance(error, KgError)
            said = str(error) if known else traceback.format_exc()
            _say(writing, f"{number} failed: {' '.join(said.split())}")
            return error.exit_code if isinstance(error, KgError) else 1
    return 0


def _say(writing: int, line: str) -> None:
    os.write(writing, f"{line}\n".encode())


def _command(number: int, step: str, writing: int) -> None:
    name, _, value = step.partition("=")

    def say(event: str) -> None:
        _say(writing, f"{number} {name}: {event}")

    say("begins")
    _tell_steps(say)
    with Platform.open(load()) as platform:
        COMMANDS[name](platform, say, value)
    say("is done")


def _report(say: Say) -> Callable[[str, int, int | None], None]:
    return lambda step, done, total: say(f"report {step}")


def _tell_steps(say: Say) -> None:
    """Say every write to the ledger, before and after it."""

    def told(name: str, whole: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            say(f"before {name}")
            answer = whole(*values, **named)
            say(f"after {name}")
            return answer

        return call

    for name, whole in _WRITES.items():
        setattr(Ledger, name, told(name, whole))


_WRITES = {
    name: getattr(Ledger, name)
    for name in ("start_run", "resume_run", "begin_step", "finish_step", "finish_run", "set_cursor")
}
