"""Sentences as vectors in the space of the published text vectors, for packages that stand beside
this one: an entry point names `sentence_encoder` (`kg_platform.parts`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from embeddings.features.encoders.load import load_text_encoder
from embeddings.features.encoders.protocols import TextEncoder
from embeddings.publish.published import check_encoder, encoder_of, published_run
from kg_platform.errors import KgError
from kg_platform.modality import TEXT
from kg_platform.platform import Platform

if TYPE_CHECKING:
    from embeddings.data.feature_matrix import Vectors


def sentence_encoder(
    platform: Platform, on_problem: Callable[[str], None]
) -> Callable[[Sequence[str]], Vectors | None]:
    """A function of texts -> (n, d) rows of length 1, by the encoder that the live run records;
    None where there is no such run or its encoder cannot be had, which `on_problem` is told once.

    It stays with the encoder that it began with, as whoever asks may remember published vectors: a
    run of another one that is published meanwhile is such a problem.
    """
    loaded: list[TextEncoder] = []
    fitting: set[str] = set()  # runs
    lost: list[str] = []

    def of_the_live_run() -> TextEncoder:
        run = published_run(platform.graph)
        if not loaded:
            loaded.append(load_text_encoder(encoder_of(run, TEXT), platform.settings.device))
        if run["id"] not in fitting:
            check_encoder(run, TEXT, loaded[0])
            fitting.add(run["id"])
        return loaded[0]

    def encode(texts: Sequence[str]) -> Vectors | None:
        if lost:
            return None
        try:
            return of_the_live_run().encode_queries(texts)
        except KgError as error:
            lost.append(str(error))
            on_problem(str(error))
            return None

    return encode
