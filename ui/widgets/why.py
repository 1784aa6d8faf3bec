"""Why two entities are alike, side by side: shares, facts of both, marked texts and pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape

import streamlit as st
from PIL import Image

from embeddings.answers.picture_reasons import PictureReasons
from embeddings.answers.text_reasons import TextReasons
from embeddings.answers.why_similar import WhySimilar
from kg_platform.browse.comparing import Path
from kg_platform.browse.entities import EntityRow
from kg_platform.errors import KgError
from ui import resources
from ui.components import cards
from ui.language import say
from ui.sentences import told
from ui.widgets import text as plain
from ui.widgets.neighbours import names
from ui.widgets.reasons_drawn import LONG, marked, outlined


def why(found: WhySimilar) -> None:
    """All of it."""
    left, right = st.columns(2, gap="large")
    for column, row in ((left, found.one), (right, found.other)):
        with column:
            _head(row)
    _shares(found)
    _common(found)
    if found.text is not None:
        with st.container(border=True):
            plain.heading(say("What carries the likeness of their texts"))
            if not found.text.found:
                plain.note(
                    say("No single reason: no sentence or word carries more than any other.")
                )
            columns = st.columns(2, gap="large")
            for column, side in zip(columns, (found.text.one, found.text.other), strict=True):
                with column:
                    _text(side)
    if found.picture is not None:
        with st.container(border=True):
            plain.heading(say("What carries the likeness of their pictures"))
            if not found.picture.found:
                plain.note(say("No single reason: no region carries more than any other."))
            columns = st.columns(2, gap="large")
            sides = (
                (found.picture.one_picture, found.picture.one, found.one),
                (found.picture.other_picture, found.picture.other, found.other),
            )
            for column, (digest, reasons, row) in zip(columns, sides, strict=True):
                with column:
                    _picture(digest, reasons, row)
    for problem in found.problems:
        plain.hint(told(problem))


def _head(row: EntityRow) -> None:
    cards.cards([cards.Card(row, row.type or "")], key=f"why_{row.id}", shape="chips")
    if row.description:
        plain.note(row.description[:300])


def _shares(found: WhySimilar) -> None:
    called = names() | {"structure": say("Relations")}
    with st.container(border=True):
        cosine = "–" if found.cosine is None else f"{found.cosine:.3f}"
        plain.heading(say("What each kind gives"), say("cosine {value}", value=cosine))
        if found.shares:
            largest = max(abs(share.value) for share in found.shares) or 1.0
            rows = [
                (
                    called.get(share.part, share.part),
                    abs(share.value) / largest,
                    f"{share.value:+.3f}",
                    share.value < 0,
                )
                for share in found.shares
            ]
            _bars(rows)
            plain.note(say("Shares of the cosine of their whole vectors; they add up to it."))
        elif found.shares_missing:
            plain.note(told(found.shares_missing))
        by = [(called[way], max(value, 0), _beside(value, found.nearer.get(way)), False)
              for way, value in found.cosines.items() if way != "embedding"]  # fmt: skip
        if by:
            plain.heading(say("Each kind by itself"), say("beside entities drawn at random"))
            _bars(by)


def _beside(value: float, nearer: float | None) -> str:
    if nearer is None:
        return f"{value:.3f}"
    return say("{value} · nearer than {share}", value=f"{value:.3f}", share=f"{nearer:.0%}")


def _bars(rows: Sequence[tuple[str, float, str, bool]]) -> None:
    """Names, lengths from 0 to 1, and figures; whether against."""
    cells = "".join(
        f'<span>{escape(name)}</span><span class="kg-bar{" against" if against else ""}">'
        f'<i style="width:{100 * min(size, 1):.0f}%"></i></span><b>{escape(figure)}</b>'
        for name, size, figure, against in rows
    )
    st.html(f'<div class="kg-bars">{cells}</div>')


def _common(found: WhySimilar) -> None:
    common = found.common
    with st.container(border=True):
        count = common.shared_count
        plain.heading(say("Facts of both"), "" if count is None else f"{count:,}")
        if count is None:
            plain.note(say("Both have so many relations that facts of both were not looked for."))
        for relation, outgoing in common.between:
            ends = (found.one.label, found.other.label)
            first, second = ends if outgoing else reversed(ends)
            plain.note(f"{first} → {relation} → {second}")
        groups: dict[tuple[str, bool], list[EntityRow]] = {}
        for fact in common.shared:
            groups.setdefault((fact.relation, fact.outgoing), []).append(fact.entity)
        for at, ((relation, outgoing), rows) in enumerate(groups.items()):
            plain.note(f"{'→' if outgoing else '←'} {relation}")
            cards.cards([cards.Card(row) for row in rows], key=f"why_shared_{at}", shape="chips")
        if count is not None and count > len(common.shared):
            plain.note(say("The {count} that fewest others have.", count=f"{len(common.shared):,}"))
        further = [path for path in common.paths if not _told(path, bool(common.shared))]
        if further:
            plain.heading(say("Ways from one to the other"))
            for path in further:
                plain.note(_way(path))
        elif count == 0 and not common.between:
            plain.note(say("None, and no way of three facts or fewer."))


def _told(path: Path, shared: bool) -> bool:
    """Whether what both have says a path already."""
    if len(path.steps) == 1:
        return True
    two = len(path.steps) == 2 and path.steps[0].relation == path.steps[1].relation
    return two and shared and path.steps[0].forward != path.steps[1].forward


def _way(path: Path) -> str:
    said = path.nodes[0][1]
    for step, (_, label) in zip(path.steps, path.nodes[1:], strict=True):
        said += f" —{step.relation}→ {label}" if step.forward else f" ←{step.relation}— {label}"
    return said


def _text(side: TextReasons) -> None:
    parts = [(word.start, word.end, "word") for word in side.words]
    whole = (side.sentence.start, side.sentence.end) if side.sentence else None
    st.html(f'<div class="kg-reasons">{marked(side.text[:LONG], parts, whole)}</div>')
    if side.sentence:
        plain.note(
            say(
                "Without the marked sentence the cosine falls by {drop}: more than without {beats} "
                "of {of} other parts as long.",
                drop=f"{side.sentence.drop:.3f}",
                beats=side.sentence.beats,
                of=side.sentence.of,
            )
        )
    if side.words:
        told = ", ".join(f"{word.text} {word.drop:.3f}" for word in side.words)
        plain.note(say("Words that carry most: {words}", words=told))
    if not side.sentence and not side.words:
        plain.note(say("No single reason in this text."))


def _picture(digest: str, reasons: PictureReasons, row: EntityRow) -> None:
    picture = _opened(digest)
    if picture is None:
        plain.note(say("The picture cannot be read."))
        return
    if reasons.cells:
        shown, alt = outlined(picture, reasons), say("Picture with its region marked")
    else:
        shown, alt = picture, say("Picture")
    packed = io.BytesIO()
    shown.save(packed, "PNG")
    st.image(packed.getvalue(), width=320, alt=alt)
    if reasons.cells:
        plain.note(
            say(
                "Without the marked region the cosine falls by {drop}: more than without {beats} "
                "of {of} other choices of as many cells.",
                drop=f"{reasons.drop:.3f}",
                beats=reasons.beats,
                of=reasons.of,
            )
        )
    else:
        plain.note(say("No single reason in this picture."))


def _opened(digest: str) -> Image.Image | None:
    try:
        return resources.kept_picture(digest)
    except KgError:
        return None
