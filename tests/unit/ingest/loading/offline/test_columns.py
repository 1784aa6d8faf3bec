from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ingest.loading.offline.columns import columns_of, is_plain, lists


def test_values_get_columns_with_their_kinds_and_stand_in_their_rows() -> None:
    rows = [
        {"n": 1, "t": "x", "l": ["a", "b"]},
        {"f": 0.5, "day": date(2020, 2, 29), "n": 2**62},
        {"at": datetime(2020, 1, 1, 10, tzinfo=UTC), "b": False, "l": ["c"]},
    ]
    arrays, left = columns_of(rows)
    assert {name: array.to_pylist() for name, array in arrays.items()} == {
        "n": [1, 2**62, None],
        "t": ["x", None, None],
        "l:string[]": [["a", "b"], None, ["c"]],
        "f": [None, 0.5, None],
        "day": [None, date(2020, 2, 29), None],
        "at:datetime": [None, None, "2020-01-01T10:00:00+00:00"],
        "b": [None, None, False],
    }
    assert left == {}


def test_what_the_import_would_change_has_no_column() -> None:
    odd = {"empty": "", "none": [], "some": ["a", ""], "for": timedelta(1), "a:b": 1}
    arrays, left = columns_of([{"kind": 1}, {"kind": "text", **odd}, {"kind": True}])
    assert {name: array.to_pylist() for name, array in arrays.items()} == {"kind": [1, None, None]}
    assert left == {1: {"kind": "text", **odd}, 2: {"kind": True}}


def test_names() -> None:
    assert all(map(is_plain, ("Film", "a film", "Ä")))
    assert not any(map(is_plain, ("A;B", "a:ID", " a", "a\n", "a`", "l[]", "{x}")))


def test_a_list_in_every_row() -> None:
    assert lists("new", 2).to_pylist() == [["new"], ["new"]]
