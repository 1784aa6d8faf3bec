"""Facets count what the other facets let through; a value must be one of its facet."""

from __future__ import annotations

import pytest

from kg_platform.browse.coverage import Coverage, coverage
from kg_platform.browse.facets import Cell, Census, Wanted
from kg_platform.errors import BadInput


def cell(count: int, **given: object) -> Cell:
    plain = {
        "types": ("Country",),
        "source": "demo",
        "media": (),
        "vectors": frozenset(),
        "text": False,
        "said": True,
        "stale": False,
        "provisional": False,
        "run": "",
        "degree": "2-9",
    }
    return Cell(**{**plain, **given, "count": count})  # type: ignore[arg-type]


EMBEDDED = frozenset({"embedding", "structure_embedding", "image_embedding"})
CENSUS = Census(
    (
        cell(5, media=("image",), vectors=EMBEDDED, run="r1"),
        cell(3, media=("image",), vectors=EMBEDDED, run="r1", stale=True),
        cell(2, types=("City", "Port"), source="other", text=True),
        cell(1, types=(), said=False, degree="0"),
    )
)


def test_a_facet_is_not_narrowed_down_by_itself() -> None:
    wanted = Wanted(types=("Country",), has=("image",))
    assert CENSUS.total(wanted) == 8
    assert CENSUS.facet("types", wanted) == {"Country": 8}
    assert CENSUS.facet("has", wanted) == {"image": 8}
    assert CENSUS.facet("states", wanted) == {"fresh": 5, "stale": 3}
    assert CENSUS.facet("types", Wanted()) == {"Country": 8, "City": 2, "Port": 2, "": 1}
    assert CENSUS.facet("degrees", Wanted()) == {"0": 1, "2-9": 10}


def test_values_of_one_facet_are_alternatives() -> None:
    assert CENSUS.total(Wanted(types=("Port", ""))) == 3
    assert CENSUS.total(Wanted(states=("none", "stale"))) == 6
    assert CENSUS.total(Wanted(sources=("other",), types=("Country",))) == 0


def test_what_was_chosen_can_be_taken_back() -> None:
    assert CENSUS.facet("types", Wanted(types=("Gone",)))["Gone"] == 0


@pytest.mark.parametrize("given", [{"has": ("smell",)}, {"states": ("x",)}, {"order": "size"}])
def test_a_value_that_is_none(given: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(BadInput, match="is one of "):
        Wanted(**given)  # type: ignore[arg-type]


def test_coverage_is_of_what_can_have_a_vector() -> None:
    found = coverage(CENSUS)
    assert found["Country"]["embedding"] == Coverage(8, 8)
    assert found["Country"]["image_embedding"] == Coverage(8, 8)
    assert found["City"] == {
        "embedding": Coverage(0, 2),
        "structure_embedding": Coverage(0, 2),
        "text_embedding": Coverage(0, 2),
    }
    # The one that says nothing and has no relation can have none.
    assert found[""]["embedding"] == Coverage(8, 10)
    assert "video_embedding" not in found[""]
