"""Maps of small runs: made, kept whole, laid over each other, gone with their artifact."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.answers.maps import measures
from embeddings.answers.maps.making import MapMaker, coded, nearest_map
from embeddings.answers.maps.stored import FOLDER, MANIFEST, colours, kept_maps, open_map, save
from embeddings.data.artifact import Artifact, open_artifact
from embeddings.training.artifact_writer import save_artifact
from embeddings.training.result import Trained
from embeddings.training.train import TrainOptions, train
from kg_platform.errors import ArtifactError, BadInput, NotFound
from tests.support.facts import draw, features

DATASET = replace(draw(), features={"text": features("text", 7, 0.6)})
RUNS = ("20260101-000000-aaaa", "20260102-000000-bbbb")


class Known:
    """Every entity is of one of two types and has a text that says so."""

    def types_and_sources(self, ids: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        return {i: "Even" if int(i[1:]) % 2 == 0 else "Odd" for i in ids}, {ids[0]: "somewhere"}

    def texts(self, ids: Sequence[str]) -> dict[str, str]:
        return {i: f"number {'even' if int(i[1:]) % 2 == 0 else 'odd'}" for i in ids}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    options = TrainOptions(dimension=8, epochs=2, batch=20)
    return train(DATASET, options, tmp_path_factory.mktemp("training"))


@pytest.fixture
def runs(trained: Trained, tmp_path: Path) -> list[Artifact]:
    return [save_artifact(tmp_path / run, trained, DATASET, {"run": run}) for run in RUNS]


def test_a_map_is_made_and_comes_back(runs: list[Artifact]) -> None:
    made = MapMaker(runs[0], Known()).make("embedding", "pca")
    save(runs[0].folder, made)
    back = open_map(runs[0].folder.parent, RUNS[0], "embedding")
    assert back.count == 40
    assert np.array_equal(back.points, made.points)
    assert back.names["type"] == ["Even", "Odd"]
    assert back.codes["type"][:3].tolist() == [0, 1, 0]
    assert back.codes["source"][:2].tolist() == [0, -1]
    assert back.frame == made.frame
    assert back.method == "pca"
    assert kept_maps(runs[0].folder.parent) == {RUNS[0]: ["embedding"]}
    assert set(colours(runs[0].folder.parent, RUNS[0], "embedding")) == {
        *(kind for kind, names in back.names.items() if names),
        *back.measures,
    }
    assert colours(runs[0].folder.parent, RUNS[0], "nothing") == []
    # Nothing of the artifact is changed by what lies beside its files.
    open_artifact(runs[0].folder)


def test_only_who_has_such_a_vector_is_on_the_map(runs: list[Artifact]) -> None:
    made = MapMaker(runs[0], Known()).make("text_embedding", "pca")
    assert made.rows.tolist() == np.flatnonzero(DATASET.features["text"].present).tolist()


def test_vectors_that_a_run_does_not_have(runs: list[Artifact]) -> None:
    with pytest.raises(NotFound, match="no vectors 'image_embedding'"):
        MapMaker(runs[0], Known()).make("image_embedding")


def test_vectors_that_nobody_has(trained: Trained, tmp_path: Path) -> None:
    nobody = features("text", 7, 0.0)
    dataset = replace(DATASET, features={"text": nobody})
    artifact = save_artifact(tmp_path / RUNS[0], trained, dataset, {"run": RUNS[0]})
    with pytest.raises(BadInput, match=r"No entity of run .* has a vector 'text_embedding'"):
        MapMaker(artifact, Known()).make("text_embedding")


def test_vectors_that_stayed_keep_their_places(runs: list[Artifact]) -> None:
    first = MapMaker(runs[0], Known()).make("embedding", "tsne")
    save(runs[0].folder, first)
    again = MapMaker(runs[1], Known()).make("embedding", "tsne")
    assert np.array_equal(again.points, first.points)
    assert again.codes["cluster"].tolist() == first.codes["cluster"].tolist()
    assert again.about["laid_over"] == RUNS[0]
    assert again.frame == first.frame
    assert float(np.nanmax(again.measures["drift"])) < 1e-3


def test_a_map_by_another_method_is_laid_over_as_well(runs: list[Artifact]) -> None:
    save(runs[0].folder, MapMaker(runs[0], Known()).make("embedding", "tsne"))
    again = MapMaker(runs[1], Known()).make("embedding", "pca")
    assert again.method == "pca"
    assert again.about["moved"] is None


def test_the_nearest_map_is_the_one_before(runs: list[Artifact]) -> None:
    folder = runs[0].folder.parent
    assert nearest_map(folder, RUNS[0], "embedding") is None
    save(runs[1].folder, MapMaker(runs[1], Known()).make("embedding", "pca"))
    later = nearest_map(folder, RUNS[0], "embedding")
    assert later is not None
    assert later.run == RUNS[1]
    # What lies after a run is no drift of it.
    assert "drift" not in MapMaker(runs[0], Known()).make("embedding", "pca").measures


def test_the_error_is_of_those_whose_facts_were_held_out(runs: list[Artifact]) -> None:
    found = measures.error(runs[0])
    assert found is not None
    held = np.unique(np.concatenate([DATASET.valid, DATASET.test])[:, [0, 2]])
    assert np.flatnonzero(np.isfinite(found)).tolist() == held.tolist()
    assert 0 <= np.nanmin(found) <= np.nanmax(found) <= 1


def test_drift_is_measured_in_one_space(runs: list[Artifact], tmp_path: Path) -> None:
    found = measures.drift(runs[0], runs[1], "structure_embedding")
    assert found is not None
    assert float(np.nanmax(found)) < 1e-3
    assert measures.drift(runs[0], runs[1], "image_embedding") is None


def test_a_map_that_is_damaged_or_newer(runs: list[Artifact]) -> None:
    folder = runs[0].folder.parent
    place = save(runs[0].folder, MapMaker(runs[0], Known()).make("embedding", "pca"))
    assert place == runs[0].folder / FOLDER / "embedding"
    about = json.loads((place / MANIFEST).read_text())
    (place / MANIFEST).write_text(json.dumps(about | {"format": 99}))
    with pytest.raises(ArtifactError, match="newer kg-platform"):
        open_map(folder, RUNS[0], "embedding")
    (place / MANIFEST).write_text(json.dumps(about))
    (place / "points.npy").write_bytes(b"half")
    with pytest.raises(ArtifactError, match=r"damaged; `kg map .* --again`"):
        open_map(folder, RUNS[0], "embedding")


def test_a_map_that_is_made_again_beside_a_reader(
    runs: list[Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = MapMaker(runs[0], Known()).make("embedding", "pca")
    save(runs[0].folder, first)
    load = np.load
    again = [
        replace(first, points=first.points + 1, codes={n: c + 1 for n, c in first.codes.items()})
    ]

    def meanwhile(file: Path, **how: bool) -> object:
        if file.name == "rows.npy" and again:
            save(runs[0].folder, again.pop())
        return load(file, **how)

    monkeypatch.setattr(np, "load", meanwhile)
    found = open_map(runs[0].folder.parent, RUNS[0], "embedding")
    assert not again
    assert np.array_equal(found.points, first.points + 1)
    assert np.array_equal(found.codes["type"], first.codes["type"] + 1)


@pytest.mark.parametrize("run", ["gone", "../elsewhere", ""])
def test_a_map_that_is_not_there(runs: list[Artifact], run: str) -> None:
    with pytest.raises(NotFound, match="no map of 'embedding'"):
        open_map(runs[0].folder.parent, run, "embedding")


def test_the_most_frequent_kind_is_first() -> None:
    codes, names = coded(["b", None, "a", "b"])
    assert names == ["b", "a"]
    assert codes.tolist() == [0, -1, 1, 0]
