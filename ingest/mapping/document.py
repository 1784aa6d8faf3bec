"""Reads a `mapping.yaml`, and says in which line a mistake is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ingest.mapping.model import MappingFile
from kg_platform.errors import BadInput

MAX_BYTES = 4 * 2**20
_MOST = 5  # mistakes that are told at once
_TOP = 60  # characters of a value in a message

Place = tuple[str | int, ...]


class MappingDocument:
    """A mapping and the lines its parts stand in."""

    def __init__(self, path: Path, text: str) -> None:
        """
        Raises:
            BadInput: it is not YAML, or not a mapping; the message has the line.
        """
        self.path = path
        node = _compose(path, text)
        self._lines: dict[Place, int] = dict(_lines(node, ()))
        _refuse_doubled(path, node)
        given = _constructed(path, node)
        if not isinstance(given, dict):
            raise BadInput(
                f"{path} is not a mapping: it needs `tables` and `entities` or `relations`; "
                "`kg ingest --infer FILE` writes one to begin with."
            )
        try:
            self.mapping = MappingFile.model_validate(given)
        except ValidationError as error:
            raise BadInput(self._mistakes(error)) from None

    def line(self, place: Place) -> int:
        """The line of the closest part that stands in the file."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def mistake(self, place: Place, why: str) -> BadInput:
        """The error that says where and why."""
        return BadInput(f"{self.path}, line {self.line(place)}, {written(place)}: {why}.")

    def _mistakes(self, error: ValidationError) -> str:
        found = []
        for one in error.errors(include_url=False):
            place: Place = tuple(step for step in one["loc"] if step != "function-plain")
            said = str(one["msg"]).removeprefix("Value error, ").rstrip(".")
            known = _known(place)
            if one["type"] == "extra_forbidden":
                said = (
                    f"is not known here; there are {', '.join(known)}" if known else "is not known"
                )
            elif one["type"] == "missing":
                said = "is missing"
            else:
                said = said[:1].lower() + said[1:] if said[1:2].islower() else said
            found.append((self.line(place), f"line {self.line(place)}, {written(place)}: {said}"))
        found.sort()
        more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
        return f"{self.path}, " + "; ".join(text for _, text in found[:_MOST]) + more + "."


def read_mapping(path: Path) -> MappingDocument:
    """The mapping in a file.

    Raises:
        BadInput: it cannot be read, is not YAML, or is not a mapping; the message has the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path} is larger than 4 MiB, and so is no mapping.")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path} is not there.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    return MappingDocument(path, text)


def written(place: Place) -> str:
    """`entities[0].id`, as a person looks for it."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "the mapping"


def _compose(path: Path, text: str) -> yaml.Node:
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise BadInput(
                    f"{path}, line {line}: *{event.anchor} repeats another part; write it out, as "
                    "repeats are not read."
                )
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        said = error.problem or error.context or "it cannot be read"
        raise BadInput(f"{path}, line {line}: this is not YAML ({said}).") from None
    except (yaml.YAMLError, RecursionError) as error:
        said = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise BadInput(f"{path} is not YAML ({said}).") from None
    if node is None:
        raise BadInput(f"{path} is empty; `kg ingest --infer FILE` writes a mapping to begin with.")
    return node


def _constructed(path: Path, node: yaml.Node) -> Any:
    loader = yaml.CSafeLoader("")
    try:
        for scalar in _scalars(node):
            try:
                loader.construct_object(scalar)
            except (yaml.YAMLError, ValueError) as error:  # 2026-13-40 is a date to YAML
                said = getattr(error, "problem", None) or error
                raise BadInput(
                    f"{path}, line {scalar.start_mark.line + 1}: {scalar.value[:_TOP]} is no value "
                    f"({said}); put it in quotes if it is text."
                ) from None
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"{path}{line}: a mapping cannot have this ({error.problem}).") from None
    finally:
        loader.dispose()


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _scalars(one)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            step = (*place, str(key.value))
            yield from _lines(value, step)
            yield step, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for at, value in enumerate(node.value):
            yield from _lines(value, (*place, at))


def _refuse_doubled(path: Path, node: yaml.Node) -> None:
    inside = [node]
    while inside:
        one = inside.pop()
        if isinstance(one, yaml.SequenceNode):
            inside.extend(one.value)
        elif isinstance(one, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in one.value:
                if not isinstance(key, yaml.ScalarNode):
                    inside.append(value)
                    continue
                if key.value in seen:
                    raise BadInput(
                        f"{path}, line {key.start_mark.line + 1}: {key.value[:_TOP]} stands here "
                        "twice; keep one of them."
                    )
                seen.add(key.value)
                inside.append(value)


def _known(place: Sequence[str | int]) -> list[str]:
    """The names that may stand where an unknown one stands."""
    kind: Any = MappingFile
    for step in place[:-1]:
        if isinstance(step, int):
            continue
        fields = {(field.alias or name): field for name, field in kind.model_fields.items()}
        if step not in fields:
            continue  # the name of a table, or of a lookup
        inner = [one for one in _classes(fields[step].annotation) if hasattr(one, "model_fields")]
        if not inner:
            return []
        kind = inner[0]
    return [field.alias or name for name, field in kind.model_fields.items()]


def _classes(annotation: Any) -> Iterator[Any]:
    arguments = getattr(annotation, "__args__", ())
    if not arguments:
        yield annotation
    for one in arguments:
        yield from _classes(one)
