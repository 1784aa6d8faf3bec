"""The media that a JSON object of an entity names: `image`, `images`, `audio`, `video`, `document`.

Each is one or several; one is a path, a web address, a `data:` address with the bytes in it, or an
object that says more of it. Values are passed on as they are: `validate` judges them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

from kg_platform.records import HeldMedium, MediaRef

_KEYS = {
    "image": "image",
    "images": "image",
    "audio": "audio",
    "video": "video",
    "document": "document",
}
_DATA = "data:"
_PLACES = ("path", "url", "bytes")
_OBJECT = frozenset({*_PLACES, "role", "caption", "rank", "from", "to"})


def media_of(row: dict[str, Any]) -> tuple[MediaRef, ...]:
    """References of the object, which are taken out of it. Ranks count by role."""
    found: list[MediaRef] = []
    for key, role in _KEYS.items():
        given = row.pop(key, None)
        for one in given if isinstance(given, list) else [given]:
            if given is not None:
                ref = media_ref(one, role)
                rank = sum(other.role == ref.role for other in found)
                found.append(ref if _ranked(one) else replace(ref, rank=rank))
    return tuple(found)


def media_ref(given: Any, kind: str, rank: int = 0) -> MediaRef:
    """One medium, of this kind unless it says its role itself."""
    if not isinstance(given, Mapping):
        return MediaRef(_place(given, kind), kind, rank)
    named = [given[name] for name in _PLACES if given.get(name) is not None]
    own_role: Any = given.get("role")
    role = kind if own_role is None else own_role
    # What is no place of a medium is refused as it stands; so is a document with another role: only
    # where one is asked for, text is taken for one.
    if "document" in (kind, role) and role != kind:
        return MediaRef(given, kind, rank)  # type: ignore[arg-type]
    if len(named) != 1 or not given.keys() <= _OBJECT or _is_no_address(given.get("url")):
        return MediaRef(given, kind, rank)  # type: ignore[arg-type]
    held = given.get("bytes") is not None
    location = _bytes(named[0], kind, given) if held else _place(named[0], kind)
    caption, own = given.get("caption"), given.get("rank")
    return MediaRef(
        location=location,
        role=role,
        rank=rank if own is None else own,
        caption="" if caption is None else caption,
        start=given.get("from"),
        end=given.get("to"),
    )


def _ranked(given: Any) -> bool:
    return isinstance(given, Mapping) and given.get("rank") is not None


def _bytes(text: Any, kind: str, given: Any) -> Any:
    """The medium whose bytes are `text`, in base64; without any, what was `given`."""
    try:
        return HeldMedium.of(base64.b64decode(text, validate=True), kind)
    except (ValueError, TypeError):
        return given


def _is_no_address(url: Any) -> bool:
    return url is not None and "://" not in str(url) and not str(url).startswith(_DATA)


def _place(given: Any, kind: str) -> Any:
    """A place; of one that has its bytes with it, these."""
    if not isinstance(given, str) or not given.startswith(_DATA):
        return given
    head, _, body = given.partition(",")
    try:
        if head.endswith(";base64"):
            return HeldMedium.of(base64.b64decode(unquote_to_bytes(body), validate=True), kind)
        return HeldMedium.of(unquote_to_bytes(body), kind)
    except ValueError:
        return given  # there is no such file
