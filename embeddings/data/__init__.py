"""The graph as files and arrays, and what a run leaves of it; nothing here learns.

Begin at snapshot.py.
"""
