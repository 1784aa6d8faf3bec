"""How reasons are drawn: marks in escaped text, and a region over a picture."""

from __future__ import annotations

from PIL import Image

from embeddings.answers.picture_reasons import PictureReasons
from ui.widgets.reasons_drawn import marked, outlined


def test_marks_in_a_text_that_tries_to_be_markup() -> None:
    text = "<b>One</b>. Two & three."
    shown = marked(text, [(12, 15, "Two")], (12, 24))
    assert "<b>" not in shown
    assert "&lt;b&gt;One&lt;/b&gt;. " in shown
    assert "<span class='sentence'><mark class='word'>Two</mark></span>" in shown
    assert "<span class='sentence'> &amp; three.</span>" in shown
    assert marked("plain", [], None) == "plain"


def test_a_mark_beyond_what_is_shown() -> None:
    assert marked("short", [(2, 900, "x")], (3, 1_000)) == "sh" + "<mark class='word'>o</mark>" + (
        "<span class='sentence'><mark class='word'>rt</mark></span>"
    )


def test_outside_the_region_the_picture_is_paler() -> None:
    picture = Image.new("RGB", (160, 160), (200, 0, 0))
    found = PictureReasons(0.5, 8, ((0, 0), (0, 1)), 0.1, 20, 20)
    drawn = outlined(picture, found)
    assert drawn.getpixel((10, 10)) == (200, 0, 0)
    assert drawn.getpixel((150, 150)) != (200, 0, 0)
    assert drawn.size == picture.size
