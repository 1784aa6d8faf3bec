"""Vectors as points on a plane, where an earlier map had them.

t-SNE (van der Maaten & Hinton 2008) where there are few points, UMAP (McInnes et al. 2018) where
there are more, or the two main axes (PCA). What an earlier map had begins there, moves little, and
is laid over it again at the end (orthogonal Procrustes with scale): a projection may be turned and
stretched at will, so two runs are only comparable after that.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg_platform.errors import BadInput

METHODS = ("auto", "umap", "tsne", "pca")
FEW = 32  # fewer points are laid along their main axes: there are no neighbourhoods to show
TSNE_POINTS = 2_000  # UMAP is first translated for this machine, 20 s: more is quicker by it
UMAP_POINTS = 100_000  # of more, so many are laid out and the others placed among them
NEIGHBOURS = 15
PLACED_BY = 5  # neighbours whose mean is where a point that comes later begins
CELLS = 1 << 24  # of scores in memory at a time
AGAIN_EPOCHS = 50
AGAIN_RATE = 0.25

Points = NDArray[np.float32]  # (n, 2)


@dataclass(frozen=True)
class Projection:
    """`points` (n, 2), by which `method`. `moved`: how far the points that an earlier map had went,
    as a share of its span: median, 95th percentile, maximum; None without an earlier map."""

    points: Points
    method: str
    moved: tuple[float, float, float] | None


def chosen(method: str, points: int) -> str:
    """Which method it is for so many points.

    Raises:
        BadInput: there is no such method.
    """
    if method not in METHODS:
        raise BadInput(f"There is no projection {method!r}; take one of {', '.join(METHODS)}.")
    if points < FEW:
        return "pca"
    if method != "auto":
        return method
    return "tsne" if points <= TSNE_POINTS else "umap"


def project(
    vectors: NDArray[np.float32],
    method: str = "auto",
    earlier: Points | None = None,
    seed: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> Projection:
    """(n, d) finite vectors, compared by their cosine, as (n, 2) points.

    `earlier` (n, 2) is where an earlier map of the same method has them, NaN where it has none; it
    is what this one begins with and is laid over.

    Raises:
        BadInput: there is no vector, or no such method.
    """
    count = len(vectors)
    if not count:
        raise BadInput("There are no vectors to make a map of.")
    method = chosen(method, count)
    unit = _normalised(vectors)
    known = None if earlier is None else are_known(earlier)
    if known is not None and known.sum() < 3:
        earlier, known = None, None
    rows = np.arange(count)
    if count > UMAP_POINTS and method == "umap":
        rows = np.sort(np.random.default_rng(seed).choice(count, UMAP_POINTS, replace=False))
    some = unit[rows]
    begin = None
    if earlier is not None and known is not None and method != "pca" and known[rows].sum() >= 3:
        report("begins where the earlier map was")
        begin = placed(some, earlier[rows], known[rows])
    laid = _LAYOUTS[method](some, begin, seed)
    points = np.full((count, 2), np.nan, np.float32)
    points[rows] = laid
    if len(rows) < count:
        report(f"places the other {count - len(rows):,} points")
        points = placed(unit, points, are_known(points))
    if earlier is None or known is None:
        return Projection(_centred(points), method, None)
    points = laid_over(points, earlier, known)
    return Projection(points, method, _moved(points[known], earlier[known]))


def are_known(points: Points) -> NDArray[np.bool_]:
    """(n,) which points are somewhere."""
    return np.asarray(np.isfinite(points).all(1), bool)


def laid_over(points: Points, earlier: Points, known: NDArray[np.bool_]) -> Points:
    """The points turned, mirrored, stretched and shifted so that the known ones are nearest to
    where they were."""
    x, y = points[known].astype(np.float64), earlier[known].astype(np.float64)
    mean_x, mean_y = x.mean(0), y.mean(0)
    left, weights, right = np.linalg.svd((x - mean_x).T @ (y - mean_y))
    spread = ((x - mean_x) ** 2).sum()
    scale = weights.sum() / spread if spread > 0 else 1.0
    if scale <= 0:
        scale = 1.0
    turned = (points.astype(np.float64) - mean_x) @ (left @ right) * scale + mean_y
    return np.asarray(turned, np.float32)


def _moved(points: Points, earlier: Points) -> tuple[float, float, float]:
    span = float((earlier.max(0) - earlier.min(0)).max()) or 1.0
    far = np.linalg.norm(points - earlier, axis=1) / span
    return float(np.median(far)), float(np.quantile(far, 0.95)), float(far.max())


def _normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _centred(points: Points) -> Points:
    middle = (points.max(0) + points.min(0)) / 2
    return np.asarray(points - middle, np.float32)


def placed(vectors: NDArray[np.float32], points: Points, known: NDArray[np.bool_]) -> Points:
    """The points, the unknown ones at the mean of their nearest known ones, of which as many are
    looked at as UMAP lays out. O(unknown x known)."""
    unit = _normalised(vectors)
    filled = points.copy()
    there = np.flatnonzero(known)
    if len(there) > UMAP_POINTS:
        there = there[np.linspace(0, len(there) - 1, UMAP_POINTS).astype(np.int64)]
    base, at = unit[there], points[there]
    few = min(PLACED_BY, len(at))
    missing = np.flatnonzero(~known)
    step = max(1, CELLS // max(1, len(base)))
    for first in range(0, len(missing), step):
        rows = missing[first : first + step]
        near = np.argpartition(unit[rows] @ base.T, len(base) - few, axis=1)[:, -few:]
        filled[rows] = at[near].mean(1)
    return filled


def _pca(unit: NDArray[np.float32], begin: Points | None, seed: int) -> Points:
    count, dimension = unit.shape
    points = np.zeros((count, 2), np.float32)
    axes = min(2, count - 1, dimension)
    if axes > 0:
        from sklearn.decomposition import PCA

        exact = min(count, dimension) < 10
        solver = "full" if exact else "randomized"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # all the same vector: no variance
            laid = PCA(axes, svd_solver=solver, random_state=seed).fit_transform(unit)
        points[:, :axes] = laid
    return points


def _tsne(unit: NDArray[np.float32], begin: Points | None, seed: int) -> Points:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    options: dict[str, object] = {"init": "pca"}
    if begin is not None:  # already laid out: no phase in which everything is drawn together
        options = {"init": begin, "early_exaggeration": 1.0, "max_iter": 250, "learning_rate": 20.0}
    layout = TSNE(
        2, perplexity=min(30.0, (len(unit) - 1) / 3), metric="cosine", random_state=seed, **options
    )
    # Its steps are short: on cores that others use, threads that wait for each other take 3 times
    # the processor time of one, and 4 times as long.
    with threadpool_limits(1, user_api="openmp"):
        laid = layout.fit_transform(unit)
    return np.asarray(laid, np.float32)


def _umap(unit: NDArray[np.float32], begin: Points | None, seed: int) -> Points:
    import umap

    options: dict[str, object] = {"init": _pca(unit, None, seed)}
    if begin is not None:
        options = {"init": begin, "n_epochs": AGAIN_EPOCHS, "learning_rate": AGAIN_RATE}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a seed means one thread
        laid = umap.UMAP(
            n_neighbors=min(NEIGHBOURS, len(unit) - 1),
            metric="cosine",
            random_state=seed,
            low_memory=True,
            **options,
        ).fit_transform(unit)
    return np.asarray(laid, np.float32)


_LAYOUTS: dict[str, Callable[[NDArray[np.float32], Points | None, int], Points]] = {
    "pca": _pca,
    "tsne": _tsne,
    "umap": _umap,
}
