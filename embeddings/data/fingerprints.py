"""Fingerprints of what entities say: their texts, their facts, their pictures, sounds and films.

Each is 64 bits, 0 where there is nothing, and depends on ids and contents alone: not on how a
snapshot numbers them, nor on the order of facts. So the fingerprints of two snapshots, or of a
snapshot and of the graph today, can be compared, and say what of an entity has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from embeddings.data.snapshot import Snapshot
from embeddings.data.splits import MIX, id_keys, mixed
from kg_platform.modality import OF_MEDIA

# The columns of what `content_of` gives. Artifacts hold the first three by their places; those of
# modalities that came later follow, and are as if 0 where an artifact or a node does not have them.
_FIRST = ("text", "picture", "facts")
_FACTS = _FIRST.index("facts")
_LATER = tuple(one for one in OF_MEDIA if one.item not in _FIRST)
ASPECTS = (*_FIRST, *(one.item for one in _LATER))

Content = NDArray[np.uint64]
UNKNOWN = "-"  # of an entity with so many facts that they were not all read

_TRIPLES = 1_000_000  # in memory at a time
_TAIL = MIX[0]  # tells the tail's side of a fact from the head's


def content_of(snapshot: Snapshot) -> Content:
    """(N, A) uint64: a fingerprint for each entity of the snapshot and each of `ASPECTS`.

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
    for modality in OF_MEDIA:
        place = ASPECTS.index(modality.item)
        for entity, media in groupby(snapshot.media(modality), key=lambda medium: medium.entity):
            found[entity, place] = media_fingerprint(medium.content_hash for medium in media)
    found[:, _FACTS] = facts_among(snapshot)
    return found


def aspects_of(text: int, media: Mapping[str, Sequence[str]], facts: int) -> list[int]:
    """(A,) one entity's fingerprints, from those of its texts and facts, and the content hashes of
    its media by modality."""
    found = dict.fromkeys(ASPECTS, 0) | {"text": text, "facts": facts}
    for modality in OF_MEDIA:
        found[modality.item] = media_fingerprint(media.get(modality.name, ()))
    return list(found.values())


def with_facts(content: Content, facts: Content) -> Content:
    """(N, A) the same with other facts' fingerprints (N,)."""
    found = content.copy()
    found[:, _FACTS] = facts
    return found


def moved(why: Iterable[str], known: Collection[str]) -> bool:
    """Whether what differs moves what a run made of an entity's contents, for a run that knows
    these modalities (by name): of others it has nothing to say, as of facts."""
    idle = {one.item for one in OF_MEDIA if one.name not in known} | {"facts"}
    return not idle.issuperset(why)


def kept(content: Content) -> Content:
    """(N, 3) or (N, A) what an artifact keeps: later columns only where somebody has any."""
    return content if content[:, len(_FIRST) :].any() else content[:, : len(_FIRST)]


def padded(content: Content) -> Content:
    """(N, A) of what an artifact kept; one of a version that knew fewer aspects had none of the
    others."""
    lacking = len(ASPECTS) - content.shape[1]
    return np.pad(content, ((0, 0), (0, lacking))) if lacking > 0 else content


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
    """One entity's fingerprints (A,) as a property of its node; `differences` reads it."""
    words = [f"{value:x}" for value in content.tolist()]
    if not facts_known:
        words[_FACTS] = UNKNOWN
    while len(words) > len(_FIRST) and words[-1] == "0":
        words.pop()
    return ":".join(words)


def differences(before: Content, after: Content | str | None) -> list[str]:
    """The aspects in which two fingerprints (A,) differ; `after` may be what `as_text` gave.

    What is not known on either side is not compared; a text that cannot be read differs in all.
    """
    if after is None or isinstance(after, str):
        words = (after or "").split(":")
        if not len(_FIRST) <= len(words) <= len(ASPECTS):
            return list(_FIRST)
        words += ["0"] * (len(ASPECTS) - len(words))
        both = zip(ASPECTS, before.tolist(), words, strict=True)
        return [name for name, value, word in both if word not in (UNKNOWN, f"{value:x}")]
    return [ASPECTS[place] for place in np.flatnonzero(before != after)]


def text_fingerprint(label: str, content_hashes: Iterable[str]) -> int:
    """Of a label and the hex SHA-256 of each text, in their order; 0 where there is neither."""
    parts = list(content_hashes)
    return _number("\n".join([*parts, label])) if parts or label else 0


def media_fingerprint(content_hashes: Iterable[str]) -> int:
    """Of media by their content hashes, in the order of their ranks; 0 without any."""
    joined = "\n".join(content_hashes)
    return _number(joined) if joined else 0


def fact_fingerprints(types: Content, others: Content, outgoing: bool) -> Content:
    """(n,) of facts of relation types (n,) with other entities (n,), both given by `hashes`.

    An entity's fingerprint is the sum of those of its different facts, modulo 2^64.
    """
    return mixed(mixed(types ^ (np.uint64(0) if outgoing else _TAIL)) + others)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
