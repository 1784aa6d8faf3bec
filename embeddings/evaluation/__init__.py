"""How good it is.

Begin at ranking.py.
"""
