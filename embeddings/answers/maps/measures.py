"""What a number says of each entity of a run: how far it moved, how wrong the model is about it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.data.artifact import Artifact
from embeddings.models.from_artifact import load_scorer
from embeddings.numerics.procrustes import rotation

FACTS = 20_000
OTHERS = 500
CHUNK = 4_096
TURNED = ("embedding", "structure_embedding")  # learnt anew: a run's space is turned at will

Shared = tuple[NDArray[np.int64], NDArray[np.int64]]


def shared_rows(before: Artifact, after: Artifact) -> Shared:
    """The rows of the entities that both runs have, in either."""
    place = {name: row for row, name in enumerate(after.iter_entity_ids())}
    pairs = [
        (row, place[name]) for row, name in enumerate(before.iter_entity_ids()) if name in place
    ]
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def drift(before: Artifact, after: Artifact, vectors: str) -> NDArray[np.float16] | None:
    """(N,) 1 - cosine of each entity's vector then and now, in one space; NaN where one run has
    none. None: the two cannot be compared."""
    if vectors not in before.names or before.dimension(vectors) != after.dimension(vectors):
        return None
    made = (before.manifest.get("encoders", {}), after.manifest.get("encoders", {}))
    kind = vectors.removesuffix("_embedding")
    if vectors not in TURNED and made[0].get(kind) != made[1].get(kind):
        return None
    old, new = shared_rows(before, after)
    there = before.present(vectors)[old] & after.present(vectors)[new]
    old, new = old[there], new[there]
    if len(old) < 2:
        return None
    x, y = _unit(before, vectors, old), _unit(after, vectors, new)
    aligned = after.manifest.get("aligned_to") == before.manifest.get("run")
    if vectors in TURNED and not (aligned and vectors == "embedding"):
        y = y @ rotation(lambda a, b: y[a:b], lambda a, b: x[a:b], len(old))
    found = np.full(after.entities, np.nan, np.float16)
    found[new] = np.clip(1 - (x * y).sum(1).numpy(), 0, 2)
    return found


@torch.no_grad()
def error(artifact: Artifact, seed: int = 0) -> NDArray[np.float16] | None:
    """(N,) how wrong the model is about each entity: of some hundred others, the share that it
    takes for likelier than the right answer, over the facts held out that name the entity; NaN
    where none does. None: nothing was held out."""
    later = artifact.continued()
    if later is None:
        return None
    facts = np.concatenate([later.valid, later.test])
    if not len(facts):
        return None
    rng = np.random.default_rng(seed)
    if len(facts) > FACTS:
        facts = facts[rng.choice(len(facts), FACTS, replace=False)]
    scorer = load_scorer(artifact)
    count = min(OTHERS, artifact.entities)
    others = scorer.entities[torch.from_numpy(rng.choice(artifact.entities, count, replace=False))]
    total, asked = np.zeros(artifact.entities), np.zeros(artifact.entities, np.int64)
    for first in range(0, len(facts), CHUNK):
        heads, relations, tails = torch.from_numpy(facts[first : first + CHUNK]).unbind(1)
        sides = ((heads, relations, tails), (tails, relations + scorer.relation_count, heads))
        for known, relation, wanted in sides:
            queries = scorer.queries(known, relation)
            right = scorer.formula.pairs(queries, scorer.entities[wanted])[:, None]
            wrong = scorer.formula.scores(queries, others)
            share = ((wrong > right).float() + 0.5 * (wrong == right).float()).mean(1).numpy()
            for rows in (heads.numpy(), tails.numpy()):
                np.add.at(total, rows, share)
                np.add.at(asked, rows, 1)
    with np.errstate(invalid="ignore"):
        return np.where(asked > 0, total / asked, np.nan).astype(np.float16)


def _unit(artifact: Artifact, vectors: str, rows: NDArray[np.int64]) -> torch.Tensor:
    if len(rows) == artifact.entities and (np.diff(rows) == 1).all():
        found = artifact.rows(vectors, 0, artifact.entities)
    else:
        found = artifact.rows(vectors, 0, artifact.entities)[rows]
    return torch.nn.functional.normalize(torch.from_numpy(found))
