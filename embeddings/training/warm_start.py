"""Where a training goes on from: the weights of an earlier run, for the entities there are now.

An entity and a relation take their vectors along by id; what is new starts as in any training. The
optimiser goes on at the pace it had: Adagrad divides a step by the root of the sum of squared
gradients so far, and without that sum its first steps would undo what was learnt. Of the two large
tables a row's mean of it is kept, which costs one number an entity.

Before the first epoch the facts that the run was not trained on are gone through by themselves, at
twice the learning rate; over that epoch the rate falls, and is whole again in the next. So one
epoch gains more (docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from embeddings.data.dataset import Dataset, from_snapshot
from embeddings.data.feature_matrix import Features
from embeddings.data.splits import Unit, short_keys
from embeddings.data.triples import Ints
from embeddings.models.ensemble import name_of
from embeddings.models.interactions.registry import interaction
from embeddings.models.modalities import ModalityInputs, pooled_by, prepare, project
from embeddings.models.network import Network
from embeddings.training.optimisers import Optimisers
from embeddings.training.options import LATER, TrainOptions
from kg_platform.modality import VIDEO

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact, Continued
    from embeddings.data.snapshot import Snapshot

# Options that decide which weights there are.
SHAPE = ("model", "dimension", "fusion", "members", "video_pooling")
BY_RELATION = ("relations", "loops", "fusion.relation_logits")
SUM = ".sum"  # what Adagrad keeps of a parameter
OPENING_RATE = 2.0  # shares of the learning rate
FIRST_RATE = (1.0, 0.1)  # at the beginning and at the end of the first epoch
MOST_FRESH = 0.25  # of the training facts; of more a pass would be an epoch by itself


@dataclass(frozen=True)
class Start:
    """The weights of a run, and where today's entities (N,) and relations (2R,) stand in it: -1
    where they are new; `fresh` (k, 3) are the training facts that it was not trained on."""

    run: str
    digest: str  # of the artifact's files
    options: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    pace: Mapping[str, Tensor]
    structure: Tensor
    entities: Tensor
    relations: Tensor
    fresh: Ints

    @property
    def known(self) -> int:
        """Entities that take their vectors along."""
        return int((self.entities >= 0).sum())

    def modality(self, features: Features) -> ModalityInputs:
        """Features as the run saw them: weights learnt on its basis mean nothing on another."""
        name = features.name
        return project(features, self.weights[f"{name}.mean"], self.weights[f"{name}.basis"])

    @torch.no_grad()
    def begin(self, network: Network, optimisers: Optimisers, member: int) -> None:
        """Give a member, before its first epoch, the weights it had."""
        count = int(self.options.get("members", 1))
        sums = {}
        for name, tensor in network.state_dict().items():
            place = name if count == 1 else name_of(member, name)
            old = self._old(name, place, member, count)
            if old is not None:
                _carry(tensor, old, self._rows(name))
            if place in self.pace:
                pace, whole = self.pace[place], torch.zeros_like(tensor)
                wide = pace[:, None].expand(-1, tensor.shape[1]) if _table(name) else pace
                _carry(whole, wide, self._rows(name))
                sums[f"{name}{SUM}"] = whole
        optimisers.restore(sums)

    def _old(self, name: str, place: str, member: int, count: int) -> Tensor | None:
        if not _table(name):
            return self.weights.get(place)
        joined = self.structure if name == "structure" else self.weights["relations"]
        if count == 1:
            return joined
        return interaction(self.options["model"]).split(joined, count)[member]

    def _rows(self, name: str) -> Tensor | None:
        if name == "structure":
            return self.entities
        return self.relations if name.startswith(BY_RELATION) else None


def start(
    artifact: Artifact, continued: Continued, dataset: Dataset, options: TrainOptions
) -> Start | str:
    """How a training of `dataset` goes on from `artifact`, or why it cannot, as a sentence. Facts
    must be held out by the rule of `artifact`, where it has one."""
    run = str(artifact.manifest.get("run", artifact.folder.name))
    before = artifact.manifest["options"]

    def begins(why: str) -> str:
        return f"Training begins anew, not from run {run}: {why}."

    for name in SHAPE:
        was, is_ = before.get(name, LATER.get(name, 1)), getattr(options, name)
        idle = (name == "fusion" and not dataset.features) or (
            name == "video_pooling" and VIDEO.name not in dataset.features
        )
        if was != is_ and not idle:
            return begins(f"its {name} was {was}, and is to be {is_}")
    now = {n: (f.encoder, f.revision) for n, f in dataset.features.items()}
    then = {n: (a["name"], a["revision"]) for n, a in artifact.manifest["encoders"].items()}
    if now != then:
        return begins("its texts, pictures, sounds or films came from other encoders")
    if (continued.rule is None) != (dataset.rule is None):
        return begins("which facts are held out was decided otherwise")
    place = {name: row for row, name in enumerate(artifact.iter_entity_ids())}
    kinds = {name: row for row, name in enumerate(artifact.relation_types)}
    rows = torch.tensor([place.get(name, -1) for name in dataset.entity_ids])
    forward = torch.tensor([kinds.get(name, -1) for name in dataset.relation_types])
    if dataset.rule is None and _learnt(continued, dataset, rows.numpy(), forward.numpy()):
        return begins("facts are held out now that it may have been trained on")
    inverse = torch.where(forward < 0, forward, forward + len(kinds))
    return Start(
        run=run,
        digest=str(artifact.manifest["files"]),
        options=before,
        weights=artifact.weights(),
        pace=continued.pace,
        structure=torch.from_numpy(artifact.rows("structure_embedding", 0, artifact.entities)),
        entities=rows,
        relations=torch.cat([forward, inverse]),
        fresh=_fresh(continued, dataset),
    )


def prepared(
    snapshot: Snapshot,
    features: Mapping[str, Features],
    options: TrainOptions,
    base: Artifact | None,
    rejected: Iterable[tuple[str, str, str]],
    unit: Unit = "pair",
) -> tuple[Dataset, Start | None, str | None]:
    """The dataset of a training, and how it goes on from `base`: its weights, its held-out facts.
    None: it begins anew, with what a `unit` has held out together; why, as a sentence, if `base` is
    there and cannot be used.
    """
    wrong, why = list(rejected), None
    drawn = partial(from_snapshot, snapshot, features, options.seed, rejected=wrong, unit=unit)
    if base is not None:
        continued = base.continued()
        if continued is None:
            why = (
                f"Training begins anew, not from run {base.folder.name}: an older kg-platform made "
                "it, and kept nothing to go on from."
            )
        else:
            dataset = drawn(like=continued.rule)
            found = start(base, continued, dataset, options)
            if not isinstance(found, str):
                return dataset, found, None
            why = found
    return drawn(), None, why


def _fresh(continued: Continued, dataset: Dataset) -> Ints:
    """Training facts (k, 3) that the run was not trained on; none where it does not say, or most
    are."""
    nothing = dataset.train[:0]
    if continued.trained is None:
        return nothing
    keys = short_keys(dataset.train, dataset.entity_ids, dataset.relation_types)
    fresh = dataset.train[~np.isin(keys, continued.trained)]
    return fresh if len(fresh) <= MOST_FRESH * len(dataset.train) else nothing


def _learnt(continued: Continued, dataset: Dataset, entities: Ints, kinds: Ints) -> bool:
    """Whether a fact that is held out now may have been a training fact then: all that it names was
    there, and it was not held out. By marks in the graph that can change; by a rule it cannot."""
    then = {tuple(row) for held in (continued.valid, continued.test) for row in held.tolist()}
    now = np.concatenate([dataset.valid, dataset.test])
    named = np.stack([entities[now[:, 0]], kinds[now[:, 1]], entities[now[:, 2]]], axis=1)
    return any(tuple(row) not in then for row in named[(named >= 0).all(1)].tolist())


def modalities(
    dataset: Dataset, begin: Start | None, video_pooling: str
) -> dict[str, ModalityInputs]:
    """What each modality gives to a network, by a basis of its own or that of the run before."""
    chosen = {name: pooled_by(each, video_pooling) for name, each in dataset.features.items()}
    return {
        name: prepare(features, dataset.entities) if begin is None else begin.modality(features)
        for name, features in chosen.items()
    }


def pace(optimisers: Optimisers) -> Iterator[tuple[str, Tensor]]:
    """What a later training needs of an optimiser: of a table (n, D) each row's mean, (n,)."""
    for full, value in optimisers.state():
        name = full.removesuffix(SUM)
        if name != full:
            yield name, (value.mean(1) if _table(name) else value).detach().cpu().clone()


def _table(name: str) -> bool:
    return name in ("structure", "relations")


def _carry(into: Tensor, old: Tensor, rows: Tensor | None) -> None:
    """Copy, by rows where there is an order of them; what does not fit stays as it is."""
    if rows is None:
        if into.shape == old.shape:
            into.copy_(old)
        return
    known = rows >= 0
    into[known.to(into.device)] = old[rows[known]].to(into)
