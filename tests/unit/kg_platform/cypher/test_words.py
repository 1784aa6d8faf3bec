"""What a person types, as forms of a label and as queries that Lucene cuts as it cuts labels."""

from __future__ import annotations

import pytest

from kg_platform.cypher.words import all_words, forms, label_phrase, similar_words


def test_a_label_in_each_normal_form() -> None:
    composed, apart = "M\u00e1laga", "Ma\u0301laga"
    assert forms(composed) == [composed, apart]
    assert forms(apart) == [apart, composed]
    assert forms(" Japan ") == [" Japan ", "Japan"]
    assert forms("  ") == []
    # Another client may have stored a number.
    assert forms("1984") == ["1984", 1984]
    assert forms("1" * 30) == ["1" * 30]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Japan", '("Japan"^2 OR japan*)'),
        ("O'Brien", "(\"O'Brien\"^2 OR o\\'brien* OR (o* AND brien*))"),
        ("Dr. No", '("Dr."^2 OR dr*) AND ("No"^2 OR no*)'),
        # An operator of Lucene's is a word like any other, and so is its syntax.
        ("NOT", '("NOT"^2 OR not*)'),
        ('a"\\*', '("a\\"\\\\*"^2 OR a*)'),
        # Nothing but signs: whatever the index has of it.
        ("🎉", '("🎉"^2)'),
        # Marks are of their letter; a lower case that is longer is left to the index.
        ("हिन्दी", '("हिन्दी"^2 OR हिन्दी*)'),
        ("\u0130z", '("\u0130z"^2 OR "I\u0307z"^2 OR \u0130z* OR i\u0307z*)'),
    ],
)
def test_words_are_quoted_and_begun(text: str, query: str) -> None:
    assert all_words(text) == [query]


def test_near_spellings() -> None:
    assert similar_words("Jappan No") == [
        '"Jappan"^2 OR jappan* OR jappan~ OR "No"^2 OR no* OR no~'
    ]


def test_a_whole_label_stays_together() -> None:
    assert label_phrase(' He said "no" ') == ['label:"He said \\"no\\""']
    assert label_phrase("\u00e9") == ['label:"\u00e9" OR label:"e\u0301"']


def test_a_blank_asks_nothing() -> None:
    assert all_words(" ") == similar_words(" ") == label_phrase(" ") == []
