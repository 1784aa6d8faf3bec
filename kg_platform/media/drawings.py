"""Drawings (SVG) as pictures: by resvg, without network, scripts, files or other documents.

A drawing's own size is what a person sees; its pixels are as many as `SIDE` asks for.
"""

from __future__ import annotations

import io
import re
from typing import NamedTuple
from xml.etree import ElementTree

from PIL import Image

from kg_platform.errors import BadPicture

MIME = "image/svg+xml"
SIDE = 1_024  # pixels of the longer side of what is drawn
MOST = 10**9  # pixels of a side that a drawing may state; 64 bits and every viewer hold that
_BEGIN = 4_096  # bytes in which the root of a drawing begins
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_FIRST = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")  # neither of a prolog nor of a DOCTYPE
# No two repetitions side by side can take the same characters: whoever draws could have us try for
# hours.
_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBERS = re.compile(f"[-+]?{_NUMBER}")
_LENGTH = re.compile(rf"\s*({_NUMBER})(?:\s*(px|pt|pc|mm|cm|in|em|ex))?\s*", re.IGNORECASE)
_UNITS = {"": 1, "px": 1, "pt": 4 / 3, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96,
          "em": 16, "ex": 8}  # fmt: skip
_INERT = ("data:", "#")


class Drawing(NamedTuple):
    """The text of a drawing that asks for nothing, and its size."""

    text: str
    width: float
    height: float


def is_drawing(data: bytes) -> bool:
    begin = data[:_BEGIN].removeprefix(b"\xef\xbb\xbf").lstrip()
    first = _FIRST.search(_COMMENT.sub(b"", begin)) if begin.startswith(b"<") else None
    return first is not None and first[1] == b"svg"


def read(data: bytes) -> Drawing:
    """
    Raises:
        BadPicture: it is not whole, has no size or an absurd one, or its entities are a bomb.
    """
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadPicture(f"The drawing is cut off or damaged ({error}); replace it.") from error
    _quiet(root)
    width, height = _size(root)
    root.set("width", f"{width:g}")
    root.set("height", f"{height:g}")
    return Drawing(ElementTree.tostring(root, encoding="unicode"), width, height)


def drawn(drawing: Drawing) -> Image.Image:
    """
    Raises:
        BadPicture: it cannot be drawn.
    """
    import resvg_py  # late: few media are drawings

    wide = drawing.width >= drawing.height
    try:
        png = resvg_py.svg_to_bytes(
            svg_string=drawing.text,
            width=SIDE if wide else None,
            height=None if wide else SIDE,
            dpi=96.0,
            # To look for fonts takes longer than to draw.
            skip_system_fonts="<text" not in drawing.text and ":text" not in drawing.text,
        )
        picture = Image.open(io.BytesIO(bytes(png)))
        picture.load()
    except (ValueError, OSError) as error:
        raise BadPicture(f"The drawing cannot be drawn ({error}); replace it.") from error
    return picture


def _quiet(root: ElementTree.Element) -> None:
    """Take out what asks for something else: scripts, pages, and addresses but of data inside."""
    for element in root.iter():
        for child in list(element):
            if _name(child.tag) in ("script", "foreignObject"):
                element.remove(child)
        for key in [key for key in element.attrib if _name(key) == "href"]:
            if not element.attrib[key].strip().lower().startswith(_INERT):
                del element.attrib[key]


def _name(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _size(root: ElementTree.Element) -> tuple[float, float]:
    width, height = _length(root.get("width")), _length(root.get("height"))
    box = [float(n) for n in _NUMBERS.findall(root.get("viewBox") or "")]
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        if width is None and height is None:
            width, height = box[2], box[3]
        width = width if width is not None else (height or 0) * (box[2] / box[3])
        height = height if height is not None else width * (box[3] / box[2])
    if not width or not height:
        raise BadPicture("The drawing does not say how large it is; give it a viewBox.")
    if not (width <= MOST and height <= MOST):  # nor is it a number where both are infinite
        raise BadPicture(
            f"The drawing says that it is {width:g} x {height:g} pixels large, and no side may "
            f"have more than {MOST:,}; correct its width and height, or its viewBox."
        )
    return width, height


def _length(text: str | None) -> float | None:
    found = _LENGTH.fullmatch(text or "")
    return float(found[1]) * _UNITS[(found[2] or "").lower()] if found else None
