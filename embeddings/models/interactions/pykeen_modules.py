"""`pykeen.nn.modules`, where PyKEEN's interactions are, imported alone."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


def interactions() -> ModuleType:
    """The module `pykeen.nn.modules`. Imported when first asked for: it takes seconds."""
    with _narrow():
        return importlib.import_module("pykeen.nn.modules")


@contextmanager
def _narrow() -> Iterator[None]:
    """Let `pykeen.nn.modules` be imported without the rest of PyKEEN.

    `pykeen/nn/__init__.py` imports vision and graph layers, `pykeen/metrics/__init__.py`
    scikit-learn: three quarters of the time, for nothing we use. While this is open, empty packages
    with the same paths stand in for the two; afterwards they are gone, and a later `import
    pykeen.nn` runs the real one.
    """
    import pykeen

    home = Path(pykeen.__file__).parent
    standing_in: dict[str, ModuleType] = {}
    for name in ("pykeen.nn", "pykeen.metrics"):
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [str(home / name.rpartition(".")[2])]
            sys.modules[name] = standing_in[name] = package
    try:
        yield
    finally:
        for name, package in standing_in.items():
            if sys.modules.get(name) is package:
                del sys.modules[name]
