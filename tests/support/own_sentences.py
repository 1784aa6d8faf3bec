"""The sentences that the code says, read from it: each with `{0}`, `{1}` where a value stands.

    raise NotFound(f"No entity has the id {name!r}; {hint}.")

is `No entity has the id {0}; {1}.`, and what `hint` may be is a sentence of its own. A value that
is one of two words (`{"is" if one else "are"}`) gives two sentences. Messages that a function, a
constant or a variable of this repository holds are followed to where they are written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

HOLE = "\0"
_DEEPEST = 6  # from a raise to where its words stand
_FEW = 4  # words that a value may be, for a sentence each
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: its module, and the functions around it, the innermost last."""

    module: str
    functions: tuple[Function, ...] = ()


class Sources:
    """The modules of some packages, each parsed when it is asked for."""

    def __init__(self, root: Path, packages: Sequence[str]) -> None:
        files = [file for package in packages for file in sorted((root / package).rglob("*.py"))]
        names = (".".join(file.relative_to(root).with_suffix("").parts) for file in files)
        self.files = {
            name.removesuffix(".__init__"): file for name, file in zip(names, files, strict=True)
        }
        self._parsed: dict[str, Module] = {}

    def module(self, name: str) -> Module:
        if name not in self._parsed:
            text = self.files[name].read_text(encoding="utf-8")
            self._parsed[name] = Module(ast.parse(text))
        return self._parsed[name]

    def imported(self, begin: Iterable[str]) -> set[str]:
        """These modules and all that they import, at any depth."""
        seen: set[str] = set()
        left = list(begin)
        while left:
            if (name := left.pop()) not in seen:
                seen.add(name)
                left += self.module(name).modules & self.files.keys()
        return seen

    def subclasses(self, base: str, modules: Iterable[str]) -> set[str]:
        """The names of the classes in these modules that are of this one."""
        found, before = {base}, 0
        bases = [one for name in modules for one in self.module(name).bases.items()]
        while len(found) > before:
            before = len(found)
            found |= {name for name, of in bases if found & of}
        return found

    def raised(self, module: str, classes: set[str]) -> Iterator[tuple[int, str]]:
        """(line, sentence) of each of these errors that a module makes, and the words that it gives
        to what makes one."""
        for scope, node in _walk(self.module(module).tree, Scope(module)):
            match node:
                case ast.Call(func=function, args=[message, *_]) if self._is_one(
                    function, scope, classes
                ):
                    given = [message]
                case ast.Raise(exc=ast.Call(func=function, args=given)) if _last(
                    function
                ) not in classes and self._is_ours(function):
                    given = [one for one in given if not isinstance(one, ast.Call)]
                case _:
                    continue
            for one in given:
                for said in self.sentences(one, scope):
                    yield node.lineno, said

    def _is_one(self, function: ast.expr, scope: Scope, classes: set[str]) -> bool:
        """Whether a call makes such an error: by its name, or by a variable that holds it."""
        values: list[ast.expr] = []
        if isinstance(function, ast.Name) and scope.functions:
            values = _assigned(scope.functions[-1]).get(function.id, [])
        held = [one for value in values for one in ast.walk(value) if isinstance(one, ast.Name)]
        return not classes.isdisjoint({_last(function), *(one.id for one in held)})

    def _is_ours(self, function: ast.expr) -> bool:
        """A function or method, or a class that one of the modules read so far has."""
        name = _last(function)
        return not name[:1].isupper() or any(name in one.bases for one in self._parsed.values())

    def written(self, module: str, within: str = "") -> Iterator[tuple[int, str]]:
        """(line, sentence) of what a module, or one name of it, has in its strings."""
        tree = self.module(module).tree
        for scope, node in self._called(module, within) if within else [(Scope(module), tree)]:
            for inside, text in _strings(node, scope):
                for said in self.sentences(text, inside):
                    if isinstance(text, ast.Constant):  # it may be formatted later
                        said = re.sub(r"\{\{[^{}]*\}\}", "{0}", said)
                    if " " in said:
                        yield text.lineno, said

    def _called(self, module: str, name: str) -> list[tuple[Scope, ast.AST]]:
        """A function or class of a module by its name, or what a name of it stands for."""
        found: list[tuple[Scope, ast.AST]] = [
            (Scope(module, (one,)) if isinstance(one, Function) else Scope(module), one)
            for one in ast.walk(self.module(module).tree)
            if isinstance(one, Function | ast.ClassDef) and one.name == name
        ]
        values = self.module(module).values.get(name, [])
        found += [(Scope(module), ast.Return(value)) for value in values]
        assert found, f"{module} has no {name}"
        return found

    def sentences(self, said: ast.expr, scope: Scope) -> list[str]:
        """What this expression may say, and what its values may."""
        found: dict[str, None] = {}
        for one in self._texts(said, scope, found, 0):
            if _has_words(one):
                found[_numbered(one)] = None
        return list(found)

    def _texts(
        self, said: ast.expr, scope: Scope, within: dict[str, None], depth: int
    ) -> list[str]:
        """The texts of an expression, its values as holes. Sentences of those go to `within`."""
        again = depth + 1
        match said:
            case _ if depth > _DEEPEST:
                return [HOLE]
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                values = [isinstance(part, ast.FormattedValue) for part in parts]
                beside = [  # nothing between two values says where one ends
                    any(values[max(0, at - 1) : at] + values[at + 1 : at + 2])
                    for at in range(len(parts))
                ]
                each = [
                    self._part(part, scope, within, again, inline)
                    for part, inline in zip(parts, beside, strict=True)
                ]
                return ["".join(chosen) for chosen in product(*each)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                both = (self._texts(one, scope, within, again) for one in (left, right))
                return ["".join(chosen) for chosen in product(*both)]
            case ast.IfExp(body=one, orelse=other):
                texts = (self._texts(each, scope, within, again) for each in (one, other))
                return [text for some in texts for text in some]
            case ast.BoolOp(values=values):
                texts = (self._texts(each, scope, within, again) for each in values)
                return [text for some in texts for text in some]
            case ast.NamedExpr(value=value):
                return self._texts(value, scope, within, again)
            case ast.Call(func=ast.Attribute(value=of, attr="format"), args=given):
                self._put_in(given, scope, within, again)
                texts = self._texts(of, scope, within, again)
                return [re.sub(r"\{[^{}]*\}", HOLE, text) for text in texts]
            case ast.Call(func=function, args=given):
                found = self._functions(function, scope)
                self._put_in(given, scope, within, again)
                if not found:  # one of a library, or a method: what it is given may be the words
                    constants = [one for one in given if isinstance(one, ast.Name)]
                    texts = (self._texts(one, scope, within, again) for one in constants)
                    return [text for some in texts for text in some if " " in text] or [HOLE]
                returns = [
                    self._texts(node.value, inner, within, again)
                    for module, one in found
                    for inner, node in _walk(one, Scope(module, (one,)))
                    if isinstance(node, ast.Return) and node.value is not None
                ]
                return [text for some in returns for text in some] or [HOLE]
            case ast.Name(id=name):
                return self._named(name, scope, within, again) or [HOLE]
        return [HOLE]

    def _put_in(
        self, given: Iterable[ast.expr], scope: Scope, within: dict[str, None], depth: int
    ) -> None:
        """Words that a function is given, which it puts into its own."""
        for one in given:
            if isinstance(one, ast.Constant | ast.JoinedStr):
                for text in self._texts(one, scope, within, depth):
                    if " " in text and _has_words(text):
                        within[_numbered(text)] = None

    def _part(
        self, part: ast.expr, scope: Scope, within: dict[str, None], depth: int, inline: bool
    ) -> list[str]:
        """One part of an f-string: a literal, a choice of words, or a hole. `inline`: what a value
        may say stands in its place, and is no sentence of its own."""
        if isinstance(part, ast.Constant):
            return [str(part.value)]
        assert isinstance(part, ast.FormattedValue)
        match part.value:
            case ast.IfExp(body=ast.Constant(value=str(one)), orelse=ast.Constant(value=str(two))):
                return [one, two]
            case ast.Subscript(value=ast.Constant(value=str(one)), slice=ast.Slice()):
                return ["", one]  # 's'[: count != 1]
        texts = self._texts(part.value, scope, within, depth)
        if inline and any(map(_has_words, texts)):
            return texts
        if 1 < len(texts) <= _FEW and all(re.fullmatch(r"\w+", text) for text in texts):
            return texts
        for text in texts:
            if " " in text and _has_words(text):
                within[_numbered(text)] = None
        return [HOLE]

    def _named(self, name: str, scope: Scope, within: dict[str, None], depth: int) -> list[str]:
        for place in range(len(scope.functions), -1, -1):
            inner = Scope(scope.module, scope.functions[:place])
            values = (
                _assigned(scope.functions[place - 1]) if place else self.module(scope.module).values
            ).get(name)
            if values:
                texts = (self._texts(value, inner, within, depth) for value in values)
                return [text for some in texts for text in some]
        module, there = self.module(scope.module).names.get(name, ("", ""))
        if module in self.files:
            return self._named(there, Scope(module), within, depth)
        return []

    def _functions(self, called: ast.expr, scope: Scope) -> list[tuple[str, Function]]:
        """The functions of this repository that a call may mean."""
        table = self.module(scope.module)
        match called:
            case ast.Name(id=name):
                if name in table.functions:
                    return [(scope.module, one) for one in table.functions[name]]
                module, there = table.names.get(name, ("", ""))
            case ast.Attribute(value=ast.Name(id="self"), attr=there):
                module = scope.module
            case ast.Attribute(value=ast.Name(id=of), attr=there):
                module = ".".join(filter(None, table.names.get(of, ("", ""))))
            case _:
                return []
        if module not in self.files:
            return []
        return [(module, one) for one in self.module(module).functions.get(there, [])]


class Module:
    """A module, and what its names mean."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.functions: dict[str, list[Function]] = {}
        self.bases: dict[str, set[str]] = {}  # of each class
        self.names: dict[str, tuple[str, str]] = {}  # as imported: module, its name there
        self.modules: set[str] = set()
        self.values: dict[str, list[ast.expr]] = {}
        for node in tree.body:
            if (value := getattr(node, "value", None)) is not None:
                for name in _targets(node):
                    self.values.setdefault(name, []).append(value)
        for node in ast.walk(tree):
            if isinstance(node, Function):
                self.functions.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.ClassDef):
                self.bases[node.name] = {_last(one) for one in node.bases}
            elif isinstance(node, ast.Import):
                self.modules |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                self.modules |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
                for one in node.names:
                    self.names[one.asname or one.name] = node.module, one.name


def _walk(node: ast.AST, scope: Scope) -> Iterator[tuple[Scope, ast.AST]]:
    """All below a node, each with where it stands."""
    for child in ast.iter_child_nodes(node):
        inside = scope
        if isinstance(child, Function):
            inside = Scope(scope.module, (*scope.functions, child))
        yield scope, child
        yield from _walk(child, inside)


def _strings(node: ast.AST, scope: Scope) -> Iterator[tuple[Scope, ast.expr]]:
    """The strings below a node that are values: no docstrings, no words to look something up."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Expr(value=ast.Constant()) | ast.Subscript() | ast.Compare():
                continue
            case (
                ast.JoinedStr()
                | ast.Constant(value=str())
                | ast.BinOp(left=ast.Constant(value=str()), op=ast.Add())
            ):
                if not _goes_on(child):
                    yield scope, child
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _strings(child, Scope(scope.module, (*scope.functions, child)))
            case _:
                yield from _strings(child, scope)


def _goes_on(text: ast.expr) -> bool:
    """Whether it is the rest of a sentence, which is read where that is put together."""
    first = text.values[0] if isinstance(text, ast.JoinedStr) else text
    return isinstance(first, ast.Constant) and str(first.value)[:1] in (" ", ",", ";")


@cache
def _assigned(to: Function) -> dict[str, list[ast.expr]]:
    """What anything in a function gives each of its names."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(to):
        if (value := getattr(node, "value", None)) is not None:
            for name in _targets(node):
                found.setdefault(name, []).append(value)
    return found


def _targets(node: ast.AST) -> list[str]:
    match node:
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.NamedExpr(target=ast.Name(id=name)):
            return [name]
        case ast.AugAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _last(named: ast.expr) -> str:
    return named.id if isinstance(named, ast.Name) else getattr(named, "attr", "")


def _has_words(text: str) -> bool:
    return re.search(r"[^\W\d_]{2}", text) is not None and text.strip(HOLE) != ""


def _numbered(text: str) -> str:
    parts = re.sub(f"{HOLE}+", HOLE, text.replace("{", "{{").replace("}", "}}")).split(HOLE)
    return "".join(f"{{{at - 1}}}{part}" if at else part for at, part in enumerate(parts))
