"""Run Streamlit with our settings, in the place of this process.

Taking this process's place (exec) leaves nothing behind: Ctrl-C, SIGTERM and kill -9 reach the
one process there is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from kg_platform.console import note
from kg_platform.errors import BadInput, Unavailable
from kg_platform.migrate.ledger import migrate_ledger
from kg_platform.settings import Settings
from ui import login, uploads
from ui.ports import free_port

HERE = Path(__file__).parent
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # listen everywhere -> how to reach it from here


WHAT_THEY_MAY = {
    "viewer": "read the graph (KG_UI_EVERYBODY gives more)",
    "curator": "read the graph, and decide on review items",
    "operator": "read the graph, decide on review items, load, and publish",
}


def serve(
    settings: Settings,
    *,
    port: int | None = None,
    address: str | None = None,
    browser: bool = True,
    hosts: Iterable[str] = (),
) -> NoReturn:
    """Say where the explorer is and become it. Never returns.

    A port that is taken is passed over for the next free one, and that is said; not where people
    log in, for a login leads back to one address.

    Raises:
        BadInput: the address is not one of this machine's, what is set for a login is not right, or
            others reach the explorer and nobody says by which address a login leads back.
        Unavailable: no port is free.
    """
    address = address or settings.ui_address
    wanted = port or settings.ui_port
    by_login = login.is_wanted(settings)
    here = all(map(uploads.is_of_this_machine, [address, *_named(settings), *hosts]))
    if by_login and not here and settings.ui_url is None:
        raise BadInput(
            "A login leads back to one address: set KG_UI_URL to the one that people open the "
            "explorer by, as https://kg.example.org."
        )
    free = free_port(address, wanted, settings.cache.expanduser() / "explorers")
    if free != wanted:
        if by_login:
            raise Unavailable(
                f"Port {wanted} is taken, and a login leads back to that one; stop what listens "
                "there, or name another with --port and at the provider."
            )
        note(f"Port {wanted} is taken; using {free}.")
    shown = login.origin(settings, free) if by_login else url(address, free)
    note(f"Explorer: {shown}  (Ctrl-C stops it)")
    if by_login:
        note(f"It asks for a login; {shown}{login.CALLBACK} is the address to register for it.")
        migrate_ledger(settings.resolved_ledger_url())  # what people may do stands there
    elif not here:
        may = WHAT_THEY_MAY[settings.ui_everybody or "viewer"]
        note(f"It asks for no login: everybody who reaches this address can {may}.")
    sys.stderr.flush()
    command = command_line(settings, address, free, browser=browser, hosts=hosts)
    os.execv(command[0], command)


def command_line(
    settings: Settings, address: str, port: int, *, browser: bool, hosts: Iterable[str] = ()
) -> list[str]:
    """The command that runs the explorer. Flags win over any Streamlit file or variable."""
    options = {
        "server.address": address,
        "server.port": port,
        "server.headless": not browser,
        # Where nobody looks for new versions of a file, nothing has to be watched.
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": False,
        "server.enableStaticServing": False,
        "server.maxUploadSize": max(1, settings.max_media_bytes // 2**20),
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "viewer",
        "logger.hideWelcomeMessage": True,
        # It looks at every object of torch after each page, 0.2 s in which nobody else gets one.
        # Python's own collector comes by when there is something to collect.
        "runner.postScriptGC": False,
        "logger.level": "warning",
        # What a browser has of these many bytes is not sent again: of all pages, the style sheet.
        "global.minCachedMessageSize": 4_000,
        "theme.base": HERE / "theme.toml",
    }
    # -P: a file in the folder a person happens to stand in must not be imported instead of ours.
    command = [sys.executable, "-P", "-m", "ui.launch", "run", str(HERE / "app.py")]
    command += [f"--{name}={_flag(value)}" for name, value in options.items()]
    # Against DNS rebinding: a web page elsewhere cannot reach the explorer under its own name.
    allowed = dict.fromkeys(["localhost", "127.0.0.1", "::1", address, *_named(settings), *hosts])
    return command + [f"--server.allowedHosts={host}" for host in allowed if host not in WILDCARDS]


def url(address: str, port: int) -> str:
    """The address as a browser on this machine opens it."""
    host = WILDCARDS.get(address, address)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _named(settings: Settings) -> list[str]:
    host = login.host(settings)
    return [host] if host else []


def _flag(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
