"""`kg adopt --infer`: looks at a graph and proposes a mapping, as a file that a person changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.adoption.looks import Looks, Property, looks_of
from kg_platform.cypher import adopting, inferring, snapshots
from kg_platform.cypher.adopting import NodeKind
from kg_platform.cypher.loading import RESERVED_LABELS, RESERVED_TYPES
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph

_PREFIXES = ("kg_", "kgp_", *(f"kg{number}_" for number in range(2, 100)))
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What YAML 1.1 takes for something else than a text.
_NOT_PLAIN = {"no", "yes", "on", "off", "true", "false", "null", "y", "n", ""}
_TRIED = 3  # keys that are counted exactly
_SHOWN = 12  # properties that a comment names


def proposal(graph: Graph) -> str:
    """An `adopt.yaml` with comments on what was seen.

    Raises:
        BadInput: the graph was adopted, or has no nodes to adopt.
    """
    if graph.adoption is not None:
        raise BadInput(
            "This graph was adopted already; `kg adopt --sync` takes in what is new, and "
            "`kg adopt --undo` takes the adoption away."
        )
    labels = _labels(graph)
    if not labels:
        raise BadInput("The graph has no labelled nodes to adopt; `kg ingest PATH` fills it.")
    parts = dict(_inside(graph, labels))
    chosen = [label for label in labels if label not in parts]
    lines = [
        "# What of this graph are entities, and how; change what is not as you would have it.",
        "# `kg adopt FILE --dry-run` checks it and changes nothing.",
        "",
        "# Begins every property that is added to a node; none of the graph's own does.",
        f"prefix: {_prefix(graph)}",
        "",
        "# A node with several of these labels is of the first one. What is taken out stays as it",
        "# is, and no entity is made of it.",
        "nodes:",
    ]
    unique = _unique(graph)
    before: list[str] = []
    for label in chosen:
        lines += _node(graph, label, labels[label], unique.get(label, []), tuple(before))
        before.append(label)
    for label, whole in parts.items():
        lines.append(f"  # {label}: {labels[label]:,} nodes, each of which is a {whole} as well.")
    lines += ["", *_relationships(graph)]
    return "\n".join(lines) + "\n"


def _labels(graph: Graph) -> dict[str, int]:
    """Every label that nodes have, the most frequent first."""
    names = [str(row["label"]) for row in graph.read(snapshots.LABELS)]
    names = [name for name in names if name not in RESERVED_LABELS]
    counts = {name: _count(graph, adopting.count_label(name)) for name in names}
    return _most_first(counts)


def _inside(graph: Graph, labels: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Labels all of whose nodes have another, more frequent one: (label, other)."""
    for label, count in labels.items():
        sampled = min(count, inferring.SAMPLE)
        for row in graph.read(Statement(inferring.beside(label), {"label": label})):
            other = str(row["other"])
            wider = labels.get(other, 0)
            if wider < count or (wider == count and other > label) or row["count"] < sampled:
                continue
            if not _count(graph, inferring.without(label, other)):
                yield label, other
                break


def _unique(graph: Graph) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in graph.read(Statement(inferring.UNIQUE)):
        found.setdefault(str(row["label"]), []).append(tuple(row["properties"]))
    return found


def _node(
    graph: Graph, label: str, count: int, unique: Sequence[tuple[str, ...]], before: tuple[str, ...]
) -> Iterator[str]:
    rows = graph.read(Statement(inferring.properties(label)))
    found = [Property.of(row) for row in rows]
    looks = looks_of(found, min(count, inferring.SAMPLE), unique)
    key, why = _key(graph, label, looks, before)
    yield ""
    yield f"  # {count:,} nodes: {_described(found)}"
    yield f"  {_written(label)}:"
    yield f"    key: {_flow(key)}  # {why}" if key else f"    # {why}"
    for name, values in (
        ("label", looks.names), ("texts", looks.texts), ("aliases", looks.aliases),
        ("pictures", looks.pictures),
    ):  # fmt: skip
        if values:
            yield f"    {name}: {_flow(values)}"
    if looks.addresses:
        yield f"    # Addresses of pictures, which are not fetched: {', '.join(looks.addresses)}"
    if not any((key, looks.names, looks.texts, looks.aliases, looks.pictures)):
        yield "    label: []"


def _key(
    graph: Graph, label: str, looks: Looks, before: tuple[str, ...]
) -> tuple[tuple[str, ...], str]:
    """The first candidate that tells all nodes apart, and why it is the one."""
    shared = []
    for names in looks.keys[:_TRIED]:
        kind = NodeKind(label, key=names, before=before)
        (row,) = graph.read(Statement(adopting.proof(kind)))
        if row["nodes"] == row["keyed"] == row["different"]:
            return names, f"counted: each of {row['nodes']:,} has another"
        shared.append(", ".join(names))
    tried = f" ({'; '.join(shared)} do not)" if shared else ""
    return (), f"no property tells the nodes apart{tried}, so ids are made up"


def _relationships(graph: Graph) -> Iterator[str]:
    names = [str(row["type"]) for row in graph.read(snapshots.RELATIONSHIP_TYPES)]
    names = [name for name in names if name not in RESERVED_TYPES]
    counts = _most_first({name: _count(graph, adopting.count_type(name)) for name in names})
    if not counts:
        yield "# There are no relationships."
        return
    yield "# The relationship types that are learnt from, and how much a fact of each weighs; 0: it"
    yield "# is not learnt from. Without any, all of them with 1."
    yield "relationships:"
    for name, count in counts.items():
        ends = [
            f"{'|'.join(row['start']) or '()'} -> {'|'.join(row['end']) or '()'}"
            for row in graph.read(Statement(inferring.ends(name)))
        ]
        numbers = [row["key"] for row in graph.read(Statement(inferring.numbers(name)))]
        said = f"; numbers: {', '.join(numbers[:_SHOWN])}" if numbers else ""
        line = f"  {_written(name)}: 1  # {count:,}: {', '.join(ends)}{said}"
        yield line.replace("\n", " ")


def _prefix(graph: Graph) -> str:
    keys = [str(row["key"]) for row in graph.read(Statement(adopting.PROPERTY_KEYS))]
    for prefix in _PREFIXES:
        some = [key for key in keys if key.startswith(prefix)]
        used = (graph.read(Statement(adopting.key_in_use(key)))[0]["any"] for key in some)
        if not any(used):
            return prefix
    raise BadInput("Every prefix that is proposed is taken; write a mapping with one of yours.")


def _described(found: Sequence[Property]) -> str:
    some = ", ".join(f"{one.name} {'|'.join(one.types)}" for one in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return (some + more).replace("\n", " ") or "no properties"


def _flow(names: Sequence[str]) -> str:
    written = [_written(name) for name in names]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _written(name: str) -> str:
    """A name as YAML takes it for a text."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in _NOT_PLAIN
    return name if plain else json.dumps(name)


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Those that there are."""
    names = sorted((name for name in counts if counts[name]), key=lambda n: (-counts[n], n))
    return {name: counts[name] for name in names}


def _count(graph: Graph, text: str) -> int:
    rows: list[dict[str, Any]] = graph.read(Statement(text))
    return int(rows[0]["count"])
