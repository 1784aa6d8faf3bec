"""Where a sentence ends, and where it stands."""

from __future__ import annotations

from ingest.extraction.languages.language import language
from ingest.extraction.sentences import MOST_CHARACTERS, sentences
from kg_platform.documents.passages import Passage, TextPlace


def cut(text: str) -> list[str]:
    passage = Passage(text, TextPlace("a.txt", line=1))
    return [one.text for one in sentences(passage, language("english").abbreviations)]


def test_where_a_sentence_ends() -> None:
    assert cut("Dr. Ann met J. Smith. Was it so? Yes!\n\nNew one") == [
        "Dr. Ann met J. Smith.", "Was it so?", "Yes!", "New one",
    ]  # fmt: skip
    assert cut("It grew by 3.5 per cent. \"So it did.\" It ended.") == [
        "It grew by 3.5 per cent.", "\"So it did.\"", "It ended.",
    ]  # fmt: skip
    assert cut("法国的首都是巴黎。柏林是德国的首都！是吗？") == [
        "法国的首都是巴黎。", "柏林是德国的首都！", "是吗？",
    ]  # fmt: skip


def test_what_is_too_long_for_a_sentence_is_cut_at_a_blank() -> None:
    found = cut("word " * 1_000)
    assert all(len(one) <= MOST_CHARACTERS and one.endswith("word") for one in found)
    assert " ".join(found).split() == ["word"] * 1_000
    assert len(cut("x" * 2_500)) == 3
    assert len(cut("!" * 200_000 + "x")) == 201  # took an hour


def test_places_count_lines_and_characters() -> None:
    passage = Passage("One.\nTwo\nis here.", TextPlace("a.txt", line=7, offset=100))
    assert [(one.place.line, one.place.offset) for one in sentences(passage)] == [
        (7, 100), (8, 105),
    ]  # fmt: skip
    of_entity = TextPlace("description", entity="JPN")
    assert of_entity.words() == "description of JPN"
