"""What is asked of a KG_HOME that an earlier version made: by that version, and by today's.

`{first}` and the like stand for runs, whose ids `answers.json` has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The encoder of the published runs: a small folder beside KG_HOME. The run that was stopped has the
# platform's own, of which a checkpoint keeps less than an artifact does.
SMALL, OWN = "encoder", "minilm"
QUICK = ("embed", "--preset", "fast", "--set", "precision=fp32", "--json")
TRAIN = (*QUICK, "--dimension", "16", "--no-pictures")
STOPPED = (*QUICK, "--dimension", "4", "--epochs", "60", "--set", "patience=100", "--no-publish")
TEXT = "a country in region 1 with a harbour"
TOLERANCE = 1e-5
# What changes as time goes by, and what later versions say besides.
PASSING = {
    "status": {"age", "what sources said of entities that are gone", "streams"},
    "entity": {"statements"},
    "new entity": {"statements"},
    "prediction": {"basis"},
    "prediction of a new one": {"basis"},
    "review": {"comments"},
    "gate": {"figures"},
    "schedules": {"state", "next", "next_local", "note"},
}
NEW = "N0"  # came after the last training


@dataclass(frozen=True)
class Question:
    """A command, and the text encoder that is set for it."""

    words: tuple[str, ...]
    encoder: str = SMALL

    def of(self, runs: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(word.format(**runs) for word in self.words)


def _asked(*words: str) -> Question:
    return Question((*words, "--json"))


# What changes nothing: every figure of the answer must come again.
READING = {
    "migrations": _asked("migrate", "--check"),
    "runs": _asked("runs"),
    "first run": _asked("runs", "show", "{first}"),
    "second run": _asked("runs", "show", "{second}"),
    "new entities' run": _asked("runs", "show", "{new}"),
    "difference": _asked("runs", "diff", "{first}", "{second}"),
    "status": _asked("status"),
    "entity": _asked("show", "C04"),
    "new entity": _asked("show", NEW),
    "similar": _asked("similar", "C04"),
    "similar to a new one": _asked("similar", NEW),
    "similar by structure": _asked("similar", "C04", "--by", "structure"),
    "similar by text": _asked("similar", "C04", "--by", "text"),
    "similar to a text": _asked("similar", "--text", TEXT),
    "prediction": _asked("predict", "C04", "LANGUAGE"),
    "prediction of a new one": _asked("predict", NEW, "LANGUAGE"),
    "explanation": _asked("explain", "C04", "IN_REGION", "North"),
    "rejections": _asked("rejections", "{ingest}"),
    "schedules": _asked("schedule", "list"),
    "reviews": _asked("review", "list", "--status", "all"),
    "review": _asked("review", "show", "1"),
    "gate": _asked("gate", "{first}"),
    "drift": _asked("drift", "{first}", "{second}"),
}
# What goes on with it, in this order.
WORKING = {
    "taken up": Question(STOPPED, OWN),
    "published": _asked("publish", "{stopped}", "--force", "--why", "other encoders"),
    "similar to a text, by minilm": _asked("similar", "--text", TEXT),
    "similar by picture": _asked("similar", "C04", "--by", "image"),
    "rolled back": _asked("rollback", "{first}"),
    "similar then": _asked("similar", "C04"),
    "reproduced": _asked("runs", "reproduce", "{second}"),
    "trained again": Question(TRAIN),
}


def differences(name: str, then: Any, now: Any) -> list[str]:
    """Where two answers to a question are not the same, but for what time changes."""
    return _differences(name, then, now, PASSING.get(name, set()))


def _differences(where: str, then: Any, now: Any, passing: set[str]) -> list[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        names = sorted({*then, *now} - passing)
        pairs = [(f"{where}.{name}", then.get(name), now.get(name)) for name in names]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = [(f"{where}[{i}]", *both) for i, both in enumerate(zip(then, now, strict=True))]
    elif isinstance(then, float) and isinstance(now, float):
        return [] if abs(then - now) <= TOLERANCE else [f"{where}: {then} was, {now} is"]
    else:
        return [] if then == now else [f"{where}: {then!r} was, {now!r} is"]
    return [line for each in pairs for line in _differences(*each, passing)]
