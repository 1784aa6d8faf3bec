"""What is asked of a graph that nobody knows, to propose how it is adopted. Nothing writes.

A sample tells types, lengths and looks. It does not tell what is unique: neighbours in the store
are of one age. That is counted, of all nodes, by `adopting.proof`.
"""

from __future__ import annotations

from kg_platform.cypher.names import quote

SAMPLE = 2_000  # nodes of a label, or relationships of a type

# -> type, labelsOrTypes, properties
UNIQUE = """
SHOW CONSTRAINTS YIELD type, entityType, labelsOrTypes, properties
WHERE entityType = 'NODE' AND (type CONTAINS 'UNIQUE' OR type CONTAINS 'KEY')
RETURN labelsOrTypes[0] AS label, properties
"""


def properties(label: str) -> str:
    """-> key, there, different, types, characters (of texts, on average), some; of a sample."""
    return f"""
MATCH (n:{quote(label)}) WITH n LIMIT {SAMPLE}
UNWIND keys(n) AS key WITH key, n[key] AS value
RETURN key, count(*) AS there, count(DISTINCT value) AS different,
       collect(DISTINCT replace(valueType(value), ' NOT NULL', ''))[..3] AS types,
       avg(CASE WHEN value IS :: STRING THEN size(value) END) AS characters,
       collect(CASE WHEN value IS :: STRING THEN left(value, 200)
                    WHEN value IS :: LIST<STRING> NOT NULL THEN left(value[0], 200) END)[..20]
         AS some
ORDER BY key
"""


def beside(label: str) -> str:
    """-> other, count: labels that nodes of this one have as well; of a sample."""
    return (
        f"MATCH (n:{quote(label)}) WITH n LIMIT {SAMPLE} UNWIND labels(n) AS other "
        "WITH other, count(*) AS count WHERE other <> $label RETURN other, count ORDER BY other"
    )


def without(label: str, other: str) -> str:
    """-> count of nodes with one label and not the other."""
    return f"MATCH (n:{quote(label)}) WHERE NOT n:{quote(other)} RETURN count(n) AS count"


def ends(name: str) -> str:
    """-> start, end (labels), of a sample of the relationships of a type."""
    return (
        f"MATCH (a)-[r:{quote(name)}]->(b) WITH a, b LIMIT {SAMPLE} "
        "RETURN DISTINCT labels(a) AS start, labels(b) AS end ORDER BY start, end LIMIT 3"
    )


def numbers(name: str) -> str:
    """-> key of every property of a type's relationships that is a number; of a sample."""
    return (
        f"MATCH ()-[r:{quote(name)}]->() WITH r LIMIT {SAMPLE} UNWIND keys(r) AS key "
        "WITH key, r[key] AS value "
        "WHERE value IS :: INTEGER NOT NULL OR value IS :: FLOAT NOT NULL "
        "RETURN DISTINCT key ORDER BY key"
    )
