"""Which encoding a text file is in: as it is declared, or as its bytes look."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from kg_platform.errors import BadInput
from kg_platform.files.packed import opened

UTF8 = "utf-8"
WESTERN = "cp1252"

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, UTF8),
)
_SAMPLE = 2**20
_BAD = re.compile("[\udc80-\udcff]")


def charset_of(
    path: Path, declared: str | None, notes: list[str], name: str, *, askable: bool = True
) -> str:
    """The name of a codec. What was not declared and is not UTF-8 is said in `notes`.

    A mark at the beginning decides. Without one, text is UTF-8 unless most of what is not ASCII
    in its first MiB cannot be read so: one damaged byte in a UTF-8 file must not turn every
    other letter of it into two wrong ones. Not `askable`: nobody can say which encoding it is, so
    that messages ask for the file as UTF-8 instead.

    Raises:
        BadInput: no such encoding, it contradicts the file's mark, or none can be seen.
    """
    remedy = "give its encoding" if askable else "save it as UTF-8"
    with opened(path, name) as file:
        sample = file.read(_SAMPLE)
    marked = next((encoding for mark, encoding in _MARKS if sample.startswith(mark)), None)
    if declared is not None:
        return _declared(declared, marked, name)
    if marked is not None:
        if marked != UTF8:
            notes.append(f"{name} is read as {marked.upper()}, as it begins like that.")
        return marked
    if sample.count(0) * 4 > len(sample):
        which = " (utf-16-le or utf-16-be)" if askable else ""
        raise BadInput(f"{name} looks like UTF-16 without a mark; {remedy}{which}.")
    if _is_utf8(sample):
        return UTF8
    try:
        sample.decode(WESTERN)
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is neither UTF-8 nor {WESTERN}; {remedy}.") from error
    notes.append(
        f"{name} is not UTF-8 and is read as {WESTERN} (Western European); {remedy} if "
        "letters come out wrong."
    )
    return WESTERN


def _declared(declared: str, marked: str | None, name: str) -> str:
    try:
        # Also finds out codecs that are none of text (base64, rot13) or read nothing (undefined).
        "a".encode(declared).decode(declared)
        found = codecs.lookup(declared).name
    except (LookupError, UnicodeError) as error:
        raise BadInput(
            f"{name} cannot be read as {declared!r}: there is no such encoding of text; "
            "utf-8, utf-16, cp1252 and latin-1 are some."
        ) from error
    if marked is not None and not found.startswith(marked):
        raise BadInput(
            f"{name} is declared as {declared} and begins as {marked.upper()} does; leave out its "
            "encoding."
        )
    return found


def _is_utf8(sample: bytes) -> bool:
    """Whether as many of its signs beyond ASCII are UTF-8 as are not. The last may be cut."""
    text = codecs.getincrementaldecoder(UTF8)("surrogateescape").decode(sample)
    beyond, bad = len(text) - len(text.encode("ascii", "ignore")), len(_BAD.findall(text))
    return beyond - bad >= bad
