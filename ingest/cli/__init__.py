"""Commands about what arrives, one file each.

Begin at ingest.py.
"""
