"""What `kg embed` was asked for, as its options' names and values -> the options of the job.

A schedule keeps the same names and values in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embeddings.jobs.embed import EmbedOptions
from embeddings.training import presets
from embeddings.training.options import TrainOptions, preset_options

_CHOICES = ("model", "dimension", "fusion", "loss", "epochs", "seed")


def embed_options(given: Mapping[str, Any], device: str) -> EmbedOptions:
    """The job's options; what is not given, or None, is the default of `kg embed`.

    Raises:
        BadInput: an option's value is not possible. NotFound: the preset's file is not there.
    """
    chosen = {name: given[name] for name in _CHOICES if given.get(name) is not None}
    return EmbedOptions(
        labels=tuple(given.get("label") or ()),
        relationship_types=tuple(given.get("relationship_type") or ()),
        text=given.get("text", True),
        pictures=given.get("pictures", True),
        warm=given.get("warm", True),
        train=preset_options(
            given.get("preset", "balanced"),
            **{
                "device": device,
                **presets.parse(given.get("setting") or (), TrainOptions),
                **chosen,
            },
        ),
    )
