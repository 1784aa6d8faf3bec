"""People that two sources know, with slips of the pen in the second: made by a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from kg_platform.cypher.statement import Statement
from kg_platform.graph.client import Graph

GIVEN = (
    "Anna", "Bruno", "Clara", "David", "Elena", "Farid", "Greta", "Hugo", "Ines", "Jakob", "Karla",
    "Levin", "Mira", "Nils", "Olga", "Pavel", "Quentin", "Rosa", "Stefan", "Tilda", "Ulrich",
)  # fmt: skip
FAMILY = (
    "Abendroth", "Bergmann", "Castellani", "Dombrowski", "Eriksson", "Fontaine", "Grigorescu",
    "Haverkamp", "Ivanova", "Jankowski", "Kowalczyk", "Lindqvist", "Morgenstern", "Nakamura",
    "Oberhauser", "Petrescu", "Quaresma", "Rasmussen", "Steinberg", "Takahashi", "Wallenstein",
)  # fmt: skip
CITIES = ("Aachen", "Bergen", "Cork", "Delft", "Essen", "Fulda", "Genoa", "Hanau", "Jena")
PUT = """
UNWIND $rows AS row
CREATE (n:Entity:Person) SET n = row.own, n.updated_at = datetime()
"""


def people(count: int, seed: int = 3) -> list[dict[str, Any]]:
    """So many people of the first source: id, label, born, city, source."""
    draw = random.Random(seed)
    return [
        {
            "id": f"a{i}",
            "label": f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}",
            "born": f"{draw.randint(1930, 2005)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
            "city": draw.choice(CITIES),
            "source": "a",
        }
        for i in range(count)
    ]


def again(rows: Sequence[dict[str, Any]], seed: int = 4) -> list[dict[str, Any]]:
    """The same people as a second source `b` has them: half of the names with a slip, some dates
    and cities left out. `a7` is `b7`."""
    draw = random.Random(seed)
    found = []
    for row in rows:
        one = {**row, "id": "b" + row["id"][1:], "source": "b"}
        if draw.random() < 0.5:
            at = draw.randrange(1, len(one["label"]) - 1)
            one["label"] = one["label"][:at] + one["label"][at + 1 :]
        for key in ("born", "city"):
            if draw.random() < 0.1:
                del one[key]
        found.append(one)
    return found


def put(graph: Graph, rows: Sequence[dict[str, Any]]) -> None:
    graph.write(Statement(PUT, {"rows": [{"own": row} for row in rows]}))
