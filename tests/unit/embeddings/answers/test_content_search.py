"""What a person compares by is a stranger's file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from embeddings.answers.content_search import ContentSearch
from embeddings.answers.question import Example, SimilarQuestion
from kg_platform.errors import BadMedium, DecoderFailed
from kg_platform.media.isolated import Isolated
from kg_platform.modality import AUDIO, IMAGE, VIDEO, Modality
from kg_platform.platform import Platform
from kg_platform.settings import Settings


@pytest.mark.parametrize("modality", [IMAGE, AUDIO, VIDEO])
def test_it_is_decoded_apart_and_before_a_graph_is_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, modality: Modality
) -> None:
    def die(*_: Any) -> None:
        raise DecoderFailed("its decoder died")

    monkeypatch.setattr(Isolated, "run", die)
    search = ContentSearch(cast(Platform, SimpleNamespace(settings=settings, graph=None)))
    (tmp_path / "given").write_bytes(b"whatever")
    says = rf"The {modality.item}.* cannot be used: its decoder died\."
    for given in (b"whatever", tmp_path / "given"):
        with pytest.raises(BadMedium, match=says):
            search.similar(SimilarQuestion(examples=(Example(modality, given),), k=3))
