"""The features of a snapshot, by the encoders the settings name: what training and search share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from embeddings.encoders import load_image_encoder, load_text_encoder
from embeddings.features import FeatureCache, Features, picture_features, text_features
from embeddings.snapshot import Snapshot
from kg_platform.platform import Platform

# on_progress(step, done, total): total is None while it is not known.
Progress = Callable[[str, int, int | None], None]
# step(name): a step in the ledger; what is put into the dictionary becomes its details.
Step = Callable[[str], AbstractContextManager[dict[str, Any]]]


def graph_features(
    platform: Platform,
    snapshot: Snapshot,
    *,
    text: bool,
    pictures: bool,
    step: Step,
    report: Progress,
) -> dict[str, Features]:
    """Features by modality; one that no entity has is left out. Each is a step of its own."""
    settings = platform.settings
    found: dict[str, Features] = {}
    if text:
        with step("text features") as details:
            text_encoder = load_text_encoder(settings.text_encoder, settings.device)
            cache = FeatureCache(settings.features_dir, text_encoder)
            found["text"], summary = text_features(
                snapshot, text_encoder, cache, lambda d, t: report("text features", d, t)
            )
            details.update(asdict(summary))
    if pictures:
        with step("picture features") as details:
            image_encoder = load_image_encoder(settings.image_encoder, settings.device)
            cache = FeatureCache(settings.features_dir, image_encoder)
            found["image"], summary = picture_features(
                snapshot,
                platform.media,
                image_encoder,
                cache,
                lambda d, t: report("picture features", d, t),
                settings.max_picture_pixels,
            )
            details.update(asdict(summary))
    return {name: features for name, features in found.items() if features.present.any()}
