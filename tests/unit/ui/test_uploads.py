from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st

from kg_platform.errors import BadInput
from kg_platform.settings import Settings
from ui import opened, uploads

MAPPING = 'tables: {a: {FROM}}\nentities: [{from: a, id: "{id}"}]\n'


def settings(home: Path) -> Settings:
    return Settings(home=home)


def test_files_are_kept_under_plain_names(tmp_path: Path) -> None:
    given = [("a.csv", b"1"), ("../../etc/b.csv", b"2"), ("c:\\d\\e.csv", b"3"), (".x", b"4")]
    folder = uploads.keep(settings(tmp_path), given)
    assert [file.name for file in uploads.files(folder)] == ["a.csv", "b.csv", "e.csv", "x"]
    assert uploads.earlier(settings(tmp_path)) == [folder]


def test_a_mapping_belongs_to_the_tables_beside_it(tmp_path: Path) -> None:
    text = MAPPING.replace("FROM", "file: a.csv")
    given = [("a.csv", b"id\n1\n"), ("films.yml", text.encode())]
    folder = uploads.keep(settings(tmp_path), given)
    assert [file.name for file in uploads.files(folder)] == ["a.csv"]
    assert uploads.mapping_of(folder) == text


def test_only_folders_of_uploads_are_removed(tmp_path: Path) -> None:
    kept = settings(tmp_path)
    folder = uploads.keep(kept, [("a.csv", b"1")])
    uploads.remove(kept, tmp_path)
    assert folder.is_dir()
    uploads.remove(kept, folder)
    assert uploads.earlier(kept) == []


@pytest.mark.parametrize(
    ("address", "is_it"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("kg.x", False)],
)
def test_addresses_of_the_machine_alone(address: str, is_it: bool) -> None:
    assert uploads.is_of_this_machine(address) is is_it


@pytest.mark.parametrize(
    ("options", "setting", "private"),
    [
        ({}, "127.0.0.1", True),
        ({}, "0.0.0.0", False),
        ({"server.address": "0.0.0.0"}, "127.0.0.1", False),
        ({"server.address": "127.0.0.1", "server.allowedHosts": ["localhost", "127.0.0.1", "::1"]},
         "0.0.0.0", True),
        ({"server.address": "127.0.0.1", "server.allowedHosts": ["localhost", "kg.example.org"]},
         "127.0.0.1", False),
    ],
)  # fmt: skip
def test_where_it_listens_counts_and_not_what_a_setting_says(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, object], setting: str, private: bool
) -> None:
    monkeypatch.setattr(st, "get_option", options.get)
    monkeypatch.setattr(opened, "settings", lambda: Settings(ui_address=setting))
    assert opened.is_private() is private


@pytest.mark.parametrize(
    "table", ["file: /etc/passwd", "file: ../other.csv", "file: 'http://x/a.csv'",
              "sql: 'sqlite:///x.db', table: a", "huggingface: owner/name"],
)  # fmt: skip
def test_an_explorer_that_others_reach_reads_only_uploads(tmp_path: Path, table: str) -> None:
    folder = uploads.keep(settings(tmp_path), [("a.csv", b"id\n1\n")])
    with pytest.raises(BadInput, match=r"line 1, tables.a: .*only what was uploaded"):
        uploads.write_mapping(folder, MAPPING.replace("FROM", table), anywhere=False)
    assert uploads.mapping_of(folder) is None, "what was refused is not kept"
    uploads.write_mapping(folder, MAPPING.replace("FROM", "file: a.csv"), anywhere=False)
    assert uploads.mapping_of(folder) == MAPPING.replace("FROM", "file: a.csv")
