"""Which kind of source is there? The one place that knows them all."""

from __future__ import annotations

from pathlib import Path

from ingest.sources.rdf.vocabulary import LANGUAGE
from ingest.sources.source import Source
from kg_platform.errors import BadInput

EXPECTED = (
    "expected a folder with entities.jsonl and triples (.tsv or .csv: head, relation, tail), "
    "an entities.jsonl, RDF (.ttl, .nt, .nq, .trig, .rdf, .owl or .jsonld), or a .csv with the "
    "columns image_path,text_description"
)


def open_source(path: Path, name: str | None = None, language: str = LANGUAGE) -> Source:
    """The source at `path`, whichever kind it is. `language`: the preferred one, of RDF.

    Raises:
        BadInput: nothing is there, nothing in it can be ingested, or a file of it cannot be read.
    """
    from ingest.sources.captions import CaptionsSource, looks_like_captions
    from ingest.sources.folder import in_folder, single_file
    from ingest.sources.listing import MAPPED, look_into
    from kg_platform.files.names import CSV, READ, TABS, suffix_of
    from kg_platform.files.triples import may_be_triples

    if not path.exists():
        raise BadInput(f"{path} is not there; {EXPECTED}.")
    if path.is_dir():
        found = look_into(path)
        if found.triples or found.entities or found.rdf:
            return in_folder(path, found, name, language)
        if len(found.captions) == 1:
            return CaptionsSource(found.captions[0], name, found.notes)
        if found.captions:
            names = ", ".join(p.name for p in found.captions)
            raise BadInput(f"{path} holds several caption tables ({names}); name one of them.")
        why = "".join(f" {note}" for note in found.notes)
        raise BadInput(f"Nothing in {path} can be ingested; {EXPECTED}.{why}")
    suffix = suffix_of(path)
    if suffix not in READ:
        raise BadInput(f"{path} is not of a known kind; {EXPECTED}. {MAPPED}.")
    if suffix == CSV and looks_like_captions(path):
        return CaptionsSource(path, name)
    if suffix in (CSV, TABS) and not may_be_triples(path):
        raise BadInput(f"{path} has other columns than a triple or a caption; {MAPPED}.")
    return single_file(path, name, language)
