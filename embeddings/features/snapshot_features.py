"""The features of a snapshot, each modality a step of a job."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from embeddings.data.contents import Contents
from embeddings.data.feature_matrix import Features
from embeddings.features.cache import FeatureCache
from embeddings.features.modal import Encoders, Reading, features_of
from kg_platform.modality import Modality
from kg_platform.platform import Platform
from kg_platform.progress import Progress

_LOG = logging.getLogger(__name__)

# step(name): a step in the ledger; what is put into the dictionary becomes its details.
Step = Callable[[str], AbstractContextManager[dict[str, Any]]]


def graph_features(
    platform: Platform,
    contents: Contents,
    encoders: Encoders,
    modalities: Iterable[Modality],
    *,
    step: Step,
    report: Progress,
    note: Callable[[str], None] = _LOG.warning,
) -> dict[str, Features]:
    """Features by modality; one that no entity has is left out. Each is a step of its own. `note`
    is told, in a sentence each, what a person should know of the contents."""
    settings = platform.settings
    reading = Reading.of(platform.media, settings)
    found: dict[str, Features] = {}
    for modality in modalities:
        if modality.media and next(contents.media(modality), None) is None:
            continue  # nobody has any: its encoder is not even loaded
        name = modality.step
        with step(name) as details:
            encoder = encoders.of(modality)
            cache = FeatureCache(settings.features_dir, encoder)
            features, summary = features_of(
                modality,
                contents,
                encoder,
                cache,
                reading,
                lambda done, total, name=name: report(name, done, total),  # type: ignore[misc]
            )
            details.update(asdict(summary))
        for line in summary.notes:
            note(line)
        found[modality.name] = features
    return {name: features for name, features in found.items() if features.present.any()}
