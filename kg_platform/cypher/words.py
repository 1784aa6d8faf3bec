"""What a person types, as forms of a label and as queries of the full-text index.

The index cuts texts with its own analyser. So a query holds what was typed between quotes, which
Lucene cuts in the same way, whatever stands in it; beginnings of words and near spellings, which
are not cut, stand beside that.
"""

from __future__ import annotations

import re
import unicodedata

MOST_WORDS = 20
# Lucene takes no longer ones for a prefix or near spelling.
MOST_CHARACTERS = 100
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def forms(text: str) -> list[str | int]:
    """The values of `n.label` that are called exactly so, in whichever Unicode normal form; another
    client may have stored a number."""
    typed = dict.fromkeys((text, text.strip()))
    found = [form for each in typed for form in _normal_forms(each) if form.strip()]
    number = _WHOLE_NUMBER.fullmatch(text.strip())
    return [*dict.fromkeys(found), *([int(number[0])] if number else [])]


def cased(text: str) -> list[str]:
    """The text in the cases in which labels are mostly written, in each Unicode normal form."""
    typed = text.strip()
    cases = (typed.lower(), typed.upper(), typed.title(), typed.capitalize())
    return list(dict.fromkeys(form for case in cases for form in _normal_forms(case) if form))


def label_phrase(text: str, label: str = "label") -> list[str]:
    """The query for labels that hold these words one after the other, in a list; [] for a blank.

    `label` is what the property is called in the graph.
    """
    phrases = [f"{label}:{_phrase(form)}" for form in _normal_forms(text.strip()) if form]
    return [" OR ".join(phrases)] if phrases else []


def all_words(text: str) -> list[str]:
    """The query for nodes that hold every word (or a longer one), in a list; [] for a blank."""
    found = [" OR ".join([*_quoted(part), *_begun(part)]) for part in _parts(text)]
    return [" AND ".join(f"({each})" for each in found)] if found else []


def similar_words(text: str) -> list[str]:
    """The same for nodes that hold some of the words, or words spelled nearly so."""
    found = [
        " OR ".join([*_quoted(part), *_begun(part), *(f"{_term(core)}~" for core in _cores(part))])
        for part in _parts(text)
    ]
    return [" OR ".join(found)] if found else []


def forgiving_words(text: str) -> list[str]:
    """The query for nodes that hold every word, or one spelled nearly so, in a list; [] if blank.

    A word of three letters or more may have one other letter, one of six or more two.
    """
    found = []
    for part in _parts(text):
        near = [
            f"{_term(core)}~{2 if len(core) > 5 else 1}" for core in _cores(part) if len(core) > 2
        ]
        found.append(" OR ".join([*_quoted(part), *_begun(part), *near]))
    return [" AND ".join(f"({each})" for each in found)] if found else []


def _parts(text: str) -> list[str]:
    return [part[:MOST_CHARACTERS] for part in text.split()[:MOST_WORDS]]


def _normal_forms(text: str) -> list[str]:
    return list(dict.fromkeys((text, *(unicodedata.normalize(f, text) for f in ("NFC", "NFD")))))


def _quoted(part: str) -> list[str]:
    return [f"{_phrase(form)}^2" for form in _normal_forms(part)]


def _begun(part: str) -> list[str]:
    """The part as the beginning of a word; and its pieces between signs, each as one, as the index
    cuts at some signs only."""
    found = [f"{_term(core)}*" for core in _cores(part)]
    pieces = _marked(part).split()
    if len(pieces) > 1:
        found.append("(" + " AND ".join(f"{_term(piece)}*" for piece in pieces) + ")")
    return found


def _cores(part: str) -> list[str]:
    """The part's normal forms without signs at their ends; [] if it is nothing but signs."""
    found = []
    for form in _normal_forms(part):
        marked = _marked(form)
        core = form[len(marked) - len(marked.lstrip()) : len(marked.rstrip())]
        found += [core] if core else []
    return found


def _marked(text: str) -> str:
    """The text with a blank for each sign; what combines with a letter is none."""
    return "".join(c if _in_word(c) else " " for c in text)


def _in_word(character: str) -> bool:
    return (
        character.isalnum()
        or unicodedata.category(character)[0] == "M"
        or character in "_\u200c\u200d"
    )


def _phrase(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _term(word: str) -> str:
    """A word that is not read as query syntax, nor as an operator, which are in capitals."""
    # The analyser's lower case is a character for a character; Python's makes two of `İ`.
    small = "".join(c.lower() if len(c.lower()) == 1 else c for c in word)
    return "".join(c if _in_word(c) else f"\\{c}" for c in small)
