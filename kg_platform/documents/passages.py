"""What a reader of documents gives: pieces of text, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextPlace:
    """Where a text stands: in which document, on which page or in which line it begins (from 1),
    and how many characters of the document, or of that page, are before it. A property of an
    entity is `entity`'s."""

    document: str
    page: int | None = None
    line: int | None = None
    offset: int = 0
    entity: str | None = None

    def words(self) -> str:
        """`report.pdf, page 3`, or `description of JPN`."""
        if self.entity is not None:
            return f"{self.document} of {self.entity}"
        where = self.document
        if self.page is not None:
            where += f", page {self.page:,}"
        elif self.line is not None:
            where += f", line {self.line:,}"
        return where


@dataclass(frozen=True)
class Passage:
    """A piece of a document, as long as its reader finds good, and where it begins."""

    text: str
    place: TextPlace
