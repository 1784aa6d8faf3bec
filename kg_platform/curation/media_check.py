"""Whether the store still has the bytes of every medium of the graph, and as they were.

What an earlier version did not keep of a medium (its figures, its small picture) is made up for.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from kg_platform.cypher import media as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadMedium, NotFound
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.media.described import DOCUMENT, IMAGE, Looked, describe, memory_for
from kg_platform.media.isolated import Isolated
from kg_platform.media.pictures import needs_small
from kg_platform.media.store import MediaStore
from kg_platform.platform import Platform
from kg_platform.progress import Progress, silent
from kg_platform.records import FIGURES, NO_LIKENESS

AT_ONCE = 100  # media a page
_THREADS = 4
_CLOCK = 3600.0  # seconds by which the clock of a store may be ahead


@dataclass
class MediaChecked:
    """Ids of media whose bytes are missing in the store, or are others there; and how many got
    what was not kept of them."""

    checked: int = 0
    completed: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.missing and not self.changed

    def as_dict(self) -> dict[str, Any]:
        return {"checked": self.checked, "completed": self.completed,
                "missing": self.missing, "changed": self.changed}  # fmt: skip


def check(
    platform: Platform, *, discard: bool = False, on_progress: Progress | None = None
) -> MediaChecked:
    """Read all media again. With `discard`, bytes that are others than they were are removed: the
    next load of their source writes them anew.

    Raises:
        BadInput: the graph was adopted. Unavailable: a store cannot be read.
    """
    GraphAdoption.refuse(platform.graph.adoption, "`kg media check` adds nothing to it")
    found, after, say = MediaChecked(), "", on_progress or silent
    dropped = 0
    graph, store = platform.graph, platform.media
    pixels = platform.settings.max_picture_pixels
    memory = memory_for(pixels, platform.settings.max_media_bytes)
    # Decoders end first: threads wait for them.
    with ThreadPoolExecutor(_THREADS) as threads, Isolated(memory=memory) as decoders:
        while rows := graph.read(Statement(cypher.PROPERTIES, {"after": after, "limit": AT_ONCE})):
            media = [dict(row["media"]) for row in rows]

            def look(one: dict[str, Any]) -> str | Looked | None:
                return _looked(one, store, decoders, pixels)

            _note(platform, media, list(threads.map(look, media)), found)
            after = rows[-1]["id"]
            if discard:
                for digest in found.changed[dropped:]:
                    store.discard(digest, time.time() + _CLOCK)
                dropped = len(found.changed)
            say("checking", found.checked, None)
    return found


def _looked(
    one: dict[str, Any], store: MediaStore, decoders: Isolated, pixels: int
) -> str | Looked | None:
    """`missing`, `changed`, what was not kept of it, or None."""
    digest = str(one["id"])
    try:
        data = store.read(digest)
    except NotFound:
        return "missing"
    if hashlib.sha256(data).hexdigest() != digest:
        return "changed"
    if _described(one) and (not _needs_small(one) or store.small(digest) is not None):
        return None
    try:
        return decoders.run(describe, data, pixels)
    except BadMedium:
        return None  # it was one when it came; limits may have been others


def _described(one: dict[str, Any]) -> bool:
    """Whether figures of it were kept that every medium of its kind has."""
    return "likeness" in one or "duration" in one or "characters" in one


def _needs_small(one: dict[str, Any]) -> bool:
    """Whether there has to be a small picture of it. Where there was nothing to look at none may
    ever have been made."""
    if one.get("likeness") == NO_LIKENESS or one.get("kind") == DOCUMENT:
        return False
    if one.get("kind") != IMAGE:
        return True
    return needs_small(str(one.get("mime")), one.get("width") or 0, one.get("height") or 0)


def _note(
    platform: Platform,
    media: Sequence[dict[str, Any]],
    looks: Sequence[str | Looked | None],
    found: MediaChecked,
) -> None:
    rows = []
    for one, look in zip(media, looks, strict=True):
        found.checked += 1
        if look == "missing":
            found.missing.append(one["id"])
        elif look == "changed":
            found.changed.append(one["id"])
        elif isinstance(look, Looked):
            figures = {name: getattr(look.described, name) for name in FIGURES}
            fresh = {k: v for k, v in figures.items() if v is not None and one.get(k) != v}
            made = look.small is not None and platform.media.small(one["id"]) is None
            if look.small is not None and made:
                platform.media.put_small(one["id"], look.small)
            if fresh:
                rows.append({"id": one["id"], "properties": fresh})
            found.completed += bool(fresh) or made
    if rows:
        platform.graph.write_rows(cypher.DESCRIBE, rows, AT_ONCE)
