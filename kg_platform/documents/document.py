"""Which files are documents, and what reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kg_platform.documents.passages import Passage
from kg_platform.errors import BadInput, NotFound

MOST_BYTES = 64 * 2**20
_MANY = 100_000  # files of a folder


@dataclass(frozen=True)
class DocumentFile:
    """A file that is read, and how places call it: its path below the folder that was given."""

    path: Path
    name: str

    def passages(self) -> Generator[Passage, None, None]:
        """Its text, in pieces.

        Raises:
            BadInput: it is too large, damaged, locked, or not what its name says.
        """
        try:
            size = self.path.stat().st_size
            if size > MOST_BYTES:
                raise BadInput(
                    f"{self.name} has {size / 2**20:,.0f} MiB, and at most {MOST_BYTES // 2**20} "
                    "MiB of a document are read; split it."
                )
            yield from _reader(self.path)(self.path, self.name)
        except OSError as error:
            raise BadInput(f"{self.name} cannot be read: {error.strerror or error}.") from error


Reader = Callable[[Path, str], Iterator[Passage]]


def documents(path: Path) -> list[DocumentFile]:
    """The document at a path, or every one in a folder and below it, in order of their names. Of a
    folder, files of other kinds are left out.

    Raises:
        NotFound: it is not there. BadInput: it is no document, or the folder has none.
    """
    if path.is_dir():
        found = sorted(_below(path), key=lambda one: one.name)
        if not found:
            raise BadInput(f"{path} has no document; there are kinds {_kinds()}.")
        return found
    if not path.exists():
        raise NotFound(f"{path} is not there; name a document, or a folder of them.")
    if path.suffix.lower() not in READERS:
        raise BadInput(f"{path} is of no kind of document that is read; those are {_kinds()}.")
    return [DocumentFile(path, path.name)]


def _below(folder: Path) -> Iterator[DocumentFile]:
    count = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in files:
            if name.startswith(".") or Path(name).suffix.lower() not in READERS:
                continue
            count += 1
            if count > _MANY:
                raise BadInput(f"{folder} has more than {_MANY:,} documents; take parts of it.")
            path = Path(place) / name
            yield DocumentFile(path, path.relative_to(folder).as_posix())


def _reader(path: Path) -> Reader:
    return READERS[path.suffix.lower()]


def _kinds() -> str:
    return ", ".join(READERS)


def _text(path: Path, name: str) -> Iterator[Passage]:
    from kg_platform.documents.text import read_text

    return read_text(path, name)


def _markdown(path: Path, name: str) -> Iterator[Passage]:
    from kg_platform.documents.text import read_markdown

    return read_markdown(path, name)


def _html(path: Path, name: str) -> Iterator[Passage]:
    from kg_platform.documents.html import read_html

    return read_html(path, name)


def _pdf(path: Path, name: str) -> Iterator[Passage]:
    from kg_platform.documents.pdf import read_pdf

    return read_pdf(path, name)


def _docx(path: Path, name: str) -> Iterator[Passage]:
    from kg_platform.documents.docx import read_docx

    return read_docx(path, name)


READERS: Mapping[str, Reader] = {
    ".txt": _text,
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
}
