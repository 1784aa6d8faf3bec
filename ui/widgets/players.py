"""A medium of an entity: a picture, the player of a film, or that of a sound below its wave."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import streamlit as st

from kg_platform.browse.entities import MediaRow
from ui import resources
from ui.components.gallery import SmallPicture, gallery
from ui.language import say
from ui.widgets import text

_PLAYED = ("audio", "video")
_KINDS = ("image", "audio", "video", "document")
_MARKS = {"audio": "♪", "video": "▶", "document": "¶"}
_HEIGHT = 480  # of a document, in pixels; it scrolls


def called(kind: str) -> str:
    names = {
        "image": say("Picture"),
        "audio": say("Sound"),
        "video": say("Film"),
        "document": say("Document"),
    }
    return names.get(kind, kind)


def in_order(media: Iterable[MediaRow]) -> list[MediaRow]:
    """Pictures, then sounds, films and documents; those of a kind as they come."""
    order = {kind: place for place, kind in enumerate(_KINDS)}
    return sorted(media, key=lambda one: order.get(one.kind, len(order)))


def titles(media: Sequence[MediaRow]) -> list[str]:
    """What each is called: numbered where several are of one kind."""
    found, several, seen = [], Counter(one.kind for one in media), Counter[str]()
    for one in media:
        seen[one.kind] += 1
        name = called(one.kind)
        found.append(f"{name} {seen[one.kind]}" if several[one.kind] > 1 else name)
    return found


def first(media: Iterable[MediaRow], most: int) -> list[MediaRow]:
    """The first so many, in order, that can be shown; those behind them are not looked for."""
    return list(islice(filter(can_be_shown, in_order(media)), most))


def can_be_shown(medium: MediaRow) -> bool:
    """Whether there is something to look at; bytes that are missing or broken show nothing."""
    if medium.kind != "image":
        return resources.is_kept(medium.id)
    return resources.thumbnail(medium.id, resources.SMALL) is not None


def choose(
    media: Sequence[MediaRow], chosen: int, key: str, on_choose: Callable[[int], None]
) -> None:
    """Small pictures of all; which is shown large is for `on_choose` to say."""
    shown = [
        SmallPicture(
            None if one.kind == "document" else resources.thumbnail(one.id, resources.SMALL),
            title,
            one.caption,
            _MARKS.get(one.kind, ""),
        )
        for one, title in zip(media, titles(media), strict=True)
    ]
    gallery(shown, chosen, key, say("Pictures, sounds, films and documents"), on_choose)


def show(medium: MediaRow, label: str = "") -> None:
    """The medium; of a recording the part that is meant, if one is. `label` names what it is of."""
    if medium.kind == "document":
        with st.container(border=True, height=_HEIGHT, key=f"document_{medium.id[:16]}"):
            read(medium)
        return
    with st.container(border=True):
        seen = resources.thumbnail(medium.id, resources.LARGE)
        if seen and medium.kind != "video":  # its player shows its first picture
            st.image(seen, width="stretch", alt=medium.caption or label)
        if medium.kind not in _PLAYED:
            if seen is None:
                st.caption(say("This picture's bytes are missing or broken."))
            return
        found = resources.recording(medium.id)
        if found is None:
            st.caption(say("This recording's bytes are missing."))
            return
        play = st.audio if medium.kind == "audio" else st.video
        play(
            found,
            format=medium.mime,
            start_time=math.floor(medium.start or 0),
            end_time=None if medium.end is None else math.ceil(medium.end),
        )


def read(medium: MediaRow) -> None:
    """What a document says, as text: nothing that stands in it is run or asked for."""
    with text.errors():
        found = resources.document(medium.id)
        text.paragraphs(found)
        if len(found) == resources.MOST_READ:
            text.note(say("The first {count} characters.", count=f"{resources.MOST_READ:,}"))


def described(medium: MediaRow) -> str:
    """Its figures in a line."""
    size = f"{medium.width} x {medium.height}" if medium.width and medium.height else ""
    length = f"{medium.duration:.1f} s" if medium.duration else ""
    much = say("{count} characters", count=f"{medium.characters:,}") if medium.characters else ""
    pages = say("{count} pages", count=f"{medium.pages:,}") if medium.pages else ""
    part = ""
    if medium.start is not None or medium.end is not None:
        end = say("the end") if medium.end is None else f"{medium.end:g} s"
        part = say("from {start} s to {end}", start=f"{medium.start or 0:g}", end=end)
    parts = [
        medium.mime,
        size,
        length,
        part,
        pages,
        much,
        medium.role if medium.role != medium.kind else "",
    ]
    return " · ".join(filter(None, parts))
