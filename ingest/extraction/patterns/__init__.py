"""How relations are said, as data, and where a sentence says one.

Begin at pattern.py.
"""
