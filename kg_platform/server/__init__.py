"""A local Neo4j: a real Community server as a child process.

Begin at local.py.
"""
