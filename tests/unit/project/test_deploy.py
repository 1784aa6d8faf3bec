"""The Dockerfile, docker-compose.yml and .env.example name only what the code has.

No Docker engine is needed. Where the client with its compose plugin is there, it checks the file
too.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import tomllib
from glob import glob
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from setuptools import find_packages

from kg_platform.cli import reference
from kg_platform.cli.main import build
from kg_platform.settings import PREFIX, Settings
from tests.support.places import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENV_EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
DEPLOY_PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
JOBS = ("migrate", "ingest", "embed")
HEALTH_URL = "http://127.0.0.1:8501/_stcore/health"
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields}
INTERPOLATION = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?::(?P<kind>[-?+])(?P<rest>[^}]*))?\}")


def instruction(name: str) -> list[str]:
    """The arguments of every instruction of this name in the Dockerfile."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name}\s+(.+)$", joined, re.MULTILINE)


def commands() -> dict[str, list[str]]:
    """Everything the files run, by where it stands."""
    found = {name: s["command"] for name, s in SERVICES.items() if "command" in s}
    (image,) = instruction("CMD")
    return {**found, "Dockerfile": json.loads(image)}


@pytest.mark.parametrize("place", list(commands()))
def test_every_command_and_option_is_one_of_kg(place: str) -> None:
    program, name, *arguments = commands()[place]
    assert program == "kg"
    kg: Any = typer.main.get_command(build())  # Typer carries a click of its own: no types of click
    parameters = dict(reference.commands(kg, ("kg",)))[f"kg {name}"].params
    options = {
        flag: parameter
        for parameter in parameters
        if parameter.param_type_name == "option"
        for flag in (*parameter.opts, *parameter.secondary_opts)
    }
    takes = sum(parameter.param_type_name == "argument" for parameter in parameters)
    value_of = None
    for argument in arguments:
        if argument.startswith("--"):
            assert argument in options, f"`kg {name}` has no {argument}"
            value_of = None if options[argument].is_flag else argument
        elif value_of:
            value_of = None
        else:
            takes -= 1
    assert value_of is None, f"{value_of} lacks its value"
    assert takes >= 0, f"`kg {name}` takes fewer arguments"


def test_every_setting_named_anywhere_is_a_setting() -> None:
    for text in (COMPOSE_TEXT, DOCKERFILE, ENV_EXAMPLE, DEPLOY_PAGE):
        named = set(re.findall(r"\bKG_[A-Z0-9_]+\b", text))
        assert named
        assert named <= KNOWN | {"KG_"}, named - KNOWN


def test_containers_get_the_settings_they_need() -> None:
    for name in ("explorer", "scheduler", *JOBS):
        environment = SERVICES[name]["environment"]
        assert set(environment) <= KNOWN
        assert environment["KG_NEO4J_URI"] == "bolt://neo4j:7687"
        assert "@ledger:5432/kg" in environment["KG_LEDGER_URL"]
        assert any(volume == f"kg-data:{environment['KG_HOME']}" for volume in
                   SERVICES[name]["volumes"] if isinstance(volume, str))  # fmt: skip


def test_defaults_are_those_of_the_settings() -> None:
    defaults = {m["name"]: m["rest"] for m in INTERPOLATION.finditer(COMPOSE_TEXT)
                if m["name"].startswith(PREFIX)}  # fmt: skip
    assert defaults
    for variable, default in defaults.items():
        field = Settings.model_fields[variable.removeprefix(PREFIX).lower()]
        if field.default is None:  # what is empty is not set
            assert default == ""
        else:
            assert type(field.default)(default) == field.default


@pytest.mark.parametrize(
    ("given", "may"),
    [
        ({}, "operator"),  # the published port is this machine's
        ({"KG_UI_URL": "https://kg.example.org"}, ""),
        ({"KG_UI_EVERYBODY": "curator"}, "curator"),
        ({"KG_UI_URL": "https://kg.example.org", "KG_UI_EVERYBODY": "operator"}, "operator"),
    ],
)
def test_what_everybody_may_do_in_the_explorer(given: dict[str, str], may: str) -> None:
    begin = [word.replace("$$", "$") for word in SERVICES["explorer"]["entrypoint"]]
    told = {"KG_UI_URL": "", "KG_UI_EVERYBODY": "", **given}
    said = subprocess.run(
        [*begin, "printenv", "KG_UI_EVERYBODY"], env={"PATH": os.environ["PATH"], **told},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert said.stdout.strip() == may


def test_no_password_has_a_default_or_is_written_down() -> None:
    for name, service in SERVICES.items():
        for variable, value in service["environment"].items():
            secret = re.search(r"PASSWORD|AUTH|LEDGER_URL|SECRET|TOKEN", variable)
            if (
                variable == "KG_UI_OIDC_CLIENT_SECRET"
            ):  # only with a login, and only who asks for it
                assert (name, value) == ("explorer", f"${{{variable}:-}}")
                continue
            assert not secret or re.search(r"\$\{\w+_PASSWORD:\?", str(value)), (name, variable)
    for found in INTERPOLATION.finditer(COMPOSE_TEXT):
        if "PASSWORD" in found["name"]:
            assert found["kind"] == "?", f"{found['name']} must have no default"
    given = re.findall(r"^(\w*PASSWORD\w*)=(.*)$", ENV_EXAMPLE, re.MULTILINE)
    assert given == [("NEO4J_PASSWORD", ""), ("POSTGRES_PASSWORD", "")]
    assert not re.search(r"PASSWORD|SECRET|TOKEN", DOCKERFILE, re.IGNORECASE)


def test_example_names_what_compose_reads() -> None:
    read = {found["name"] for found in INTERPOLATION.finditer(COMPOSE_TEXT)}
    named = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", ENV_EXAMPLE, re.MULTILINE))
    assert named == read


def test_images_are_pinned_by_version() -> None:
    images = [service["image"] for service in SERVICES.values()] + instruction("FROM")
    for image in images:
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.]+)*", image), image
    assert SERVICES["neo4j"]["image"] == f"neo4j:{Settings.model_fields['neo4j_version'].default}"
    assert SERVICES["explorer"]["image"] == f"kg-platform:{PROJECT['project']['version']}"


def test_every_service_is_healthy_or_done() -> None:
    for name, service in SERVICES.items():
        health = service["healthcheck"]
        if name in JOBS:
            assert health == {"disable": True}
            assert service["restart"] == "no"
        elif name == "scheduler":  # it listens nowhere: it runs, or is started again
            assert health == {"disable": True}
            assert service["restart"] == "unless-stopped"
        else:
            assert health["test"][0] in ("CMD", "CMD-SHELL")
            assert {"interval", "timeout", "retries", "start_period"} <= set(health)
            assert service["restart"] == "unless-stopped"
    assert HEALTH_URL in SERVICES["explorer"]["healthcheck"]["test"][-1]
    (health_command,) = instruction("HEALTHCHECK")
    assert HEALTH_URL in health_command


def test_everything_waits_for_what_it_needs() -> None:
    assert set(SERVICES["migrate"]["depends_on"]) == {"neo4j", "ledger"}
    for name in ("explorer", "scheduler", "ingest", "embed"):
        waits = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
        assert waits == {
            "neo4j": "service_healthy",
            "ledger": "service_healthy",
            "migrate": "service_completed_successfully",
        }
    assert [n for n, s in SERVICES.items() if s.get("profiles")] == ["ingest", "embed"]


def test_nothing_runs_as_root_or_may_become_root() -> None:
    for name, service in SERVICES.items():
        assert int(str(service["user"]).partition(":")[0]) > 0, name
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert not service.get("privileged")
    (user,) = instruction("USER")
    assert user == SERVICES["explorer"]["user"] == "10001"
    assert f"--uid {user}" in DOCKERFILE


def test_ports_are_on_this_machine_only_and_are_the_ones_that_listen() -> None:
    published = {n: p for n, s in SERVICES.items() for p in s.get("ports", ())}
    inside = {name: port.rpartition(":")[2] for name, port in published.items()}
    assert all(port.startswith("127.0.0.1:") for port in published.values())
    assert inside == {"neo4j": "7687", "explorer": "8501"}
    (exposed,) = instruction("EXPOSE")
    assert exposed == inside["explorer"] == str(Settings.model_fields["ui_port"].default)
    for place in ("explorer", "Dockerfile"):
        command = commands()[place]
        assert command[command.index("--port") + 1] == exposed
        assert command[command.index("--address") + 1] == "0.0.0.0"


def test_volumes_are_declared_and_ingest_reads_what_is_mounted() -> None:
    mounts = [v for s in SERVICES.values() for v in s["volumes"]]
    assert {v.partition(":")[0] for v in mounts if isinstance(v, str)} == set(COMPOSE["volumes"])
    (bind,) = [v for v in mounts if not isinstance(v, str)]
    assert bind["target"] == SERVICES["ingest"]["command"][-1]
    assert bind["read_only"]


def test_image_installs_from_the_hash_lock_and_nothing_else() -> None:
    lock, package = [line for line in instruction("RUN") if "pip install" in line]
    assert "--require-hashes" in lock
    assert "requirements.lock" in lock
    assert "--no-index" in package
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"^setuptools==", locked, re.MULTILINE), "the build backend must be locked too"
    assert "://" not in locked


def test_image_gets_every_file_of_every_package() -> None:
    """What is copied covers the packages; what is not Python is named as package data."""
    copied = {name for line in instruction("COPY") for name in line.split()[:-1]}
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert copied == {line.removeprefix("!") for line in ignore if line.startswith("!")}
    include = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {name.replace(".", "/") for name in find_packages(str(ROOT), include=include)}
    assert {p.partition("/")[0] + "/" for p in packages} == {c for c in copied if c.endswith("/")}
    data = PROJECT["tool"]["setuptools"]["package-data"]
    for top in sorted(p for p in packages if "/" not in p):
        deep = [ROOT / top / pattern for pattern in data.get(top, ())]
        named = {path for pattern in deep for path in map(Path, glob(str(pattern), recursive=True))}
        for path in (ROOT / top).rglob("*"):
            if path.is_dir() or "__pycache__" in path.parts or path in named:
                continue
            name = path.relative_to(ROOT)
            assert str(name.parent) in packages, f"{name} is in no package of pyproject.toml"
            if path.suffix != ".py":
                known = any(fnmatch.fnmatch(path.name, pattern) for pattern in data["*"])
                assert known, f"{name} is not package data in pyproject.toml: the image lacks it"


def test_page_names_only_services_that_are_there() -> None:
    named = re.findall(
        r"docker compose (?:run --rm|logs --follow|exec|restart) ([\w-]+)", DEPLOY_PAGE
    )
    assert named
    assert set(named) <= set(SERVICES)


def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True).returncode
    ):
        pytest.skip("the docker client with its compose plugin is not on this machine")
    environment = {"PATH": str(Path(docker).parent), "HOME": str(tmp_path)}
    command = [docker, "compose", "-f", str(ROOT / "docker-compose.yml"), "--profile", "jobs",
               "config", "--quiet"]  # fmt: skip
    empty = tmp_path / "empty.env"
    empty.touch()
    command[2:2] = ["--env-file", str(empty)]
    without = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert without.returncode != 0
    assert "PASSWORD" in without.stderr
    passwords = {"NEO4J_PASSWORD": "n" * 16, "POSTGRES_PASSWORD": "p" * 16}
    given = subprocess.run(command, capture_output=True, text=True, env=environment | passwords)
    assert given.returncode == 0, given.stderr
