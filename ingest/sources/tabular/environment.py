"""Addresses that may hold a password, kept out of files: `$NAME` is an environment variable."""

from __future__ import annotations

import os
import re

from kg_platform.errors import BadInput

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


def from_environment(address: str) -> tuple[str, str]:
    """(the address, how a message calls it): what the variable holds, when it names one.

    Raises:
        BadInput: the variable is not set.
    """
    variable = _VARIABLE.fullmatch(address.strip())
    if not variable:
        return address.strip(), "The database's address"
    name = variable[1] or variable[2]
    held = os.environ.get(name, "").strip()
    if not held:
        raise BadInput(f"${name} is to hold a database's address and is not set; export it.")
    return held, f"What ${name} holds"
