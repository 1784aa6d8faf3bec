"""The versions of a source: what each ingest changed, and how to compare and undo that.

Begin at journal.py.
"""
