"""The artifact and the encoders behind the vectors that are live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embeddings.data.artifact import Artifact, open_artifact
from embeddings.features.modal import Encoders
from embeddings.publish.published import check_encoder, published_run
from kg_platform.browse.entities import current_run
from kg_platform.errors import ArtifactError, NotFound
from kg_platform.graph.client import Graph
from kg_platform.modality import MODALITIES, Modality
from kg_platform.platform import Platform
from kg_platform.settings import Settings


def open_published(graph: Graph, artifacts: Path) -> Artifact:
    """The artifact of the published run, in the folder of artifacts.

    Raises:
        NotFound: nothing is published, or the artifact is not on this machine.
    """
    return artifact_of(published_run(graph), artifacts)


def artifact_of(run: Mapping[str, Any], artifacts: Path) -> Artifact:
    """The artifact of a published run that was read already: a publish meanwhile cannot give the
    run of one and the artifact of another.

    Raises:
        NotFound: it is not on this machine.
    """
    folder = artifacts / str(run["id"])
    if not folder.is_dir():
        raise NotFound(
            f"The published run {run['id']} has no artifact in {artifacts}: it was trained with "
            "another KG_HOME or removed; run `kg embed` here, or set KG_HOME to where it is."
        )
    return open_artifact(folder, verify=False)


@dataclass(frozen=True)
class Live:
    """The artifact of the run that is live, its bytes checked; or, as words, why there is none to
    compare with and to go on from. `lost`: a run is live, and its artifact cannot be used."""

    artifact: Artifact | None
    alone: str = ""
    lost: bool = False


def find_live(platform: Platform) -> Live:
    """What is live now."""
    run = current_run(platform.graph)
    if run is None:
        return Live(None, "no run is live")
    try:
        return Live(open_artifact(platform.settings.artifacts_dir / str(run["id"])))
    except NotFound:
        return Live(None, f"the artifact of the live run {run['id']} is not here", lost=True)
    except ArtifactError as error:
        said = str(error).removesuffix("; run `kg embed` again.")
        return Live(None, f"the live run {run['id']} cannot be used: {said}", lost=True)


def published_encoders(
    settings: Settings, run: Mapping[str, Any], artifact: Artifact
) -> tuple[Encoders, list[Modality]]:
    """The encoders of the published vectors, and the modalities that there are vectors of.

    Raises:
        BadInput: an encoder has another revision now. EncoderError: one cannot be loaded.
    """
    made_with = artifact.manifest["encoders"]
    there = [one for one in MODALITIES if one.name in made_with]
    encoders = Encoders(settings, {one.setting: made_with[one.name]["name"] for one in there})
    for modality in there:
        check_encoder(run, modality, encoders.of(modality))
    return encoders, there
