"""Where records come from: one module a kind of source. A source reads; it never judges or writes.

A source yields its entities before the relations between them, in file order, and holds one line
in memory at a time. A row it cannot read at all becomes a `Rejection`.
"""

from __future__ import annotations

from pathlib import Path

from ingest.sources.source import Source
from kg_platform.errors import BadInput

EXPECTED = (
    "expected a folder with entities.jsonl and triples (.tsv or .csv: head, relation, tail), "
    "an entities.jsonl, or a .csv with the columns image_path,text_description"
)


def open_source(path: Path, name: str | None = None) -> Source:
    """The source at `path`, whichever kind it is.

    Raises:
        BadInput: nothing is there, nothing in it can be ingested, or a column is missing.
    """
    from ingest.sources import captions, folder

    if not path.exists():
        raise BadInput(f"{path} is not there; {EXPECTED}.")
    if path.is_dir():
        if found := folder.in_folder(path, name):
            return found
        tables = [p for p in sorted(path.glob("*.csv")) if captions.looks_like_captions(p)]
        if len(tables) == 1:
            return captions.CaptionsSource(tables[0], name)
        if tables:
            names = ", ".join(p.name for p in tables)
            raise BadInput(f"{path} holds several caption tables ({names}); name one of them.")
        raise BadInput(f"Nothing in {path} can be ingested; {EXPECTED}.")
    if path.suffix in (".jsonl", ".tsv") or folder.is_triples_csv(path):
        return folder.single_file(path, name)
    if path.suffix == ".csv":
        return captions.CaptionsSource(path, name)
    raise BadInput(f"{path} is not of a known kind; {EXPECTED}.")
