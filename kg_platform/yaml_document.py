"""Reads a file of YAML that says what a class of pydantic says, and tells where a mistake is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from kg_platform.errors import BadInput

MAX_BYTES = 4 * 2**20
_MOST = 5  # mistakes that are told at once
_TOP = 60  # characters of a value in a message

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]


class YamlDocument(Generic[Model]):
    """A file that says what a class of pydantic says, and the lines its parts stand in."""

    def __init__(self, path: Path, text: str, model: type[Model], hint: str) -> None:
        """`hint` tells who has an empty file how to begin.

        Raises:
            BadInput: it is not YAML, or not as the model is; the message has the line.
        """
        self.path = path
        self._model = model
        node = _compose(path, text, hint)
        self._lines: dict[Place, int] = dict(_lines(node, ()))
        _refuse_doubled(path, node)
        given = _constructed(path, node)
        if not isinstance(given, dict):
            raise BadInput(f"{path} is not a mapping of names to values; {hint}.")
        try:
            self.content = model.model_validate(given)
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
            known = _known(self._model, place)
            if one["type"] == "extra_forbidden":
                there = f" here; there are {', '.join(known)}" if known else ""
                said = f"is not known{there}"
            elif one["type"] == "missing":
                said = "is missing"
            else:
                said = said[:1].lower() + said[1:] if said[1:2].islower() else said
            found.append((self.line(place), f"line {self.line(place)}, {written(place)}: {said}"))
        found.sort()
        more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
        return f"{self.path}, " + "; ".join(text for _, text in found[:_MOST]) + more + "."


def read_yaml(path: Path) -> str:
    """The text of such a file.

    Raises:
        BadInput: it is not there, is no text, or is far too large.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path} is larger than 4 MiB, and so is no mapping.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path} is not there.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def written(place: Place) -> str:
    """`entities[0].id`, as a person looks for it."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "the file"


def _compose(path: Path, text: str, hint: str) -> yaml.Node:
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                mark = event.start_mark
                line = mark.line + 1 if mark else 1
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
        raise BadInput(f"{path} is empty; {hint}.")
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
        raise BadInput(f"{path}{line}: this has no place here ({error.problem}).") from None
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


def _known(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The names that may stand where an unknown one stands."""
    kind: Any = model
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
