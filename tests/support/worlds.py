"""Small source folders for tests, made on the spot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = ("red", "blue", "green", "white", "black", "yellow")


def write_world(folder: Path, countries: int = 24, seed: int = 0) -> Path:
    """Countries with flags on continents, speaking languages; every third has no flag or text."""
    draw = np.random.default_rng(seed)
    (folder / "flags").mkdir(parents=True, exist_ok=True)
    entities: list[dict[str, object]] = []
    triples: list[tuple[str, str, str]] = []
    for name in ("north", "south", "east"):
        entities.append({"id": f"region-{name}", "type": "Region", "label": name.title()})
    for i in range(4):
        entities.append({"id": f"lang-{i}", "type": "Language", "label": f"Language {i}"})
    for i in range(countries):
        region = i % 3
        row: dict[str, object] = {"id": f"C{i:02d}", "type": "Country", "label": f"Country {i}"}
        if i % 3:
            row["description"] = f"A country in region {region} with {i} rivers and a harbour."
            row["image"] = f"flags/c{i:02d}.png"
            stripes = Image.new("RGB", (48, 32), COLOURS[i % 6])
            stripes.paste(COLOURS[(i + 1) % 6], (0, 0, 24, 32))
            stripes.save(folder / "flags" / f"c{i:02d}.png")
        entities.append(row)
        triples.append((f"C{i:02d}", "IN_REGION", f"region-{('north', 'south', 'east')[region]}"))
        triples.append((f"C{i:02d}", "LANGUAGE", f"lang-{region}"))
        if draw.random() < 0.4:
            triples.append((f"C{i:02d}", "LANGUAGE", "lang-3"))
        triples.append((f"C{i:02d}", "BORDERS", f"C{(i + 3) % countries:02d}"))
    (folder / "entities.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in entities), encoding="utf-8"
    )
    (folder / "triples.tsv").write_text(
        "".join("\t".join(triple) + "\n" for triple in triples), encoding="utf-8"
    )
    return folder
