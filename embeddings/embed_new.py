"""`kg embed --new-only`: vectors for entities that came after training, without training.

published run -> who has no vector -> snapshot -> features of those -> fit -> vectors on their nodes

The vectors live in the published run's space: texts and pictures give a prior (`priors.py`), and a
fit moves it to where the entity's facts want it (`new_entities.py`). They carry the published run's
id and the mark `embedding_provisional`; the next full publish takes the mark, or the vectors, away.
An entity that the artifact knows but whose node lost its vectors (it was deleted and came back)
gets the artifact's, which are not provisional.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.against_all import narrow_pays
from embeddings.artifact import Artifact
from embeddings.features import Features
from embeddings.inputs import Encoders, Progress, graph_features
from embeddings.lock import only_one
from embeddings.models import Scorer
from embeddings.new_entities import FitOptions, fit
from embeddings.predict import open_published
from embeddings.priors import priors
from embeddings.publish_checks import batch_of
from embeddings.publish_switch import half_way
from embeddings.publish_write import write_rows
from embeddings.similarity import check_encoder, published_run
from embeddings.snapshot import Snapshot, take
from embeddings.waiting import Part, Waiting, find
from kg_platform.cypher import vectors as cypher
from kg_platform.errors import BadInput, Interrupted
from kg_platform.graph import Graph, Statement
from kg_platform.platform import Platform
from kg_platform.run_log import logged

KIND = "embed-new"


@dataclass(frozen=True)
class NewSummary:
    """What happened. `fitted` entities have vectors by their facts, `from_features` by texts and
    pictures alone, `restored` got back what was trained; `without` have nothing to make one from.
    `facts` were used, `skipped_facts` not. Nothing was to do where all are 0."""

    run_id: str
    published_run: str
    fitted: int
    from_features: int
    restored: int
    without: int
    facts: int
    skipped_facts: int
    seconds: float

    @property
    def vectors(self) -> int:
        return self.fitted + self.from_features + self.restored

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def embed_new(
    platform: Platform,
    options: FitOptions | None = None,
    on_progress: Progress | None = None,
) -> NewSummary:
    """Give vectors to entities that have none of the published run, or a provisional one.

    Raises:
        NotFound: nothing is published, or its artifact is not on this machine.
        BadInput: an encoder has another revision than the published run's, a publish stands
            half-way, or another embedding job of this platform is running.
    """
    with only_one(platform):
        _refuse_half_way(platform.graph)
        run = published_run(platform.graph)
        artifact = open_published(platform.graph, platform.settings.artifacts_dir)
        job = _Job(platform, run, artifact, options, logged(on_progress))
        return job.run()


@dataclass(frozen=True)
class Fitted:
    """`vectors` (n, D) of new entities, what they are the sum of as heads (`components` (n, K, D),
    see `Scorer`), and who has one, (n,) bool: by features, facts or both."""

    vectors: Tensor
    components: Tensor | None
    some: Tensor


def fitted(
    artifact: Artifact,
    scorer: Scorer,
    features: Mapping[str, Features],
    waiting: Waiting,
    options: FitOptions,
) -> Fitted:
    """Vectors of the waiting entities, in the space of the artifact and its scorer."""
    prior = priors(artifact, scorer, features, len(waiting.ids), waiting.trained, options)
    narrow = narrow_pays(scorer.entities.device, "auto")
    components, facts = prior.components, waiting.facts
    found = fit(scorer, prior.vectors, facts, waiting.trained, options, components, narrow)
    some = prior.has.clone()
    some[torch.from_numpy(waiting.facts.rows)] = True
    if components is not None:  # the first one moves with the vector
        components = components.clone()
        components[:, 0] += found - prior.vectors
    return Fitted(found, components, some)


class _Job:
    def __init__(
        self,
        platform: Platform,
        run: Mapping[str, Any],
        artifact: Artifact,
        options: FitOptions | None,
        report: Progress,
    ) -> None:
        self.platform, self.graph, self.ledger = platform, platform.graph, platform.ledger
        self.published, self.artifact = run, artifact
        self.options = options or FitOptions()
        self.report = report
        self.run_id = ""

    def run(self) -> NewSummary:
        settings = {"published_run": self.published["id"], **asdict(self.options)}
        self.run_id = self.ledger.start_run(KIND, settings)
        begun = time.perf_counter()
        snapshot = self.platform.settings.runs_dir / self.run_id / "snapshot"
        try:
            found = self._work()
        except KeyboardInterrupt as stop:
            self.ledger.finish_run(self.run_id, "interrupted")
            raise Interrupted(
                f"Run {self.run_id} was stopped; `kg embed --new-only` begins again."
            ) from stop
        except BaseException as error:
            self.ledger.finish_run(self.run_id, "failed", error=str(error))
            raise
        finally:
            shutil.rmtree(snapshot, ignore_errors=True)
        summary = replace(found, seconds=round(time.perf_counter() - begun, 2))
        figures = {k: v for k, v in summary.as_dict().items() if not isinstance(v, str)}
        self.ledger.finish_run(self.run_id, "succeeded", metrics=figures)
        return summary

    def _work(self) -> NewSummary:
        run = str(self.published["id"])
        rows = self.graph.read(Statement(cypher.WAITING, {"run": run}))
        wanted = {str(row["id"]) for row in rows}
        nothing = NewSummary(self.run_id, run, 0, 0, 0, 0, 0, 0, 0.0)
        if not wanted:
            return nothing
        snapshot = self._snapshot()
        known = {name: row for row, name in enumerate(self.artifact.iter_entity_ids())}
        waiting = find(snapshot, wanted, known, self.artifact.relation_types)
        restored = self._restore([(known[name], name) for name in sorted(wanted & known.keys())])
        found = replace(nothing, restored=restored, skipped_facts=waiting.skipped)
        if waiting.ids:
            features = self._features(Part(snapshot, waiting.positions))
            with self._step("fit") as details:
                scorer = self.artifact.scorer()
                made = fitted(self.artifact, scorer, features, waiting, self.options)
                vectors, some = made.vectors.numpy(), made.some.numpy()
                with_facts = len(np.unique(waiting.facts.rows))
                found = replace(
                    found,
                    fitted=with_facts,
                    from_features=int(some.sum()) - with_facts,
                    without=int((~some).sum()),
                    facts=len(waiting.facts),
                )
                details.update(asdict(found))
            with self._step("publish"):
                self._write(waiting.ids, vectors, some, features)
        self.graph.write(Statement(cypher.COUNT_ENTITIES_OF_RUN, {"id": run}))
        return found

    def _snapshot(self) -> Snapshot:
        """What the published run was made from, as it is now."""
        made_with = self.artifact.manifest.get("settings") or {}
        with self._step("snapshot") as details:
            snapshot = take(
                self.graph,
                self.platform.settings.runs_dir / self.run_id / "snapshot",
                labels=made_with.get("labels") or (),
                relationship_types=made_with.get("relationship_types") or (),
                on_progress=lambda done: self.report("snapshot", done, None),
            )
            details.update(snapshot.manifest)
        return snapshot

    def _features(self, part: Part) -> dict[str, Features]:
        """Features of the new entities, by the encoders of the published run."""
        named = {
            f"{name}_encoder": about["name"]
            for name, about in self.artifact.manifest["encoders"].items()
        }
        encoders = Encoders(self.platform.settings.model_copy(update=named))
        text, pictures = "text_encoder" in named, "image_encoder" in named
        if text:
            check_encoder(self.published, "text", encoders.text)
        if pictures:
            check_encoder(self.published, "image", encoders.image)
        return graph_features(
            self.platform,
            cast(Snapshot, part),
            encoders,
            text=text,
            pictures=pictures,
            step=self._step,
            report=self.report,
        )

    def _write(
        self,
        ids: Sequence[str],
        vectors: NDArray[np.float32],
        some: NDArray[np.bool_],
        features: Mapping[str, Features],
    ) -> None:
        """Vectors on the nodes of those that have one; older ones off the nodes of the others."""
        names = {"embedding": vectors} | {f"{n}_embedding": f.matrix for n, f in features.items()}
        masks = {"embedding": some} | {f"{n}_embedding": f.present for n, f in features.items()}
        size = batch_of(self.artifact, self.artifact.names)
        for start in range(0, len(ids), size):
            cut = slice(start, start + size)
            write_rows(
                self.graph,
                str(self.published["id"]),
                ids[cut],
                {name: rows[cut] for name, rows in names.items()},
                {name: mask[cut] for name, mask in masks.items()},
                provisional=True,
            )
            self.report("vectors", min(start + size, len(ids)), len(ids))

    def _restore(self, entities: Sequence[tuple[int, str]]) -> int:
        """Vectors of the artifact, back on the nodes of entities it knows: (row, id) each."""
        if not entities:
            return 0
        names = [name for name in cypher.INDEXES if name in self.artifact.names]
        present = {name: self.artifact.present(name) for name in names}
        with self._step("restore"):
            for row, name in entities:
                write_rows(
                    self.graph,
                    str(self.published["id"]),
                    [name],
                    {n: self.artifact.rows(n, row, row + 1) for n in names},
                    {n: present[n][row : row + 1] for n in names},
                )
        return len(entities)

    @contextmanager
    def _step(self, name: str) -> Iterator[dict[str, Any]]:
        details: dict[str, Any] = {}
        self.ledger.begin_step(self.run_id, name)
        yield details
        self.ledger.finish_step(self.run_id, name, details)


def _refuse_half_way(graph: Graph) -> None:
    run = half_way(graph)
    if run is not None:
        raise BadInput(
            f"The publish of run {run} stands half-way; finish it with `kg publish --resume`, then "
            "give vectors to new entities."
        )
