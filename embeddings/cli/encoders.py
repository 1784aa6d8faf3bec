"""`kg encoders`: what texts, pictures, sounds and films can be encoded with, and under which
licence."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from kg_platform import console
from kg_platform.cli.options import Json
from kg_platform.modality import MODALITIES

if TYPE_CHECKING:
    from embeddings.features.encoders.presets import Preset
    from kg_platform.settings import Settings


def register(app: typer.Typer) -> None:
    app.command("encoders")(encoders)


def encoders(
    as_json: Json = False,
) -> None:
    """The encoders that have a name.

    Fast ones first: what each is for, under which licence, and whether it is here.
    """
    from embeddings.features.encoders.presets import PRESETS
    from kg_platform.settings import load

    settings = load()
    found = [_row(preset, settings) for preset in PRESETS]
    if as_json:
        console.print_json(found)
        return
    rows = [
        (
            row["name"],
            " and ".join(row["kinds"]),
            row["dimension"],
            row["licence"],
            "here" if row["here"] else f"about {row['megabytes']:,} MB",
            "yes" if row["chosen"] else "",
        )
        for row in found
    ]
    names = ("name", "for", "numbers", "licence", "weights", "chosen")
    console.print_table(names, rows, whole=names[:1])
    console.print_table(("name", "what"), [(row["name"], row["what"]) for row in found])
    console.note(
        "Choose with KG_TEXT_ENCODER, KG_IMAGE_ENCODER, KG_AUDIO_ENCODER and KG_VIDEO_ENCODER; "
        "NAME:FOLDER takes the weights from a folder. Licences are those of the model cards."
    )


def _row(preset: Preset, settings: Settings) -> dict[str, Any]:
    from embeddings.features.encoders.presets import models

    own = {preset.name, *models(preset)}
    chosen = {one.name: getattr(settings, one.setting) for one in MODALITIES}
    return {
        **asdict(preset),
        "here": _here(preset),
        "chosen": [
            kind
            for kind in preset.kinds
            if chosen[kind] in own or chosen[kind].startswith(f"{preset.name}:")
        ],
    }


def _here(preset: Preset) -> bool:
    """Whether it works without a network."""
    if not preset.megabytes:
        return True
    if not preset.model:
        from embeddings.features.encoders.image import resnet50_is_here

        return resnet50_is_here()
    from embeddings.features.encoders.presets import models
    from embeddings.features.encoders.weights import in_local_cache

    return any(in_local_cache(model) for model in models(preset))
