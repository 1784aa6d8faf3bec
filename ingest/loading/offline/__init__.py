"""Records as the files that the server's offline import reads.

Begin at store.py.
"""
