"""The vector that a content has among the published ones: of a text, a picture, a sound, a film."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from embeddings.features.encoders.readable import unreadable_query
from embeddings.publish.published import Run, check_encoder
from kg_platform.errors import BadInput
from kg_platform.modality import TEXT, VIDEO, Modality

if TYPE_CHECKING:
    from embeddings.data.feature_matrix import Vectors
    from embeddings.features.encoders.protocols import PartsEncoder, Pixels, TextEncoder


def text_vector(run: Run, text: str, modality: Modality, encoder: TextEncoder) -> Vectors:
    """(d,) of a text among the vectors of a modality: whose texts mean most nearly this, whose
    pictures show it, whose sounds sound like it.

    Media are compared with by the text side of the encoder they were encoded with
    (`load_text_side`).

    Raises:
        NotFound: the run has no such vectors. BadInput: the encoder knows no piece of the text, or
            the published vectors are of another encoder or revision.
    """
    if not encoder.readable([text])[0]:
        raise BadInput(unreadable_query(encoder.name))
    check_encoder(run, modality, encoder, other_side=modality is not TEXT)
    if pools_over_time(run, modality):
        raise BadInput(
            f"The films of run {run['id']} were pooled over time, where no text is; embed "
            "with --video-pooling mean or attention to find them by text."
        )
    found: Vectors = encoder.encode_queries([text])[0]
    return found


def medium_vector(
    run: Run,
    modality: Modality,
    parts: Sequence[Pixels],
    encoder: PartsEncoder,
    pooled: Callable[[Run, Vectors], Vectors] | None = None,
) -> Vectors:
    """(d,) of a picture, sound or film, which is given as its parts are prepared for the encoder
    (`readers.py`). `pooled` makes one vector of those of a film as the run does that it gets, where
    it pools over time (`pools_over_time`).

    Raises:
        NotFound: the run has no such vectors. BadInput: they are of another encoder or revision.
    """
    check_encoder(run, modality, encoder)
    vectors = encoder.encode_prepared(parts)
    if pooled is not None and pools_over_time(run, modality):
        return pooled(run, vectors)
    mean: Vectors = np.mean(vectors, 0)
    return mean


def pools_over_time(run: Run, modality: Modality) -> bool:
    """Whether the vectors of a modality are what the run's own network makes of films."""
    return modality is VIDEO and run.get("video_pooling") == "tcn"
