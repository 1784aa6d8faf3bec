"""Variables that Kubernetes and Docker set for services, which may begin as our settings do.

For a service `kg-platform` a pod gets KG_PLATFORM_SERVICE_HOST, KG_PLATFORM_SERVICE_PORT (and one a
named port), KG_PLATFORM_PORT=tcp://10.0.0.1:7687, KG_PLATFORM_PORT_7687_TCP and, of that, _PROTO,
_PORT and _ADDR. A Docker link adds KG_PLATFORM_NAME=/us/it and KG_PLATFORM_ENV_..., which are
variables of the other container.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BY_NAME = re.compile(
    r"\w+_SERVICE_HOST|\w+_SERVICE_PORT(_\w+)?"
    r"|\w+_PORT_\d+_(TCP|UDP|SCTP)(_PORT_START|_PORT_END|_PROTO|_PORT|_ADDR)?"
)
_PORT = re.compile(r"\w+_PORT")
_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+:\d+")
_OF_LINK = re.compile(r"(\w+?)_(NAME|ENV_\w+)")


def service_links(environment: Mapping[str, str]) -> set[str]:
    """The names in an environment that stand for services. `KG_UI_PORT=8501` does not, though a
    service `kg-ui` sets a variable of this name: its value is an address."""
    found = {
        name
        for name, value in environment.items()
        if _BY_NAME.fullmatch(name) or (_PORT.fullmatch(name) and _ADDRESS.fullmatch(value))
    }
    linked = {name.removesuffix("_PORT") for name in found if _PORT.fullmatch(name)}
    for name in environment:
        link = _OF_LINK.fullmatch(name)
        if link and link[1] in linked:
            found.add(name)
    return found
