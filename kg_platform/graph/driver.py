"""The driver, without the libraries that it imports for conversions which nobody here needs.

They are pandas and Arrow, where they are installed; that takes longer than the rest of a short
command.
"""

from __future__ import annotations

from kg_platform.graph.out_of_sight import out_of_sight

with out_of_sight("pandas", "pyarrow"):
    import neo4j as neo4j
