"""The graph database, and the one importer of the Neo4j driver.

Begin at client.py.
"""
