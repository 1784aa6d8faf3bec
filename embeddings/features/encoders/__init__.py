"""Encoders: contents in, unit vectors out; no graph, no cache.

Every encoder has a name, a revision and a dimension. The revision changes whenever the same content
would get another vector (other weights, another cut-off, another pooling), so that a feature cache
keyed by content, name and revision is never stale.

Begin at protocols.py.
"""
