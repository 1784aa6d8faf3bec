"""The driver, without the libraries that it imports for conversions which nobody here needs."""

from __future__ import annotations

import sys

# They are pandas and Arrow, where they are installed; that takes longer than the rest of a short
# command. So they are out of sight while the driver is imported.
_HIDDEN = [name for name in ("pandas", "pyarrow") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_HIDDEN))  # type: ignore[arg-type]
try:
    import neo4j as neo4j
finally:
    for _name in _HIDDEN:
        del sys.modules[_name]
