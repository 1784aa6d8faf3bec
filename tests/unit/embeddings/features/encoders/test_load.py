"""An encoder that cannot be loaded says so in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from embeddings.features.encoders.load import load_image_encoder, load_text_encoder, load_text_side
from embeddings.features.encoders.text import batches
from kg_platform.errors import BadInput, EncoderError
from kg_platform.modality import IMAGE
from tests.support.tiny_models import save_bert, save_clip, save_vit


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No hub, and nothing cached."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    # A closed port of this machine: a download fails at once.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("load", [load_text_encoder, load_image_encoder])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody/no-such-model", "not in the local Hugging Face cache"),
        ("siglip2", "siglip2-base-patch32-256 is not in the local Hugging Face cache"),
        ("a/b/c/d", "neither a folder nor the name"),
        ("siglip2:nowhere", "not in the local Hugging Face cache"),
    ],
)
def test_a_model_that_is_not_there(load: object, name: str, said: str) -> None:
    with pytest.raises(EncoderError, match=said):
        load(name, "cpu")  # type: ignore[operator]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", ["bert", "multilingual-e5-small"])
def test_a_text_model_by_name_without_a_network(name: str) -> None:
    with pytest.raises(EncoderError, match=f"{name}.* is not in the local Hugging Face cache"):
        load_text_encoder(name, "cpu")


def test_the_wrong_kind_of_encoder() -> None:
    for name in ("classical", "resnet50"):
        with pytest.raises(BadInput, match=f"{name} encodes pictures.*multilingual-e5-small"):
            load_text_encoder(name, "cpu")
        with pytest.raises(BadInput, match=r"knows no texts.*KG_IMAGE_ENCODER=siglip2"):
            load_text_side(name, IMAGE, "cpu")
    for name in ("minilm", "bert"):
        with pytest.raises(BadInput, match=f"{name} encodes texts.*siglip2"):
            load_image_encoder(name, "cpu")


def test_only_a_model_of_both_has_a_text_side(tmp_path: Path) -> None:
    assert load_text_side(str(save_clip(tmp_path / "clip")), IMAGE, "cpu").dimension == 10
    with pytest.raises(BadInput, match="knows no texts"):
        load_text_side(str(save_bert(tmp_path / "bert")), IMAGE, "cpu")


@pytest.mark.usefixtures("offline")
def test_resnet50_without_weights_says_where_to_put_them() -> None:
    with pytest.raises(
        EncoderError, match=r"put resnet50-\w+\.pth at .*checkpoints.*resnet50:PATH"
    ):
        load_image_encoder("resnet50", "cpu")


def test_resnet50_from_a_file_that_is_something_else(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    torch.save({"fc.weight": torch.zeros(2)}, file)
    with pytest.raises(EncoderError, match="does not hold the weights of torchvision's ResNet50"):
        load_image_encoder(f"resnet50:{file}", "cpu")
    with pytest.raises(EncoderError, match="does not hold"):
        load_image_encoder(f"resnet50:{tmp_path / 'missing.pth'}", "cpu")


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"has no config\.json"):
        load_text_encoder(str(tmp_path), "cpu")


def test_a_damaged_or_partial_model(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = save_bert(tmp_path / "bert")
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=r"lack 1 of its weights, such as encoder\.layer\.1"):
        load_text_encoder(str(folder), "cpu")
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EncoderError, match="cannot be loaded as a text encoder"):
        load_text_encoder(str(folder), "cpu")


def test_a_text_model_is_not_a_vision_encoder(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="cannot be loaded as a vision encoder"):
        load_image_encoder(str(save_bert(tmp_path / "bert")), "cpu")
    with pytest.raises(EncoderError, match="cannot be loaded as a text encoder"):
        load_text_encoder(str(save_vit(tmp_path / "vit")), "cpu")


def test_bad_arguments() -> None:
    with pytest.raises(BadInput, match="no name"):
        load_text_encoder(" ", "cpu")
    with pytest.raises(BadInput, match="no name"):
        load_image_encoder("", "cpu")
    with pytest.raises(BadInput, match="at least 3 tokens"):
        load_text_encoder("minilm", "cpu", max_tokens=2)


def test_batches_hold_texts_of_like_length_within_the_budget() -> None:
    lengths = [5, 90, 7, 6, 200, 5, 80]
    got = list(batches(lengths, 100))
    assert sorted(position for batch in got for position in batch) == list(range(7))
    for batch in got:
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= 100
    assert got[0] == [0, 5, 3, 2]
    assert got[-1] == [4]
