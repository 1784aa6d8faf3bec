"""From an artifact back to the network that made it, to fuse its entities anew.

What an artifact keeps is enough: free vectors, features, and the weights that all entities share.
So the vector of an entity without its picture, or of one that has only a text, can be made at any
time, by the fusion that was trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.features import Features
from embeddings.joined import Joined, name_of
from embeddings.modalities import Modality, project
from embeddings.models import kernel
from embeddings.network import Network
from kg_platform.errors import ArtifactError

if TYPE_CHECKING:
    from embeddings.artifact import Artifact

Name = Literal["text", "image"]


def rebuild(artifact: Artifact, rows: Sequence[int] | None = None) -> Network | Joined:
    """The network of an artifact: of all its entities, or of those in `rows`, in that order.

    Reads only those rows from disk. `entities()` gives the published vectors to rounding.

    Raises:
        ArtifactError: the artifact has not all the weights its fusion needs.
    """
    model = _weights(artifact)
    modalities = {
        name: _modality(artifact, name, model, rows) for name in artifact.manifest["encoders"]
    }
    structure = torch.from_numpy(_rows(artifact, "structure_embedding", rows))
    return _network(artifact, model, structure, modalities)


def strangers(artifact: Artifact, features: Mapping[str, Features], count: int) -> Network | Joined:
    """The network of an artifact with `count` other entities in it, which have these features and
    no structure: keep it out, `entities(keep=...)`, as its rows are zero and mean nothing.

    Modalities the artifact was not trained with are left out.

    Raises:
        ArtifactError: the artifact has not all the weights its fusion needs.
        BadInput: a feature is not finite.
    """
    model = _weights(artifact)
    modalities = {
        name: _others(artifact, name, model, features.get(name), count)
        for name in artifact.manifest["encoders"]
    }
    structure = torch.zeros(count, artifact.dimension("structure_embedding"))
    return _network(artifact, model, structure, modalities)


def _weights(artifact: Artifact) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    from embeddings.artifact import MODEL

    return load_file(artifact.folder / MODEL)


def _network(
    artifact: Artifact,
    model: dict[str, Tensor],
    structure: Tensor,
    modalities: dict[str, Modality],
) -> Network | Joined:
    options = artifact.manifest["options"]
    kind = kernel(options["model"])
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
        network.load_state_dict({"loops": network.loops} | own | shared)
        networks.append(network.requires_grad_(False))
    return networks[0] if count == 1 else Joined(networks)


def _shared(
    artifact: Artifact, model: dict[str, Tensor], network: Network, member: int | None
) -> dict[str, Tensor]:
    """The weights in `model` that all entities of a network share."""
    names = network.state_dict().keys() - {"structure", "relations"}
    if not any(name.split(".")[-1] == "loops" for name in model):
        names -= {"loops"}  # an artifact from before there were any; they are zero then
    places = {name: name if member is None else name_of(member, name) for name in names}
    if missing := set(places.values()) - model.keys():
        raise ArtifactError(
            f"The artifact {artifact.folder} lacks the weights {', '.join(sorted(missing))}: an "
            "older kg-platform made it; run `kg embed` again."
        )
    return {name: model[place] for name, place in places.items()}


def _modality(
    artifact: Artifact, name: Name, model: dict[str, Tensor], rows: Sequence[int] | None
) -> Modality:
    matrix, present = (
        _rows(artifact, f"{name}_embedding", rows),
        artifact.present(f"{name}_embedding"),
    )
    chosen = present if rows is None else present[list(rows)]
    about = artifact.manifest["encoders"][name]
    features = Features(name, matrix, chosen, about["name"], about["revision"])
    made = project(features, model[f"{name}.mean"], model[f"{name}.basis"])
    if f"{name}.items" not in model:
        return made
    items, owners = model[f"{name}.items"], model[f"{name}.owners"]
    if rows is not None:
        places = [torch.nonzero(owners == row).squeeze(1) for row in rows]
        owners = torch.arange(len(rows)).repeat_interleave(torch.tensor([len(p) for p in places]))
        items = items[torch.cat(places)]
    return Modality(made.inputs, made.present, made.mean, made.basis, items, owners)


def _others(
    artifact: Artifact, name: Name, model: dict[str, Tensor], given: Features | None, count: int
) -> Modality:
    """Features of entities that the artifact does not know; None: no entity has this modality."""
    if given is None:
        nothing = np.zeros((count, artifact.dimension(f"{name}_embedding")), np.float32)
        given = Features(name, nothing, np.zeros(count, bool), "", "")
    if f"{name}.items" not in model:  # pooling was not learnt: their mean is what there is
        given = replace(given, items=None, owners=None)
    return project(given, model[f"{name}.mean"], model[f"{name}.basis"])


def _rows(artifact: Artifact, name: str, rows: Sequence[int] | None) -> NDArray[np.float32]:
    if rows is None:
        return artifact.rows(name, 0, artifact.entities)
    return np.concatenate([artifact.rows(name, row, row + 1) for row in rows])
