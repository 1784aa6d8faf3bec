"""From an artifact back to the network that made it, to fuse its entities anew.

What an artifact keeps is enough: free vectors, features, and the weights that all entities share.
So the vector of an entity without its picture, or of one that has only a text, can be made at any
time, by the fusion that was trained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.data.feature_matrix import Features
from embeddings.models.ensemble import Ensemble, name_of
from embeddings.models.interactions.registry import interaction
from embeddings.models.modalities import ModalityInputs, project
from embeddings.models.network import Network
from embeddings.models.scorer import Scorer
from kg_platform.errors import ArtifactError
from kg_platform.modality import VIDEO

if TYPE_CHECKING:
    from embeddings.data.artifact import Artifact

CHUNK = 16_384  # entities whose features are in memory at a time
# Weights that older artifacts do not have; they are as if these were 0.
LATER = re.compile(r"^loops$|^fusion\.(missing_)?roles\b")


def rebuild(
    artifact: Artifact, rows: Sequence[int] | None = None, model: dict[str, Tensor] | None = None
) -> Network | Ensemble:
    """The network of an artifact: of all its entities, or of those in `rows`, in that order.

    Reads only those rows from disk, and the weights unless they are given as `model`. `entities()`
    gives the vectors that score, to rounding; published ones may be turned (`Artifact.alignment`).

    Raises:
        ArtifactError: the artifact has not all the weights its fusion needs.
    """
    model = artifact.weights() if model is None else model
    modalities = {
        name: _modality(artifact, name, model, rows) for name in artifact.manifest["encoders"]
    }
    structure = torch.from_numpy(_rows(artifact, "structure_embedding", rows))
    return _network(artifact, model, structure, modalities)


def strangers(
    artifact: Artifact,
    features: Mapping[str, Features],
    count: int,
    model: dict[str, Tensor] | None = None,
) -> Network | Ensemble:
    """The network of an artifact with `count` other entities in it, which have these features and
    no structure: keep it out, `entities(keep=...)`, as its rows are zero and mean nothing.

    Modalities the artifact was not trained with are left out; `model` are its weights, if they are
    in memory.

    Raises:
        ArtifactError: the artifact has not all the weights its fusion needs.
        BadInput: a feature is not finite.
    """
    model = artifact.weights(shared=True) if model is None else model
    modalities = {
        name: _others(artifact, name, model, features.get(name), count)
        for name in artifact.manifest["encoders"]
    }
    structure = torch.zeros(count, artifact.dimension("structure_embedding"))
    return _network(artifact, model, structure, modalities)


def as_published(
    artifact: Artifact,
    features: Mapping[str, Features],
    count: int,
    model: dict[str, Tensor] | None = None,
) -> dict[str, Features]:
    """The features of `count` other entities as the artifact's vectors are: what it pools over
    time, by its own weights. The others, and those that it was not trained with, as they are."""
    if not any(name in features for name in over_time(artifact)):
        return dict(features)
    pooled = strangers(artifact, features, count, model).over_time()
    return dict(features) | {
        name: replace(features[name], matrix=np.asarray(pooled[name].numpy(), np.float32))
        for name in pooled
        if name in features
    }


def over_time(artifact: Artifact) -> list[str]:
    """The modalities whose vectors are what pooling over time gave."""
    options = artifact.manifest["options"]
    pooled = options.get("video_pooling") == "tcn" and VIDEO.name in artifact.manifest["encoders"]
    return [VIDEO.name] if pooled else []


@torch.no_grad()
def load_scorer(artifact: Artifact) -> Scorer:
    """What scores facts with the artifact's vectors. All of "embedding" is in memory, and as much
    again where entities have features: as heads they have other vectors, which are made here."""
    model, count = artifact.weights(), artifact.entities
    vectors, components = torch.from_numpy(artifact.rows("embedding", 0, count)), None
    if (turned := artifact.alignment()) is not None:
        vectors = vectors @ torch.from_numpy(turned).T
    network = rebuild(artifact, range(min(CHUNK, count)), model)
    first = network.components()
    if first is not None:
        components = first.new_empty((count, *first.shape[1:]))
        components[: len(first)] = first
        for start in range(len(first), count, CHUNK):
            rows = range(start, min(start + CHUNK, count))
            part = rebuild(artifact, rows, model).components()
            assert part is not None
            components[start : rows.stop] = part
    relations, loops = network.relations.detach(), network.loops.detach()
    return Scorer(network.formula, vectors, relations, components, network.gates(), loops)


def _network(
    artifact: Artifact,
    model: dict[str, Tensor],
    structure: Tensor,
    modalities: dict[str, ModalityInputs],
) -> Network | Ensemble:
    options = artifact.manifest["options"]
    kind = interaction(options["model"])
    count = int(options.get("members", 1))
    structures, relations = [structure], [model["relations"]]
    if count > 1:
        structures, relations = kind.split(structure, count), kind.split(model["relations"], count)
    networks = []
    for member in range(count):
        network = Network(
            kind,
            len(structure),
            len(artifact.relation_types),
            options["dimension"],
            options["fusion"],
            modalities,
            torch.Generator().manual_seed(0),
        )
        shared = _shared(artifact, model, network, member if count > 1 else None)
        own = {"structure": structures[member], "relations": relations[member]}
        network.load_state_dict(own | shared)
        networks.append(network.requires_grad_(False))
    return networks[0] if count == 1 else Ensemble(networks)


def _shared(
    artifact: Artifact, model: dict[str, Tensor], network: Network, member: int | None
) -> dict[str, Tensor]:
    """The weights in `model` that all entities of a network share."""
    found, lacking = {}, []
    for name, tensor in network.state_dict().items():
        place = name if member is None else name_of(member, name)
        if name in ("structure", "relations"):
            continue
        if place in model:
            found[name] = model[place]
        elif LATER.search(name):
            found[name] = torch.zeros_like(tensor)
        else:
            lacking.append(place)
    if lacking:
        raise ArtifactError(
            f"The artifact {artifact.folder} lacks the weights {', '.join(lacking)}: an older "
            "kg-platform made it; run `kg embed` again."
        )
    return found


def _modality(
    artifact: Artifact, name: str, model: dict[str, Tensor], rows: Sequence[int] | None
) -> ModalityInputs:
    present, mean = artifact.present(f"{name}_embedding"), model[f"{name}.mean"]
    chosen = present if rows is None else present[list(rows)]
    parts = model.get(f"{name}.parts")
    if parts is not None:  # what is kept is what pooling over time gave; its items are all there
        matrix = np.zeros((len(chosen), len(mean)), np.float32)
    else:
        matrix = _rows(artifact, f"{name}_embedding", rows)
    about = artifact.manifest["encoders"][name]
    features = Features(name, matrix, chosen, about["name"], about["revision"])
    made = project(features, mean, model[f"{name}.basis"])
    if f"{name}.items" not in model:
        return made
    items, owners = model[f"{name}.items"], model[f"{name}.owners"]
    if rows is not None:
        wanted = torch.tensor(list(rows))
        first, last = (torch.searchsorted(owners, wanted, right=right) for right in (False, True))
        owners = torch.arange(len(rows)).repeat_interleave(last - first)
        within = torch.arange(len(owners)) - ((last - first).cumsum(0) - (last - first))[owners]
        chosen_items = first[owners] + within
        items = items[chosen_items]
        parts = None if parts is None else parts[chosen_items]
    return ModalityInputs(made.inputs, made.present, made.mean, made.basis, items, owners, parts)


def _others(
    artifact: Artifact, name: str, model: dict[str, Tensor], given: Features | None, count: int
) -> ModalityInputs:
    """Features of entities that the artifact does not know; None: no entity has this modality."""
    if given is None:
        nothing = np.zeros((count, len(model[f"{name}.mean"])), np.float32)
        given = Features(name, nothing, np.zeros(count, bool), "", "")
    if f"{name}.items" not in model:  # pooling was not learnt: their mean is what there is
        given = replace(given, items=None, owners=None, parts=None)
    elif f"{name}.parts" not in model:
        given = replace(given, parts=None)
    return project(given, model[f"{name}.mean"], model[f"{name}.basis"])


def _rows(artifact: Artifact, name: str, rows: Sequence[int] | None) -> NDArray[np.float32]:
    if rows is None:
        return artifact.rows(name, 0, artifact.entities)
    if isinstance(rows, range):
        return artifact.rows(name, rows.start, rows.stop)
    return artifact.pick(name, rows)
