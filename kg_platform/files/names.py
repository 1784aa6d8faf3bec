"""What the name of a file says of it, in whatever case, packed or not."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Sequence
from pathlib import Path

PACKED = (".gz", ".bz2", ".xz", ".zst")
ENTITIES, CSV, TABS, TEXT = ".jsonl", ".csv", ".tsv", ".txt"
RDF = (".ttl", ".nt", ".nq", ".trig", ".rdf", ".owl", ".jsonld")
# What is known by everybody's machine, whichever its table of types.
MEDIA = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"), "image"),
    **dict.fromkeys((".avif", ".heic", ".heif", ".svg"), "image"),
    **dict.fromkeys((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a"), "audio"),
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".webm", ".mkv"), "video"),
    **dict.fromkeys((".pdf", ".docx"), "document"),  # plain text may be facts, or tell of the rest
}
READ = (ENTITIES, CSV, TABS, TEXT, *RDF)


def suffix_of(path: Path) -> str:
    """In lower case, without what says that it is packed: `.tsv` of `Facts.TSV.gz`."""
    return Path(_unpacked(path)).suffix.lower()


def stem_of(path: Path) -> str:
    """Without its suffixes: `Facts` of `Facts.TSV.gz`."""
    return Path(_unpacked(path)).stem


def first_named(files: Iterable[Path], stem: str, suffixes: Sequence[str]) -> Path | None:
    """Of the files that are called `stem`, in whatever case, packed or not, the one whose suffix
    stands first in `suffixes`, and of those the first by name; None when there is none."""
    found = [p for p in files if stem_of(p).lower() == stem and suffix_of(p) in suffixes]
    return min(found, key=lambda p: (suffixes.index(suffix_of(p)), p.name), default=None)


def is_stray(path: Path) -> bool:
    """Whether systems and editors make such files beside those of people: hidden ones, locks,
    backups."""
    return path.name.startswith((".", "~$", "#")) or path.name.endswith(("~", "#"))


def looks_like_data(path: Path) -> bool:
    """Whether its name is that of a file that is read, or of a stray one beside it."""
    return suffix_of(path.with_name(path.name.rstrip("~#") or path.name)) in READ


def medium_of(path: Path) -> str | None:
    """Which kind of medium its name is one of: image, audio, video or document; None: of none."""
    suffix = path.suffix.lower()
    if suffix in MEDIA:
        return MEDIA[suffix]
    kind, _ = mimetypes.guess_type(path.name)
    return "image" if kind and kind.startswith("image/") else None


def _unpacked(path: Path) -> str:
    name = path.name
    return name[: -len(path.suffix)] if path.suffix.lower() in PACKED else name
