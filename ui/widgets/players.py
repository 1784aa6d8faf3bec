"""A medium of an entity: a picture, or the player of a sound or film below what is seen of it."""

from __future__ import annotations

import math

import streamlit as st

from kg_platform.browse.entities import MediaRow
from ui import resources

_PLAYED = ("audio", "video")


def can_be_shown(medium: MediaRow) -> bool:
    """Whether there is something to look at; bytes that are missing or broken show nothing."""
    if medium.kind in _PLAYED:
        return resources.recording(medium.id) is not None
    return resources.thumbnail(medium.id, resources.LARGE) is not None


def show(medium: MediaRow) -> None:
    """The medium; of a recording the part that is meant, if one is."""
    with st.container(border=True):
        if seen := resources.thumbnail(medium.id, resources.LARGE):
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
