"""Clusters of a map's points, named by the words of their own texts.

HDBSCAN of scikit-learn is quadratic, so a sample is clustered and every other point gets the
cluster of its nearest neighbour in the sample. Names are the words that a cluster's texts have and
the other clusters' have not: tf-idf with a cluster as one document (c-TF-IDF).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

NOISE = -1
SAMPLE = 20_000
MOST = 200  # clusters; the smaller ones are noise then
FEWEST = 8  # points that can be clustered at all
TEXTS = 200  # of a cluster that are read for its name
WORDS = 3
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W\d_{_CJK}]{{3,}}")

Labels = NDArray[np.int16]  # (n,) the cluster of each point, NOISE for none


def clusters(points: NDArray[np.float32], seed: int = 0, sample: int = SAMPLE) -> Labels:
    """(n, 2) points -> (n,) clusters, the largest is 0."""
    count = len(points)
    if count < FEWEST:
        return np.full(count, NOISE, np.int16)
    from sklearn.cluster import HDBSCAN
    from sklearn.neighbors import NearestNeighbors

    rows = np.arange(count)
    if count > sample:
        rows = np.sort(np.random.default_rng(seed).choice(count, sample, replace=False))
    some = points[rows].astype(np.float64)
    smallest = max(5, round(len(rows) ** 0.5 / 2))
    found = HDBSCAN(min_cluster_size=smallest, min_samples=min(5, smallest), copy=True).fit(some)
    labels = found.labels_
    if len(rows) < count:
        near = NearestNeighbors(n_neighbors=1).fit(some)
        labels = labels[near.kneighbors(points, return_distance=False)[:, 0]]
    return _by_size(labels)


def as_before(labels: Labels, before: Labels) -> Labels:
    """The same clusters, by the numbers that those which share most points had before.

    `before` (n,) is what the points were in an earlier map, NOISE for none: colours, and addresses
    that name a cluster, stay what they were.
    """
    count, earlier = int(labels.max(initial=NOISE)) + 1, int(before.max(initial=NOISE)) + 1
    if not count or not earlier:
        return labels
    from scipy.optimize import linear_sum_assignment

    both = (labels >= 0) & (before >= 0)
    shared = np.zeros((count, earlier), np.int64)
    np.add.at(shared, (labels[both], before[both]), 1)
    ours, theirs = linear_sum_assignment(-shared)
    number = {int(a): int(b) for a, b in zip(ours, theirs, strict=True) if shared[a, b]}
    free = iter(sorted(set(range(count + earlier)) - set(number.values())))
    for cluster in range(count):
        if cluster not in number:
            number[cluster] = next(free)
    table = np.array([*(number[i] for i in range(count)), NOISE], np.int16)
    return table[labels]  # NOISE, -1, is the last entry


def sample_of_each(labels: Labels, seed: int = 0) -> dict[int, NDArray[np.int64]]:
    """Some points of each cluster, whose texts name it."""
    drawn = np.random.default_rng(seed).permutation(len(labels))
    found: dict[int, NDArray[np.int64]] = {}
    for cluster in np.unique(labels[labels >= 0]).tolist():
        found[cluster] = drawn[labels[drawn] == cluster][:TEXTS]
    return found


def names(texts: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """The texts of each cluster -> its name: a few words, "" where none stands out."""
    counted = {cluster: Counter(_words(some)) for cluster, some in texts.items()}
    in_clusters = Counter(word for words in counted.values() for word in words)
    most = len(counted) / 2 if len(counted) >= 4 else len(counted)  # said of most, it names none
    said: dict[int, str] = {}
    for cluster, words in counted.items():
        least = 2 if len(texts[cluster]) >= 4 else 1  # of one text alone it says nothing
        total = sum(words.values()) or 1
        weights = {
            word: count / total * float(np.log(1 + len(counted) / in_clusters[word])) ** 2
            for word, count in words.items()
            if count >= least and in_clusters[word] <= most
        }
        best = sorted(weights, key=lambda word: (-weights[word], word))
        said[cluster] = ", ".join(_apart(best)[:WORDS])
    return said


def _apart(words: Sequence[str]) -> list[str]:
    """Without those that are another one's beginning or plural, nearly."""
    kept: list[str] = []
    for word in words[: 6 * WORDS]:
        stem = word[: max(4, len(word) - 2)]
        if not any(other.startswith(stem) or word.startswith(other) for other in kept):
            kept.append(word)
    return kept


def _words(texts: Sequence[str]) -> list[str]:
    """The words of texts, each once a text; of scripts without spaces, pairs of signs."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    found: list[str] = []
    for text in texts:
        there: set[str] = set()
        for token in _TOKEN.findall(text.lower()):
            if re.match(f"[{_CJK}]", token):
                there.update(token[i : i + 2] for i in range(max(1, len(token) - 1)))
            elif token.isalpha() and token not in ENGLISH_STOP_WORDS and len(token) <= 30:
                there.add(token)
        found += there
    return found


def _by_size(labels: NDArray[np.int64]) -> Labels:
    sizes = Counter(labels[labels >= 0].tolist())
    order = [cluster for cluster, _ in sorted(sizes.items(), key=lambda one: (-one[1], one[0]))]
    table = np.full(int(labels.max(initial=NOISE)) + 2, NOISE, np.int16)
    for number, cluster in enumerate(order[:MOST]):
        table[cluster] = number
    return table[labels]
