"""Which entities of a snapshot want a vector that training did not give them, and their facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.data.contents import Medium, Text
from embeddings.data.dataset import usable_triples
from embeddings.data.snapshot import Snapshot
from embeddings.data.triples import Ints
from embeddings.refresh.fold_in import FoldInFacts, facts_of
from kg_platform.modality import Modality

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Pending:
    """New and changed entities of a snapshot against the entities and relations of an artifact.

    Who has changed is new, and as the other end of others' facts stays who was trained. `ids` are
    those of the new ones; `positions` (n,), sorted, where they stand in the snapshot;
    `facts` join them to trained entities; `trained` (T, 3) are the facts among those, by their rows
    in the artifact. `skipped` counts facts of new entities that cannot be used: they are held out,
    their relation is new too, or so is their other end. `rows` (n,) are rows in the artifact of
    those that begin at their trained vector, -1 of the others; None: there are none.
    """

    ids: list[str]
    positions: Ints
    facts: FoldInFacts
    trained: Ints
    skipped: int
    rows: Ints | None = None


def find(
    snapshot: Snapshot,
    wanted: Mapping[str, bool],
    rows: Mapping[str, int],
    relation_types: Sequence[str],
) -> Pending:
    """`wanted` ids, and whether they begin at their trained vector; `rows` are the artifact's
    entities, by their ids."""
    names = snapshot.entity_ids()
    trained = np.array([rows.get(name, -1) for name in names], np.int64)
    new = np.full(len(names), -1, np.int64)
    chosen = [position for position, name in enumerate(names) if name in wanted]
    new[chosen] = np.arange(len(chosen))
    triples = snapshot.triples()
    of_new = (new[triples[:, 0]] >= 0) | (new[triples[:, 2]] >= 0)
    usable = usable_triples(snapshot, relation_types)
    facts = facts_of(usable, len(relation_types), new, trained)
    begin = [rows.get(names[at], -1) if wanted[names[at]] else -1 for at in chosen]
    return Pending(
        ids=[names[position] for position in chosen],
        positions=np.array(chosen, np.int64),
        facts=facts,
        trained=among(usable, trained),
        skipped=int(of_new.sum()) - len(facts),
        rows=np.array(begin, np.int64),
    )


def among(usable: Ints, trained: Ints) -> Ints:
    """(T, 3) those of `usable_triples` between trained entities, by their rows in the artifact."""
    ends = trained[usable[:, [0, 2]]]
    both = (ends >= 0).all(1) & (usable[:, 1] >= 0)
    return np.stack([ends[both, 0], usable[both, 1], ends[both, 1]], 1)


class Part:
    """Some entities of a snapshot, numbered anew, as features are made from a snapshot."""

    def __init__(self, snapshot: Snapshot, positions: NDArray[np.int64]) -> None:
        self._snapshot = snapshot
        self._place = {int(position): place for place, position in enumerate(positions)}
        self.size = len(positions)

    def texts(self) -> Iterator[Text]:
        for text in self._snapshot.texts():
            if text.entity in self._place:
                yield text._replace(entity=self._place[text.entity])

    def media(self, modality: Modality) -> Iterator[Medium]:
        for medium in self._snapshot.media(modality):
            if medium.entity in self._place:
                yield medium._replace(entity=self._place[medium.entity])
