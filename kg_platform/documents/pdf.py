"""PDF: the text of each page, read by a process with limits of memory and time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from kg_platform.documents import pdf_worker
from kg_platform.documents.passages import Passage, TextPlace
from kg_platform.documents.text import usable
from kg_platform.errors import BadInput
from kg_platform.reader_process import reading

MEMORY_BYTES = 2**30
SECONDS = 300  # of a processor
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u00ad]\n(?=[a-z\u00df-\u00ff])")


def read_pdf(path: Path, name: str) -> Iterator[Passage]:
    """A passage a page.

    Raises:
        BadInput: it is locked, damaged, too large to be read, or has no text.
    """
    anything = ended = False
    script = pdf_worker.__file__
    with reading(script, path, MEMORY_BYTES, SECONDS) as (lines, _):
        for line in lines:
            said = json.loads(line) if line.endswith("\n") else {}
            if "error" in said:
                raise BadInput(f"{name} {said['error']}.")
            ended = "pages" in said
            text = _joined(usable(said.get("text", "")))
            if text.strip():
                anything = True
                yield Passage(text, TextPlace(name, page=said["page"]))
    if not ended:
        raise BadInput(
            f"{name} cannot be read: it is damaged, or needs more than "
            f"{MEMORY_BYTES / 2**30:,.0f} GiB of memory or {SECONDS} s; save it again."
        )
    if not anything:
        raise BadInput(
            f"{name} has no text, only pictures of it perhaps; let a text recognition read it."
        )


def _joined(text: str) -> str:
    """The lines of a page with words whole that were parted at a line's end."""
    return _HYPHEN.sub("", text)
