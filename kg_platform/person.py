"""Who is at the keyboard, for what is written down with a name."""

from __future__ import annotations

import getpass
import os
import socket


def who() -> str:
    """ "ada@host": the operating system's user and this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return f"{name}@{socket.gethostname()}"
