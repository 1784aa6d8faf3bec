"""Processes that can be killed, forked from one that has loaded our packages and theirs.

Loading takes seconds, and a test of what a kill leaves behind needs none of it to be its own.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["embeddings.publish.publish", "ingest.loading.load"])


def begin(function: Callable[..., None], *given: Any) -> BaseProcess:
    """Start `function(*given)`, which is of a module, with our variables and in our folder."""
    process = _CONTEXT.Process(target=_call, args=(dict(os.environ), os.getcwd(), function, given))
    process.start()
    return process


def _call(
    environment: dict[str, str], folder: str, function: Callable[..., None], given: tuple[Any, ...]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    function(*given)
