"""Reasons as they are drawn: marks in a text, a region over a picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from PIL import Image, ImageDraw

from embeddings.answers.picture_reasons import PictureReasons

LONG = 1_600  # characters of a text that are shown


def marked(text: str, words: Sequence[tuple[int, int, str]], whole: tuple[int, int] | None) -> str:
    """A text as HTML, escaped, in which words and a sentence are marked."""
    edges = {0, len(text)} | {at for start, end, _ in words for at in (start, end)}
    edges |= set(whole or ())
    cuts = sorted(at for at in edges if at <= len(text))
    said = ""
    for start, end in pairwise(cuts):
        part = escape(text[start:end])
        if any(a <= start and end <= b for a, b, _ in words):
            part = f"<mark class='word'>{part}</mark>"
        if whole is not None and whole[0] <= start and end <= whole[1]:
            part = f"<span class='sentence'>{part}</span>"
        said += part
    return said + ("…" if len(text) == LONG else "")


def outlined(picture: Image.Image, reasons: PictureReasons) -> Image.Image:
    """The picture, paler outside the region, whose border is drawn in two colours, so that it is
    seen on any."""
    width, height = picture.size
    grid, cells = reasons.grid, set(reasons.cells)
    pale = Image.blend(picture, Image.new("RGB", picture.size, (128, 128, 128)), 0.62)
    for row, column in cells:
        box = _box(row, column, grid, width, height)
        pale.paste(picture.crop(box), box[:2])
    draw = ImageDraw.Draw(pale)
    for row, column in cells:
        left, top, right, bottom = _box(row, column, grid, width, height)
        sides = {
            (row - 1, column): (left, top, right, top),
            (row + 1, column): (left, bottom, right, bottom),
            (row, column - 1): (left, top, left, bottom),
            (row, column + 1): (right, top, right, bottom),
        }
        for beside, line in sides.items():
            if beside not in cells:
                draw.line(line, fill=(255, 255, 255), width=max(4, width // 120))
                draw.line(line, fill=(232, 90, 20), width=max(2, width // 240))
    return pale


def _box(row: int, column: int, grid: int, width: int, height: int) -> tuple[int, int, int, int]:
    return (
        column * width // grid,
        row * height // grid,
        (column + 1) * width // grid,
        (row + 1) * height // grid,
    )
