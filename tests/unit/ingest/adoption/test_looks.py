from __future__ import annotations

from ingest.adoption.looks import Property, looks_of

LONG = "A long sentence about what happens in it, and to whom, and why."


def prop(
    name: str, *some: str, there: int = 10, different: int = 10, kind: str = "STRING"
) -> Property:
    characters = sum(map(len, some)) / len(some) if some else 0.0
    return Property(name, there, different, (kind,), characters, some)


def test_names_texts_pictures_and_other_names_by_how_they_look() -> None:
    found = looks_of(
        [
            prop("internal", LONG),
            prop("plot", "short"),
            prop("full_name", "Heat"),
            prop("also_known_as", kind="LIST<STRING NOT NULL>"),
            prop("poster", "posters/1.jpg", "posters/2.JPG?w=3"),
            prop("backdrop", "https://example.org/a.png"),
            prop("homepage", "https://example.org/" + "a" * 60),
            prop("year", kind="INTEGER"),
        ],
        10,
    )
    assert found.names == ("full_name",)
    assert found.texts == ("plot", "internal")
    assert found.aliases == ("also_known_as",)
    assert found.pictures == ("poster",)
    assert found.addresses == ("backdrop",)


def test_keys_are_what_a_constraint_says_then_what_is_called_so() -> None:
    found = looks_of(
        [
            prop("id", kind="INTEGER"),
            prop("movieId", kind="INTEGER"),
            prop("code", different=9),
            prop("uuid", there=9),
            prop("price", kind="FLOAT"),
            prop("name", "Heat"),
            prop("a"),
            prop("b"),
        ],
        10,
        unique=[("a", "b"), ("gone",)],
    )
    assert found.keys == (("a", "b"), ("id",), ("movieId",), ("name",))


def test_nothing_is_taken_of_what_looks_like_nothing() -> None:
    found = looks_of([prop("x", kind="FLOAT"), prop("y", "z", there=2, different=1)], 10)
    assert found == looks_of([], 10)
