"""Vectors in the space of a published run, for entities that are new to it or have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.data.artifact import Artifact
from embeddings.data.feature_matrix import Features
from embeddings.data.triples import Ints
from embeddings.models.from_artifact import as_published
from embeddings.models.scorer import Scorer
from embeddings.numerics.device import in_bf16
from embeddings.refresh.fold_in import FitOptions, FoldInFacts, GraphFacts
from embeddings.refresh.pending import Pending
from embeddings.refresh.priors import Prior, Priors
from kg_platform.cypher.vectors import PROVISIONAL_HEAD


@dataclass(frozen=True)
class Fitted:
    """`vectors` (n, D) of new entities, what they are the sum of as heads (`components` (n, K, D),
    see `Scorer`), and who has one, (n,) bool: by features, facts or both."""

    vectors: Tensor
    components: Tensor | None
    some: Tensor
    features: Mapping[str, Features]  # as the artifact's vectors are
    alignment: NDArray[np.float32] | None = None  # of the artifact

    def written(
        self,
    ) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.bool_]]]:
        """What stands on their nodes, by property, and who has it: the vectors, turned as the
        artifact's are, what asks in their place (scored_entities.py), and their features."""
        vectors, some = self.vectors.numpy(), self.some.numpy()
        rows = {"embedding": vectors if self.alignment is None else vectors @ self.alignment}
        masks = {"embedding": some}
        if self.components is not None:
            rows[PROVISIONAL_HEAD] = self.components.flatten(1).numpy()
            masks[PROVISIONAL_HEAD] = some
        for name, each in self.features.items():
            rows[f"{name}_embedding"] = each.matrix
            masks[f"{name}_embedding"] = each.present
        return rows, masks


class Fitter:
    """The space of an artifact, with what fits need of it measured and in memory.

    `trained` (T, 3) are facts among its entities; `keep` keeps more in memory (`Priors`).
    """

    def __init__(
        self,
        artifact: Artifact,
        scorer: Scorer,
        trained: Ints,
        options: FitOptions | None = None,
        keep: bool = False,
    ) -> None:
        options = options or FitOptions()
        self._scorer = scorer
        self._artifact, self._alignment = artifact, artifact.alignment()
        self._priors = Priors(artifact, scorer, trained, options, keep)
        narrow = in_bf16("auto", scorer.entities.device)
        self._world = GraphFacts(scorer, trained, options, narrow)

    def fit(
        self,
        features: Mapping[str, Features],
        facts: FoldInFacts,
        count: int,
        rows: Ints | None = None,
    ) -> Fitted:
        """Vectors of `count` entities with these features and facts.

        `rows` (count,) are the rows in the artifact of those that begin at their trained vector,
        because only their facts have changed, and -1 of those that begin at what their features
        say.
        """
        published = as_published(self._artifact, features, count)
        prior = self._priors(features, count, published)
        if rows is not None:
            prior = self._trained(rows).or_else(prior)
        found = self._world.fit(prior.vectors, facts, prior.components)
        some = prior.has.clone()
        some[torch.from_numpy(facts.rows)] = True
        components = prior.components
        if components is not None:  # the first one moves with the vector
            components = components.clone()
            components[:, 0] += found - prior.vectors
        return Fitted(found, components, some, published, self._alignment)

    def _trained(self, rows: Ints) -> Prior:
        has, at = torch.from_numpy(rows >= 0), torch.from_numpy(rows.clip(min=0))
        parts = self._scorer.components
        return Prior(self._scorer.entities[at], None if parts is None else parts[at], has)


def fitted(
    artifact: Artifact,
    scorer: Scorer,
    features: Mapping[str, Features],
    waiting: Pending,
    options: FitOptions,
) -> Fitted:
    """Vectors of the waiting entities, in the space of the artifact and its scorer."""
    space = Fitter(artifact, scorer, waiting.trained, options)
    return space.fit(features, waiting.facts, len(waiting.ids), waiting.rows)
