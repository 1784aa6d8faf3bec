"""A medium of an entity: a picture, the player of a film, or that of a sound below its wave."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

import streamlit as st

from kg_platform.browse.entities import MediaRow
from ui import resources

_PLAYED = ("audio", "video")
_TITLES = {"image": "Picture", "audio": "Sound", "video": "Film"}


def in_order(media: Iterable[MediaRow]) -> list[MediaRow]:
    """Pictures, then sounds, then films; those of a kind as they come."""
    kinds = list(_TITLES)
    return sorted(media, key=lambda one: kinds.index(one.kind) if one.kind in kinds else len(kinds))


def titles(media: Sequence[MediaRow]) -> list[str]:
    """What each is called: numbered where several are of one kind."""
    found, several, seen = [], Counter(one.kind for one in media), Counter[str]()
    for one in media:
        seen[one.kind] += 1
        name = _TITLES.get(one.kind, one.kind)
        found.append(f"{name} {seen[one.kind]}" if several[one.kind] > 1 else name)
    return found


def first(media: Iterable[MediaRow], most: int) -> list[MediaRow]:
    """The first so many, in order, that can be shown; those behind them are not looked for."""
    return list(islice(filter(can_be_shown, in_order(media)), most))


def can_be_shown(medium: MediaRow) -> bool:
    """Whether there is something to look at; bytes that are missing or broken show nothing."""
    if medium.kind in _PLAYED:
        return resources.is_kept(medium.id)
    return resources.thumbnail(medium.id, resources.LARGE) is not None


def show(medium: MediaRow) -> None:
    """The medium; of a recording the part that is meant, if one is."""
    with st.container(border=True):
        seen = resources.thumbnail(medium.id, resources.LARGE)
        if seen and medium.kind != "video":  # its player shows its first picture
            st.image(seen, width="stretch", alt="")
        if medium.kind not in _PLAYED:
            return
        found = resources.recording(medium.id)
        if found is None:
            return
        play = st.audio if medium.kind == "audio" else st.video
        play(
            found,
            format=medium.mime,
            start_time=math.floor(medium.start or 0),
            end_time=None if medium.end is None else math.ceil(medium.end),
        )
