"""Vectors on a plane: neighbours stay near, and a second map stays where the first was."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from embeddings.answers.maps import projection
from embeddings.answers.maps.projection import (
    FEW,
    TSNE_POINTS,
    chosen,
    laid_over,
    placed,
    project,
)
from kg_platform.errors import BadInput


def groups(each: int = 30, of: int = 3, seed: int = 0) -> np.ndarray:
    """(each * of, 16) vectors in groups that lie apart."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(of, 16)) * 3
    return np.concatenate([m + 0.3 * rng.normal(size=(each, 16)) for m in middles]).astype("f4")


def nearest_is_of_the_same(points: np.ndarray, each: int) -> float:
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(far, np.inf)
    return float((far.argmin(1) // each == np.arange(len(points)) // each).mean())


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_neighbours_lie_near_each_other(method: str) -> None:
    made = project(groups(), method)
    assert made.method == method
    assert made.moved is None
    assert nearest_is_of_the_same(made.points, 30) > 0.95


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_second_map_stays_where_the_first_was(method: str) -> None:
    vectors = groups()
    first = project(vectors, method)
    turned = np.linalg.qr(np.random.default_rng(5).normal(size=(16, 16)))[0].astype("f4")
    noise = 0.05 * np.random.default_rng(6).normal(size=vectors.shape).astype("f4")
    again = project(vectors @ turned + noise, method, first.points, seed=1)
    assert again.moved is not None
    median, most, whole = again.moved
    assert median < 0.02
    assert median <= most <= whole


def test_what_came_begins_among_its_neighbours() -> None:
    vectors = groups()
    first = project(vectors, "tsne")
    before = first.points.copy()
    before[[3, 40]] = np.nan
    again = project(vectors, "tsne", before)
    assert np.isfinite(again.points).all()
    assert nearest_is_of_the_same(again.points, 30) > 0.95


def test_umap_stays_in_its_place_too() -> None:
    vectors = groups()
    first = project(vectors, "umap")
    again = project(vectors + np.float32(0.01), "umap", first.points)
    assert nearest_is_of_the_same(again.points, 30) > 0.95
    assert again.moved is not None
    assert again.moved[0] < 0.15  # of 90 points each moves much


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_very_few_points(count: int) -> None:
    made = project(groups()[:count])
    assert made.method == "pca"
    assert made.points.shape == (count, 2)
    assert np.isfinite(made.points).all()


def test_vectors_that_are_all_the_same() -> None:
    made = project(np.ones((10, 4), np.float32))
    assert np.isfinite(made.points).all()


def test_none_is_no_map() -> None:
    with pytest.raises(BadInput, match="no vectors to make a map of"):
        project(np.zeros((0, 4), np.float32))


@pytest.mark.parametrize(
    ("method", "points", "is_"),
    [
        ("auto", FEW - 1, "pca"),
        ("auto", FEW, "tsne"),
        ("auto", TSNE_POINTS, "tsne"),
        ("auto", TSNE_POINTS + 1, "umap"),
        ("tsne", 1_000_000, "tsne"),
        ("pca", 100, "pca"),
        ("umap", FEW - 1, "pca"),
    ],
)
def test_what_auto_is(method: str, points: int, is_: str) -> None:
    assert chosen(method, points) == is_


def test_a_method_that_is_not_there() -> None:
    with pytest.raises(BadInput, match="take one of auto, umap, tsne, pca"):
        chosen("mds", 100)


def test_a_map_is_turned_and_stretched_back() -> None:
    points = np.random.default_rng(0).normal(size=(50, 2)).astype("f4")
    turn = np.array([[0.0, -1.0], [-1.0, 0.0]], np.float32)  # with a mirror
    known = np.ones(50, bool)
    back = laid_over((points @ turn) * 3 + 7, points, known)
    assert np.abs(back - points).max() < 1e-4


def test_others_are_placed_by_their_neighbours() -> None:
    vectors = groups()
    points = np.repeat([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]], 30, axis=0).astype("f4")
    known = np.arange(90) % 3 != 0
    found = placed(vectors, np.where(known[:, None], points, np.nan), known)
    assert np.abs(found - points).max() < 1e-6


def test_many_are_placed_among_as_many_as_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(projection, "UMAP_POINTS", 2_000)
    monkeypatch.setattr(projection, "CELLS", 1 << 14)
    vectors = groups(each=2_000)
    points = np.repeat([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]], 2_000, axis=0).astype("f4")
    known = np.arange(len(points)) % 3 != 0
    begin = np.where(known[:, None], points, np.nan)
    tracemalloc.start()
    found = placed(vectors, begin, known)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.abs(found - points).max() < 1e-6
    assert most < 4 << 20  # all at once are 130 MB
