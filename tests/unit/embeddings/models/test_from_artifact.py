"""An artifact gives back the network that made it, whole or a few entities of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.data.artifact import MODEL, Artifact
from embeddings.models.from_artifact import load_scorer, rebuild
from embeddings.models.fusion import FUSIONS
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions, train
from kg_platform.errors import ArtifactError
from tests.support.facts import draw, features
from tests.unit.embeddings.models.test_modalities import with_items

CHOICES = [("distmult", name) for name in sorted(FUSIONS)] + [("transe", "weighted")]


@pytest.fixture(scope="module", params=CHOICES, ids="-".join)
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Trained, Artifact]:
    model, fusion = request.param
    given = {"text": with_items(), "image": features("image", 5, 0.3)}
    dataset = replace(draw(), features=given)
    options = TrainOptions(
        model=model,
        fusion=fusion,
        dimension=10,
        epochs=3,
        batch=20,
        modality_dropout=0.2,
        structure_dropout=0.2,
    )
    folder = tmp_path_factory.mktemp("run")
    trained = train(dataset, options, folder / "training")
    return trained, save_artifact(folder / "artifact", trained, dataset, {"run": "run"})


def test_the_published_vectors_come_back(made: tuple[Trained, Artifact]) -> None:
    trained, artifact = made
    network = rebuild(artifact)
    assert np.abs(network.entities().numpy() - trained.entity_vectors()).max() < 1e-6
    torch.testing.assert_close(network.relations, trained.scorer.relations)
    for loops in (network.loops, load_scorer(artifact).loops):
        torch.testing.assert_close(loops, trained.scorer.loops)
        assert loops.any()


def test_scores_come_back(made: tuple[Trained, Artifact]) -> None:
    trained, artifact = made
    heads, relations = np.array([1, 2, 39, 0]), np.array([0, 2, 5, 3])
    expected = trained.score_tails(heads, relations)
    for scorer in (rebuild(artifact).scorer(), load_scorer(artifact)):
        assert np.abs(scorer.score_tails(heads, relations) - expected).max() < 1e-5


def test_a_few_entities_are_those_of_all(made: tuple[Trained, Artifact]) -> None:
    _, artifact = made
    whole, rows = rebuild(artifact), [39, 4, 3, 10]
    few = rebuild(artifact, rows)
    keep = torch.rand(40, 3, generator=torch.Generator().manual_seed(0)) < 0.6
    for kept in (None, keep):
        torch.testing.assert_close(
            few.entities(keep=None if kept is None else kept[rows]),
            whole.entities(torch.tensor(rows), kept),
            atol=1e-6,
            rtol=1e-6,
        )


def test_an_older_artifact_has_no_loops_and_heads_are_fused_as_their_vectors(
    made: tuple[Trained, Artifact], tmp_path: Path
) -> None:
    _, artifact = made
    older = without(artifact, r"^loops$|^fusion\.(missing_)?roles", tmp_path)
    scorer = load_scorer(older)
    assert not scorer.loops.any()
    assert scorer.components is not None
    heads, vectors = scorer.components.sum(1), rebuild(older).entities()
    torch.testing.assert_close(heads, vectors, atol=1e-6, rtol=1e-5)


def without(artifact: Artifact, removed: str, folder: Path) -> Artifact:
    """The artifact without those of its weights that the pattern finds."""
    from safetensors.torch import load_file, save_file

    for file in artifact.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    model = load_file(artifact.folder / MODEL)
    save_file({n: t for n, t in model.items() if not re.search(removed, n)}, folder / MODEL)
    return Artifact(folder, artifact.manifest)


def test_weights_that_are_missing_are_named(made: tuple[Trained, Artifact], tmp_path: Path) -> None:
    from safetensors.torch import load_file

    _, artifact = made
    model = load_file(artifact.folder / MODEL)
    removed = next(name for name in sorted(model) if name.startswith("fusion.projections"))
    with pytest.raises(ArtifactError, match=f"lacks the weights {removed}"):
        rebuild(without(artifact, f"^{removed}$", tmp_path))
