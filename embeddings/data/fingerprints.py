"""Fingerprints of what entities say: their texts, their pictures, their facts.

Each is 64 bits, 0 where there is nothing, and depends on ids and contents alone: not on how a
snapshot numbers them, nor on the order of facts. So the fingerprints of two snapshots, or of a
snapshot and of the graph today, can be compared, and say what of an entity has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from embeddings.data.snapshot import Snapshot
from embeddings.data.splits import MIX, id_keys, mixed

# The columns of what `content_of` gives.
ASPECTS = ("text", "picture", "facts")

Content = NDArray[np.uint64]
UNKNOWN = "-"  # of an entity with so many facts that they were not all read

_TRIPLES = 1_000_000  # in memory at a time
_TAIL = MIX[0]  # tells the tail's side of a fact from the head's


def content_of(snapshot: Snapshot) -> Content:
    """(N, 3) uint64: a fingerprint for each entity of the snapshot and each of `ASPECTS`.

    About a second for 100,000 entities or 5,000,000 triples.
    """
    ids = snapshot.entity_ids()
    found = np.zeros((len(ids), len(ASPECTS)), np.uint64)
    labels = snapshot.labels()
    for entity, label in enumerate(labels):
        if label:
            found[entity, 0] = text_fingerprint(label, ())
    for entity, texts in groupby(snapshot.texts(), key=lambda text: text.entity):
        found[entity, 0] = text_fingerprint(labels[entity], (text.content_hash for text in texts))
    for entity, pictures in groupby(snapshot.pictures(), key=lambda picture: picture.entity):
        found[entity, 1] = picture_fingerprint(picture.sha256 for picture in pictures)
    found[:, 2] = facts_among(snapshot)
    return found


def facts_among(
    snapshot: Snapshot,
    entities: NDArray[np.bool_] | None = None,
    relation_types: Collection[str] | None = None,
) -> Content:
    """(N,) the facts' fingerprints; of facts between some `entities` (N,), and of some types,
    where these are given."""
    found = np.zeros(int(snapshot.manifest["entities"]), np.uint64)
    kinds = snapshot.relation_types()
    names, types = id_keys(snapshot.entity_ids()), id_keys(kinds)
    wanted = np.array([relation_types is None or kind in relation_types for kind in kinds], bool)
    triples = snapshot.triples()
    for start in range(0, len(triples), _TRIPLES):
        part = np.asarray(triples[start : start + _TRIPLES])
        part = part[wanted[part[:, 1]]]
        if entities is not None:
            part = part[entities[part[:, 0]] & entities[part[:, 2]]]
        heads, kind, tails = part.T
        np.add.at(found, heads, fact_fingerprints(types[kind], names[tails], True))
        np.add.at(found, tails, fact_fingerprints(types[kind], names[heads], False))
    return found


def as_text(content: Content, facts_known: bool = True) -> str:
    """One entity's fingerprints (3,) as a property of its node; `differences` reads it."""
    words = [f"{value:x}" for value in content.tolist()]
    return ":".join(words if facts_known else [*words[:2], UNKNOWN])


def differences(before: Content, after: Content | str | None) -> list[str]:
    """The aspects in which two fingerprints (3,) differ; `after` may be what `as_text` gave.

    What is not known on either side is not compared; a text that cannot be read differs in all.
    """
    if after is None or isinstance(after, str):
        words = (after or "").split(":")
        if len(words) != len(ASPECTS):
            return list(ASPECTS)
        both = zip(ASPECTS, before.tolist(), words, strict=True)
        return [name for name, value, word in both if word not in (UNKNOWN, f"{value:x}")]
    return [ASPECTS[place] for place in np.flatnonzero(before != after)]


def text_fingerprint(label: str, content_hashes: Iterable[str]) -> int:
    """Of a label and the hex SHA-256 of each text, in their order; 0 where there is neither."""
    parts = list(content_hashes)
    return _number("\n".join([*parts, label])) if parts or label else 0


def picture_fingerprint(sha256s: Iterable[str]) -> int:
    """Of pictures by their bytes' SHA-256 in hex, in the order of their ranks; 0 without any."""
    joined = "\n".join(sha256s)
    return _number(joined) if joined else 0


def fact_fingerprints(types: Content, others: Content, outgoing: bool) -> Content:
    """(n,) of facts of relation types (n,) with other entities (n,), both given by `hashes`.

    An entity's fingerprint is the sum of those of its different facts, modulo 2^64.
    """
    return mixed(mixed(types ^ (np.uint64(0) if outgoing else _TAIL)) + others)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
