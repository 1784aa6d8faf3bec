"""Ground floor: what every other package stands on. It imports none of them.

Begin at platform.py. `connect` is the door for programs; docs/python.md has a tour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.session import KnowledgeGraph as KnowledgeGraph
    from ui.session import connect as connect
else:

    def __getattr__(name: str) -> Any:
        """`connect` is made of all packages, so it is plugged in from above by an entry point, as
        commands are; nothing of them is loaded before it is asked for."""
        from importlib.metadata import entry_points

        for entry in entry_points(group="kg_platform.interface", name=name):
            return entry.load()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
