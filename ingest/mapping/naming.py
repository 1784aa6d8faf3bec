"""Words that names of tables and columns are made of."""

from __future__ import annotations

import re

IS_KEY = re.compile(r"_(id|key|code|no|ref)s?$")
LABELS = ("name", "label", "title", "full_name", "fullname", "display_name", "bezeichnung")


def word_of(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^\w]+", "_", spaced).lower().strip("_")


def singular(word: str) -> str:
    irregular = {"people": "person", "children": "child", "men": "man", "women": "woman"}
    if word in irregular:
        return irregular[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def type_of(name: str) -> str:
    """`Film` of `films`: the type of what a table holds."""
    return "".join(part.capitalize() for part in singular(word_of(name)).split("_")) or "Thing"
