"""Texts of an entity by language; what is no text in a language stays a property."""

from __future__ import annotations

from kg_platform.browse.texts import InLanguage, in_languages, without_texts

SAID = {
    "label_zh": "日本",
    "label_pt-BR": "Japão",
    "description_zh": "国",
    "label_x": "a",
    "area": 1,
}


def test_texts_by_language() -> None:
    assert in_languages(SAID) == {
        "pt-BR": InLanguage("Japão", ""),
        "zh": InLanguage("日本", "国"),
    }
    assert without_texts(SAID) == {"label_x": "a", "area": 1}
