"""What a page gave to one of our components, which AppTest shows as their protocol's messages."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def component(app: AppTest, key: str) -> dict[str, Any]:
    """The data of the component whose key begins so."""
    for one in app.get("bidi_component"):
        if f"-{key}" in one.proto.id:
            found: dict[str, Any] = json.loads(one.proto.json)
            return found
    raise AssertionError(f"no component {key} on the page")
