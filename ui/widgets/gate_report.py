"""What the gate said of a run: each check with a mark, its sentence, and where its number lies in
what passes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from ui.language import named, say
from ui.sentences import told
from ui.widgets import text

CHECKS = {
    "vectors": "all vectors",
    "norms": "norms",
    "figure": "figure",
    "neighbours": "neighbours",
}
_WIDE = 20.0  # where what passes spans so many times, the scale is of logarithms
_ROOM = 0.12  # of the scale, beyond what is on it


def show(report: Mapping[str, Any]) -> None:
    """`Verdict.as_dict`, as a step of the run keeps it; numbers where the run kept them."""
    against = report.get("live")
    if against:
        text.note(say("Compared with the run that was live, {run}.", run=against))
    if report.get("gate") == "forced":
        who, why = report.get("forced_who", ""), report.get("forced_why", "")
        text.alert(say("{name} let it go live all the same: {why}", name=who, why=why))
    marks = {True: ("✓", "pass"), False: ("✗", "fail"), None: ("–", "open")}
    words = {True: say("passed"), False: say("refused"), None: say("not asked")}
    rows = []
    for check in report.get("checks", ()):
        mark, kind = marks[check["passed"]]
        name, passed = check_called(check["name"]), words[check["passed"]]
        rows.append(
            f'<div class="kg-check {kind}"><span class="kg-mark" aria-hidden="true">{mark}</span>'
            f"<div><b>{escape(name)}</b> <em>{escape(passed)}</em>"
            f"<p>{escape(told(check['said']))}</p>{track(check.get('figures') or {})}</div></div>"
        )
    st.html(f'<div class="kg-checks">{"".join(rows)}</div>')


def check_called(name: str) -> str:
    """A check in the reader's language; a canary has the name of its entity in it."""
    return told(named(CHECKS, name))


def track(figures: Mapping[str, float]) -> str:
    """A line with what passes shaded, a dot for this run, and a stroke for the live one."""
    names = ("now", "least", "most")
    if not all(isinstance(figures.get(name), int | float) for name in names):
        return ""
    now, least, most = (float(figures[name]) for name in names)
    live = figures.get("live")
    shown = [now, least, most, *([float(live)] if live is not None else [])]
    if not all(map(math.isfinite, shown)):
        return ""
    at = _scale(shown)
    parts = [f'<i class="kg-room" style="left:{at(least)}%;width:{at(most) - at(least):.1f}%"></i>']
    if live is not None:
        parts.append(f'<i class="kg-live" style="left:{at(float(live))}%"></i>')
    parts.append(f'<i class="kg-now" style="left:{at(now)}%"></i>')
    said = [say("this run {figure}", figure=f"{now:.4g}")]
    said += [say("live {figure}", figure=f"{float(live):.4g}")] if live is not None else []
    said.append(say("passes from {least} to {most}", least=f"{least:.4g}", most=f"{most:.4g}"))
    words = escape(", ".join(said))
    return (
        f'<div class="kg-track" role="img" aria-label="{words}">{"".join(parts)}</div>'
        f"<small>{words}</small>"
    )


def _scale(shown: Sequence[float]) -> Any:
    """Figure -> per cent of the width."""
    low, high = min(shown), max(shown)
    logarithmic = low > 0 and high / low > _WIDE
    turned = math.log if logarithmic else float
    start, end = turned(low), turned(high)
    room = (end - start) * _ROOM or 1.0
    return lambda value: round(100 * (turned(value) - start + room) / (end - start + 2 * room), 1)
