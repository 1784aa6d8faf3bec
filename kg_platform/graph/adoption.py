"""What a graph says of itself when it is one that existed, and was adopted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kg_platform.errors import BadInput

# Begun, done, or being taken away again.
State = Literal["adopting", "adopted", "undoing"]


@dataclass(frozen=True)
class GraphAdoption:
    """`prefix` begins every property that is the platform's; `mapping` is what was adopted how, as
    JSON. `relationship_types` are learnt where nobody names others; none means all."""

    prefix: str
    state: State
    mapping: str
    relationship_types: tuple[str, ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> GraphAdoption:
        types = tuple(map(str, properties.get("relationship_types") or ()))
        mapping = str(properties.get("mapping") or "")
        return cls(str(properties["prefix"]), properties["state"], mapping, types)

    @property
    def weights(self) -> Mapping[str, float]:
        """How much facts of a type weigh in training, where that is not 1."""
        named = json.loads(self.mapping).get("relationships") if self.mapping else None
        if not isinstance(named, dict):  # adopted by a version that had no weights
            return {}
        return {name: weight for name, weight in named.items() if weight not in (0, 1)}

    def refuse_undoing(self) -> None:
        """Raises: BadInput: it is half taken away, and what is left of it is not to be used."""
        if self.state == "undoing":
            raise BadInput(
                "The adoption of this graph is being taken away; run `kg adopt --undo` again to "
                "finish that first."
            )

    @staticmethod
    def refuse(adoption: GraphAdoption | None, what: str) -> None:
        """For what would change what is the owner's. Raises: BadInput: the graph was adopted."""
        if adoption is not None:
            raise BadInput(
                f"This graph was adopted, so what is in it is its owner's and {what}; change it "
                "where the owner keeps it, and `kg adopt --sync` takes that in."
            )
