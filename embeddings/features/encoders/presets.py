"""The encoders that have a short name, with what their model cards say of licence and size.

`NAME:FOLDER` (for resnet50 `NAME:FILE`) takes the weights from a place on this machine instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kg_platform.modality import AUDIO, IMAGE, TEXT, VIDEO


@dataclass(frozen=True)
class Preset:
    """An encoder by name, as `kg encoders` lists it; from fast and plain to slow and good.

    `model` is the Hugging Face model behind it, `gpu_model` another one that a GPU affords; both
    are empty where the platform loads the weights itself. `passage` and `query` go before every
    text that is kept and every text that is searched for: the model was trained with them.
    `megabytes` are downloaded on first use, 0 where nothing is.
    """

    name: str
    kinds: tuple[str, ...]
    dimension: int
    licence: str
    megabytes: int
    what: str
    model: str = ""
    gpu_model: str = ""
    passage: str = ""
    query: str = ""


PRESETS = (
    Preset(
        "classical", (IMAGE.name, VIDEO.name), 592, "none needed", 0,
        "colour, layout and shape, computed; knows flags, not what is in a photograph",
    ),
    Preset(
        "log-mel", (AUDIO.name,), 560, "none needed", 0,
        "colour, changes and rhythm of a sound, computed; knows neither words nor what makes it",
    ),
    Preset(
        "minilm", (TEXT.name,), 384, "Apache-2.0", 0,
        "all-MiniLM-L6-v2, English sentences; comes with the platform",
    ),
    Preset(
        "bert", (TEXT.name,), 768, "Apache-2.0", 440,
        "BERT base uncased, mean of its tokens; for comparison with published work",
        model="google-bert/bert-base-uncased",
    ),
    Preset(
        "resnet50", (IMAGE.name, VIDEO.name), 2048, "BSD-3-Clause (ImageNet)", 98,
        "torchvision's ResNet50, trained on ImageNet; for comparison with published work",
    ),
    Preset(
        "multilingual-e5-small", (TEXT.name,), 384, "MIT", 471,
        "sentences in about 100 languages",
        model="intfloat/multilingual-e5-small", passage="passage: ", query="query: ",
    ),
    Preset(
        "wav2vec2", (AUDIO.name,), 768, "Apache-2.0", 380,
        "wav2vec 2.0 base, trained on English speech that nobody wrote down; mean of its states",
        model="facebook/wav2vec2-base",
    ),
    Preset(
        "clap", (TEXT.name, AUDIO.name), 512, "Apache-2.0", 620,
        "CLAP, sounds and texts about them in one space, so that a text finds sounds",
        model="laion/clap-htsat-unfused",
    ),
    Preset(
        "siglip2", (TEXT.name, IMAGE.name, VIDEO.name), 768, "Apache-2.0", 1500,
        "SigLIP 2 base, 32-pixel patches on a CPU and 16 on a GPU; texts (64 tokens) and pictures "
        "in one space, so that a text finds pictures",
        model="google/siglip2-base-patch32-256", gpu_model="google/siglip2-base-patch16-256",
    ),
)  # fmt: skip


class Chosen(NamedTuple):
    """What a name stands for: `name` loads the same model anywhere, whatever device is there."""

    name: str
    place: str
    passage: str
    query: str


def models(preset: Preset) -> list[str]:
    """The models of the hub that a preset may stand for."""
    return [model for model in (preset.model, preset.gpu_model) if model]


def names(kind: str) -> list[str]:
    return [preset.name for preset in PRESETS if kind in preset.kinds]


def stands_for(name: str) -> str:
    """The preset whose name this is, or that of its model or folder; else the name."""
    for preset in PRESETS:
        if name.partition(":")[0] == preset.name or name.partition("@")[0] in models(preset):
            return preset.name
    return name


def choose(name: str, device: str) -> Chosen:
    """A preset's name, `preset:FOLDER`, a folder, or a model of the hub -> what to load."""
    first, _, given = name.partition(":")
    for preset in PRESETS:
        if not preset.model:
            continue
        said = (preset.passage, preset.query)
        if first == preset.name and given:
            return Chosen(name, given, *said)
        if name == preset.name:
            model = preset.gpu_model if device == "cuda" and preset.gpu_model else preset.model
            return Chosen(model, model, *said)
        if name.partition("@")[0] in models(preset):
            return Chosen(name, name, *said)
    return Chosen(name, name, "", "")
