"""What a run leaves: whole or not there, readable in slices, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from embeddings.data.artifact import MODEL, VECTORS, Artifact, open_artifact
from embeddings.data.dataset import Dataset
from embeddings.data.fingerprints import ASPECTS
from embeddings.data.manifest import MANIFEST
from embeddings.models.from_artifact import load_scorer
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions, train
from kg_platform.errors import ArtifactError, NotFound
from tests.support.facts import draw, features

CONTENT = np.arange(120, dtype=np.uint64).reshape(40, 3) << np.uint64(57)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Trained]:
    given = {"text": features("text", 7, 0.6), "image": features("image", 5, 0.3)}
    dataset = draw()
    names = ['quote " and \n line', *dataset.entity_ids[1:-1], "émoji 🐙\u2028"]
    dataset = replace(dataset, entity_ids=names, features=given)
    options = TrainOptions(dimension=10, epochs=2, batch=20)
    return dataset, train(dataset, options, tmp_path_factory.mktemp("training"))


@pytest.fixture
def saved(whole: tuple[Dataset, Trained], tmp_path: Path) -> Artifact:
    dataset, trained = whole
    manifest = {"run": "run", "metrics": {"x": 1}}
    return save_artifact(tmp_path / "run", trained, dataset, manifest, CONTENT)


def test_vectors_come_back_as_they_were(saved: Artifact, whole: tuple[Dataset, Trained]) -> None:
    dataset, trained = whole
    opened = open_artifact(saved.folder)
    assert opened.manifest == saved.manifest
    assert opened.entity_ids() == dataset.entity_ids == list(opened.iter_entity_ids())
    assert opened.relation_types == dataset.relation_types
    assert np.array_equal(opened.rows("embedding", 0, 40), trained.entity_vectors())
    assert np.array_equal(
        opened.rows("structure_embedding", 3, 9), trained.structure_vectors()[3:9]
    )
    assert np.array_equal(opened.rows("image_embedding", 0, 40), dataset.features["image"].matrix)
    assert np.array_equal(opened.present("text_embedding"), dataset.features["text"].present)
    assert opened.present("embedding").all()
    assert [opened.dimension(name) for name in opened.names] == [10, 10, 7, 5]
    assert opened.rows("embedding", 39, 100).shape == (1, 10)


def test_what_the_entities_said_comes_back_where_it_was_kept(
    saved: Artifact, whole: tuple[Dataset, Trained]
) -> None:
    content = open_artifact(saved.folder).content()
    assert content is not None
    # What nobody has is not kept, and is nothing when it is read: as in older artifacts.
    assert np.load(saved.folder / "content.npy").shape == CONTENT.shape == (len(CONTENT), 3)
    assert content.shape == (len(CONTENT), len(ASPECTS))
    assert np.array_equal(content[:, :3], CONTENT)
    assert not content[:, 3:].any()
    older = save_artifact(saved.folder.with_name("older"), whole[1], whole[0], {})
    assert open_artifact(older.folder).content() is None
    (saved.folder / "content.npy").write_bytes(b"")
    with pytest.raises(ArtifactError, match="cannot be read"):
        open_artifact(saved.folder, verify=False).content()


def test_it_scores_as_the_model_did(saved: Artifact, whole: tuple[Dataset, Trained]) -> None:
    trained, scorer = whole[1], load_scorer(saved)
    close = partial(np.allclose, rtol=0, atol=1e-6)  # heads are made again from their features
    assert close(scorer.score_tails([1, 2], [0, 2]), trained.score_tails([1, 2], [0, 2]))
    assert close(scorer.score_heads([1], [5]), trained.score_heads([1], [5]))


def test_the_manifest_says_where_it_came_from(saved: Artifact) -> None:
    manifest = saved.manifest
    assert manifest["run"] == "run"
    assert manifest["metrics"] == {"x": 1}
    assert manifest["options"]["batch"] == 20
    assert manifest["encoders"]["text"] == {"name": "fake", "revision": "1"}
    assert len(manifest["dataset"]["split_hash"]) == 64
    assert {"torch", "pykeen", "numpy"} <= set(manifest["libraries"])
    assert set(manifest["files"]) == {file.name for file in saved.folder.iterdir()} - {MANIFEST}
    assert manifest["created_at"].endswith("+00:00")


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


@pytest.mark.parametrize("name", [VECTORS, MODEL, "entities.jsonl", "relations.jsonl"])
@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
def test_a_damaged_file_is_noticed(
    saved: Artifact, name: str, harm: Callable[[Path], None]
) -> None:
    harm(saved.folder / name)
    with pytest.raises(ArtifactError, match=f"damaged: {name} (was changed|is missing)"):
        open_artifact(saved.folder)


def test_a_half_written_manifest_is_noticed(saved: Artifact) -> None:
    cut(saved.folder / MANIFEST)
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing or not readable"):
        open_artifact(saved.folder, verify=False)


def test_vectors_cut_off_after_opening_are_noticed(saved: Artifact) -> None:
    opened = open_artifact(saved.folder)
    cut(saved.folder / VECTORS)
    with pytest.raises(ArtifactError, match="cannot be read"):
        opened.rows("embedding", 0, 2)


def test_what_is_not_there_is_said_so(saved: Artifact, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no vectors 'sound_embedding'"):
        saved.rows("sound_embedding", 0, 1)
    with pytest.raises(NotFound, match="no artifact"):
        open_artifact(tmp_path / "nothing")


def test_an_artifact_is_never_overwritten(saved: Artifact, whole: tuple[Dataset, Trained]) -> None:
    with pytest.raises(ArtifactError, match="never overwritten"):
        save_artifact(saved.folder, whole[1], whole[0], {})


def test_a_writer_that_is_stopped_leaves_nothing(
    whole: tuple[Dataset, Trained], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("embeddings.training.artifact_writer.flush", no_space)
    with pytest.raises(ArtifactError, match="No space left on device"):
        save_artifact(tmp_path / "run", whole[1], whole[0], {})
    assert not list(tmp_path.iterdir())
