"""The media that a JSON object of an entity names: `image`, `images`, `audio` and `video`.

Each is one or several; one is a path, a web address, a `data:` address with the bytes in it, or an
object that says more of it. Values are
passed on as they are: `validate` judges them.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote_to_bytes

from kg_platform.records import HeldMedium, MediaRef

_KEYS = {"image": "image", "images": "image", "audio": "audio", "video": "video"}
_DATA = "data:"
_OBJECT = frozenset({"path", "url", "caption", "rank", "from", "to"})


def media_of(row: dict[str, Any]) -> tuple[MediaRef, ...]:
    """References of the object, which are taken out of it. Ranks count by role."""
    found: list[MediaRef] = []
    for key, role in _KEYS.items():
        given = row.pop(key, None)
        for one in given if isinstance(given, list) else [given]:
            if given is not None:
                found.append(_ref(one, role, sum(ref.role == role for ref in found)))
    return tuple(found)


def _ref(given: Any, role: str, rank: int) -> MediaRef:
    if not isinstance(given, dict):
        return MediaRef(_place(given, role), role, rank)
    path: Any = given.get("path")
    url: Any = given.get("url")
    one = (path is None) != (url is None)
    # What is no place of a medium is refused as it stands.
    if not one or not given.keys() <= _OBJECT or _is_no_address(url):
        return MediaRef(given, role, rank)  # type: ignore[arg-type]
    caption, own = given.get("caption"), given.get("rank")
    return MediaRef(
        location=_place(url if path is None else path, role),
        role=role,
        rank=rank if own is None else own,
        caption="" if caption is None else caption,
        start=given.get("from"),
        end=given.get("to"),
    )


def _is_no_address(url: Any) -> bool:
    return url is not None and "://" not in str(url) and not str(url).startswith(_DATA)


def _place(given: Any, role: str) -> Any:
    """A place; of one that has its bytes with it, these."""
    if not isinstance(given, str) or not given.startswith(_DATA):
        return given
    head, _, body = given.partition(",")
    try:
        if head.endswith(";base64"):
            return HeldMedium.of(base64.b64decode(unquote_to_bytes(body), validate=True), role)
        return HeldMedium.of(unquote_to_bytes(body), role)
    except ValueError:
        return given  # there is no such file
