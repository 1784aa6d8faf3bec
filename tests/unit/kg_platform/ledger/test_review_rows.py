"""Whose word on a review item is the last."""

from __future__ import annotations

from kg_platform.ledger.review_rows import last_words


def step(at: str, by: str, what: str) -> dict[str, str]:
    return {"at": at, "by": by, "what": what, "note": ""}


def test_the_last_word_is_the_latest_whether_decided_or_said() -> None:
    history = [step("2", "ann", "rejected")]
    assert last_words(history, [("1", "ann", "accepted")]) == {"ann": "rejected"}
    assert last_words(history, [("3", "ann", "accepted")]) == {"ann": "accepted"}
    assert last_words([], []) == {}


def test_who_takes_their_own_decision_back_has_not_said_it() -> None:
    history = [step("1", "ann", "accepted"), step("2", "ann", "later"), step("3", "ann", "open")]
    assert last_words(history, []) == {}
    assert last_words(history, [("2", "ann", "rejected")]) == {"ann": "rejected"}
    others = [step("1", "ann", "accepted"), step("3", "bob", "open")]
    assert last_words(others, [("2", "bob", "rejected")]) == {"ann": "accepted", "bob": "rejected"}
    assert last_words([*others, step("4", "bob", "accepted"), step("5", "bob", "open")], []) == {
        "ann": "accepted"
    }
