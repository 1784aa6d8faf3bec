"""Clusters of points, what they are called, and that they keep their numbers."""

from __future__ import annotations

import numpy as np

from embeddings.answers.maps.clusters import NOISE, as_before, clusters, names, sample_of_each


def blobs() -> np.ndarray:
    rng = np.random.default_rng(0)
    middles, sizes = [(0, 0), (9, 0), (0, 9)], [120, 80, 50]
    return np.concatenate(
        [np.array(m) + 0.4 * rng.normal(size=(n, 2)) for m, n in zip(middles, sizes, strict=True)]
    ).astype("f4")


def test_the_largest_is_first() -> None:
    found = clusters(blobs())
    assert [int((found == i).sum()) > 40 for i in range(3)] == [True] * 3
    assert np.bincount(found[:120][found[:120] >= 0]).argmax() == 0
    assert np.bincount(found[200:][found[200:] >= 0]).argmax() == 2


def test_of_a_sample_the_others_get_what_their_neighbour_is() -> None:
    whole, some = clusters(blobs()), clusters(blobs(), sample=100)
    both = (whole >= 0) & (some >= 0)
    assert both.mean() > 0.8
    assert (whole[both] == some[both]).all()


def test_a_handful_is_no_cluster() -> None:
    assert clusters(blobs()[:7]).tolist() == [NOISE] * 7


def test_numbers_stay() -> None:
    before = np.array([2, 2, 2, 0, 0, -1, -1], np.int16)
    now = np.array([0, 0, 0, 1, 1, 2, 2], np.int16)
    assert as_before(now, before).tolist() == [2, 2, 2, 0, 0, 1, 1]
    assert as_before(now, np.full(7, NOISE, np.int16)).tolist() == now.tolist()
    noise = np.full(7, NOISE, np.int16)
    assert as_before(noise, before).tolist() == noise.tolist()


def test_a_name_is_what_others_do_not_say() -> None:
    texts = {
        0: ["A city of France", "The port city of Spain", "An old city", "City on a river"],
        1: ["A river of France", "The river of Spain", "Rivers flow", "A long river"],
    }
    said = names(texts)
    assert said[0].split(", ")[0] == "city"
    assert said[1].split(", ")[0] == "river"
    assert "the" not in f"{said}".lower().split()


def test_scripts_without_spaces() -> None:
    said = names(
        {0: ["北京大学", "清华大学", "复旦大学", "南京大学"], 1: ["长江", "黄河", "珠江", "淮河"]}
    )
    assert said[0].split(", ")[0] == "大学"


def test_nothing_to_say() -> None:
    assert names({0: ["", "12 34"], 1: []}) == {0: "", 1: ""}


def test_some_of_each() -> None:
    labels = np.array([0] * 500 + [1] * 3 + [NOISE] * 10, np.int16)
    some = sample_of_each(labels)
    assert {c: len(rows) for c, rows in some.items()} == {0: 200, 1: 3}
    assert set(some[1].tolist()) == {500, 501, 502}
