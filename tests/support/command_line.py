"""`kg` as a person types it, in this process: a new one imports longer than most tests take."""

from __future__ import annotations

from dataclasses import dataclass

from typer.testing import CliRunner

from kg_platform.cli.main import build
from kg_platform.errors import KgError


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    errors: str


def kg(*words: str) -> Done:
    """What it prints, and the code it ends with; an error of ours is its sentence."""
    result = CliRunner().invoke(build(words[0]), list(words))
    if isinstance(result.exception, KgError):
        return Done(result.exception.exit_code, result.stdout, str(result.exception))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)
