"""Bytes by SHA-256 on anything fsspec writes, and the only decoders.

Begin at store.py.
"""
