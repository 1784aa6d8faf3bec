"""Sentences as vectors in the space of the published text vectors, for packages that stand beside
this one: an entry point names `sentence_encoder` (`kg_platform.parts`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from embeddings.features.encoders.load import load_text_encoder
from embeddings.features.encoders.protocols import TextEncoder
from embeddings.publish.published import check_encoder, published_run, with_encoder
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
    """
    loaded: dict[str, TextEncoder] = {}
    lost: list[str] = []

    def load(name: str) -> TextEncoder:
        if name not in loaded:
            loaded[name] = load_text_encoder(name, platform.settings.device)
        return loaded[name]

    def ask(encoder: TextEncoder, texts: Sequence[str]) -> Vectors:
        check_encoder(published_run(platform.graph), TEXT, encoder)
        return encoder.encode_queries(texts)

    def encode(texts: Sequence[str]) -> Vectors | None:
        if lost:
            return None
        try:
            return with_encoder(platform.graph, TEXT, load, lambda one: ask(one, texts))
        except KgError as error:
            lost.append(str(error))
            on_problem(str(error))
            return None

    return encode
