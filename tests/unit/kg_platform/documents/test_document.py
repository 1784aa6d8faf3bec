"""Documents of every kind give their text with its places, or one sentence on what is wrong."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from pathlib import Path

import pytest

from ingest.extraction.sentences import sentences
from kg_platform.documents.document import documents
from kg_platform.documents.passages import Passage
from kg_platform.errors import BadInput, NotFound
from tests.support.documents import write_docx, write_pdf


def read(path: Path) -> list[Passage]:
    (file,) = documents(path)
    return list(file.passages())


def said(path: Path) -> list[tuple[str, str, int]]:
    return [
        (one.text, one.place.words(), one.place.offset)
        for passage in read(path)
        for one in sentences(passage)
    ]


def put(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_text(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt", "Title\n\nOne here.\r\nMr. Two\nis there. And 3.5 m!\n")
    assert said(path) == [
        ("Title", "a.txt, line 1", 0),
        ("One here.", "a.txt, line 3", 7),
        ("Mr.", "a.txt, line 4", 18),  # abbreviations are the language's
        ("Two is there.", "a.txt, line 4", 22),
        ("And 3.5 m!", "a.txt, line 5", 36),
    ]


def test_a_text_in_another_encoding(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt", "Zürich liegt hier.".encode("cp1252"))
    assert said(path) == [("Zürich liegt hier.", "a.txt, line 1", 0)]


def test_markdown_without_its_markup(tmp_path: Path) -> None:
    text = "# Head\n\n- [Paris](http://x.org) is **big**.\n\n```\ncode is no text.\n```\nEnd.\n"
    path = put(tmp_path / "a.md", text)
    assert [(text, place) for text, place, _ in said(path)] == [
        ("Head", "a.md, line 1"),
        ("Paris is big .", "a.md, line 3"),
        ("End.", "a.md, line 8"),
    ]


def test_markup_that_does_not_end_is_text_in_short_time(tmp_path: Path) -> None:
    begun = time.process_time()
    for text in ("<!--" * 16_000, "a" + "_" * 60_000 + "b"):
        read(put(tmp_path / "a.md", text))
    assert time.process_time() - begun < 5  # took a minute


def test_web_pages_without_scripts(tmp_path: Path) -> None:
    text = """<!doctype html><html><head><title>T</title><script>var a = "No."</script></head>
<body><p>One &amp; <b>two</b>
three.</p><style>p {}</style><div>Four<br>five<script>alert("<p>No</p>")</script></div></body>"""
    path = put(tmp_path / "a.html", text)
    assert [(text, place) for text, place, _ in said(path)] == [
        ("One & two three.", "a.html, line 2"),
        ("Four", "a.html, line 3"),
        ("five", "a.html, line 3"),
    ]


def test_a_web_page_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    text = '<meta charset="gb2312"><p>法国的首都是巴黎。</p>'.encode("gb2312")
    assert [text for text, _, _ in said(put(tmp_path / "a.htm", text))] == ["法国的首都是巴黎。"]


@pytest.mark.parametrize(
    "head",
    [
        "<html><head><title>T</title>",
        "<title>T</title><meta name=a><link rel=b><style>p {}</style>",
        "<head><noscript><p>No.</p></noscript><template>No.</template><base href=x>",
        "<head><title>T</title></head><body>",
    ],
)
def test_the_ends_of_head_and_the_body_may_be_left_out(tmp_path: Path, head: str) -> None:
    page = put(tmp_path / "a.html", f"<!doctype html>{head}<p>One here.</p></html>")
    assert [text for text, _, _ in said(page)] == ["One here."]


@pytest.mark.parametrize(
    "charset", ["zlib", "hex", "bz2", "idna", "raw_unicode_escape", "utf_16", "u16", "utf-32", "x"]
)
def test_an_encoding_that_no_page_is_in_does_not_count(tmp_path: Path, charset: str) -> None:
    page = put(tmp_path / "a.html", f'<meta charset="{charset}"><p>Zürich liegt hier.</p>')
    assert [text for text, _, _ in said(page)] == ["Zürich liegt hier."]


@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_no_message_names_an_option_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="save it as UTF-8"):
        read(put(tmp_path / name, "One here.".encode("utf-16-le")))
    with pytest.raises(BadInput, match="save it as UTF-8"):
        read(put(tmp_path / name, b"\x81 \x8d"))


@pytest.mark.parametrize("name", ["a.html", "a.txt", "a.md"])
def test_what_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("kg_platform.documents.text.MOST_CHARACTERS", 2**20)
    page = put(tmp_path / name, gzip.compress(b"<p>One here.</p>\n" * 2**17))
    with pytest.raises(BadInput, match="more than 1 MiB of text; split it"):
        read(page)


@pytest.mark.parametrize(
    "rest",
    [
        "<a " * 2**17,  # took hours
        "<!--" * 2**17,
        "</a " * 2**17,
        "<svg>" * 40_000 + "</math>" * 40_000,
        "<script>" + "x" * 2**17,
        "<![a <![endif]>",
        "<",
    ],
)
def test_what_has_no_end_is_not_read_again_and_again(tmp_path: Path, rest: str) -> None:
    path = put(tmp_path / "a.html", f"<p>One here.</p>{rest}")
    begun = time.process_time()
    assert [text for text, _, _ in said(path)] in (["One here."], ["One here.", "<"])
    assert time.process_time() - begun < 5


def test_a_character_of_five_thousand_digits(tmp_path: Path) -> None:
    path = put(tmp_path / "a.html", f"<p>&#{'9' * 5_000};</p>")
    with pytest.raises(BadInput, match="cannot be read as a web page"):
        read(path)


def test_pdf(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["One is the cap-\nital here.", "Two."])
    assert said(path) == [
        ("One is the capital here.", "a.pdf, page 1", 0),
        ("Two.", "a.pdf, page 2", 0),
    ]


def test_docx(tmp_path: Path) -> None:
    runs = "<w:r><w:t>One </w:t></w:r><w:r><w:t>two.</w:t></w:r>"
    body = f"<w:p>{runs}</w:p><w:p/><w:p><w:r><w:t>3.</w:t></w:r></w:p>"
    assert said(write_docx(tmp_path / "a.docx", body)) == [
        ("One two.", "a.docx, line 1", 0),
        ("3.", "a.docx, line 3", 10),
    ]


def test_a_folder_in_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.txt", "a.md", "c.jpg", ".hidden.txt"):
        put(tmp_path / name, "Text.")
    assert [one.name for one in documents(tmp_path)] == ["a.md", "b/2.txt"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.docx", b"\xd0\xcf\x11\xe0 and more", "locked with a password"),
        ("a.docx", b"PK no zip", "no whole .docx"),
        ("a.pdf", b"%PDF-1.4 nothing", "no whole PDF"),
        ("a.txt", b"\x00a\x00b" * 100, "looks like UTF-16"),
        ("a.xyz", b"text", "no kind of document"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence) as error:
        read(put(tmp_path / name, content))
    assert "\n" not in str(error.value)


def test_a_document_of_200_mb(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(200 * 10**6)
    with pytest.raises(BadInput, match=r"big.txt has 191 MiB, and at most 64 .* split it"):
        read(path)


def test_a_locked_pdf(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["Secret."], password="pass")
    with pytest.raises(BadInput, match=r"a.pdf is locked with a password; save it without one."):
        read(path)


def test_a_pdf_of_pictures(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no text, only pictures"):
        read(write_pdf(tmp_path / "a.pdf", [""]))


@pytest.mark.parametrize("before", ["", " " * 5_000, f"<!-- {'x' * 100_000} -->"])
def test_entities_of_xml_are_refused(tmp_path: Path, before: str) -> None:
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    path = write_docx(tmp_path / "a.docx", "<w:p><w:r><w:t>&b;</w:t></w:r></w:p>", before + bomb)
    with pytest.raises(BadInput, match="defines entities of XML"):
        read(path)


def test_xml_that_is_much_and_says_nothing_is_not_kept(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", "<a/>" * 2**18 + "<w:p><w:r><w:t>1.</w:t></w:r></w:p>")
    tracemalloc.start()
    assert said(path) == [("1.", "a.docx, line 1", 0)]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**22


def test_xml_of_a_document_that_cannot_be_read(tmp_path: Path) -> None:
    for number, body in enumerate(("<a>" * 1_100 + "</a>" * 1_100, "<w:p>", "<x:a/>")):
        with pytest.raises(BadInput, match=r"no whole \.docx document"):
            read(write_docx(tmp_path / f"{number}.docx", body))


def test_a_damaged_docx(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", "<w:p><w:r><w:t>One here.</w:t></w:r></w:p>" * 500)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    with pytest.raises(BadInput, match=r"no whole \.docx document"):
        read(put(path, bytes(content)))


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not there"):
        documents(tmp_path / "no.txt")
    with pytest.raises(BadInput, match="has no document"):
        documents(tmp_path)
