"""Take an adoption away: afterwards the graph is what it was, but for what its owner wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from kg_platform.adoption.schema import take_away
from kg_platform.cypher import adopting as cypher
from kg_platform.cypher import locking
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.client import Graph
from kg_platform.graph.lease import GraphLease
from kg_platform.progress import Progress

# What may write to the graph, each by the lock that it holds.
_WORK = {"adopt": "adoption", "embed": "embedding job", "watch": "`kg watch`"}


@contextmanager
def alone(graph: Graph) -> Iterator[None]:
    """Nobody else adopts, embeds or watches meanwhile.

    Raises:
        BadInput: somebody does.
    """
    graph.write(Statement(locking.CONSTRAINT))
    with ExitStack() as leases:
        for name, work in _WORK.items():
            lease = GraphLease(lambda: graph, name, work)
            leases.callback(lease.release)
            lease.ensure()
        yield


def undo(graph: Graph, report: Progress) -> int:
    """Take everything of ours off the graph; how many nodes were entities. A graph whose adoption
    was half taken away goes on from there.

    Raises:
        BadInput: it was not adopted, entities are merged, or somebody works on it.
    """
    adoption = graph.adoption
    if adoption is None:
        raise BadInput("This graph was not adopted, so there is nothing to take away.")
    with alone(graph):
        for row in graph.read(Statement(cypher.ANY_MERGE)):
            raise BadInput(
                f"{row['gone']} is merged into {row['kept']}, and the nodes are not as their owner "
                "made them; undo each merge first: `kg review list --status accepted` shows them."
            )
        graph.write(Statement(cypher.SET_STATE, {"state": "undoing"}))
        entities = _take_off(graph, adoption, report)
    graph.write(Statement(cypher.FORGET))
    graph.speak(None)
    return entities


def _take_off(graph: Graph, adoption: GraphAdoption, report: Progress) -> int:
    steps = 3 + len(cypher.OWN_LABELS)
    report("take off what was added", 0, steps)
    # A database never forgets a name, so what is not there was never used.
    known = {row["key"] for row in graph.read(Statement(cypher.PROPERTY_KEYS))}
    if known >= {"review", "accepted_at"}:  # it looks at every relationship
        graph.run_schema(cypher.REMOVE_ACCEPTED)
    for done, label in enumerate(cypher.OWN_LABELS):
        graph.run_schema(cypher.remove_nodes(label))
        report("take off what was added", done + 1, steps)
    names = [name for name in graph.vocabulary.names() if name in known]
    take_away(graph)
    report("take off what was added", steps - 1, steps)
    rows = graph.once(Statement(f"{cypher.give_back(names)} RETURN count(*) AS count"))
    report("take off what was added", steps, steps)
    return int(rows[0]["count"])
