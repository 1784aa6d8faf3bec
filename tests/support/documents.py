"""Documents that tests write: PDF and .docx."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pypdf
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def write_pdf(path: Path, pages: list[str], password: str = "") -> Path:
    """A PDF of pages with one line each."""
    made = pypdf.PdfWriter()
    font = DictionaryObject({
        NameObject("/Type"): NameObject("/Font"),
        NameObject("/Subtype"): NameObject("/Type1"),
        NameObject("/BaseFont"): NameObject("/Helvetica"),
    })  # fmt: skip
    for text in pages:
        page = made.add_blank_page(300, 200)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        content = DecodedStreamObject()
        lines = " 0 -14 Td ".join(f"({line}) Tj" for line in text.split("\n"))
        content.set_data(f"BT /F1 12 Tf 10 150 Td {lines} ET".encode())
        page[NameObject("/Contents")] = made._add_object(content)
    if password:
        made.encrypt(password, algorithm="RC4-128")
    made.write(path)
    return path


def write_docx(path: Path, body: str, head: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        xml = f"<?xml version='1.0'?>{head}<w:document {W}><w:body>{body}</w:body></w:document>"
        packed.writestr("word/document.xml", xml)
    return path
