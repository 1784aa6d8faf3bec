"""A dataset of PyKEEN by its name, `pykeen:nations`: its published split, as triples.

PyKEEN fetches what it has not got from whoever published it, and keeps it in its own folder
(`PYSTOW_HOME`). Ali et al., PyKEEN 1.0 (JMLR 2021).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest.sources.source import Record
from kg_platform.errors import BadInput, Unavailable
from kg_platform.records import Entity, Relation

# Held-out triples first: where train repeats one, the repeated one is refused, not the held-out.
_SPLITS = (("test", "testing"), ("valid", "validation"), ("train", "training"))
_NAMED = 5


class PykeenSource:
    """Its entities by their names, then the triples of test, valid and train."""

    folder = Path()
    notes: Sequence[str] = ()

    def __init__(self, dataset: str, name: str | None = None) -> None:
        """
        Raises:
            BadInput: PyKEEN has no such dataset.
        """
        self._class = _found(dataset)
        self.name = name or dataset.lower()

    def count(self) -> int:
        parts = [getattr(self._dataset, part) for _, part in _SPLITS]
        triples = sum(int(part.num_triples) for part in parts if part is not None)
        return int(self._dataset.num_entities) + triples

    def records(self) -> Iterator[Record]:
        train = self._dataset.training
        names = {number: label for label, number in train.entity_to_id.items()}
        relations = {number: label for label, number in train.relation_to_id.items()}
        for line, (_, label) in enumerate(sorted(names.items()), 1):
            yield Entity(label, label=label, source=self.name, line=line)
        for split, part in _SPLITS:
            factory = getattr(self._dataset, part)
            if factory is None:
                continue
            properties = {"split": split}
            for line, triple in enumerate(factory.mapped_triples.numpy(), 1):
                head, relation, tail = (int(one) for one in triple)
                place = f"{self.name}, {split}"
                yield Relation(
                    names[head], relations[relation], names[tail], properties, place, line
                )

    @cached_property
    def _dataset(self) -> Any:
        dataset = self._class()
        try:
            _ = dataset.training  # what it fetches, it fetches here
        except Exception as error:  # whatever the network, an archive or a server makes of it
            raise Unavailable(
                f"PyKEEN cannot fetch the dataset {self.name} ({type(error).__name__}); look at "
                "the network, then run the same command again."
            ) from error
        return dataset


def _found(dataset: str) -> Any:
    from pykeen.datasets import dataset_resolver  # loads PyTorch

    known = dataset_resolver.lookup_dict
    word = dataset.lower().replace("-", "").replace("_", "")
    if word not in known:
        near = difflib.get_close_matches(word, known, _NAMED, 0.5)
        close = f"; close to it are {', '.join(near)}" if near else ""
        raise BadInput(f"PyKEEN has no dataset {dataset!r}{close}.")
    return known[word]
