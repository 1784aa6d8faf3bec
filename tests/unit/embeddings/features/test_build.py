"""Features: nothing is encoded twice, whatever happens in between."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import embeddings.features.build as features_module
from embeddings.data.contents import Medium, Text
from embeddings.data.feature_matrix import Features
from embeddings.data.snapshot import Snapshot
from embeddings.features.build import FeatureSummary, media_features, text_features
from embeddings.features.cache import FeatureCache
from embeddings.features.picture_workers import Prepared, prepared
from embeddings.features.readers import PictureReader
from kg_platform.errors import Unavailable
from kg_platform.media.store import MediaStore
from kg_platform.modality import IMAGE, Modality
from tests.support.fake_encoders import FakeImage, FakeText


class Contents(Snapshot):
    """A snapshot that holds what a test gives it."""

    def __init__(self, entities: int, texts: list[tuple[int, str]], media: list[Medium]) -> None:
        super().__init__(Path(), {"entities": entities})
        object.__setattr__(self, "_texts", texts)
        object.__setattr__(self, "_media", media)

    def texts(self) -> Iterator[Text]:
        given: list[tuple[int, str]] = self._texts  # type: ignore[attr-defined]
        for entity, text in given:
            yield Text(entity, text, hashlib.sha256(text.encode()).hexdigest())

    def media(self, modality: Modality) -> Iterator[Medium]:
        yield from self._media  # type: ignore[attr-defined]


def with_texts(*texts: str) -> Contents:
    return Contents(len(texts), [(i, text) for i, text in enumerate(texts) if text], [])


def encode(snapshot: Snapshot, root: Path, encoder: FakeText) -> Features:
    return text_features(snapshot, encoder, FeatureCache(root, encoder))[0]


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features_module, "SHARD", 2)


def test_a_second_run_encodes_nothing(tmp_path: Path) -> None:
    snapshot = with_texts("a", "", "b", "a", "c")
    first = FakeText()
    cold, summary = text_features(snapshot, first, FeatureCache(tmp_path, first))
    assert sorted(first.asked) == ["a", "b", "c"]  # "a" once
    assert (summary.contents, summary.cached, summary.encoded) == (3, 0, 3)

    second = FakeText()
    warm, summary = text_features(snapshot, second, FeatureCache(tmp_path, second))
    assert second.asked == []
    assert (summary.contents, summary.cached, summary.encoded) == (3, 3, 0)
    np.testing.assert_array_equal(cold.matrix, warm.matrix)
    assert cold.present.tolist() == [True, False, True, True, True]
    assert not cold.matrix[1].any()
    np.testing.assert_allclose(cold.matrix[4], FakeText().encode(["c"])[0], atol=1e-6)
    assert (cold.name, cold.encoder, cold.revision) == ("text", "fake", "1")


def test_texts_that_the_encoder_cannot_read_have_no_vector_not_even_an_earlier_one(
    tmp_path: Path,
) -> None:
    snapshot = Contents(4, [(0, "a"), (0, "x"), (1, "x"), (2, "y"), (3, "b")], [])
    encoder = FakeText()
    encode(snapshot, tmp_path, encoder)  # as an earlier version did: x and y are in the cache
    encoder.unreadable = {"x", "y"}
    found, summary = text_features(snapshot, encoder, FeatureCache(tmp_path, encoder))
    assert found.present.tolist() == [True, False, False, True]
    assert not found.matrix[1:3].any()
    assert np.allclose(found.matrix[[0, 3]], FakeText().encode(["a", "b"]))
    assert (summary.contents, summary.cached, summary.unreadable) == (4, 2, 2)
    assert summary.notes[0].startswith("Texts without a vector: 2; the text encoder fake")
    fresh = FakeText()
    fresh.unreadable = {"x", "y"}
    assert encode(snapshot, tmp_path / "fresh", fresh).present.tolist() == found.present.tolist()
    assert sorted(fresh.asked) == ["a", "b"]


def test_several_texts_an_entity(tmp_path: Path) -> None:
    given = [(0, "a"), (0, "b"), (2, "b"), (4, "c"), (4, "a"), (4, "d")]
    encoder = FakeText()
    found, summary = text_features(Contents(5, given, []), encoder, FeatureCache(tmp_path, encoder))
    assert sorted(encoder.asked) == ["a", "b", "c", "d"]
    assert summary.contents == 4
    assert found.items is not None
    assert found.owners is not None
    assert found.owners.dtype == np.int64
    assert found.owners.tolist() == [0, 0, 2, 4, 4, 4]
    vector = {text: FakeText().encode([text])[0] for text in "abcd"}
    np.testing.assert_allclose(found.items, [vector[text] for _, text in given], atol=1e-6)
    # The slow and obvious mean direction.
    for entity in (0, 2, 4):
        total = sum(vector[text] for owner, text in given if owner == entity)
        np.testing.assert_allclose(found.matrix[entity], total / np.linalg.norm(total), atol=1e-6)
    assert found.present.tolist() == [True, False, True, False, True]


def test_items_are_left_out_when_no_entity_has_two(tmp_path: Path) -> None:
    found = encode(with_texts("a", "", "b"), tmp_path, FakeText())
    assert found.items is None
    assert found.owners is None


class Opposite(FakeText):
    """Points one way for "+" and the other for "-"."""

    def encode(self, contents, /):  # type: ignore[no-untyped-def]
        rows = [[1.0 if text[0] == "+" else -1.0, *[0.0] * 6] for text in contents]
        return np.array(rows, dtype=np.float32)


def test_opposite_items_have_no_mean_and_are_no_items(tmp_path: Path) -> None:
    snapshot = Contents(2, [(0, "+"), (0, "-"), (1, "+ 1"), (1, "+ 2")], [])
    found = encode(snapshot, tmp_path, Opposite())
    assert found.present.tolist() == [False, True]
    assert found.owners is not None
    assert found.owners.tolist() == [1, 1]


def test_only_what_is_new_is_encoded(tmp_path: Path) -> None:
    encode(with_texts("a", "b"), tmp_path, FakeText())
    encoder = FakeText()
    encode(with_texts("b", "new", "a"), tmp_path, encoder)
    assert encoder.asked == ["new"]


def test_another_revision_or_encoder_has_its_own_vectors(tmp_path: Path) -> None:
    encode(with_texts("a"), tmp_path, FakeText())
    other = FakeText(revision="2")
    encode(with_texts("a"), tmp_path, other)
    assert other.asked == ["a"]
    back = FakeText()
    encode(with_texts("a"), tmp_path, back)
    assert back.asked == []


class Stopped(FakeText):
    """Is interrupted in its third batch."""

    def encode(self, contents, /):  # type: ignore[no-untyped-def]
        if len(self.asked) >= 4:
            raise KeyboardInterrupt
        return super().encode(contents)


def test_what_was_encoded_before_an_interruption_is_kept(tmp_path: Path) -> None:
    snapshot = with_texts(*"abcdefg")
    with pytest.raises(KeyboardInterrupt):
        encode(snapshot, tmp_path, Stopped())
    encoder = FakeText()
    encode(snapshot, tmp_path, encoder)
    assert encoder.asked == ["e", "f", "g"]


def test_damaged_and_half_written_shards_cost_only_their_contents(tmp_path: Path) -> None:
    snapshot = with_texts(*"abcd")
    encode(snapshot, tmp_path, FakeText())
    first, _ = sorted(tmp_path.glob("*/*.npy"))
    first.write_bytes(first.read_bytes()[:-7])
    (first.parent / "0123.part").write_bytes(b"what a killed process left")
    encoder = FakeText()
    again = encode(snapshot, tmp_path, encoder)
    assert len(encoder.asked) == 2
    np.testing.assert_allclose(again.matrix, FakeText().encode(list("abcd")), atol=1e-6)
    settled = FakeText()
    encode(snapshot, tmp_path, settled)
    assert settled.asked == []


def test_a_shard_that_holds_nothing_that_is_asked_is_not_opened(tmp_path: Path) -> None:
    encode(with_texts("a", "b"), tmp_path, FakeText())
    (shard,) = tmp_path.glob("*/*.npy")
    whole = shard.read_bytes()
    shard.write_bytes(b"would be dropped as damaged")
    encode(with_texts("c"), tmp_path, FakeText())
    assert shard.is_file()
    shard.write_bytes(whole)
    again = FakeText()
    encode(with_texts("a", "b", "c"), tmp_path, again)
    assert again.asked == []


@pytest.mark.parametrize("index", [None, b"", b"x" * 300, "of another shard"])
def test_an_index_that_is_not_there_or_not_whole_is_made_anew(
    tmp_path: Path, index: bytes | str | None
) -> None:
    encode(with_texts("a", "b"), tmp_path, FakeText())
    (file,) = tmp_path.glob("*/*.index")
    whole = file.read_bytes()
    if index is None:  # as earlier versions left them
        file.unlink()
    elif isinstance(index, bytes):
        file.write_bytes(index)
    else:
        with file.open("wb") as opened:
            np.save(opened, np.concatenate([np.load(io.BytesIO(whole))] * 2))
        encode(with_texts("a"), tmp_path, FakeText())
        assert not file.exists()
    encoder = FakeText()
    encode(with_texts("a", "b"), tmp_path, encoder)
    assert encoder.asked == []
    assert file.read_bytes() == whole


def test_two_processes_may_write_the_same(tmp_path: Path) -> None:
    class Meanwhile(FakeText):
        """While this one encodes, another process does the same."""

        def encode(self, contents, /):  # type: ignore[no-untyped-def]
            encode(with_texts("a", "b"), tmp_path, FakeText())
            return super().encode(contents)

    encode(with_texts("a", "b"), tmp_path, Meanwhile())
    encoder = FakeText()
    encode(with_texts("a", "b"), tmp_path, encoder)
    assert encoder.asked == []


def test_progress_counts_what_was_cached(tmp_path: Path) -> None:
    encode(with_texts("a", "b"), tmp_path, FakeText())
    told: list[tuple[int, int]] = []
    encoder = FakeText()
    text_features(
        with_texts(*"abcde"),
        encoder,
        FeatureCache(tmp_path, encoder),
        lambda done, total: told.append((done, total)),
    )
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_nothing_at_all(tmp_path: Path) -> None:
    encoder = FakeText()
    found, summary = text_features(with_texts("", ""), encoder, FeatureCache(tmp_path, encoder))
    assert found.matrix.shape == (2, 7)
    assert not found.present.any()
    assert summary.contents == 0
    assert not list(tmp_path.iterdir())


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(Unavailable, match="Features cannot be kept"):
        encode(with_texts("a"), file, FakeText())


def encode_pictures(
    contents: Contents, media: MediaStore, encoder: FakeImage, cache: FeatureCache, workers: int = 0
) -> tuple[Features, FeatureSummary]:
    reader = PictureReader(encoder.preparer, 100_000, together=2, shard=2)

    def ready(wanted: Iterator[Medium], count: int) -> Generator[Prepared, None, None]:
        return prepared((one.sha256 for one in wanted), media, reader, workers, reader.together)

    return media_features(IMAGE, contents, reader, ready, encoder, cache)


def png(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (3, 2), colour).save(file, "PNG")
    return file.getvalue()


def test_pictures_are_averaged_and_bad_ones_counted(tmp_path: Path) -> None:
    media = MediaStore(str(tmp_path / "media"))
    red, blue, broken = (media.put(data) for data in (png("red"), png("blue"), b"no picture"))
    gone = "0" * 64
    snapshot = Contents(
        5, [], [Medium(0, 0, red), Medium(1, 0, red), Medium(1, 1, blue), Medium(1, 2, broken),
                Medium(3, 0, broken), Medium(4, 0, gone)],
    )  # fmt: skip
    encoder = FakeImage()
    found, summary = encode_pictures(snapshot, media, encoder, FeatureCache(tmp_path, encoder))
    assert encoder.asked == 2
    assert (summary.contents, summary.encoded, summary.skipped) == (4, 2, 2)
    assert {example[:64] for example in summary.skipped_examples} == {broken, gone}
    assert found.present.tolist() == [True, True, False, False, False]
    both = encoder.encode([Image.new("RGB", (3, 2), colour) for colour in ("red", "blue")])
    mean = both.sum(0) / np.linalg.norm(both.sum(0))
    np.testing.assert_allclose(found.matrix[:2], [both[0], mean], atol=1e-6)
    assert not found.matrix[2:].any()
    assert found.items is not None
    assert found.owners is not None
    assert found.owners.tolist() == [0, 1, 1]  # what cannot be used is no item
    np.testing.assert_allclose(found.items, [both[0], both[0], both[1]], atol=1e-6)

    again = FakeImage()
    _, summary = encode_pictures(snapshot, media, again, FeatureCache(tmp_path, again))
    assert again.asked == 0
    assert (summary.cached, summary.encoded, summary.skipped) == (2, 0, 2)
