"""Modules that one thread does not find while it imports something else; others do.

To put `None` into `sys.modules` hides them as well, but from every thread: whoever else imports
pandas at that moment is told that it is not there.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Finder(MetaPathFinder, threading.local):
    """Asked before all others, for ever: to take one out of the list makes threads that go through
    it at that moment skip the next one."""

    names: tuple[str, ...] = ()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if name in self.names:
            raise ModuleNotFoundError(f"{name} is out of sight here.", name=name)
        return None


_FINDER = _Finder()
sys.meta_path.insert(0, _FINDER)


@contextmanager
def out_of_sight(*names: str) -> Iterator[None]:
    """This thread imports none of these modules that is not loaded yet."""
    _FINDER.names = names
    try:
        yield
    finally:
        _FINDER.names = ()
