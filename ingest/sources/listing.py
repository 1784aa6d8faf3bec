"""What is in a folder: which files are read as what, and, in a line each, what is left out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.sources.captions import looks_like_captions
from kg_platform.errors import BadInput
from kg_platform.files.lines import check_text
from kg_platform.files.names import (
    CSV,
    ENTITIES,
    RDF,
    READ,
    TABS,
    TEXT,
    first_named,
    is_stray,
    looks_like_data,
    medium_of,
    stem_of,
    suffix_of,
)
from kg_platform.files.triples import has_three_columns, may_be_triples

# Held-out triples first: where train repeats one, the repeated one is refused, not the held-out.
SPLITS = ("test", "valid", "train")
MAPPED = "`kg ingest --infer FILE... > mapping.yaml` writes a mapping of other tables"
_NAMED = 5  # files that a line names before it counts the rest


@dataclass
class Listing:
    """Files by what they are, each in the order in which they are read. `notes` says which are
    left out, and why."""

    entities: list[Path] = field(default_factory=list)
    triples: list[tuple[Path, str | None]] = field(default_factory=list)
    rdf: list[Path] = field(default_factory=list)
    captions: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave_out(self, names: Iterable[str | Path], why: str) -> None:
        said = [name.name if isinstance(name, Path) else name for name in names]
        if not said:
            return
        more = f" and {len(said) - _NAMED:,} more" if len(said) > _NAMED else ""
        be = "is" if len(said) == 1 else "are"
        self.notes.append(f"{_and(said[:_NAMED], more)}{more} {be} left out: {why}.")


def look_into(folder: Path) -> Listing:
    """What is there. When there is a published split (train, valid or test), only these files are
    triples: whatever else is there usually repeats them.

    Raises:
        BadInput: a table cannot be read.
    """
    found = Listing()
    inside = sorted(folder.iterdir())
    strays = [p for p in inside if is_stray(p) and looks_like_data(p)]
    inside = [p for p in inside if not is_stray(p) and not p.is_dir()]
    files = [p for p in inside if p.is_file()]
    by_suffix = {suffix: [p for p in files if suffix_of(p) == suffix] for suffix in READ}
    found.entities = [p for p in by_suffix[ENTITIES] if stem_of(p).lower() == "entities"]
    found.rdf = [p for p in files if suffix_of(p) in RDF]
    found.captions = [p for p in by_suffix[CSV] if looks_like_captions(p)]
    tables = [p for p in files if suffix_of(p) in (TABS, CSV) and p not in found.captions]
    texts = by_suffix[TEXT]
    split = list(_split([*tables, *texts]))
    if split:
        found.triples = split
        rest, tables, texts = {*tables, *texts} - {path for path, _ in split}, [], []
        found.leave_out(sorted(rest), "train, valid and test are the triples")
    wide = [p for p in tables if not may_be_triples(p)]
    tables = [p for p in tables if p not in wide]
    if tables or found.entities:  # a text is one file among others, a document maybe
        unread = [p for p in texts if _is_other_text(p)]
        texts = [p for p in texts if p not in unread]
        found.leave_out(unread, "texts of triples are UTF-8")
    facts = [p for p in texts if has_three_columns(p)]
    found.triples += [(p, None) for p in sorted([*tables, *facts])]
    found.leave_out(
        [p for p in texts if p not in facts],
        "no three columns with tabs between them",
    )
    found.leave_out(wide, f"triples have three columns; {MAPPED}")
    if found.triples or found.entities or found.rdf:
        found.leave_out(found.captions, "a caption table is ingested by itself")
    found.leave_out(
        [p for p in by_suffix[ENTITIES] if p not in found.entities],
        "entities of a folder stand in entities.jsonl; rename it or ingest it by itself",
    )
    found.leave_out(strays, "hidden files, locks and backups are not read")
    found.leave_out([p for p in inside if p not in files], "it cannot be opened as a file")
    found.leave_out(
        [p for p in files if suffix_of(p) not in READ and not medium_of(p)],
        "ingest reads .jsonl, .tsv, .csv, .txt and RDF, also packed (.gz, .bz2, .xz, .zst)",
    )
    found.leave_out(_below(folder), "sub-folders are not read; ingest each by itself")
    return found


def _is_other_text(path: Path) -> bool:
    """Whether it cannot be read here, but is a text of another kind.

    Raises:
        BadInput: it has triples in UTF-16.
    """
    try:
        check_text(path)
    except BadInput:
        with path.open("rb") as file:
            first = file.read(4096).replace(b"\0", b"").split(b"\n")[0]
        if first.count(b"\t") == 2:
            raise
        return True
    return False


def _split(files: Sequence[Path]) -> Iterator[tuple[Path, str | None]]:
    for part in SPLITS:
        if file := first_named(files, part, (TABS, CSV, TEXT)):
            yield file, part


def _below(folder: Path) -> list[str]:
    """Files with data in sub-folders, hidden ones left aside."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if Path(place) != folder:
            paths = [Path(place, name) for name in sorted(names)]
            found += [
                path.relative_to(folder).as_posix()
                for path in paths
                if suffix_of(path) in (ENTITIES, CSV, TABS, *RDF) and not is_stray(path)
            ]
    return found


def _and(names: Sequence[str], more: str) -> str:
    if more or len(names) == 1:
        return ", ".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
