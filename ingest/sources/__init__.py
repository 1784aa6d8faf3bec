"""Where records come from, one file a kind of source.

A source reads; it never judges or writes. It yields its entities before the relations between
them, in file order, and holds one line in memory at a time. A row it cannot read at all becomes a
`Rejection`.

Begin at source.py.
"""
