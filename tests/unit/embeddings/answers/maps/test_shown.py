"""A map as a browser gets it, and selections back from it."""

from __future__ import annotations

import base64
import gzip
import json

import numpy as np
import pytest

from embeddings.answers.maps import shown
from embeddings.answers.maps.shown import KINDS, LAST, NONE
from embeddings.answers.maps.stored import Frame, StoredMap, frame_of
from kg_platform.errors import BadInput


def test_a_column_says_what_it_is() -> None:
    made = shown.packed("run/xy", np.array([[1, 2], [65535, 4]], np.uint16))
    length = int.from_bytes(made[:4], "little")
    assert (4 + length) % 4 == 0
    assert json.loads(made[4 : 4 + length]) == {"name": "run/xy", "bytes": 2, "count": 2}
    assert made[4 + length :] == bytes([1, 0, 2, 0, 255, 255, 4, 0])


def test_five_bytes_a_point() -> None:
    points = np.random.default_rng(0).normal(size=(10_000, 2)).astype("f4")
    whole = shown.coordinates(points, frame_of(points))
    colour = shown.by_code(np.zeros(10_000, np.int16), ["A"], "", "").codes
    sent = len(shown.packed("xy", whole)) + len(shown.packed("type", colour))
    assert sent < 5 * 10_000 + 200


def test_the_frame_holds_every_point_and_up_is_up() -> None:
    points = np.array([[0, 0], [10, 4], [np.nan, 1]], np.float32)
    frame = frame_of(points[:2])
    assert frame.holds(points[:2])
    assert not frame.holds(points[:2] + 1)
    whole = shown.coordinates(points, frame)
    assert whole[0, 0] < whole[1, 0]
    assert whole[0, 1] > whole[1, 1]
    assert whole[:2].max() < LAST
    assert whole[2].tolist() == list(shown.NOWHERE)


def test_kinds_beyond_what_a_byte_holds_are_others() -> None:
    codes = np.arange(-1, 300, dtype=np.int16)
    made = shown.by_code(codes, [f"t{i}" for i in range(300)], "others", "none")
    assert made.codes[0] == NONE
    assert made.codes[-1] == KINDS
    assert made.legend[0].label == "t0"
    assert [(e.label, e.count) for e in made.legend[-2:]] == [("others", 46), ("none", 1)]
    assert sum(e.count for e in made.legend) == 301


def test_a_measure_in_bands() -> None:
    values = np.array([0, 0.25, 0.5, 0.75, 1.0, np.nan], np.float16)
    made = shown.by_measure(values, "none")
    assert made.measure
    assert made.codes[0] == 0
    assert made.codes[4] == NONE - 1
    assert made.codes[5] == NONE
    assert sum(e.count for e in made.legend) == 6
    assert made.legend[0].last == NONE - 1  # the highest first
    assert made.legend[-1] == shown.LegendEntry("none", NONE, NONE, 1)


@pytest.mark.parametrize("values", [[0.5, 0.5], [np.nan, np.nan]])
def test_a_measure_that_says_nothing(values: list[float]) -> None:
    made = shown.by_measure(np.array(values, np.float16), "none")
    assert sum(e.count for e in made.legend) == 2


@pytest.mark.parametrize("count", [1, 8, 9, 30_000])
def test_a_selection_comes_back(count: int) -> None:
    mask = np.random.default_rng(count).random(count) < 0.3
    assert (shown.read_bits(shown.written_bits(mask), count) == mask).all()


def test_a_selection_that_is_none() -> None:
    with pytest.raises(BadInput, match="select again"):
        shown.read_bits("no base 64!", 10)
    with pytest.raises(BadInput, match="select again"):
        shown.read_bits(base64.b64encode(b"no gzip").decode(), 10)
    with pytest.raises(BadInput, match="of another map"):
        shown.read_bits(shown.written_bits(np.ones(100, bool)), 10)


def test_a_selection_that_would_fill_the_memory_is_not_unpacked() -> None:
    bomb = base64.b64encode(gzip.compress(bytes(50_000_000))).decode()
    with pytest.raises(BadInput, match="of another map"):
        shown.read_bits(bomb, 10)


def test_a_lasso_of_an_address() -> None:
    corners = shown.read_lasso("0000000000ff000000ff00ff")
    assert corners.tolist() == [[0, 0], [255, 0], [255, 255]]
    points = np.array([[200, 20], [20, 200], [300, 20]], np.uint16)
    assert shown.inside(points, corners).tolist() == [True, False, False]


@pytest.mark.parametrize("text", ["", "zz", "0000", "0" * 16, "0000" * 130, "<script>"])
def test_a_lasso_that_is_none(text: str) -> None:
    with pytest.raises(BadInput, match="select again"):
        shown.read_lasso(text)


def made(points: list[list[float]], rows: list[int], run: str = "r") -> StoredMap:
    at = np.array(points, np.float32)
    none = np.full(len(at), -1, np.int16)
    codes = {"cluster": np.zeros(len(at), np.int16), "type": none, "source": none}
    names = {"cluster": ["c"], "type": [], "source": []}
    frame = Frame(5, 5, 10)
    return StoredMap(run, "embedding", at, np.array(rows, np.int32), codes, {}, names, frame, {})


def test_where_another_run_has_them() -> None:
    now, before = made([[0, 0], [1, 1]], [0, 2]), made([[10, 10]], [0], "before")
    found = shown.elsewhere(now, ["a", "b", "c"], before, {"c": 0})
    assert found[0].tolist() == list(shown.NOWHERE)
    assert found[1].tolist() == shown.coordinates(before.points, now.frame)[0].tolist()


def test_a_clusters_name_stands_in_its_middle() -> None:
    x, y = shown.places(made([[-5, 5], [15, 5], [5, 5]], [0, 1, 2]), 0)
    assert (round(x, 2), round(y, 2)) == (0.5, 0.5)


def test_states() -> None:
    codes = shown.by_state(4, np.array([1, 2]), np.array([2]))
    assert codes.tolist() == [0, 1, 2, 0]
