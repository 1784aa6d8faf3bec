"""Documents as media: by their bytes, with a beginning that encoders read; one sentence else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg_platform.errors import BadMedium
from kg_platform.media.described import describe_document
from kg_platform.media.isolated import Isolated
from kg_platform.media.written import MOST_CHARACTERS, MOST_TEXTS, look, said
from tests.support.documents import write_docx, write_pdf
from tests.support.recordings import sound, tone

PAGE = b"""<!doctype html><title>T</title><script>alert(1)</script>
<h1>Horn</h1><p onclick="alert(2)">Made of brass.<img src=x onerror=alert(3)></p>"""
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def test_each_kind_by_its_bytes(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a", ["Made of brass.", "Twice."]).read_bytes()
    body = "<w:p><w:r><w:t>Made of brass.</w:t></w:r></w:p>"
    docx = write_docx(tmp_path / "b", body).read_bytes()
    assert look(pdf) == ("application/pdf", 20, 2, ("Made of brass. Twice.",))
    assert look(docx) == (DOCX, 14, None, ("Made of brass.",))
    assert look(PAGE) == ("text/html", 18, None, ("Horn Made of brass.",))
    assert look(b"# Horn\n\n<b>Brass</b>\n")[:3] == ("text/plain", 18, None)
    assert look("Horn of brass — Über".encode("utf-16")).texts == ("Horn of brass — Über",)
    assert said(PAGE, 100) == "Horn\n\nMade of brass."
    assert said(b"<script>alert(1)</script><p>Brass", 100) == "Brass"  # a page, as browsers hold it
    assert said(b"Of <script>alert(1)</script>\n", 100) == "Of <script>alert(1)</script>"
    assert said(pdf, 10) == "Made of br"


def test_of_a_long_one_the_beginning_is_taken_in_pieces() -> None:
    words = [f"word{number}" for number in range(20_000)]
    found = look(" ".join(words).encode())
    assert found.characters == len(" ".join(words))
    assert len(found.texts) == MOST_TEXTS
    assert all(0 < len(text) <= MOST_CHARACTERS for text in found.texts)
    said_words = " ".join(found.texts).split()
    assert said_words == words[: len(said_words)]
    assert max(map(len, look(("字" * 3_000).encode()).texts)) == MOST_CHARACTERS


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\0\1\2" * 100, "no document of a kind that is read"),
        (b"PK\3\4 and no more", "no document of a kind that is read"),
        (b"%PDF-1.4 nothing", "the document is no whole PDF"),
        (b"  \n \n", "the document has no text"),
        (b"<html><script>alert(1)</script></html>", "the document has no text"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, why: str) -> None:
    with pytest.raises(BadMedium, match=why) as found:
        look(data)
    assert not str(found.value).endswith(".")


def test_it_is_described_apart_and_other_media_as_ever() -> None:
    with Isolated(1) as decoders:
        described = decoders.run(describe_document, PAGE, 10_000).described
        assert (described.kind, described.pages, described.characters) == ("document", None, 18)
        song = decoders.run(describe_document, sound(tone(300, 1)), 10_000).described
        assert song.kind == "audio"
    with pytest.raises(BadMedium, match="empty"):
        describe_document(b"", 10_000)
