"""A folder of made-up entities and triples, the same for the same sizes."""

from __future__ import annotations

import json
import random
from pathlib import Path

TYPES, RELATIONS, WORDS = 8, 20, 5_000


def made_source(folder: Path, entities: int, triples: int) -> Path:
    """Write `entities.jsonl` (label, description, two aliases, a year) and `facts.tsv`."""
    chance = random.Random(1)
    words = [f"word{number}" for number in range(WORDS)]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "entities.jsonl").open("w", encoding="utf-8") as file:
        for number in range(entities):
            row = {
                "id": f"Q{number}",
                "type": f"Type{number % TYPES}",
                "label": " ".join(chance.choices(words, k=2)),
                "description": " ".join(chance.choices(words, k=8)),
                "aliases": chance.sample(words, 2),
                "year": chance.randint(1900, 2020),
            }
            file.write(json.dumps(row) + "\n")
    with (folder / "facts.tsv").open("w", encoding="utf-8") as file:
        for _ in range(triples):
            head, tail = chance.randrange(entities), chance.randrange(entities)
            file.write(f"Q{head}\tREL_{chance.randrange(RELATIONS)}\tQ{tail}\n")
    return folder
