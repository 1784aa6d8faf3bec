"""What a document says is text on the page, whatever stands in it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    from ui.widgets import text

    text.paragraphs("<script>alert(1)</script>\n\n![x](http://x/y.png) <b>& more")


def test_nothing_of_it_is_markup() -> None:
    at = AppTest.from_function(page).run()
    assert not at.exception
    (shown,) = at.get("html")
    assert shown.proto.body == (
        '<div class="kg-document"><p>&lt;script&gt;alert(1)&lt;/script&gt;</p>'
        "<p>![x](http://x/y.png) &lt;b&gt;&amp; more</p></div>"
    )
