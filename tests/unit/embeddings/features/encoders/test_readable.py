"""Texts of which a tokenizer knows nothing: by pieces given, and by MiniLM's own."""

from __future__ import annotations

import pytest

from embeddings.features.encoders.load import load_text_encoder
from embeddings.features.encoders.readable import readable, unreadable_note, unreadable_query

PIECES = {
    "dog": ["dog"],
    "\u0e2b": ["[UNK]"],
    "\u0e2b 20!": ["[UNK]", "20", "!"],
    "\u0e2b\u00e9": ["[UNK]", "\u00e9"],
    "20!": ["20", "!"],
    "\u1780": ["\u2581", "<0xE1>", "<0x9E>"],
    " ": [],
}


@pytest.mark.parametrize(
    ("text", "known"),
    [*zip(PIECES, [True, False, False, True, True, False, True], strict=True)],
)
def test_a_known_piece_with_a_letter_is_what_it_takes(text: str, known: bool) -> None:
    asked: list[str] = []

    def pieces(texts: list[str]) -> list[list[str]]:
        asked.extend(texts)
        return [PIECES[one] for one in texts]

    assert readable([text], pieces, "[UNK]").tolist() == [known]
    assert asked == ([] if text == "dog" else [text]), "plain letters need no look"


def test_minilm_reads_no_thai_khmer_or_emoji() -> None:
    encoder = load_text_encoder("minilm", "cpu")
    strange = [
        "\u0e2b\u0e21\u0e32",
        "\u0e17\u0e30\u0e40\u0e25",
        "\u1786\u17d2\u1780\u17c2",
        "\U0001f436",
    ]
    known = [
        "dog",
        "caf\u00e9",
        "\u00e9t\u00e9",
        "\u043c\u043e\u0440\u0435",
        "\u65e5\u672c",
        "42",
        "",
        "\U0001f436 dog",
    ]
    assert encoder.readable(strange).tolist() == [False] * len(strange)
    assert encoder.readable(known).tolist() == [True] * len(known)


def test_the_sentences_say_what_to_do() -> None:
    assert unreadable_note(1_200, "minilm") == (
        "Texts without a vector: 1,200; the text encoder minilm has no pieces for such a script; "
        "KG_TEXT_ENCODER=multilingual-e5-small reads about 100 languages, set it and run "
        "`kg embed` again."
    )
    assert "to a model that has" in unreadable_query("intfloat/multilingual-e5-small")
