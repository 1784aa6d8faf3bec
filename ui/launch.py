"""Streamlit, with what a login takes handed over in memory: no file ever has the client secret.

`kg ui` becomes this process: `python -m ui.launch run app.py --server.port=...`. The one place that
asks for Streamlit's keeper of secrets, which is no public name.
"""

from __future__ import annotations

from streamlit.runtime.secrets import secrets_singleton
from streamlit.web import cli

from kg_platform.settings import load
from ui import login


def main() -> None:
    settings = load()
    if login.is_wanted(settings):
        secrets_singleton.merge_programmatic_secrets({"auth": dict(login.secrets(settings))})
    cli.main(prog_name="kg ui")


if __name__ == "__main__":
    main()
