"""Models with few random weights, saved as the hubs save theirs."""

from __future__ import annotations

import json
from pathlib import Path

import torch

WORDS = ["a", "king", "island", "monarchy", "many", "rivers", "the", "of", "rules"]


def save_vocabulary(folder: Path) -> Path:
    from transformers import BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *WORDS]
    file = folder / "vocab.txt"
    file.write_text("\n".join(dict.fromkeys(names)), "utf-8")
    BertTokenizerFast(
        vocab={name: i for i, name in enumerate(dict.fromkeys(names))}, model_max_length=40
    ).save_pretrained(folder)
    return folder


def save_bert(folder: Path, pooling: str | None = None) -> Path:
    """A tiny BERT with random weights, saved as Hugging Face does."""
    from transformers import BertConfig, BertModel

    save_vocabulary(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=64, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=40, max_position_embeddings=48, initializer_range=0.5,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    if pooling:
        (folder / "1_Pooling").mkdir()
        said = json.dumps({f"pooling_mode_{pooling}": True})
        (folder / "1_Pooling" / "config.json").write_text(said, "utf-8")
    return folder


def save_clip(folder: Path) -> Path:
    """A tiny CLIP with random weights: texts and pictures in one space."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    save_vocabulary(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 3,
             "intermediate_size": 40, "initializer_range": 0.5}  # fmt: skip
    text = {**sizes, "vocab_size": 64, "max_position_embeddings": 30, "eos_token_id": 3}
    vision = {**sizes, "image_size": 32, "patch_size": 16}
    CLIPModel(
        CLIPConfig(text_config=text, vision_config=vision, projection_dim=10)
    ).save_pretrained(folder)
    CLIPImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(folder)
    return folder


def save_siglip2(folder: Path) -> Path:
    """A tiny SigLIP 2 of the kind with a fixed size: SigLIP's towers and Gemma's tokeniser.

    Like the published ones, its tokeniser keeps capitals, which the model has never seen.
    """
    from transformers import GemmaTokenizer, SiglipConfig, SiglipImageProcessor, SiglipModel

    folder.mkdir(parents=True, exist_ok=True)
    characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.\u2581"
    names = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *characters]
    GemmaTokenizer(
        vocab={name: i for i, name in enumerate(names)}, add_bos_token=False, add_eos_token=True,
        padding_side="right", model_max_length=64,
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    sizes = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3,
             "intermediate_size": 40}  # fmt: skip
    text = {**sizes, "vocab_size": 64, "max_position_embeddings": 16, "bos_token_id": 2,
            "eos_token_id": 1, "pad_token_id": 0}  # fmt: skip
    vision = {**sizes, "image_size": 32, "patch_size": 16}
    SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def save_e5(folder: Path) -> Path:
    """A tiny XLM-R with a sentence model's pooling, as the multilingual E5 models are."""
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    pieces = [f"\u2581{word}" for word in ["query:", "passage:", *WORDS]]
    names = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *pieces, *"abcdefghijklmnopqrstuvwxyz.:"]
    XLMRobertaTokenizer(
        vocab=[(name, -float(i)) for i, name in enumerate(names)], model_max_length=40
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=64, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=40, max_position_embeddings=42, initializer_range=0.5,
    )  # fmt: skip
    XLMRobertaModel(config).save_pretrained(folder)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    said = json.dumps({"pooling_mode_mean_tokens": True})
    (folder / "1_Pooling" / "config.json").write_text(said, "utf-8")
    return folder


def save_vit(folder: Path, pooler: bool = True) -> Path:
    """A tiny ViT with random weights; without its pooler it is like a classifier's checkpoint."""
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        image_size=32, patch_size=8, initializer_range=0.5,
    )  # fmt: skip
    ViTModel(config, add_pooling_layer=pooler).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def save_resnet50(folder: Path) -> str:
    from safetensors.torch import save_file
    from torchvision.models import resnet50

    torch.manual_seed(0)
    save_file(resnet50(weights=None).state_dict(), folder / "resnet50.safetensors")
    return f"resnet50:{folder / 'resnet50.safetensors'}"


def save_wav2vec2(folder: Path) -> Path:
    """A tiny wav2vec 2.0 with random weights."""
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    torch.manual_seed(0)
    config = Wav2Vec2Config(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        conv_dim=(16, 16), conv_kernel=(10, 8), conv_stride=(10, 8), num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=4, vocab_size=8, initializer_range=0.5,
    )  # fmt: skip
    Wav2Vec2Model(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def save_ast(folder: Path) -> Path:
    """A tiny audio spectrogram transformer with random weights."""
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    torch.manual_seed(0)
    config = ASTConfig(
        hidden_size=24, num_hidden_layers=1, num_attention_heads=3, intermediate_size=40,
        patch_size=16, max_length=64, num_mel_bins=32, initializer_range=0.5,
    )  # fmt: skip
    ASTModel(config).save_pretrained(folder)
    ASTFeatureExtractor(max_length=64, num_mel_bins=32).save_pretrained(folder)
    return folder


def save_clap(folder: Path) -> Path:
    """A tiny CLAP with random weights: texts and sounds in one space."""
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    save_vocabulary(folder)
    torch.manual_seed(0)
    text = {"vocab_size": 64, "hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 3,
            "intermediate_size": 40, "max_position_embeddings": 40, "projection_dim": 10,
            "pad_token_id": 0}  # fmt: skip
    audio = {"hidden_size": 32, "patch_embeds_hidden_size": 16, "depths": [1, 1],
             "num_attention_heads": [2, 2], "num_hidden_layers": 2, "num_mel_bins": 32,
             "spec_size": 128, "window_size": 4, "projection_dim": 10}  # fmt: skip
    ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=10)).save_pretrained(
        folder
    )
    ClapFeatureExtractor(feature_size=32, max_length_s=5, truncation="rand_trunc").save_pretrained(
        folder
    )
    return folder
