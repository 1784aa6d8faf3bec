"""Named settings, and settings in a file: what `--preset` takes.

A preset file is a flat TOML or JSON table of `TrainOptions`; `kg tune` writes one. Nothing heavy is
imported here: `kg embed --help` shows the presets.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

from kg_platform.errors import BadInput, NotFound

PRESETS: dict[str, dict[str, Any]] = {
    "balanced": {},
    "fast": {"dimension": 128, "epochs": 8},
    "best": {
        "dimension": 2_000,
        "members": 2,
        "relation_prediction": None,
        "epochs": 30,
        "patience": 5,
    },
}
# Where and with which luck something is trained is not what a preset is about.
NOT_PRESET = ("seed", "device")


def described() -> str:
    """The presets for help texts: "balanced (the defaults), fast (dimension 128, epochs 8)"."""
    shown = []
    for name, settings in PRESETS.items():
        words = ", ".join(
            f"{key.replace('_', ' ')} {'by size' if value is None else value}"
            for key, value in settings.items()
        )
        shown.append(f"{name} ({words or 'the defaults'})")
    return ", ".join(shown)


SET_HELP = (
    "Any setting of training as NAME=VALUE, such as relation_prediction=0.25; may be repeated. "
    "docs/engine.md has all of them."
)
HELP = f"{described()}, or a file that `kg tune` wrote."


def is_file(preset: str) -> bool:
    """Whether a preset is named by its file."""
    return Path(preset).suffix in (".toml", ".json")


def read(file: Path, options: type) -> dict[str, Any]:
    """The settings in a preset file, checked against the fields of `options`, a dataclass.

    Raises:
        NotFound: there is no such file.
        BadInput: it is not TOML or JSON, or a setting is unknown or not of its type.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        found = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError as error:
        raise NotFound(f"The preset file {file} is not there; `kg tune` writes one.") from error
    except OSError as error:
        raise BadInput(f"The preset file {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # JSON, TOML and UTF-8 errors are all of this kind
        kind = "JSON" if file.suffix == ".json" else "TOML"
        raise BadInput(f"{file} is not {kind} ({error}); correct it.") from error
    if not isinstance(found, dict):
        raise BadInput(f"{file} is not a table of settings; write name and value of each.")
    return {name: _checked(name, value, options, f"{file}: ") for name, value in found.items()}


def write(file: Path, settings: Mapping[str, Any], about: Iterable[str]) -> None:
    """Write settings as TOML under a few lines of comment, whole or not at all.

    What is None is left out: it is chosen where the file is used.
    """
    lines = [f"# {line}" for line in about]
    for name, value in settings.items():
        if value is not None and name not in NOT_PRESET:
            # JSON's numbers and strings are TOML's as well.
            lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(temporary, file)


def parse(words: Iterable[str], options: type) -> dict[str, Any]:
    """`["lr=0.1", "loss=margin"]` -> settings of their types.

    Raises:
        BadInput: a word is not NAME=VALUE, or a setting is unknown or not of its type.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise BadInput(f"{word!r} is not NAME=VALUE; write for example dimension=200.")
        found[name.strip()] = _checked(name.strip(), _number(text.strip()), options, "")
    return found


def _checked(name: str, value: Any, options: type, origin: str) -> Any:
    hints = {key: hint for key, hint in get_type_hints(options).items() if key not in NOT_PRESET}
    if name not in hints:
        close = difflib.get_close_matches(name, hints, n=1)
        hint = f"did you mean {close[0]}?" if close else f"choose one of {', '.join(hints)}."
        raise BadInput(f"{origin}{name!r} is not a setting of a preset; {hint}")
    kinds = [kind for kind in get_args(hints[name]) or (hints[name],) if kind is not type(None)]
    if float in kinds and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if type(value) not in kinds or float in kinds:
        wanted = {str: "a word", int: "a whole number", float: "a number"}.get(kinds[0], "a value")
        raise BadInput(f"{origin}{name} must be {wanted}; {value!r} is not.")
    return value


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
