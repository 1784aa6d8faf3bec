"""Which entities of a snapshot have no trained vector, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embeddings.dataset import Ints
from embeddings.new_entities import Facts, facts_of
from embeddings.snapshot import Picture, Snapshot, Text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Waiting:
    """New entities of a snapshot against the entities and relations of an artifact.

    `ids` are those of the new ones; `positions` (n,), sorted, where they stand in the snapshot;
    `facts` join them to trained entities; `trained` (T, 3) are the facts among those, by their rows
    in the artifact. `skipped` counts facts of new entities that cannot be used: they are held out,
    their relation is new too, or so is their other end.
    """

    ids: list[str]
    positions: Ints
    facts: Facts
    trained: Ints
    skipped: int


def find(
    snapshot: Snapshot, wanted: set[str], rows: Mapping[str, int], relation_types: Sequence[str]
) -> Waiting:
    """`wanted` ids are new unless the artifact has them: `rows` are its entities, by their ids."""
    names = snapshot.entity_ids()
    trained = np.array([rows.get(name, -1) for name in names], np.int64)
    new = np.full(len(names), -1, np.int64)
    chosen = [
        position for position, name in enumerate(names) if trained[position] < 0 and name in wanted
    ]
    new[chosen] = np.arange(len(chosen))
    triples = np.array(snapshot.triples(), np.int64).reshape(-1, 3)
    marks = snapshot.splits()
    of_new = (new[triples[:, 0]] >= 0) | (new[triples[:, 2]] >= 0)
    usable = triples if marks is None else triples[(marks != 1) & (marks != 2)]
    number = {name: place for place, name in enumerate(relation_types)}
    kinds = np.array([number.get(name, -1) for name in snapshot.relation_types()], np.int64)
    usable[:, 1] = kinds[usable[:, 1]]
    facts = facts_of(usable, len(relation_types), new, trained)
    ends = trained[usable[:, [0, 2]]]
    among = (ends >= 0).all(1) & (usable[:, 1] >= 0)
    return Waiting(
        ids=[names[position] for position in chosen],
        positions=np.array(chosen, np.int64),
        facts=facts,
        trained=np.stack([ends[among, 0], usable[among, 1], ends[among, 1]], 1),
        skipped=int(of_new.sum()) - len(facts),
    )


class Part:
    """Some entities of a snapshot, numbered anew, as features are made from a snapshot."""

    def __init__(self, snapshot: Snapshot, positions: NDArray[np.int64]) -> None:
        self._snapshot = snapshot
        self._place = {int(position): place for place, position in enumerate(positions)}
        self.manifest: dict[str, Any] = {"entities": len(positions)}

    def texts(self) -> Iterator[Text]:
        for text in self._snapshot.texts():
            if text.entity in self._place:
                yield text._replace(entity=self._place[text.entity])

    def pictures(self) -> Iterator[Picture]:
        for picture in self._snapshot.pictures():
            if picture.entity in self._place:
                yield picture._replace(entity=self._place[picture.entity])
