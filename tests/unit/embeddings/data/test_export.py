"""Which texts an entity is encoded by."""

from __future__ import annotations

from typing import Any

import pytest

from embeddings.data.export import compose


def row(label: Any = None, description: Any = None, *texts: Any, media: Any = ()) -> dict[str, Any]:
    return {
        "label": label,
        "description": description,
        "texts": list(texts),
        "captions": list(media),
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (row(), []),
        (row("Japan"), ["Japan"]),
        (row("Japan", "An island monarchy."), ["Japan. An island monarchy"]),
        (row("Japan", "Japan. "), ["Japan"]),
        (row(None, None, "A red disc."), ["A red disc"]),
        (row("Japan", None, "A red disc", ["A map", "", None]), ["Japan", "A red disc", "A map"]),
        (row("Japan", "A state", ["Japan", "A state.", "A map", "A map "]),
         ["Japan. A state", "A map"]),
        (row("Japan", media=[[2, "Coat", None], [1, "Flag", None], [None, "Map", None],
                             [3, "Flag.", None]]),
         ["Japan", "Map", "Flag", "Coat"]),
        (row("Japan", media=[[1, None, ["Second", "Japan"]], [0, "Guide", ["First."]]]),
         ["Japan", "Guide", "First", "Second"]),
        (row(["Japan", "Nippon"], 7, 8.5), ["Japan. Nippon. 7", "8.5"]),
        (row(" . ", "...", [" "]), []),
    ],
)  # fmt: skip
def test_label_and_description_are_one_text_and_captions_are_others(
    given: dict[str, Any], expected: list[str]
) -> None:
    assert compose(given) == expected
