"""Statements that make entities of nodes that somebody else owns, keep them so, and undo it.

A `NodeKind` says how. Nothing here sets, changes or removes a label, property or relationship that
is not the platform's: it adds `:Entity`, properties of its vocabulary, `:Media` and `:HAS_MEDIA`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kg_platform.cypher.changes import FOUND_BY_SCAN, TEXT, bury, mark, mark_new
from kg_platform.cypher.names import one_of, quote
from kg_platform.cypher.reviewing import SOURCE
from kg_platform.cypher.statement import Statement

MOST_CHARACTERS = 2_000  # of a key; an index takes 8,000 bytes
_BATCHES = "IN TRANSACTIONS OF 10000 ROWS"


@dataclass(frozen=True)
class NodeKind:
    """Nodes of a label as entities, by the names of the owner's properties.

    The id is `label/key`; without `key` it is made up once. The label is the first of `names` that
    is there, the first text the description, the others captions. `before` are labels whose
    kinds come earlier: a node is of the first kind that it has the label of.
    """

    label: str
    key: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        return f"(n:{quote(self.label)})"

    @property
    def mine(self) -> str:
        """A condition on `n`: no earlier kind takes it."""
        return " AND ".join(["true", *(f"NOT n:{quote(label)}" for label in self.before)])

    @property
    def free(self) -> str:
        """A condition on `n`: it is of this kind, and no entity; one without a key waits for it."""
        keyed = f" AND {self.id} IS NOT NULL" if self.key else ""
        return f"NOT n:Entity AND {self.mine}{keyed}"

    @property
    def start(self) -> str:
        """How every id of the kind begins: no label holds a `/` there."""
        return escaped(self.label) + "/"

    @property
    def id(self) -> str:
        """The expression of the id; null where a part of the key is missing."""
        if self.key:
            return self.id_of("n")
        start = literal(self.start)
        own = f"CASE WHEN n.«id» STARTS WITH {start} THEN n.«id» END"
        return f"coalesce({own}, {start} + randomUUID())"

    def id_of(self, node: str) -> str:
        """The same of a node that is only read; without a key by what the server calls it."""
        start = literal(self.start)
        parts = [f"toStringOrNull({node}.{quote(part)})" for part in self.key]
        if len(parts) > 1:  # (`a/b`, `c`) and (`a`, `b/c`) are two
            parts = [f"replace(replace({part}, '%', '%25'), '/', '%2F')" for part in parts]
        parts = parts or [f"elementId({node})"]
        return " + '/' + ".join([f"{start} + {parts[0]}", *parts[1:]])

    @property
    def columns(self) -> dict[str, str]:
        """What the platform keeps of the owner's values, by its own names -> expressions."""
        return self.columns_of("n")

    def columns_of(self, node: str) -> dict[str, str]:
        found = {"label": _first(node, self.names)} if self.names else {}
        if self.texts:
            found["description"] = _text(node, self.texts[0])
        if self.texts[1:]:
            found["captions"] = _list([_text(node, text) for text in self.texts[1:]])
        if self.aliases:
            found["aliases"] = _list([_texts(node, name) for name in self.aliases], nested=True)
        return found


def escaped(label: str) -> str:
    return label.replace("%", "%25").replace("/", "%2F")


def literal(text: str) -> str:
    """A text as Cypher writes it."""
    marked = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + marked.replace("«", "\\u00AB") + "'"


def _text(node: str, name: str) -> str:
    """A property as one text: a list's items after each other, nothing as null."""
    value = f"{node}.{quote(name)}"
    joined = (
        f"reduce(all = '', x IN {value} | all + CASE WHEN all = '' THEN '' ELSE ', ' END "
        "+ coalesce(toStringOrNull(x), ''))"
    )
    whole = f"CASE WHEN {value} IS :: LIST<ANY> NOT NULL THEN {joined} " \
            f"ELSE toStringOrNull({value}) END"  # fmt: skip
    return f"nullIf({whole}, '')"


def _texts(node: str, name: str) -> str:
    """A property as a list of texts; not a list: as one of one."""
    value = f"{node}.{quote(name)}"
    return (
        f"[x IN CASE WHEN {value} IS :: LIST<ANY> NOT NULL THEN {value} ELSE [{value}] END "
        "| toStringOrNull(x)]"
    )


def _first(node: str, names: Sequence[str]) -> str:
    texts = [_text(node, name) for name in names]
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"


def _list(items: Sequence[str], nested: bool = False) -> str:
    """A list without nulls and without blanks; an empty one as null."""
    whole = " + ".join(items) if nested else f"[{', '.join(items)}]"
    kept = f"[x IN {whole} WHERE x <> '']"
    return f"CASE WHEN size({kept}) = 0 THEN null ELSE {kept} END"


# ---- before anything is written


def proof(kind: NodeKind) -> str:
    """-> nodes, keyed, different, longest: whether each has a key of its own."""
    return (
        f"MATCH {kind.pattern} WHERE {kind.mine} WITH {kind.id} AS id "
        "RETURN count(*) AS nodes, count(id) AS keyed, count(DISTINCT id) AS different, "
        "max(size(id)) AS longest"
    )


def shared_key(kind: NodeKind) -> str:
    """-> id, one, other: two nodes with one key, as maps of some of their properties."""
    return (
        f"MATCH {kind.pattern} WHERE {kind.mine} WITH {kind.id} AS id, collect(n)[..2] AS two "
        "WHERE id IS NOT NULL AND size(two) > 1 "
        "RETURN id, properties(two[0]) AS one, properties(two[1]) AS other LIMIT 1"
    )


def keyless(kind: NodeKind) -> str:
    """-> properties of a node without a key."""
    return (
        f"MATCH {kind.pattern} WHERE {kind.mine} AND {kind.id} IS NULL "
        "RETURN properties(n) AS properties LIMIT 1"
    )


def has_property(kind: NodeKind, name: str) -> str:
    """-> any: whether a node of the kind has this property."""
    return f"RETURN EXISTS {{ MATCH {kind.pattern} WHERE n.{quote(name)} IS NOT NULL }} AS any"


def keys_of(label: str) -> str:
    """-> key of every property that some of its nodes have, of a sample."""
    return (
        f"MATCH (n:{quote(label)}) WITH n LIMIT 1000 UNWIND keys(n) AS key "
        "RETURN DISTINCT key ORDER BY key"
    )


def of_kind(kind: NodeKind) -> str:
    return f"MATCH {kind.pattern} WHERE {kind.mine} RETURN count(n) AS count"


def count_label(label: str) -> str:
    return f"MATCH (n:{quote(label)}) RETURN count(n) AS count"


def count_type(name: str) -> str:
    return f"MATCH ()-[r:{quote(name)}]->() RETURN count(r) AS count"


PROPERTY_KEYS = "CALL db.propertyKeys() YIELD propertyKey AS key RETURN key ORDER BY key"


def key_in_use(key: str) -> str:
    """-> any: a database never forgets a name, so it is asked whether something has it."""
    name = quote(key)
    return (
        f"RETURN EXISTS {{ MATCH (n) WHERE n.{name} IS NOT NULL }} "
        f"OR EXISTS {{ MATCH ()-[r]->() WHERE r.{name} IS NOT NULL }} AS any"
    )


# -> name, what: indexes and constraints, but those that constraints own
SCHEMA = """
SHOW INDEXES YIELD name, type, labelsOrTypes, properties, owningConstraint
WHERE owningConstraint IS NULL AND type <> 'LOOKUP'
RETURN name, labelsOrTypes, properties
"""
CONSTRAINTS = """
SHOW CONSTRAINTS YIELD name, labelsOrTypes, properties
RETURN name, labelsOrTypes, properties
"""
ANY_MIGRATION = "RETURN EXISTS { (:GraphMigration) } AS any"
FORGET_MIGRATIONS = "MATCH (m:GraphMigration) DELETE m"


def drop(kind: str, name: str) -> str:
    """`kind` is INDEX or CONSTRAINT."""
    return f"DROP {kind} {quote(name)} IF EXISTS"


# ---- what the graph says of itself

# $prefix, $mapping, $relationship_types, $state
REMEMBER = """
MERGE (a:GraphAdoption)
ON CREATE SET a.adopted_at = datetime()
SET a.prefix = $prefix, a.mapping = $mapping, a.relationship_types = $relationship_types,
    a.state = $state
"""
SET_STATE = "MATCH (a:GraphAdoption) SET a.state = $state"


# ---- adopt


def adopt(kind: NodeKind) -> str:
    """Each node of the kind that is no entity becomes one. Asked again inside: another may have
    been there between."""
    columns = "".join(f", n.«{name}» = {value}" for name, value in kind.columns.items())
    return (
        f"MATCH {kind.pattern} WHERE {kind.free} "
        "CALL (n) { WITH n WHERE NOT n:Entity "
        f"SET n:Entity, n.«id» = {kind.id}{columns}, {mark_new('n')} }} {_BATCHES}"
    )


def waiting(kind: NodeKind) -> str:
    """-> count of nodes that are to be adopted."""
    return f"MATCH {kind.pattern} WHERE {kind.free} RETURN count(n) AS count"


def refresh(kind: NodeKind) -> str | None:
    """What the platform keeps of the owner's values as they are now; None: it keeps none. What a
    merge has added to the names of an entity stays."""
    columns = kind.columns
    if not columns:
        return None
    values = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    names = ", ".join(columns)
    keep = "EXISTS { MATCH (m:Merge) WHERE m.kept = n.«id» }"
    differs = []
    for name in columns:
        other = f"coalesce(n.«{name}» <> {name}, (n.«{name}» IS NULL) <> ({name} IS NULL))"
        differs.append(f"({other} AND NOT {keep})" if name == "aliases" else other)
    sets = ", ".join(
        f"n.«{name}» = CASE WHEN {keep} THEN n.«{name}» ELSE {name} END"
        if name == "aliases"
        else f"n.«{name}» = {name}"
        for name in columns
    )
    return (
        f"MATCH {kind.pattern} WHERE n:Entity AND {kind.mine} WITH n, {values} "
        f"WHERE {' OR '.join(differs)} "
        f"CALL (n, {names}) {{ SET {sets}, {mark('n', TEXT)} }} {_BATCHES}"
    )


def _strip(names: Sequence[str]) -> str:
    """Clauses that make of `n` what it was before; `names` as they stand in the graph."""
    off = "".join(f", n.{quote(name)}" for name in names)
    return f"REMOVE n:Entity{off}"


def rekeyed(kind: NodeKind, names: Sequence[str]) -> str:
    """Entities of the kind whose key is another now leave a tombstone, and are none any more."""
    return (
        f"MATCH {kind.pattern} WHERE n:Entity AND {kind.mine} AND coalesce(n.«id» <> {kind.id}, "
        f"true) {_leave(names)}"
    )


def unclaimed(kinds: Sequence[NodeKind], names: Sequence[str]) -> str:
    """Entities that lost the label by which they were adopted."""
    labels = "|".join(quote(kind.label) for kind in kinds)
    return f"MATCH (n:Entity) WHERE NOT n:({labels}) {_leave(names)}"


def _leave(names: Sequence[str]) -> str:
    return (
        f"CALL (n) {{ {bury(literal(FOUND_BY_SCAN))} WITH n "
        "OPTIONAL MATCH (n)-[h:HAS_MEDIA]->(:Media) DELETE h "
        f"WITH DISTINCT n {_strip(names)} }} {_BATCHES}"
    )


def pictures(kind: NodeKind) -> Statement:
    """-> id, paths, there (the paths of the pictures that it has); those that have either."""
    paths = _list([_texts("n", name) for name in kind.pictures], nested=True)
    return Statement(
        f"MATCH {kind.pattern} WHERE n:Entity AND {kind.mine} "
        f"WITH n.«id» AS id, coalesce({paths}, []) AS paths, COLLECT {{ "
        "MATCH (n)-[h:HAS_MEDIA]->(:Media) RETURN h.location ORDER BY h.rank } AS there "
        "WHERE paths <> there RETURN id, paths, there"
    )


def named_pictures(
    kind: NodeKind, after: str | None, upto: str, labels: Sequence[str]
) -> Statement:
    """The same of a graph that is only read, for the ids of a page -> id, paths."""
    paths = _list([_texts("n", name) for name in kind.pictures], nested=True)
    first = "id >= ''" if after is None else "id > $after"
    return Statement(
        f"MATCH {kind.pattern} WHERE {kind.mine}{one_of('n', labels)} "
        f"WITH {kind.id_of('n')} AS id, coalesce({paths}, []) AS paths "
        f"WHERE {first} AND id <= $upto AND size(paths) > 0 RETURN id, paths",
        {"after": after, "upto": upto},
    )


# ---- undo

ANY_MERGE = "MATCH (m:Merge) RETURN m.kept AS kept, m.gone AS gone LIMIT 1"
# Facts that a review wrote; the owner's have no such properties.
REMOVE_ACCEPTED = (
    "MATCH (:Entity)-[r]->(:Entity) WHERE r.review IS NOT NULL AND r.accepted_at IS NOT NULL "
    f"AND r.source = '{SOURCE}' CALL (r) {{ DELETE r }} {_BATCHES}"
)
# Nodes that are the platform's own.
OWN_LABELS = ("Media", "EmbeddingRun", "Tombstone", "MergePart", "Merge")


def remove_nodes(label: str) -> str:
    ours = "WHERE n.id =~ '[0-9a-f]{64}' " if label == "Media" else ""
    return f"MATCH (n:{quote(label)}) {ours}CALL (n) {{ DETACH DELETE n }} {_BATCHES}"


def give_back(names: Sequence[str]) -> str:
    """Every entity is what it was before."""
    return f"MATCH (n:Entity) CALL (n) {{ {_strip(names)} }} {_BATCHES}"


# The last of it, in one transaction: without the first, nobody finds what is left of the second.
FORGET = """
MATCH (a:GraphAdoption) DELETE a
WITH count(*) AS done
OPTIONAL MATCH (l:GraphLock) DELETE l
"""
