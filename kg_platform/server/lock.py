"""Make the jar lock of another Neo4j version: `python -m kg_platform.server.lock 2026.09.0`.

jgo resolves `org.neo4j:neo4j:<version>` and downloads it once to know the checksums; the lock is
written beside this file. Any other artifact works too: `... lock org.webjars:jquery:3.7.1 -o FILE`.
"""

from __future__ import annotations

import argparse
import tempfile
import tomllib
from pathlib import Path

from kg_platform.server.jars import Jar

HERE = Path(__file__).parent


def lock_path(version: str) -> Path:
    """The committed lock of a server version, whether it is there or not."""
    return HERE / f"neo4j-{version}.lock"


def import_lock_path(version: str) -> Path:
    """The lock of what the import tool needs besides; versions that need nothing have none."""
    return HERE / f"import-{version}.lock"


def locked_versions() -> list[str]:
    """The server versions that have a lock."""
    return sorted(path.stem.removeprefix("neo4j-") for path in HERE.glob("neo4j-*.lock"))


def resolve(endpoint: str, cache_dir: Path) -> list[Jar]:
    """Every jar of an artifact and what it needs, sorted, with its checksum."""
    import jgo
    from jgo.maven import PythonResolver

    jgo.build(endpoint, cache_dir=cache_dir, resolver=PythonResolver(lenient=True))
    (found,) = cache_dir.glob("envs/**/jgo.lock.toml")
    return jars_of(found)


def jars_of(jgo_lock: Path) -> list[Jar]:
    """The jars named in a lock that jgo wrote, sorted."""
    rows = tomllib.loads(jgo_lock.read_text(encoding="utf-8"))["dependencies"]
    jars = [
        Jar(r["groupId"], r["artifactId"], r["version"], r.get("classifier", ""), r["sha256"])
        for r in rows
    ]
    return sorted(jars, key=lambda jar: jar.line)


def write_lock(endpoint: str, jars: list[Jar], path: Path) -> None:
    head = f"# {endpoint} and everything it needs. Made by python -m kg_platform.server.lock\n"
    path.write_text(head + "".join(f"{jar.line}\n" for jar in jars), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the jar lock of a Neo4j version.")
    parser.add_argument("version", help="a Neo4j version, or group:artifact:version")
    parser.add_argument("-o", "--output", type=Path, help="default: beside the other locks")
    given = parser.parse_args()
    endpoint = given.version if ":" in given.version else f"org.neo4j:neo4j:{given.version}"
    output = given.output or lock_path(endpoint.rpartition(":")[2])
    with tempfile.TemporaryDirectory() as folder:
        jars = resolve(endpoint, Path(folder))
    write_lock(endpoint, jars, output)
    print(f"{output}: {len(jars)} jars")


if __name__ == "__main__":
    main()
