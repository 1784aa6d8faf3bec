"""The published space in memory, for vectors that have to come at once: what `kg watch` holds.

Loading it reads the graph once. From then on an entity costs what reading, encoding and fitting it
alone costs.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from uuid import uuid4

import numpy as np

from embeddings.data.dataset import usable_triples
from embeddings.data.entity_contents import ContentBatch, EntityContents, read
from embeddings.data.feature_matrix import Features
from embeddings.data.fingerprints import as_text, differences, moved
from embeddings.features.cache import Remembered
from embeddings.features.encoders.protocols import width_of
from embeddings.features.encoders.readable import unreadable_note
from embeddings.features.modal import Reading, features_of
from embeddings.models.from_artifact import load_scorer
from embeddings.publish.live_artifact import artifact_of, published_encoders
from embeddings.publish.published import published_run
from embeddings.refresh.fitter import Fitted, Fitter
from embeddings.refresh.fold_in import FitOptions
from embeddings.refresh.pending import among
from embeddings.refresh.staleness import Scan, compare, note, snapshot_for
from embeddings.refresh.trained_facts import facts_with
from embeddings.refresh.write_fitted import Observed, note_seen, restore, write_fitted
from kg_platform.cypher import watching
from kg_platform.cypher.changes import FACTS, NEW
from kg_platform.modality import TEXT
from kg_platform.platform import Platform

# Fewer candidates than a batch job compares with: an entity is to take no more than 20 ms.
OPTIONS = FitOptions(candidates=4_096)


@dataclass(frozen=True)
class Batch:
    """What became of some entities: `fitted` have new vectors, `restored` their trained ones;
    `stand`: nothing they say makes a better vector; `without` have nothing to make one from.
    `unreadable` counts texts, in a script that the encoder cannot read."""

    fitted: int = 0
    restored: int = 0
    stand: int = 0
    without: int = 0
    unreadable: int = 0

    def __add__(self, other: Batch) -> Batch:
        return Batch(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def counts(self) -> tuple[int, int, int, int]:
        """Of entities: fitted, restored, stand, without."""
        return self.fitted, self.restored, self.stand, self.without

    @property
    def entities(self) -> int:
        return sum(self.counts())


class LiveSpace:
    """The published run, ready to take in entities. `scan` is what looking at everything found."""

    def __init__(self, platform: Platform) -> None:
        """Load it.

        Raises:
            NotFound: nothing is published, or its artifact is not on this machine.
            BadInput: an encoder has another revision than the published run's.
        """
        self._platform, self._graph = platform, platform.graph
        run = published_run(self._graph)
        self.run_id = str(run["id"])
        self._artifact = artifact = artifact_of(run, platform.settings.artifacts_dir)
        made_with = artifact.manifest.get("settings") or {}
        self._labels = tuple(made_with.get("labels") or ())
        self._types = tuple(made_with.get("relationship_types") or ())
        self._encoders, self._modalities = published_encoders(platform.settings, run, artifact)
        self._reading = Reading(platform.media, platform.settings.max_picture_pixels, workers=0)
        self._remembered: dict[str, Remembered] = {}
        self._rows = {name: row for row, name in enumerate(artifact.iter_entity_ids())}
        self._relations = {name: at for at, name in enumerate(artifact.relation_types)}
        self._content = artifact.content()
        folder = platform.settings.runs_dir / f"scan-{uuid4().hex[:8]}"
        try:
            snapshot = snapshot_for(platform, artifact, folder)
            found = compare(self._graph, artifact, snapshot)
            trained = among(usable_triples(snapshot, artifact.relation_types), found.rows)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self.scan: Scan = note(self._graph, found, self._content is not None)
        self._space = Fitter(artifact, load_scorer(artifact), trained, OPTIONS, keep=True)

    def marked(self, limit: int) -> list[str]:
        """Entities with a mark, the oldest first."""
        return [row["id"] for row in self._graph.read(watching.marked(self._labels, limit))]

    def take_in(self, ids: Sequence[str]) -> Batch:
        """Give those of these entities vectors that have changed, and take their marks away.

        Raises:
            Superseded: another run is current, or is being published.
        """
        entities = self._read(ids)
        by_facts: list[EntityContents] = []
        whole: list[EntityContents] = []
        stand: list[EntityContents] = []
        for each in entities:
            why = self._why(each)
            known = {one.name for one in self._modalities}
            (stand if not why else whole if moved(why, known) else by_facts).append(each)
        restored = self._restore(stand)
        note_seen(self._graph, self.run_id, list(map(seen, stand)))
        done = Batch(stand=len(stand) - restored, restored=restored)
        features, unreadable = self._features(whole)
        done += Batch(unreadable=unreadable)
        return done + self._fit(by_facts, {}, True) + self._fit(whole, features, False)

    def leave(self, ids: Sequence[str]) -> Batch:
        """Leave entities as they are until they change again.

        Raises:
            Superseded: another run is current, or is being published.
        """
        entities = self._read(ids)
        note_seen(self._graph, self.run_id, list(map(seen, entities)))
        return Batch(without=len(entities))

    def features(self, entities: Sequence[EntityContents]) -> dict[str, Features]:
        """Of these entities, by the published run's encoders."""
        return self._features(entities)[0]

    def unreadable_note(self, count: int) -> str:
        """Why so many texts have no vector, and what helps."""
        return unreadable_note(count, self._encoders.of(TEXT).name)

    def _features(self, entities: Sequence[EntityContents]) -> tuple[dict[str, Features], int]:
        """Those, and of how many texts the encoder knows nothing."""
        contents, found, unreadable = ContentBatch(entities), {}, 0
        for modality in self._modalities:
            if not any(each.contents(modality) for each in entities):
                continue
            encoder = self._encoders.of(modality)
            cache = self._remember(modality.name, width_of(encoder))
            found[modality.name], summary = features_of(
                modality, contents, encoder, cache, self._reading
            )
            unreadable += summary.unreadable
        present = {name: features for name, features in found.items() if features.present.any()}
        return present, unreadable

    def vectors(
        self,
        entities: Sequence[EntityContents],
        features: Mapping[str, Features],
        trained: bool = False,
    ) -> Fitted:
        """The vectors of n entities, and who has one; `trained`: they begin at their own."""
        facts = facts_with(entities, self._rows, self._relations)
        rows = np.array([self._rows[each.id] for each in entities], np.int64) if trained else None
        return self._space.fit(features, facts, len(entities), rows)

    def _fit(
        self, entities: Sequence[EntityContents], features: Mapping[str, Features], trained: bool
    ) -> Batch:
        if not entities:
            return Batch()
        made = self.vectors(entities, features, trained)
        names, masks = made.written()
        some = made.some
        write_fitted(self._graph, self.run_id, list(map(seen, entities)), names, masks, trained)
        return Batch(fitted=int(some.sum()), without=int((~some).sum()))

    def _why(self, entity: EntityContents) -> list[str]:
        """In what it differs from what it was trained on, as far as a fit can use it."""
        row = self._rows.get(entity.id)
        if row is None:
            return [NEW]
        if self._content is None:  # an older artifact: the mark is believed
            return [NEW]
        useful = [f for f in entity.facts if f.other in self._rows and f.type in self._relations]
        why = differences(self._content[row], entity.content(useful))
        # One more fact of thousands does not move a vector; it waits for the next training.
        return why if entity.whole else [reason for reason in why if reason != FACTS]

    def _restore(self, entities: Sequence[EntityContents]) -> int:
        """Give trained vectors back to those who say what they said, and have lost them."""
        if not entities:
            return 0
        found = self._graph.read(watching.lacking([e.id for e in entities], self.run_id))
        ids = [str(row["id"]) for row in found]
        restore(self._graph, self._artifact, self.run_id, [(self._rows[id], id) for id in ids])
        return len(ids)

    def _read(self, ids: Sequence[str]) -> list[EntityContents]:
        """What they say, in the part of the graph that the run was made from."""
        return read(self._graph, ids, self._labels, self._types)

    def _remember(self, name: str, dimension: int) -> Remembered:
        return self._remembered.setdefault(name, Remembered(dimension))


def seen(entity: EntityContents) -> Observed:
    return Observed(entity.id, as_text(entity.content(), entity.whole), entity.at)
