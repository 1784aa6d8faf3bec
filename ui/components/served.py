"""Components whose files the browser fetches once, by address.

JavaScript that is handed over as text is part of the element: all of it is sent again whenever the
element's data change. A folder is served instead, so that `index.js` may import what stands beside
it (also libraries of others, as their makers publish them). The one place that asks Streamlit for
its register of components, which is no public name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

_HERE = Path(__file__).parent
_PACKAGE = "kg-platform"


def served(folder: str, html: str = "") -> Callable[..., Any]:
    """The component of `ui/components/<folder>/`: its `index.js`, and `index.css` if there.

    What it gives is called as what `st.components.v2.component` gives. It is registered when it is
    first mounted: only then there is a server, and a test of pages has one of its own each time.
    """
    css = "index.css" if (_HERE / folder / "index.css").exists() else None
    made: Callable[..., Any] | None = None

    def mounted(**given: Any) -> Any:
        nonlocal made
        manager = get_bidi_component_manager()
        name = f"{_PACKAGE}.{folder}"
        if made is None or manager.get_component_asset_root(name) is None:
            config = ComponentConfig(folder, folder)
            manager.register_from_manifest(ComponentManifest(_PACKAGE, "1", [config]), _HERE)
            made = st.components.v2.component(name, html=html, css=css, js="index.js")
        return made(**given)

    return mounted
