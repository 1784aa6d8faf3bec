"""Which worker gets what: whole files, and the tests on the older Neo4j together.

So only one worker starts a server of that version, and each file's fixtures are made once.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

from tests.support.servers import NEO4J_VERSIONS


class ByFileAndServer(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        for version in NEO4J_VERSIONS[1:]:
            if f"[{version}" in nodeid:
                return version
        return str(super()._split_scope(nodeid))
