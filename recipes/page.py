"""A recipe's page: its questions, what asks each, and the answer as it was when it was written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_QUESTION = re.compile(r"^### (?P<title>.+?)\n(?P<body>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Question:
    """`asked` is Cypher, or a command line; `answer` is what the page says that it prints."""

    title: str
    asked: str
    cypher: bool
    answer: str

    @property
    def words(self) -> Sequence[str]:
        """What is typed after `kg`."""
        if self.cypher:
            return ["query", self.asked]
        return shlex.split(self.asked)[1:]


def questions(page: Path) -> list[Question]:
    """Of each heading of the third rank: the first block of code asks, the second answers."""
    found = []
    for match in _QUESTION.finditer(page.read_text(encoding="utf-8")):
        blocks = list(_FENCE.finditer(match["body"]))
        asked, answer = blocks[:2]
        cypher = asked["kind"] == "cypher"
        found.append(Question(match["title"], asked["text"].strip(), cypher, answer["text"]))
    return found


def with_answer(text: str, question: Question, answer: str) -> str:
    """A page's text with another answer to one of its questions."""
    before, title, after = text.partition(f"### {question.title}\n")
    asked, fence, rest = after.partition("```text\n")
    return "".join((before, title, asked, fence, answer, rest[rest.index("```") :]))
