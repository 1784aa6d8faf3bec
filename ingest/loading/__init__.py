"""Records into media store and graph, as one run of the ledger.

Begin at load.py.
"""
