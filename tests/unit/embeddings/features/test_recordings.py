"""Sounds and films as features: one vector each, films whole, and a sentence for what is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.data.contents import Medium
from embeddings.data.feature_matrix import Features
from embeddings.features.build import FeatureSummary
from embeddings.features.cache import FeatureCache, Remembered
from embeddings.features.encoders.classical import Classical
from embeddings.features.encoders.logmel import LogMel
from embeddings.features.encoders.protocols import width_of
from embeddings.features.encoders.video import Frames
from embeddings.features.modal import Reading, features_of
from embeddings.features.shuffle import shuffled
from kg_platform.errors import MediaStoreError
from kg_platform.media.audio import RATE
from kg_platform.media.span import WHOLE, Span
from kg_platform.media.store import MediaStore
from kg_platform.modality import AUDIO, VIDEO, Modality
from tests.support.recordings import film, moving, plain, sound, tone

ABSENT = "0" * 64


class Contents:
    """Entities and their media, in their order."""

    def __init__(self, *media: list[str] | list[tuple[str, Span]]) -> None:
        self._media = media
        self.size = len(media)

    def texts(self) -> Iterator[Any]:
        yield from ()

    def media(self, modality: Modality) -> Iterator[Medium]:
        del modality
        for place, digests in enumerate(self._media):
            for rank, given in enumerate(digests):
                digest, span = (given, WHOLE) if isinstance(given, str) else given
                yield Medium(place, rank, digest, span)


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(str(tmp_path / "media"))


def of(
    modality: Modality, contents: Contents, media: MediaStore, root: Path
) -> tuple[Features, FeatureSummary]:
    encoder: Any = LogMel() if modality is AUDIO else Frames(Classical())
    reading = Reading(media, 1_000_000, 1)
    return features_of(modality, contents, encoder, FeatureCache(root, encoder), reading)


def test_sounds_films_with_sound_and_those_without(media: MediaStore, tmp_path: Path) -> None:
    low, high = media.put(sound(tone(300))), media.put(sound(tone(2_000)))
    sounding = media.put(film(moving(4), wave=tone(300)))
    mute = media.put(film(moving(4)))
    silent = media.put(sound(np.zeros(RATE, np.float32)))
    broken = media.put(b"no sound")
    contents = Contents([low], [low, high], [sounding], [mute], [silent, broken, ABSENT], [])
    found, summary = of(AUDIO, contents, media, tmp_path)
    assert found.present.tolist() == [True, True, True, False, False, False]
    assert (summary.contents, summary.encoded, summary.skipped) == (6, 3, 3)  # the mute film: none
    said = " ".join(summary.skipped_examples)
    for why in ("silent from beginning to end", "no kind that is read", "ingest its source again"):
        assert why in said
    same, other = found.matrix[2] @ found.matrix[0], found.matrix[2] @ found.matrix[1]
    assert same > max(0.7, other)
    assert found.owners is not None
    assert found.owners.tolist() == [0, 1, 1, 2]
    read: list[str] = []

    class Watched(MediaStore):
        def read(self, digest: str) -> bytes:
            read.append(digest)
            return super().read(digest)

    same_as, again = of(AUDIO, contents, Watched(media.url), tmp_path)
    assert (again.contents, again.cached, again.encoded) == (6, 3, 0)
    assert mute not in read, "that it has no sound is known"
    np.testing.assert_array_equal(same_as.matrix, found.matrix)


def test_a_long_sound_is_the_mean_direction_of_its_windows(
    media: MediaStore, tmp_path: Path
) -> None:
    first, second = tone(300, 10), tone(2_000, 10)
    both = media.put(sound(np.concatenate([first, second])))
    found, _ = of(AUDIO, Contents([both]), media, tmp_path)
    halves = LogMel().encode([first, second])
    assert float(found.matrix[0] @ halves.sum(0)) / np.linalg.norm(halves.sum(0)) > 0.99


def test_parts_of_a_recording_are_contents_of_their_own(media: MediaStore, tmp_path: Path) -> None:
    low, high = tone(300, 4), tone(2_000, 4)
    both = media.put(sound(np.concatenate([low, high])))
    pure = media.put(sound(low)), media.put(sound(high))
    halves = (both, Span(0, 4)), (both, Span(4)), (both, Span(20))
    contents = Contents(*([one] for one in halves), [both], *([one] for one in pure))
    found, summary = of(AUDIO, contents, media, tmp_path)
    assert (summary.contents, summary.encoded, summary.skipped) == (6, 5, 1)
    assert summary.skipped_examples == (
        f"{both}: there is no sound from 20 s to the end; give a part that lies in the recording",
    )
    near = found.matrix @ found.matrix[4:].T
    assert near[0].argmax() == 0
    assert near[1].argmax() == 1
    assert min(near[0, 0], near[1, 1]) > 0.99
    assert max(near[0, 1], near[1, 0]) < 0.9
    again, summary = of(AUDIO, contents, media, tmp_path)
    assert (summary.cached, summary.encoded) == (5, 0)
    np.testing.assert_array_equal(again.matrix, found.matrix)
    seen = media.put(film(plain((220, 0, 0), 16) + plain((0, 0, 220), 16)))
    films, _ = of(VIDEO, Contents([(seen, Span(0, 2))], [(seen, Span(2, 4))]), media, tmp_path)
    assert float(films.matrix[0] @ films.matrix[1]) < 0.9


def test_films_are_kept_whole(media: MediaStore, tmp_path: Path) -> None:
    six, one = media.put(film(moving(6))), media.put(film(plain((200, 0, 0))))
    broken = media.put(sound(tone(300)))
    contents = Contents([six, one], [], [one], [broken])
    found, summary = of(VIDEO, contents, media, tmp_path)
    assert found.present.tolist() == [True, False, True, False]
    assert (summary.encoded, summary.skipped) == (2, 1)
    assert "no moving pictures" in summary.skipped_examples[0]
    assert found.items is not None
    assert found.owners is not None
    assert found.parts is not None
    assert found.owners.tolist() == [0] * 7 + [2]
    assert [int(found.parts[0] == part) for part in found.parts] == [1] * 6 + [0] * 2
    np.testing.assert_allclose(np.linalg.norm(found.items, axis=1), 1, atol=1e-5)
    mean = found.items[:7].sum(0)
    np.testing.assert_allclose(found.matrix[0], mean / np.linalg.norm(mean), atol=1e-5)
    # From the cache they come as they were, in their order.
    again, summary = of(VIDEO, contents, media, tmp_path)
    assert summary.encoded == 0
    np.testing.assert_array_equal(again.items, found.items)
    dealt = shuffled(found, 1)
    assert dealt.parts is not None
    assert len(np.unique(dealt.parts[:1])) == 1
    assert sorted(np.bincount(dealt.parts).tolist()) == sorted(np.bincount(found.parts).tolist())


def test_what_is_remembered_of_a_film_is_all_of_it(media: MediaStore) -> None:
    encoder = Frames(Classical())
    remembered = Remembered(width_of(encoder))
    again = Reading(media, 1_000_000, 1)
    contents = Contents([media.put(film(moving(3)))])
    first, _ = features_of(VIDEO, contents, encoder, remembered, again)
    second, summary = features_of(VIDEO, contents, encoder, remembered, again)
    assert summary.cached == 1
    np.testing.assert_array_equal(first.items, second.items)


def test_a_store_that_cannot_be_read_ends_the_pass_and_no_later_one(
    media: MediaStore, tmp_path: Path
) -> None:
    data = sound(tone(300))
    digest = media.put(data)
    file = tmp_path / "media" / digest[:2] / digest
    file.unlink()
    file.mkdir()
    reading, encoder = Reading(media, 1, 1), LogMel()
    given = (AUDIO, Contents([digest]), encoder, FeatureCache(tmp_path, encoder), reading)
    with pytest.raises(MediaStoreError, match="cannot be read"):
        features_of(*given)
    file.rmdir()
    file.write_bytes(data)
    _, summary = features_of(*given)
    assert summary.encoded == 1
