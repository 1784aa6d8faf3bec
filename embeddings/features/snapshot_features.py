"""The features of a snapshot, by the encoders the settings name: what training and search share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import cached_property
from typing import Any

from embeddings.data.contents import Contents
from embeddings.data.feature_matrix import Features
from embeddings.features.build import picture_features, text_features
from embeddings.features.cache import FeatureCache
from embeddings.features.encoders.load import load_image_encoder, load_text_encoder
from embeddings.features.encoders.protocols import ImageEncoder, TextEncoder
from kg_platform.platform import Platform
from kg_platform.progress import Progress
from kg_platform.settings import Settings

_LOG = logging.getLogger(__name__)

# step(name): a step in the ledger; what is put into the dictionary becomes its details.
Step = Callable[[str], AbstractContextManager[dict[str, Any]]]


class Encoders:
    """The encoders that the settings name, each loaded when it is first used, and once.

    Raises:
        BadInput: a name is empty or of another kind. EncoderError: one cannot be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def text(self) -> TextEncoder:
        return load_text_encoder(self._settings.text_encoder, self._settings.device)

    @cached_property
    def image(self) -> ImageEncoder:
        return load_image_encoder(self._settings.image_encoder, self._settings.device)


def graph_features(
    platform: Platform,
    contents: Contents,
    encoders: Encoders,
    *,
    text: bool,
    pictures: bool,
    step: Step,
    report: Progress,
    note: Callable[[str], None] = _LOG.warning,
) -> dict[str, Features]:
    """Features by modality; one that no entity has is left out. Each is a step of its own. `note`
    is told, in a sentence each, what a person should know of the texts."""
    settings = platform.settings
    found: dict[str, Features] = {}
    if text:
        with step("text features") as details:
            cache = FeatureCache(settings.features_dir, encoders.text)
            found["text"], summary = text_features(
                contents, encoders.text, cache, lambda d, t: report("text features", d, t)
            )
            details.update(asdict(summary))
        for line in summary.notes:
            note(line)
    if pictures:
        with step("picture features") as details:
            cache = FeatureCache(settings.features_dir, encoders.image)
            found["image"], summary = picture_features(
                contents,
                platform.media,
                encoders.image,
                cache,
                lambda d, t: report("picture features", d, t),
                settings.max_picture_pixels,
                settings.picture_workers,
            )
            details.update(asdict(summary))
    return {name: features for name, features in found.items() if features.present.any()}
