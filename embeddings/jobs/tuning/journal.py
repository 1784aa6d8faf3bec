"""Optuna's journal of a search: one JSON line an operation, appended, so a kill loses no trial."""

from __future__ import annotations

import json
import os
from pathlib import Path

import optuna
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from kg_platform.errors import ArtifactError, BadInput


def open_study(file: Path, name: str, key: str) -> optuna.Study:
    """The search in a journal, or a new one. The caller sees to it that nobody else writes there.

    Raises:
        ArtifactError: the journal is damaged.
        BadInput: the journal is that of another search; `key` says which this one is.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    _repair(file)
    try:
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(file), _Held(str(file))))
        known = [study.study_name for study in storage.get_all_studies()]
        if known not in ([], [name]):
            raise _other(file)
        study = optuna.create_study(
            storage=storage, study_name=name, direction="maximize", load_if_exists=True
        )
        study.get_trials()
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        # The lines are JSON; what they say makes no sense to Optuna.
        raise _damaged(file) from error
    if "key" not in study.user_attrs and not study.get_trials(deepcopy=False):
        study.set_user_attr("key", key)
    if study.user_attrs.get("key") != key:
        raise _other(file)
    return study


class _Held(JournalFileOpenLock):
    """No lock a line: the search holds one for as long as it runs, and a kill releases that one."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return None


def _repair(file: Path) -> None:
    """Remove a last line that a kill cut off.

    Raises:
        ArtifactError: another line is not JSON.
    """
    if not file.is_file():
        return
    lines = file.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    try:
        for line in whole:
            json.loads(line)
    except ValueError as error:
        raise _damaged(file) from error
    if len(whole) < len(lines):
        os.truncate(file, sum(map(len, whole)))


def _damaged(file: Path) -> ArtifactError:
    return ArtifactError(
        f"{file} is damaged, so this search cannot go on; move it away, and the same command "
        "begins anew."
    )


def _other(file: Path) -> BadInput:
    return BadInput(
        f"{file} belongs to a search with other data or settings; move it away, and the same "
        "command begins anew."
    )
