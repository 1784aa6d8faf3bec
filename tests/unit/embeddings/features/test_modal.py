"""Each modality has all that the table cannot hold itself."""

from __future__ import annotations

from dataclasses import fields

import pytest

from embeddings.features import modal
from embeddings.jobs.embed_options import FLAGS, EmbedOptions, modalities_of
from kg_platform.cypher.vectors import INDEXES, STAGED
from kg_platform.cypher.vocabulary import NAMES
from kg_platform.errors import BadInput
from kg_platform.modality import AUDIO, BY_NAME, IMAGE, MODALITIES, TEXT, VIDEO, Modality
from kg_platform.settings import Settings


@pytest.mark.parametrize("modality", MODALITIES, ids=BY_NAME)
def test_a_modality_is_whole(modality: Modality) -> None:
    assert modality.setting in Settings.model_fields
    assert modality.option in {field.name for field in fields(EmbedOptions)}
    assert FLAGS[modality.option] == (f"--{modality.option}", f"--no-{modality.option}")
    assert modality.name in modal._LOAD
    assert (modality.name in modal._READER) == bool(modality.media)
    assert {modality.vector, modality.staged} <= NAMES


def test_names_that_stand_in_graphs() -> None:
    assert INDEXES == {
        "embedding": "entity_embedding",
        "structure_embedding": "entity_structure_embedding",
        "text_embedding": "entity_text_embedding",
        "image_embedding": "entity_image_embedding",
        "audio_embedding": "entity_audio_embedding",
        "video_embedding": "entity_video_embedding",
    }
    assert STAGED["image_embedding"] == "embedding_next_image"
    assert TEXT.step == "text features"
    assert IMAGE.step == "picture features"


def test_options_choose_modalities() -> None:
    assert modalities_of(EmbedOptions(pictures=False)) == [TEXT, AUDIO, VIDEO]
    assert EmbedOptions().modalities == [TEXT, IMAGE, AUDIO, VIDEO]


def test_an_encoder_is_loaded_once_and_by_its_name() -> None:
    encoders = modal.Encoders(Settings(), {"image_encoder": "classical"})
    assert encoders.of(IMAGE) is encoders.of(IMAGE)
    assert encoders.of(IMAGE).name == "classical"
    with pytest.raises(BadInput, match="encodes pictures, not texts"):
        modal.Encoders(Settings(), {"text_encoder": "classical"}).of(TEXT)
